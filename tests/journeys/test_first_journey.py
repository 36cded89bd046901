"""The first journey, with the mouse and the keyboard: open a sound, see it, hear it; turn a knob, see and hear that."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot
from shiboken6 import isValid
from windows import LAPTOP, Windows

from app.compose import Session
from engine.audio import Audio, open_clip, write_clip
from engine.studio import Kind

NONE, ALT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.AltModifier
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
RATE = 44_100


@pytest.fixture(params=["fake", "real"])
def engine(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def session(qtbot: QtBot, windows: Windows, engine: Kind) -> Session:
    made = windows.start(engine=engine, size=LAPTOP)
    qtbot.waitUntil(lambda: made.live.up_to_date, timeout=30_000)
    return made


@pytest.fixture
def bell(tmp_path: Path) -> Path:
    """A stereo file with a tone that dies away, 24 bits."""
    t = np.arange(RATE * 3 // 2) / RATE
    tone = 0.5 * np.sin(2 * np.pi * 660 * t) * np.exp(-3 * t)
    path = tmp_path / "bell.wav"
    write_clip(Audio(np.stack([tone, 0.5 * tone]).astype(np.float32), RATE), path, subtype="PCM_24")
    return path


def drop(session: Session, *paths: Path) -> None:
    """Drop files onto the middle of the window, as a file manager does."""
    window = session.window
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(p)) for p in paths])
    at = QPoint(window.width() // 2, window.height() // 2)
    copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(at, copy, mime, left, none)
    QApplication.sendEvent(window, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(window, QDropEvent(QPointF(at), copy, mime, left, none, QEvent.Type.Drop))


def opened(qtbot: QtBot, session: Session, path: Path) -> None:
    drop(session, path)
    qtbot.waitUntil(lambda: session.document.selected is not None)
    qtbot.waitUntil(session.stage.is_complete)


def test_a_dropped_file_becomes_a_take_that_is_seen(qtbot: QtBot, session: Session, bell: Path) -> None:
    opened(qtbot, session, bell)
    take = session.document.selected
    assert take.name == "bell"
    assert session.stage.clip is take.clip
    assert session.player.clip is take.clip
    assert session.stage.axis.duration_s == pytest.approx(1.5)
    picture = session.stage.waveform.grab().toImage()
    colours = {picture.pixel(x, picture.height() // 4) for x in range(0, picture.width(), 2)}
    assert len(colours) > 1, "the waveform is empty"


def test_space_plays_and_pauses_and_a_field_keeps_its_space(qtbot: QtBot, session: Session, bell: Path) -> None:
    opened(qtbot, session, bell)
    qtbot.keyClick(session.window, Qt.Key.Key_Space)
    assert session.player.state == "playing"
    qtbot.waitUntil(lambda: session.stage.axis.playhead_s > 0.02)
    qtbot.keyClick(session.window, Qt.Key.Key_Space)
    assert session.player.state == "paused"
    session.library.search.setFocus()
    qtbot.keyClick(session.library.search, Qt.Key.Key_Space)
    assert session.player.state == "paused"
    assert session.library.search.text() == " "
    session.library.search.clear()
    session.stage.waveform.setFocus()
    qtbot.keyClick(session.stage.waveform, Qt.Key.Key_Space, SHIFT)
    assert session.player.state == "stopped"


def test_the_playhead_rests_when_nothing_plays(qtbot: QtBot, session: Session, bell: Path) -> None:
    opened(qtbot, session, bell)
    assert not session.playing._clock.isActive()
    qtbot.keyClick(session.window, Qt.Key.Key_Space)
    assert session.playing._clock.isActive()
    qtbot.keyClick(session.window, Qt.Key.Key_Space)
    assert not session.playing._clock.isActive()


def turn(qtbot: QtBot, session: Session, name: str, pixels: int) -> None:
    """Drag a knob of the FM panel up by some pixels and let go."""
    knob = session.fm.control(name)
    place = knob.rect().center()
    qtbot.mousePress(knob, Qt.MouseButton.LeftButton, pos=place)
    for step in range(1, 9):
        qtbot.mouseMove(knob, place - QPoint(0, pixels * step // 8))
        qtbot.wait(5)
    qtbot.mouseRelease(knob, Qt.MouseButton.LeftButton, pos=place - QPoint(0, pixels))


def test_turning_a_knob_is_drawn_and_heard_and_one_undo_takes_it_back(qtbot: QtBot, session: Session) -> None:
    before = session.document.patch
    old = session.live.latest.audio.samples
    turn(qtbot, session, "op1_ratio", 60)
    assert session.document.patch.values["op1_ratio"] > before.values["op1_ratio"]
    qtbot.waitUntil(lambda: session.live.up_to_date and session.live.latest.patch == session.document.patch)
    new = session.live.latest.audio.samples
    assert not np.allclose(old, new[:, : old.shape[1]], atol=1e-3)
    assert np.array_equal(session.player.clip.read(0, 1000).samples, new[:, :1000])
    assert np.array_equal(session.stage.clip.read(0, 1000).samples, new[:, :1000])
    qtbot.waitUntil(lambda: session.player.state == "playing")
    qtbot.keyClick(session.window, Qt.Key.Key_Z, CTRL)
    assert session.document.patch == before
    qtbot.waitUntil(lambda: session.live.up_to_date and session.live.latest.patch == before)
    qtbot.keyClick(session.window, Qt.Key.Key_Y, CTRL)
    assert session.document.patch != before
    assert not session.actions["edit.redo"].isEnabled()


def test_hearing_while_turning_can_be_switched_off(qtbot: QtBot, session: Session) -> None:
    qtbot.keyClick(session.window, Qt.Key.Key_H)
    turn(qtbot, session, "op1_level_db", -40)
    qtbot.waitUntil(lambda: session.live.up_to_date)
    assert session.player.state == "stopped"
    assert session.settings.get("edit/hear_while_turning") is False


def test_the_zoom_stays_while_a_knob_is_turned(qtbot: QtBot, session: Session) -> None:
    axis = session.stage.axis
    axis.show_range(0.2, 0.5)
    turn(qtbot, session, "op1_ratio", 40)
    qtbot.waitUntil(lambda: session.live.up_to_date and session.live.latest.patch == session.document.patch)
    qtbot.waitUntil(session.stage.is_complete)
    assert (axis.start_s, axis.end_s) == pytest.approx((0.2, 0.5))
    qtbot.waitUntil(lambda: axis.playhead_s > 0.6 or session.player.state != "playing")
    assert (axis.start_s, axis.end_s) == pytest.approx((0.2, 0.5)), "the answer to a hand turns no page"
    session.playing.again()
    qtbot.waitUntil(lambda: axis.start_s > 0.45)


def test_keeping_puts_the_live_patch_into_the_library(qtbot: QtBot, session: Session) -> None:
    turn(qtbot, session, "op1_ratio", 30)
    qtbot.waitUntil(lambda: session.live.up_to_date and session.live.latest.patch == session.document.patch)
    patch = session.document.patch
    qtbot.keyClick(session.window, Qt.Key.Key_Return, CTRL)
    take = session.document.selected
    assert take is not None
    assert take.patch == patch
    assert take.settings["note"] == 60
    assert session.stage.clip is take.clip
    turn(qtbot, session, "op1_ratio", 20)
    assert session.document.selected is None, "a knob shows the live patch again"
    qtbot.waitUntil(lambda: session.live.up_to_date and session.live.latest.patch == session.document.patch)
    assert take.patch == patch


def test_a_late_render_does_not_replace_the_take_that_was_chosen(qtbot: QtBot, session: Session, bell: Path) -> None:
    opened(qtbot, session, bell)
    take = session.document.selected
    session.document.select(None)
    turn(qtbot, session, "op1_ratio", 30)
    session.document.select(take.id)
    qtbot.waitUntil(lambda: session.live.up_to_date)
    assert session.player.clip is take.clip
    assert session.stage.clip is take.clip


def test_exporting_keeps_rate_channels_and_bits(qtbot: QtBot, session: Session, bell: Path, tmp_path: Path) -> None:
    opened(qtbot, session, bell)
    qtbot.keyClick(session.window, Qt.Key.Key_E, CTRL)
    dialog = session.commands.export_dialog
    qtbot.waitUntil(dialog.isVisible)
    assert "24-bit" in dialog.subtype.currentText()
    qtbot.mouseClick(dialog.go, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: dialog.files is not None and dialog.files.isVisible())
    name = dialog.files.findChild(QLineEdit)
    name.setText(str(tmp_path / "out.wav"))
    qtbot.keyClick(name, Qt.Key.Key_Return)
    qtbot.waitUntil((tmp_path / "out.wav").is_file)
    written, original = open_clip(tmp_path / "out.wav"), open_clip(bell)
    assert (written.sample_rate, written.channels, written.subtype) == (RATE, 2, "PCM_24")
    assert np.array_equal(written.read(0, 10**6).samples, original.read(0, 10**6).samples)


def test_the_palette_does_everything_by_keyboard(qtbot: QtBot, session: Session, bell: Path) -> None:
    opened(qtbot, session, bell)
    qtbot.keyClick(session.window, Qt.Key.Key_K, CTRL)
    palette = session.window.palette_
    assert palette.isVisible()
    qtbot.keyClicks(palette.field, "loop")
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    assert session.actions["play.loop"].isChecked()
    assert session.player.loop == pytest.approx((0.0, 1.5))
    assert session.settings.get("palette/recent") == ["play.loop"]


def test_a_selection_is_what_loops(qtbot: QtBot, session: Session, bell: Path) -> None:
    opened(qtbot, session, bell)
    qtbot.keyClick(session.window, Qt.Key.Key_L)
    view = session.stage.waveform
    left, right = QPoint(view.width() // 4, 20), QPoint(view.width() // 2, 20)
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=left)
    for x in range(left.x(), right.x() + 1, 8):
        qtbot.mouseMove(view, QPoint(x, 20))
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=right)
    selection = session.stage.axis.selection
    assert selection is not None
    assert session.player.loop == pytest.approx((selection.start_s, selection.end_s))
    qtbot.keyClick(session.window, Qt.Key.Key_A, CTRL | SHIFT)
    assert session.player.loop == pytest.approx((0.0, 1.5))


def test_a_project_comes_back_with_takes_and_patch(qtbot: QtBot, session: Session, bell: Path, tmp_path: Path) -> None:
    opened(qtbot, session, bell)
    session.document.select(None)
    turn(qtbot, session, "op1_ratio", 30)
    patch = session.document.patch
    assert session.window.isWindowModified()
    qtbot.keyClick(session.window, Qt.Key.Key_S, CTRL)
    qtbot.waitUntil(lambda: session.commands.files is not None and session.commands.files.isVisible())
    name = session.commands.files.findChild(QLineEdit)
    name.setText(str(tmp_path / "mine.tonewright"))
    qtbot.keyClick(name, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: session.document.file.path == tmp_path / "mine.tonewright")
    assert not session.window.isWindowModified()
    assert "mine" in session.window.windowTitle()
    session.document.file.new_project()
    assert session.document.takes == ()
    drop(session, tmp_path / "mine.tonewright")
    qtbot.waitUntil(lambda: len(session.document.takes) == 1)
    assert session.document.patch == patch


def test_a_file_that_was_only_looked_at_is_no_unsaved_work(qtbot: QtBot, session: Session, bell: Path) -> None:
    opened(qtbot, session, bell)
    assert not session.window.isWindowModified()
    session.window.close()
    assert not session.window.isVisible()


def test_unsaved_work_is_asked_about_before_the_window_goes(qtbot: QtBot, session: Session) -> None:
    turn(qtbot, session, "op1_ratio", 30)
    session.window.close()
    assert session.window.isVisible()
    question = session.commands.question
    qtbot.waitUntil(question.isVisible)
    qtbot.mouseClick(question.button("Cancel"), Qt.MouseButton.LeftButton)
    assert session.window.isVisible()
    session.window.close()
    qtbot.mouseClick(session.commands.question.button("Don’t save"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not session.window.isVisible())


def test_the_question_about_unsaved_work_is_answered_by_a_letter(qtbot: QtBot, session: Session) -> None:
    turn(qtbot, session, "op1_ratio", 30)
    for answer, keys in (("C", NONE), ("C", ALT), ("D", NONE)):
        session.window.close()
        question = session.commands.question
        qtbot.waitUntil(lambda question=question: question.isVisible() and question.isActiveWindow())
        assert "&Don’t save" in [button.text() for button in question.buttons()], "the letter is underlined"
        qtbot.keyClick(QApplication.focusWidget(), answer, keys)
        qtbot.waitUntil(lambda question=question: not isValid(question) or not question.isVisible())
        assert session.window.isVisible() == (answer == "C")


def test_a_text_named_wav_is_one_clear_sentence_and_changes_nothing(
    qtbot: QtBot, session: Session, tmp_path: Path
) -> None:
    fake = tmp_path / "notes.wav"
    fake.write_text("buy milk", encoding="utf-8")
    drop(session, fake)
    qtbot.waitUntil(lambda: "notes.wav" in session.messages.text)
    assert session.messages.level == "error"
    assert session.document.takes == ()
    assert not session.document.file.dirty
