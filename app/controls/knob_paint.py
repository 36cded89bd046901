"""What hand-painted values share: figures of equal width, washes of a colour, the focus ring and the padlock."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen
from PySide6.QtWidgets import QWidget

from app.theme import GRID, SMALL_TEXT_PX, tokens

LOCK_PX = 14
"""What a padlock at the right edge takes away from the room for the value."""


def figures(widget: QWidget, px: int = SMALL_TEXT_PX, *, strong: bool = False) -> QFont:
    """The widget's font in ``px`` pixels with figures of equal width, so that a changing value does not dance."""
    font = QFont(widget.font())
    font.setPixelSize(px)
    font.setWeight(QFont.Weight.DemiBold if strong else QFont.Weight.Normal)
    font.setFeature(QFont.Tag("tnum"), 1)
    return font


def wash(colour: str, opacity: float) -> QColor:
    """A colour of the theme, partly transparent."""
    tone = QColor(colour)
    tone.setAlphaF(opacity)
    return tone


def focus_ring(painter: QPainter, rect: QRectF) -> None:
    """A hairline ring just inside ``rect``."""
    painter.setPen(QPen(QColor(tokens().accent), 1.0))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), GRID, GRID)


def controller_mark(painter: QPainter, centre_x: float, centre_y: float, *, waits: bool) -> None:
    """A small plug beside a value that a MIDI controller turns; a ring in the accent while it waits for one."""
    painter.setPen(QPen(QColor(tokens().accent if waits else tokens().secondary), 1.5))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawEllipse(QRectF(centre_x - 3.0, centre_y - 3.0, 6.0, 6.0))
    if not waits:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(tokens().secondary))
        painter.drawEllipse(QRectF(centre_x - 1.5, centre_y - 1.5, 3.0, 3.0))


def padlock(painter: QPainter, centre_x: float, centre_y: float, colour: str) -> None:
    """A closed padlock, 8 by 10 px."""
    painter.setPen(QPen(QColor(colour), 1.5))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawArc(QRectF(centre_x - 2.5, centre_y - 5.0, 5.0, 6.0), 0, 180 * 16)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colour))
    painter.drawRoundedRect(QRectF(centre_x - 4.0, centre_y - 1.5, 8.0, 6.0), 1.0, 1.0)
