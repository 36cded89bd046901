"""One table says what can be done: no key does two things, menus are made from it, text fields keep their keys."""

from __future__ import annotations

from collections import Counter

import pytest
from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QDoubleSpinBox,
    QLineEdit,
    QMainWindow,
    QMenuBar,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)
from pytestqt.qtbot import QtBot

from app import icons
from app.action_set import ActionSet
from app.actions import ACTIONS, BY_ID, MENUS, shortcut_text, tool_tip
from app.keys import KeyGuard

GROUPS = {"File", "Edit", "Presets", "Explore", "Play", "View", "Help"}


def test_no_key_does_two_things() -> None:
    keys = Counter(k.toString() for action in ACTIONS for k in action.shortcuts)
    assert [k for k, n in keys.items() if n > 1] == []


def test_every_shortcut_is_one_that_qt_understands() -> None:
    for action in ACTIONS:
        for text, keys in zip(action.shortcut.split("|"), action.shortcuts, strict=False):
            assert keys.toString(QKeySequence.SequenceFormat.PortableText), f"{action.id}: {text}"


def test_every_action_says_what_it_does_in_the_group_where_it_stands() -> None:
    for action in ACTIONS:
        assert action.help, action.id
        assert not action.help.endswith(".")
        assert action.group in GROUPS
        assert not action.icon or action.icon in icons.names()


def test_every_action_is_in_a_menu_and_every_menu_item_is_an_action() -> None:
    listed = [i for _, ids in MENUS for i in ids if i is not None]
    assert set(listed) == set(BY_ID)


def test_the_keys_that_everybody_knows() -> None:
    wanted = {
        "play.toggle": "Space",
        "edit.undo": "Ctrl+Z",
        "file.open": "Ctrl+O",
        "project.save": "Ctrl+S",
        "project.save_as": "Ctrl+Shift+S",
        "take.export": "Ctrl+E",
        "view.palette": "Ctrl+K",
        "project.new": "Ctrl+N",
        "app.quit": "Ctrl+Q",
        "play.loop": "L",
        "play.start": "Home",
    }
    assert {i: BY_ID[i].shortcuts[0].toString() for i in wanted} == wanted
    assert [k.toString() for k in BY_ID["edit.redo"].shortcuts] == ["Ctrl+Shift+Z", "Ctrl+Y"]


def test_a_tool_tip_names_the_key() -> None:
    assert tool_tip(BY_ID["play.loop"]).startswith(f"Loop ({shortcut_text(BY_ID['play.loop'])})")


def test_menus_hold_the_actions_in_their_order(qapp: QApplication) -> None:
    owner = QObject()
    actions = ActionSet(owner)
    bar = QMenuBar()
    actions.fill_menu_bar(bar)
    for entry, (title, ids) in zip(bar.actions(), MENUS, strict=True):
        assert entry.text() == title
        shown = [a.objectName() for a in entry.menu().actions() if not a.isSeparator()]
        assert shown == [i for i in ids if i is not None]
    bar.deleteLater()


def test_an_action_is_bound_once_and_a_checkable_one_tells_its_state(qapp: QApplication) -> None:
    actions = ActionSet(qapp)
    heard: list[object] = []
    actions.bind("play.stop", lambda: heard.append("stop"))
    actions.bind("play.loop", heard.append)
    actions["play.stop"].trigger()
    actions["play.loop"].trigger()
    actions["play.loop"].trigger()
    assert heard == ["stop", True, False]
    with pytest.raises(ValueError, match=r"play\.stop is bound twice"):
        actions.bind("play.stop", lambda: None)
    assert "play.stop" not in actions.unbound()


class Board(QMainWindow):
    """A window with every kind of widget that could want a key."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[str] = []
        self.actions_ = ActionSet(self)
        for action_id in ("play.toggle", "play.again", "play.loop", "edit.undo", "take.remove", "play.start"):
            self.actions_.bind(action_id, lambda *_, i=action_id: self.heard.append(i))
            self.addAction(self.actions_[action_id])
        self.line, self.text, self.number = QLineEdit(), QPlainTextEdit(), QDoubleSpinBox()
        self.combo, self.button = QComboBox(), QPushButton("Press me")
        self.combo.addItems(["one", "two"])
        self.pressed = 0
        self.button.clicked.connect(self._count)
        centre = QWidget()
        column = QVBoxLayout(centre)
        for widget in (self.line, self.text, self.number, self.combo, self.button):
            column.addWidget(widget)
        self.setCentralWidget(centre)

    def _count(self) -> None:
        self.pressed += 1


@pytest.fixture
def board(qtbot: QtBot, qapp: QApplication) -> Board:
    made = Board()
    KeyGuard(qapp, made)
    qtbot.addWidget(made)
    with qtbot.waitExposed(made):
        made.show()
    made.activateWindow()
    return made


def press(qtbot: QtBot, widget: QWidget, key: Qt.Key, modifier=Qt.KeyboardModifier.NoModifier) -> None:
    widget.setFocus()
    assert widget.hasFocus() or widget.focusProxy() is not None
    qtbot.keyClick(widget, key, modifier)


def test_space_plays_whatever_has_the_focus_unless_it_takes_text(qtbot: QtBot, board: Board) -> None:
    for widget in (board.button, board.combo):
        board.heard.clear()
        press(qtbot, widget, Qt.Key.Key_Space)
        assert board.heard == ["play.toggle"], widget
    assert board.pressed == 0
    board.heard.clear()
    press(qtbot, board.line, Qt.Key.Key_Space)
    press(qtbot, board.text, Qt.Key.Key_Space)
    assert board.heard == []
    assert board.line.text() == " "
    assert board.text.toPlainText() == " "


@pytest.mark.parametrize("key", [Qt.Key.Key_L, Qt.Key.Key_Return, Qt.Key.Key_Home, Qt.Key.Key_Delete, Qt.Key.Key_Space])
def test_a_text_field_never_leaks_a_key(qtbot: QtBot, board: Board, key: Qt.Key) -> None:
    for widget in (board.line, board.text, board.number):
        press(qtbot, widget, key)
    assert board.heard == []


def test_undo_in_a_text_field_takes_back_typing(qtbot: QtBot, board: Board) -> None:
    board.line.setFocus()
    qtbot.keyClicks(board.line, "bell")
    qtbot.keyClick(board.line, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert board.line.text() == ""
    assert board.heard == []
    press(qtbot, board.button, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert board.heard == ["edit.undo"]


def test_return_presses_the_button_that_has_the_focus_and_nothing_else(qtbot: QtBot, board: Board) -> None:
    press(qtbot, board.button, Qt.Key.Key_Return)
    assert board.pressed == 1
    assert board.heard == []
    press(qtbot, board.combo, Qt.Key.Key_Return)
    assert board.heard == ["play.again"]


def test_in_menus_a_tick_is_not_hidden_by_an_icon(qapp: QApplication) -> None:
    owner = QObject()
    actions = ActionSet(owner)
    loop = actions["play.loop"]
    assert not loop.icon().isNull()
    assert not loop.isIconVisibleInMenu()
    assert actions["play.start"].isIconVisibleInMenu()
