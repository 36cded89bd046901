"""How loud it is: the peaks of each block, kept until the moment the block is heard."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Levels:
    """Largest magnitudes of left and right since they were last asked for; 1.0 is full scale."""

    left: float = 0.0
    right: float = 0.0

    @property
    def is_over(self) -> bool:
        """Whether something was louder than full scale."""
        return max(self.left, self.right) > 1.0


SILENCE = Levels()


class LevelHistory:
    """Blocks' peaks on their way to the ear. One writer (the mixer), one reader (the meter)."""

    def __init__(self) -> None:
        self._blocks: deque[tuple[float, float, float]] = deque(maxlen=256)

    def add(self, heard_at_s: float, left: float, right: float) -> None:
        self._blocks.append((heard_at_s, left, right))

    def take(self, now_s: float) -> Levels:
        """The peaks of everything that has been heard since the last call."""
        left = right = 0.0
        blocks = self._blocks
        while blocks and blocks[0][0] <= now_s:
            _, block_left, block_right = blocks.popleft()
            left, right = max(left, block_left), max(right, block_right)
        return Levels(left, right) if left or right else SILENCE
