"""Steps of a long work, taken here and now."""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeVar

N = TypeVar("N")
R = TypeVar("R")


def finished(steps: Generator[N, None, R]) -> tuple[R, list[N]]:
    """What the work gives, and all that it said on the way."""
    said = []
    try:
        while True:
            said.append(next(steps))
    except StopIteration as stop:
        return stop.value, said
