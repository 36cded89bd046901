"""Undo and redo as values: undo swaps the project for the one before, it replays nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from engine.project.project import Project

LONGEST = 500
"""How many steps are kept; the oldest are forgotten first."""


class Outside(Protocol):
    """What a step did outside the project: to files, or to how the program is played."""

    def back(self) -> None: ...

    def again(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Step:
    """One change that can be undone: its label in words and the project on the other side of it.

    What it did ``outside`` is taken back, and done again, by whoever owns the history.
    """

    label: str
    project: Project
    merge: str | None = None
    outside: Outside | None = None


@dataclass(frozen=True, slots=True)
class History:
    """The project as it is now, the steps that led to it (``past``) and those that were undone (``future``).

    Both are stacks with their top at the end. A step of ``past`` holds the project before it, one of ``future`` the
    project after it.
    """

    present: Project
    past: tuple[Step, ...] = ()
    future: tuple[Step, ...] = ()
    longest: int = LONGEST

    def commit(
        self, label: str, project: Project, *, merge: str | None = None, outside: Outside | None = None
    ) -> History:
        """Make ``project`` the present and remember how to come back.

        When ``merge`` equals the key of the newest step and nothing was undone since, both become one step: the files
        of one drop, the notches of one turn of the wheel.
        """
        if merge is not None and not self.future and self.past and self.past[-1].merge == merge:
            last = self.past[-1]
            if project.same_content(last.project):
                # Back where it began: there and back is no step.
                return replace(self, present=project, past=self.past[:-1])
            return replace(self, present=project, past=(*self.past[:-1], replace(last, label=label)))
        past = (*self.past, Step(label, self.present, merge, outside))
        return replace(self, present=project, past=past[-self.longest :], future=())

    def amend(self, project: Project) -> History:
        """Change the present without a step: what is selected, for one."""
        return replace(self, present=project)

    def undo(self) -> History:
        """The history one step back; itself when there is nothing to undo."""
        if not self.past:
            return self
        step = self.past[-1]
        present = _keep_selection(self.present, _with_instrument(self.present, step.project))
        undone = Step(step.label, self.present, step.merge, step.outside)
        return replace(self, present=present, past=self.past[:-1], future=(*self.future, undone))

    def redo(self) -> History:
        """The history one step forward; itself when there is nothing to redo."""
        if not self.future:
            return self
        step = self.future[-1]
        present = _keep_selection(self.present, _with_instrument(self.present, step.project, changed=True))
        # Without its merge key: what is done after a redo is a step of its own.
        done = Step(step.label, self.present, outside=step.outside)
        return replace(self, present=present, past=(*self.past, done), future=self.future[:-1])

    def without(self, outside: Outside) -> History:
        """Without what was done outside; a step that changed the project too keeps that."""
        past = _without(self.past, self.present, outside)
        future = _without(self.future, self.present, outside)
        return replace(self, past=past, future=future)

    def pulled(self, outside: Outside) -> History:
        """As after the undo of that step alone, whatever was done after it; redo would do it again."""
        label = next((step.label for step in self.past if step.outside is outside), "")
        history = self.without(outside)
        return replace(history, future=(*history.future, Step(label, self.present, outside=outside)))

    def moved_to(self, project: Project) -> History:
        """The history of another project: what was done outside stays, all else is forgotten."""
        past, future = (
            tuple(replace(step, project=project, merge=None) for step in steps if step.outside is not None)
            for steps in (self.past, self.future)
        )
        return replace(self, present=project, past=past, future=future)

    def source_files(self) -> set[Path]:
        """The files that takes play from, those included that undo or redo would bring back."""
        projects = [self.present, *(step.project for step in (*self.past, *self.future))]
        # Most steps share their takes.
        lists = {id(project.takes): project.takes for project in projects}
        return {take.clip.path for takes in lists.values() for take in takes if take.clip.path is not None}

    @property
    def undo_label(self) -> str | None:
        """What undo would take back, or ``None``."""
        return self.past[-1].label if self.past else None

    @property
    def redo_label(self) -> str | None:
        """What redo would do again, or ``None``."""
        return self.future[-1].label if self.future else None


def _with_instrument(now: Project, target: Project, *, changed: bool = False) -> Project:
    """``target`` with a fitting instrument at hand: the one from which the step was made, or the one that it
    ``changed``; where it was about neither of them, the one that is at hand."""
    others = [patch.synth for patch, old in zip(target.patches, now.patches, strict=True) if patch != old]
    if not others:
        # A slot in use holds what is live: where another one is, so is its patch.
        return target.using(now.patch.synth) if target.slots == now.slots else target
    return target.using(others[0]) if changed and target.patch.synth not in others else target


def _without(steps: tuple[Step, ...], present: Project, outside: Outside) -> tuple[Step, ...]:
    # On the near side of a step is what is on the far side of the next one towards the present.
    near = [*(step.project for step in steps[1:]), present]
    kept = []
    for step, project in zip(steps, near, strict=False):
        if step.outside is not outside:
            kept.append(step)
        elif not step.project.same_content(project):
            kept.append(replace(step, outside=None))
    return tuple(kept)


def _keep_selection(now: Project, target: Project) -> Project:
    """``target`` with a fitting selection: what came back or changed is shown, else what is shown stays, if it exists.

    The selection follows the change, because a step whose effect is out of sight and out of hearing looks like none.
    """
    returned = [take.id for take in target.takes if take.id not in now.ids]
    if returned:
        return target.select(target.selection if target.selection in returned else returned[-1])
    if not target.same_instrument(now):
        return target.select(None)
    if now.selection is None or now.selection in target.ids:
        return target.select(now.selection)
    return target if target.selection in target.ids else target.select(None)
