"""The veil over a panel that rests: it covers all of it, swallows what is pressed, and says how to go on."""

from __future__ import annotations

import pytest
from gestures import Hand
from PySide6.QtCore import Qt
from PySide6.QtTest import QSignalSpy, QTest
from PySide6.QtWidgets import QPushButton, QWidget

from app.controls.rest_veil import WORDS, RestVeil


@pytest.fixture
def panel(qtbot):
    widget = QWidget()
    widget.button = QPushButton("Turn", widget)
    widget.veil = RestVeil(widget)
    qtbot.addWidget(widget)
    widget.resize(300, 200)
    widget.show()
    return widget


def test_it_covers_its_panel_whatever_size_that_gets(panel, qtbot):
    assert panel.veil.isHidden()
    panel.veil.set_on(True)
    assert panel.childAt(panel.button.geometry().center()) is panel.veil
    panel.resize(500, 400)
    qtbot.waitUntil(lambda: panel.veil.size() == panel.size())


def test_it_says_what_it_is_and_dims_what_is_under_it(panel):
    plain = panel.grab().toImage()
    panel.veil.set_on(True)
    assert panel.grab().toImage() != plain
    assert panel.veil.accessibleName() == WORDS


def test_a_press_or_a_key_asks_for_it_to_go_and_the_wheel_turns_nothing(panel):
    panel.veil.set_on(True)
    pressed = QSignalSpy(panel.veil.pressed)
    hand = Hand(panel.veil)
    assert hand.wheel(1)
    assert pressed.count() == 0
    hand.press().release()
    QTest.keyClick(panel.veil, Qt.Key.Key_Return)
    QTest.keyClick(panel.veil, Qt.Key.Key_X)
    assert pressed.count() == 2
