"""The strip of a match: of one height whatever it says, low where height is scarce, honest while it waits."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QRect, QSize
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app.compose import Session
from app.panels.match_bar import MatchBar
from app.style import apply_theme

NAME = "A recording with a name that is rather long, take 17, left"
NARROWEST_PX = 390


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
    bar.begin(NAME)
    QApplication.processEvents()
    yield "waiting"
    bar.show_progress(0.2, "Comparing with the presets")
    QApplication.processEvents()
    yield "found nothing yet"
    bar.show_progress(0.5, "Refining", 9.0)
    QApplication.processEvents()
    yield "running"
    bar.show_result("6.1 dB away; the nearest preset: 9.3 dB", [6.1, 6.5, 7.0, 7.5])
    QApplication.processEvents()
    yield "over"


@pytest.mark.parametrize("low", [False, True])
def test_it_keeps_its_height_and_nothing_in_it_overlaps_or_is_cut(bar: MatchBar, *, low: bool) -> None:
    bar.set_low(low)
    heights = set()
    for state in states(bar):
        assert bar.width() == NARROWEST_PX
        heights.add(bar.height())
        parts = [part for part in bar.findChildren(QWidget) if part.isVisible() and part.parentWidget() is bar]
        boxes = [part.geometry() for part in parts]
        assert all(bar.rect().contains(box) for box in boxes), state
        assert not any(a.intersects(b) for i, a in enumerate(boxes) for b in boxes[:i]), state
        for part in (bar.compare, bar.accept, bar.end):
            needed: QSize = part.sizeHint()
            assert part.width() >= needed.width(), state
            assert part.height() >= needed.height(), state
    assert len(heights) == 1
    assert (heights.pop() < 40) == low


def test_there_is_a_curve_only_when_there_is_something_to_draw(bar: MatchBar) -> None:
    seen = [bar.curve.isVisible() for _ in states(bar)]
    assert seen == [False, False, True, True]
    bar.begin(NAME)
    assert not bar.curve.isVisible(), "the next one begins anew"


def test_what_throws_away_stands_apart_from_what_takes_over(bar: MatchBar) -> None:
    for _ in states(bar):
        between: QRect = bar.end.geometry()
        assert between.left() - bar.accept.geometry().right() - 1 >= 8


def test_a_match_that_waits_says_so_as_the_list_of_jobs_does(bar: MatchBar) -> None:
    bar.begin(NAME)
    assert bar.words.text() == "Waiting"
    bar.show_progress(0.0, "Listening")
    assert bar.words.text() == "Listening 0 %"


def test_in_a_low_window_the_strip_is_low_from_the_start(qtbot: QtBot, session: Session) -> None:
    for height, low in ((540, True), (768, False)):
        session.window.resize(960, height)
        bar = session.matching.bar
        bar.begin(NAME)
        qtbot.waitUntil(lambda bar=bar: bar.height() == bar.sizeHint().height())
        assert (bar.height() < 40) == low
    session.matching.bar.hide()
