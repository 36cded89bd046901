"""The knob's marks: from a real mouse event on a knob of the window to the changed sound and the changed picture.

The whole way counts: Qt's event, the document, the render on the engine thread, the swap in the player and the block
that is handed to the device; and, for the picture, the pyramid and the repaint of the waveform. Measured on the
system's default sound device; without one the player's silent clock takes its blocks.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from engine.bench.frame import Mark, Row, Rows

if TYPE_CHECKING:
    from app.compose import Session
    from app.controls.value_widget import ValueWidget
    from engine.studio import Kind

HEARD = Mark(p95=60.0)
"""Milliseconds from the mouse event to the first changed sample handed to the device."""
DRAWN = Mark(p95=60.0)
"""Milliseconds from the mouse event to the repaint of the waveform with the new sound."""
N_EVENTS = 120
KNOB = "op1_ratio"
SIZE = (1366, 768)
PATIENCE_S = 2.0
SETTLE_S = 20.0
REST_S = 0.06


def rows() -> Rows:
    """One event at a time, and a hand that does not pause."""
    with window() as session:
        player = session.player
        where = f"{player.device}, latency {player.latency_s * 1000:g} ms" if player.device else "no sound device"
        detail = f"{where}; {QApplication.platformName()}, {SIZE[0]}x{SIZE[1]}"
        heard, drawn = single_events(session)
        yield Row.of("knob", "mouse event to changed sample handed over", heard, "ms", HEARD, detail=detail)
        yield Row.of("knob", "mouse event to the waveform's repaint", drawn, "ms", DRAWN, detail=detail)
        steady = steady_hand(session)
        yield Row.of("knob", "the same while the hand moves at 60 Hz", steady, "ms", HEARD, detail=detail)


@contextmanager
def window(engine: Kind = "real") -> Iterator[Session]:
    """The program's own window, with the real engine unless another is asked for, warm, the live patch playing in a
    loop."""
    from app.compose import Session
    from app.settings import Settings

    app = QApplication.instance() or QApplication(["tonewright"])
    assert isinstance(app, QApplication)
    with tempfile.TemporaryDirectory(prefix="tonewright-bench-", ignore_cleanup_errors=True) as folder:
        session = Session(app, engine=engine, settings=Settings(Path(folder) / "settings.ini"), keep_safe=False)
        session.window.resize(*SIZE)
        session.window.show()
        try:
            serve(lambda: session.live.up_to_date and session.stage.is_complete(), SETTLE_S)
            session.actions["play.loop"].trigger()
            session.player.play()
            serve(lambda: False, 1.0)
            yield session
        finally:
            session.window.may_close = lambda: True
            session.window.close()
            session.close()


def serve(until: Callable[[], bool], timeout_s: float) -> bool:
    """Run the event loop until a condition holds; ``False`` when the time was over first."""
    deadline = time.perf_counter() + timeout_s
    while not until():
        if time.perf_counter() > deadline:
            return False
        QApplication.processEvents()
        time.sleep(0.0005)
    return True


class Painted(QObject):
    """Notices when the waveform has been painted with another sound than before."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._wave = session.stage.waveform
        self._shown: object = self._wave.pyramid
        self.at_ns = 0
        self._wave.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint and self._wave.pyramid is not self._shown:
            self._shown = self._wave.pyramid
            # The filter comes before the painting: paint now and count that too.
            watched.event(event)
            self.at_ns = time.perf_counter_ns()
            return True
        return False


def handed_ns(session: Session, serial: int) -> int | None:
    """When the first sound of render ``serial`` or a newer one was handed to the device."""
    times = [session.player.handed_ns(number) for made, number in list(session.live.swapped) if made >= serial]
    return min((t for t in times if t is not None), default=None)


@contextmanager
def hand_on(knob: ValueWidget) -> Iterator[QPoint]:
    """The mouse button is down on the knob's middle."""
    place = knob.rect().center()
    QTest.mousePress(knob, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
    yield place
    QTest.mouseRelease(knob, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)


def up_and_down(n: int) -> list[int]:
    """Pixels above the knob's middle, one for each event, never twice the same in a row."""
    return [abs((3 * i) % 120 - 60) - 30 for i in range(n)]


def single_events(session: Session, n: int = N_EVENTS) -> tuple[list[float], list[float]]:
    """Move the knob, wait until it is heard and seen, rest a moment; milliseconds until each."""
    knob = session.fm.control(KNOB)
    painted = Painted(session)
    heard, drawn = [], []
    with hand_on(knob) as place:
        for pixels in up_and_down(n):
            before = session.live.serial
            painted.at_ns = 0
            start = time.perf_counter_ns()
            QTest.mouseMove(knob, place - QPoint(0, pixels))
            serial = session.live.serial
            if serial == before:
                continue  # the first pixels of a drag are the hand settling
            serve(lambda serial=serial: handed_ns(session, serial) is not None and painted.at_ns > 0, PATIENCE_S)
            late = start + PATIENCE_S * 1e9
            heard.append(((handed_ns(session, serial) or late) - start) / 1e6)
            drawn.append(((painted.at_ns or late) - start) / 1e6)
            serve(lambda: False, REST_S)
    return heard, drawn


def steady_hand(session: Session, n: int = N_EVENTS) -> list[float]:
    """Move the knob 60 times a second; milliseconds from each event until it, or a later one, is heard."""
    knob = session.fm.control(KNOB)
    asked: list[tuple[int, int]] = []
    with hand_on(knob) as place:
        for pixels in up_and_down(n):
            before, start = session.live.serial, time.perf_counter_ns()
            QTest.mouseMove(knob, place - QPoint(0, pixels))
            if session.live.serial != before:
                asked.append((session.live.serial, start))
            serve(lambda: False, max(1 / 60 - (time.perf_counter_ns() - start) / 1e9, 0.0))
        serve(lambda: handed_ns(session, asked[-1][0]) is not None, PATIENCE_S)
    return [((handed_ns(session, serial) or start + PATIENCE_S * 1e9) - start) / 1e6 for serial, start in asked]
