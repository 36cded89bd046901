"""Undo and redo swap values of the project."""

from __future__ import annotations

import numpy as np

from engine.audio import Audio, Clip
from engine.params import Patch
from engine.params.note import NoteSettings
from engine.project.history import History
from engine.project.project import Project
from engine.project.take import Take


def take(name: str) -> Take:
    return Take.of(Clip.of(Audio(np.zeros(10), 8000), name))


def patch(gain_db: float) -> Patch:
    return Patch("fm", {"gain_db": gain_db})


def test_undo_gives_back_the_very_value_and_redo_returns() -> None:
    bell = take("Bell")
    start = History(Project())
    added = start.commit("Add Bell", start.present.with_take(bell))
    assert added.undo_label == "Add Bell"
    undone = added.undo()
    assert undone.present.takes == ()
    assert undone.redo_label == "Add Bell"
    assert undone.undo_label is None
    assert undone.redo().present.takes == (bell,)


def test_a_new_step_forgets_what_was_undone() -> None:
    history = History(Project())
    history = history.commit("One", history.present.with_patch(patch(1)))
    history = history.undo().commit("Two", history.present.with_patch(patch(2)))
    assert history.redo_label is None
    assert history.redo() is history


def test_nothing_to_undo_changes_nothing() -> None:
    history = History(Project())
    assert history.undo() is history


def test_steps_with_one_key_are_undone_together() -> None:
    history = History(Project())
    for gain in (-5, -4, -3):
        history = history.commit("Turn Gain", history.present.with_patch(patch(gain)), merge="wheel gain_db")
    history = history.commit("Turn Gain", history.present.with_patch(patch(-2)), merge="another wheel")
    history = history.undo()
    assert history.present.patch == patch(-3)
    assert history.undo().present.patch == Project().patch


def test_a_step_after_an_undo_does_not_melt_into_the_one_before() -> None:
    history = History(Project())
    history = history.commit("A", history.present.with_patch(patch(-5)), merge="k")
    history = history.commit("B", history.present.with_patch(patch(-4)))
    history = history.undo()
    history = history.commit("C", history.present.with_patch(patch(-3)), merge="k")
    assert history.undo().present.patch == patch(-5)


def test_the_oldest_steps_are_forgotten() -> None:
    history = History(Project(), longest=3)
    for gain in range(-10, 0):
        history = history.commit(f"Gain {gain}", history.present.with_patch(patch(gain)))
    assert [step.label for step in history.past] == ["Gain -3", "Gain -2", "Gain -1"]


def test_what_comes_back_is_selected() -> None:
    bell, drum = take("Bell"), take("Drum")
    history = History(Project((bell, drum), selection=bell.id))
    history = history.commit("Remove Bell", history.present.without(bell.id))
    assert history.present.selection == drum.id
    assert history.undo().present.selection == bell.id


def test_undo_elsewhere_keeps_what_is_looked_at() -> None:
    bell, drum = take("Bell"), take("Drum")
    history = History(Project((bell, drum), selection=bell.id))
    history = history.commit("Rename", history.present.renamed(bell.id, "Gong"))
    history = history.amend(history.present.select(drum.id))
    assert history.undo().present.selection == drum.id


def test_undoing_the_only_take_shows_the_live_patch() -> None:
    bell = take("Bell")
    history = History(Project())
    history = history.commit("Add", history.present.with_take(bell).select(bell.id))
    assert history.undo().present.selection is None


def test_undo_and_redo_of_the_patch_show_the_live_patch() -> None:
    bell = take("Bell")
    history = History(Project().with_take(bell))
    turned = history.commit("Turn Gain", history.present.with_patch(patch(-3)))
    looked_at = turned.amend(turned.present.select(bell.id))
    assert looked_at.undo().present.selection is None
    undone = looked_at.undo()
    assert undone.amend(undone.present.select(bell.id)).redo().present.selection is None


def test_undo_of_the_note_shows_the_live_patch() -> None:
    bell = take("Bell")
    history = History(Project().with_take(bell))
    history = history.commit("Hold", history.present.with_note(NoteSettings(hold_s=5.0)))
    undone = history.amend(history.present.select(bell.id)).undo()
    assert (undone.present.selection, undone.present.note) == (None, NoteSettings())


class Deed:
    """Something outside the project; counts how often it was done."""

    def __init__(self) -> None:
        self.done = 1

    def back(self) -> None:
        self.done -= 1

    def again(self) -> None:
        self.done += 1


def test_what_is_forgotten_outside_leaves_what_the_step_did_to_the_project() -> None:
    one, two = Deed(), Deed()
    history = History(Project())
    history = history.commit("Files", history.present, outside=one)
    history = history.commit("Both", history.present.with_patch(patch(1)), outside=two)
    for state in (history, history.undo().undo()):
        rest = state.without(one).without(two)
        assert [step.label for step in (*rest.past, *rest.future)] == ["Both"]
        assert all(step.outside is None for step in (*rest.past, *rest.future))
    assert history.without(one).without(two).undo().present.patch == Project().patch


def test_another_project_keeps_the_steps_outside_and_nothing_else() -> None:
    deed = Deed()
    history = History(Project())
    history = history.commit("Turn", history.present.with_patch(patch(1)))
    history = history.commit("Files", history.present, outside=deed)
    other = Project(patch=patch(7))
    moved = history.moved_to(other)
    assert (moved.present, moved.undo_label, moved.undo().undo_label) == (other, "Files", None)
    assert moved.undo().present.patch == patch(7)


def test_a_step_outside_is_pulled_from_under_what_came_after_it() -> None:
    deed = Deed()
    history = History(Project())
    history = history.commit("Files", history.present, outside=deed)
    history = history.commit("Turn", history.present.with_patch(patch(1)))
    history = history.pulled(deed)
    assert (history.undo_label, history.redo_label) == ("Turn", "Files")
    assert history.redo().undo_label == "Files"
    assert history.redo().present.patch == patch(1)
