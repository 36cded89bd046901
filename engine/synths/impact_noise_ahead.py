"""The noise of contacts that lies ahead of a hand: what overlaps is added up once, so that many cost as much as one.

A noise that is still being made is taken piece by piece instead, as far as it is heard.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.synths.impact_struck import ContactNoise

Floats = NDArray[np.float64]


@dataclass
class _Begun:
    """A contact whose noise is still being made: its frame ``at`` is the next one, after so long a ``wait``; under a
    hand it ``falls``."""

    noise: ContactNoise
    size: float
    wait: int
    at: int = 0
    falls: Floats | None = None

    @property
    def is_over(self) -> bool:
        return self.at >= self.noise.size or (self.falls is not None and self.falls.size == 0)

    def add_to(self, out: Floats) -> None:
        """Add its next frames to force and direct sound ``[2, n]``."""
        n = max(out.shape[1] - self.wait, 0)
        for row, sound in zip(out, self.noise.piece(self.at, n), strict=True):
            sound = self.size * sound
            if self.falls is not None:
                after = max(self.wait, 0)
                falls = self.falls[after : after + sound.size]
                sound = sound[: falls.size] * falls
            row[self.wait : self.wait + sound.size] += sound
        if self.falls is not None:
            self.falls = self.falls[out.shape[1] :]
        self.at += n
        self.wait = max(self.wait - out.shape[1], 0)


class NoiseAhead:
    """Force and direct sound that are still to come, frame by frame."""

    def __init__(self) -> None:
        self._sums = np.zeros((2, 0))
        """Force and direct sound; those before ``_at`` are over, and nothing lies at or beyond ``_end``."""
        self._at = self._end = 0
        self._making: list[_Begun] = []
        """Contacts whose noise is still being made."""

    @property
    def is_over(self) -> bool:
        """Whether nothing is left."""
        return self._at >= self._end and not self._making

    def add(self, wait: int, size: float, noise: ContactNoise) -> None:
        """``size`` times the noise of a contact, that begins after ``wait`` frames."""
        longest = noise.size
        if longest == 0:
            return
        if not noise.is_whole:
            self._making.append(_Begun(noise, size, wait))
            return
        force, direct = noise.piece(0, longest)
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
        for begun in self._making:
            begun.add_to(out)
        self._making = [begun for begun in self._making if not begun.is_over]
        return out[0], out[1]

    def fade(self, falls: Floats) -> None:
        """What is left dies away with ``falls``, and is over where those end."""
        for begun in self._making:
            begun.falls = falls if begun.falls is None else begun.falls[: falls.size] * falls[: begun.falls.size]
        left = self._sums[:, self._at : self._end]
        n = min(left.shape[1], falls.size)
        left[:, :n] *= falls[:n]
        left[:, n:] = 0.0
        self._end = self._at + n
