"""Jobs are shown honestly: only those that last, with a time left that was measured, and a stop that stops."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.job_list import KEEP_ENDED, SHOW_AFTER_MS, Job, JobList, seconds
from app.panels.jobs import JobsPanel, JobStatus
from engine.errors import AudioUnreadable
from engine.jobs import Note


def test_time_left_comes_from_measured_speed_and_only_after_some_progress() -> None:
    job = Job(1, "Reading", "running", started_s=0.0)
    job.note(Note(0.0), 0.0)
    job.note(Note(0.01), 0.5)
    assert job.left_s(0.5) is None
    job.note(Note(0.25), 5.0)
    left = job.left_s(5.0)
    assert left == pytest.approx(15.0, rel=0.01)
    assert job.left_s(7.0) == pytest.approx(13.0, rel=0.01)


def test_a_job_that_slows_down_says_so() -> None:
    job = Job(1, "Reading", "running", started_s=0.0)
    for s in range(6):
        job.note(Note(0.1 * s), float(s))
    fast = job.left_s(5.0)
    for s in range(6, 26):
        job.note(Note(0.5 + 0.01 * (s - 5)), float(s))
    slow = job.left_s(25.0)
    assert fast == pytest.approx(5.0, rel=0.05)
    assert slow == pytest.approx(30.0, rel=0.1)


def test_a_new_stage_forgets_the_speed_of_the_old_one() -> None:
    job = Job(1, "Separating", "running", started_s=0.0)
    job.note(Note(0.0, "loading"), 0.0)
    job.note(Note(0.9, "loading"), 3.0)
    job.note(Note(0.0, "first pass"), 4.0)
    assert job.left_s(4.0) is None
    assert job.text == "first pass"


@pytest.mark.parametrize(
    ("duration_s", "words"),
    [(0.4, "0.4 s"), (12.3, "12 s"), (59.7, "1 min 00 s"), (200, "3 min 20 s"), (3900, "1 h 05 min")],
)
def test_durations_in_words(duration_s: float, words: str) -> None:
    assert seconds(duration_s) == words


def endless():
    import time

    step = 0
    while True:
        step += 1
        yield Note(min(step / 1000, 0.9), "Decoding")
        time.sleep(0.005)


def test_a_short_job_is_never_shown_and_a_job_without_a_title_neither(qtbot: QtBot, bridge, runner) -> None:
    jobs = JobList(bridge, runner.cancel)
    seen: list[int] = []
    jobs.changed.connect(lambda: seen.extend(j.id for j in jobs.shown()))

    def short():
        yield Note(0.5)

    runner.submit(short, title="Rendering")
    runner.submit(short)
    qtbot.wait(SHOW_AFTER_MS + 100)
    assert seen == []


def test_a_long_job_is_shown_and_its_button_ends_it(qtbot: QtBot, bridge, runner) -> None:
    jobs = JobList(bridge, runner.cancel)
    panel, status = JobsPanel(jobs), JobStatus(jobs)
    for widget in (panel, status):
        qtbot.addWidget(widget)
        widget.show()
    assert panel.empty.isVisible()
    job = runner.submit(endless, title="Reading drums.flac")
    qtbot.waitUntil(lambda: bool(jobs.running()))
    assert status.title.text() == "Reading drums.flac"
    assert not panel.empty.isVisible()
    qtbot.waitUntil(lambda: "%" in status.figures.text())
    qtbot.mouseClick(status.stop, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not jobs.running())
    assert runner.pending() == []
    assert [j.state for j in jobs.shown()] == ["cancelled"]
    qtbot.waitUntil(status.isHidden)
    assert job == jobs.shown()[0].id
    qtbot.mouseClick(panel.clear, Qt.MouseButton.LeftButton)
    assert jobs.shown() == []
    assert panel.empty.isVisible()


def test_a_failure_stays_in_the_list_with_its_sentence(qtbot: QtBot, bridge, runner) -> None:
    jobs = JobList(bridge, runner.cancel)

    def failing():
        yield Note(0.1)
        raise AudioUnreadable("drums.flac is damaged after 3 s.")

    runner.submit(failing, title="Opening drums.flac")
    qtbot.waitUntil(lambda: [j.state for j in jobs.shown()] == ["failed"])
    assert jobs.shown()[0].text == "drums.flac is damaged after 3 s."


def test_no_clock_ticks_while_nothing_runs(qtbot: QtBot, bridge, runner) -> None:
    jobs = JobList(bridge, runner.cancel)
    job = runner.submit(endless, title="Reading")
    qtbot.waitUntil(lambda: bool(jobs.running()))
    assert jobs._clock.isActive()
    jobs.cancel(job)
    qtbot.waitUntil(lambda: not jobs.running())
    qtbot.waitUntil(lambda: not jobs._clock.isActive())


def test_two_thousand_jobs_at_once_are_told_in_a_few_looks(qtbot: QtBot, bridge, runner) -> None:
    jobs = JobList(bridge, runner.cancel)
    panel = JobsPanel(jobs)
    qtbot.addWidget(panel)
    panel.show()
    looks: list[int] = []
    jobs.changed.connect(lambda: looks.append(len(jobs.shown())))

    def failing():
        yield Note(0.5)
        raise AudioUnreadable("drums.flac is damaged after 3 s.")

    for number in range(2000):
        runner.submit(failing, title=f"Reading {number}.flac")
    qtbot.waitUntil(lambda: bool(looks) and jobs.at_rest, timeout=20_000)
    # Each look costs as much as the list is long, so there must be far fewer of them than jobs.
    assert len(looks) < 400
    assert max(looks) <= KEEP_ENDED


def test_what_nobody_asked_for_is_one_quiet_line_and_steps_back(qtbot: QtBot, bridge, runner) -> None:
    jobs = JobList(bridge, runner.cancel)
    status = JobStatus(jobs)
    qtbot.addWidget(status)
    status.resize(500, 32)
    status.show()
    warm = runner.submit(endless, title="Loading the synthesizers", rank=50)
    jobs.keep_quiet_about(warm)
    second = runner.submit(endless, title="Rendering", rank=60)
    jobs.keep_quiet_about(second)
    qtbot.waitUntil(lambda: len(jobs.running()) == 2)
    assert status.title.text() == "Loading the synthesizers"
    assert [w.isVisible() for w in (status.figures, status.bar, status.stop)] == [False] * 3
    wanted = [runner.submit(endless, title=f"Writing {n}.wav", rank=5) for n in (1, 2)]
    qtbot.waitUntil(lambda: len(jobs.running()) == 4)
    qtbot.waitUntil(lambda: status.figures.text().endswith("+1 waiting"))
    assert status.title.text() == "Writing 1.wav"
    assert status.stop.isVisible()
    assert not jobs.at_rest
    for job in (warm, second, *wanted):
        jobs.cancel(job)
    qtbot.waitUntil(lambda: jobs.at_rest)
    qtbot.waitUntil(status.isHidden)


@pytest.mark.parametrize("width", [400, 160, 110])
def test_a_title_without_room_is_elided_not_cut(qtbot: QtBot, bridge, runner, width: int) -> None:
    jobs = JobList(bridge, runner.cancel)
    status = JobStatus(jobs)
    qtbot.addWidget(status)
    runner.submit(endless, title="Reading a recording with a rather long name.flac")
    qtbot.waitUntil(lambda: bool(jobs.running()))
    status.resize(max(width, status.minimumSizeHint().width()), 32)
    status.show()
    assert status.figures.width() >= status.figures.fontMetrics().horizontalAdvance(status.figures.text())
    assert status.stop.geometry().right() < status.width(), "what stands at its end is not pushed out"
    assert status.bar.isVisible() == (width == 400)
    picture = status.title.grab().toImage()
    edge = {picture.pixel(x, y) for x in (0, picture.width() - 1) for y in range(picture.height())}
    assert len(edge) == 1, "letters run into the edge"


def test_in_a_narrow_window_the_bar_gives_way_to_the_words(qtbot: QtBot, bridge, runner) -> None:
    jobs = JobList(bridge, runner.cancel)
    status = JobStatus(jobs)
    qtbot.addWidget(status)
    status.resize(500, 32)
    status.show()
    runner.submit(endless, title="Reading a recording with a rather long name.flac")
    qtbot.waitUntil(lambda: "%" in status.figures.text() and status.bar.isVisible())
    words_px = status.figures.sizeHint().width()
    assert status.sizeHint().width() > words_px + 80 + 200
    assert status.minimumSizeHint().width() < words_px + 80 + 80
