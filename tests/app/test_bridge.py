"""Engine events reach the window: in order, on its thread, without a flood and without a loss."""

from __future__ import annotations

import threading

from PySide6.QtCore import QThread
from pytestqt.qtbot import QtBot

from app.bridge import NOTE_INTERVAL_S, Bridge
from engine.jobs import Note


class Heard:
    """Writes down what a bridge tells, and from which thread."""

    def __init__(self, bridge: Bridge) -> None:
        self.events: list[tuple[str, int, object]] = []
        self.threads: set[QThread] = set()
        bridge.queued.connect(lambda job, title: self.take("queued", job, title))
        bridge.started.connect(lambda job: self.take("started", job, None))
        bridge.note.connect(lambda job, note: self.take("note", job, note))
        bridge.done.connect(lambda job, result: self.take("done", job, result))
        bridge.failed.connect(lambda job, error: self.take("failed", job, error))
        bridge.cancelled.connect(lambda job: self.take("cancelled", job, None))

    def take(self, kind: str, job: int, payload: object) -> None:
        self.threads.add(QThread.currentThread())
        self.events.append((kind, job, payload))

    def kinds(self, job: int) -> list[str]:
        return [kind for kind, j, _ in self.events if j == job]

    def ended(self, job: int) -> bool:
        return bool({"done", "failed", "cancelled"} & set(self.kinds(job)))


def counting(n: int):
    def body():
        for i in range(n):
            yield Note(i / n, f"step {i}", preview=i)
        return n

    return body


def test_a_job_is_told_from_its_queue_to_its_end_on_the_windows_thread(qtbot: QtBot, bridge, runner) -> None:
    heard = Heard(bridge)
    job = runner.submit(counting(3), title="Count")
    qtbot.waitUntil(lambda: heard.ended(job))
    kinds = heard.kinds(job)
    assert kinds[:2] == ["queued", "started"]
    assert kinds[-1] == "done"
    assert ("queued", job, "Count") in heard.events
    assert ("done", job, 3) in heard.events
    assert heard.threads == {QThread.currentThread()}


def test_thousands_of_notes_become_a_handful_and_the_newest_wins(qtbot: QtBot, bridge, runner) -> None:
    heard = Heard(bridge)
    gate = threading.Event()

    def body():
        for i in range(5000):
            yield Note(i / 5000, preview=i)
        gate.wait(10)
        yield Note(1.0, preview="last")

    job = runner.submit(body)
    qtbot.wait(int(NOTE_INTERVAL_S * 1000 * 4))
    before = len([k for k in heard.kinds(job) if k == "note"])
    gate.set()
    qtbot.waitUntil(lambda: heard.ended(job))
    assert 1 <= before < 100
    previews = [note.preview for kind, _, note in heard.events if kind == "note"]
    assert previews == sorted(p for p in previews if p != "last") + (["last"] if "last" in previews else [])


def test_every_piece_arrives_where_the_previews_are_parts_of_a_whole(qtbot: QtBot, bridge, runner) -> None:
    pieces: list[object] = []
    ended: list[object] = []
    job = runner.submit(counting(500))
    bridge.watch(job, each=lambda note: pieces.append(note.preview), done=ended.append)
    qtbot.waitUntil(lambda: bool(ended))
    assert pieces == list(range(500))


def test_no_end_is_lost_among_hundreds_of_jobs(qtbot: QtBot, bridge, runner) -> None:
    heard = Heard(bridge)

    def failing():
        yield Note(0.5)
        raise ValueError("no")

    jobs = [runner.submit(failing if i % 3 == 0 else counting(2)) for i in range(300)]
    for job in jobs[1::7]:
        runner.cancel(job)
    qtbot.waitUntil(lambda: all(heard.ended(j) for j in jobs), timeout=10_000)
    for job in jobs:
        kinds = heard.kinds(job)
        assert sum(k in {"done", "failed", "cancelled"} for k in kinds) == 1
        assert kinds[-1] in {"done", "failed", "cancelled"}


def test_watchers_of_one_job_hear_only_that_job(qtbot: QtBot, bridge, runner) -> None:
    told: list[tuple[str, object]] = []

    def failing():
        yield Note()
        raise ValueError("too loud")

    first = bridge.watch(runner.submit(failing), failed=lambda e: told.append(("failed", str(e))))
    second = bridge.watch(runner.submit(counting(1)), done=lambda r: told.append(("done", r)))
    assert first != second
    qtbot.waitUntil(lambda: len(told) == 2)
    assert told == [("failed", "too loud"), ("done", 1)]


def test_a_callback_that_breaks_does_not_silence_the_others(qtbot: QtBot, bridge, runner, expect_log) -> None:
    expect_log("callback for an engine event failed")
    ended: list[object] = []

    def broken(_: object) -> None:
        raise RuntimeError("oops")

    bridge.watch(runner.submit(counting(1)), done=broken)
    bridge.watch(runner.submit(counting(1)), done=ended.append)
    qtbot.waitUntil(lambda: bool(ended))


def test_after_closing_nothing_is_told_any_more(qtbot: QtBot, bridge, runner) -> None:
    heard = Heard(bridge)
    bridge.close()
    runner.submit(counting(5))
    assert runner.wait_idle(5)
    qtbot.wait(30)
    assert heard.events == []


def test_an_idle_bridge_has_no_timer_running(qtbot: QtBot, bridge, runner) -> None:
    heard = Heard(bridge)
    job = runner.submit(counting(50))
    qtbot.waitUntil(lambda: heard.ended(job))
    qtbot.wait(int(NOTE_INTERVAL_S * 1000) + 20)
    assert not bridge._later.isActive()
