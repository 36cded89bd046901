"""What the window says: one sentence, quiet, and an error can be copied whole."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QEnterEvent, QGuiApplication
from PySide6.QtWidgets import QApplication, QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app import message_bar
from app.message_bar import MessageBar, and_more, in_words
from engine.errors import AudioUnreadable


@pytest.fixture
def bar(qtbot: QtBot) -> Iterator[MessageBar]:
    """In a window that is at work and has the focus elsewhere."""
    window = QWidget()
    made, field = MessageBar(), QLineEdit()
    column = QVBoxLayout(window)
    column.addWidget(made)
    column.addWidget(field)
    window.setGeometry(300, 200, 600, 200)
    qtbot.addWidget(window)
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    field.setFocus()
    yield made
    window.close()


def hover(bar: MessageBar, on: bool) -> None:
    """The mouse comes onto the bar, or leaves it."""
    at = QPointF(bar.rect().center())
    event = QEnterEvent(at, at, bar.mapToGlobal(at)) if on else QEvent(QEvent.Type.Leave)
    QApplication.sendEvent(bar, event)


def test_our_own_sentences_are_said_as_they_stand_and_others_as_our_fault() -> None:
    assert in_words(AudioUnreadable("a.wav is empty.")) == "a.wav is empty."
    assert "KeyError" in in_words(KeyError("x"))
    assert "memory" in in_words(MemoryError())


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything that leaves by itself is in a hurry."""
    monkeypatch.setattr(message_bar, "INFO_MS", 30)
    monkeypatch.setattr(message_bar, "NOTICE_MS", 60)


def test_what_is_said_leaves_by_itself(qtbot: QtBot, bar: MessageBar, quick: None) -> None:
    for say in (
        lambda: bar.info("Said."),
        lambda: bar.info("Said.", "Undo", lambda: None),
        lambda: bar.warning("Said."),
        lambda: bar.error("Said."),
        lambda: bar.error(AudioUnreadable("Said.")),
    ):
        say()
        assert bar.text == "Said."
        qtbot.waitUntil(lambda: bar.isHidden())


def test_times_are_for_people() -> None:
    assert message_bar.INFO_MS == 6_000
    assert message_bar.NOTICE_MS == 12_000


def test_what_is_serious_stays_until_it_is_closed(qtbot: QtBot, bar: MessageBar, quick: None) -> None:
    for say in (
        lambda: bar.warning("The file is cut short.", "Show it", lambda: None),
        lambda: bar.error("Half of it was read.", "Try again", lambda: None),
        lambda: bar.error(KeyError("x")),
        lambda: bar.error(AudioUnreadable("No room on the disk."), stays=True),
    ):
        say()
        qtbot.wait(150)
        assert bar.text
        qtbot.mouseClick(bar._close, Qt.MouseButton.LeftButton)
        assert bar.text == ""
    bar.error("No room on the disk.", stays=True)
    bar.error(AudioUnreadable("No room on the disk."))
    qtbot.wait(150)
    assert bar.text, "told a second time, it is no less serious"


def test_nothing_leaves_under_the_mouse_or_the_keyboard_or_while_nobody_looks(
    qtbot: QtBot, bar: MessageBar, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    bar.error("a.wav is empty.")
    hover(bar, True)
    qtbot.wait(150)
    assert bar.text == "a.wav is empty."
    hover(bar, False)
    bar._close.setFocus()
    qtbot.wait(150)
    assert bar.text == "a.wav is empty."
    monkeypatch.setattr(message_bar, "_is_behind", lambda: True)
    bar.window().findChild(QLineEdit).setFocus()
    qtbot.wait(150)
    assert bar.text == "a.wav is empty."
    monkeypatch.undo()
    monkeypatch.setattr(message_bar, "NOTICE_MS", 60)
    QApplication.instance().applicationStateChanged.emit(Qt.ApplicationState.ApplicationActive)
    qtbot.waitUntil(lambda: bar.text == "")


def test_an_offer_comes_back_from_behind_what_covered_it(qtbot: QtBot, bar: MessageBar, quick: None) -> None:
    done: list[int] = []
    bar.info("Deleted “Mine”.", "Undo", lambda: done.append(1))
    bar.info("Saved.")
    assert bar.text == "Saved."
    qtbot.waitUntil(lambda: bar.text == "Deleted “Mine”.")
    qtbot.mouseClick(bar._button, Qt.MouseButton.LeftButton)
    assert done == [1]


def test_an_error_can_be_copied_with_its_trace(qtbot: QtBot, bar: MessageBar) -> None:
    try:
        raise AudioUnreadable("a.wav is empty.")
    except AudioUnreadable as error:
        bar.error(error)
    qtbot.mouseClick(bar._copy, Qt.MouseButton.LeftButton)
    copied = QGuiApplication.clipboard().text()
    assert "Traceback" in copied
    assert copied.endswith("a.wav is empty.")


def test_an_error_is_not_lost_behind_what_comes_after_it(qtbot: QtBot, bar: MessageBar) -> None:
    bar.error("noperm.wav cannot be read.")
    bar.warning("nan.wav holds samples that are no numbers.")
    bar.info("Opened tone.wav.")
    assert bar.text == "Opened tone.wav."
    bar.clear()
    assert (bar.level, bar.text) == ("warning", "nan.wav holds samples that are no numbers.")
    bar.error("noperm.wav cannot be read.")
    bar.clear()
    assert bar.level == "warning"
    bar.clear()
    assert bar.text == ""


def test_a_button_does_its_thing_once_and_the_message_goes(qtbot: QtBot, bar: MessageBar) -> None:
    done: list[int] = []
    bar.warning("The file is cut short.", "Show it", lambda: done.append(1))
    qtbot.mouseClick(bar._button, Qt.MouseButton.LeftButton)
    assert done == [1]
    assert bar.text == ""


def test_a_later_error_does_not_leave_with_the_earlier_information(
    qtbot: QtBot, bar: MessageBar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(message_bar, "INFO_MS", 40)
    bar.info("Saved.")
    qtbot.wait(20)
    bar.error("No room on the disk.")
    qtbot.wait(90)
    assert bar.text == "No room on the disk."
    qtbot.mouseClick(bar._close, Qt.MouseButton.LeftButton)
    assert bar.text == ""


def test_messages_that_wait_can_be_leafed_through(qtbot: QtBot, bar: MessageBar) -> None:
    for words in ("One.", "Two.", "Three."):
        bar.warning(words)
    assert bar._more.text() == "2 more"
    seen = [bar.text]
    for _ in range(3):
        qtbot.mouseClick(bar._more, Qt.MouseButton.LeftButton)
        seen.append(bar.text)
    assert seen == ["Three.", "Two.", "One.", "Three."]
    assert bar._more.text() == "2 more"


def test_of_several_sentences_the_first_is_said_and_the_others_counted() -> None:
    assert [and_more(said) for said in ([], ["A."], ["A.", "B.", "C."])] == ["", "A.", "A. (2 more)"]
