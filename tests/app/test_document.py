"""The document: live patch, takes and undo, and exactly the signals that each change needs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from app.document import Document
from app.slots import SlotDesk
from engine.audio import Audio, Clip, open_clip, write_clip
from engine.errors import PatchError
from engine.params import FM_SPACE, Patch
from engine.params.note import NoteSettings
from engine.project.take import Take


def take(name: str = "Bell") -> Take:
    return Take.of(Clip.of(Audio(np.full(80, 0.25), 8000), name), origin="render")


class Heard:
    """Everything a document said, as ``(signal, value)``."""

    def __init__(self, document: Document) -> None:
        self.said: list[tuple[str, object]] = []
        document.takes_changed.connect(lambda: self.said.append(("takes", None)))
        document.selection_changed.connect(lambda t: self.said.append(("selection", t)))
        document.patch_changed.connect(lambda p, why: self.said.append((f"patch {why}", p)))
        document.history_changed.connect(lambda: self.said.append(("history", None)))
        document.file.dirty_changed.connect(lambda d: self.said.append(("dirty", d)))

    def take(self) -> list[str]:
        names = [name for name, _ in self.said]
        self.said.clear()
        return names


@pytest.fixture
def heard(document: Document) -> Heard:
    return Heard(document)


def test_turning_a_knob_is_heard_at_once_and_undone_in_one_step(document: Document, heard: Heard) -> None:
    before = document.patch
    for gain in (-5.0, -4.0, -3.0):
        document.audition("gain_db", gain)
    assert heard.take() == ["patch turn"] * 3
    assert document.undo_label is None
    document.commit("Turn Gain")
    assert heard.take() == ["history", "dirty"]
    assert document.patch.values["gain_db"] == -3.0
    document.undo()
    assert document.patch == before
    assert heard.take() == ["patch undo", "history", "dirty"]
    document.redo()
    assert document.patch.values["gain_db"] == -3.0


def test_a_gesture_that_ends_where_it_began_leaves_no_step(document: Document) -> None:
    document.audition("gain_db", -3.0)
    document.audition("gain_db", -6.0)
    document.commit("Turn Gain")
    assert document.undo_label is None
    assert not document.file.dirty


def test_a_cancelled_gesture_gives_the_old_sound_back(document: Document, heard: Heard) -> None:
    before = document.patch
    document.audition("gain_db", -3.0)
    document.revert()
    assert document.patch == before
    assert heard.take() == ["patch turn", "patch revert"]
    document.commit("Turn Gain")
    assert document.undo_label is None


def test_undo_during_a_gesture_takes_back_the_gesture(document: Document) -> None:
    document.set_patch(Patch("fm", {"gain_db": -1.0}), "Load Loud")
    document.audition("gain_db", -3.0)
    document.undo()
    assert document.patch.values["gain_db"] == -1.0
    assert document.undo_label == "Load Loud"


def test_what_the_synth_refuses_changes_nothing(document: Document, heard: Heard) -> None:
    with pytest.raises(PatchError):
        document.audition("gain_db", 400.0)
    assert heard.take() == []


def test_turning_a_knob_leaves_a_take_for_the_live_patch(document: Document) -> None:
    document.add_take(take())
    document.audition("gain_db", -3.0)
    assert document.selected is None


def test_loading_a_preset_is_one_step_even_after_hearing_it(document: Document, heard: Heard) -> None:
    preset = Patch("fm", {"gain_db": -2.0}, name="Quiet")
    document.audition_patch(preset)
    heard.take()
    document.set_patch(preset, "Load “Quiet”")
    assert "patch set" not in heard.take()  # it sounds already
    assert document.undo_label == "Load “Quiet”"
    document.undo()
    assert document.patch == Patch("fm")


def test_loading_the_same_preset_again_shows_the_live_patch_without_a_step(document: Document) -> None:
    document.add_take(take())
    document.set_patch(Patch("fm"), "Load nothing new")
    assert document.selected is None
    assert document.undo_label == "Add “Bell”"


def test_an_added_take_is_selected_and_undo_takes_it_away(document: Document, heard: Heard) -> None:
    bell = take()
    document.add_take(bell)
    assert document.selected is bell
    assert heard.take() == ["takes", "selection", "history", "dirty"]
    document.undo()
    assert document.takes == ()
    assert document.selected is None
    assert not document.file.dirty


def test_files_of_one_drop_are_one_step(document: Document) -> None:
    for name in ("A", "B", "C"):
        document.add_take(take(name), "Open 3 sounds", merge="drop 1")
    document.undo()
    assert document.takes == ()


def test_removing_and_renaming_are_undone(document: Document) -> None:
    bell, drum = take("Bell"), take("Drum")
    document.add_takes((bell, drum), "Add two")
    assert document.selected is bell
    document.rename_take(bell.id, "Chime")
    assert document.selected is not None
    assert document.selected.name == "Chime"
    document.remove_take(bell.id)
    assert [t.name for t in document.takes] == ["Drum"]
    assert document.undo_label == "Remove “Chime”"
    document.undo()
    document.undo()
    assert [t.name for t in document.takes] == ["Bell", "Drum"]


def test_an_empty_or_equal_name_is_no_step(document: Document) -> None:
    bell = take()
    document.add_take(bell)
    document.rename_take(bell.id, "   ")
    document.rename_take(bell.id, "Bell")
    assert document.undo_label == "Add “Bell”"


def test_selecting_is_no_step_and_makes_nothing_dirty(document: Document, heard: Heard) -> None:
    bell = take()
    document.add_take(bell)
    heard.take()
    document.select(None)
    document.select(bell.id)
    document.select(bell.id)
    assert heard.take() == ["selection", "selection"]
    assert document.undo_label == "Add “Bell”"


def test_what_is_locked_survives_presets_and_their_audition(document: Document) -> None:
    held: list[int] = []
    document.locks_held.connect(held.append)
    document.audition("gain_db", -9.0)
    document.commit("Turn Gain")
    document.set_locked(["gain_db", "op1_ratio"])
    preset = Patch("fm", {"gain_db": 0.0, "op1_ratio": 3.0, "op2_ratio": 2.0}, name="Bell")
    document.audition_patch(preset)
    assert (document.patch.values["gain_db"], document.patch.values["op2_ratio"]) == (-9.0, 2.0)
    document.revert()
    document.set_patch(preset, "Load “Bell”")
    assert document.patch.name == "Bell"
    assert [document.patch.values[n] for n in ("gain_db", "op1_ratio", "op2_ratio")] == [-9.0, 1.0, 2.0]
    assert held == [2]
    document.audition("gain_db", -3.0)
    assert document.patch.values["gain_db"] == -3.0, "a hand turns what is locked"
    document.commit("Turn Gain")
    document.set_locked(["gain_db"], on=False)
    document.set_patch(preset, "Load “Bell”")
    assert [document.patch.values[n] for n in ("gain_db", "op1_ratio")] == [0.0, 1.0]
    assert held == [2, 1]


def test_locking_is_a_step_of_its_own_and_undo_goes_through_it(document: Document) -> None:
    told: list[frozenset[str]] = []
    document.locks_changed.connect(lambda: told.append(document.locked))
    document.audition("gain_db", -9.0)
    document.commit("Turn Gain")
    document.set_locked(["gain_db", "no such thing"])
    document.set_locked(["gain_db"])
    assert told == [frozenset({"gain_db"})]
    assert document.undo_label == "Lock Voice gain"
    document.undo()
    assert document.locked == frozenset()
    document.undo()
    assert document.patch == Patch("fm")
    document.redo()
    document.redo()
    assert (document.locked, document.patch.values["gain_db"]) == ({"gain_db"}, -9.0)
    document.replace_locks(())
    assert (told[-1], document.undo_label) == (frozenset(), "Unlock all")


def test_a_lock_holds_in_its_own_instrument_only(document: Document) -> None:
    told: list[frozenset[str]] = []
    document.locks_changed.connect(lambda: told.append(document.locked))
    document.set_locked(["gain_db", "transpose_st", "strike_x"])
    assert document.locked == {"gain_db", "transpose_st"}
    document.use_synth("impact")
    assert document.locked == frozenset()
    assert document.locked_in("fm") == {"gain_db", "transpose_st"}
    assert told == [{"gain_db", "transpose_st"}, frozenset()]
    document.set_patch(Patch("impact", {"gain_db": -20.0, "transpose_st": 5.0}), "Load")
    assert (document.patch.values["gain_db"], document.patch.values["transpose_st"]) == (-20.0, 5.0)
    document.set_locked(["strike_x", "gain_db"])
    document.replace_locks(["gain_db"])
    # A patch of the other one is held by that one's locks.
    document.set_patch(Patch("fm", {"gain_db": -30.0, "transpose_st": 7.0, "op1_ratio": 3.0}), "Load")
    values, was = document.patch.values, Patch("fm").values
    assert (values["gain_db"], values["transpose_st"], values["op1_ratio"]) == (was["gain_db"], 0.0, 3.0)
    assert document.locked == {"gain_db", "transpose_st"}
    document.replace_locks(())
    assert document.locked_in("impact") == {"gain_db"}
    document.undo()
    assert document.locked == {"gain_db", "transpose_st"}
    for _ in range(4):
        document.undo()
    assert document.locked_in("fm") == {"gain_db", "transpose_st"}
    assert document.locked_in("impact") == frozenset()


def test_a_lock_in_the_middle_of_a_gesture_leaves_the_gesture_alone(document: Document) -> None:
    document.audition("op1_ratio", 3.0)
    document.set_locked(["gain_db"])
    assert document.patch.values["op1_ratio"] == 3.0
    document.commit("Op 1 ratio")
    document.undo()
    assert (document.patch, document.locked) == (Patch("fm"), {"gain_db"})


def test_a_whole_section_is_locked_by_its_name(document: Document) -> None:
    document.set_locked(FM_SPACE.names_in("Operator 2"))
    assert document.undo_label == "Lock Operator 2"
    document.set_locked(["op2_ratio", "op3_ratio"], on=False)
    assert document.undo_label == "Unlock 2 values"


def test_values_that_move_together_are_heard_once(document: Document, heard: Heard) -> None:
    document.audition_values({"op1_env1_s": 0.5, "op1_env1_db": -3.0})
    assert heard.take() == ["patch turn"]
    document.commit("Op 1 envelope")
    document.undo()
    assert document.patch == Patch("fm")


def test_a_patch_that_is_heard_becomes_a_step_before_a_knob_is_turned_on_it(document: Document) -> None:
    document.audition_patch(Patch("fm", {"op1_ratio": 2.0}, name="Bell"))
    assert document.undo_label is None
    document.audition("gain_db", -9.0)
    document.commit("Turn Gain")
    document.undo()
    assert document.undo_label == "Load “Bell”"
    assert document.patch == Patch("fm", {"op1_ratio": 2.0}, name="Bell")


def test_a_patch_that_is_heard_is_in_what_is_saved(document: Document, tmp_path: Path) -> None:
    document.audition_patch(Patch("fm", {"op1_ratio": 2.0}, name="Bell"))
    document.file.save(tmp_path / "song.tonewright")
    document.file.new_project()
    document.file.load(tmp_path / "song.tonewright")
    assert document.patch.name == "Bell"
    document.settle()
    assert document.undo_label is None


def test_a_turned_knob_and_a_patch_that_is_only_heard_are_told_apart(document: Document) -> None:
    told: list[str] = []
    document.patch_changed.connect(lambda _patch, why: told.append(why))
    document.audition("op1_ratio", 3.0)
    document.hear(document.patch.with_values(op1_ratio=4.0))
    document.revert()
    document.audition_patch(Patch("fm", {"op1_ratio": 5.0}, name="Heard"))
    document.audition_patch(Patch("fm", {"op1_ratio": 6.0}, name="Heard too"))
    document.audition("op2_ratio", 2.0)
    document.commit("Turn")
    assert told == ["turn", "turn", "revert", "audition", "audition", "turn"]


def test_a_gesture_on_the_note_is_one_step(document: Document) -> None:
    told: list[tuple[str, float]] = []
    document.note_changed.connect(lambda note, why: told.append((why, note.hold_s)))
    for hold_s in (2.0, 3.0):
        document.audition_note(document.note.replaced("hold_s", hold_s))
    assert (document.note.hold_s, document.undo_label, document.file.dirty) == (3.0, None, False)
    document.commit("Hold")
    assert (document.note.hold_s, document.undo_label, document.file.dirty) == (3.0, "Hold", True)
    document.undo()
    assert told == [("turn", 2.0), ("turn", 3.0), ("undo", 1.0)]
    document.audition_note(document.note.replaced("hold_s", 4.0))
    document.revert()
    assert (document.note.hold_s, document.redo_label) == (1.0, "Hold")
    document.audition_note(document.note.replaced("hold_s", 4.0))
    document.undo()  # takes back the gesture that is under way
    assert document.note.hold_s == 1.0


def test_a_recipe_sets_patch_and_note_in_one_step(document: Document, heard: Heard) -> None:
    document.load_patch(Patch("fm", {"gain_db": -3.0}), "Load", note=NoteSettings(48, 90, 0.5, 1.5))
    assert document.note == NoteSettings(48, 90, 0.5, 1.5)
    document.undo()
    assert (document.note, document.patch) == (NoteSettings(), Patch("fm"))
    assert document.undo_label is None
    document.load_patch(Patch("fm"), "Load", note=NoteSettings(hold_s=2.0))
    assert document.undo_label == "Load"


def test_undo_of_a_knob_brings_the_live_patch_back_into_sight(document: Document, heard: Heard) -> None:
    bell = take()
    document.add_take(bell)
    document.audition("gain_db", -3.0)
    document.commit("Turn Gain")
    document.select(bell.id)
    document.undo()
    assert document.selected is None
    document.select(bell.id)
    heard.take()
    document.redo()
    assert document.selected is None
    assert heard.take() == ["selection", "patch redo", "history"]


def test_files_that_undo_would_bring_back_are_still_in_use(document: Document, tmp_path: Path) -> None:
    files = [write_clip(Audio(np.full(80, 0.25), 8000), tmp_path / f"{name}.wav") for name in ("bell", "rain")]
    for file in files:
        document.add_take(Take.of(open_clip(file)))
    document.add_take(take())
    document.remove_take(document.takes[0].id)
    assert document.history.source_files() == set(files)
    document.undo()
    document.undo()
    document.undo()
    assert document.history.source_files() == set(files)
    document.file.new_project()
    assert document.history.source_files() == set()


def test_a_key_on_a_preset_that_is_only_heard_commits_nothing(document: Document) -> None:
    before = document.note
    document.audition_patch(Patch("fm", {"gain_db": -9.0}, name="Bell"))
    document.follow_key(71, 90)
    document.follow_key(72, 91)
    assert document.undo_label is None
    assert (document.note.note, document.note.velocity) == (72, 91)
    document.revert()
    assert (document.patch, document.note) == (Patch("fm"), before)
    document.audition_patch(Patch("fm", {"gain_db": -9.0}, name="Bell"))
    document.follow_key(71, 90)
    document.audition_patch(Patch("fm", {"gain_db": -8.0}, name="Kick"))
    document.commit("Load “Kick”")
    assert (document.patch.name, document.note.note) == ("Kick", 71)
    document.undo()
    assert (document.patch, document.note) == (Patch("fm"), before)
    assert document.undo_label is None


def test_a_key_on_what_is_heard_is_kept_with_it_before_a_knob(document: Document) -> None:
    document.audition_patch(Patch("fm", name="Bell"))
    document.follow_key(71, 90)
    document.audition("gain_db", -3.0)
    document.commit("Gain")
    assert (document.undo_label, document.note.note) == ("Gain", 71)
    document.undo()
    assert (document.undo_label, document.patch.name) == ("Load “Bell”", "Bell")


def test_another_name_is_a_step_that_nobody_strikes(document: Document) -> None:
    told: list[tuple[str, str]] = []
    document.patch_changed.connect(lambda patch, why: told.append((patch.name, why)))
    document.call_patch("Mine", "Rename")
    document.undo()
    document.redo()
    assert told == [("Mine", "name"), ("", "undo"), ("Mine", "redo")]


@pytest.mark.parametrize("what", ["preset", "audition", "save", "slot"])
def test_what_is_still_being_turned_is_a_step_before_something_else_comes(
    document: Document, tmp_path: Path, what: str
) -> None:
    before = document.patch
    document.audition("gain_db", -4.0)
    document.audition("gain_db", -3.0)
    if what == "preset":
        document.set_patch(Patch("fm", {"op1_ratio": 2.0}), "Load")
    elif what == "audition":
        document.audition_patch(Patch("fm", {"op1_ratio": 2.0}), label="Load")
        document.settle()
    elif what == "save":
        document.file.save(tmp_path / "mine.tonewright")
        assert not document.file.dirty
    else:
        slots = SlotDesk(document)
        slots.go(1)
        assert document.patch.values["gain_db"] == -3.0, "an empty slot begins with what is heard"
    document.commit("Gain")  # the hand comes to rest: nothing is left to keep
    if what != "save":
        document.undo()
    assert document.patch.values["gain_db"] == -3.0
    assert document.undo_label == "Voice gain"
    document.undo()
    assert document.patch == before


def test_a_turn_goes_on_while_the_patch_gets_a_name_or_chance_draws(document: Document) -> None:
    document.audition("gain_db", -4.0)
    document.call_patch("Mine", "Name")
    document.settle(turned=False)
    document.audition("gain_db", -3.0)
    document.commit("Gain")
    assert document.patch.values["gain_db"] == -3.0
    document.undo()
    assert (document.patch.values["gain_db"], document.patch.name) == (-6.0, "Mine")
