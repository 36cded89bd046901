"""The scales left of the views: frequency beside the spectrogram, level beside the waveform."""

from __future__ import annotations

import math
from collections.abc import Callable

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app import theme
from app.controls.freq_scale import FreqScale
from app.controls.paint import colour, pen, small_font
from app.controls.time_view import TICK_FACTOR, TICK_UNITS
from app.controls.words import MINUS, hz_label, note_name
from engine.params.keys import key_to_hz

WIDTH = 48
_ZOOM_PX = 120.0
LEAST_APART_PX = 20.0
"""Between two labels, and between the innermost ones and the middle, where silence is."""
Lanes = Callable[[], list[QRectF]]
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class FreqAxis(QWidget):
    """Frequencies or note names for each lane; drag sideways to zoom, up and down to move, double-click for all."""

    def __init__(self, scale: FreqScale, lanes: Lanes, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.scale = scale
        self.lanes = lanes
        self.note_names = False
        self.setAccessibleName("Frequency scale")
        self.setAccessibleDescription("Drag up or down to move, right to zoom in, left to zoom out.")
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setFixedWidth(WIDTH)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        self.setCursor(Qt.CursorShape.SizeAllCursor)
        self._last: QPointF | None = None
        self._share = 0.0
        scale.changed.connect(self.update)

    def set_note_names(self, on: bool) -> None:
        """Write notes in place of Hz."""
        self.note_names = on
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = theme.tokens()
        painter = QPainter(self)
        painter.fillRect(event.rect(), colour(tokens.panel))
        painter.setFont(small_font(self))
        for number, rect in enumerate(self.lanes()):
            if number:
                painter.fillRect(QRectF(0, rect.top() - 1, WIDTH, 1), colour(tokens.hairline))
            for hz, text in self._labels(rect.height()):
                y = rect.bottom() - float(self.scale.share_of(hz)) * rect.height()
                painter.fillRect(QRectF(WIDTH - 4, round(y), 4, 1), colour(tokens.secondary, 140))
                # A label at an end moves inwards until it can be read whole.
                middle = min(max(y, rect.top() + 7), rect.bottom() - 7)
                painter.setPen(pen(tokens.secondary))
                painter.drawText(QRectF(0, middle - 8, WIDTH - 8, 16), _RIGHT, text)

    def _labels(self, height: float) -> list[tuple[float, str]]:
        if self.note_names:
            return [(key_to_hz(n), note_name(n)) for n in self.scale.note_ticks(height)]
        return [(hz, hz_label(hz)) for hz in self.scale.ticks(height)]

    def _share_at(self, y: float) -> float:
        for rect in self.lanes():
            if y <= rect.bottom():
                return 1 - (y - rect.top()) / max(rect.height(), 1)
        return 0.0

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._last = event.position()
        self._share = self._share_at(event.position().y())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._last is None:
            return
        moved = event.position() - self._last
        self._last = event.position()
        height = max(self.lanes()[0].height(), 1)
        if moved.x():
            self.scale.zoom(math.exp(moved.x() / _ZOOM_PX), min(max(self._share, 0.0), 1.0))
        if moved.y():
            self.scale.pan(moved.y() / height)
            self._share -= moved.y() / height

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._last = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._last = None
        self.scale.show_all()

    def wheelEvent(self, event: QWheelEvent) -> None:
        turn = event.angleDelta()
        amount = (turn.y() or turn.x()) / TICK_UNITS
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.scale.pan(amount * 0.1)
        else:
            self.scale.zoom(TICK_FACTOR**amount, min(max(self._share_at(event.position().y()), 0.0), 1.0))
        event.accept()

    def sizeHint(self) -> QSize:
        return QSize(WIDTH, 200)


class LevelAxis(QWidget):
    """Decibels of full scale beside each channel's lane; the wheel makes the waveform taller, double-click plain."""

    def __init__(
        self, gain: Callable[[], float], set_gain: Callable[[float], None], lanes: Lanes, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._gain, self._set_gain, self._lanes = gain, set_gain, lanes
        self.setAccessibleName("Level scale")
        self.setAccessibleDescription("Drag up or turn the wheel to draw quiet sounds taller, double-click for 1:1.")
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setFixedWidth(WIDTH)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        self.setCursor(Qt.CursorShape.SizeVerCursor)
        self._last_y: float | None = None

    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = theme.tokens()
        painter = QPainter(self)
        painter.fillRect(event.rect(), colour(tokens.panel))
        painter.setFont(small_font(self))
        lanes = self._lanes()
        for number, rect in enumerate(lanes):
            if number:
                painter.fillRect(QRectF(0, rect.top() - 1, WIDTH, 1), colour(tokens.hairline))
            if len(lanes) > 1:
                painter.setPen(pen(tokens.secondary))
                name = ("L", "R")[number] if len(lanes) == 2 else str(number + 1)
                painter.drawText(QRectF(6, rect.center().y() - 8, 16, 16), Qt.AlignmentFlag.AlignVCenter, name)
            self._paint_levels(painter, rect)

    def _paint_levels(self, painter: QPainter, rect: QRectF) -> None:
        tokens = theme.tokens()
        half = (rect.height() - 1) / 2
        last: list[float] = []
        for db in (0, -6, -12, -18, -24, -30, -36):
            share = 10 ** (db / 20) * self._gain()
            if share > 1.001 or share * half < LEAST_APART_PX:
                continue
            for y in (rect.center().y() - share * half, rect.center().y() + share * half):
                middle = min(max(y, rect.top() + 7), rect.bottom() - 7)
                if any(abs(middle - other) < LEAST_APART_PX for other in last):
                    continue
                last.append(middle)
                painter.fillRect(QRectF(WIDTH - 4, round(y), 4, 1), colour(tokens.secondary, 140))
                painter.setPen(pen(tokens.secondary))
                text = f"{MINUS}{-db}" if db else "0"
                painter.drawText(QRectF(0, middle - 8, WIDTH - 8, 16), _RIGHT, text)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._last_y = event.position().y()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._last_y is not None:
            self._set_gain(self._gain() * math.exp((self._last_y - event.position().y()) / _ZOOM_PX))
            self._last_y = event.position().y()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._last_y = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._last_y = None
        self._set_gain(1.0)

    def wheelEvent(self, event: QWheelEvent) -> None:
        turn = event.angleDelta()
        self._set_gain(self._gain() * TICK_FACTOR ** ((turn.y() or turn.x()) / TICK_UNITS))
        event.accept()

    def sizeHint(self) -> QSize:
        return QSize(WIDTH, 200)
