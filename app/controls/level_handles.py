"""The colour bar of the spectrogram with two handles for the range of levels that the colours cover."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFontMetrics,
    QKeyEvent,
    QLinearGradient,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from app import theme
from app.controls.colormap import colour_map
from app.controls.paint import colour, pen, small_font
from app.controls.words import MINUS
from engine.audio.spectral import FLOOR_DB

LOWEST_DB, HIGHEST_DB = FLOOR_DB, 0.0
LEAST_RANGE_DB = 6.0
_HANDLE_PX = 7.0
Handle = Literal["low", "high", "both"]


class LevelHandles(QWidget):
    """Drag a handle, or the bar between them to move both; the arrow keys move the handle that was used last."""

    range_changed = Signal(float, float)

    def __init__(self, low_db: float, high_db: float, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.low_db, self.high_db = low_db, high_db
        self._default = (low_db, high_db)
        self.map_name = "magma"
        self._handle: Handle = "low"
        self._grabbed: tuple[float, float, float] | None = None
        self.setAccessibleName("Level range of the colours")
        self.setToolTip("Levels that the colours cover: drag the handles, double-click for the default")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(26)
        self.setMinimumWidth(130)
        self.setMaximumWidth(260)
        self._say()

    def set_range(self, low_db: float, high_db: float) -> None:
        """Put the handles there, limited to the scale and to a least distance."""
        low = min(max(low_db, LOWEST_DB), HIGHEST_DB - LEAST_RANGE_DB)
        high = max(min(high_db, HIGHEST_DB), low + LEAST_RANGE_DB)
        if (low, high) != (self.low_db, self.high_db):
            self.low_db, self.high_db = low, high
            self._say()
            self.update()
            self.range_changed.emit(low, high)

    def set_map(self, name: str) -> None:
        """Show another colour map."""
        self.map_name = name
        self.update()

    def x_of(self, db: float) -> float:
        """Pixel of a level."""
        bar = self._bar()
        return bar.left() + (db - LOWEST_DB) / (HIGHEST_DB - LOWEST_DB) * bar.width()

    def db_at(self, x: float) -> float:
        """Level at a pixel, to half a decibel."""
        bar = self._bar()
        share = (x - bar.left()) / max(bar.width(), 1)
        return round((LOWEST_DB + share * (HIGHEST_DB - LOWEST_DB)) * 2) / 2

    def _say(self) -> None:
        self.setAccessibleDescription(f"{self.low_db:.1f} to {self.high_db:.1f} dB")

    def _bar(self) -> QRectF:
        side = QFontMetrics(small_font(self)).horizontalAdvance(f"{MINUS}127") + 8
        return QRectF(side, 8, max(self.width() - 2 * side, 1), self.height() - 16)

    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = theme.tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        bar = self._bar()
        left, right = self.x_of(self.low_db), self.x_of(self.high_db)
        table = colour_map(self.map_name)
        gradient = QLinearGradient(left, 0, right, 0)
        for place in range(17):
            gradient.setColorAt(place / 16, QColor(*(int(v) for v in table[min(place * 16, 255)])))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(gradient)
        painter.drawRoundedRect(bar, 2, 2)
        painter.setPen(pen(tokens.hairline))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(bar.adjusted(-0.5, -0.5, 0.5, 0.5), 2, 2)
        for name, x in (("low", left), ("high", right)):
            active = self.hasFocus() and name == self._handle
            painter.setPen(pen(tokens.panel))
            painter.setBrush(colour(tokens.accent if active else tokens.text))
            painter.drawRoundedRect(QRectF(x - 3, 4, 6, self.height() - 8), 2, 2)
        painter.setFont(small_font(self))
        painter.setPen(pen(tokens.secondary))
        middle = Qt.AlignmentFlag.AlignVCenter
        low = QRectF(0, 0, bar.left() - 6, self.height())
        high = QRectF(bar.right() + 6, 0, self.width() - bar.right() - 6, self.height())
        painter.drawText(low, Qt.AlignmentFlag.AlignRight | middle, _short(self.low_db))
        painter.drawText(high, Qt.AlignmentFlag.AlignLeft | middle, _short(self.high_db))

    def _handle_at(self, at: QPointF) -> Handle:
        low, high = abs(at.x() - self.x_of(self.low_db)), abs(at.x() - self.x_of(self.high_db))
        if min(low, high) <= _HANDLE_PX:
            return "low" if low < high else "high"
        if self.x_of(self.low_db) < at.x() < self.x_of(self.high_db):
            return "both"
        return "low" if low < high else "high"

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        self._handle = self._handle_at(event.position())
        self._grabbed = (self.db_at(event.position().x()), self.low_db, self.high_db)
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grabbed is None:
            both = self._handle_at(event.position()) == "both"
            self.setCursor(Qt.CursorShape.OpenHandCursor if both else Qt.CursorShape.SizeHorCursor)
            return
        start, low, high = self._grabbed
        moved = self.db_at(event.position().x()) - start
        if self._handle == "low":
            self.set_range(min(low + moved, high - LEAST_RANGE_DB), high)
        elif self._handle == "high":
            self.set_range(low, max(high + moved, low + LEAST_RANGE_DB))
        else:
            moved = min(max(moved, LOWEST_DB - low), HIGHEST_DB - high)
            self.set_range(low + moved, high + moved)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._grabbed = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._grabbed = None
        self.set_range(*self._default)

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._move(self._handle_at(event.position()), event.angleDelta().y() / 120.0)
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            step = 1.0 if event.key() == Qt.Key.Key_Right else -1.0
            if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
                step *= 0.5
            self._move(self._handle, step)
        elif event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self._handle = "high" if event.key() == Qt.Key.Key_Up else "low"
            self.update()
        elif event.key() == Qt.Key.Key_Delete:
            self.set_range(*self._default)
        else:
            super().keyPressEvent(event)

    def _move(self, handle: Handle, step_db: float) -> None:
        low = self.low_db + (step_db if handle != "high" else 0)
        high = self.high_db + (step_db if handle != "low" else 0)
        if handle == "low":
            low = min(low, high - LEAST_RANGE_DB)
        self.set_range(low, high)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(200, 26)


def _short(db: float) -> str:
    return f"{MINUS if db < 0 else ''}{abs(db):.0f}"
