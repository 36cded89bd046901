"""Matching in the whole window: drop a sound on the instrument, hear what comes near, take it or leave it."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot
from slow_search import SlowSearch

from app.compose import Session
from app.controls.time_axis import Selection
from app.drag_out import TAKE_MIME
from app.match_drops import WORDS
from engine.audio import Audio, open_clip, write_clip
from engine.audio.level import Level
from engine.jobs import Note
from engine.matching.result import Candidate, MatchResult
from engine.params import Patch
from engine.params.note import NoteSettings

NOTE = NoteSettings(57, 100, 0.4, 0.5)
PATIENCE_MS = 20_000


def patches(*ratios: float) -> tuple[Candidate, ...]:
    return tuple(
        Candidate(Patch("fm", {"op1_ratio": ratio}, name="Like bell"), 2.0 + place, NOTE)
        for place, ratio in enumerate(ratios)
    )


class Slow(SlowSearch):
    """A match."""

    def __init__(self) -> None:
        super().__init__()
        self.preview: tuple[Candidate, ...] = patches(3.0)
        self.options: dict[str, Any] = {}
        self.found = patches(5.0, 6.0, 7.0)

    def __call__(self, target: Audio, **options: Any) -> Generator[Note, None, MatchResult]:
        self.options = options
        yield from self.go_on()
        return MatchResult(self.found, 220.0, 0.0, 0.5, "", "Marimba", 9.0)

    def note(self) -> Note:
        return Note(0.5, "Refining", self.preview)


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Slow:
    made = Slow()
    monkeypatch.setattr("engine.matching.fake.match", made)
    return made


@pytest.fixture
def bell(tmp_path: Path) -> Path:
    t = np.arange(22_050) / 44_100
    samples = (0.3 * np.exp(-t / 0.1) * np.sin(2 * np.pi * 220.0 * t)).astype(np.float32)
    return write_clip(Audio(samples[None], 44_100), tmp_path / "bell.wav", subtype="PCM_16")


def files(*paths: Path) -> QMimeData:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return data


LEFT, NO_KEYS = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


def drag(target: QWidget, data: QMimeData, at: QPoint) -> bool:
    event = QDragEnterEvent(at, Qt.DropAction.CopyAction, data, LEFT, NO_KEYS)
    event.ignore()
    QApplication.sendEvent(target, event)
    return event.isAccepted()


def drop(target: QWidget, data: QMimeData, at: QPoint) -> bool:
    drag(target, data, at)
    QApplication.sendEvent(target, QDragMoveEvent(at, Qt.DropAction.CopyAction, data, LEFT, NO_KEYS))
    event = QDropEvent(QPointF(at), Qt.DropAction.CopyAction, data, LEFT, NO_KEYS)
    event.ignore()
    QApplication.sendEvent(target, event)
    return event.isAccepted()


def middle_of(session: Session) -> QPoint:
    return session.fm.mapTo(session.window, session.fm.rect().center())


def begin(qtbot: QtBot, session: Session, bell: Path) -> None:
    """Drop the bell on the instrument and wait until the match is under way."""
    assert drop(session.window, files(bell), middle_of(session))
    qtbot.waitUntil(lambda: session.matching.is_on, timeout=PATIENCE_MS)


def trying(qtbot: QtBot, session: Session, ratio: float) -> None:
    qtbot.waitUntil(lambda: session.document.patch.values["op1_ratio"] == ratio, timeout=PATIENCE_MS)


def test_a_sound_over_the_instrument_says_that_it_will_be_matched(
    qtbot: QtBot, session: Session, bell: Path, tmp_path: Path
) -> None:
    from app.drop_in import DropOverlay

    drag(session.window, files(bell), middle_of(session))
    veil = next(v for v in session.window.findChildren(DropOverlay) if v.isVisible())
    assert veil.words == WORDS
    assert veil.geometry().size() == session.fm.size()
    drag(session.window, files(bell), session.stage.mapTo(session.window, session.stage.rect().center()))
    assert veil.words == "Drop to open"
    assert veil.geometry() == session.window.rect()
    # Several files are opened, wherever they are dropped.
    drag(session.window, files(bell, tmp_path / "other.wav"), middle_of(session))
    assert veil.words == "Drop to open"


def test_a_dropped_sound_becomes_a_take_and_is_matched_to_the_end(qtbot: QtBot, session: Session, bell: Path) -> None:
    before = session.document.patch
    begin(qtbot, session, bell)
    qtbot.waitUntil(lambda: session.matching.job is None, timeout=PATIENCE_MS)
    assert [take.name for take in session.document.takes] == ["bell"]
    assert session.matching.bar.isVisible()
    assert len(session.matching.candidates) == 4
    assert session.document.patch.name == "Like bell"
    assert session.document.undo_label == "Open “bell”"
    qtbot.mouseClick(session.matching.bar.accept, Qt.MouseButton.LeftButton)
    assert session.document.undo_label == "Match “bell”"
    assert session.document.patch.name == "Like bell"
    assert not session.matching.bar.isVisible()
    session.document.undo()
    assert session.document.patch == before
    assert (session.document.takes, session.document.undo_label) == ((), None), "the drop and the match are one step"
    session.document.redo()
    assert ([take.name for take in session.document.takes], session.document.patch.name) == (["bell"], "Like bell")


def test_what_else_is_in_the_history_is_no_part_of_a_match(
    qtbot: QtBot, session: Session, bell: Path, slow: Slow
) -> None:
    slow.finished = True
    begin(qtbot, session, bell)
    qtbot.waitUntil(lambda: session.matching.job is None, timeout=PATIENCE_MS)
    session.matching.discard()
    # The take of a match that was discarded is not the one of the next match, nor is a take that was there.
    for _ in range(2):
        session.matching.match_take(session.document.takes[0])
        qtbot.waitUntil(lambda: session.matching.job is None, timeout=PATIENCE_MS)
        session.document.audition("op2_ratio", 7.0)
        session.document.revert()
        session.matching.match_take(session.document.takes[0])
        qtbot.waitUntil(lambda: session.matching.job is None, timeout=PATIENCE_MS)
        session.matching.choose(1)
        session.matching.accept()
        session.document.undo()
        assert [take.name for take in session.document.takes] == ["bell"]
        assert session.document.undo_label == "Open “bell”"
    session.stage.axis.select(Selection(0.1, 0.3))
    session.document.select(session.document.takes[0].id)
    session.actions["sound.match"].trigger()
    qtbot.waitUntil(lambda: session.matching.job is None, timeout=PATIENCE_MS)
    session.matching.accept()
    session.document.undo()
    assert [take.name for take in session.document.takes] == ["bell"]
    assert session.document.patch == Patch("fm")


def test_a_dialog_silences_what_the_match_plays_until_it_has_gone(
    qtbot: QtBot, session: Session, bell: Path, slow: Slow
) -> None:
    live, player = session.live, session.player
    begin(qtbot, session, bell)
    trying(qtbot, session, 3.0)
    qtbot.waitUntil(lambda: player.state == "playing", timeout=PATIENCE_MS)
    started: list[str] = []
    player.state_changed.connect(started.append)
    session.commands.about()
    qtbot.waitUntil(lambda: session.app.activeModalWidget() is not None)
    assert player.state == "stopped"
    started.clear()
    # What was found meanwhile is shown and not played.
    slow.preview = tuple(Candidate(c.patch, 0.5, NOTE) for c in patches(4.0))
    session.matching._shown_at = 0.0
    trying(qtbot, session, 4.0)
    slow.finished = True
    trying(qtbot, session, 5.0)
    qtbot.waitUntil(lambda: live.up_to_date)
    assert "playing" not in started
    session.app.activeModalWidget().close()
    qtbot.waitUntil(lambda: session.app.activeModalWidget() is None)
    session.matching.choose(1)
    qtbot.waitUntil(lambda: player.state == "playing", timeout=PATIENCE_MS)
    session.matching.discard()
    # Without a match, what plays goes on.
    session.hear_live()
    qtbot.waitUntil(lambda: player.state == "playing", timeout=PATIENCE_MS)
    session.commands.about()
    qtbot.waitUntil(lambda: session.app.activeModalWidget() is not None)
    assert player.state == "playing"
    session.app.activeModalWidget().close()


def test_the_best_so_far_is_heard_while_it_runs_and_nothing_is_committed(
    qtbot: QtBot, session: Session, bell: Path, slow: Slow
) -> None:
    note = session.document.note
    begin(qtbot, session, bell)
    trying(qtbot, session, 3.0)
    assert session.document.note == NOTE
    assert session.fm.control("op1_ratio").value == 3.0
    assert session.fm.head.knobs["note"].value == NOTE.note
    assert session.document.project.patch.values["op1_ratio"] == 1.0
    assert session.document.project.note == note
    slow.preview = tuple(Candidate(c.patch, 1.0, NOTE) for c in patches(4.0))
    trying(qtbot, session, 4.0)
    slow.finished = True
    trying(qtbot, session, 5.0)


@pytest.mark.parametrize("by", ["Escape", "the button"])
def test_cancelling_stops_the_job_and_brings_the_patch_back(
    qtbot: QtBot, session: Session, bell: Path, slow: Slow, by: str
) -> None:
    before, note = session.document.patch, session.document.note
    begin(qtbot, session, bell)
    trying(qtbot, session, 3.0)
    if by == "Escape":
        session.window.activateWindow()
        qtbot.waitUntil(session.matching.bar.end.hasFocus)
        qtbot.keyClick(session.matching.bar.end, Qt.Key.Key_Escape)
    else:
        qtbot.mouseClick(session.matching.bar.end, Qt.MouseButton.LeftButton)
    assert (session.document.patch, session.document.note) == (before, note)
    assert session.document.undo_label == "Discard the match with “bell”"
    assert not session.matching.bar.isVisible()
    qtbot.waitUntil(lambda: slow.closed, timeout=PATIENCE_MS)


def test_the_best_so_far_can_be_taken_before_the_end(qtbot: QtBot, session: Session, bell: Path, slow: Slow) -> None:
    begin(qtbot, session, bell)
    trying(qtbot, session, 3.0)
    qtbot.mouseClick(session.matching.bar.accept, Qt.MouseButton.LeftButton)
    assert session.document.project.patch.values["op1_ratio"] == 3.0
    assert session.document.project.note == NOTE
    qtbot.waitUntil(lambda: slow.closed, timeout=PATIENCE_MS)


def test_a_turned_knob_ends_the_match_and_keeps_what_is_there(
    qtbot: QtBot, session: Session, bell: Path, slow: Slow
) -> None:
    begin(qtbot, session, bell)
    trying(qtbot, session, 3.0)
    session.document.audition("op2_ratio", 7.0)
    session.document.commit("Turn")
    assert not session.matching.bar.isVisible()
    assert session.document.patch.values["op1_ratio"] == 3.0
    assert session.document.patch.values["op2_ratio"] == 7.0
    assert "ended with your turn" in session.messages.text
    qtbot.waitUntil(lambda: slow.closed, timeout=PATIENCE_MS)


def test_the_target_and_the_match_are_compared_with_one_button(
    qtbot: QtBot, session: Session, bell: Path, slow: Slow
) -> None:
    begin(qtbot, session, bell)
    trying(qtbot, session, 3.0)
    bar = session.matching.bar
    assert bar.compare.text() == "Hear target"
    qtbot.mouseClick(bar.compare, Qt.MouseButton.LeftButton)
    assert session.document.selected is session.document.takes[0]
    # While the target is listened to, nothing takes its place.
    slow.preview = tuple(Candidate(c.patch, 0.5, NOTE) for c in patches(4.0))
    qtbot.waitUntil(lambda: session.matching.candidates == slow.preview)
    assert session.document.selected is not None
    assert bar.compare.text() == "Hear match"
    qtbot.mouseClick(bar.compare, Qt.MouseButton.LeftButton)
    assert session.document.selected is None
    trying(qtbot, session, 4.0)


def test_the_target_and_all_candidates_are_heard_equally_loud(
    qtbot: QtBot, session: Session, bell: Path, slow: Slow
) -> None:
    def heard() -> Level:
        qtbot.waitUntil(lambda: session.live.up_to_date)
        clip = session.player.clip
        assert clip is not None
        return Level.of(clip.read(0, clip.n_frames))

    matching, slow.finished = session.matching, True
    loud, soft = (Patch("fm", {"op1_ratio": 5.0, "gain_db": gain_db}, name="Like bell") for gain_db in (6.0, -9.0))
    slow.found = tuple(Candidate(patch, 2.0, NOTE) for patch in (loud, soft))
    begin(qtbot, session, bell)
    qtbot.waitUntil(lambda: matching.job is None, timeout=PATIENCE_MS)
    levels = []
    for place in (0, 1, 0):
        matching.bar.choices.button(place).click()
        levels.append(heard())
    qtbot.mouseClick(matching.bar.compare, Qt.MouseButton.LeftButton)
    levels.append(heard())
    assert np.ptp([level.lufs for level in levels[1:]]) < 0.5
    assert max(level.peak_db for level in levels) < 0.0
    assert matching.bar.equal.isVisible()
    session.explore.match.set_on(False)
    assert not matching.bar.equal.isVisible()
    assert heard().lufs == pytest.approx(Level.of(open_clip(bell).read(0, 22_050)).lufs, abs=0.01), "as it is"
    session.explore.match.set_on(True)
    matching.discard()
    assert session.player.clip is session.document.takes[0].clip
    assert session.live.gain_db == 0.0


def test_other_candidates_can_be_chosen_and_discarded(qtbot: QtBot, session: Session, bell: Path, slow: Slow) -> None:
    before = session.document.patch
    begin(qtbot, session, bell)
    slow.finished = True
    trying(qtbot, session, 5.0)
    qtbot.waitUntil(lambda: session.matching.job is None, timeout=PATIENCE_MS)
    third = session.matching.bar.choices.button(2)
    qtbot.mouseClick(third, Qt.MouseButton.LeftButton)
    trying(qtbot, session, 7.0)
    qtbot.mouseClick(session.matching.bar.end, Qt.MouseButton.LeftButton)
    assert session.document.patch == before


def found(qtbot: QtBot, session: Session, bell: Path, slow: Slow) -> None:
    """A match that has ended, with its second candidate chosen."""
    begin(qtbot, session, bell)
    slow.finished = True
    qtbot.waitUntil(lambda: session.matching.job is None and session.matching.is_on, timeout=PATIENCE_MS)
    qtbot.mouseClick(session.matching.bar.choices.button(1), Qt.MouseButton.LeftButton)
    trying(qtbot, session, 6.0)


@pytest.mark.parametrize("by", ["undo", "the message"])
def test_a_match_that_was_discarded_comes_back_as_it_was(
    qtbot: QtBot, session: Session, bell: Path, slow: Slow, by: str
) -> None:
    before, note = session.document.patch, session.document.note
    found(qtbot, session, bell, slow)
    bar, words = session.matching.bar, session.matching.bar.words.text()
    session.window.activateWindow()
    bar.end.setFocus()
    qtbot.keyClick(bar.end, Qt.Key.Key_Escape)
    assert not session.matching.is_on
    assert (session.document.patch, session.document.note) == (before, note)
    assert session.messages.text == "The match with “bell” was discarded."
    if by == "undo":
        assert session.actions["edit.undo"].text() == "Undo: Discard the match with “bell”"
        qtbot.keyClick(session.window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    else:
        qtbot.mouseClick(session.messages._button, Qt.MouseButton.LeftButton)
    assert session.matching.is_on
    assert bar.isVisible()
    assert (bar.words.text(), bar.choices.checkedId(), bar.end.text()) == (words, 1, "Discard")
    assert session.document.patch.values["op1_ratio"] == 6.0
    assert session.document.is_held, "heard and not committed"
    assert session.messages.text == ""
    qtbot.mouseClick(bar.choices.button(2), Qt.MouseButton.LeftButton)
    trying(qtbot, session, 7.0)
    qtbot.mouseClick(bar.accept, Qt.MouseButton.LeftButton)
    assert session.document.project.patch.values["op1_ratio"] == 7.0
    # With the sound that was opened for it one step, as if nothing had come between.
    assert (session.document.undo_label, session.document.redo_label) == ("Match “bell”", None)
    session.document.undo()
    assert (session.document.patch, session.document.takes, session.document.undo_label) == (before, (), None)


def test_what_was_discarded_is_gone_with_the_next_match(qtbot: QtBot, session: Session, bell: Path, slow: Slow) -> None:
    found(qtbot, session, bell, slow)
    session.matching.discard()
    assert session.document.undo_label == "Discard the match with “bell”"
    slow.finished = False
    session.matching.match_take(session.document.takes[0])
    assert session.document.undo_label == "Open “bell”"
    assert "discarded" not in session.messages.text
    session.matching.discard()


def test_a_discarded_match_whose_sound_has_gone_is_said(qtbot: QtBot, session: Session, bell: Path, slow: Slow) -> None:
    found(qtbot, session, bell, slow)
    session.matching.discard()
    session.document.remove_take(session.document.takes[0].id)
    qtbot.mouseClick(session.messages._button, Qt.MouseButton.LeftButton)
    assert not session.matching.is_on
    assert session.messages.text == "“bell”, which was matched, is not in the library any more."
    assert session.document.undo_label == "Remove “bell”"


def test_a_button_asks_for_a_recording_and_matches_it(qtbot: QtBot, session: Session, bell: Path, slow: Slow) -> None:
    qtbot.mouseClick(session.fm.match, Qt.MouseButton.LeftButton)
    dialog = session.matching.files
    assert dialog is not None
    assert dialog.isVisible()
    dialog.fileSelected.emit(str(bell))
    dialog.reject()
    qtbot.waitUntil(lambda: session.matching.is_on, timeout=PATIENCE_MS)
    assert session.matching.take is not None
    assert session.matching.take.name == "bell"
    assert session.settings.get("files/open_folder") == str(bell.parent)
    trying(qtbot, session, 3.0)
    session.matching.discard()


def test_return_does_not_throw_away_what_was_just_found(qtbot: QtBot, session: Session, bell: Path, slow: Slow) -> None:
    before = session.document.patch
    begin(qtbot, session, bell)
    session.matching.bar.end.setFocus(Qt.FocusReason.TabFocusReason)
    slow.finished = True
    qtbot.waitUntil(lambda: session.matching.job is None, timeout=PATIENCE_MS)
    focused = session.window.focusWidget()
    assert focused is not None
    qtbot.keyClick(focused, Qt.Key.Key_Return)
    assert session.document.patch != before
    assert not session.matching.is_on


def test_what_is_locked_goes_along_and_stays(qtbot: QtBot, session: Session, bell: Path, slow: Slow) -> None:
    session.document.audition("op1_ratio", 2.0)
    session.document.commit("Turn")
    session.document.set_locked(["op1_ratio"])
    begin(qtbot, session, bell)
    qtbot.waitUntil(lambda: "locked" in slow.options)
    assert tuple(slow.options["locked"]) == ("op1_ratio",)
    assert slow.options["current"].values["op1_ratio"] == 2.0
    qtbot.waitUntil(lambda: session.document.note == NOTE)
    assert session.document.patch.values["op1_ratio"] == 2.0
    session.matching.discard()


def test_a_take_of_the_library_is_matched_when_it_is_dragged_here(
    qtbot: QtBot, session: Session, bell: Path, slow: Slow
) -> None:
    with qtbot.waitSignal(session.opening.settled):
        session.opening.open([bell])
    data = files(bell)
    data.setData(TAKE_MIME, session.document.takes[0].id.encode("ascii"))
    assert drag(session.fm, data, QPoint(50, 200))
    assert drop(session.fm, data, QPoint(50, 200))
    assert session.matching.take is session.document.takes[0]
    session.matching.discard()


def test_a_selection_on_the_stage_is_matched_as_a_take_of_its_own(
    qtbot: QtBot, session: Session, bell: Path, slow: Slow
) -> None:
    action = session.actions["sound.match"]
    assert not action.isEnabled()
    with qtbot.waitSignal(session.opening.settled):
        session.opening.open([bell])
    assert action.isEnabled()
    session.stage.axis.select(Selection(0.1, 0.3))
    action.trigger()
    assert session.matching.take is not None
    assert session.matching.take.name == "bell (0.10-0.30 s)"
    assert session.matching.take.clip.n_frames == round(0.2 * 44_100)
    session.matching.discard()


def test_a_silent_sound_gets_one_sentence_and_the_strip_goes(qtbot: QtBot, session: Session, tmp_path: Path) -> None:
    silent = write_clip(Audio(np.zeros((1, 44_100), np.float32), 44_100), tmp_path / "silent.wav", subtype="PCM_16")
    assert drop(session.window, files(silent), middle_of(session))
    qtbot.waitUntil(lambda: "silent" in session.messages.text)
    assert not session.matching.is_on
    assert not session.matching.bar.isVisible()


def test_samples_that_are_no_numbers_are_said_when_it_is_matched(
    qtbot: QtBot, session: Session, bell: Path, tmp_path: Path
) -> None:
    samples = open_clip(bell).read(0, 22_050).samples.copy()
    samples[0, 4410:4413] = np.nan
    broken = tmp_path / "broken.wav"
    soundfile.write(broken, samples[0], 44_100, subtype="FLOAT")
    said: list[str] = []
    say = session.messages._say
    session.messages._say = lambda message: (said.append(message.text), say(message))  # type: ignore[method-assign]
    assert drop(session.window, files(broken), middle_of(session))
    qtbot.waitUntil(lambda: bool(session.matching.candidates) and session.matching.job is None, timeout=PATIENCE_MS)
    assert "broken: 3 samples are NaN or infinite, from 0.100 s on, and were matched as silence." in said
    session.matching.discard()


def test_a_second_sound_during_a_match_is_matched_in_its_place(
    qtbot: QtBot, session: Session, bell: Path, slow: Slow, tmp_path: Path
) -> None:
    before = session.document.patch
    begin(qtbot, session, bell)
    trying(qtbot, session, 3.0)
    first = session.matching.job
    slow.preview = patches(4.0)
    other = tmp_path / "other.wav"
    other.write_bytes(bell.read_bytes())
    assert drop(session.window, files(other), middle_of(session))
    qtbot.waitUntil(lambda: session.matching.job not in (first, None), timeout=PATIENCE_MS)
    trying(qtbot, session, 4.0)
    slow.finished = True
    qtbot.waitUntil(lambda: session.matching.job is None, timeout=PATIENCE_MS)
    assert session.matching.take is not None
    assert session.matching.take.name == "other"
    trying(qtbot, session, 5.0)
    session.matching.accept()
    assert session.document.undo_label == "Match “other”"
    assert session.document.patch.values["op1_ratio"] == 5.0
    session.document.undo()
    assert session.document.patch == before


def test_a_key_that_is_played_on_a_match_goes_along_with_it(
    qtbot: QtBot, session: Session, bell: Path, slow: Slow
) -> None:
    begin(qtbot, session, bell)
    trying(qtbot, session, 3.0)
    steps = len(session.document._history.past)
    session.document.follow_key(71, 90)
    assert session.matching.is_on, "Playing along ends no match."
    assert session.document.note.note == 71
    slow.finished = True
    qtbot.waitUntil(lambda: session.matching.job is None, timeout=PATIENCE_MS)
    session.matching.accept()
    assert len(session.document._history.past) == steps == 1, "drop, key and match are one step"
    session.document.undo()
    assert session.document.note.note != 71


def test_a_sound_is_matched_under_whatever_name_its_file_was_dropped(
    qtbot: QtBot, session: Session, bell: Path, slow: Slow, tmp_path: Path
) -> None:
    (tmp_path / "inner").mkdir()
    link = tmp_path / "link.wav"
    link.symlink_to(bell)
    session.opening.open_sounds([bell])
    qtbot.waitUntil(lambda: not session.opening.busy, timeout=PATIENCE_MS)
    begin(qtbot, session, tmp_path / "inner" / ".." / "bell.wav")
    session.matching.discard()
    begin(qtbot, session, link)
