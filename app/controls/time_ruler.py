"""The time scale above the views: drag up and down to zoom, sideways to move, as in an audio workstation."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QMouseEvent, QPainter, QPaintEvent, QPixmap, QPolygonF, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app import theme
from app.controls.paint import colour, pen, small_font
from app.controls.time_axis import TimeAxis
from app.controls.time_view import PAN_SHARE, TICK_FACTOR, TICK_UNITS
from app.controls.words import time_text

HEIGHT = 22
_ZOOM_PX = 120.0
"""A drag of this length zooms by e."""
_CLICK_PX = 4
_STEPS_S = (*(m * 10.0**p for p in range(-5, 1) for m in (1, 2, 5)), 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)


def label_step(seconds_per_pixel: float, least_px: float) -> float:
    """The smallest round step in seconds whose labels are at least ``least_px`` apart."""
    wanted = seconds_per_pixel * least_px
    return next((step for step in _STEPS_S if step >= wanted), _STEPS_S[-1] * math.ceil(wanted / _STEPS_S[-1]))


class TimeRuler(QWidget):
    """Labels, the selection and the playhead's mark."""

    def __init__(self, axis: TimeAxis, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.axis = axis
        self.setAccessibleName("Time ruler")
        self.setAccessibleDescription("Drag down to zoom in, up to zoom out, sideways to move. Double-click for all.")
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setFixedHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.SizeAllCursor)
        self._picture = QPixmap()
        self._picture_of: tuple[object, ...] = ()
        self._grabbed_s: float | None = None
        self._grabbed_at = QPointF()
        self._grabbed_span_s = 0.0
        self._dragged = False
        axis.range_changed.connect(self.update)
        axis.selection_changed.connect(self.update)
        axis.playhead_changed.connect(self._repaint_mark)

    def x_of(self, time_s: float) -> float:
        """Pixel of a time."""
        span = self.axis.span_s
        return (time_s - self.axis.start_s) / span * self.width() if span > 0 else 0.0

    def time_at(self, x: float) -> float:
        """Time at a pixel."""
        return self.axis.start_s + x / max(self.width(), 1) * self.axis.span_s

    def paintEvent(self, event: QPaintEvent) -> None:
        self._refresh_picture()
        scale = self.devicePixelRatioF()
        painter = QPainter(self)
        for rect in event.region():
            source = QRectF(rect.x() * scale, rect.y() * scale, rect.width() * scale, rect.height() * scale)
            painter.drawPixmap(QRectF(rect), self._picture, source)
        if self.axis.span_s > 0:
            self._paint_mark(painter)

    def _refresh_picture(self) -> None:
        """Labels are drawn when the range changes, not when the playhead moves over them."""
        axis, scale, tokens = self.axis, self.devicePixelRatioF(), theme.tokens()
        wanted = (axis.start_s, axis.end_s, axis.selection, self.width(), scale, tokens.name, self.font().key())
        if wanted == self._picture_of:
            return
        self._picture_of = wanted
        self._picture = QPixmap(round(self.width() * scale), round(HEIGHT * scale))
        self._picture.setDevicePixelRatio(scale)
        painter = QPainter(self._picture)
        painter.fillRect(self.rect(), colour(tokens.panel))
        painter.fillRect(QRect(0, HEIGHT - 1, self.width(), 1), colour(tokens.hairline))
        if axis.span_s > 0:
            self._paint_scale(painter)
        painter.end()

    def _paint_scale(self, painter: QPainter) -> None:
        tokens = theme.tokens()
        selection = self.axis.selection
        if selection is not None:
            left, right = self.x_of(selection.start_s), self.x_of(selection.end_s)
            painter.fillRect(QRectF(left, HEIGHT - 4, max(right - left, 1), 3), colour(tokens.selection, 200))
        painter.setFont(small_font(self))
        metrics = QFontMetrics(painter.font())
        per_pixel = self.axis.span_s / max(self.width(), 1)
        step = label_step(per_pixel, metrics.horizontalAdvance(time_text(self.axis.end_s, per_pixel)) + 28)
        minor = step / 5 if step < 10 or step % 5 == 0 else step / 3
        for k in range(math.floor(self.axis.start_s / minor), math.ceil(self.axis.end_s / minor) + 1):
            x = round(self.x_of(k * minor))
            painter.fillRect(QRect(x, HEIGHT - 5, 1, 4), colour(tokens.hairline))
        for k in range(max(math.floor(self.axis.start_s / step) - 1, 0), math.ceil(self.axis.end_s / step) + 1):
            x = round(self.x_of(k * step))
            painter.fillRect(QRect(x, HEIGHT - 9, 1, 8), colour(tokens.secondary, 140))
            painter.setPen(pen(tokens.secondary))
            text = time_text(k * step, step)
            # A label at the right edge is drawn whole or not at all.
            if x + 5 + metrics.horizontalAdvance(text) <= self.width():
                painter.drawText(QPointF(x + 5, 14), text)

    def _paint_mark(self, painter: QPainter) -> None:
        x = round(self.x_of(self.axis.playhead_s))
        if not -5 <= x <= self.width() + 5:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour(theme.tokens().playhead))
        at = x + 0.5
        corners = [QPointF(at - 4.5, HEIGHT - 9), QPointF(at + 4.5, HEIGHT - 9), QPointF(at, HEIGHT - 1)]
        painter.drawPolygon(QPolygonF(corners))

    def _repaint_mark(self, old: float, new: float) -> None:
        before, after = round(self.x_of(old)), round(self.x_of(new))
        if before != after:
            if abs(after - before) < 13:
                self.update(QRect(min(before, after) - 6, 0, abs(after - before) + 13, HEIGHT))
                return
            for x in (before, after):
                self.update(QRect(x - 6, 0, 13, HEIGHT))

    # -- gestures ----------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self.axis.duration_s <= 0 or event.button() not in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            return
        self._grabbed_at = event.position()
        self._grabbed_s = self.time_at(event.position().x())
        self._grabbed_span_s = self.axis.span_s
        self._dragged = False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grabbed_s is None:
            return
        at = event.position()
        if not self._dragged and (at - self._grabbed_at).manhattanLength() < _CLICK_PX:
            return
        self._dragged = True
        # The grabbed time stays under the pointer, whichever way it goes.
        factor = math.exp((at.y() - self._grabbed_at.y()) / _ZOOM_PX)
        wanted = self._grabbed_span_s / factor
        self.axis.zoom(self.axis.span_s / wanted, self._grabbed_s)
        self.axis.pan(self._grabbed_s - self.time_at(at.x()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._grabbed_s is not None and not self._dragged:
            self.axis.seek_requested.emit(self.axis.clamped(self._grabbed_s))
        self._grabbed_s = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._grabbed_s = None
        self.axis.show_all()

    def wheelEvent(self, event: QWheelEvent) -> None:
        turn = event.angleDelta()
        if abs(turn.x()) > abs(turn.y()) or event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.axis.pan(-(turn.x() or turn.y()) / TICK_UNITS * PAN_SHARE * self.axis.span_s)
        else:
            self.axis.zoom(TICK_FACTOR ** (turn.y() / TICK_UNITS), self.time_at(event.position().x()))
        event.accept()

    def sizeHint(self) -> QSize:
        return QSize(640, HEIGHT)
