"""The engine thread: long work as generators, advanced one yield at a time, best rank first.

A job is a generator function without arguments. It yields :class:`Note` (progress, words, a preview), returns its
result and cleans up in ``finally``. Between two yields nothing else runs on its runner, so a job yields at least every
100 ms where its work can be divided. Cancelling closes the generator on the engine thread: the job's ``finally`` runs,
no flag is needed and nothing is left behind.

The runner knows nothing of windows. Its ``listener`` receives every :class:`Event` in order, on whichever thread the
event arose and with the runner locked; it must return at once (put it in a queue, wake somebody) and wait for nobody.
"""

from __future__ import annotations

import heapq
import itertools
import logging
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

R = TypeVar("R")
Body = Callable[[], Generator["Note", None, R]]
Kind = Literal["queued", "started", "note", "done", "failed", "cancelled"]

TERMINAL: frozenset[Kind] = frozenset({"done", "failed", "cancelled"})
"""Each job ends with exactly one event of these kinds, and nothing follows it."""

SWITCH_INTERVAL_S = 0.0005
"""How long a thread may hold the interpreter while another waits for it.

With Python's own 5 ms, a heavy job in pure Python held up each hop of a knob's event (window, runner, window) by 5 ms,
more than there is time between two events: measured, the delays piled up to seconds. With 0.5 ms, an event takes 1 ms.
"""

MAX_CLEANUP_STEPS = 1000
"""A job that yields while it cleans up is advanced this often; then it is left as it stands."""

log = logging.getLogger(__name__)
_ids = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Note:
    """Where a job stands: ``fraction`` done in 0..1 (``None`` when unknown), words, and something to show or hear.

    ``notice`` is a sentence that people should read before it is done.
    """

    fraction: float | None = None
    text: str = ""
    preview: object = None
    notice: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to a job.

    ``payload`` is the title for ``queued``, the :class:`Note` for ``note``, the result for ``done``, the exception for
    ``failed``, and ``None`` or ``"replaced"`` for ``cancelled``.
    """

    job: int
    kind: Kind
    payload: object = None
    runner: str = ""


class _Job:
    __slots__ = ("body", "cancel_reason", "cancelled", "generator", "id", "key", "on_result", "rank")

    def __init__(self, body: Body[Any], rank: int, key: str | None, on_result: Callable[[Any], None] | None) -> None:
        self.id = next(_ids)
        self.body = body
        self.rank = rank
        self.key = key
        self.on_result = on_result
        self.generator: Generator[Note, None, Any] | None = None
        self.cancelled = False
        self.cancel_reason: str | None = None


def run_inline(body: Body[R], on_note: Callable[[Note], None] | None = None) -> R:
    """Run a job here and now, on the calling thread, and return its result; its errors are raised as they are."""
    generator = body()
    try:
        while True:
            note = next(generator)
            if on_note is not None:
                on_note(note)
    except StopIteration as stop:
        result: R = stop.value
        return result
    finally:
        generator.close()


class JobRunner:
    """One worker thread that advances the best-ranked job by one yield at a time.

    Lower ``rank`` goes first; among equals the older job goes first and is finished before the next one starts.
    """

    def __init__(self, name: str, listener: Callable[[Event], None] | None = None) -> None:
        self.name = name
        self._listener = listener
        # Re-entrant because a listener may submit or cancel from inside an event.
        self._changed = threading.Condition(threading.RLock())
        self._jobs: dict[int, _Job] = {}
        # Thousands may wait (a dropped folder), and each step asks who is next: a heap of (rank, id, job). Jobs that
        # have ended meanwhile are dropped when they come to its top.
        self._queue: list[tuple[int, int, _Job]] = []
        self._to_close: deque[_Job] = deque()
        self._newest: dict[str, _Job] = {}
        self._stepping: _Job | None = None
        self._closing = False
        sys.setswitchinterval(min(sys.getswitchinterval(), SWITCH_INTERVAL_S))
        self._thread = threading.Thread(target=self._loop, name=f"engine-{name}", daemon=True)
        self._thread.start()

    def submit(
        self,
        body: Body[R],
        *,
        rank: int = 10,
        key: str | None = None,
        title: str = "",
        on_result: Callable[[R], None] | None = None,
    ) -> int:
        """Queue a job and return its id.

        ``key`` makes it replace every unfinished job of the same key (latest wins). ``on_result`` runs on the engine
        thread with the result just before the ``done`` event: the short way from a render to the player.
        Raises ``RuntimeError`` after :meth:`close`.
        """
        job = _Job(body, rank, key, on_result)
        with self._changed:
            if self._closing:
                raise RuntimeError(f"The {self.name} runner is closed.")
            if key is not None:
                if (older := self._newest.get(key)) is not None:
                    self._request_cancel(older, "replaced")
                self._newest[key] = job
            self._jobs[job.id] = job
            heapq.heappush(self._queue, (job.rank, job.id, job))
            self._emit(job, "queued", title)
            self._changed.notify_all()
        return job.id

    def cancel(self, job_id: int) -> bool:
        """Ask for a job's end; ``False`` when it is unknown or already over.

        A job that has not started ends at once; one that runs is closed at its next yield.
        """
        with self._changed:
            job = self._jobs.get(job_id)
            if job is None:
                return False
            self._request_cancel(job, None)
            self._changed.notify_all()
            return True

    def cancel_all(self) -> None:
        """Cancel every unfinished job."""
        with self._changed:
            for job in list(self._jobs.values()):
                self._request_cancel(job, None)
            self._changed.notify_all()

    def pending(self) -> list[int]:
        """Ids of all unfinished jobs, in the order in which they would run."""
        with self._changed:
            return [j.id for j in sorted(self._jobs.values(), key=lambda j: (j.rank, j.id))]

    def wait_idle(self, timeout_s: float | None = None) -> bool:
        """Block until no job is left; ``False`` when the time ran out first. Not for the UI thread.

        Raises ``RuntimeError`` on the engine thread, where it could never return.
        """
        if threading.current_thread() is self._thread:
            raise RuntimeError(f"A job of the {self.name} runner cannot wait for its own end.")
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        with self._changed:
            while self._jobs:
                left = None if deadline is None else deadline - time.monotonic()
                if left is not None and left <= 0:
                    return False
                self._changed.wait(left)
            return True

    def close(self, timeout_s: float | None = 10.0) -> bool:
        """Cancel everything and end the thread; ``False`` when a step did not come to its next yield in time."""
        with self._changed:
            self._closing = True
            for job in list(self._jobs.values()):
                self._request_cancel(job, None)
            self._changed.notify_all()
        if threading.current_thread() is not self._thread:
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    # -- called with the lock held -----------------------------------------------------------------

    def _emit(self, job: _Job, kind: Kind, payload: object = None) -> None:
        if self._listener is not None:
            try:
                self._listener(Event(job.id, kind, payload, self.name))
            except BaseException as error:
                # Ctrl+C belongs to whoever called; on the engine thread nothing may end the loop.
                if not isinstance(error, Exception) and threading.current_thread() is not self._thread:
                    raise
                log.exception("The listener of the %s runner failed on %s of job %d", self.name, kind, job.id)

    def _request_cancel(self, job: _Job, reason: str | None) -> None:
        if job.cancelled:
            return
        job.cancelled, job.cancel_reason = True, reason
        if job.generator is None and job is not self._stepping:
            # Never started, so there is no finally to run: it can end on the caller's thread, at once.
            self._finish(job, "cancelled", reason)
        else:
            self._to_close.append(job)

    def _finish(self, job: _Job, kind: Kind, payload: object) -> None:
        if self._jobs.pop(job.id, None) is not None:
            if job.key is not None and self._newest.get(job.key) is job:
                del self._newest[job.key]
            # The queue may hold the job for a while yet, but nothing that it held.
            job.body, job.generator, job.on_result = _nothing, None, None
            self._emit(job, kind, payload)
            self._changed.notify_all()

    def _next_job(self) -> _Job | None:
        """The job to serve now: cancelled ones are cleaned up before anything else is advanced."""
        while self._to_close:
            job = self._to_close.popleft()
            if job.id in self._jobs:
                return job
        while self._queue:
            job = self._queue[0][2]
            if job.id in self._jobs:
                return job
            heapq.heappop(self._queue)
        return None

    # -- the engine thread -------------------------------------------------------------------------

    def _loop(self) -> None:
        while True:
            with self._changed:
                while (job := self._next_job()) is None:
                    if self._closing:
                        return
                    self._changed.wait()
                self._stepping = job
                if not job.cancelled and job.generator is None:
                    self._emit(job, "started")
            self._step(job)
            with self._changed:
                self._stepping = None
            # A finished job, its result and its traceback must not live on in this frame until the next one comes.
            del job

    def _step(self, job: _Job) -> None:
        if job.cancelled:
            self._end_cancelled(job)
            return
        modes = _torch_modes()
        try:
            if job.generator is None:
                job.generator = _generator_of(job.body)
            note = next(job.generator)
            if not isinstance(note, Note):
                raise TypeError(f"A job yields Note values, not {note!r}.")
            if _torch_modes() != modes:
                raise RuntimeError(
                    "The job yielded inside a torch context such as no_grad(); leave it before each yield."
                )
        except StopIteration as stop:
            self._deliver(job, stop.value)
        except BaseException as error:
            self._end_failed(job, error)
        else:
            with self._changed:
                if not job.cancelled:
                    self._emit(job, "note", note)
        # A context that a job left open would turn off gradients for every job after it.
        _restore_torch_modes(modes)

    def _deliver(self, job: _Job, result: Any) -> None:
        with self._changed:
            if job.cancelled:
                self._finish(job, "cancelled", job.cancel_reason)
                return
        try:
            if job.on_result is not None:
                job.on_result(result)
        except BaseException as error:
            self._end_failed(job, error)
            return
        with self._changed:
            # What has been handed over is done, even if somebody asked for its end meanwhile.
            self._finish(job, "done", result)

    def _end_cancelled(self, job: _Job) -> None:
        try:
            if job.generator is not None:
                _clean_up(job.generator)
        except BaseException as error:
            # The clean-up itself broke: the person must learn that something may be left behind.
            with self._changed:
                self._finish(job, "failed", _as_exception(error))
        else:
            with self._changed:
                self._finish(job, "cancelled", job.cancel_reason)

    def _end_failed(self, job: _Job, error: BaseException) -> None:
        if job.generator is not None:
            try:
                _clean_up(job.generator)
            except BaseException:
                log.exception("Cleaning up after job %d, which had failed, failed as well", job.id)
        with self._changed:
            if job.cancelled:
                self._finish(job, "cancelled", job.cancel_reason)
            else:
                self._finish(job, "failed", _as_exception(error))


def _nothing() -> Generator[Note, None, None]:
    yield from ()


def _generator_of(body: Body[Any]) -> Generator[Note, None, Any]:
    generator = body()
    if not hasattr(generator, "throw"):
        raise TypeError(f"A job is a generator function; calling this one gave {type(generator).__name__}.")
    return generator


def _clean_up(generator: Generator[Note, None, Any]) -> None:
    """Close a generator and let its ``finally`` run to its end even if it yields, which is an error all the same."""
    try:
        generator.throw(GeneratorExit)
    except (StopIteration, GeneratorExit):
        return
    for _ in range(MAX_CLEANUP_STEPS):
        try:
            next(generator)
        except (StopIteration, GeneratorExit):
            break
    raise RuntimeError("The job yielded while it was cleaning up.")


def _as_exception(error: BaseException) -> Exception:
    """The error as one that is safe to keep and to raise again anywhere.

    A job must not be able to end the program, and its frames, with whatever large sounds they hold, must not live on
    for as long as somebody keeps the error.
    """
    trace = error.__traceback__
    traceback.clear_frames(trace)
    error.__traceback__ = trace.tb_next if trace is not None else None  # without the runner's own frame
    if isinstance(error, Exception):
        return error
    wrapped = RuntimeError(f"The job tried to end its thread with {error!r}.")
    wrapped.__cause__ = error
    return wrapped


Modes = tuple[bool, bool, bool]
_USUAL_MODES: Modes = (True, False, False)


def _torch_modes() -> Modes:
    """This thread's gradient, inference and autocast modes; the usual ones while torch is not (wholly) loaded."""
    torch = sys.modules.get("torch")
    if torch is None or not hasattr(torch, "set_grad_enabled"):
        return _USUAL_MODES
    return torch.is_grad_enabled(), torch.is_inference_mode_enabled(), torch.is_autocast_enabled("cpu")


def _restore_torch_modes(modes: Modes) -> None:
    if _torch_modes() != modes:
        torch = sys.modules["torch"]
        torch.set_grad_enabled(modes[0])
        torch.set_autocast_enabled("cpu", modes[2])
