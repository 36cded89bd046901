"""The preset browser with ten thousand presets: how long the list takes to know them, to follow a letter, to scroll.

The files are made on the fly in a folder of their own. The whole window is there, with the small instruments; letters
and arrows are real key events, and a time ends when the list has been painted.
"""

from __future__ import annotations

import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.bench_window import serve
from app.load_meter import memory_bytes
from engine.bench.frame import Mark, Row, Rows
from engine.params import Patch
from engine.project.preset_store import PRESETS_VARIABLE
from engine.project.presets import CATEGORIES, Preset

if TYPE_CHECKING:
    from app.compose import Session

N_PRESETS = 10_000
KEYSTROKE = Mark(p95=16.0)
"""Milliseconds from a letter in the search field to the painted list."""
SCROLL = Mark(p95=16.0)
STALL = Mark(p95=50.0)
"""How long the window may be kept from its events while the files are looked at in the background."""
WARM = Mark(median=1500.0)
MEMORY = Mark(median=64.0)
SIZE = (1366, 768)
TYPED = ("bass", "warm glass", "tag:pads", "deep r", "kick 77", "author:b", "folder:bank 1")
WORDS = ("warm", "deep", "round", "glass", "night", "river", "stone", "light", "hollow", "bright", "soft", "metal")
PATIENCE_S = 120.0
N_WHEELS, N_STEPS = 120, 60


def rows() -> Rows:
    """Fill a folder, start twice, type, scroll and walk."""
    with tempfile.TemporaryDirectory(prefix="tonewright-bench-", ignore_cleanup_errors=True) as folder:
        fill(Path(folder) / "presets")
        with window(Path(folder)) as session:
            detail = f"{N_PRESETS:,} files; {QApplication.platformName()}"
            cold, stalls, used = index_times(session)
            yield Row.of("presets", "all files read, first start", [cold], "ms", detail=detail)
            yield Row.of("presets", "the window held up meanwhile", stalls, "ms", STALL, detail="longest waits of 20")
            yield Row.of("presets", "memory for the list", [used], "MB", MEMORY)
        with window(Path(folder)) as session:
            warm, stalls, _ = index_times(session)
            yield Row.of("presets", "known files looked at, next start", [warm], "ms", WARM)
            yield Row.of("presets", "the window held up meanwhile, next start", stalls, "ms", STALL)
            yield Row.of("presets", "letter typed to list painted", keystrokes(session), "ms", KEYSTROKE, detail=detail)
            yield Row.of("presets", "wheel notch to list painted", wheels(session), "ms", SCROLL)
            yield Row.of(
                "presets", "arrow key to the patch being heard", steps(session), "ms", detail="render not counted"
            )


def fill(folder: Path, n: int = N_PRESETS) -> None:
    """Write ``n`` presets in banks of a hundred."""
    draw = random.Random(5)
    for bank in range(0, n, 100):
        place = folder / f"Bank {bank // 100}"
        place.mkdir(parents=True)
        for number in range(bank, min(bank + 100, n)):
            kind, one, other = draw.choice(CATEGORIES), draw.choice(WORDS), draw.choice(WORDS)
            name = f"{one.title()} {kind.title()} {number}"
            patch = Patch("fm", {"gain_db": -draw.uniform(1.0, 9.0)}, name=name)
            preset = Preset(patch, (kind, one, other), "Made for a measurement.", draw.choice(("Ada", "Bea", "Cem")))
            (place / f"{number}.json").write_text(preset.dumps(), encoding="utf-8")


@contextmanager
def window(root: Path) -> Iterator[Session]:
    """The program's own window with presets below ``root``; nothing has looked at them yet."""
    from app.compose import Session
    from app.settings import Settings

    app = QApplication.instance() or QApplication(["tonewright"])
    assert isinstance(app, QApplication)
    before = os.environ.get(PRESETS_VARIABLE)
    os.environ[PRESETS_VARIABLE] = str(root)
    session = Session(
        app, engine="fake", settings=Settings(root / "settings.ini"), sound=False, keep_safe=False, warm=False
    )
    try:
        session.window.resize(*SIZE)
        yield session
    finally:
        session.window.may_close = lambda: True
        session.window.close()
        session.close()
        if before is None:
            del os.environ[PRESETS_VARIABLE]
        else:
            os.environ[PRESETS_VARIABLE] = before


def index_times(session: Session) -> tuple[float, list[float], float]:
    """Show the window and wait for its presets: milliseconds, the twenty longest waits of its events, megabytes."""
    gaps: list[float] = []
    last = time.perf_counter()

    def tick() -> None:
        nonlocal last
        now = time.perf_counter()
        gaps.append((now - last) * 1e3)
        last = now

    def begin() -> None:
        nonlocal last, start
        last = start = time.perf_counter()
        clock.start()

    memory, start = memory_bytes() or 0, last
    clock = QTimer(timerType=Qt.TimerType.PreciseTimer, interval=1)
    clock.timeout.connect(tick)
    # The files are looked at after the first frame.
    session.window.first_painted.connect(begin)
    session.window.show()
    serve(lambda: session.presets.is_ready, PATIENCE_S)
    whole_ms = (time.perf_counter() - start) * 1e3
    serve(lambda: False, 0.2)
    clock.stop()
    return whole_ms, sorted(gaps)[-20:], ((memory_bytes() or 0) - memory) / 1e6


class _Painted(QObject):
    """Counts how often a widget has been painted."""

    def __init__(self, widget: QObject) -> None:
        super().__init__(widget)
        self.count = 0
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            # The filter comes before the painting: paint now and count that too.
            watched.removeEventFilter(self)
            QApplication.sendEvent(watched, event)
            watched.installEventFilter(self)
            self.count += 1
            return True
        return False


def _until_painted(action: Callable[[], object]) -> float:
    """Milliseconds of an action until the list, or the words in its place, are painted and nothing waits."""
    start = time.perf_counter()
    action()
    QApplication.processEvents()
    return (time.perf_counter() - start) * 1e3


def keystrokes(session: Session) -> list[float]:
    """Every letter of some searches, and every one taken back."""
    field = session.library.search
    field.setFocus()
    times = []
    for words in TYPED:
        keys: list[Callable[[], object]] = [partial(QTest.keyClicks, field, letter) for letter in words]
        keys += [partial(QTest.keyClick, field, Qt.Key.Key_Backspace) for _ in words]
        times += [_until_painted(key) for key in keys]
    return times


def wheels(session: Session) -> list[float]:
    """Through the list with the wheel, and back."""
    port = session.library.presets.viewport()
    painted = _Painted(port)
    times = []
    for number in range(N_WHEELS):
        notch = QPoint(0, -120 if number < N_WHEELS // 2 else 120)
        middle = QPointF(port.rect().center())
        event = QWheelEvent(
            middle,
            port.mapToGlobal(middle),
            QPoint(),
            notch,
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        before = painted.count
        start = time.perf_counter()
        QApplication.sendEvent(port, event)
        serve(lambda before=before: painted.count > before, 1.0)
        times.append((time.perf_counter() - start) * 1e3)
    port.removeEventFilter(painted)
    return times


def steps(session: Session) -> list[float]:
    """Down the list with the arrow key: until the document has the patch."""
    view = session.library.presets
    view.setFocus()
    times = []
    for _ in range(N_STEPS):
        before = session.document.patch
        start = time.perf_counter()
        QTest.keyClick(view, Qt.Key.Key_Down)
        serve(lambda before=before: session.document.patch is not before, 1.0)
        times.append((time.perf_counter() - start) * 1e3)
        serve(lambda: False, 0.05)
    return times
