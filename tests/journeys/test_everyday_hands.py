"""What hands do all day, in the whole window: walk through presets, remove, write over, undo, drag out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.compose import Session
from app.controls.time_axis import Selection
from app.controls.value_widget import ValueWidget
from engine.audio import Audio, open_clip, write_clip
from engine.params import Patch

CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def bell(tmp_path: Path) -> Path:
    samples = 0.1 * np.sin(np.arange(22_050) / 10).astype(np.float32)
    return write_clip(Audio(samples[None], 44_100), tmp_path / "bell.wav", subtype="PCM_16")


def opened(qtbot: QtBot, session: Session, *paths: Path) -> None:
    with qtbot.waitSignal(session.opening.settled):
        session.opening.open(paths)


def walk(qtbot: QtBot, session: Session, steps: int) -> list[Patch]:
    """Go down the presets with the arrow key, as somebody who listens to each of them."""
    presets = session.library.presets
    qtbot.waitUntil(lambda: session.presets.is_ready)
    presets.setFocus()
    heard: list[Patch] = []
    for _ in range(steps):
        qtbot.keyClick(presets, Qt.Key.Key_Down)
        name = presets.current.name
        qtbot.waitUntil(lambda name=name: session.document.patch.name == name)
        heard.append(session.document.patch)
    return heard


def test_presets_are_walked_through_and_escape_takes_the_walk_back(qtbot: QtBot, session: Session) -> None:
    before = session.document.patch
    heard = walk(qtbot, session, 3)
    assert len({patch.name for patch in heard}) == 3
    assert session.document.undo_label is None
    qtbot.keyClick(session.library.presets, Qt.Key.Key_Escape)
    assert session.document.patch == before
    assert session.document.undo_label is None
    qtbot.waitUntil(lambda: session.live.up_to_date)
    assert session.live.latest.patch == before


@pytest.mark.parametrize("by", ["Return", "leaving"])
def test_the_preset_that_was_heard_last_stays_as_one_step(qtbot: QtBot, session: Session, by: str) -> None:
    before = session.document.patch
    last = walk(qtbot, session, 3)[-1]
    if by == "Return":
        qtbot.keyClick(session.library.presets, Qt.Key.Key_Return)
    else:
        session.library.takes.setFocus()
    assert session.document.patch == last
    assert session.document.undo_label == f"Load “{last.name}”"
    session.document.undo()
    assert session.document.patch == before
    assert session.document.undo_label is None


def test_delete_removes_a_take_only_in_the_list_of_takes(qtbot: QtBot, session: Session, bell: Path) -> None:
    opened(qtbot, session, bell)
    qtbot.waitUntil(session.stage.is_complete)
    session.stage.waveform.setFocus()
    session.stage.axis.select(Selection(0.1, 0.2))
    qtbot.keyClick(session.stage.waveform, Qt.Key.Key_Delete)
    session.library.presets.setFocus()
    qtbot.keyClick(session.library.presets, Qt.Key.Key_Delete)
    assert [take.name for take in session.document.takes] == ["bell"]
    session.library.takes.setFocus()
    qtbot.keyClick(session.library.takes, Qt.Key.Key_Delete)
    assert session.document.takes == ()
    session.document.undo()
    session.actions["take.remove"].trigger()
    assert session.document.takes == ()


def test_a_selection_cannot_be_written_over_the_file_that_it_is_cut_from(
    qtbot: QtBot, session: Session, bell: Path
) -> None:
    opened(qtbot, session, bell)
    before = bell.read_bytes()
    take = session.document.takes[0]
    with qtbot.waitSignal(session.bridge.failed):
        session.commands._write(take.clip.part(0, 4410), bell, None)
    assert session.messages.text.startswith("bell.wav is not written: an open take plays from that very file.")
    assert bell.read_bytes() == before
    assert take.clip.read(0, 22_050).n_frames == 22_050
    session.document.remove_take(take.id)
    with qtbot.waitSignal(session.bridge.failed):
        session.commands._write(take.clip.part(0, 4410), bell, None)
    other = bell.with_name("part.wav")
    session.commands._write(take.clip.part(0, 4410), other, None)
    qtbot.waitUntil(other.exists)
    assert open_clip(other).n_frames == 4410


def test_a_save_that_fails_does_not_close_the_window_later(qtbot: QtBot, session: Session, tmp_path: Path) -> None:
    session.document.set_patch(Patch("fm", {"op1_ratio": 3.0}), "Turn")
    with qtbot.waitSignal(session.document.file.saved):
        session.document.file.save(tmp_path / "mine.tonewright")
    session.document.set_patch(Patch("fm", {"op1_ratio": 4.0}), "Turn")
    (tmp_path / "mine.tonewright").unlink()
    (tmp_path / "mine.tonewright").mkdir()
    session.window.close()
    save = session.commands.question.button("Save")
    with qtbot.waitSignal(session.document.file.failed):
        qtbot.mouseClick(save, Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(session.document.file.saved):
        session.document.file.save(tmp_path / "other.tonewright")
    qtbot.wait(50)
    assert session.window.isVisible()


def test_undo_of_a_knob_shows_the_live_patch_and_not_the_last_file(qtbot: QtBot, session: Session, bell: Path) -> None:
    opened(qtbot, session, bell)
    knob = session.fm.control("op1_ratio")
    knob.enter(3.0)
    assert session.document.selected is None
    session.document.select(session.document.takes[0].id)
    qtbot.keyClick(session.window, Qt.Key.Key_Z, CTRL)
    assert session.document.selected is None
    assert session.stage.clip is not session.document.takes[0].clip
    assert knob.value == 1.0


def test_the_length_of_the_note_is_a_step_and_is_heard(qtbot: QtBot, session: Session) -> None:
    session.fm.control("duration_s").enter(0.5)
    qtbot.waitUntil(lambda: session.live.up_to_date and session.live.latest.duration_s == 0.5)
    assert session.stage.axis.duration_s == pytest.approx(0.5)
    assert session.document.undo_label == "Length"
    qtbot.keyClick(session.window, Qt.Key.Key_Z, CTRL)
    qtbot.waitUntil(lambda: session.live.up_to_date and session.live.latest.duration_s == 2.0)
    assert session.fm.control("duration_s").value == 2.0


def test_a_selection_that_is_dragged_twice_is_written_once(qtbot: QtBot, session: Session, bell: Path) -> None:
    opened(qtbot, session, bell)
    selection = Selection(0.1, 0.2)
    first, name = session.part(selection)
    assert name == "bell (0.10-0.20 s)"
    assert session.part(Selection(0.1, 0.2))[0] is first
    session.stage.waveform.drag_out_likely.emit(selection)
    qtbot.waitUntil(lambda: session.drag_out.file_of(first, name) is not None)
    session.document.rename_take(session.document.takes[0].id, "Gong")
    assert session.part(selection)[1] == "Gong (0.10-0.20 s)"


def type_over(qtbot: QtBot, field: ValueWidget, words: str) -> None:
    """Click on the figures, type others, and press Return."""
    qtbot.mouseClick(field, Qt.MouseButton.LeftButton, pos=field.value_rect().center())
    editor = field.editor
    assert editor is not None
    qtbot.keyClicks(editor, words)
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: field.editor is None)


def test_after_a_typed_value_return_plays(qtbot: QtBot, session: Session) -> None:
    hold = session.fm.control("hold_s")
    type_over(qtbot, hold, "0.5")
    assert hold.value == 0.5
    qtbot.waitUntil(lambda: session.live.up_to_date)
    session.playing.stop()
    focused = QApplication.focusWidget() or session.window
    qtbot.keyClick(focused, Qt.Key.Key_Return)
    assert hold.editor is None
    assert session.player.state == "playing"


def test_a_value_opened_with_a_key_keeps_the_focus(qtbot: QtBot, session: Session) -> None:
    hold = session.fm.control("hold_s")
    hold.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(hold, Qt.Key.Key_Return)
    qtbot.keyClicks(hold.editor, "0.5")
    qtbot.keyClick(hold.editor, Qt.Key.Key_Return)
    assert hold.value == 0.5
    assert hold.hasFocus()


def test_the_figures_of_a_selection_are_in_sight(qtbot: QtBot, session: Session, bell: Path) -> None:
    opened(qtbot, session, bell)
    session.stage.axis.select(Selection(0.1, 0.2, 440.0, 880.0))
    read_out = session.selection_read_out
    qtbot.waitUntil(lambda: read_out.isVisible() and read_out.text() != "")
    assert "0.100 s" in read_out.text()
    qtbot.mouseClick(read_out, Qt.MouseButton.LeftButton)
    assert QApplication.clipboard().text().endswith("440.0 Hz (A4 +0 ct) – 880.0 Hz (A5 +0 ct)")
    session.document.select(None)
    assert not read_out.isVisible()
