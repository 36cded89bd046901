"""What a picture of an instrument at work is made of: plain data between the engine, which computes it, and widgets."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def _none() -> Floats:
    return np.zeros(0, np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class OperatorPicture:
    """One operator at its loudest moment.

    ``wave`` ``[n]`` is its output over ``periods`` of its own periods, as a share of its level (-1..1), bent by
    whatever bends it; ``envelope`` ``[m]`` its level over the whole note in dB, -inf where it is silent. Both are empty
    where the operator gives nothing. ``level_db`` is its level then, ``hz`` its frequency, ``at_s`` the moment.
    """

    wave: Floats = field(default_factory=_none)
    envelope: Floats = field(default_factory=_none)
    level_db: float = -np.inf
    hz: float = 0.0
    at_s: float = 0.0
    periods: float = 2.0

    @property
    def is_silent(self) -> bool:
        return self.wave.size == 0


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    """All operators of a note: ``operators[0]`` is operator 1. The envelopes last ``duration_s``; the key goes up after
    ``hold_s``."""

    operators: tuple[OperatorPicture, ...]
    duration_s: float
    hold_s: float


@dataclass(frozen=True, slots=True)
class Partial:
    """A predicted partial: ``hz``, ``level_db`` (0 dB is a sine at full scale) and how it comes about.

    ``carrier`` is the heard operator, ``order`` how often the frequency of each operator counts: ``((1, 1), (3, -2))``
    is operator 1 minus twice operator 3.
    """

    hz: float
    level_db: float
    carrier: int
    order: tuple[tuple[int, int], ...]

    @property
    def formula(self) -> str:
        """``"op 1 + 2 x op 3"``; a partial that is reflected at zero keeps the sign of its sum."""
        words = ""
        for operator, times in self.order:
            sign = " - " if times < 0 else " + " if words else ""
            words += f"{sign}{f'{abs(times)} x ' if abs(times) != 1 else ''}op {operator}"
        return words.strip() or "op 0"


@dataclass(frozen=True, slots=True)
class Peak:
    """A peak of a measured spectrum and the predicted partial within a bin of it, if there is one."""

    hz: float
    level_db: float
    partial: Partial | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Spectrum:
    """The spectrum of a sound around ``at_s``: ``levels_db`` ``[bins]`` in dB, 0 for a sine at full scale.

    ``peaks`` and ``partials`` stand in the order of frequency; ``note_hz`` is the frequency of the key. ``noise_like``
    names the loops whose sound never settles, so that their partials cannot be told, and ``besides`` what else makes
    sound that no operator accounts for: the drive, the noise, the room.
    """

    levels_db: Floats
    hz_per_bin: float
    at_s: float
    note_hz: float
    peaks: tuple[Peak, ...] = ()
    partials: tuple[Partial, ...] = ()
    noise_like: tuple[str, ...] = ()
    besides: tuple[str, ...] = ()
