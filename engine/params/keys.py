"""Keys and frequencies: MIDI numbers, with fractions, in equal temperament; 69 is 440 Hz."""

from __future__ import annotations

import math


def key_to_hz(key: float) -> float:
    """The frequency of a key.

    >>> key_to_hz(69), key_to_hz(57)
    (440.0, 220.0)
    """
    return 440.0 * math.pow(2.0, (key - 69.0) / 12.0)


def hz_to_key(hz: float) -> float:
    """The key of a frequency above 0, with its fraction.

    >>> hz_to_key(880.0)
    81.0
    """
    return 69.0 + 12.0 * math.log2(hz / 440.0)
