"""How soon a knob's render starts on ``live`` while a heavy job without yields holds ``work``.

Events are due at fixed times, as a turning hand sends them, and the clock runs from the due time: what the calling
thread itself waits for the interpreter counts too, and a late event does not make the next one look early.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator

from engine.bench.frame import Mark, Row, Rows
from engine.jobs import JobRunner, Note

START = Mark(p95=20.0)
"""From the event to the first line of the render's body, in milliseconds."""

N_EVENTS = 500
PERIOD_S = 0.010
STEP_S = 1.0

Step = Callable[[float], None]


def rows() -> Rows:
    """One row for each kind of heavy step, and one with nothing to disturb the render."""
    for name, step in (
        ("idle work", None),
        ("sleeping work", sleep),
        ("matrix products", multiply),
        ("pure Python", spin),
    ):
        detail = "" if step is None else f"{STEP_S:g} s steps"
        yield Row.of("jobs", f"live job starts beside {name}", start_delays_ms(step), "ms", START, detail=detail)


def start_delays_ms(step: Step | None, n_events: int = N_EVENTS) -> list[float]:
    """Send ``n_events`` renders to one runner while ``step`` repeats on another; how late each began, in ms."""
    work, live = JobRunner("work"), JobRunner("live")
    busy = threading.Event()
    began: list[float] = []

    def heavy() -> Generator[Note, None, None]:
        while step is not None:
            busy.set()
            step(STEP_S)
            yield Note()

    def render() -> Generator[Note, None, None]:
        began.append(time.perf_counter())
        yield Note(1.0)

    delays: list[float] = []
    try:
        if step is not None:
            step(0.01)  # What the step imports is not what is measured.
            work.submit(heavy)
            busy.wait()
        due = time.perf_counter()
        for n in range(n_events):
            due += PERIOD_S
            time.sleep(max(0.0, due - time.perf_counter()))
            # No key: a replaced render would be a missing sample, and the slow ones are those that get replaced.
            live.submit(render, rank=0)
            live.wait_idle()
            delays.append((began[n] - due) * 1e3)
    finally:
        live.close()
        work.close()
    return delays


def sleep(seconds: float) -> None:
    """A step that only waits."""
    time.sleep(seconds)


def spin(seconds: float) -> None:
    """Hold the interpreter without ever calling anything that lets go of it by itself."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        sum(i * i for i in range(200))


def multiply(seconds: float) -> None:
    """Matrix products in torch."""
    import torch

    a = torch.rand(512, 512)
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        a = torch.tanh(a @ a)
