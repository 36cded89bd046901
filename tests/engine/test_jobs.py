"""The engine thread, one behaviour at a time; every wait is a handshake, no test depends on speed."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Generator, Iterator

import pytest

from engine.jobs import SWITCH_INTERVAL_S, TERMINAL, Event, JobRunner, Note, run_inline

Steps = Generator[Note, None, object]
WAIT_S = 20.0


class Log:
    """A listener that keeps what it hears."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def __call__(self, event: Event) -> None:
        self.events.append(event)

    def kinds(self, job: int) -> list[str]:
        return [e.kind for e in self.events if e.job == job]

    def end(self, job: int) -> Event:
        (event,) = [e for e in self.events if e.job == job and e.kind in TERMINAL]
        return event


class Held:
    """A job that stops at a gate before each step, so that a test can act at an exact moment."""

    def __init__(self, steps: int = 1000, at_end: Callable[[], None] = lambda: None) -> None:
        self.inside = threading.Semaphore(0)
        self.gate = threading.Semaphore(0)
        self.steps = steps
        self.at_end = at_end
        self.ended_on: list[str] = []

    def __call__(self) -> Steps:
        try:
            for n in range(self.steps):
                self.inside.release()
                assert self.gate.acquire(timeout=WAIT_S)
                yield Note(n / self.steps)
            return "held"
        finally:
            self.ended_on.append(threading.current_thread().name)
            self.at_end()

    def wait_inside(self) -> None:
        assert self.inside.acquire(timeout=WAIT_S)


def steps_of(n: int, result: object = None) -> Callable[[], Steps]:
    def body() -> Steps:
        for i in range(n):
            yield Note(i / n, f"step {i}")
        return result

    return body


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def runner(log: Log) -> Iterator[JobRunner]:
    runner = JobRunner("test", log)
    yield runner
    assert runner.close(WAIT_S)


def settle(runner: JobRunner) -> None:
    assert runner.wait_idle(WAIT_S)


def test_a_job_reports_its_steps_and_then_its_result(runner: JobRunner, log: Log) -> None:
    job = runner.submit(steps_of(3, "sound"), title="Rendering")
    settle(runner)
    assert log.kinds(job) == ["queued", "started", "note", "note", "note", "done"]
    assert log.events[0].payload == "Rendering"
    assert log.events[3].payload == Note(1 / 3, "step 1")
    assert log.end(job).payload == "sound"
    assert {e.runner for e in log.events} == {"test"}


def test_the_best_rank_goes_first_and_equals_finish_in_order(runner: JobRunner, log: Log) -> None:
    held = Held()
    first = runner.submit(held, rank=0)
    held.wait_inside()
    slow, early, late, urgent = (runner.submit(steps_of(2), rank=r) for r in (20, 10, 10, 1))
    assert runner.pending() == [first, urgent, early, late, slow]
    runner.cancel(first)
    held.gate.release()
    settle(runner)
    assert [e.job for e in log.events if e.kind == "done"] == [urgent, early, late, slow]


def test_an_urgent_job_overtakes_between_two_steps(runner: JobRunner, log: Log) -> None:
    held = Held(steps=2)
    tiles = runner.submit(held, rank=10)
    held.wait_inside()
    knob = runner.submit(steps_of(3), rank=0)
    held.gate.release(2)
    settle(runner)
    ends = [e.job for e in log.events if e.kind == "done"]
    assert ends == [knob, tiles]


def test_the_latest_of_a_key_replaces_older_ones_running_or_waiting(runner: JobRunner, log: Log) -> None:
    held = Held()
    running = runner.submit(held, key="render")
    held.wait_inside()
    waiting = runner.submit(steps_of(1), key="render")
    other = runner.submit(steps_of(1), key="tiles")
    latest = runner.submit(steps_of(1, "newest"), key="render")
    assert log.end(waiting).payload == "replaced", "a job that never started ends at once"
    held.gate.release()
    settle(runner)
    assert log.end(running).payload == "replaced"
    assert log.end(latest).payload == "newest"
    assert log.end(other).kind == "done"
    assert held.ended_on == ["engine-test"]


def test_cancelling_runs_the_clean_up_on_the_engine_thread_and_nothing_follows(runner: JobRunner, log: Log) -> None:
    held = Held()
    job = runner.submit(held)
    held.wait_inside()
    assert runner.cancel(job)
    held.gate.release()
    settle(runner)
    assert held.ended_on == ["engine-test"]
    assert log.kinds(job) == ["queued", "started", "cancelled"], "the step under way reports no more"
    assert not runner.cancel(job)
    assert not runner.cancel(10**9)


def test_cancelling_in_the_very_moment_of_the_start_still_cleans_up(runner: JobRunner, log: Log) -> None:
    making, gate = threading.Event(), threading.Event()
    held = Held()

    def body() -> Steps:
        making.set()
        gate.wait(WAIT_S)
        return held()

    job = runner.submit(body)
    making.wait(WAIT_S)
    runner.cancel(job)
    assert log.kinds(job) == ["queued", "started"], "it has begun, so its end waits for the engine thread"
    gate.set()
    held.gate.release()
    settle(runner)
    assert log.kinds(job) == ["queued", "started", "cancelled"]
    assert held.ended_on == ["engine-test"]


def test_cancel_all_leaves_nothing(runner: JobRunner, log: Log) -> None:
    held = Held()
    jobs = [runner.submit(held), *(runner.submit(steps_of(1)) for _ in range(5))]
    held.wait_inside()
    runner.cancel_all()
    held.gate.release()
    settle(runner)
    assert {log.end(j).kind for j in jobs} == {"cancelled"}
    assert runner.pending() == []


def test_a_result_reached_before_the_cancellation_is_dropped_not_announced(runner: JobRunner, log: Log) -> None:
    delivered: list[object] = []
    inside, gate = threading.Event(), threading.Event()

    def body() -> Steps:
        inside.set()
        gate.wait(WAIT_S)
        return "late"
        yield

    job = runner.submit(body, on_result=delivered.append)
    inside.wait(WAIT_S)
    runner.cancel(job)
    gate.set()
    settle(runner)
    assert log.end(job).kind == "cancelled"
    assert delivered == []


def test_an_error_is_carried_as_a_value_and_the_next_job_runs(runner: JobRunner, log: Log) -> None:
    def body() -> Steps:
        yield Note()
        raise ValueError("a bad patch")

    broken = runner.submit(body)
    fine = runner.submit(steps_of(1, 7))
    settle(runner)
    error = log.end(broken).payload
    assert isinstance(error, ValueError)
    assert str(error) == "a bad patch"
    assert error.__traceback__ is not None
    assert error.__traceback__.tb_frame.f_code.co_name == "body", "the trace starts in the job, not in the runner"
    assert log.end(fine).payload == 7


@pytest.mark.parametrize("stop", [SystemExit(3), KeyboardInterrupt(), GeneratorExit(), BaseException("odd")])
def test_a_job_cannot_end_the_engine_thread(runner: JobRunner, log: Log, stop: BaseException) -> None:
    def body() -> Steps:
        yield Note()
        raise stop

    broken, fine = runner.submit(body), runner.submit(steps_of(1, "alive"))
    settle(runner)
    error = log.end(broken).payload
    assert isinstance(error, RuntimeError), "safe to raise again anywhere"
    assert error.__cause__ is stop
    assert log.end(fine).payload == "alive"


def test_what_is_no_job_fails_with_a_word_about_it(runner: JobRunner, log: Log) -> None:
    def yields_a_number() -> Steps:
        yield 0.5  # type: ignore[misc]

    number = runner.submit(yields_a_number)
    plain = runner.submit(lambda: [Note()])  # type: ignore[arg-type, return-value]
    broken = runner.submit(lambda: 1 / 0)  # type: ignore[arg-type, return-value]
    settle(runner)
    assert "yields Note" in str(log.end(number).payload)
    assert "generator function" in str(log.end(plain).payload)
    assert isinstance(log.end(broken).payload, ZeroDivisionError)


def test_the_short_way_delivers_on_the_engine_thread_before_done(runner: JobRunner, log: Log) -> None:
    seen: list[tuple[object, str, list[str]]] = []

    def deliver(result: object) -> None:
        seen.append((result, threading.current_thread().name, [e.kind for e in log.events]))

    runner.submit(steps_of(1, "sound"), on_result=deliver)
    settle(runner)
    assert seen == [("sound", "engine-test", ["queued", "started", "note"])]
    assert log.events[-1].kind == "done"


@pytest.mark.parametrize("stop", [OSError("no device"), SystemExit()])
def test_a_delivery_that_fails_fails_the_job(runner: JobRunner, log: Log, stop: BaseException) -> None:
    def deliver(_result: object) -> None:
        raise stop

    job = runner.submit(steps_of(1), on_result=deliver)
    settle(runner)
    assert log.end(job).kind == "failed"


def test_a_broken_clean_up_is_reported_instead_of_a_cancellation(runner: JobRunner, log: Log) -> None:
    def break_down() -> None:
        raise OSError("the temporary file stays")

    held = Held(at_end=break_down)
    job = runner.submit(held)
    held.wait_inside()
    runner.cancel(job)
    held.gate.release()
    settle(runner)
    assert str(log.end(job).payload) == "the temporary file stays"


def test_a_clean_up_after_a_failure_that_fails_too_is_logged(
    runner: JobRunner, log: Log, expect_log: Callable[[str], None]
) -> None:
    def body() -> Steps:
        try:
            yield Note()
            yield "no note"  # type: ignore[misc]
        finally:
            raise OSError("the temporary file stays")

    expect_log("the temporary file stays")
    job = runner.submit(body)
    settle(runner)
    assert isinstance(log.end(job).payload, TypeError), "the first failure is the one that counts"


def test_a_clean_up_that_yields_still_runs_to_its_end(runner: JobRunner, log: Log) -> None:
    done: list[str] = []

    def body() -> Steps:
        try:
            for _ in range(10**9):
                inside.set()
                gate.wait(WAIT_S)
                yield Note()
        finally:
            done.append("begun")
            yield Note()
            done.append("ended")

    inside, gate = threading.Event(), threading.Event()
    job = runner.submit(body)
    inside.wait(WAIT_S)
    runner.cancel(job)
    gate.set()
    settle(runner)
    assert done == ["begun", "ended"]
    assert "while it was cleaning up" in str(log.end(job).payload)


def test_a_job_that_swallows_its_cancellation_is_cancelled_all_the_same(runner: JobRunner, log: Log) -> None:
    def body() -> Steps:
        try:
            held.inside.release()
            held.gate.acquire(timeout=WAIT_S)
            yield Note()
        except GeneratorExit:
            return "never mind"

    held = Held()
    job = runner.submit(body)
    held.wait_inside()
    runner.cancel(job)
    held.gate.release()
    settle(runner)
    assert log.end(job).kind == "cancelled"


def test_a_listener_that_raises_is_logged_and_changes_nothing(expect_log: Callable[[str], None]) -> None:
    heard: list[str] = []

    def listener(event: Event) -> None:
        heard.append(event.kind)
        raise ValueError("the window is gone")

    expect_log("listener of the test runner failed on queued.*the window is gone")
    expect_log("listener of the test runner failed on done")
    expect_log("listener of the test runner failed on started|note")
    runner = JobRunner("test", listener)
    runner.submit(steps_of(1))
    settle(runner)
    assert heard == ["queued", "started", "note", "done"]
    assert runner.close(WAIT_S)


def test_a_listener_may_submit_and_cancel_from_inside_an_event() -> None:
    log = Log()

    def listener(event: Event) -> None:
        log(event)
        if event.kind == "queued" and event.payload == "unwanted":
            runner.cancel(event.job)
        if event.kind == "done" and event.payload == "first":
            runner.submit(steps_of(1, "second"))

    runner = JobRunner("test", listener)
    unwanted = runner.submit(steps_of(1), title="unwanted")
    runner.submit(steps_of(1, "first"))
    settle(runner)
    assert log.kinds(unwanted) == ["queued", "cancelled"]
    assert [e.payload for e in log.events if e.kind == "done"] == ["first", "second"]
    assert runner.close(WAIT_S)


def test_a_job_may_submit_cancel_and_close_but_not_wait_for_itself(log: Log) -> None:
    runner = JobRunner("test", log)
    errors: list[str] = []
    begun = threading.Event()

    def body() -> Steps:
        begun.set()
        runner.cancel(runner.submit(steps_of(1)))
        try:
            runner.wait_idle()
        except RuntimeError as error:
            errors.append(str(error))
        assert not runner.close(), "the thread that closes is still running"
        yield Note()

    job = runner.submit(body)
    begun.wait(WAIT_S)
    assert runner.close(WAIT_S)
    assert errors == ["A job of the test runner cannot wait for its own end."]
    assert log.end(job).kind == "cancelled"


def test_closing_in_the_middle_of_a_step_waits_for_it_and_cleans_up(log: Log) -> None:
    runner = JobRunner("test", log)
    held = Held()
    running, waiting = runner.submit(held), runner.submit(steps_of(1))
    held.wait_inside()
    assert not runner.close(0.001), "the step has not come to its next yield"
    assert log.end(waiting).kind == "cancelled"
    held.gate.release()
    assert runner.close(WAIT_S)
    assert runner.close(WAIT_S), "closing twice is no mistake"
    assert log.end(running).kind == "cancelled"
    assert held.ended_on == ["engine-test"]
    with pytest.raises(RuntimeError, match="test runner is closed"):
        runner.submit(steps_of(1))


def test_waiting_gives_up_in_time(runner: JobRunner) -> None:
    held = Held(steps=1)
    runner.submit(held)
    held.wait_inside()
    assert not runner.wait_idle(0.001)
    held.gate.release()
    settle(runner)


class Sound:
    """Something large that a job holds."""


@pytest.mark.parametrize("end", ["done", "failed", "cancelled", "replaced"])
def test_a_finished_job_is_forgotten(end: str) -> None:
    """Neither the runner nor a kept error holds on to what the job had in its hands."""
    kept: list[BaseException] = []

    def listener(event: Event) -> None:
        if isinstance(event.payload, BaseException):
            kept.append(event.payload)

    runner = JobRunner("test", listener)
    inside, gate = threading.Event(), threading.Event()

    def submit() -> tuple[int, weakref.ref[Sound], weakref.ref[Sound]]:
        captured = Sound()
        local: list[weakref.ref[Sound]] = []

        def body() -> Steps:
            held = Sound()
            local.append(weakref.ref(held))
            inside.set()
            gate.wait(WAIT_S)
            if end == "failed":
                raise ValueError(end)
            yield Note(preview=captured)
            return held

        job = runner.submit(body, key="render")
        inside.wait(WAIT_S)
        return job, weakref.ref(captured), local[0]

    gc.collect()
    was_enabled = gc.isenabled()
    gc.disable()  # Reference counts alone must do: a cycle would keep seconds of sound until some later time.
    try:
        job, captured, held = submit()
        if end == "cancelled":
            runner.cancel(job)
        if end == "replaced":
            runner.submit(steps_of(1), key="render")
        gate.set()
        settle(runner)
        runner.submit(steps_of(1))  # The thread has come round: nothing of the last step is left on its stack.
        settle(runner)
        assert held() is None
        assert [str(e) for e in kept] == (["failed"] if end == "failed" else [])
        kept.clear()  # An error's trace names the job's function, and with it what that was made from.
        assert captured() is None
    finally:
        if was_enabled:
            gc.enable()
        assert runner.close(WAIT_S)


def test_two_runners_do_not_wait_for_each_other(log: Log) -> None:
    work, live = JobRunner("work", log), JobRunner("live", log)
    held = Held(steps=1)
    heavy = work.submit(held)
    held.wait_inside()
    knob = live.submit(steps_of(1, "heard"))
    settle(live)
    assert log.end(knob).payload == "heard"
    assert "done" not in log.kinds(heavy)
    held.gate.release()
    settle(work)
    assert work.close(WAIT_S)
    assert live.close(WAIT_S)


def test_a_runner_lets_other_threads_come_through(runner: JobRunner) -> None:
    assert sys.getswitchinterval() <= SWITCH_INTERVAL_S * 1.001


def test_a_yield_inside_a_torch_context_is_refused_and_leaves_no_trace(runner: JobRunner, log: Log) -> None:
    torch = pytest.importorskip("torch")
    contexts = {
        "no_grad": torch.no_grad,
        "inference_mode": torch.inference_mode,
        "autocast": lambda: torch.autocast("cpu", dtype=torch.bfloat16),
    }

    def leaky(context: Callable[[], object]) -> Callable[[], Steps]:
        def body() -> Steps:
            with context():  # type: ignore[attr-defined]
                yield Note()

        return body

    def modes() -> Steps:
        yield Note()
        return torch.is_grad_enabled(), torch.is_inference_mode_enabled(), torch.is_autocast_enabled("cpu")

    def forgetful() -> Steps:
        torch.set_grad_enabled(False)
        return "done"
        yield

    for name, context in contexts.items():
        job, after = runner.submit(leaky(context)), runner.submit(modes)
        settle(runner)
        assert "yielded inside a torch context" in str(log.end(job).payload), name
        assert log.end(after).payload == (True, False, False), name
    runner.submit(forgetful)
    after = runner.submit(modes)
    settle(runner)
    assert log.end(after).payload == (True, False, False)


def test_contexts_between_yields_are_welcome(runner: JobRunner, log: Log) -> None:
    torch = pytest.importorskip("torch")

    def body() -> Steps:
        for _ in range(3):
            with torch.no_grad():
                torch.ones(1)
            yield Note()
        return "fine"

    job = runner.submit(body)
    settle(runner)
    assert log.end(job).payload == "fine"


def test_inline_a_job_returns_its_result_and_raises_its_own_error() -> None:
    notes: list[Note] = []
    assert run_inline(steps_of(2, "sound"), notes.append) == "sound"
    assert [n.fraction for n in notes] == [0, 0.5]

    def broken() -> Steps:
        yield Note()
        raise ValueError("a bad patch")

    with pytest.raises(ValueError, match="a bad patch"):
        run_inline(broken)


def test_inline_an_impatient_caller_still_gets_the_clean_up() -> None:
    cleaned: list[bool] = []

    def body() -> Steps:
        try:
            yield Note()
        finally:
            cleaned.append(True)

    def interrupt(_note: Note) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_inline(body, interrupt)
    assert cleaned == [True]


def test_the_engine_thread_loads_neither_torch_nor_qt() -> None:
    code = (
        "import sys; from engine.jobs import JobRunner, Note\n"
        "def body():\n    yield Note()\n"
        "r = JobRunner('x'); r.submit(body); assert r.wait_idle(9) and r.close()\n"
        "print(sorted({'torch', 'numpy', 'PySide6'} & set(sys.modules)))"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert answer.stdout.strip() == "[]"
