"""The level meter: a bar per channel, a mark that holds the highest peak, and a lamp that remembers an overload."""

from __future__ import annotations

import math
import time

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.controls.event_answers import EventAnswers
from app.controls.knob_paint import focus_ring, wash
from app.theme import tokens

BOTTOM_DB = -60.0
HOLD_S = 1.5
FALL_DB_PER_S = 20.0
HOT_DB = -6.0
"""From here to full scale the bar warns."""
TICKS_DB = (-48, -36, -24, -12, -6)
BAR_PX = 5.0
GAP_PX = 2.0
LAMP_PX = 6.0


def decibels(peak: float) -> float:
    """A magnitude in dB of full scale, not below the meter's bottom."""
    return max(20.0 * math.log10(peak), BOTTOM_DB) if peak > 0 else BOTTOM_DB


class PeakHold:
    """One channel's bar and mark: both rise at once, the bar falls at 20 dB/s, the mark waits 1.5 s before it does."""

    def __init__(self) -> None:
        self.bar_db = BOTTOM_DB
        self.mark_db = BOTTOM_DB
        self._held_s = 0.0

    def advance(self, peak: float, elapsed_s: float) -> None:
        """``elapsed_s`` later, with ``peak`` the largest magnitude since."""
        level_db = decibels(peak)
        fall_db = FALL_DB_PER_S * elapsed_s
        self.bar_db = max(level_db, self.bar_db - fall_db, BOTTOM_DB)
        if level_db >= self.mark_db:
            self.mark_db = level_db
            self._held_s = 0.0
            return
        waited_s = self._held_s
        self._held_s += elapsed_s
        falling_s = min(max(waited_s + elapsed_s - HOLD_S, 0.0), elapsed_s)
        self.mark_db = max(self.mark_db - FALL_DB_PER_S * falling_s, self.bar_db)

    @property
    def at_rest(self) -> bool:
        return self.bar_db <= BOTTOM_DB and self.mark_db <= BOTTOM_DB


class LevelMeter(QWidget):
    """Two bars from -60 to 0 dBFS. A click, or Delete, forgets the highest peak and puts the overload lamp out."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.channels = (PeakHold(), PeakHold())
        self.is_over = False
        self.highest_db = BOTTOM_DB
        self._shown: tuple[float, ...] = ()
        self._fed_at = time.perf_counter()
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Level meter")
        EventAnswers(self, tip=lambda place: f"{self.summary()}\nClick to reset")
        self._describe()

    def sizeHint(self) -> QSize:
        return QSize(140, 24)

    def minimumSizeHint(self) -> QSize:
        return QSize(64, 24)

    @property
    def at_rest(self) -> bool:
        """Both bars and marks are at the bottom: there is nothing to move."""
        return all(channel.at_rest for channel in self.channels)

    def feed(self, left: float, right: float, now_s: float | None = None) -> None:
        """Show the largest magnitudes since the last call."""
        now_s = time.perf_counter() if now_s is None else now_s
        elapsed_s = min(max(now_s - self._fed_at, 0.0), 1.0)
        self._fed_at = now_s
        for channel, peak in zip(self.channels, (left, right), strict=True):
            channel.advance(peak, elapsed_s)
        peak = max(left, right)
        if peak > 1.0 and not self.is_over:
            self.is_over = True
            self.update()
        if decibels(peak) > self.highest_db:
            self.highest_db = decibels(peak)
            self._describe()
        shown = tuple(round(v, 1) for channel in self.channels for v in (channel.bar_db, channel.mark_db))
        if shown != self._shown:
            self._shown = shown
            self.update()

    def reset(self) -> None:
        """Forget the highest peak and the overload."""
        self.is_over = False
        self.highest_db = BOTTOM_DB
        self._describe()
        self.update()

    def summary(self) -> str:
        """The highest peak since the last reset, in words."""
        if self.highest_db <= BOTTOM_DB:
            return "Nothing has sounded yet"
        over = "; it was too loud and is cut off at full scale" if self.is_over else ""
        return f"Highest peak {self.highest_db:+.1f} dBFS{over}"

    def _describe(self) -> None:
        self.setAccessibleDescription(self.summary())

    def _x(self, level_db: float) -> float:
        width = self.width() - LAMP_PX - 2 * GAP_PX
        return width * (min(max(level_db, BOTTOM_DB), 0.0) - BOTTOM_DB) / -BOTTOM_DB

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        top = (self.height() - 2 * BAR_PX - GAP_PX) / 2
        for channel in self.channels:
            painter.setBrush(QColor(theme.hover))
            painter.drawRoundedRect(QRectF(0, top, self._x(0.0), BAR_PX), 1.5, 1.5)
            hot = self._x(HOT_DB)
            end = self._x(channel.bar_db)
            if end > 0:
                painter.setBrush(QColor(theme.accent))
                painter.drawRoundedRect(QRectF(0, top, min(end, hot), BAR_PX), 1.5, 1.5)
            if end > hot:
                painter.setBrush(QColor(theme.warning))
                painter.drawRect(QRectF(hot, top, end - hot, BAR_PX))
            painter.setBrush(wash(theme.panel, 0.8))
            for tick in TICKS_DB:
                painter.drawRect(QRectF(self._x(tick) - 0.5, top, 1.0, BAR_PX))
            if channel.mark_db > BOTTOM_DB:
                painter.setBrush(QColor(theme.warning if channel.mark_db > HOT_DB else theme.text))
                painter.drawRect(QRectF(self._x(channel.mark_db) - 1.5, top, 1.5, BAR_PX))
            top += BAR_PX + GAP_PX
        lamp_top = (self.height() - 2 * BAR_PX - GAP_PX) / 2
        painter.setBrush(QColor(theme.error if self.is_over else theme.hover))
        lamp = QRectF(self.width() - LAMP_PX - GAP_PX, lamp_top, LAMP_PX, 2 * BAR_PX + GAP_PX)
        painter.drawRoundedRect(lamp, 1.5, 1.5)
        if self.hasFocus():
            focus_ring(painter, QRectF(self.rect()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.reset()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.reset()
        else:
            super().keyPressEvent(event)
