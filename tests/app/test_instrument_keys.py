"""The computer's keyboard as a piano: places and not letters, and never a key that belongs to somebody else."""

from __future__ import annotations

import sys

import pytest
from instrument_fakes import Diary
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QHBoxLayout, QLineEdit, QMainWindow, QMenu, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from app.held_notes import HeldNotes
from app.instrument_keys import InstrumentKeys
from app.key_places import place_of

NONE, CTRL, ALT, SHIFT = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
    Qt.KeyboardModifier.ShiftModifier,
)


class Room(QMainWindow):
    """A window with a button, a text field and a single-letter shortcut."""

    def __init__(self, app: QApplication) -> None:
        super().__init__()
        self.diary = Diary()
        self.shortcuts: list[str] = []
        inside = QWidget()
        row = QHBoxLayout(inside)
        self.button, self.field = QPushButton("Button"), QLineEdit()
        row.addWidget(self.button)
        row.addWidget(self.field)
        self.setCentralWidget(inside)
        for letter in "LHZ":
            action = self.addAction(letter)
            action.setShortcut(letter)
            action.triggered.connect(lambda _, letter=letter: self.shortcuts.append(letter))
        self.held = HeldNotes(self.diary, lambda *_: None)
        self.keys = InstrumentKeys(app, self, self.held)
        self.keys.set_on(True)


@pytest.fixture
def room(qtbot: QtBot, qapp: QApplication) -> Room:
    made = Room(qapp)
    qtbot.addWidget(made)
    with qtbot.waitActive(made):
        made.show()
        made.activateWindow()
    made.button.setFocus()
    return made


def key(kind: QEvent.Type, letter: str, scan: int, *, repeat: bool = False, modifiers: Qt.KeyboardModifier = NONE):
    return QKeyEvent(kind, ord(letter.upper()), modifiers, scan, 0, 0, letter, repeat)


def down(room: Room, letter: str, place: int, **how) -> bool:
    event = key(QEvent.Type.KeyPress, letter, place + 8, **how)
    QApplication.sendEvent(QApplication.focusWidget() or room, event)
    return event.isAccepted()


def up(room: Room, letter: str, place: int, **how) -> None:
    QApplication.sendEvent(QApplication.focusWidget() or room, key(QEvent.Type.KeyRelease, letter, place + 8, **how))


def test_the_middle_row_is_white_and_the_row_above_black(room: Room) -> None:
    for letter in "AWSEDFTGYHUJKOLP":
        QTest.keyClick(room.button, letter)
    assert [entry[1] for entry in room.diary.take() if entry[0] == "on"] == list(range(48, 64))
    assert room.held.notes == frozenset()


@pytest.mark.skipif(sys.platform in {"darwin", "win32"}, reason="scan codes of X11")
def test_another_layout_keeps_the_shape(room: Room) -> None:
    # Left of the middle row, the key above its right neighbour, and the sixth of the upper row: on a French keyboard
    # they say Q, Z and Y, on a German one A, W and Z.
    for letters in ("QZY", "AWZ"):
        for letter, place in zip(letters, (30, 17, 21), strict=True):
            down(room, letter, place)
            up(room, letter, place)
        assert [entry[1] for entry in room.diary.take() if entry[0] == "on"] == [48, 49, 56]
    assert room.keys.letters()[56] == "Z"
    assert room.shortcuts == []


@pytest.mark.parametrize(
    ("platform", "scan", "virtual", "place"),
    [("linux", 38, 0, 30), ("win32", 30, 0, 30), ("darwin", 0, 1, 31), ("linux", 9, 0, None), ("linux", 0, 0, 16)],
)
def test_places_are_known_on_every_system(platform: str, scan: int, virtual: int, place: int | None) -> None:
    event = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Q, NONE, scan, virtual, 0, "q")
    assert place_of(event, platform) == place


def test_octave_and_velocity_keys(room: Room) -> None:
    for letters, note, velocity in (("XA", 60, 100), ("ZZA", 36, 100), ("CCA", 36, 80), ("VVVVA", 36, 120)):
        for letter in letters:
            QTest.keyClick(room.button, letter)
        assert room.diary.take()[0] == ("on", note, velocity)
    for _ in range(20):
        QTest.keyClick(room.button, "V")
        QTest.keyClick(room.button, "X")
    assert (room.keys.low, room.keys.velocity) == (108, 127)
    QTest.keyClick(room.button, "P")
    assert room.diary.take() == [("on", 123, 127), ("off", 123)]
    QTest.keyClick(room.button, "'")
    assert room.diary.take() == [("on", 125, 127), ("off", 125)]


def test_an_octave_that_changes_under_a_held_key_leaves_no_note_behind(room: Room) -> None:
    QTest.keyPress(room.button, "A")
    QTest.keyClick(room.button, "X")
    QTest.keyRelease(room.button, "A")
    assert room.diary.take() == [("on", 48, 100), ("off", 48)]


def test_a_key_that_repeats_is_struck_once(room: Room) -> None:
    down(room, "a", 30)
    for _ in range(3):
        down(room, "a", 30, repeat=True)
        up(room, "a", 30, repeat=True)
    assert room.diary.take() == [("on", 48, 100)]
    up(room, "a", 30)
    assert room.diary.take() == [("off", 48)]


def test_single_letter_shortcuts_give_way_and_come_back(room: Room) -> None:
    QTest.keyClick(room.button, "L")
    QTest.keyClick(room.button, "H")
    assert room.shortcuts == []
    room.keys.set_on(False)
    QTest.keyClick(room.button, "L")
    QTest.keyClick(room.button, "Z")
    assert room.shortcuts == ["L", "Z"]
    assert [entry[0] for entry in room.diary.take()] == ["on", "off"] * 2


def test_text_fields_are_typed_into(room: Room) -> None:
    room.field.setFocus()
    QTest.keyClicks(room.field, "salz")
    assert room.field.text() == "salz"
    assert room.diary.take() == []


def test_keys_with_control_or_alt_belong_to_the_window(room: Room) -> None:
    QTest.keyClick(room.button, Qt.Key.Key_A, CTRL)
    QTest.keyClick(room.button, Qt.Key.Key_S, ALT)
    assert room.diary.take() == []
    QTest.keyClick(room.button, Qt.Key.Key_D, SHIFT)
    assert [entry[0] for entry in room.diary.take()] == ["on", "off"]


def test_a_key_that_goes_up_in_a_text_field_is_let_go(room: Room) -> None:
    QTest.keyPress(room.button, "A")
    room.field.setFocus()
    assert room.held.notes == {48}
    QTest.keyRelease(room.field, "A")
    assert room.held.notes == frozenset()
    assert room.field.text() == ""


def test_whatever_takes_the_keys_away_leaves_no_note(room: Room, qtbot: QtBot) -> None:
    def switch_off() -> None:
        room.keys.set_on(False)
        room.keys.set_on(True)

    def popup() -> None:
        menu = QMenu(room)
        menu.addAction("One")
        menu.popup(room.mapToGlobal(room.rect().center()))
        QTest.keyClick(menu, "S")
        menu.close()
        menu.deleteLater()

    def dialog() -> None:
        box = QDialog(room)
        QPushButton("In it", box)
        box.open()
        qtbot.waitActive(box)
        qtbot.waitUntil(lambda: QApplication.focusWidget() is not room.button)
        QTest.keyClick(QApplication.focusWidget() or box, "S")
        box.close()
        box.deleteLater()

    def leave() -> None:
        QApplication.sendEvent(room, QEvent(QEvent.Type.WindowDeactivate))

    for takes_away in (switch_off, popup, dialog, leave):
        room.activateWindow()
        room.button.setFocus()
        qtbot.waitUntil(lambda: QApplication.focusWidget() is room.button)
        QTest.keyPress(room.button, "A")
        assert room.held.notes == {48}, takes_away.__name__
        takes_away()
        assert room.held.notes == frozenset(), takes_away.__name__
        assert room.diary.take() == [("on", 48, 100), ("off", 48)], takes_away.__name__
