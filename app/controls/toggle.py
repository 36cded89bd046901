"""A tick box that looks like the switches of the panels: a pill with its words beside it."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QCheckBox

from app.controls.knob_paint import focus_ring
from app.theme import PADDING, tokens

PILL = QSize(30, 15)
HEIGHT_PX = 28


def paint_pill(painter: QPainter, at: QPoint, colour: str, *, on: bool, hovered: bool = False) -> QRectF:
    """Draw a switch with its corner at ``at`` and say where it lies."""
    theme = tokens()
    pill = QRectF(at.x() + 0.5, at.y() + 0.5, PILL.width(), PILL.height())
    painter.setPen(QColor(colour if on else theme.hairline))
    painter.setBrush(QColor(colour if on else theme.hover if hovered else theme.control))
    painter.drawRoundedRect(pill, PILL.height() / 2, PILL.height() / 2)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(theme.on_accent if on else theme.secondary))
    painter.drawEllipse(QRectF(pill.right() - 13 if on else pill.left() + 3, pill.top() + 2.5, 10, 10))
    return pill


class Toggle(QCheckBox):
    """For what takes effect at once."""

    def sizeHint(self) -> QSize:
        return QSize(PILL.width() + PADDING + self.fontMetrics().horizontalAdvance(self.text()) + 2, HEIGHT_PX)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def hitButton(self, pos: QPoint) -> bool:
        return self.rect().contains(pos)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        top = (self.height() - PILL.height()) // 2
        pill = paint_pill(painter, QPoint(0, top), theme.accent, on=self.isChecked(), hovered=self.underMouse())
        painter.setPen(QColor(theme.text if self.isEnabled() else theme.disabled))
        left = round(pill.right()) + PADDING
        words = QRect(left, 0, self.width() - left, self.height())
        painter.drawText(words, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, self.text())
        if self.hasFocus():
            focus_ring(painter, pill.adjusted(-0.5, -2.5, 2.5, 2.5))
