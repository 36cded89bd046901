"""Calls from other threads arrive on the window's thread, in order, and none after the end."""

from __future__ import annotations

import threading

from PySide6.QtCore import QCoreApplication, QObject
from pytestqt.qtbot import QtBot

from app.ui_thread import UiThread, Wake


def in_threads(n: int, work) -> None:
    threads = [threading.Thread(target=work, args=(k,)) for k in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_calls_of_many_threads_arrive_here_each_in_its_order(qtbot: QtBot) -> None:
    owner = QObject()
    window = UiThread(owner)
    heard: list[tuple[int, int, int]] = []

    def work(k: int) -> None:
        for i in range(500):
            # Objects die on both threads, which is where a careless crossing crashes.
            ballast = [object() for _ in range(50)]
            window.call(lambda i=i, ballast=ballast: heard.append((k, i, threading.get_ident())))

    in_threads(4, work)
    qtbot.waitUntil(lambda: len(heard) == 2000)
    assert {thread for *_, thread in heard} == {threading.get_ident()}
    for k in range(4):
        assert [i for thread, i, _ in heard if thread == k] == list(range(500))


def test_a_call_from_the_window_itself_is_made_at_once(qtbot: QtBot) -> None:
    window = UiThread(QObject())
    heard: list[str] = []
    window.call(lambda: heard.append("now"))
    assert heard == ["now"]


def test_asks_in_between_count_as_one_and_none_is_lost(qtbot: QtBot) -> None:
    runs: list[int] = []
    asked = [0]
    owner = QObject()
    wake = Wake(lambda: runs.append(asked[0]), owner)

    def work(_: int) -> None:
        for _ in range(1000):
            asked[0] += 1
            wake.ask()

    in_threads(1, work)
    assert runs == []
    qtbot.waitUntil(lambda: bool(runs))
    assert runs == [1000]


def test_nothing_runs_after_the_end(qtbot: QtBot) -> None:
    owner = QObject()
    window = UiThread(owner)
    heard: list[int] = []
    in_threads(1, lambda _: window.call(lambda: heard.append(1)))
    window.close()
    in_threads(1, lambda _: window.call(lambda: heard.append(2)))
    QCoreApplication.processEvents()
    assert heard == []
