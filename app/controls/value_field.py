"""A value in a small box, where a knob would take too much room: the same gestures, and a hair of a bar beneath."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.controls.knob_paint import LOCK_PX, controller_mark, figures, focus_ring, padlock, wash
from app.controls.marked import Marked, paint_arrow
from app.controls.value_widget import ValueWidget
from app.controls.words import typeset
from app.theme import GRID, SMALL_TEXT_PX, tokens
from engine.params import Param

BOX_PX = 24
LABEL_PX = 16
INITIAL_PX = 20
AIR_PX = 8
"""A value that would fill its box but for less than this is written smaller."""


class ValueField(Marked, ValueWidget):
    """One parameter as a box of text, with its label (or another ``label``) above unless ``labelled`` is false."""

    def __init__(
        self, param: Param, *, labelled: bool = True, label: str | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(param, parent)
        self._label = param.label if label is None else label
        self._label_px = LABEL_PX if labelled else 0
        self._inside = ""
        """What stands for the label at the left end of the box."""
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(64, BOX_PX + self._label_px)

    def minimumSizeHint(self) -> QSize:
        return QSize(52, BOX_PX + self._label_px)

    def set_labelled(self, on: bool) -> None:
        """Show the label above the box, or as an initial inside it where room is scarce."""
        label_px = LABEL_PX if on else 0
        if label_px != self._label_px:
            self._label_px = label_px
            self._inside = "" if on else self._label[:1] + "".join(c for c in self._label if c.isdigit())
            self.updateGeometry()
            self.update()

    def value_rect(self) -> QRect:
        return QRect(0, self._label_px, self.width(), BOX_PX)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        off = not self.isEnabled()
        if self._label_px:
            paint_label(painter, self, self._label, hovered=self._hovered)
        box = QRectF(self.value_rect())
        painter.setPen(QColor(theme.hairline))
        painter.setBrush(QColor(theme.hover if self._hovered and not off else theme.control))
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), GRID, GRID)
        self._paint_bar(painter, box, self.tone())
        if self.editor is None:
            painter.setFont(figures(self, SMALL_TEXT_PX + 1))
            painter.setPen(QColor(theme.disabled if off else theme.secondary if self._quiet else theme.text))
            text = typeset(self.value_text())
            place = box.adjusted(2, 0, -self._text_margin(), -1)
            if self._inside:
                place.setLeft(box.left() + INITIAL_PX)
            if painter.fontMetrics().horizontalAdvance(text) > place.width() - AIR_PX:
                painter.setFont(figures(self, SMALL_TEXT_PX))
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)
            if self._inside:
                painter.setFont(figures(self, SMALL_TEXT_PX))
                painter.setPen(QColor(theme.disabled if off else theme.secondary))
                initial = box.adjusted(6, 0, 0, -1)
                painter.drawText(initial, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, self._inside)
        if self._arrow is not None and not self._locked:
            paint_arrow(painter, QPointF(box.right() - 6, box.center().y() - 1), self._arrow, 3.0)
        if self._locked:
            padlock(painter, box.right() - 8, box.center().y(), theme.secondary)
        if self.controller or self.waits_for_controller:
            controller_mark(painter, box.left() + 6, box.top() + 6, waits=self.waits_for_controller)
        if self.hasFocus():
            focus_ring(painter, box)

    def _text_margin(self) -> int:
        """What stands to the right of the value."""
        return LOCK_PX if self._locked or self._arrow is not None else 2

    def _paint_bar(self, painter: QPainter, box: QRectF, colour: str) -> None:
        line = QRectF(box.left() + 4, box.bottom() - 4, box.width() - 8, 2)
        low, high = sorted((self.gesture.origin, self.gesture.position))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(wash(colour, 0.9))
        painter.drawRect(QRectF(line.left() + low * line.width(), line.top(), (high - low) * line.width(), 2))
        if self._range is not None:
            first, last = (line.left() + self.param.to_unit(value) * line.width() for value in self._range)
            painter.setBrush(wash(tokens().text, 0.7))
            painter.drawRect(QRectF(first, line.bottom() + 1, max(last - first, 2.0), 1))
        if self._proposal is not None:
            # In the text's colour: every other one may be the field's own.
            there = line.left() + self.param.to_unit(self._proposal) * line.width()
            painter.setBrush(QColor(tokens().text))
            painter.drawRect(QRectF(there - 1, line.top() - 2, 2, 6))


def paint_label(painter: QPainter, widget: QWidget, words: str, *, hovered: bool) -> None:
    """The label above a box: cut off where it is too long, pale where the control is off."""
    theme = tokens()
    painter.setFont(figures(widget))
    painter.setPen(QColor(theme.disabled if not widget.isEnabled() else theme.text if hovered else theme.secondary))
    place = QRect(0, 0, widget.width(), LABEL_PX - 2)
    label = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, place.width())
    painter.drawText(place, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, label)
