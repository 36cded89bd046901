"""What the curves of an impact have in common to look at: paper, grid, labels, handles and the line of words."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QWidget

from app.controls.knob_paint import figures, padlock, wash
from app.theme import GRID, PADDING, tokens

HEAD_PX = 26
AXIS_PX = 22
GUTTER_PX = 54
HANDLE_PX = 5.0
LABEL_APART_PX, LINE_APART_PX = 44.0, 18.0
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


def paint_paper(painter: QPainter, widget: QWidget) -> None:
    """The ground."""
    theme = tokens()
    painter.setFont(figures(widget))
    painter.setPen(QColor(theme.hairline))
    painter.setBrush(QColor(theme.canvas))
    painter.drawRoundedRect(QRectF(widget.rect()).adjusted(0.5, 0.5, -0.5, -0.5), GRID, GRID)
    painter.setBrush(Qt.BrushStyle.NoBrush)


def paint_below(painter: QPainter, plot: QRectF, marks: Iterable[tuple[float, str]]) -> None:
    """Upright lines at pixels, with words under those that have room."""
    theme = tokens()
    last = -1e9
    for x, words in marks:
        if not plot.left() - 1 <= x <= plot.right() + 1:
            continue
        place = round(x) + 0.5
        painter.setPen(wash(theme.hairline, 0.6))
        painter.drawLine(QPointF(place, plot.top()), QPointF(place, plot.bottom()))
        if words and x - last >= LABEL_APART_PX:
            last = x
            painter.setPen(QColor(theme.secondary))
            box = QRectF(x - 26, plot.bottom() + 4, 52, 16)
            box.moveRight(min(box.right(), plot.right() + PADDING + 2))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words)


def paint_beside(painter: QPainter, plot: QRectF, marks: Iterable[tuple[float, str]]) -> None:
    """Level lines at pixels, with words to their left, low ones first; those without room have none."""
    theme = tokens()
    last = 1e9
    for y, words in marks:
        if not plot.top() - 1 <= y <= plot.bottom() + 1:
            continue
        place = round(y) + 0.5
        painter.setPen(wash(theme.hairline, 0.6))
        painter.drawLine(QPointF(plot.left(), place), QPointF(plot.right(), place))
        if words and last - y >= LINE_APART_PX:
            last = y
            painter.setPen(QColor(theme.secondary))
            painter.drawText(QRectF(0, y - 8, plot.left() - GRID - 2, 16), _RIGHT, words)


def paint_handle(painter: QPainter, spot: QPointF, px: float, *, bright: bool, quiet: bool) -> None:
    """A ring of radius ``px`` in the accent, filled when the hand or the keys are on it; grey when what it moves is not
    heard."""
    theme = tokens()
    tone = QColor(theme.disabled if quiet and not bright else theme.accent)
    painter.setPen(QPen(tone, 2.0 if px >= HANDLE_PX else 1.5))
    painter.setBrush(tone if bright else QColor(theme.canvas))
    painter.drawEllipse(spot, px, px)
    painter.setBrush(Qt.BrushStyle.NoBrush)


def paint_lock(painter: QPainter, spot: QPointF, plot: QRectF) -> None:
    """A padlock above a handle, or below one that stands high."""
    below = spot.y() < plot.top() + 22
    padlock(painter, spot.x(), spot.y() + (15 if below else -14), tokens().secondary)


def paint_words(painter: QPainter, widget: QWidget, words: str, *, bright: bool) -> None:
    """The line above the curve."""
    painter.setFont(figures(widget))
    room = QRectF(PADDING + 2, 0, widget.width() - 2 * PADDING - 4, HEAD_PX)
    painter.setPen(QColor(tokens().text if bright else tokens().secondary))
    painter.drawText(
        room, _LEFT, painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, int(room.width()))
    )
