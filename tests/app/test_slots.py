"""Slots of the document: versions that keep their edits, a fader between two, every deed one step, locks held."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.document import Document
from app.slots import SlotDesk
from engine.params import Patch
from engine.params.vary import morph
from engine.project.store import load_project, save_project
from engine.project.take import Take

BELL = Patch("fm", {"op1_ratio": 3.0, "gain_db": -3.0, "filter_type": 2.0}, name="Bell")
KICK = Patch("fm", {"op1_ratio": 0.5, "gain_db": -9.0}, name="Kick")


@pytest.fixture
def document(qapp: object) -> Document:
    made = Document()
    made.set_patch(BELL, "Load “Bell”")
    return made


@pytest.fixture
def desk(document: Document) -> SlotDesk:
    return SlotDesk(document)


def turn(document: Document, name: str, value: float) -> None:
    document.audition(name, value)
    document.commit(f"Turn {name}")


def labels(document: Document) -> list[str]:
    """Every label on the way back to the beginning."""
    found = []
    while document.undo_label is not None:
        found.append(document.undo_label)
        document.undo()
    return found


def fill(document: Document, desk: SlotDesk) -> None:
    """Bell in A, Kick in B, B in use."""
    desk.go(1)
    document.set_patch(KICK, "Load “Kick”")


def test_nothing_lies_between_two_instruments(document: Document, desk: SlotDesk) -> None:
    desk.go(1)
    document.set_patch(Patch("impact", name="Bar"), "Load “Bar”")
    assert not desk.can_morph
    before = document.project
    # A hand may still be on the fader when the other slot changes.
    desk.audition_morph(0.5)
    desk.commit_morph(0.5)
    assert document.project == before


def test_edits_stay_in_the_slot_in_which_they_were_made(document: Document, desk: SlotDesk) -> None:
    fill(document, desk)
    turn(document, "op2_ratio", 5.0)
    desk.toggle()
    assert document.patch == BELL
    turn(document, "op3_ratio", 7.0)
    desk.toggle()
    assert (document.patch.values["op2_ratio"], document.patch.values["op3_ratio"]) == (5.0, 1.0)
    desk.toggle()
    assert document.patch == BELL.with_values(op3_ratio=7.0)


def test_switching_is_heard_and_undone(document: Document, desk: SlotDesk) -> None:
    fill(document, desk)
    heard: list[tuple[str, Patch]] = []
    document.patch_changed.connect(lambda patch, why: heard.append((why, patch)))
    desk.go(0)
    assert heard == [("slot", BELL)]
    assert document.undo_label == "Slot A"
    document.undo()
    assert (document.patch, desk.slots.current) == (KICK, 1)
    document.redo()
    assert (document.patch, desk.slots.current) == (BELL, 0)


def test_going_back_and_forth_to_compare_is_one_step_and_none_when_it_comes_home(
    document: Document, desk: SlotDesk
) -> None:
    fill(document, desk)
    for _ in range(4):
        desk.toggle()
    assert document.undo_label == "Load “Kick”"
    for _ in range(5):
        desk.toggle()
    assert document.undo_label == "Slot A"
    document.undo()
    assert (document.patch, document.undo_label) == (KICK, "Load “Kick”")


def test_an_empty_slot_begins_with_what_is_heard(document: Document, desk: SlotDesk) -> None:
    desk.go(3)
    assert desk.name(3) == desk.name(0) == "Bell"
    assert [desk.is_filled(n) for n in range(4)] == [True, False, False, True]
    assert not desk.is_changed(3)
    turn(document, "gain_db", -20.0)
    assert [desk.is_changed(n) for n in (0, 3)] == [False, True]
    desk.go_back(3)
    assert document.patch == BELL
    assert document.undo_label == "Slot D as stored"
    document.undo()
    desk.store(3)
    assert not desk.is_changed(3)
    assert document.patch.values["gain_db"] == -20.0


def test_storing_copying_and_clearing_are_steps_with_names(document: Document, desk: SlotDesk) -> None:
    fill(document, desk)
    desk.store(2)
    assert desk.name(2) == "Kick"
    desk.copy(0, 3)
    assert (desk.name(3), document.patch) == ("Bell", KICK)
    desk.copy(0, 1)
    assert document.patch == BELL, "what is in use is heard"
    desk.clear(3)
    assert not desk.is_filled(3)
    assert labels(document) == [
        "Clear slot D",
        "Copy slot A to B",
        "Copy slot A to D",
        "Store in slot C",
        "Load “Kick”",
        "Slot B",
        "Load “Bell”",
    ]
    assert desk.slots.patches(document.patch) == {0: document.patch}


def test_a_lock_holds_its_value_while_slots_switch(document: Document, desk: SlotDesk) -> None:
    fill(document, desk)
    held: list[int] = []
    document.locks_held.connect(held.append)
    document.set_locked(["gain_db"])
    desk.go(0)
    assert (document.patch.values["gain_db"], document.patch.values["op1_ratio"]) == (-9.0, 3.0)
    assert held == [1]
    assert desk.is_changed(0), "what is heard is what the slot holds"
    desk.go(1)
    assert document.patch == KICK
    assert held == [1], "nothing was overruled on the way back"


def test_a_slot_shows_the_live_patch_in_place_of_a_take(document: Document, desk: SlotDesk) -> None:
    import numpy as np

    from engine.audio import Audio, Clip

    document.add_take(Take.of(Clip.of(Audio(np.zeros(80), 8000), "Drum"), origin="render"))
    desk.go(0)
    assert document.selected is None


def test_a_preset_that_was_only_heard_stays_in_its_slot(document: Document, desk: SlotDesk) -> None:
    document.audition_patch(KICK)
    desk.go(1)
    assert labels(document)[:2] == ["Slot B", "Load “Kick”"]


# -- the fader ---------------------------------------------------------------------------------------------------------


def test_dragging_the_fader_is_heard_and_letting_go_is_one_step(document: Document, desk: SlotDesk) -> None:
    fill(document, desk)
    why: list[str] = []
    document.patch_changed.connect(lambda _patch, reason: why.append(reason))
    for share in (0.8, 0.5, 0.4):
        desk.audition_morph(share)
        assert document.patch == morph(BELL, KICK, share)
    desk.commit_morph(0.4)
    assert why == ["turn"] * 3, "what is heard already is not struck again"
    assert (document.patch, desk.share, desk.slots.current) == (morph(BELL, KICK, 0.4), 0.4, None)
    assert document.undo_label == "Morph A – B 40 %"
    document.undo()
    assert (document.patch, desk.share) == (KICK, 1.0)
    document.redo()
    assert (document.patch, desk.share) == (morph(BELL, KICK, 0.4), 0.4)


def test_the_ends_of_the_fader_are_the_slots_and_stay_what_they_are(document: Document, desk: SlotDesk) -> None:
    fill(document, desk)
    for share in (0.3, 0.9, 0.5):
        desk.audition_morph(share)
        desk.commit_morph(share)
    for share, slot, patch in ((0.0, 0, BELL), (1.0, 1, KICK)):
        desk.audition_morph(share)
        desk.commit_morph(share)
        assert (document.patch, desk.slots.current) == (patch, slot)
    desk.go(0)
    assert document.patch == BELL


def test_a_morph_that_is_taken_back_leaves_no_trace(document: Document, desk: SlotDesk) -> None:
    fill(document, desk)
    desk.audition_morph(0.2)
    desk.revert_morph()
    assert (document.patch, desk.slots.current, document.undo_label) == (KICK, 1, "Load “Kick”")


def test_a_morph_leaves_what_is_locked(document: Document, desk: SlotDesk) -> None:
    fill(document, desk)
    document.set_locked(["op1_ratio"])
    for share in (0.0, 0.5, 1.0):
        desk.audition_morph(share)
        assert document.patch.values["op1_ratio"] == 0.5
        desk.commit_morph(share)
        assert document.patch.values["op1_ratio"] == 0.5
        assert document.patch.values["gain_db"] == morph(BELL, KICK, share).values["gain_db"]


def test_the_fader_wants_two_slots_and_any_two_will_do(document: Document, desk: SlotDesk) -> None:
    assert not desk.can_morph
    desk.audition_morph(0.5)
    desk.commit_morph(0.5)
    assert (document.patch, document.undo_label) == (BELL, "Load “Bell”")
    desk.go(2)
    turn(document, "op1_ratio", 12.0)
    assert not desk.can_morph
    desk.set_pair(2, 0)
    assert desk.can_morph
    assert desk.share == 0.0, "C is in use and stands at the left end"
    desk.audition_morph(0.5)
    assert document.patch.values["op1_ratio"] == pytest.approx(6.0)


def test_what_comes_from_elsewhere_is_between_no_slots(document: Document, desk: SlotDesk) -> None:
    fill(document, desk)
    desk.audition_morph(0.5)
    desk.commit_morph(0.5)
    document.set_patch(Patch("fm", name="Other"), "Load “Other”")
    assert desk.share is None
    desk.go(2)
    assert desk.name(2) == "Other"
    desk.toggle()
    assert document.patch == KICK, "B was used before"


# -- the file ----------------------------------------------------------------------------------------------------------


def test_slots_and_locks_survive_saving(document: Document, desk: SlotDesk, tmp_path: Path) -> None:
    fill(document, desk)
    turn(document, "op4_ratio", 9.0)
    desk.audition_morph(0.25)
    desk.commit_morph(0.25)
    document.set_locked(["gain_db"])
    document.file.save(tmp_path / "slots.tonewright")
    assert not document.file.dirty
    other = Document()
    again = SlotDesk(other)
    other.file.load(tmp_path / "slots.tonewright")
    assert other.slots == document.slots
    assert other.patch == document.patch
    assert other.locked == {"gain_db"}
    assert (again.name(0), again.is_changed(1), again.share) == ("Bell", True, 0.25)
    again.go(1)
    assert other.patch.values["op4_ratio"] == 9.0
    other.file.save(tmp_path / "slots.tonewright")
    assert load_project(tmp_path / "slots.tonewright").project.slots.current == 1


def test_locks_of_an_older_file_are_found_in_its_view(tmp_path: Path) -> None:
    from engine.jobs import run_inline
    from engine.project.describe import describe, restore
    from engine.project.project import Project

    data, _ = describe(Project(), {"locks": ["gain_db", "nothing", 5]}, tmp_path)
    del data["locks"], data["slots"]
    loaded = run_inline(lambda: restore(data, tmp_path, lambda *_: None))  # type: ignore[arg-type, return-value]
    assert loaded.project.locked == {"gain_db"}
    save_project(loaded.project, {}, tmp_path / "old.tonewright")
    assert load_project(tmp_path / "old.tonewright").project.locked == {"gain_db"}


def test_locks_are_kept_by_instrument_and_a_list_of_an_older_file_is_for_both(tmp_path: Path) -> None:
    from engine.jobs import run_inline
    from engine.project.describe import describe, restore
    from engine.project.project import Project

    project = Project().with_locked("fm", ["gain_db", "strike_x"]).with_locked("impact", ["strike_x"])
    save_project(project, {}, tmp_path / "two.tonewright")
    again = load_project(tmp_path / "two.tonewright").project
    assert (again.locked_in("fm"), again.locked_in("impact")) == ({"gain_db"}, {"strike_x"})
    assert again.same_content(project)
    data, _ = describe(project, {}, tmp_path)
    data["locks"] = ["gain_db", "op1_ratio", "strike_x", 5]
    old = run_inline(lambda: restore(data, tmp_path, lambda *_: None)).project  # type: ignore[arg-type, return-value]
    assert (old.locked_in("fm"), old.locked_in("impact")) == ({"gain_db", "op1_ratio"}, {"gain_db", "strike_x"})


def test_a_change_of_a_slot_makes_the_document_dirty(document: Document, desk: SlotDesk, tmp_path: Path) -> None:
    document.file.save(tmp_path / "slots.tonewright")
    desk.store(3)
    assert document.file.dirty
    document.undo()
    assert not document.file.dirty
    document.set_locked(["gain_db"])
    assert document.file.dirty
