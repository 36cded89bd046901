"""Listening to patches before anybody hears them: how loud one is, and which of several can be played."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable

from engine.audio.level import Level
from engine.audio.values import Audio
from engine.jobs import Note
from engine.params import Patch

Play = Callable[[Patch], Generator[Note, None, Audio]]


def measure_steps(play: Play, patch: Patch) -> Generator[Note, None, Level]:
    """Play ``patch`` to nobody and return how loud it is."""
    return Level.of((yield from play(patch)))


def first_good_steps(play: Play, candidates: Iterable[Patch]) -> Generator[Note, None, Patch | None]:
    """Play one after the other until one is heard and does not clip; return it, or the least bad, or ``None``."""
    best: tuple[float, Patch] | None = None
    for patch in candidates:
        yield Note(None)
        badness = Level.of((yield from play(patch))).badness
        if best is None or badness < best[0]:
            best = (badness, patch)
        if badness == 0.0:
            break
    return None if best is None else best[1]
