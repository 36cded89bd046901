"""The base of every widget that shows one value: mouse, wheel, keys, typing, menu, screen reader. It paints nothing."""

from __future__ import annotations

from typing import Protocol, cast

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QEnterEvent,
    QFocusEvent,
    QHideEvent,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QShowEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QMenu, QWidget

from app.controls.accessible_value import announce_change, announce_kind
from app.controls.drag_value import ALT, PAGE_STEPS, DragValue
from app.controls.event_answers import EventAnswers
from app.controls.menus import pop_up
from app.controls.pointer import HeldPointer
from app.controls.scroll import is_scrolling
from app.controls.value_edit import ValueEdit
from app.controls.value_menu import copy_value, paste_value, value_menu
from app.controls.words import choice_words, typeset
from app.theme import tokens
from engine.params import Param
from engine.params.text import format_value

DRAG_THRESHOLD_PX = 3
HINT = "Drag or wheel; Shift is fine, Ctrl steps, Alt snaps back. Double-click for the default, Enter to type."
_ARROWS = {Qt.Key.Key_Up: 1, Qt.Key.Key_Right: 1, Qt.Key.Key_Down: -1, Qt.Key.Key_Left: -1}
_PAGES = {Qt.Key.Key_PageUp: PAGE_STEPS, Qt.Key.Key_PageDown: -PAGE_STEPS}
_ENDS = (Qt.Key.Key_Home, Qt.Key.Key_End)
_DEFAULTS = (Qt.Key.Key_Delete, Qt.Key.Key_Backspace)
_TYPE = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_F2)
_KEYS = {*_ARROWS, *_PAGES, *_ENDS, *_DEFAULTS, *_TYPE}


class ValueHost(Protocol):
    """What a window may know about the values in it: the ``value_host`` of a widget around them."""

    def extend_value_menu(self, widget: ValueWidget, menu: QMenu) -> None:
        """Add to a value's context menu."""
        ...

    def show_controller_on(self, widget: ValueWidget) -> None:
        """Call :meth:`ValueWidget.set_controller` with what turns the value."""
        ...


class ValueWidget(QWidget):
    """One parameter's value under the rules of :class:`DragValue`.

    A subclass paints, and says where the value's text stands (:meth:`value_rect`: a click there opens a field to type
    in) and where that field goes (:meth:`editor_rect`). A lock protects the value from words, presets and chance; the
    person's own hand still turns it.
    """

    changing = Signal(float)
    """While a gesture runs, in human units."""
    committed = Signal(float)
    """Once at the end of a gesture that changed something."""
    reverted = Signal()
    """A gesture ended where it began."""
    lock_changed = Signal(bool)
    menu_opening = Signal(QMenu)
    """The context menu is about to show: others may add to it."""

    is_accessible_value = True
    hint = HINT
    """How it is changed, for the tool tip."""
    lockable = True
    """Whether words, presets and chance reach this value at all."""

    def __init__(self, param: Param, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        announce_kind()
        self.param = param
        self.gesture = DragValue(param, self)
        self.gesture.changing.connect(self.changing)
        self.gesture.committed.connect(self.committed)
        self.gesture.reverted.connect(self.reverted)
        self.gesture.shown.connect(self._on_shown)
        self.editor: ValueEdit | None = None
        self.controller = ""
        """What turns the value besides the hand: ``"CC 21"``, or nothing."""
        self.waits_for_controller = False
        self._locked = False
        self._colour: str | None = None
        self._quiet = False
        self._pointer: HeldPointer | None = None
        self._pressed_at = QPoint()
        self._hovered = False
        self._was_pressed = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(f"{param.section} {param.label or param.name}".strip())
        EventAnswers(self, claims=self._wants, tip=self._tip_at)
        self.setAccessibleDescription(param.help)
        self.setToolTip(self._tip())

    def set_param(self, param: Param) -> None:
        """The same parameter with other limits; a value outside them becomes the nearest inside."""
        value = param.clamp(self.value)
        self.param = self.gesture.param = param
        self.setToolTip(self._tip())
        self.set_value(value)

    def _tip(self) -> str:
        """What the value means, how far it goes, and how it is changed."""
        param, what = self.param, self.param.help or self.param.label
        if not param.choices:
            what += f" ({typeset(format_value(param, param.low))} to {typeset(format_value(param, param.high))})"
        return f"{what}\n{self.hint}"

    # What it shows

    @property
    def value(self) -> float:
        return self.gesture.value

    def set_value(self, value: float) -> None:
        """Show a value without a signal."""
        self.gesture.show(value)

    def enter(self, value: float) -> None:
        """Set a value as the person would: it is announced and committed."""
        self.gesture.set(value)

    def value_text(self) -> str:
        text = format_value(self.param, self.value)
        return choice_words(text) if self.param.choices else text

    @property
    def locked(self) -> bool:
        return self._locked

    def set_locked(self, locked: bool) -> None:
        if locked != self._locked:
            self._locked = locked
            self.setAccessibleDescription(f"{self.param.help} (locked)" if locked else self.param.help)
            self.update()
            self.lock_changed.emit(locked)

    def set_controller(self, controller: str, *, waits: bool = False) -> None:
        """Show which controller turns the value, and whether it waits to be given one."""
        if (controller, waits) != (self.controller, self.waits_for_controller):
            self.controller, self.waits_for_controller = controller, waits
            self.update()

    def host(self) -> ValueHost | None:
        """The nearest :class:`ValueHost` around the widget."""
        place: QWidget | None = self
        while place is not None:
            if (host := getattr(place, "value_host", None)) is not None:
                return cast("ValueHost", host)
            place = place.parentWidget()
        return None

    def set_colour(self, colour: str | None) -> None:
        """Draw the value in another colour than the accent; ``None`` for the accent."""
        if colour != self._colour:
            self._colour = colour
            self.update()

    def set_quiet(self, on: bool) -> None:
        """Draw the value in no colour: what it belongs to changes nothing of the sound now. It can still be turned."""
        if on != self._quiet:
            self._quiet = on
            self.update()

    def tone(self) -> str:
        """The colour of the theme that the value is drawn in."""
        theme = tokens()
        return theme.disabled if self._quiet or not self.isEnabled() else self._colour or theme.accent

    def value_rect(self) -> QRect:
        """Where a click means typing."""
        return self.rect()

    def editor_rect(self) -> QRect:
        """Where the field to type in goes."""
        return self.value_rect()

    def _on_shown(self) -> None:
        self.update()
        announce_change(self, self.value)

    # Typing

    def open_editor(self, *, by_click: bool = False) -> None:
        """Open a field over the value to type in."""
        self.gesture.finish()
        if self.editor is None:
            self.editor = ValueEdit(self, self.editor_rect(), self.value_text(), self.gesture.type, by_click)
            self.editor.closed.connect(self._on_editor_closed)
            self.editor.double_clicked.connect(self.gesture.reset)
            self.editor.tabbed.connect(self._edit_next)

    def _on_editor_closed(self) -> None:
        self.editor = None
        self.update()

    def _edit_next(self, forward: bool) -> None:
        place: QWidget = self
        while True:
            place = place.nextInFocusChain() if forward else place.previousInFocusChain()
            if place is self:
                return
            if isinstance(place, ValueWidget) and place.isVisible() and place.isEnabled():
                place.setFocus(Qt.FocusReason.TabFocusReason)
                place.open_editor()
                return

    # Mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            # Another button during a drag takes it back.
            self._end_drag(keep=False)
            return
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        self._was_pressed = True
        self.gesture.begin()
        self._pressed_at = event.position().toPoint()
        self._pointer = None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if not event.buttons() & Qt.MouseButton.LeftButton or not self.gesture.busy:
            return
        if self._pointer is None:
            # The drag begins where the threshold is passed, so the value does not jump by it.
            if (event.position().toPoint() - self._pressed_at).manhattanLength() >= DRAG_THRESHOLD_PX:
                self._pointer = HeldPointer(self, event)
            return
        self._drag_by(self._pointer.step(event), event.modifiers())

    def _drag_by(self, step: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        """The pointer moved on in a drag: up is more."""
        self.gesture.drag(-step.y(), modifiers)

    def _is_click(self, event: QMouseEvent) -> bool:
        """Whether this release ends a press that became no drag."""
        return event.button() == Qt.MouseButton.LeftButton and self.gesture.busy and self._pointer is None

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or not self.gesture.busy:
            return
        clicked = self._is_click(event)
        self._end_drag(keep=not event.modifiers() & ALT)
        if clicked and self.value_rect().contains(event.position().toPoint()):
            self.open_editor(by_click=True)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            if self.editor is not None:
                self.editor.close_unchanged()
            self.gesture.reset()

    def _end_drag(self, *, keep: bool) -> None:
        if self._pointer is not None:
            self._pointer.release()
            self._pointer = None
        if keep:
            self.gesture.finish()
        else:
            self.gesture.cancel()

    def wheelEvent(self, event: QWheelEvent) -> None:
        # With Alt, and with Shift on a Mac, the wheel turns sideways.
        turn = event.angleDelta().y() or event.angleDelta().x()
        if turn == 0 or is_scrolling(self):
            event.ignore()
            return
        event.accept()
        if self._pointer is None:
            self.gesture.wheel(turn / 120.0, event.modifiers())

    def enterEvent(self, event: QEnterEvent) -> None:
        self._hovered = True
        self.update()
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._hovered = False
        self.update()
        if self._pointer is None:
            self._was_pressed = False
            self.gesture.finish()
        super().leaveEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        if (host := self.host()) is not None:
            host.show_controller_on(self)
        super().showEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        self._end_drag(keep=self._pointer is None)
        super().hideEvent(event)

    # Keys

    def _tip_at(self, place: QPoint) -> str | None:
        """Whoever turns it looks at the value, which the tip would cover."""
        return "" if self._was_pressed else None

    def _wants(self, event: QKeyEvent) -> bool:
        if event.key() == Qt.Key.Key_Escape:
            return self.gesture.busy
        if event.matches(QKeySequence.StandardKey.Copy) or event.matches(QKeySequence.StandardKey.Paste):
            return True
        key, modifiers = event.key(), event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if key in _ARROWS or key in _PAGES:
            # Shift and Ctrl make the steps finer and coarser.
            return not modifiers & ALT
        # With a modifier these belong to the window: Ctrl+Return keeps a take.
        return key in _KEYS and modifiers == Qt.KeyboardModifier.NoModifier

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self._wants(event):
            super().keyPressEvent(event)
            return
        key = event.key()
        if key == Qt.Key.Key_Escape:
            self._end_drag(keep=False)
        elif event.matches(QKeySequence.StandardKey.Copy):
            copy_value(self)
        elif event.matches(QKeySequence.StandardKey.Paste):
            paste_value(self)
        elif self._pointer is not None:
            # The hand is at the mouse: keys wait.
            pass
        elif key in _ARROWS or key in _PAGES:
            self.gesture.nudge((_ARROWS | _PAGES)[Qt.Key(key)], event.modifiers())
        elif key in _ENDS:
            self.gesture.go_to(self.param.high if key == Qt.Key.Key_End else self.param.low)
        elif key in _DEFAULTS:
            self.gesture.reset()
        else:
            self.open_editor()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        if self._pointer is None:
            self.gesture.finish()
        self.update()
        super().focusOutEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.update()
        super().focusInEvent(event)

    # Menu

    def build_menu(self) -> QMenu:
        """The context menu; the caller shows and deletes it."""
        menu = value_menu(self)
        if (host := self.host()) is not None:
            host.extend_value_menu(self, menu)
        self.menu_opening.emit(menu)
        return menu

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.gesture.finish()
        keyboard = event.reason() == QContextMenuEvent.Reason.Keyboard
        pop_up(self.build_menu(), self.mapToGlobal(self.rect().center()) if keyboard else event.globalPos())
