"""Where the parts of the window meet: locks and files, takes and recipes, notices, a save that was planned."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.compose import Session
from engine.audio import Audio, Clip, open_clip, write_clip
from engine.params import Patch
from engine.params.note import NoteSettings
from engine.project.describe import Loaded
from engine.project.project import Project
from engine.project.take import Take


def saved(qtbot: QtBot, session: Session, path: Path) -> None:
    with qtbot.waitSignal(session.document.file.saved):
        session.document.file.save(path, view=session.view_state())


def test_locks_and_the_note_come_back_with_the_project(qtbot: QtBot, session: Session, tmp_path: Path) -> None:
    session.fm.control("op3_ratio").set_locked(True)
    session.document.set_note(NoteSettings(48, 90, 0.5, 1.5), "Note")
    assert session.actions["patch.unlock"].isEnabled()
    saved(qtbot, session, tmp_path / "mine.tonewright")
    assert not session.document.file.dirty
    session.document.file.new_project()
    assert session.document.locked == frozenset()
    assert not session.fm.control("op3_ratio").locked
    session.document.file.load(tmp_path / "mine.tonewright")
    qtbot.waitUntil(lambda: session.document.locked == {"op3_ratio"})
    assert session.fm.control("op3_ratio").locked
    assert session.document.note == NoteSettings(48, 90, 0.5, 1.5)


@pytest.mark.parametrize("locks", ["op1_ratio", [3, None, "nothing"], {"op1_ratio": True}])
def test_a_view_that_another_program_wrote_does_no_harm(session: Session, locks: object) -> None:
    session.document.file.adopt(Loaded(Project(), view={"locks": locks}), None)
    assert session.document.locked <= {"op1_ratio"}


def test_a_preset_says_what_it_left_and_one_click_unlocks(qtbot: QtBot, session: Session) -> None:
    session.document.set_locked(["op1_ratio", "op2_ratio"])
    session.document.set_patch(Patch("fm", {"op1_ratio": 3.0, "op2_ratio": 1.0}, name="Bell"), "Load “Bell”")
    assert session.messages.text == "1 locked value stayed as it was."
    qtbot.mouseClick(session.messages._button, Qt.MouseButton.LeftButton)
    assert session.document.locked == frozenset()
    assert not session.actions["patch.unlock"].isEnabled()
    session.document.set_locked(["op1_ratio"])
    session.actions["patch.unlock"].trigger()
    assert session.document.locked == frozenset()


def test_a_preset_that_was_heard_is_unsaved_work_and_escape_takes_it_back(session: Session) -> None:
    before = session.document.patch
    bell = Patch("fm", {"op1_ratio": 3.0}, name="Bell")
    session.library.preset_auditioned.emit(bell)
    assert session.document.patch == bell
    session.library.presets.cancelled.emit()
    assert session.document.patch == before
    assert not session.commands.has_work()
    session.library.preset_auditioned.emit(bell)
    assert session.commands.has_work()
    assert session.document.undo_label == "Load “Bell”"


def test_a_kept_take_brings_back_its_patch_and_its_note(qtbot: QtBot, session: Session) -> None:
    session.document.set_patch(Patch("fm", {"op1_ratio": 3.0}, name="Bell"), "Load “Bell”")
    session.document.set_note(NoteSettings(48, 90, 0.5, 1.5), "Note")
    qtbot.waitUntil(lambda: session.live.up_to_date and session.live.latest.note == 48)
    session.actions["take.keep"].trigger()
    take = session.document.selected
    assert take is not None
    assert take.patch is not None
    assert take.patch.values["op1_ratio"] == 3.0
    assert dict(take.settings) == {
        "note": 48,
        "velocity": 90,
        "hold_s": 0.5,
        "duration_s": 1.5,
        "sample_rate": take.clip.sample_rate,
    }
    assert take.clip.sample_rate == session.player.sample_rate
    assert take.clip.duration_s == pytest.approx(1.5)
    session.actions["patch.reset"].trigger()
    session.document.set_note(NoteSettings(), "Note")
    assert not session.actions["take.patch"].isEnabled()
    session.document.select(take.id)
    assert session.actions["take.patch"].isEnabled()
    session.library.search.setText("no take is called that")
    session.actions["take.patch"].trigger()
    assert session.document.patch == take.patch
    assert session.document.selected is None
    assert session.document.note == NoteSettings(48, 90, 0.5, 1.5)
    qtbot.waitUntil(lambda: session.live.up_to_date)
    assert np.array_equal(session.live.latest.audio.samples, take.clip.read(0, take.clip.n_frames).samples)


def test_a_clipped_export_says_how_much_and_how_to_keep_it(qtbot: QtBot, session: Session, tmp_path: Path) -> None:
    samples = np.full(4000, 0.25, np.float32)
    samples[100:112] = 1.5
    session.document.add_take(Take.of(Clip.of(Audio(samples, 8000), "loud")))
    session.commands._write(session.shown, tmp_path / "loud.wav", "PCM_16")
    qtbot.waitUntil(lambda: "loud.wav" in session.messages.text)
    assert session.messages.level == "warning"
    assert "12 samples" in session.messages.text
    assert "32-bit float" in session.messages.text
    session.commands._write(session.shown, tmp_path / "kept.wav", "FLOAT")
    qtbot.waitUntil(lambda: "kept.wav" in session.messages.text)
    assert session.messages.level == "info"
    assert "samples" not in session.messages.text
    assert open_clip(tmp_path / "kept.wav").read(0, 4000).samples.max() == 1.5


def test_what_is_wrong_with_a_file_is_said_once_and_stays_in_its_tool_tip(
    qtbot: QtBot, session: Session, tmp_path: Path
) -> None:
    path = tmp_path / "half.wav"
    write_clip(Audio(np.full(8000, 0.25), 8000), path, subtype="PCM_16")
    path.write_bytes(path.read_bytes()[:9000])
    session.opening.open([path])
    qtbot.waitUntil(lambda: session.document.selected is not None)
    assert "half.wav is cut short" in session.messages.text
    tip = session.library.takes.currentIndex().data(Qt.ItemDataRole.ToolTipRole)
    assert session.document.selected.clip.notice in tip.splitlines()


def test_a_knob_does_not_wait_for_the_disk(qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.jobs import Note

    waiting = True

    def slow_disk():
        while waiting:
            yield Note(None, "Waiting for the disk")

    ended: list[object] = []
    session.submit(slow_disk, title="Save", done=ended.append, failed=ended.append, writes=True)
    session.document.set_patch(Patch("fm", {"op1_ratio": 3.0}), "Turn")
    qtbot.waitUntil(lambda: session.live.up_to_date)
    assert session.live.latest.patch == session.document.patch
    assert ended == []
    waiting = False
    qtbot.waitUntil(lambda: ended == [None])


def test_saving_that_was_given_up_does_not_close_the_window_later(
    qtbot: QtBot, session: Session, tmp_path: Path
) -> None:
    session.document.set_patch(Patch("fm", {"op1_ratio": 3.0}), "Turn")
    session.window.close()
    question = session.commands.question
    assert question is not None
    save = question.button("Save")
    qtbot.mouseClick(save, Qt.MouseButton.LeftButton)
    files = session.commands.files
    assert files is not None
    qtbot.waitUntil(files.isVisible)
    files.reject()
    saved(qtbot, session, tmp_path / "mine.tonewright")
    qtbot.wait(50)
    assert session.window.isVisible()


def test_a_safety_copy_that_was_stopped_is_not_the_last_one(qtbot: QtBot, session: Session, tmp_path: Path) -> None:
    session.autosave._root = tmp_path / "sessions"
    session.autosave.start()
    session.document.set_patch(Patch("fm", {"op1_ratio": 3.0}), "Turn")
    session.autosave.keep_now()
    for job in session.studio.work.pending():
        session.studio.cancel(job)
    qtbot.waitUntil(lambda: not session.document_busy)
    with qtbot.waitSignal(session.autosave.kept):
        session.autosave.keep_now()
