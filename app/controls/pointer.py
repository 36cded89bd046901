"""The pointer during a drag: hidden, and never stopped by the edge of the screen."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QCursor, QInputDevice, QMouseEvent
from PySide6.QtWidgets import QWidget

EDGE_PX = 1


class HeldPointer:
    """Turns mouse events into steps of a drag.

    A mouse's pointer is hidden while it drags and, at the top or bottom of the screen, set back to the middle; a pen
    or a finger points at a place, so theirs is left alone. Where a platform refuses to move the pointer (Wayland) the
    drag ends at the edge like any other.
    """

    def __init__(self, widget: QWidget, event: QMouseEvent) -> None:
        self._widget = widget
        self._last = event.globalPosition()
        self._start = QCursor.pos()
        self._is_mouse = event.device() is not None and event.device().type() == QInputDevice.DeviceType.Mouse
        self._moved = False
        self._left_behind: float | None = None
        self._cursor = widget.cursor() if widget.testAttribute(Qt.WidgetAttribute.WA_SetCursor) else None

    def step(self, event: QMouseEvent) -> QPointF:
        """How far the pointer went since the last event, in pixels; y grows downwards."""
        if not self._moved:
            self._moved = True
            self._widget.setCursor(Qt.CursorShape.BlankCursor)
        here = event.globalPosition()
        if self._left_behind is not None and abs(here.y() - self._left_behind) < abs(here.y() - self._last.y()):
            # An event from before the pointer was moved.
            return QPointF()
        self._left_behind = None
        step = here - self._last
        self._last = here
        self._stay_on_screen(here)
        return step

    def _stay_on_screen(self, here: QPointF) -> None:
        screen = self._widget.screen()
        if not self._is_mouse or screen is None:
            return
        area = screen.geometry()
        if area.top() + EDGE_PX < here.y() < area.bottom() - EDGE_PX or not area.contains(here.toPoint()):
            return
        QCursor.setPos(round(here.x()), area.center().y())
        if abs(QCursor.pos().y() - area.center().y()) <= EDGE_PX:
            self._left_behind = here.y()
            self._last = QPointF(here.x(), area.center().y())

    def release(self) -> None:
        """Show the pointer again, where the drag began."""
        if self._cursor is not None:
            self._widget.setCursor(self._cursor)
        else:
            self._widget.unsetCursor()
        if self._moved and self._is_mouse:
            QCursor.setPos(self._start)
