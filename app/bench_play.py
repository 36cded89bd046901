"""The keys' marks: from a key that goes down to the first changed sample handed to the device, while something heavy
computes.

The whole way counts: Qt's key event, the instrument's thread, the block on the bus and the device's callback. Measured
in the program's own window on the system's default sound device, at a short and at the usual latency; without a device
the player's silent clock takes its blocks, and the rows say so.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.bench_window import PATIENCE_S, SETTLE_S, window
from engine.bench.frame import Mark, Row, Rows
from engine.jobs import Note

if TYPE_CHECKING:
    from app.compose import Session

KEY = Mark(p95=20.0)
"""Milliseconds from the key event to the block with the first changed sample."""
LATE = Mark(median=0.0)
N_KEYS = 100
LATENCIES_MS = (20, 100)
REST_S = (0.05, 0.15)
LOOK_MS = 10
STEP_S = 0.1
"""A heavy job divides its work into steps this long, as every job must."""
PRESET = "Electric Piano"


def rows() -> Rows:
    """At rest, beside a job in pure Python and beside one in torch; at two latencies of the device."""
    with window() as session:
        _prepare(session)
        for milliseconds in LATENCIES_MS:
            session.player.set_latency(milliseconds / 1000)
            session.player.get_ready()
            live(lambda: False, 1.0)
            for what, body in (("at rest", None), ("beside Python", _python), ("beside torch", _torch)):
                late = session.player.bus.n_late
                with _heavy(session, body):
                    delays = key_delays_ms(session)
                name = f"key to first sample, {what}, {milliseconds} ms"
                yield Row.of("play", name, delays, "ms", KEY, detail=_where(session))
                frames = session.player.bus.n_late - late
                yield Row.of("play", f"frames that came late, {what}, {milliseconds} ms", [frames], "", LATE)


def live(until: Callable[[], bool], timeout_s: float) -> bool:
    """Run the window as it is run, asleep between its events, until a condition holds; it is looked at now and then.

    A loop that wakes two thousand times a second, as the one for the knob, wants the interpreter as often as that,
    and would keep it from the device's callback while a job in Python has the rest of it.
    """
    deadline = time.perf_counter() + timeout_s
    loop, look = QEventLoop(), QTimer(interval=LOOK_MS)
    look.timeout.connect(lambda: loop.quit() if until() or time.perf_counter() > deadline else None)
    look.start()
    loop.exec()
    return until()


def key_delays_ms(session: Session, n: int = N_KEYS) -> list[float]:
    """Press a letter, wait until its sound is handed over, let go, wait until it is silent; at uneven moments."""
    widget = session.fm.control("op1_ratio")
    widget.setFocus()
    moments = np.random.default_rng(0)
    delays = []
    for i in range(n):
        bus = session.player.bus
        number = bus.mark()
        letter = "ASDFGHJK"[i % 8]
        start = time.perf_counter_ns()
        QTest.keyPress(widget, letter)
        live(lambda number=number, bus=bus: _handed(bus, number) is not None, PATIENCE_S)
        at = _handed(bus, number)
        delays.append(((at - start) if at is not None else PATIENCE_S * 1e9) / 1e6)
        QTest.keyRelease(widget, letter)
        # Not by waiting for the tail: that of the next key has to be told from it.
        session.studio.instrument.all_off()
        live(lambda: not session.player.is_sounding, PATIENCE_S)
        live(lambda: False, float(moments.uniform(*REST_S)))
    return delays


def _handed(bus: object, number: int) -> int | None:
    return next((at for n, at in list(bus.handed) if n == number), None)  # type: ignore[attr-defined]


def _prepare(session: Session) -> None:
    """A patch as people play it; the keyboard on, the transport at rest, everything loaded and compiled."""
    from engine.project.presets import factory_presets

    session.player.stop()
    patch = next((patch for patch in factory_presets() if patch.name == PRESET), None)
    if patch is not None:
        session.document.set_patch(patch, PRESET)
    session.window.activateWindow()
    session.live_play.set_keyboard(True)
    live(lambda: session.live.up_to_date, SETTLE_S)
    session.player.stop()
    key_delays_ms(session, 5)


def _where(session: Session) -> str:
    player = session.player
    device = player.device or "no sound device"
    return f"{device}, {player.sample_rate} Hz, {QApplication.platformName()}"


@contextmanager
def _heavy(session: Session, body: Callable[[], Generator[Note, None, None]] | None) -> Iterator[None]:
    """A job on the engine's thread for heavy work, for as long as the block runs."""
    if body is None:
        yield
        return
    job = session.studio.work.submit(body, title="Something heavy")
    live(lambda: False, 0.5)
    try:
        yield
    finally:
        session.studio.cancel(job)
        live(lambda: False, 0.3)


def _python() -> Generator[Note, None, None]:
    """Steps of plain Python: the interpreter is never free by itself."""
    while True:
        until = time.perf_counter() + STEP_S
        total = 0
        while time.perf_counter() < until:
            for i in range(1000):
                total += i * i
        yield Note(None)


def _torch() -> Generator[Note, None, None]:
    """Steps as a net has them: large products, and small operations between them."""
    import importlib

    # By name: the window's modules do not know torch, the thread that computes does.
    torch = importlib.import_module("torch")
    weights = torch.randn(512, 512)
    while True:
        until = time.perf_counter() + STEP_S
        state = torch.randn(512, 512)
        while time.perf_counter() < until:
            state = torch.tanh(state @ weights) * 0.5 + 0.1
        yield Note(None)
