"""Long work as generators that yield the fraction done (0..1) and return their result."""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeVar

R = TypeVar("R")
Steps = Generator[float, None, R]
"""A generator that yields the fraction done and returns an ``R``; closing it cleans up and leaves nothing behind."""


def finish(steps: Steps[R]) -> R:
    """Run ``steps`` to their end, here and now, and return their result."""
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            result: R = stop.value
            return result
