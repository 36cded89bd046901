"""The line of figures under the pointer: it lies in a corner of its view and steps aside for the pointer."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from app import theme
from app.controls.paint import colour, small_font

_MARGIN = 8


class ReadOut(QWidget):
    """Figures in columns of fixed width, so that they do not dance; never takes the mouse."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._parts: list[str] = []
        self._widths: list[int] = []
        self.hide()

    @property
    def text(self) -> str:
        return "  ".join(self._parts)

    def show_parts(self, parts: list[str], samples: list[str], pointer: QPoint) -> None:
        """Show ``parts``; ``samples`` are the longest texts that each of them may have."""
        metrics = QFontMetrics(self._font())
        self._widths = [
            max(metrics.horizontalAdvance(part), metrics.horizontalAdvance(sample))
            for part, sample in zip(parts, samples, strict=True)
        ]
        self._parts = parts
        size = QSize(sum(self._widths) + 12 * (len(parts) - 1) + 16, metrics.height() + 8)
        self.setGeometry(QRect(self._corner(size, pointer), size))
        self.show()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = theme.tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour(tokens.panel, 235))
        painter.drawRoundedRect(self.rect(), 4, 4)
        painter.setFont(self._font())
        painter.setPen(colour(tokens.text))
        x = 8
        for part, width in zip(self._parts, self._widths, strict=True):
            box = QRect(x, 0, width, self.height())
            painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, part)
            x += width + 12

    def _corner(self, size: QSize, pointer: QPoint) -> QPoint:
        """The upper right corner, or the upper left one while the pointer is near the right one."""
        right = QRect(QPoint(self.parentWidget().width() - size.width() - _MARGIN, _MARGIN), size)
        near = right.adjusted(-24, -_MARGIN, _MARGIN, 24)
        return QPoint(_MARGIN, _MARGIN) if near.contains(pointer) else right.topLeft()

    def _font(self) -> QFont:
        return small_font(self)
