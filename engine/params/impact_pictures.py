"""What pictures of a struck object are made of: plain data between the engine, which computes it, and widgets."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def _none() -> Floats:
    return np.zeros(0, np.float32)


def pushed(hz: NDArray[np.float64], contact_s: float) -> NDArray[np.float64]:
    """How much of modes at ``hz`` a push of that length moves, 1 for a slow one: its spectrum's magnitude, with the
    notches between whole swings."""
    turns = np.maximum(np.asarray(hz, np.float64) * contact_s, 1e-6)
    # Sine and square of :meth:`engine.synths.impact_force.Contact.push`; where the sine's formula has 0 / 0 a hair
    # beside is as good.
    beside = np.where(np.abs(turns - 0.5) < 1e-6, turns + 1e-5, turns)
    sine = np.cos(np.pi * beside) / (1.0 - np.square(2.0 * beside))
    square = np.sinc(turns) + 0.5 * (np.sinc(turns - 1.0) + np.sinc(turns + 1.0))
    return np.asarray(np.abs(0.43 * sine + 0.57 * square))


@dataclass(frozen=True, slots=True, eq=False)
class ImpactPictures:
    """One strike of an impact patch with a key.

    The modes, in the order of the patch's vectors (place ``n`` here is place ``n`` of ``mode_pitch_st`` and so on), low
    ones not always first: ``mode_hz``, ``mode_db`` (level at the strike as it is heard, 0 dB for a sine at full scale,
    -inf for none) and ``mode_decay_s`` (time to -60 dB), each ``[n]``; ``plain_hz``, ``plain_db`` and ``plain_decay_s``
    ``[n]`` without the residuals of the patch. Only the first ``n_own`` have a place in the patch's vectors: those
    behind are the air's inside a hollow object, and not to be dragged. ``pitch_hz`` is where its pitch is heard.

    Material without residuals: at ``damping_hz`` ``[k]``, low to high, a mode takes ``damping_decay_s`` ``[k]`` to -60
    dB.

    The contact: ``force`` ``[m]`` over ``force_s`` ``[m]``, its peak 1 for the hardest blow; it lasts ``contact_s``.
    ``noise_db`` ``[p]`` over ``noise_s`` ``[p]`` is the level of its noise, both empty when there is none.

    The sound: ``level_db`` ``[q]`` over ``level_s`` ``[q]`` is how loud the object still is, 0 dB for a sine at full
    scale, with the key up after ``hold_s``; ``room_db`` ``[q]`` the room's answer to it, -inf before and without any.
    The room's bands, all ``[b]``: ``band_hz``, ``band_decay_s`` (time to -60 dB) and ``band_db``; it answers after
    ``room_delay_s`` and is heard at ``room`` (0..1).
    """

    mode_hz: Floats = field(default_factory=_none)
    mode_db: Floats = field(default_factory=_none)
    mode_decay_s: Floats = field(default_factory=_none)
    plain_hz: Floats = field(default_factory=_none)
    plain_db: Floats = field(default_factory=_none)
    plain_decay_s: Floats = field(default_factory=_none)
    n_own: int = 0
    pitch_hz: float = 0.0
    damping_hz: Floats = field(default_factory=_none)
    damping_decay_s: Floats = field(default_factory=_none)
    force_s: Floats = field(default_factory=_none)
    force: Floats = field(default_factory=_none)
    contact_s: float = 0.0
    noise_s: Floats = field(default_factory=_none)
    noise_db: Floats = field(default_factory=_none)
    level_s: Floats = field(default_factory=_none)
    level_db: Floats = field(default_factory=_none)
    room_db: Floats = field(default_factory=_none)
    hold_s: float = 0.0
    band_hz: Floats = field(default_factory=_none)
    band_decay_s: Floats = field(default_factory=_none)
    band_db: Floats = field(default_factory=_none)
    room_delay_s: float = 0.0
    room: float = 0.0
