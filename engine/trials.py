"""Listening to patches before anybody hears them: how loud one is, and which of several can be played."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable

from engine.audio.level import Level
from engine.audio.values import Audio
from engine.jobs import Note
from engine.params import Patch

Play = Callable[[Patch], Generator[Note, None, Audio]]
_READY = threading.Event()


def is_ready() -> bool:
    """Whether listening starts at once; see :func:`get_ready`."""
    return _READY.is_set()


def get_ready() -> None:
    """Load what measures loudness; that takes up to a second, in which nobody should wait for a knob."""
    import scipy.signal  # noqa: F401

    _READY.set()


def measure_steps(play: Play, patch: Patch) -> Generator[Note, None, Level]:
    """Play ``patch`` to nobody and return how loud it is."""
    audio = yield from play(patch)
    get_ready()
    return Level.of(audio)


def first_good_steps(play: Play, candidates: Iterable[Patch]) -> Generator[Note, None, Patch | None]:
    """Play one after the other until one is heard and does not clip; return it, or the least bad, or ``None``."""
    best: tuple[float, Patch] | None = None
    for patch in candidates:
        yield Note(None)
        audio = yield from play(patch)
        get_ready()
        badness = Level.of(audio).badness
        if best is None or badness < best[0]:
            best = (badness, patch)
        if badness == 0.0:
            break
    return None if best is None else best[1]
