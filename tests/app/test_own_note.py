"""The person's own note is for every patch; the note of a match and the force of a strike are for theirs alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from gestures import CTRL, Hand
from instrument_fakes import Diary
from pytestqt.qtbot import QtBot

from app.compose import Session
from app.document import Document
from app.slots import SlotDesk
from engine.audio import Audio, Clip
from engine.matching.result import Candidate, MatchResult
from engine.params import Patch
from engine.params.note import NoteSettings
from engine.project.project import start_patch
from engine.project.take import Take

OWN = NoteSettings(60, 100, 1.0, 3.0)
SHORT = NoteSettings(72, 110, 0.098, 0.126)
CLINK = Patch("impact", {"size_m": 0.35}, name="Like clink")
GLASS = Patch("impact", {"size_m": 0.2}, name="Wine Glass")
BELL = Patch("fm", {"gain_db": -9.0}, name="Bell")


@pytest.fixture
def own(document: Document) -> Document:
    document.set_note(OWN, "Note")
    document.use_synth("impact")
    return document


def accept(document: Document) -> None:
    """As a match does it."""
    document.audition_patch(CLINK, note=SHORT, label="Match")
    document.commit("Match")


def test_after_a_match_another_patch_is_as_long_as_ever(own: Document) -> None:
    accept(own)
    assert own.note == SHORT
    own.load_patch(GLASS, "Load “Wine Glass”")
    assert own.note == OWN
    own.undo()
    assert (own.patch, own.note) == (CLINK, SHORT)
    own.undo()
    assert (own.patch, own.note) == (start_patch("impact"), OWN)
    own.redo()
    own.redo()
    assert (own.patch, own.note) == (GLASS, OWN)


def test_a_patch_that_is_only_heard_has_the_own_note_and_esc_goes_back(own: Document) -> None:
    accept(own)
    told: list[float] = []
    own.note_changed.connect(lambda note, _why: told.append(note.duration_s))
    own.audition_patch(GLASS)
    assert own.note == OWN
    own.revert()
    assert (own.patch, own.note) == (CLINK, SHORT)
    assert told == [3.0, 0.126]
    own.audition_patch(GLASS)
    own.commit("Load")
    assert own.project.note == OWN


def test_turning_a_matched_patch_keeps_its_note(own: Document) -> None:
    accept(own)
    own.audition("gain_db", -3.0)
    own.commit("Gain")
    own.set_patch(own.patch.with_values(size_m=0.5), "Mutate")
    assert own.note == SHORT


def test_what_a_hand_sets_on_a_match_is_its_own_from_then_on(own: Document) -> None:
    accept(own)
    own.audition_note(own.note.replaced("velocity", 64))
    own.commit("Velocity")
    assert own.note == NoteSettings(72, 64, 0.098, 0.126)
    own.load_patch(GLASS, "Load")
    assert own.note == NoteSettings(60, 64, 1.0, 3.0)


def test_each_slot_has_the_note_that_came_with_its_patch(own: Document) -> None:
    desk = SlotDesk(own)
    accept(own)
    desk.go(1)
    assert own.note == SHORT, "an empty slot begins with what is heard"
    own.load_patch(GLASS, "Load")
    own.audition("gain_db", -1.0)
    own.commit("Gain")
    desk.go(0)
    assert own.note == SHORT
    own.audition("gain_db", -2.0)
    own.commit("Gain")
    desk.toggle()
    assert own.note == OWN
    desk.toggle()
    assert own.note == SHORT, "turned meanwhile, it still has its note"
    desk.go_back(0)
    assert (own.patch.values["gain_db"], own.note) == (CLINK.values["gain_db"], SHORT)


def test_the_other_instrument_is_played_by_the_own_note(own: Document) -> None:
    accept(own)
    own.use_synth("fm")
    assert own.note == OWN
    own.load_patch(BELL, "Load")
    own.use_synth("impact")
    assert (own.patch, own.note) == (CLINK, SHORT)


def test_a_file_brings_back_whose_note_it_is(own: Document, tmp_path: Path) -> None:
    desk = SlotDesk(own)
    accept(own)
    desk.store(2)
    own.use_synth("fm")
    own.file.save(tmp_path / "song.tonewright")
    again = Document()
    again.file.load(tmp_path / "song.tonewright")
    assert again.note == OWN
    again.use_synth("impact")
    assert again.note == SHORT
    again.load_patch(GLASS, "Load")
    assert again.note == OWN
    SlotDesk(again).go(2)
    assert (again.patch, again.note) == (CLINK, SHORT)


def test_a_take_brings_its_note_and_takes_it_away_again(own: Document) -> None:
    own.load_patch(CLINK, "Load the patch of “Clink”", note=SHORT)
    assert own.note == SHORT
    own.load_patch(Patch("impact"), "Reset")
    assert own.note == OWN


# -- strikes and keys ----------------------------------------------------------------------------------------------


def test_the_force_of_a_strike_is_for_its_patch_alone(own: Document) -> None:
    own.follow_key(60, 120, "strike 1")
    assert own.note.velocity == 120
    own.audition_patch(BELL)
    assert own.note == OWN
    own.revert()
    assert own.note.velocity == 120
    own.undo()
    assert (own.note, own.undo_label) == (OWN, "Note")
    own.redo()
    own.use_synth("fm")
    assert own.note == OWN


def test_other_patches_are_heard_by_the_key_that_was_chosen_at_the_own_force(own: Document) -> None:
    own.follow_key(36, 127)
    assert (own.note.note, own.note.velocity) == (36, 127)
    own.load_patch(GLASS, "Load")
    assert (own.note.note, own.note.velocity) == (36, 100)


def test_slots_are_compared_at_one_force(own: Document) -> None:
    desk = SlotDesk(own)
    desk.go(1)
    own.load_patch(GLASS, "Load")
    own.follow_key(60, 120, "strike 1")
    for _ in range(2):
        desk.toggle()
        assert own.note == OWN


class Silent(Diary):
    n_sounding = 0

    def hit(self, x: float, y: float, velocity: int = 100, note: int = 60) -> None:
        self.log.append(velocity)

    def set_patch(self, patch: Patch, *, turning: bool = False) -> None:
        pass

    def connect(self, bus: object) -> None:
        pass


@pytest.mark.parametrize("at_once", [False, True], ids=["the stage has followed", "at once"])
def test_presets_after_a_hard_strike_are_as_loud_as_before(
    session: Session, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, at_once: bool
) -> None:
    document = session.document
    document.load_patch(GLASS, "Load")
    qtbot.waitUntil(lambda: session.window.in_sight("impact") and session.live.up_to_date)
    qtbot.waitUntil(lambda: session.live_play.is_ready, timeout=20_000)
    monkeypatch.setattr(session.live_play, "instrument", diary := Silent())
    spot = session.impact.view.pixel(0.5, 0.5).toPoint()
    Hand(session.impact.view, spot.x(), spot.y()).press(CTRL).release()
    assert diary.log[0] > 100
    if not at_once:
        qtbot.waitUntil(lambda: session.live.up_to_date and session.live.latest.velocity == diary.log[0])
    session.library.preset_auditioned.emit(BELL)
    qtbot.wait(250)  # after so long the stage has followed whatever was played
    qtbot.waitUntil(lambda: session.live.up_to_date and session.live.latest.patch == BELL)
    assert session.live.latest.velocity == document.note.velocity == 100
    assert session.fm.head.knobs["velocity"].value == 100


def test_a_preset_after_an_accepted_match_rings_out(
    session: Session, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def match(target: Audio, **options: object):  # type: ignore[no-untyped-def]
        yield from ()
        return MatchResult((Candidate(CLINK, 1.0, SHORT),), None, 0.0, 0.1, "", "Marimba", 9.0)

    monkeypatch.setattr("engine.matching.fake.match", match)
    take = Take.of(Clip.of(Audio(np.full((1, 5000), 0.1, np.float32), 44_100), "clink"), name="clink")
    session.document.add_take(take)
    session.matching.match_take(take, "impact")
    qtbot.waitUntil(lambda: session.document.patch == CLINK)
    session.matching.accept()
    qtbot.waitUntil(lambda: session.live.up_to_date and session.live.latest.duration_s == SHORT.duration_s)
    session.library.preset_auditioned.emit(GLASS)
    qtbot.waitUntil(lambda: session.live.up_to_date and session.live.latest.patch == GLASS)
    assert session.live.latest.duration_s == NoteSettings().duration_s
    assert session.stage.clip.n_frames / session.stage.clip.sample_rate == pytest.approx(NoteSettings().duration_s)
