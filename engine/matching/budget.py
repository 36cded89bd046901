"""How much work a match may take: seconds of a clock, or counted work that is the same on every machine."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from typing import TypeVar

from engine.jobs import Note

R = TypeVar("R")

MATCH_S = 18.0
"""How long a match takes unless somebody says otherwise; with loading and writing it stays within 20 s."""
STRIKE_S = 7.0
"""The same for a strike; with loading and writing it stays within 10 s."""
GRADIENT_WORK = 5
"""A render with its way back counts as so many renders."""


def usual_s(synth: str) -> float:
    """How long a match with the instrument of that name takes unless somebody says otherwise."""
    return STRIKE_S if synth == "impact" else MATCH_S


class Budget:
    """``seconds`` on ``clock``; or ``work`` in renders, where it is given: results then depend on a seed alone."""

    def __init__(
        self, seconds: float = MATCH_S, work: int | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._start = clock()
        self._seconds = max(seconds, 1e-3)
        self._work = work
        self._done = 0

    def spend(self, work: int) -> None:
        """Count ``work`` renders."""
        self._done += work

    @property
    def used(self) -> float:
        """The share that is used up; may pass 1."""
        if self._work is not None:
            return self._done / max(self._work, 1)
        return (self._clock() - self._start) / self._seconds

    def noted(self, steps: Generator[None, None, R], text: str) -> Generator[Note, None, R]:
        """Run ``steps`` to their end, with a note for each."""
        try:
            while True:
                next(steps)
                yield Note(min(self.used, 0.99), text)
        except StopIteration as stop:
            result: R = stop.value
            return result
        finally:
            steps.close()
