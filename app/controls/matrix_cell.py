"""One cell of the modulation matrix."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QEnterEvent, QFocusEvent, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from app.controls.drag_value import ALT
from app.controls.knob_paint import LOCK_PX, controller_mark, figures, focus_ring, padlock, wash
from app.controls.value_widget import ValueWidget
from app.controls.words import typeset
from app.theme import GRID, SMALL_TEXT_PX, series_colour, tokens
from engine.params import Param
from engine.params.text import format_value

OUTPUT = 0
"""The target that is the output."""
LEAST_WASH, MOST_WASH = 0.1, 0.24
"""How opaque a route's colour lies over its cell, from the weakest to the strongest: figures stay readable on it."""
BAR_PX = 2.0
Route = tuple[int, int]
"""Source and target, both counted from 1; the target is :data:`OUTPUT` for what is heard."""
_WALK = {Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0), Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1)}


class MatrixCell(ValueWidget):
    """One route's depth, as figures over a wash that grows with it, and as a bar at the foot of the cell."""

    entered = Signal()
    left = Signal()
    walked = Signal(int, int)
    """The person wants to go on, by rows down and columns to the right."""

    def __init__(self, route: Route, param: Param, parent: QWidget) -> None:
        super().__init__(param, parent)
        self.route = route
        source, target = route
        to = "the output" if target == OUTPUT else "itself" if source == target else f"operator {target}"
        self.setAccessibleName(f"Operator {source} to {to}")
        self._looks_back = OUTPUT < source <= target
        self._quiet = False
        self._lit = False

    def set_quiet(self, on: bool) -> None:
        """Whether the source changes nothing of what is heard now."""
        if on != self._quiet:
            self._quiet = on
            self.update()

    def set_lit(self, on: bool) -> None:
        """Whether the way to this cell is shown."""
        if on != self._lit:
            self._lit = on
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        colour = series_colour(self.route[0])
        share = self.gesture.position
        # What looks back keeps the panel's ground: the grid falls into a half that acts at once and one that does not.
        ground = theme.panel if self._looks_back else theme.control
        painter.setPen(wash(colour, 0.9) if self._lit else QColor(theme.hairline))
        painter.setBrush(QColor(theme.hover if self._hovered else ground))
        painter.drawRoundedRect(box, GRID - 1, GRID - 1)
        if share > 0:
            painter.setPen(Qt.PenStyle.NoPen)
            strength = LEAST_WASH + share * (MOST_WASH - LEAST_WASH)
            painter.setBrush(wash(colour, LEAST_WASH / 2 if self._quiet else strength))
            painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), 2, 2)
            # Beneath the figures, so that its end cuts through none of them.
            bar = QRectF(box.left() + 3, box.bottom() - 3.5, (box.width() - 6) * share, BAR_PX)
            bar.setWidth(max(bar.width(), BAR_PX))
            painter.setBrush(wash(colour, 0.4 if self._quiet else 0.9))
            painter.drawRect(bar)
        if self.controller or self.waits_for_controller:
            controller_mark(painter, box.left() + 5, box.top() + 5, waits=self.waits_for_controller)
        if self.editor is None:
            self._paint_value(painter)
        if self._locked:
            padlock(painter, self.width() - 8, self.height() / 2, theme.secondary)
        if self.hasFocus():
            focus_ring(painter, QRectF(self.rect()))

    def _paint_value(self, painter: QPainter) -> None:
        theme = tokens()
        off = self.param.off_at_low and self.value <= self.param.low
        painter.setFont(figures(self, SMALL_TEXT_PX))
        place = self.rect().adjusted(0, 0, -LOCK_PX if self._locked else 0, -1)
        if off and self.route[0] == self.route[1]:
            # An empty place of the diagonal says what it would be.
            painter.setPen(QPen(QColor(theme.disabled), 1.0))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            centre = QRectF(place).center()
            painter.drawArc(QRectF(centre.x() - 3.5, centre.y() - 3.5, 7, 7), -60 * 16, 300 * 16)
            return
        painter.setPen(QColor(theme.disabled if off else theme.secondary if self._quiet else theme.text))
        text = "–" if off else typeset(format_value(self.param, self.value, unit=False))
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        # Alt and an arrow walks the grid; plain arrows turn the value, as everywhere.
        if event.modifiers() & ALT and event.key() in _WALK:
            self.walked.emit(*_WALK[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)

    def _wants(self, event: QKeyEvent) -> bool:
        if event.modifiers() & ALT:
            return event.key() in _WALK
        return super()._wants(event)

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self.entered.emit()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.left.emit()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.entered.emit()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.left.emit()
