"""What a hand does with a view of time: point, select, move edges, zoom, pan, pull the selection out."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from PySide6.QtCore import QPoint, QPointF, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QEnterEvent, QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QMenu, QWidget

from app.controls.menus import pop_up
from app.controls.read_out import ReadOut
from app.controls.time_axis import Selection, TimeAxis
from app.controls.time_picture import EDGE_PX, TimePicture

TICK_FACTOR = 1.19
"""Zoom of one wheel tick (15 degrees)."""
TICK_UNITS = 120.0
PAN_SHARE = 0.1
"""Part of the view that a tick or an arrow key moves it by."""
_DRAG_PX = 4

Mode = Literal["", "press", "select", "pan", "start", "end", "low", "high", "drag out"]
_PLAIN = Qt.KeyboardModifier.NoModifier


class TimeView(TimePicture):
    """A picture with gestures. Subclasses say besides what lies under the pointer."""

    drag_out_likely = Signal(object)
    """The pointer went down where a drag of the selection begins."""
    drag_out_requested = Signal(object)
    """The person pulls the :class:`Selection` out of the view."""

    def __init__(self, axis: TimeAxis, parent: QWidget | None = None) -> None:
        super().__init__(axis, parent)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.IBeamCursor)
        self.read_out = ReadOut(self)
        self._mode: Mode = ""
        self._pressed_at = QPoint()
        self._pressed_s = 0.0
        self._pressed_hz: float | None = None
        self._last_at = QPointF()
        self._anchor: Selection | None = None

    # -- for subclasses ----------------------------------------------------------------------------

    def band_at(self, y: float) -> float | None:
        """The frequency at a height, for views that have one."""
        return None

    def read(self, time_s: float, at: QPoint) -> tuple[list[str], list[str]]:
        """The figures at the pointer and the longest texts they can have."""
        raise NotImplementedError

    def zoom_across(self, factor: float, at: QPointF) -> None:
        """Alt or Ctrl and the wheel: zoom the other axis."""

    def pan_across(self, pixels: float) -> None:
        """Move the other axis with the hand."""

    # -- pointer -----------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if not self.shown:
            return
        at = event.position()
        self._pressed_at, self._last_at = at.toPoint(), at
        self._pressed_s, self._pressed_hz = self.time_at(at.x()), self.band_at(at.y())
        button, keys = event.button(), event.modifiers()
        hand = button == Qt.MouseButton.LeftButton and keys & Qt.KeyboardModifier.ControlModifier
        if button == Qt.MouseButton.MiddleButton or hand:
            self._mode = "pan"
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        elif button == Qt.MouseButton.LeftButton:
            inside = self._inside_selection(at)
            if self._on_grip(at) or (inside and keys & Qt.KeyboardModifier.AltModifier):
                self._mode = "drag out"
                self.drag_out_likely.emit(self.axis.selection)
            else:
                self._mode = self._edge_at(at) or "press"
            self._anchor = self.axis.selection

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        self._point(at.toPoint())
        if not self._mode:
            self._show_cursor(at)
            return
        moved = (at.toPoint() - self._pressed_at).manhattanLength() >= _DRAG_PX
        if self._mode == "pan":
            self.axis.pan(-(at.x() - self._last_at.x()) / max(self.width(), 1) * self.axis.span_s)
            self.pan_across(at.y() - self._last_at.y())
        elif self._mode == "drag out":
            if moved:
                # The drag takes the mouse over: no release will come.
                self._mode = ""
                self.drag_out_requested.emit(self.axis.selection)
        elif self._mode in ("press", "select"):
            if moved or self._mode == "select":
                self._mode = "select"
                self._follow_edge(at)
                self.axis.select(self._swept(at, event.modifiers()))
        elif self._anchor is not None:
            self._follow_edge(at)
            self._move_edge(at)
        self._last_at = at

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        mode, self._mode = self._mode, ""
        if mode == "press" or (mode == "drag out" and self._on_grip(event.position())):
            self.axis.seek_requested.emit(self.axis.clamped(self.time_at(event.position().x())))
        self._show_cursor(event.position())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if not self.shown or event.button() != Qt.MouseButton.LeftButton:
            return
        self._mode = ""
        if self.axis.selection is None:
            self.axis.select(Selection(0.0, self.axis.duration_s))
        else:
            self.axis.select(None)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if not self.shown:
            return
        keys = event.modifiers()
        turn = event.angleDelta()
        # With Alt the platform turns the wheel's direction; whichever moved more is meant.
        across = abs(turn.x()) > abs(turn.y())
        amount = (turn.x() if across else turn.y()) / TICK_UNITS
        if keys & (Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.ControlModifier):
            self.zoom_across(TICK_FACTOR**amount, event.position())
        elif across or keys & Qt.KeyboardModifier.ShiftModifier:
            pixels = event.pixelDelta().x() if across else 0
            share = pixels / max(self.width(), 1) if pixels else amount * PAN_SHARE
            self.axis.pan(-share * self.axis.span_s)
        else:
            self.axis.zoom(TICK_FACTOR**amount, self.time_at(event.position().x()))
        event.accept()
        self._point(event.position().toPoint())

    def enterEvent(self, event: QEnterEvent) -> None:
        self._point(event.position().toPoint())

    def leaveEvent(self, event: object) -> None:
        for stripe in self.hover_stripes():
            self.update(stripe)
        self._pointer = None
        self.axis.move_hover(None)
        self.read_out.hide()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if self.shown:
            pop_up(self.menu(), event.globalPos())

    def menu(self) -> QMenu:
        """What can be done here, for the right button and the menu key."""
        menu = QMenu(self)
        selected = self.axis.selection is not None
        menu.addAction("Show the whole sound", self.axis.show_all)
        menu.addAction("Zoom to the selection", self.axis.show_selection).setEnabled(selected)
        menu.addSeparator()
        menu.addAction("Select all", lambda: self.axis.select(Selection(0.0, self.axis.duration_s)))
        menu.addAction("Clear the selection", lambda: self.axis.select(None)).setEnabled(selected)
        return menu

    def point_again(self) -> None:
        """Another sound is shown under a pointer that rests: it is read off anew."""
        if self._pointer is not None:
            self._point(self._pointer)

    def _point(self, at: QPoint) -> None:
        if not self.shown:
            return
        for stripe in self.hover_stripes():
            self.update(stripe)
        self._pointer = at
        for stripe in self.hover_stripes():
            self.update(stripe)
        time_s = self.axis.clamped(self.time_at(at.x()))
        self.axis.move_hover(time_s)
        self.refresh_read_out()

    def refresh_read_out(self) -> None:
        """Read again what lies under the pointer, after the picture changed."""
        if self._pointer is None or not self.shown or not self.rect().contains(self._pointer):
            return
        parts, samples = self.read(self.axis.clamped(self.time_at(self._pointer.x())), self._pointer)
        self.read_out.show_parts(parts, samples, self._pointer)

    def _show_cursor(self, at: QPointF) -> None:
        edge = self._edge_at(at) if self.shown else ""
        if self.shown and self._on_grip(at):
            shape = Qt.CursorShape.OpenHandCursor
        elif edge in ("start", "end"):
            shape = Qt.CursorShape.SizeHorCursor
        elif edge:
            shape = Qt.CursorShape.SizeVerCursor
        else:
            shape = Qt.CursorShape.IBeamCursor if self.shown else Qt.CursorShape.ArrowCursor
        if self.cursor().shape() != shape:
            self.setCursor(shape)

    # -- selecting ---------------------------------------------------------------------------------

    def _swept(self, at: QPointF, keys: Qt.KeyboardModifier) -> Selection:
        """From where the button went down to here."""
        return Selection(self._pressed_s, self.time_at(at.x()))

    def _follow_edge(self, at: QPointF) -> None:
        """Scroll when a drag leaves the view."""
        beyond = min(at.x(), 0.0) + max(at.x() - self.width(), 0.0)
        if not beyond or self.axis.span_s >= self.axis.duration_s:
            return
        self.axis.pan(beyond / max(self.width(), 1) * self.axis.span_s * 0.25)

    def _move_edge(self, at: QPointF) -> None:
        selection = self._anchor
        assert selection is not None
        time_s, hz = self.time_at(at.x()), self.band_at(at.y())
        if self._mode == "start":
            selection = replace(selection, start_s=time_s)
        elif self._mode == "end":
            selection = replace(selection, end_s=time_s)
        elif hz is not None and selection.low_hz is not None and selection.high_hz is not None:
            low, high = (hz, selection.high_hz) if self._mode == "low" else (selection.low_hz, hz)
            selection = replace(selection, low_hz=min(low, high), high_hz=max(low, high))
        self.axis.select(selection)

    def _inside_selection(self, at: QPointF) -> bool:
        selection = self.axis.selection
        if selection is None:
            return False
        boxes = self.band_rects(selection, self.x_of(selection.start_s), self.x_of(selection.end_s))
        return any(box.contains(at) for box in boxes)

    def _on_grip(self, at: QPointF) -> bool:
        grip = self.grip()
        return grip is not None and grip.adjusted(-2, -2, 2, 2).contains(at.toPoint())

    def _edge_at(self, at: QPointF) -> Mode:
        selection = self.axis.selection
        if selection is None:
            return ""
        left, right = self.x_of(selection.start_s), self.x_of(selection.end_s)
        for box in self.band_rects(selection, left, right):
            if not box.adjusted(-EDGE_PX, -EDGE_PX, EDGE_PX, EDGE_PX).contains(at):
                continue
            # A narrow selection can be caught from outside: the nearer edge wins.
            if min(abs(at.x() - left), abs(at.x() - right)) <= EDGE_PX:
                return "start" if abs(at.x() - left) < abs(at.x() - right) else "end"
            if selection.low_hz is not None and min(abs(at.y() - box.top()), abs(at.y() - box.bottom())) <= EDGE_PX:
                return "high" if abs(at.y() - box.top()) < abs(at.y() - box.bottom()) else "low"
        return ""

    # -- keys --------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        keys = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        middle = self.axis.start_s + self.axis.span_s / 2
        if self.axis.hover_s is not None and self._pointer is not None:
            middle = self.axis.hover_s
        key = event.key()
        if key == Qt.Key.Key_Left and keys == _PLAIN:
            self.axis.pan(-PAN_SHARE * self.axis.span_s)
        elif key == Qt.Key.Key_Right and keys == _PLAIN:
            self.axis.pan(PAN_SHARE * self.axis.span_s)
        elif key == Qt.Key.Key_Up and keys == _PLAIN:
            self.pan_across(PAN_SHARE * self.height())
        elif key == Qt.Key.Key_Down and keys == _PLAIN:
            self.pan_across(-PAN_SHARE * self.height())
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal) and keys == _PLAIN:
            self.axis.zoom(TICK_FACTOR**2, middle)
        elif key == Qt.Key.Key_Minus and keys == _PLAIN:
            self.axis.zoom(TICK_FACTOR**-2, middle)
        elif key == Qt.Key.Key_Home and keys == _PLAIN:
            self.axis.pan(-self.axis.start_s)
        elif key == Qt.Key.Key_End and keys == _PLAIN:
            self.axis.pan(self.axis.duration_s - self.axis.end_s)
        elif key == Qt.Key.Key_F and keys == _PLAIN:
            self.axis.show_all()
        elif key == Qt.Key.Key_Escape and self._mode:
            # Taking back a drag comes before taking back what was selected earlier.
            self._mode = ""
            self.axis.select(self._anchor)
        elif key == Qt.Key.Key_Escape and self.axis.selection is not None:
            self.axis.select(None)
        else:
            super().keyPressEvent(event)
            return
        event.accept()
