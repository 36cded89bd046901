"""What the window says: one sentence, quiet, and an error can be copied whole."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from app import message_bar
from app.message_bar import MessageBar, and_more, in_words
from engine.errors import AudioUnreadable


@pytest.fixture
def bar(qtbot: QtBot) -> MessageBar:
    made = MessageBar()
    qtbot.addWidget(made)
    return made


def test_our_own_sentences_are_said_as_they_stand_and_others_as_our_fault() -> None:
    assert in_words(AudioUnreadable("a.wav is empty.")) == "a.wav is empty."
    assert "KeyError" in in_words(KeyError("x"))
    assert "memory" in in_words(MemoryError())


def test_an_information_leaves_by_itself_and_an_error_stays(
    qtbot: QtBot, bar: MessageBar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(message_bar, "INFO_MS", 30)
    bar.info("Saved bells.tonewright.")
    assert bar.text == "Saved bells.tonewright."
    qtbot.waitUntil(lambda: bar.text == "")
    bar.error(AudioUnreadable("a.wav is empty."))
    qtbot.wait(80)
    assert bar.text == "a.wav is empty."


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
