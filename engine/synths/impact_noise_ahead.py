"""The noise of contacts that lies ahead of a hand: what overlaps is added up once, so that many cost as much as one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class NoiseAhead:
    """Force and direct sound that are still to come, frame by frame."""

    def __init__(self) -> None:
        self._sums = np.zeros((2, 0))
        """Force and direct sound; those before ``_at`` are over, and nothing lies at or beyond ``_end``."""
        self._at = self._end = 0

    @property
    def is_over(self) -> bool:
        """Whether nothing is left."""
        return self._at >= self._end

    def add(self, wait: int, size: float, force: Floats, direct: Floats) -> None:
        """``size`` times the noise of a contact, that begins after ``wait`` frames."""
        longest = max(force.size, direct.size)
        if longest == 0:
            return
        begin = self._at + wait
        if begin + longest > self._sums.shape[1]:
            # There is room for as much again, so that this is rare.
            left = self._sums[:, self._at : self._end]
            self._sums = np.zeros((2, 2 * (wait + max(longest, left.shape[1]))))
            self._sums[:, : left.shape[1]] = left
            self._at, self._end, begin = 0, left.shape[1], wait
        self._sums[0, begin : begin + force.size] += size * force
        self._sums[1, begin : begin + direct.size] += size * direct
        self._end = max(self._end, begin + longest)

    def take(self, n: int) -> tuple[Floats, Floats]:
        """Force and direct sound of the next ``n`` frames; both are empty where there is nothing."""
        if self.is_over:
            return np.zeros(0), np.zeros(0)
        out = np.zeros((2, n))
        piece = self._sums[:, self._at : min(self._at + n, self._end)]
        out[:, : piece.shape[1]] = piece
        self._at = min(self._at + n, self._end)
        return out[0], out[1]

    def fade(self, falls: Floats) -> None:
        """What is left dies away with ``falls``, and is over where those end."""
        left = self._sums[:, self._at : self._end]
        n = min(left.shape[1], falls.size)
        left[:, :n] *= falls[:n]
        left[:, n:] = 0.0
        self._end = self._at + n
