"""What was done to files and can be taken back, in one row with the steps of the document.

Undo takes back whichever was done last. A step on files knows after which step of the document it was made: while
that one is the newest, the files come first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from PySide6.QtCore import QObject, Signal

from app.document import Document
from engine.project.project import Project

MOST_STEPS = 100


@dataclass(eq=False)
class FileStep:
    """Something done to files. ``back`` takes it back; ``again``, once that is possible, does it once more."""

    label: str
    back: Callable[[], None]
    again: Callable[[], None] | None = None
    after: Project | None = field(default=None, repr=False)
    """The state before the step of the document that was the newest one then; ``None`` when there was none."""


class FileSteps(QObject):
    """Undo and redo of a window, for the document and for files."""

    changed = Signal()
    """Other things can be undone or redone."""

    def __init__(self, document: Document) -> None:
        super().__init__(document)
        self._document = document
        self._done: list[FileStep] = []
        self._undone: FileStep | None = None
        document.history_changed.connect(self._forget_undone)

    def add(self, step: FileStep) -> None:
        """It has just been done."""
        step.after = self._newest()
        self._done = [*self._done, step][-MOST_STEPS:]
        self._undone = None
        self.changed.emit()

    def take_back(self, step: FileStep) -> None:
        """Take back this one, whatever was done after it."""
        if step in self._done:
            self._done.remove(step)
            self._undone = step
            step.back()
            self.changed.emit()

    @property
    def undo_label(self) -> str | None:
        step = self._next()
        return self._document.undo_label if step is None else step.label

    @property
    def redo_label(self) -> str | None:
        return self._document.redo_label if self._undone is None else self._undone.label

    def undo(self) -> None:
        """Take back what was done last; a gesture under way comes before everything."""
        step = self._next()
        if step is None:
            self._document.undo()
        else:
            self.take_back(step)

    def redo(self) -> None:
        """Do again what was taken back last."""
        step = self._undone
        if step is None:
            self._document.redo()
        elif step.again is not None:
            self._undone = None
            step.again()
            self.changed.emit()

    # -- inside ----------------------------------------------------------------------------------------------------

    def _newest(self) -> Project | None:
        past = self._document.history.past
        return past[-1].project if past else None

    def _next(self) -> FileStep | None:
        """The step on files that undo takes back, or ``None`` while one of the document is newer."""
        if not self._done or self._document.is_held:
            return None
        step, past = self._done[-1], self._document.history.past
        if step.after is None:
            return None if past else step
        is_there = any(before.project is step.after for before in past)
        return None if is_there and past[-1].project is not step.after else step

    def _forget_undone(self) -> None:
        if self._undone is not None:
            self._undone = None
            self.changed.emit()
