"""Gains that move in a straight line, so that no change of level clicks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


class Ramp:
    """A gain on its way to a target: ``frames`` frames for each journey, however far."""

    def __init__(self, value: float, frames: int) -> None:
        self.frames = max(frames, 1)
        self.value = value
        self.target = value
        self.left = 0

    def jump(self, value: float) -> None:
        """Be there at once."""
        self.value = self.target = value
        self.left = 0

    def aim(self, target: float) -> None:
        """Start moving towards ``target``; aiming where it already goes changes nothing."""
        if target != self.target:
            self.target = target
            self.left = self.frames

    def block(self, n: int) -> float | NDArray[np.float32]:
        """The gains of the next ``n`` frames: one number while nothing moves, else ``[n, 1]``."""
        if self.left == 0 or n == 0:
            return self.value
        moving = min(n, self.left)
        step = (self.target - self.value) / self.left
        gains = np.full((n, 1), self.target, np.float32)
        gains[:moving, 0] = self.value + step * np.arange(1, moving + 1)
        self.left -= moving
        self.value = self.target if self.left == 0 else self.value + step * moving
        return gains
