"""A button with an amount in it: click it to do something so strongly; drag, turn or type to say how strongly."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.controls.knob_paint import figures, focus_ring
from app.controls.value_widget import ValueWidget
from app.controls.words import typeset
from app.theme import GRID, PADDING, TEXT_PX, tokens
from engine.params import Param

VALUE_PX = 40
_PRESSES = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class AmountButton(ValueWidget):
    """The words of ``param`` and its value, under which a line shows how much that is."""

    pressed = Signal()
    """Do it."""

    # The amount is no part of a patch.
    lockable = False

    def __init__(self, param: Param, keys: str = "", parent: QWidget | None = None) -> None:
        super().__init__(param, parent)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(param.label)
        title = f"{param.label} ({keys})" if keys else param.label
        self.setToolTip(f"{title}\n{param.help}: click. Drag up or down, or turn the wheel, for how far.")
        self._is_down = False

    def sizeHint(self) -> QSize:
        words = self.fontMetrics().horizontalAdvance(self.param.label)
        return QSize(PADDING + words + VALUE_PX + GRID, 24)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def value_rect(self) -> QRect:
        return QRect(self.width() - VALUE_PX - GRID, 0, VALUE_PX, self.height())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._is_down = event.button() == Qt.MouseButton.LeftButton
        super().mousePressEvent(event)
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        place = event.position().toPoint()
        does_it = self._is_down and self._is_click(event)
        self._is_down = False
        if does_it and self.rect().contains(place) and not self.value_rect().contains(place):
            self._end_drag(keep=True)
            self.pressed.emit()
        else:
            super().mouseReleaseEvent(event)
        self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        # Two quick clicks are two presses; on the figure they bring back the usual amount.
        if self.value_rect().contains(event.position().toPoint()):
            super().mouseDoubleClickEvent(event)
        else:
            self.mousePressEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _PRESSES and not event.isAutoRepeat():
            self.pressed.emit()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, off = tokens(), not self.isEnabled()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(QColor(theme.hairline))
        lit = theme.window if self._is_down else theme.hover if self._hovered and not off else theme.control
        painter.setBrush(QColor(lit))
        painter.drawRoundedRect(box, GRID, GRID)
        line = QRectF(PADDING, self.height() - 4, self.width() - 2 * PADDING, 2)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.hairline))
        painter.drawRoundedRect(line, 1, 1)
        line.setWidth(max(line.width() * self.gesture.position, 2.0))
        painter.setBrush(QColor(theme.disabled if off else theme.accent))
        painter.drawRoundedRect(line, 1, 1)
        words = self.rect().adjusted(PADDING, -1, -VALUE_PX, -1)
        painter.setFont(figures(self, TEXT_PX))
        painter.setPen(QColor(theme.disabled if off else theme.text))
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, self.param.label)
        if self.editor is None:
            painter.setFont(figures(self))
            painter.setPen(QColor(theme.disabled if off else theme.secondary))
            alignment = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(self.value_rect().adjusted(0, -1, -GRID, -1), alignment, typeset(self.value_text()))
        if self.hasFocus() and self.editor is None:
            focus_ring(painter, QRectF(self.rect()))
