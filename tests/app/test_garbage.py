"""Qt objects in cycles die on the window's thread, whoever allocates."""

from __future__ import annotations

import gc
import threading
import weakref

from PySide6.QtCore import QObject, QTimer
from pytestqt.qtbot import QtBot

from app.garbage import Garbage


def a_cycle(died_on: list[int]) -> None:
    thing = QObject()
    thing.itself = thing  # type: ignore[attr-defined]
    timer = QTimer(thing, interval=1)
    timer.start()
    weakref.finalize(thing, lambda: died_on.append(threading.get_ident()))


def allocate() -> None:
    held = [[i] for i in range(200_000)]
    del held


def test_a_busy_engine_thread_does_not_destroy_qt_objects(qtbot: QtBot) -> None:
    garbage = Garbage()
    died_on: list[int] = []
    for _ in range(20):
        a_cycle(died_on)
    worker = threading.Thread(target=allocate)
    worker.start()
    worker.join()
    assert died_on == []
    for _ in range(3):  # one collection for each generation that they pass through
        gc.collect(2)
    assert died_on == [threading.get_ident()] * 20
    garbage.close()


def test_what_is_due_is_collected_while_the_window_lives(qtbot: QtBot) -> None:
    garbage = Garbage()
    died_on: list[int] = []
    a_cycle(died_on)
    held = [[i] for i in range(5_000)]
    qtbot.waitUntil(lambda: died_on == [threading.get_ident()])
    assert len(held) == 5_000
    garbage.close()


def test_the_automatic_collector_comes_back_with_the_end(qtbot: QtBot) -> None:
    before = gc.isenabled()
    gc.enable()
    try:
        garbage = Garbage()
        assert not gc.isenabled()
        garbage.close()
        assert gc.isenabled()
    finally:
        (gc.enable if before else gc.disable)()
