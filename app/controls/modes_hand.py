"""What a drag does to the residuals of chosen modes."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from app.controls.hand_step import Value
from app.controls.mode_set import DAMPING, LEVEL, PITCH, Array
from engine.params import Param
from engine.params.impact import IMPACT_SPACE, LEVEL_FLOOR_DB

DECIDE_PX, FREE_PX = 4.0, 18.0
"""After the first a drag goes one way, after the second (of the other way) both."""


@dataclass
class ModeDrag:
    """A drag of ``modes`` from the residuals that they had; ``quiet_db`` ``[m]`` is where a silent one of them begins
    when it is raised."""

    modes: tuple[int, ...]
    pitch_st: Array
    damping_oct: Array
    level_db: Array
    quiet_db: Array
    _place: list[float] = field(default_factory=lambda: [0.0, 0.0])
    """How far the hand went, in semitones and dB."""
    _px: list[float] = field(default_factory=lambda: [0.0, 0.0])
    _ways: tuple[bool, bool] = (False, False)

    @property
    def ways(self) -> tuple[bool, bool]:
        """Whether it moves pitches, and levels."""
        return self._ways

    def go(self, px: tuple[float, float], per_px: tuple[float, float], *, fine: float) -> None:
        """The hand went ``px`` to the right and up, each pixel worth ``per_px`` semitones and dB."""
        for way in (0, 1):
            self._px[way] += px[way]
        far = tuple(abs(p) for p in self._px)
        if not any(self._ways):
            if max(far) < DECIDE_PX:
                return
            self._ways = (far[0] > far[1], far[0] <= far[1])
            # What decided it is not lost.
            px = (self._px[0], self._px[1])
        elif not all(self._ways) and far[0 if self._ways[1] else 1] >= FREE_PX:
            self._ways = (True, True)
        for way in (0, 1):
            if self._ways[way]:
                self._place[way] += px[way] * per_px[way] * fine

    def values(self, *, whole: bool) -> dict[str, Value]:
        """The new vectors; ``whole`` keeps to whole semitones and decibels."""
        st, db = (round(p) if whole else p for p in self._place)
        found: dict[str, Value] = {}
        if self._ways[0]:
            found[PITCH] = moved(PITCH, self.pitch_st, self.modes, st)
        if self._ways[1]:
            found[LEVEL] = self.levels(db)
        return found

    def levels(self, db: float) -> tuple[float, ...]:
        """Levels raised by ``db``; what is silent and not raised stays so."""
        now = self.level_db.copy()
        index = list(self.modes)
        silent = now[index] <= LEVEL_FLOOR_DB
        now[index] = np.where(silent, self.quiet_db, now[index]) + db
        now[index] = np.where(silent & (db <= 0.0), LEVEL_FLOOR_DB, now[index])
        return _limited(IMPACT_SPACE[LEVEL], now)

    def decays(self, octaves: float) -> tuple[float, ...]:
        """Damping for decays that last ``octaves`` longer."""
        return moved(DAMPING, self.damping_oct, self.modes, -octaves)


def moved(name: str, vector: Array, modes: tuple[int, ...], by: float) -> tuple[float, ...]:
    """A vector with some places moved ``by`` as much, within the range."""
    now = vector.copy()
    now[list(modes)] += by
    return _limited(IMPACT_SPACE[name], now)


def with_places(name: str, vector: Array, modes: tuple[int, ...], value: float) -> tuple[float, ...]:
    """A vector with some places set to ``value``."""
    now = vector.copy()
    now[list(modes)] = value
    return _limited(IMPACT_SPACE[name], now)


def _limited(param: Param, vector: Array) -> tuple[float, ...]:
    # Without the dust of binary sums.
    return tuple(np.round(np.clip(vector, param.low, param.high), 6).tolist())
