"""What widgets answer before the window does."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QHelpEvent, QKeySequence, QShortcut
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolTip, QVBoxLayout, QWidget

from app.controls.event_answers import EventAnswers


class Drawn(QWidget):
    """Raises from C code when it is painted."""

    def paintEvent(self, event):
        [][1]


def test_an_error_in_a_painting_is_reported_and_the_window_lives_on(qtbot):
    widget = Drawn()
    qtbot.addWidget(widget)
    EventAnswers(widget, claims=lambda key: True, tip=lambda place: "")
    with qtbot.captureExceptions() as errors:
        widget.show()
        qtbot.waitUntil(lambda: bool(errors))
    assert [error[0] for error in errors] == [IndexError] * len(errors)
    assert widget.isVisible()
    widget.hide()


@pytest.fixture
def pressed(qtbot):
    """A window with a shortcut on A and on B, and what they did; its widget claims A."""
    window, heard = QWidget(), []
    qtbot.addWidget(window)
    inner = QWidget(focusPolicy=Qt.FocusPolicy.StrongFocus)
    EventAnswers(inner, claims=lambda event: event.key() == Qt.Key.Key_A)
    QVBoxLayout(window).addWidget(inner)
    for letter in "AB":
        QShortcut(QKeySequence(letter), window).activated.connect(lambda letter=letter: heard.append(letter))
    window.show()
    qtbot.waitExposed(window)
    window.activateWindow()
    inner.setFocus()
    qtbot.waitUntil(inner.hasFocus)
    return window, inner, heard


def test_a_claimed_key_is_no_shortcut_and_another_one_is(pressed):
    _, inner, heard = pressed
    for key in (Qt.Key.Key_A, Qt.Key.Key_B):
        QTest.keyClick(inner, key)
    assert heard == ["B"]


def test_words_depend_on_the_place_and_none_leaves_them_to_the_tool_tip(qtbot):
    widget = QWidget(toolTip="plain")
    qtbot.addWidget(widget)
    EventAnswers(widget, tip=lambda place: f"at {place.x()}" if place.x() < 50 else "" if place.x() < 80 else None)
    widget.resize(100, 20)
    widget.show()

    def tip_at(x: int) -> str:
        QToolTip.hideText()
        place = QPoint(x, 5)
        QApplication.sendEvent(widget, QHelpEvent(QEvent.Type.ToolTip, place, widget.mapToGlobal(place)))
        return QToolTip.text() if QToolTip.isVisible() else ""

    assert tip_at(10) == "at 10"
    qtbot.waitUntil(lambda: tip_at(60) == "")
    assert tip_at(90) == "plain"
