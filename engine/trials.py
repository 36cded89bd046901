"""Listening to patches before anybody hears them: how loud one is, and which of several can be played."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable
from contextlib import closing
from typing import Any

from engine.audio.level import Level
from engine.audio.values import Audio
from engine.jobs import JobRunner, Note
from engine.params import Patch

RANK_FIRST_GOOD, RANK_MEASURE = 0, 8
"""What was asked for is as urgent as a knob; what is measured is not."""

_READY = threading.Event()


def get_ready() -> None:
    """Load what measures loudness; that takes up to a second, in which nobody should wait for a knob."""
    import scipy.signal  # noqa: F401

    _READY.set()


class Trials:
    """Jobs that listen. ``play`` plays one note of a patch; ``quick`` is the runner once everything is loaded.

    How a note is played (``note velocity hold_s duration_s sample_rate``) is as in ``Studio.render``.
    """

    def __init__(
        self, play: Callable[..., Generator[float, None, Audio]], quick: Callable[[], JobRunner], work: JobRunner
    ) -> None:
        self._play, self._quick, self._work = play, quick, work

    def measure(self, patch: Patch, **how: Any) -> int:
        """How loud a note of ``patch`` is; the result is a :class:`Level`."""
        return self._runner().submit(lambda: self._listen(patch, how), rank=RANK_MEASURE, title="Measuring loudness")

    def first_good(self, candidates: Iterable[Patch | None], *, title: str = "Trying patches", **how: Any) -> int:
        """Play candidates, made one at a time, until one is heard and does not clip; ``None`` is one still being made.

        The result is it, or the least bad one, or ``None`` when there were none.
        """

        def body() -> Generator[Note, None, Patch | None]:
            best: tuple[float, Patch] | None = None
            for patch in candidates:
                yield Note(None)
                if patch is None:
                    continue
                badness = (yield from self._listen(patch, how)).badness
                if best is None or badness < best[0]:
                    best = (badness, patch)
                if badness == 0.0:
                    break
            return None if best is None else best[1]

        return self._runner().submit(body, rank=RANK_FIRST_GOOD, title=title)

    def _runner(self) -> JobRunner:
        return self._quick() if _READY.is_set() else self._work

    def _listen(self, patch: Patch, how: dict[str, Any]) -> Generator[Note, None, Level]:
        with closing(self._play(patch, **how)) as steps:
            while True:
                try:
                    fraction = next(steps)
                except StopIteration as stop:
                    audio: Audio = stop.value
                    break
                yield Note(fraction)
        get_ready()
        return Level.of(audio)
