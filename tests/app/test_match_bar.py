"""The strip of a match: of one height whatever it says, moving nothing that is struck, honest while it waits."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, QRect, QSize
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app.compose import Session
from app.panels.match_bar import WIDE_PX, MatchBar
from app.style import apply_theme
from app.theme import SMALL_BUTTON_PX

NAME = "A recording with a name that is rather long, take 17, left"
NARROWEST_PX = 340


@pytest.fixture
def bar(qtbot: QtBot, qapp: QApplication) -> Iterator[MatchBar]:
    apply_theme(qapp, "dark")
    around = QWidget()
    qtbot.addWidget(around)
    column = QVBoxLayout(around)
    column.setContentsMargins(0, 0, 0, 0)
    made = MatchBar()
    column.addWidget(made)
    # A neighbour that wants more than there is.
    other = QWidget()
    other.setMinimumHeight(400)
    column.addWidget(other)
    around.resize(NARROWEST_PX, 410)
    around.show()
    yield made
    around.close()


def states(bar: MatchBar) -> Iterator[str]:
    bar.begin(NAME, "FM synthesizer")
    QApplication.processEvents()
    yield "waiting"
    bar.show_progress(0.2, "Comparing with the presets")
    QApplication.processEvents()
    yield "found nothing yet"
    bar.show_progress(0.5, "Refining", 9.0)
    QApplication.processEvents()
    yield "running"
    bar.show_result("the nearest preset: 9.3 dB", [6.1, 6.5, 7.0, 7.5])
    # Candidates have their words before they have the room for them.
    for _ in range(2):
        QApplication.processEvents()
    yield "over"


@pytest.mark.parametrize("width", [NARROWEST_PX, 520, 900])
def test_it_keeps_its_height_and_nothing_in_it_overlaps_or_is_cut(bar: MatchBar, width: int) -> None:
    bar.begin(NAME, "Impact")
    bar.parentWidget().resize(width, 480)
    for _ in range(2):
        QApplication.processEvents()
    heights = set()
    for state in states(bar):
        assert bar.width() == width
        heights.add(bar.height())
        parts = [part for part in bar.findChildren(QWidget) if part.isVisible() and part.parentWidget() is bar]
        boxes = [part.geometry() for part in parts]
        assert all(bar.rect().contains(box) for box in boxes), state
        assert not any(a.intersects(b) for i, a in enumerate(boxes) for b in boxes[:i]), state
        for part in (bar.compare, bar.accept, bar.end, *bar.choices.buttons()):
            needed: QSize = part.sizeHint()
            assert not part.isVisible() or part.width() >= needed.width(), state
            assert part.height() >= needed.height() or part.height() >= SMALL_BUTTON_PX, state
    assert len(heights) == 1
    assert (heights.pop() < 50) == (width >= WIDE_PX)


def test_there_is_a_curve_only_when_there_is_something_to_draw(bar: MatchBar) -> None:
    seen = [bar.curve.isVisible() for _ in states(bar)]
    assert seen == [False, False, True, False], "at last candidates stand in its place"
    bar.begin(NAME, "Impact")
    assert not bar.curve.isVisible(), "the next one begins anew"


def test_what_throws_away_stands_apart_from_what_takes_over(bar: MatchBar) -> None:
    for _ in states(bar):
        between: QRect = bar.end.geometry()
        assert between.left() - bar.accept.geometry().right() - 1 >= 8


def test_a_match_that_waits_says_so_as_the_list_of_jobs_does(bar: MatchBar) -> None:
    bar.begin(NAME, "FM synthesizer")
    assert bar.words.text() == "Waiting"
    bar.show_progress(0.0, "Listening")
    assert bar.words.text() == "Listening 0 %"


def test_each_candidate_says_how_near_it_is_itself(bar: MatchBar) -> None:
    *_, _ = states(bar)
    for place, words in enumerate(("6.1", "6.5", "7.0", "7.5")):
        bar.choices.button(place).click()
        assert bar.words.text() == f"{words} dB away; the nearest preset: 9.3 dB"
        assert words in bar.choices.button(place).toolTip()


@pytest.mark.parametrize("size", [(960, 540), (1366, 768)])
def test_the_strip_moves_nothing_that_is_struck(qtbot: QtBot, session: Session, size: tuple[int, int]) -> None:
    session.document.use_synth("impact")
    session.window.resize(*size)
    bar, view = session.matching.bar, session.impact.view

    def place() -> QRect:
        return QRect(view.mapTo(session.window, QPoint()), view.size())

    qtbot.waitUntil(view.isVisible)
    seen = [QRect(), place()]
    while seen[-2] != seen[-1]:
        # Docks come to rest in several steps.
        qtbot.wait(100)
        seen.append(place())
    before = seen[-1]
    for _ in states(bar):
        qtbot.waitUntil(lambda: bar.isVisible() and bar.height() == bar.sizeHint().height())
        assert place() == before
        assert session.window.rect().contains(QRect(bar.mapTo(session.window, QPoint()), bar.size()))
    bar.hide()
