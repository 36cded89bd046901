"""The window's own jobs (saving, opening, searching a folder), done by the engine's threads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.bridge import Bridge
from engine.errors import EngineError
from engine.jobs import Body
from engine.studio import RANK_WRITE, Studio

RANK_FILES, RANK_QUIET = 4, 12


class SmallJobs:
    """A :class:`app.submit.Submit` that runs jobs in the studio.

    ``keep_quiet`` is told of the jobs that nobody asked for, ``write_failed`` of the errors of those that write and
    that somebody did ask for, before the one who submitted them hears it.
    """

    def __init__(
        self,
        studio: Studio,
        bridge: Bridge,
        *,
        keep_quiet: Callable[[int], None],
        write_failed: Callable[[Exception], None],
    ) -> None:
        self._studio, self._bridge = studio, bridge
        self._keep_quiet, self._write_failed = keep_quiet, write_failed
        self._running: set[int] = set()

    @property
    def busy(self) -> bool:
        """Whether one of them has not ended."""
        return bool(self._running)

    def __call__(
        self,
        body: Body[Any],
        *,
        title: str,
        done: Callable[[Any], None],
        failed: Callable[[Exception], None],
        writes: bool = False,
        quiet: bool = False,
    ) -> int:
        if writes:
            job = self._studio.work.submit(body, rank=RANK_WRITE, title=title)
        else:
            job = self._studio.live.submit(body, rank=RANK_QUIET if quiet else RANK_FILES, title=title)
        if quiet:
            self._keep_quiet(job)
        self._running.add(job)

        def ended(tell: Callable[..., None]) -> Callable[..., None]:
            def told(*values: Any) -> None:
                self._running.discard(job)
                tell(*values)

            return told

        def stopped() -> None:
            failed(EngineError(f"{title}: that was stopped."))

        def refused(error: Exception) -> None:
            if writes and not quiet:
                self._write_failed(error)
            failed(error)

        return self._bridge.watch(job, done=ended(done), failed=ended(refused), cancelled=ended(stopped))
