"""The envelope editor: four handles on the curve that the engine plays, and the curve between them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QFocusEvent, QHideEvent, QKeyEvent, QKeySequence, QMouseEvent
from PySide6.QtWidgets import QMenu, QWidget

from app.controls.drag_value import ALT, CTRL, SHIFT, DragValue
from app.controls.envelope_grip import Grip, grip_at
from app.controls.envelope_menu import copy_envelope, envelope_menu, paste_envelope
from app.controls.envelope_shape import N_STAGES
from app.controls.envelope_values import EnvelopeValues
from app.controls.envelope_view import LEAST_HEIGHT_PX as LEAST_HEIGHT_PX
from app.controls.envelope_view import EnvelopeView
from app.controls.event_answers import EventAnswers
from app.controls.gesture_group import GestureGroup
from app.controls.handle_keys import HANDLE_KEYS, RESETS, SIDEWAYS, UPWARDS
from app.controls.menus import pop_up
from app.controls.value_edit import ValueEdit, within
from engine.errors import ParamTextError
from engine.params import Param
from engine.params.text import format_value, parse_value

EDITOR_SIZE = QSize(140, 24)
BEYOND_PX = 12.0
"""So far beyond the widget a drag in true time goes twice as fast: long times are within reach."""
HINT = (
    "Drag a handle: time and level. Drag the curve up or down: the levels at both its ends; sideways: its time.\n"
    "Shift is fine, Ctrl steps, Alt snaps back. Double-click a handle to type both.\n"
    "The wheel zooms, a drag on the paper moves it, a double-click there or Fit shows everything.\n"
    "Keys: Ctrl+Left and Ctrl+Right choose a handle, arrows move it, Enter types, Ctrl+C and Ctrl+V copy and paste."
)


class EnvelopeEditor(EnvelopeView):
    """Edits four ``times`` and four ``levels`` (in dB, semitones or as shares) under the gestures of
    :class:`DragValue`, several at once. ``clock`` is the parameter that says what a time means, where there is one.

    ``changing(name, value)`` is emitted for each value while a handle moves, ``moved`` once for all of them, and
    ``committed(name, value)`` once for the whole gesture, with the first that changed.
    """

    changing = Signal(str, float)
    committed = Signal(str, float)
    reverted = Signal()
    moved = Signal(object)
    """The new values by name after one movement of the hand, which most often changes a time and a level."""
    entered = Signal(object, str)
    """Values by name that came at once, and a word for it: ``"Paste envelope"``. They are for the document to take."""
    lock_wanted = Signal(object, bool)
    """Storage names to lock or to unlock."""
    link_wanted = Signal(str, bool)
    """Link to another envelope (its owner, such as ``"op3"``), or (false, with the own name) leave the group."""

    def __init__(
        self,
        times: Sequence[Param],
        levels: Sequence[Param],
        parent: QWidget | None = None,
        *,
        clock: Param | None = None,
    ) -> None:
        super().__init__(times, levels, clock, parent)
        self._group = GestureGroup(self.gestures, self)
        self._group.ended.connect(self._on_ended)
        self._group.changing.connect(self.changing)
        self._group.moved.connect(self.moved)
        self._group.committed.connect(self.committed)
        self._group.reverted.connect(self.reverted)
        self.corner.link_clicked.connect(self._pop_up_links)
        self.setMouseTracking(True)
        EventAnswers(self, claims=self._wants)
        self.setToolTip(HINT)

    # Gestures

    def _on_ended(self) -> None:
        self._grip = None
        self._frozen = self._reach = None
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            self._group.end(keep=False)
            return
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        self._group.end(keep=True)
        grip = grip_at(self.picture(), event.position())
        self._last = event.position()
        self._grip = grip
        if grip.kind == "paper":
            self._show_cursor(grip)
            return
        if grip.kind == "handle":
            self.selected = grip.stage
        self._frozen, self._reach = max(sum(self.weights()), 1e-6), self.shape().high
        for gesture in {*self._levels_of(grip), *self._times_of(grip)}:
            gesture.begin()
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        grip = self._grip
        if grip is None:
            self._hover(grip_at(self.picture(), event.position()))
            return
        step = event.position() - self._last
        if grip.kind == "curve" and grip.way is None:
            # The first few pixels decide which way the hand goes, and are not lost.
            grip = self._grip = grip.decided(step)
            if grip.way is None:
                return
        self._last = event.position()
        if grip.kind == "paper":
            self.pan(step.x())
            return
        with self._group.together():
            if step.y() and grip.moves_levels:
                first, shape = self.levels[0], self.shape()
                travel_px = self.plot().height() * (first.high - first.low) / (shape.high - shape.low)
                for level in self._levels_of(grip):
                    level.drag(-step.y(), event.modifiers(), travel_px)
            if step.x() and grip.moves_time:
                for time in self._times_of(grip):
                    self._drag_time(time, step.x(), event)

    def _levels_of(self, grip: Grip) -> list[DragValue]:
        return [self.gestures[N_STAGES + stage] for stage in grip.levels]

    def _times_of(self, grip: Grip) -> list[DragValue]:
        return [] if grip.stage >= N_STAGES else [self.gestures[grip.stage]]

    def _drag_time(self, time: DragValue, pixels: float, event: QMouseEvent) -> None:
        """Move a time so that its handle stays under the pointer."""
        room, whole = self.layout_px().room_px, self._frozen or 1.0
        if not self._true_time:
            time.drag(pixels, event.modifiers(), room / whole)
            return
        # A pixel is the same number of seconds everywhere, and more of them beyond the edge.
        beyond = max(event.position().x() - self.width(), 0.0)
        factor = max(self.shape().factor(self.gestures.index(time)), 0.05)
        seconds = pixels * whole / room * (1.0 + beyond / BEYOND_PX) / factor
        seconds *= 0.1 if event.modifiers() & SHIFT else 1.0
        target = time.param.to_unit(time.value + seconds)
        time.drag(target - time.position, event.modifiers() & ~SHIFT, 1.0)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._grip is not None:
            self._group.end(keep=not event.modifiers() & ALT)
            self._start_px = self.layout_px().start_px
            self._hover(grip_at(self.picture(), event.position()))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        grip = grip_at(self.picture(), event.position())
        if grip.kind == "handle":
            self.selected = grip.stage
            self.open_editor()
        else:
            self.fit()

    def leaveEvent(self, event: QEvent) -> None:
        self._hover(None)
        super().leaveEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        self._group.end(keep=self._grip is None)
        super().hideEvent(event)

    def _hover(self, grip: Grip | None) -> None:
        if grip != self._hovered:
            self._hovered = grip
            self._show_cursor(grip)
            self.update()

    def _show_cursor(self, grip: Grip | None) -> None:
        if grip is None or (grip.kind == "paper" and self._zoom <= 1.0):
            self.unsetCursor()
        elif grip.kind == "paper":
            held = self._grip is not None
            self.setCursor(Qt.CursorShape.ClosedHandCursor if held else Qt.CursorShape.OpenHandCursor)
        else:
            self.setCursor(Qt.CursorShape.SizeAllCursor if grip.stage < N_STAGES else Qt.CursorShape.SizeVerCursor)

    def reset(self, stage: int) -> None:
        """Time and level of a stage back to their defaults, in one gesture."""
        self._set_pair(stage, *(g.param.default for g in self._pair(stage)))

    def _set_pair(self, stage: int, *values: float) -> None:
        self._group.end(keep=True)
        with self._group.together():
            for gesture, value in zip(self._pair(stage), values, strict=True):
                gesture.begin()
                gesture.go_to(value)
        self._group.end(keep=True)

    # Copy, paste, links

    def paste(self, values: EnvelopeValues) -> None:
        """Take over an envelope of the same kind; what is locked stays."""
        if not values.fits(self.levels):
            return
        self._group.end(keep=True)
        now = {name: gesture.value for name, gesture in self._names.items()}
        if self.clock is not None:
            now[self.clock.name] = self._clock_value
        wanted = values.onto(self.times, self.levels, self.clock)
        changed = {n: v for n, v in wanted.items() if v != now[n] and n not in self.locked}
        if changed:
            self.entered.emit(changed, "Paste envelope")

    def _pop_up_links(self) -> None:
        pop_up(self.build_menu(None, links_only=True), self.corner.below_link())

    # Typing

    def open_editor(self) -> None:
        """Open a field at the selected handle: time and level, apart by a semicolon."""
        if self.editor is not None:
            return
        self._group.end(keep=True)
        time, level = self._pair(self.selected)
        text = f"{format_value(time.param, time.value)}; {format_value(level.param, level.value)}"
        place = QRect(QPoint(), EDITOR_SIZE)
        place.moveCenter(self.handle(self.selected).toPoint() - QPoint(0, 20))
        self.editor = ValueEdit(self, within(self, place), text, self._accept, False)
        self.editor.closed.connect(self._on_editor_closed)
        self.editor.tabbed.connect(self._edit_next)

    def _on_editor_closed(self) -> None:
        self.editor = None

    def _edit_next(self, forward: bool) -> None:
        self.selected = (self.selected + (1 if forward else -1)) % N_STAGES
        self.open_editor()

    def _accept(self, text: str) -> None:
        """Read ``"time; level"``, or one of the two: what has no level's unit is a time."""
        time, level = self._pair(self.selected)
        parts = [part for part in text.split(";") if part.strip()]
        if len(parts) > 2 or not parts:
            example = format_value(level.param, level.param.from_unit(0.75))
            raise ParamTextError(f"A handle takes a time and a level, such as 250 ms; {example}.")
        if len(parts) == 1:
            try:
                self._set_pair(self.selected, parse_value(time.param, parts[0], time.value), level.value)
            except ParamTextError:
                self._set_pair(self.selected, time.value, parse_value(level.param, parts[0], level.value))
            return
        values = [parse_value(g.param, part, g.value) for g, part in zip((time, level), parts, strict=True)]
        self._set_pair(self.selected, *values)

    # Keys

    def _wants(self, event: QKeyEvent) -> bool:
        if event.key() == Qt.Key.Key_Escape:
            return self._group.busy
        if event.matches(QKeySequence.StandardKey.Copy) or event.matches(QKeySequence.StandardKey.Paste):
            return True
        return not event.modifiers() & ALT and event.key() in HANDLE_KEYS

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self._wants(event):
            super().keyPressEvent(event)
            return
        key = Qt.Key(event.key())
        if key == Qt.Key.Key_Escape:
            self._group.end(keep=False)
        elif event.matches(QKeySequence.StandardKey.Copy):
            copy_envelope(self)
        elif self._grip is not None:
            # The hand is at the mouse: keys wait.
            pass
        elif event.matches(QKeySequence.StandardKey.Paste):
            paste_envelope(self)
        elif key in SIDEWAYS and event.modifiers() & CTRL:
            self._group.end(keep=True)
            self.selected = (self.selected + SIDEWAYS[key]) % N_STAGES
            self.update()
        elif key in SIDEWAYS:
            self._pair(self.selected)[0].nudge(SIDEWAYS[key], event.modifiers())
        elif key in UPWARDS:
            self._pair(self.selected)[1].nudge(UPWARDS[key], event.modifiers())
        elif key in RESETS:
            self.reset(self.selected)
        else:
            self.open_editor()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        if self._grip is None:
            self._group.end(keep=True)
        self.update()
        super().focusOutEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.update()
        super().focusInEvent(event)

    # Menu

    def build_menu(self, stage: int | None, *, links_only: bool = False) -> QMenu:
        """The context menu over a handle, or over the paper (``None``); the caller shows and deletes it."""
        if stage is not None:
            self.selected = stage
        return envelope_menu(self, stage, links_only=links_only)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self._group.end(keep=True)
        keyboard = event.reason() == QContextMenuEvent.Reason.Keyboard
        grip = grip_at(self.picture(), QPointF(event.pos()))
        stage = self.selected if keyboard else grip.stage if grip.kind == "handle" else None
        place = self.mapToGlobal(self.handle(self.selected).toPoint()) if keyboard else event.globalPos()
        pop_up(self.build_menu(stage), place)
