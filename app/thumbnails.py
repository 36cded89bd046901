"""The library's small pictures: sounds whose rows are in sight are read one by one, behind all other work."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator

from PySide6.QtCore import QObject

from app.bridge import Bridge
from engine.audio import Clip
from engine.audio.pyramid import Pyramid, build_pyramid
from engine.errors import EngineError
from engine.jobs import JobRunner, Note

RANK = 60
LONGEST_S = 300.0
"""Longer sounds get their picture when they are looked at: reading them through is not worth a glance."""


class Thumbnails(QObject):
    """``show(clip, pyramid)`` is called on the UI thread for each sound that was wanted and could be read."""

    def __init__(
        self, runner: JobRunner, bridge: Bridge, show: Callable[[Clip, Pyramid], None], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._runner = runner
        self._bridge = bridge
        self._show = show
        self._waiting: deque[Clip] = deque()
        self._reading = False

    @property
    def busy(self) -> bool:
        return self._reading

    def want(self, clip: Clip) -> None:
        """Read a sound when its turn comes."""
        if clip.duration_s <= LONGEST_S:
            self._waiting.append(clip)
            if not self._reading:
                self._next()

    def _next(self) -> None:
        self._reading = bool(self._waiting)
        if not self._waiting:
            return
        clip = self._waiting.popleft()

        def done(pyramid: Pyramid | None) -> None:
            if pyramid is not None:
                self._show(clip, pyramid)
            self._next()

        job = self._runner.submit(lambda: _read(clip), rank=RANK)
        self._bridge.watch(job, done=done, cancelled=self._next)


def _read(clip: Clip) -> Generator[Note, None, Pyramid | None]:
    """The whole pyramid, or ``None`` where the file has gone: nobody asked for it, so nobody is told."""
    steps = build_pyramid(clip)
    while True:
        try:
            fraction, _ = next(steps)
        except StopIteration as end:
            pyramid: Pyramid = end.value
            return pyramid
        except (EngineError, OSError):
            return None
        yield Note(fraction)
