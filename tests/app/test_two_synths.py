"""One document, two instruments: each keeps its patch while the other is at hand, and undo shows what it undoes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.jobs import run_inline
from engine.params import Patch
from engine.params.note import NoteSettings
from engine.project.describe import describe, restore
from engine.project.project import Project, start_patch
from engine.project.store import load_project, save_project

BELL = Patch("fm", {"op1_ratio": 3.0}, name="Bell")
GONG = Patch("impact", {"shape": 1.0, "material": 1.0, "size_m": 1.2}, name="Gong")


@pytest.fixture
def told(document):
    heard: list[tuple[str, str]] = []
    document.patch_changed.connect(lambda patch, why: heard.append((patch.synth, why)))
    return heard


def test_each_instrument_keeps_its_patch_and_changing_over_is_no_step(document, told):
    document.set_patch(BELL, "Load")
    document.use_synth("impact")
    assert document.patch == start_patch("impact")
    assert document.patch_of("fm") is BELL
    document.set_patch(GONG, "Load")
    document.use_synth("fm")
    assert (document.patch, document.patch_of("impact")) == (BELL, GONG)
    assert told == [("fm", "set"), ("impact", "synth"), ("impact", "set"), ("fm", "synth")]
    assert len(document.history.past) == 2
    document.use_synth("fm")
    assert len(told) == 4


def test_which_one_is_at_hand_is_no_content(document):
    document.use_synth("impact")
    assert not document.file.dirty
    document.audition("size_m", 1.0)
    document.commit("Size")
    assert document.file.dirty


def test_a_hand_that_still_turns_is_kept_before_the_other_instrument_comes(document):
    document.audition("op1_ratio", 5.0)
    document.use_synth("impact")
    assert document.undo_label == "Operator 1 ratio"
    assert document.patch_of("fm").values["op1_ratio"] == 5.0


def test_undo_and_redo_bring_up_the_instrument_that_they_change(document, told):
    document.set_patch(BELL, "Load")
    document.use_synth("impact")
    document.set_patch(GONG, "Load")
    document.use_synth("fm")
    document.undo()
    assert document.patch == start_patch("impact"), "the gong is undone, so the impact instrument is shown"
    assert document.patch_of("fm") == BELL
    document.undo()
    assert document.patch == Patch("fm")
    document.redo()
    assert document.patch == BELL
    document.redo()
    assert document.patch == GONG
    assert [synth for synth, why in told if why in ("undo", "redo")] == ["impact", "fm", "fm", "impact"]


def test_undo_of_what_belongs_to_no_instrument_stays_where_the_hand_is(document):
    document.set_note(NoteSettings(48, 90, 1.0, 2.0), "Note")
    document.use_synth("impact")
    document.undo()
    assert document.patch.synth == "impact"


def test_a_preset_of_the_other_synth_is_one_step_and_reverts_to_where_one_was(document):
    document.set_patch(BELL, "Load")
    document.audition_patch(GONG)
    assert document.patch_of("fm") == BELL
    document.revert()
    assert document.patch == BELL
    document.set_patch(GONG, "Load")
    document.undo()
    assert document.patch == BELL
    document.redo()
    assert document.patch == GONG


def test_redo_shows_what_it_does_again_whatever_was_at_hand(document):
    document.set_patch(BELL, "Load")
    document.use_synth("impact")
    document.undo()
    assert document.patch == Patch("fm")
    document.redo()
    assert document.patch == BELL


def test_a_preset_that_is_the_parked_patch_already_adds_no_step(document):
    document.use_synth("impact")
    document.set_patch(GONG, "Load")
    document.use_synth("fm")
    steps = len(document.history.past)
    document.set_patch(GONG, "Load")
    assert (document.patch, len(document.history.past)) == (GONG, steps)


def test_slots_hold_patches_of_both(document):
    document.set_patch(BELL, "Load")
    slots, patch = document.slots.go(1, document.patch)
    document.set_slots(slots, "Slot B", patch=patch)
    document.set_patch(GONG, "Load")
    slots, patch = document.slots.go(0, document.patch)
    document.set_slots(slots, "Slot A", patch=patch)
    assert document.patch == BELL
    assert document.slots.patch(1, document.patch) == GONG
    document.undo()
    assert (document.slots.current, document.patch) == (1, GONG)
    assert document.slots.patch(0, document.patch) == BELL
    document.redo()
    assert (document.slots.current, document.patch) == (0, BELL)


def test_links_of_envelopes_outlive_the_other_instrument(document):
    document.set_links(document.links.linked("op1", "op2"), "Link", {})
    linked = document.links
    assert linked.groups
    document.use_synth("impact")
    document.set_patch(GONG, "Load")
    assert document.links == linked


def test_parked_patches_are_in_the_project_file(tmp_path: Path):
    project = Project().with_patch(BELL).with_patch(GONG)
    loaded = load_project(save_project(project, {}, tmp_path / "both"))
    assert (loaded.project.patch, loaded.project.patch_of("fm")) == (GONG, BELL)
    assert loaded.project.same_content(project)
    assert loaded.notices == ()


def test_a_patch_keeps_a_velocity_beside_the_notes_in_the_project_file(tmp_path: Path):
    project = Project().with_patch(Patch("impact", {"velocity": 0.25})).with_note(NoteSettings(60, 33, 1.0, 2.0))
    data, _ = describe(project, {}, tmp_path)
    loaded = run_inline(lambda: restore(json.loads(json.dumps(data)), tmp_path, lambda entry, name: iter(())))
    assert loaded.project.patch.values["velocity"] == 0.25
    assert loaded.project.note.velocity == 33


def test_a_parked_patch_that_cannot_be_read_starts_fresh_and_says_so(tmp_path: Path):
    data, _ = describe(Project().with_patch(BELL).with_patch(GONG), {}, tmp_path)
    data = json.loads(json.dumps(data))
    data["parked"][0]["values"]["op1_ratio"] = -5.0
    loaded = run_inline(lambda: restore(data, tmp_path, lambda entry, name: iter(())))
    assert loaded.project.patch_of("fm") == Patch("fm")
    (notice,) = loaded.notices
    assert "op1_ratio" in notice


def test_a_restored_project_brings_its_instruments_and_leaves_the_rest(document):
    document.set_patch(GONG, "Load")
    document.use_synth("fm")
    document.join(Project().with_patch(BELL), "Restore")
    assert (document.patch, document.patch_of("impact")) == (BELL, GONG)


def test_fast_strikes_are_one_step_with_the_key_that_they_are(document, told):
    document.use_synth("impact")
    for merge, x, velocity in (("strike 1", 0.1, 80), ("strike 1", 0.5, 90), ("strike 2", 0.9, 110)):
        document.audition_values({"strike_x": x, "strike_y": 0.2}, "struck")
        document.commit("Strike place", merge=merge)
        document.follow_key(60, velocity, merge)
    assert [why for _, why in told] == ["synth", "struck", "struck", "struck"]
    document.undo()
    assert (document.patch.values["strike_x"], document.note.velocity) == (0.5, 90)
    document.undo()
    assert document.patch == start_patch("impact")
    assert document.note == NoteSettings()
