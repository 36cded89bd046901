"""What a control of a value shows of words that turn it: where they would put it, and which way they pull."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter, QPolygonF

from app.controls.knob_paint import wash
from app.theme import tokens


class Marked:
    """Goes together with :class:`app.controls.value_widget.ValueWidget`; a subclass paints the two."""

    update: Callable[[], None]

    _range: tuple[float, float] | None = None
    _proposal: float | None = None
    _arrow: tuple[int, float] | None = None

    def set_range(self, limits: tuple[float, float] | None) -> None:
        """Show the part of the travel that words may use, in human units; ``None`` for all of it."""
        if limits != self._range:
            self._range = limits
            self.update()

    def set_proposal(self, value: float | None) -> None:
        """Show where a search would put the value, or where it was before, in human units."""
        if value != self._proposal:
            self._proposal = value
            self.update()

    def set_arrow(self, direction: int | None, strength: float = 1.0) -> None:
        """Show that the words pull up (1) or down (-1), ``strength`` 0 to 1; ``None`` for no arrow."""
        arrow = None if direction is None else (direction, min(max(strength, 0.0), 1.0))
        if arrow != self._arrow:
            self._arrow = arrow
            self.update()


def paint_arrow(painter: QPainter, middle: QPointF, arrow: tuple[int, float], px: float = 4.0) -> None:
    """A triangle that points up or down, the brighter the stronger the pull."""
    direction, strength = arrow
    tip = QPointF(0, -px * direction)
    wide = px * 1.125
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(wash(tokens().text, 0.3 + 0.7 * strength))
    painter.drawPolygon(QPolygonF([middle + tip, middle - tip + QPointF(-wide, 0), middle - tip + QPointF(wide, 0)]))
    painter.setBrush(Qt.BrushStyle.NoBrush)
