"""The base of the pictures of an impact that a hand moves things in: what the hand did, the field to type in, focus."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QRect, Qt, Signal
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.controls.hand_step import HandStep
from app.controls.value_edit import ValueEdit, within
from engine.params import Param


class HandPaper(QWidget):
    """Shows the values of ``params`` and tells what a hand makes of them; ``holds_locked`` as in :class:`HandStep`.

    A subclass says what is redrawn when a value became another (:meth:`_on_shown`) and whether the mouse holds
    something (:meth:`_is_held`). One that lets the person type opens the field (:meth:`_open_field`), reads it
    (:meth:`_accept`) and goes on to the next thing (:meth:`_walk`).
    """

    changing = Signal(str, object)
    moved = Signal(object)
    """The new values by name after one movement of the hand."""
    committed = Signal(str)
    """What was done, such as ``"Mode 12 pitch"``."""
    reverted = Signal()

    def __init__(
        self, params: Iterable[Param], name: str, parent: QWidget | None = None, *, holds_locked: bool = False
    ) -> None:
        super().__init__(parent)
        self.step = HandStep(params, self, holds_locked=holds_locked)
        self.step.changing.connect(self.changing)
        self.step.moved.connect(self.moved)
        self.step.committed.connect(self.committed)
        self.step.reverted.connect(self.reverted)
        self.step.shown.connect(self._on_shown)
        self.editor: ValueEdit | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(name)

    def _let_hand_in(self) -> None:
        """Hear the mouse and the keys."""
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def _on_shown(self) -> None:
        raise NotImplementedError

    def _is_held(self) -> bool:
        raise NotImplementedError

    # Typing

    def open_editor(self) -> None:
        """Open a field to type in at what is chosen."""
        raise NotImplementedError

    def _open_field(self, place: QRect, text: str) -> None:
        self.editor = ValueEdit(self, within(self, place), text, self._accept, False)
        self.editor.closed.connect(self._on_editor_closed)
        self.editor.tabbed.connect(self._edit_next)

    def _on_editor_closed(self) -> None:
        self.editor = None

    def _edit_next(self, forward: bool) -> None:
        self._walk(1 if forward else -1)
        self.open_editor()

    def _accept(self, text: str) -> None:
        """Do what was typed; raises :class:`engine.errors.ParamTextError` for what cannot be read."""
        raise NotImplementedError

    def _walk(self, step: int) -> None:
        """Choose the next thing."""
        raise NotImplementedError

    # Focus

    def focusOutEvent(self, event: QFocusEvent) -> None:
        if not self._is_held():
            self.step.finish()
        self.update()
        super().focusOutEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.update()
        super().focusInEvent(event)
