"""The figures of the selection: right, as many as fit, and copied with a click."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app.controls.time_axis import Selection, TimeAxis
from app.panels.selection_read_out import SelectionReadOut, wordings

BOX = Selection(0.5, 1.25, 440.0, 3000.0)


@pytest.fixture
def axis(qapp: object) -> TimeAxis:
    axis = TimeAxis()
    axis.reset(3.0)
    return axis


@pytest.fixture
def read_out(qtbot: QtBot, axis: TimeAxis) -> SelectionReadOut:
    row = QWidget()
    made = SelectionReadOut(axis)
    QHBoxLayout(row).addWidget(made)
    qtbot.addWidget(row)
    row.resize(900, 40)
    row.show()
    made.row = row
    return made


@pytest.mark.parametrize(
    ("selection", "words"),
    [
        (Selection(0.5, 1.25), "0:00.500 – 0:01.250   0.750 s"),
        (BOX, "0:00.500 – 0:01.250   0.750 s   440.0 Hz (A4 +0 ct) – 3000 Hz (F♯7 +23 ct)"),
        (Selection(61.0, 62.0, 100.0, None), "1:01.000 – 1:02.000   1.000 s   above 100.0 Hz (G2 +35 ct)"),
        (Selection(0.0, 0.0005, None, 10.0), "0:00.000 – 0:00.000   0.001 s   below 10.0 Hz"),
    ],
)
def test_a_selection_in_words(selection: Selection, words: str) -> None:
    assert wordings(selection)[0] == words


def test_a_stretch_of_time_alone_has_no_empty_band() -> None:
    assert wordings(Selection(0.5, 1.25)) == ("0:00.500 – 0:01.250   0.750 s", "0.750 s")


def test_it_follows_the_selection_and_goes_with_it(read_out: SelectionReadOut, axis: TimeAxis) -> None:
    assert not read_out.isVisible()
    axis.select(BOX)
    assert read_out.isVisible()
    axis.select(Selection(0.5, 2.0))
    assert "1.500 s" in read_out.accessibleName()
    axis.select(None)
    assert not read_out.isVisible()


def test_it_says_as_much_as_fits(qtbot: QtBot, read_out: SelectionReadOut, axis: TimeAxis) -> None:
    axis.select(BOX)
    seen: list[str] = []
    for width in (900, 400, 250, 120, 40):
        read_out.row.resize(width, 40)
        qtbot.waitUntil(lambda: read_out.width() <= read_out.row.width())
        seen.append(read_out.text())
        assert read_out.fontMetrics().horizontalAdvance(read_out.text()) <= read_out.width()
    assert seen[0] == wordings(BOX)[0]
    assert [len(text) for text in seen] == sorted((len(text) for text in seen), reverse=True)
    assert len(set(seen)) >= 4


def test_a_click_copies_all_of_it(qtbot: QtBot, read_out: SelectionReadOut, axis: TimeAxis) -> None:
    axis.select(BOX)
    read_out.row.resize(200, 40)
    with qtbot.waitSignal(read_out.copied):
        qtbot.mouseClick(read_out, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == wordings(BOX)[0]
