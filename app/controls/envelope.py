"""The envelope editor: four handles on the curve that the engine plays."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPaintEvent,
)
from PySide6.QtWidgets import QMenu, QSizePolicy, QWidget

from app.controls.drag_value import ALT, CTRL, PAGE_STEPS, SHIFT, DragValue
from app.controls.envelope_picture import EnvelopePicture, on_paper
from app.controls.envelope_shape import HOLD_SHARE, MIN_STAGE_SHARE, N_STAGES, EnvelopeShape
from app.controls.gesture_group import GestureGroup
from app.controls.value_edit import ValueEdit
from app.controls.words import typeset
from app.theme import tokens
from engine.errors import ParamTextError
from engine.params import Param, Values
from engine.params.text import format_value, parse_value

GRAB_PX = 18.0
MARGIN_PX = 12.0
EDITOR_SIZE = QSize(140, 24)
LEAST_HEIGHT_PX, USUAL_HEIGHT_PX = 72, 132
HINT = (
    "Drag a handle: time and level. Shift is fine, Ctrl steps, Alt snaps back. Double-click to type both.\n"
    "Keys: Ctrl+Left and Ctrl+Right choose a handle, arrows move it, Enter types."
)


class EnvelopeEditor(QWidget):
    """Edits four ``times`` and four ``levels`` under the gestures of :class:`DragValue`, two of them at once.

    ``changing(name, value)`` is emitted for each of the two while a handle moves, ``moved`` once for both, and
    ``committed(name, value)`` once
    for the whole gesture, with the one that changed (the time's if both did).
    """

    changing = Signal(str, float)
    committed = Signal(str, float)
    reverted = Signal()
    moved = Signal(object)
    """The new values by name after one movement of the hand, which most often changes a time and a level."""

    def __init__(self, times: Sequence[Param], levels: Sequence[Param], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        if len(times) != N_STAGES or len(levels) != N_STAGES:
            raise ValueError(f"An envelope has {N_STAGES} times and levels, not {len(times)} and {len(levels)}.")
        self.gestures = [DragValue(param, self) for param in (*times, *levels)]
        for gesture in self.gestures:
            gesture.shown.connect(self._on_shown)
        self._group = GestureGroup(self.gestures, self)
        self._group.ended.connect(self._on_ended)
        self._group.changing.connect(self.changing)
        self._group.moved.connect(self.moved)
        self._group.committed.connect(self.committed)
        self._group.reverted.connect(self.reverted)
        self.editor: ValueEdit | None = None
        self.selected = 0
        self._names = {gesture.param.name: gesture for gesture in self.gestures}
        self._hovered: int | None = None
        self._dragging = False
        self._last = QPointF()
        self._true_time = False
        self._frozen_span_s: float | None = None
        self._colour: str | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setAccessibleName(f"{times[0].section} envelope".strip())
        self.setToolTip(HINT)
        self._describe()

    def sizeHint(self) -> QSize:
        return QSize(400, USUAL_HEIGHT_PX)

    def minimumSizeHint(self) -> QSize:
        return QSize(240, LEAST_HEIGHT_PX)

    # What it shows

    def set_values(self, values: Values) -> None:
        """Show values by name without a signal."""
        for name, gesture in self._names.items():
            value = values.get(name)
            if isinstance(value, int | float):
                gesture.show(float(value))

    def set_colour(self, colour: str | None) -> None:
        self._colour = colour
        self.update()

    @property
    def true_time(self) -> bool:
        return self._true_time

    def set_true_time(self, on: bool) -> None:
        """Lay time out in true proportions, fitted to the width, instead of by the knobs' travel."""
        self._true_time = on
        self.update()

    def shape(self) -> EnvelopeShape:
        """The curve as it is laid out now."""
        values = [g.value for g in self.gestures]
        times, levels = [g.param for g in self.gestures[:4]], [g.param for g in self.gestures[4:]]
        if self._true_time:
            return EnvelopeShape.by_time(levels, values, self._frozen_span_s)
        return EnvelopeShape.by_stages(times, levels, values)

    def handle(self, stage: int) -> QPointF:
        """Where a stage's handle stands, in pixels."""
        return on_paper(self._plot(), *self.shape().node(stage))

    def _plot(self) -> QRectF:
        return QRectF(self.rect()).adjusted(MARGIN_PX, MARGIN_PX, -MARGIN_PX, -MARGIN_PX)

    def _pair(self, stage: int) -> tuple[DragValue, DragValue]:
        return self.gestures[stage], self.gestures[stage + N_STAGES]

    def _words(self, stage: int) -> str:
        time, level = self._pair(stage)
        return (
            f"{time.param.label} {format_value(time.param, time.value)}  "
            f"{level.param.label} {format_value(level.param, level.value)}"
        )

    def _describe(self) -> None:
        self.setAccessibleDescription("; ".join(self._words(stage) for stage in range(N_STAGES)))

    # Gestures

    def _on_shown(self) -> None:
        self._describe()
        self.update()

    def _on_ended(self) -> None:
        self._dragging = False
        self._frozen_span_s = None
        self.update()

    def _nearest(self, point: QPointF) -> int | None:
        """The handle under the pointer; of two on one spot, the later one if the pointer is to their right."""
        places = [self.handle(stage) for stage in range(N_STAGES)]
        distances = [((p.x() - point.x()) ** 2 + (p.y() - point.y()) ** 2) ** 0.5 for p in places]
        best = min(range(N_STAGES), key=lambda s: (round(distances[s]), -s if point.x() > places[s].x() else s))
        return best if distances[best] <= GRAB_PX else None

    def _time_travel_px(self, stage: int) -> float:
        """Pixels for the whole travel of a time's knob, so that the handle stays under the pointer."""
        full = (1.0 - HOLD_SHARE) / N_STAGES
        return max((full - MIN_STAGE_SHARE) * self._plot().width(), 1.0)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            self._group.end(keep=False)
            return
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        self._group.end(keep=True)
        stage = self._nearest(event.position())
        if stage is None:
            return
        self.selected = stage
        self._dragging = True
        self._last = event.position()
        self._frozen_span_s = sum(g.value for g in self.gestures[:N_STAGES])
        for gesture in self._pair(stage):
            gesture.begin()
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if not self._dragging:
            hovered = self._nearest(event.position())
            if hovered != self._hovered:
                self._hovered = hovered
                self.setCursor(Qt.CursorShape.ArrowCursor if hovered is None else Qt.CursorShape.SizeAllCursor)
                self.update()
            return
        step = event.position() - self._last
        self._last = event.position()
        time, level = self._pair(self.selected)
        with self._group.together():
            if step.y():
                level.drag(-step.y(), event.modifiers(), self._plot().height())
            if step.x() and self._true_time:
                self._drag_seconds(time, step.x(), event.modifiers())
            elif step.x():
                time.drag(step.x(), event.modifiers(), self._time_travel_px(self.selected))

    def _drag_seconds(self, time: DragValue, pixels: float, modifiers: Qt.KeyboardModifier) -> None:
        """Move a time in true proportions: a pixel is the same number of seconds everywhere."""
        room = (1.0 - HOLD_SHARE - N_STAGES * MIN_STAGE_SHARE) * self._plot().width()
        seconds = pixels * (self._frozen_span_s or 1.0) / max(room, 1.0) * (0.1 if modifiers & SHIFT else 1.0)
        target = time.param.to_unit(time.value + seconds)
        time.drag(target - time.position, modifiers & ~SHIFT, 1.0)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._dragging:
            self._group.end(keep=not event.modifiers() & ALT)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        stage = self._nearest(event.position())
        if event.button() == Qt.MouseButton.LeftButton and stage is not None:
            self.selected = stage
            self.open_editor()

    def leaveEvent(self, event: QEvent) -> None:
        self._hovered = None
        self.update()
        super().leaveEvent(event)

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
        place.moveLeft(min(max(place.left(), 4), self.width() - place.width() - 4))
        place.moveTop(max(place.top(), 4))
        self.editor = ValueEdit(self, place, text, self._accept, False)
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
            raise ParamTextError("A handle takes a time and a level, such as 250 ms; -9 dB.")
        if len(parts) == 1:
            try:
                self._set_pair(self.selected, parse_value(time.param, parts[0], time.value), level.value)
            except ParamTextError:
                self._set_pair(self.selected, time.value, parse_value(level.param, parts[0], level.value))
            return
        values = [parse_value(g.param, part, g.value) for g, part in zip((time, level), parts, strict=True)]
        self._set_pair(self.selected, *values)

    # Keys

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._wants(event):
            event.accept()
            return True
        return super().event(event)

    def _wants(self, event: QKeyEvent) -> bool:
        if event.key() == Qt.Key.Key_Escape:
            return self._group.busy
        return not event.modifiers() & ALT and event.key() in _KEYS

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self._wants(event):
            super().keyPressEvent(event)
            return
        key = Qt.Key(event.key())
        if key == Qt.Key.Key_Escape:
            self._group.end(keep=False)
        elif self._dragging:
            pass
        elif key in _SIDEWAYS and event.modifiers() & CTRL:
            self._group.end(keep=True)
            self.selected = (self.selected + _SIDEWAYS[key]) % N_STAGES
            self.update()
        elif key in _SIDEWAYS:
            self._pair(self.selected)[0].nudge(_SIDEWAYS[key], event.modifiers())
        elif key in _UPWARDS:
            self._pair(self.selected)[1].nudge(_UPWARDS[key], event.modifiers())
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.reset(self.selected)
        else:
            self.open_editor()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        if not self._dragging:
            self._group.end(keep=True)
        self.update()
        super().focusOutEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.update()
        super().focusInEvent(event)

    # Menu

    def build_menu(self, stage: int | None) -> QMenu:
        """The context menu over a handle, or over the paper (``None``); the caller shows and deletes it."""
        menu = QMenu(self)
        if stage is not None:
            self.selected = stage
            menu.addAction("Type time and level…").triggered.connect(self.open_editor)
            default = menu.addAction(f"Reset {self.gestures[stage].param.label.lower()}")
            default.triggered.connect(partial(self.reset, stage))
            menu.addSeparator()
        fit = menu.addAction("True time, fitted to the width")
        fit.setCheckable(True)
        fit.setChecked(self._true_time)
        fit.toggled.connect(self.set_true_time)
        return menu

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self._group.end(keep=True)
        keyboard = event.reason() == QContextMenuEvent.Reason.Keyboard
        menu = self.build_menu(self.selected if keyboard else self._nearest(QPointF(event.pos())))
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.mapToGlobal(self.handle(self.selected).toPoint()) if keyboard else event.globalPos())

    # Picture

    def paintEvent(self, event: QPaintEvent) -> None:
        active = self.selected if self._dragging or self.hasFocus() else None
        bright = {stage for stage in (active, self._hovered) if stage is not None}
        told = self.selected if self._dragging else self._hovered if self._hovered is not None else active
        picture = EnvelopePicture(self, self.shape(), self._plot(), self._colour or tokens().accent)
        picture.paint(bright, None if told is None or self.editor is not None else (told, typeset(self._words(told))))


_SIDEWAYS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
_UPWARDS = {
    Qt.Key.Key_Up: 1,
    Qt.Key.Key_Down: -1,
    Qt.Key.Key_PageUp: PAGE_STEPS,
    Qt.Key.Key_PageDown: -PAGE_STEPS,
}
_KEYS = {
    *_SIDEWAYS,
    *_UPWARDS,
    Qt.Key.Key_Delete,
    Qt.Key.Key_Backspace,
    Qt.Key.Key_Return,
    Qt.Key.Key_Enter,
    Qt.Key.Key_F2,
}
