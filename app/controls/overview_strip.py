"""The whole sound in one strip, with a window over what the views show: move it, pull its edges, or zoom on it."""

from __future__ import annotations

from typing import Literal

import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPixmap, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app import theme
from app.controls.images import indexed_pixmap
from app.controls.paint import by_keyboard, colour, focus_frame, pen
from app.controls.time_axis import TimeAxis
from app.controls.time_view import PAN_SHARE, TICK_FACTOR, TICK_UNITS
from app.controls.wave_image import draw_wave, wave_colours
from engine.audio.pyramid import Pyramid

_EDGE_PX = 5
_LEAST_WINDOW_PX = 6
_MOST_GAIN = 32.0


class OverviewStrip(QWidget):
    """All channels laid over each other; never zoomed."""

    def __init__(self, axis: TimeAxis, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.axis = axis
        self.pyramid: Pyramid | None = None
        self.setAccessibleName("Overview")
        self.setAccessibleDescription("The whole sound. Drag the window to move the views, drag its edges to zoom.")
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(40)
        self._wave = QPixmap()
        self._framed = False
        self._wave_for: tuple[object, ...] = ()
        self._mode: Literal["", "move", "start", "end"] = ""
        self._grabbed_s = 0.0
        axis.range_changed.connect(self.update)
        axis.selection_changed.connect(self.update)
        axis.playhead_changed.connect(self._repaint_stripes)

    def set_pyramid(self, pyramid: Pyramid | None) -> None:
        """Show this sound."""
        self.pyramid = pyramid
        self._wave_for = ()
        self.update()

    def x_of(self, time_s: float) -> float:
        """Pixel of a time."""
        return time_s / self.axis.duration_s * self.width() if self.axis.duration_s > 0 else 0.0

    def time_at(self, x: float) -> float:
        """Time at a pixel."""
        return x / max(self.width(), 1) * self.axis.duration_s

    def window_rect(self) -> QRectF:
        """What the views show; never too narrow to be caught."""
        left, right = self.x_of(self.axis.start_s), self.x_of(self.axis.end_s)
        lacking = max(_LEAST_WINDOW_PX - (right - left), 0) / 2
        return QRectF(left - lacking, 0, right - left + 2 * lacking, self.height())

    # -- painting ----------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = theme.tokens()
        painter = QPainter(self)
        if self.axis.duration_s <= 0:
            painter.fillRect(event.rect(), colour(tokens.canvas))
            return
        self._refresh_wave()
        painter.drawPixmap(0, 0, self._wave)
        selection = self.axis.selection
        if selection is not None:
            left, right = self.x_of(selection.start_s), self.x_of(selection.end_s)
            painter.fillRect(QRectF(left, 0, max(right - left, 1), self.height()), colour(tokens.selection, 60))
        if self.axis.span_s < self.axis.duration_s:
            window = self.window_rect()
            shade = colour(tokens.window, 150)
            painter.fillRect(QRectF(0, 0, window.left(), self.height()), shade)
            painter.fillRect(QRectF(window.right(), 0, self.width() - window.right(), self.height()), shade)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(pen(tokens.accent, 230))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(window.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour(tokens.accent))
            for x in (window.left(), window.right()):
                painter.drawRoundedRect(QRectF(x - 1.5, self.height() / 2 - 7, 3, 14), 1.5, 1.5)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.fillRect(QRectF(round(self.x_of(self.axis.playhead_s)), 0, 1, self.height()), colour(tokens.playhead))
        if self._framed:
            focus_frame(painter, self)

    def _refresh_wave(self) -> None:
        scale, tokens = self.devicePixelRatioF(), theme.tokens()
        wanted = (self.size(), scale, tokens.name)
        if self._wave_for == wanted:
            return
        columns, rows = max(round(self.width() * scale), 1), max(round(self.height() * scale), 1)
        joined = np.zeros((3, columns), np.float32)
        if self.pyramid is not None and self.pyramid.n_frames:
            found = self.pyramid.columns(np.linspace(0, self.pyramid.n_frames, columns + 1))
            joined = np.stack([found[:, 0].min(0), found[:, 1].max(0), found[:, 2].mean(0)])
        colours = wave_colours(tokens.canvas, tokens.wave, tokens.wave)
        # The strip shows the shape, not the level: a quiet sound is drawn as tall as a loud one.
        gain = min(1 / max(float(np.abs(joined[:2]).max()), 1e-9), _MOST_GAIN)
        self._wave = indexed_pixmap(draw_wave(joined, rows, gain=0.94 * gain, thickness=scale), colours, scale)
        self._wave_for = wanted

    def _repaint_stripes(self, old: float, new: float) -> None:
        before, after = (round(self.x_of(t)) for t in (old, new))
        if before != after:
            for x in (before, after):
                self.update(QRect(x - 1, 0, 3, self.height()))

    # -- gestures ----------------------------------------------------------------------------------

    def _part_at(self, x: float) -> Literal["", "move", "start", "end"]:
        window = self.window_rect()
        if abs(x - window.left()) <= _EDGE_PX and self.axis.start_s > 0:
            return "start"
        if abs(x - window.right()) <= _EDGE_PX and self.axis.end_s < self.axis.duration_s:
            return "end"
        if window.left() <= x <= window.right():
            # The window fills the strip: its edges can be pulled in from the ends.
            if self.axis.span_s >= self.axis.duration_s:
                return "start" if x <= 2 * _EDGE_PX else "end" if x >= self.width() - 2 * _EDGE_PX else "move"
            return "move"
        return ""

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self.axis.duration_s <= 0 or event.button() not in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            return
        x = event.position().x()
        self._mode = self._part_at(x)
        if not self._mode:
            half = self.axis.span_s / 2
            self.axis.show_range(self.time_at(x) - half, self.time_at(x) + half)
            self._mode = "move"
        self._grabbed_s = self.time_at(x) - self.axis.start_s

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        x = event.position().x()
        time_s = self.time_at(x)
        if self._mode == "move":
            self.axis.pan(time_s - self._grabbed_s - self.axis.start_s)
        elif self._mode == "start":
            self.axis.show_range(max(min(time_s, self.axis.end_s - 1e-3), 0.0), self.axis.end_s)
        elif self._mode == "end":
            end = min(max(time_s, self.axis.start_s + 1e-3), self.axis.duration_s)
            self.axis.show_range(self.axis.start_s, end)
        else:
            self._show_cursor(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._mode = ""
        self._show_cursor(event.position())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._mode = ""
        self.axis.show_all()

    def wheelEvent(self, event: QWheelEvent) -> None:
        turn = event.angleDelta()
        if abs(turn.x()) > abs(turn.y()) or event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            amount = (turn.x() or turn.y()) / TICK_UNITS
            self.axis.pan(-amount * PAN_SHARE * self.axis.span_s)
        else:
            at = min(max(self.time_at(event.position().x()), self.axis.start_s), self.axis.end_s)
            self.axis.zoom(TICK_FACTOR ** (turn.y() / TICK_UNITS), at)
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        middle = (self.axis.start_s + self.axis.end_s) / 2
        if event.key() == Qt.Key.Key_Left:
            self.axis.pan(-PAN_SHARE * self.axis.span_s)
        elif event.key() == Qt.Key.Key_Right:
            self.axis.pan(PAN_SHARE * self.axis.span_s)
        elif event.key() in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.axis.zoom(TICK_FACTOR**2, middle)
        elif event.key() == Qt.Key.Key_Minus:
            self.axis.zoom(TICK_FACTOR**-2, middle)
        else:
            super().keyPressEvent(event)

    def _show_cursor(self, at: QPointF) -> None:
        part = self._part_at(at.x()) if self.axis.duration_s > 0 else ""
        shape = Qt.CursorShape.PointingHandCursor
        if part in ("start", "end"):
            shape = Qt.CursorShape.SizeHorCursor
        elif part == "move":
            shape = Qt.CursorShape.OpenHandCursor
        self.setCursor(shape if self.axis.duration_s > 0 else Qt.CursorShape.ArrowCursor)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._wave_for = ()

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._framed = by_keyboard(event.reason())
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._framed = False
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(640, 40)
