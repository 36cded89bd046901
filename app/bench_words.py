"""The mark of the words: how long a frame of the window may take while a tuning runs, tries patches on and draws tiles.

A clock ticks 60 times a second in the window; from one tick to the next it has painted all that the tuning brought, the
knobs, the tiles, the way of the search and the stage, and has done whatever else was asked of it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication

from app.bench_play import live
from app.bench_window import SIZE, window
from engine.bench.frame import Mark, Row, Rows

if TYPE_CHECKING:
    from app.compose import Session

FRAME = Mark(p95=50.0)
"""Milliseconds from one tick of a clock at 60 Hz to the next."""
TICK_MS = 16
PROMPT = "a dull wooden knock"
SECONDS = 20.0
REST_S = 5.0
POINT_S = 0.4
LONGEST_S = 120.0


class Ticks(QObject):
    """Times between the ticks of a clock in the window, in milliseconds."""

    def __init__(self) -> None:
        super().__init__()
        self.times: list[float] = []
        self._last = time.perf_counter()
        clock = QTimer(self, interval=TICK_MS, timerType=Qt.TimerType.PreciseTimer)
        clock.timeout.connect(self._tick)
        clock.start()

    def _tick(self) -> None:
        now = time.perf_counter()
        self.times.append((now - self._last) * 1e3)
        self._last = now


@contextmanager
def ticking() -> Iterator[Ticks]:
    """Ticks for as long as the block runs."""
    ticks = Ticks()
    try:
        yield ticks
    finally:
        ticks.deleteLater()


def rows() -> Rows:
    """At rest and with the program's own nets; where there are none, with the small stand-in for the engine, whose two
    seconds are the densest that the window can meet."""
    for kind, what in (("real", "the nets"), ("fake", "the small stand-in")):
        with window(kind) as session:  # type: ignore[arg-type]
            detail = f"{QApplication.platformName()}, {SIZE[0]}x{SIZE[1]}"
            if kind == "real":
                with ticking() as ticks:
                    live(lambda: False, REST_S)
                yield Row.of("words", "frames at rest", ticks.times, "ms", FRAME, detail=_with_worst(detail, ticks))
            name = f"frames while words turn the knobs, {what}"
            ticks, why = tuned(session)
        if not why:
            yield Row.of("words", name, ticks.times, "ms", FRAME, detail=_with_worst(detail, ticks))
            return
        yield Row.skipped("words", name, why)


def tuned(session: Session) -> tuple[Ticks, str]:
    """Ticks from the prompt to the end of the search, with a pointer that goes from tile to tile; and why there were
    none."""
    dreaming, errors = session.dreaming, []
    session.bridge.failed.connect(lambda _job, error: errors.append(str(error)))
    ask = dreaming.panel.ask
    ask.prompt.setText(PROMPT)
    ask.time.set_value(SECONDS)
    tiles = dreaming.panel.tiles
    place = 0

    def point() -> None:
        nonlocal place
        tiles[place % len(tiles)].pointed.emit(False)
        place += 1
        tiles[place % len(tiles)].pointed.emit(True)

    hand = QTimer(interval=round(1000 * POINT_S))
    hand.timeout.connect(point)
    with ticking() as ticks:
        dreaming.dream()
        hand.start()
        live(lambda: dreaming.job is None, LONGEST_S)
        hand.stop()
    found = bool(dreaming.candidates)
    dreaming.discard()
    return ticks, "" if found and not errors else (errors[0] if errors else "Nothing was found.")


def _with_worst(detail: str, ticks: Ticks) -> str:
    return f"{detail}; the worst {max(ticks.times):.0f} ms"
