"""What the engine is doing, as a list: titles, progress, measured speed and how each job ended."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from app.bridge import Bridge
from app.message_bar import in_words
from engine.jobs import Note

SHOW_AFTER_MS = 300
"""A job that ends sooner is not worth a glance."""
TICK_MS = 1000
CHANGED_EVERY_MS = 50
KEEP_ENDED = 30
SPEED_WINDOW_S = 8.0
ETA_AFTER_S = 1.0
ETA_AFTER_FRACTION = 0.03

State = Literal["waiting", "running", "stopping", "done", "failed", "cancelled"]
ENDED: tuple[State, ...] = ("done", "failed", "cancelled")


@dataclass
class Job:
    """One job as the list shows it; times are seconds of ``time.monotonic``."""

    id: int
    title: str
    state: State = "waiting"
    text: str = ""
    fraction: float | None = None
    started_s: float | None = None
    ended_s: float | None = None
    error: Exception | None = None
    shown: bool = False
    quiet: bool = False
    """Nobody asked for it: getting ready, drawing, keeping safe."""
    _samples: deque[tuple[float, float]] = field(default_factory=deque)

    def note(self, note: Note, now_s: float) -> None:
        """Take a progress report and remember it for the speed."""
        self.text = note.text or self.text
        self.fraction = note.fraction
        if note.fraction is not None:
            if self._samples and note.fraction < self._samples[-1][1]:
                self._samples.clear()  # a new stage counts from zero again: the old speed says nothing about it
            self._samples.append((now_s, note.fraction))
            while len(self._samples) > 2 and now_s - self._samples[0][0] > SPEED_WINDOW_S:
                self._samples.popleft()

    def elapsed_s(self, now_s: float) -> float:
        if self.started_s is None:
            return 0.0
        return (self.ended_s if self.ended_s is not None else now_s) - self.started_s

    def left_s(self, now_s: float) -> float | None:
        """Seconds to go at the speed of the last seconds; ``None`` until there is enough progress to tell."""
        if self.state != "running" or self.fraction is None or len(self._samples) < 2:
            return None
        (first_s, first), (last_s, last) = self._samples[0], self._samples[-1]
        if last_s - first_s < ETA_AFTER_S or last - first < ETA_AFTER_FRACTION:
            return None
        speed = (last - first) / (last_s - first_s)
        return max((1.0 - last) / speed - (now_s - last_s), 0.0)

    def describe(self, now_s: float) -> str:
        """Percent, time spent and time left, as far as they are known."""
        if self.state == "waiting":
            return "waiting"
        if self.state == "stopping":
            return "stopping"
        if self.state in ENDED:
            word = {"done": "done in", "failed": "failed after", "cancelled": "stopped after"}[self.state]
            return f"{word} {seconds(self.elapsed_s(now_s))}"
        parts = [] if self.fraction is None else [f"{min(max(self.fraction, 0.0), 1.0) * 100:.0f} %"]
        left = self.left_s(now_s)
        parts.append(f"{seconds(self.elapsed_s(now_s))}" if left is None else f"{seconds(left)} left")
        return "  ".join(parts)


def seconds(duration_s: float) -> str:
    """A length of time in words: ``"0.4 s"``, ``"12 s"``, ``"3 min 20 s"``, ``"1 h 05 min"``."""
    if duration_s < 9.95:
        return f"{duration_s:.1f} s"
    whole = round(duration_s)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


class JobList(QObject):
    """Listens to the bridge and keeps the jobs that are worth showing, the newest last.

    ``changed`` tells that something in :meth:`shown` differs, at most some twenty times a second: thousands of jobs may
    come and go at once, and each look at the list costs as much as it is long. A clock ticks once a second while a
    shown job runs, and only then.
    """

    changed = Signal()

    def __init__(
        self, bridge: Bridge, cancel: Callable[[int], object], now: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(bridge)
        self._cancel = cancel
        self._now = now
        self._jobs: dict[int, Job] = {}
        self._quiet: set[int] = set()
        self._shown_ended: deque[int] = deque()
        self._young: deque[tuple[float, int]] = deque()
        """When each new job comes into sight, and its id."""
        # One timer for all: single shots with Python functions, hundreds of them, were seen to crash Qt for Python.
        self._grown = QTimer(self, singleShot=True, timerType=Qt.TimerType.PreciseTimer)
        self._grown.timeout.connect(self._show_grown)
        self._clock = QTimer(self, interval=TICK_MS)
        self._clock.timeout.connect(self.changed)
        self._rest = QTimer(self, singleShot=True, interval=CHANGED_EVERY_MS)
        self._rest.timeout.connect(self._tell_again)
        self._has_news = False
        bridge.queued.connect(self._queued)
        bridge.started.connect(self._started)
        bridge.note.connect(self._note)
        bridge.done.connect(lambda job, result: self._ended(job, "done"))
        bridge.failed.connect(self._failed)
        bridge.cancelled.connect(lambda job: self._ended(job, "cancelled"))

    def now_s(self) -> float:
        return self._now()

    def shown(self) -> list[Job]:
        """Running and ended jobs, oldest first."""
        return [j for j in self._jobs.values() if j.shown]

    def running(self) -> list[Job]:
        """Shown jobs that have not ended."""
        return [j for j in self.shown() if j.state not in ENDED]

    def keep_quiet_about(self, job_id: int) -> None:
        """The job that was just submitted is the window's own business, not something the person waits for."""
        self._quiet.add(job_id)

    @property
    def at_rest(self) -> bool:
        """Whether nothing waits or runs, shown or not, and ``changed`` has told so."""
        return not self._has_news and not any(j.state not in ENDED for j in self._jobs.values())

    def cancel(self, job_id: int) -> None:
        """Ask the engine to end a job; it says "stopping" until its clean-up is through."""
        job = self._jobs.get(job_id)
        if job is not None and job.state not in ENDED:
            job.state = "stopping"
            self.changed.emit()
            self._cancel(job_id)

    def clear(self) -> None:
        """Forget the ended jobs."""
        self._jobs = {i: j for i, j in self._jobs.items() if j.state not in ENDED}
        self._shown_ended.clear()
        self.changed.emit()

    def _queued(self, job_id: int, title: str) -> None:
        if title:
            self._jobs[job_id] = Job(job_id, title, quiet=job_id in self._quiet)
            self._young.append((time.monotonic() + SHOW_AFTER_MS / 1000, job_id))
            if not self._grown.isActive():
                self._grown.start(SHOW_AFTER_MS)
        self._quiet.discard(job_id)

    def _show_grown(self) -> None:
        """Jobs come into sight that have lasted long enough; the timer goes on to the next one."""
        now_s = time.monotonic()
        while self._young and self._young[0][0] <= now_s:
            self._show_if_running(self._young.popleft()[1])
        if self._young:
            self._grown.start(int((self._young[0][0] - now_s) * 1000) + 1)

    def _show_if_running(self, job_id: int) -> None:
        job = self._jobs.get(job_id)
        if job is not None and job.state not in ENDED:
            job.shown = True
            self._clock.start()
            self._news()

    def _started(self, job_id: int) -> None:
        if (job := self._jobs.get(job_id)) is not None:
            job.started_s = self._now()
            if job.state == "waiting":
                job.state = "running"
            self._tell(job)

    def _note(self, job_id: int, note: Note) -> None:
        if (job := self._jobs.get(job_id)) is not None:
            job.note(note, self._now())
            self._tell(job)

    def _failed(self, job_id: int, error: Exception) -> None:
        if (job := self._jobs.get(job_id)) is not None:
            job.error = error
            job.text = in_words(error)
            job.shown = True
            self._ended(job_id, "failed")

    def _ended(self, job_id: int, state: State) -> None:
        job = self._jobs.get(job_id)
        if job is None:
            return
        job.state = state
        job.ended_s = self._now()
        if not job.shown:
            del self._jobs[job_id]
            return
        if state == "done":
            job.fraction, job.text = 1.0, ""
        self._shown_ended.append(job_id)
        while len(self._shown_ended) > KEEP_ENDED:
            self._jobs.pop(self._shown_ended.popleft(), None)
        self._news()

    def _tell(self, job: Job) -> None:
        if job.shown:
            self._news()

    def _news(self) -> None:
        """Tell at once after a quiet moment, else when the moment is over."""
        if self._rest.isActive():
            self._has_news = True
        else:
            self._tell_again(always=True)

    def _tell_again(self, *, always: bool = False) -> None:
        if always or self._has_news:
            self._has_news = False
            self._rest.start()
            if not self.running():
                self._clock.stop()
            self.changed.emit()
