"""A horizontal fader: a value on a line, its text beside it, with the gestures that every value has."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.controls.knob_paint import figures, focus_ring
from app.controls.value_widget import ValueWidget
from app.controls.words import typeset
from app.theme import GRID, tokens
from engine.params import Param

HANDLE_PX = 10
LINE_PX = 4.0


class Fader(ValueWidget):
    """One parameter on a line from left (low) to right (high); dragging follows the pointer's way right or up."""

    # Words and chance do not reach this value.
    lockable = False
    text_px = 56
    """Room for the value at the right end."""
    text_margin = GRID

    def __init__(self, param: Param, parent: QWidget | None = None) -> None:
        super().__init__(param, parent)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(168, 24)

    def minimumSizeHint(self) -> QSize:
        return QSize(104, 24)

    def value_rect(self) -> QRect:
        return QRect(self.width() - self.text_px, 0, self.text_px, self.height())

    def line_rect(self) -> QRectF:
        """The line that the handle's middle travels along."""
        width = self.width() - self.text_px - HANDLE_PX - GRID
        return QRectF(HANDLE_PX / 2 + 1, (self.height() - LINE_PX) / 2, width, LINE_PX)

    def _drag_by(self, step: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        self.gesture.drag(step.x() - step.y(), modifiers, self.line_rect().width())

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = tokens()
        off = not self.isEnabled()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        line = self.line_rect()
        at = line.left() + line.width() * self.gesture.position
        usual = line.left() + line.width() * self.param.to_unit(self.param.default)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.hover))
        painter.drawRoundedRect(line, LINE_PX / 2, LINE_PX / 2)
        painter.setBrush(QColor(theme.disabled))
        painter.drawRect(QRectF(usual - 0.5, line.top() - GRID, 1.0, LINE_PX + 2 * GRID))
        painter.setBrush(QColor(theme.disabled if off else theme.accent))
        painter.drawRoundedRect(QRectF(line.left(), line.top(), at - line.left(), LINE_PX), LINE_PX / 2, LINE_PX / 2)
        tone = QColor(theme.disabled if off else theme.text if self._hovered else theme.secondary)
        painter.setBrush(tone)
        painter.drawEllipse(QPointF(at, line.center().y()), HANDLE_PX / 2, HANDLE_PX / 2)
        self._paint_value(painter, tone)

    def _paint_value(self, painter: QPainter, tone: QColor) -> None:
        """The value at the end of the line, and the frame of the focus, unless it is being typed."""
        if self.editor is not None:
            return
        painter.setFont(figures(self))
        painter.setPen(tone)
        alignment = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(self.value_rect().adjusted(0, 0, -self.text_margin, 0), alignment, typeset(self.value_text()))
        if self.hasFocus():
            focus_ring(painter, QRectF(self.rect()))
