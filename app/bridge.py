"""Engine events into the window: the one place where the engine threads meet Qt.

Engine threads put events into a queue and post one wake-up. On the UI thread the queue is emptied: ends of jobs are
told at once, notes at most 60 times a second and only the newest of each job. Nothing here ticks while the engine is
idle, and no Qt signal is ever emitted from an engine thread.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from app.ui_thread import Wake
from engine.jobs import TERMINAL, Event

NOTE_INTERVAL_S = 1 / 60

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Watch:
    done: Callable[[Any], None] | None = None
    note: Callable[[Any], None] | None = None
    each: Callable[[Any], None] | None = None
    failed: Callable[[Exception], None] | None = None
    cancelled: Callable[[], None] | None = None


class Bridge(QObject):
    """Give :attr:`listener` to a studio; connect to the signals, or :meth:`watch` one job.

    The signals' numbers are job ids. For one job they come in order: ``queued started note* (done|failed|cancelled)``.
    """

    queued = Signal(int, str)
    started = Signal(int)
    note = Signal(int, object)
    done = Signal(int, object)
    failed = Signal(int, object)
    cancelled = Signal(int)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._queue: deque[Event] = deque()
        self._wake = Wake(self._empty_queue, self)
        self._watches: dict[int, _Watch] = {}
        self._notes: dict[int, Event] = {}
        self._last_notes = 0.0
        self._later = QTimer(self, singleShot=True, timerType=Qt.TimerType.PreciseTimer)
        self._later.timeout.connect(self._tell_notes)

    def listener(self, event: Event) -> None:
        """Take an event from any thread; returns at once."""
        self._queue.append(event)
        self._wake.ask()

    def watch(
        self,
        job_id: int,
        *,
        done: Callable[[Any], None] | None = None,
        note: Callable[[Any], None] | None = None,
        each: Callable[[Any], None] | None = None,
        failed: Callable[[Exception], None] | None = None,
        cancelled: Callable[[], None] | None = None,
    ) -> int:
        """Call back for one job, on the UI thread, and return its id.

        ``note`` gets the newest note at most 60 times a second; ``each`` gets every note, in order, for jobs whose
        previews are pieces of a whole (tiles). Call it right after the submit, from the UI thread: until the event
        loop runs again nothing of the job has been told.
        """
        self._watches[job_id] = _Watch(done, note, each, failed, cancelled)
        return job_id

    def close(self) -> None:
        """Tell nothing more. Close the studio first, so that no thread is left that could call."""
        self._wake.close()
        self._later.stop()
        self._queue.clear()
        self._notes.clear()
        self._watches.clear()

    def _empty_queue(self) -> None:
        while self._queue:
            event = self._queue.popleft()
            watch = self._watches.get(event.job)
            if event.kind == "note":
                if watch is not None and watch.each is not None:
                    _call(watch.each, event.payload)
                self._notes[event.job] = event
                continue
            if event.kind in TERMINAL:
                # A last note tells nothing that the end does not.
                self._notes.pop(event.job, None)
                self._watches.pop(event.job, None)
            self._tell(event, watch)
        if self._notes and not self._later.isActive():
            wait_s = self._last_notes + NOTE_INTERVAL_S - time.monotonic()
            if wait_s <= 0:
                self._tell_notes()
            else:
                self._later.start(int(wait_s * 1000) + 1)

    def _tell_notes(self) -> None:
        self._last_notes = time.monotonic()
        notes, self._notes = self._notes, {}
        for event in notes.values():
            self._tell(event, self._watches.get(event.job))

    def _tell(self, event: Event, watch: _Watch | None) -> None:
        if event.kind == "queued":
            self.queued.emit(event.job, str(event.payload or ""))
        elif event.kind == "started":
            self.started.emit(event.job)
        elif event.kind == "note":
            self.note.emit(event.job, event.payload)
            if watch is not None and watch.note is not None:
                _call(watch.note, event.payload)
        elif event.kind == "done":
            if watch is not None and watch.done is not None:
                _call(watch.done, event.payload)
            self.done.emit(event.job, event.payload)
        elif event.kind == "failed":
            if watch is not None and watch.failed is not None:
                _call(watch.failed, event.payload)
            self.failed.emit(event.job, event.payload)
        else:
            if watch is not None and watch.cancelled is not None:
                _call(watch.cancelled)
            self.cancelled.emit(event.job)


def _call(callback: Callable[..., None], *values: Any) -> None:
    """One callback that breaks must not keep the other jobs' ends from being told."""
    try:
        callback(*values)
    except Exception:
        log.exception("A callback for an engine event failed")
