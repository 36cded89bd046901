"""Small helpers that every painted view uses."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen
from PySide6.QtWidgets import QWidget

from app import theme


def colour(role: str, alpha: int = 255) -> QColor:
    """A token's colour with some transparency."""
    value = QColor(role)
    value.setAlpha(alpha)
    return value


def pen(role: str, alpha: int = 255, width: float = 1.0) -> QPen:
    """A pen in a token's colour."""
    return QPen(colour(role, alpha), width)


def small_font(widget: QWidget) -> QFont:
    """The widget's font at the smallest size that is used, with figures of equal width where the font has them."""
    font = QFont(widget.font())
    font.setPixelSize(theme.SMALL_TEXT_PX)
    if hasattr(font, "setFeature"):
        font.setFeature(QFont.Tag("tnum"), 1)
    return font


def by_keyboard(reason: Qt.FocusReason) -> bool:
    """Whether the focus came by a key, so that its place has to be shown."""
    shown = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason, Qt.FocusReason.ShortcutFocusReason)
    return reason in shown


def focus_frame(painter: QPainter, widget: QWidget) -> None:
    """A thin frame around a view that has the keyboard."""
    painter.setPen(pen(theme.tokens().accent, 200))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(QRect(0, 0, widget.width() - 1, widget.height() - 1))


def paint_sign(painter: QPainter, room: QRectF, words: str, frame: str, ground: str, ink: str, radius: float) -> None:
    """Words in a box in the middle of ``room``, in the painter's font; the colours are those of a theme."""
    box = QRectF(painter.fontMetrics().boundingRect(words))
    air = painter.fontMetrics().height() / 2.0
    box = box.adjusted(-2.0 * air, -air, 2.0 * air, air)
    box.moveCenter(room.center())
    painter.setPen(QColor(frame))
    painter.setBrush(QColor(ground))
    painter.drawRoundedRect(box, radius, radius)
    painter.setPen(QColor(ink))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words)
