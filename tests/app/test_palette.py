"""The command palette finds every action by a few letters, shows its key and works without the mouse."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from app.action_set import ActionSet
from app.actions import ACTIONS
from app.palette import MAX_RECENT, Palette, fuzzy, search


def texts(query: str, recent: tuple[str, ...] = ()) -> list[str]:
    return [action.text for action, _ in search(query, recent)]


def test_nothing_typed_lists_every_action_with_the_recent_ones_first() -> None:
    listed = [action.id for action, _ in search("", ["play.loop", "file.open", "gone.away"])]
    assert listed[:2] == ["play.loop", "file.open"]
    assert sorted(listed) == sorted(a.id for a in ACTIONS)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("undo", "Undo"),
        ("zs", "Zoom to the selection"),
        ("save as", "Save project as…"),
        ("light", "Light theme"),
        ("bounce", "Export sound…"),
        ("settings", "Preferences…"),
        ("kat", "Keep as take"),
        ("PLAY", "Play or pause"),
    ],
)
def test_a_few_letters_find_what_is_meant(typed: str, meant: str) -> None:
    assert meant in texts(typed)[:2]


def test_letters_must_stand_in_their_order() -> None:
    assert fuzzy("odnu", "Undo") is None
    assert fuzzy("", "Undo") is not None
    found = fuzzy("undo", "Undo")
    assert found is not None
    assert found.places == (0, 1, 2, 3)


def test_whole_words_count_more_than_scattered_letters() -> None:
    whole, scattered = fuzzy("open", "Open…"), fuzzy("open", "Stop and listen")
    assert whole is not None
    assert scattered is None or whole.score > scattered.score


class Window(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.resize(900, 600)
        self.actions_ = ActionSet(self)
        self.heard: list[str] = []
        for action in ACTIONS:
            self.actions_.bind(action.id, lambda *_, i=action.id: self.heard.append(i))
        self.button = QPushButton("focus", self)
        self.palette_ = Palette(self.actions_, self)


@pytest.fixture
def window(qtbot: QtBot, qapp: QApplication) -> Window:
    made = Window()
    qtbot.addWidget(made)
    with qtbot.waitExposed(made):
        made.show()
    made.activateWindow()
    made.button.setFocus()
    return made


def test_typing_and_return_does_it_and_gives_the_focus_back(qtbot: QtBot, window: Window) -> None:
    window.palette_.open()
    assert window.palette_.field.hasFocus()
    qtbot.keyClicks(window.palette_.field, "loop")
    qtbot.keyClick(window.palette_.field, Qt.Key.Key_Return)
    assert window.heard == ["play.loop"]
    assert window.palette_.isHidden()
    assert window.button.hasFocus()


def test_arrows_choose_and_go_round(qtbot: QtBot, window: Window) -> None:
    window.palette_.open()
    rows = window.palette_.rows.rowCount()
    qtbot.keyClick(window.palette_.field, Qt.Key.Key_Up)
    assert window.palette_.list.currentIndex().row() == rows - 1
    qtbot.keyClick(window.palette_.field, Qt.Key.Key_Down)
    qtbot.keyClick(window.palette_.field, Qt.Key.Key_Down)
    qtbot.keyClick(window.palette_.field, Qt.Key.Key_Return)
    assert window.heard == [ACTIONS[1].id]


def test_a_click_on_a_row_does_it(qtbot: QtBot, window: Window) -> None:
    window.palette_.open()
    rows = window.palette_.list
    place = rows.visualRect(window.palette_.rows.index(2)).center()
    qtbot.mouseClick(rows.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert window.heard == [ACTIONS[2].id]


def test_escape_and_a_click_elsewhere_leave_without_doing_anything(qtbot: QtBot, window: Window) -> None:
    window.palette_.open()
    qtbot.keyClick(window.palette_.field, Qt.Key.Key_Escape)
    assert window.palette_.isHidden()
    window.palette_.open()
    window.button.setFocus()
    assert window.palette_.isHidden()
    assert window.heard == []


def test_an_action_that_makes_no_sense_now_is_shown_but_not_done(qtbot: QtBot, window: Window) -> None:
    window.actions_.enable("edit.undo", False)
    window.palette_.open()
    qtbot.keyClicks(window.palette_.field, "undo")
    assert window.palette_.rows.rows[0][0].id == "edit.undo"
    qtbot.keyClick(window.palette_.field, Qt.Key.Key_Return)
    assert window.heard == []
    assert window.palette_.isVisible()


def test_a_grey_row_says_when_it_can_be_done(qtbot: QtBot, window: Window) -> None:
    def drawn() -> bytes:
        return bytes(window.palette_.list.grab().toImage().convertToFormat(QImage.Format.Format_RGB32).constBits())

    window.actions_.enable("patch.variations", False)
    window.palette_.open()
    qtbot.keyClicks(window.palette_.field, "export variations")
    row, silent = window.palette_.rows.index(0), drawn()
    window.actions_.enable("patch.variations", False, "Only of a struck object")
    assert drawn() != silent
    assert "Only of a struck object" in row.data(Qt.ItemDataRole.ToolTipRole)
    assert "Only of a struck object" in row.data(Qt.ItemDataRole.AccessibleDescriptionRole)
    assert "Only of a struck object" in window.actions_["patch.variations"].toolTip()
    window.actions_.enable("patch.variations", True, "Only of a struck object")
    assert "Only" not in window.actions_["patch.variations"].toolTip()
    assert "Only" not in row.data(Qt.ItemDataRole.ToolTipRole)


def test_what_was_done_last_comes_first_next_time(qtbot: QtBot, window: Window) -> None:
    told: list[list[str]] = []
    window.palette_.used = lambda recent: told.append(list(recent))
    for word in ("loop", "undo", "redo", "loop"):
        window.palette_.open()
        qtbot.keyClicks(window.palette_.field, word)
        qtbot.keyClick(window.palette_.field, Qt.Key.Key_Return)
    assert told[-1] == ["play.loop", "edit.redo", "edit.undo"]
    window.palette_.open()
    assert window.palette_.rows.rows[0][0].id == "play.loop"
    assert len(told[-1]) <= MAX_RECENT


def test_nothing_found_says_what_to_do(qtbot: QtBot, window: Window) -> None:
    window.palette_.open()
    qtbot.keyClicks(window.palette_.field, "qqqq")
    assert window.palette_.nothing.isVisible()
    assert window.palette_.list.isHidden()
    qtbot.keyClick(window.palette_.field, Qt.Key.Key_Return)
    qtbot.keyClick(window.palette_.field, Qt.Key.Key_Down)
    assert window.heard == []


def test_it_stays_inside_a_small_window(qtbot: QtBot, window: Window) -> None:
    window.resize(420, 300)
    window.palette_.open()
    sheet = window.palette_.geometry()
    assert window.rect().contains(sheet)
    assert sheet.topLeft() != QPoint(0, 0)
