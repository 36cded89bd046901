"""A knob: a flat arc with its name above and its value beneath.

The arc also shows, without changing size: a tick at the default, a lock, a permitted range, a live proposal and an
arrow in the gap below that says which way the words pull.
"""

from __future__ import annotations

import math
from typing import Literal

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.controls.knob_paint import controller_mark, figures, focus_ring, padlock, wash
from app.controls.marked import Marked, paint_arrow
from app.controls.value_widget import ValueWidget
from app.controls.words import typeset
from app.theme import SMALL_TEXT_PX, tokens
from engine.params import Param

KnobSize = Literal["normal", "small"]
_ARC_PX: dict[KnobSize, int] = {"normal": 44, "small": 32}
_WIDTH_PX: dict[KnobSize, int] = {"normal": 72, "small": 60}
TEXT_HEIGHT_PX = 16
MARGIN_PX = 4
STROKE_PX = 4.0
START_DEG, SWEEP_DEG = 225.0, 270.0


class Knob(Marked, ValueWidget):
    """One parameter as a knob; see :class:`ValueWidget` for its gestures and signals."""

    def __init__(
        self,
        param: Param,
        size: KnobSize = "normal",
        parent: QWidget | None = None,
        *,
        width_px: int | None = None,
        label: str = "",
    ) -> None:
        super().__init__(param, parent)
        self._arc_px = _ARC_PX[size]
        self._width_px = width_px or _WIDTH_PX[size]
        self._label = label or param.label
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(self._width_px, 2 * TEXT_HEIGHT_PX + self._arc_px + MARGIN_PX)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def set_size(self, size: KnobSize) -> None:
        """A larger or a smaller arc; the width stays."""
        if _ARC_PX[size] != self._arc_px:
            self._arc_px = _ARC_PX[size]
            self.updateGeometry()
            self.update()

    def value_rect(self) -> QRect:
        return QRect(0, self.height() - TEXT_HEIGHT_PX - 2, self.width(), TEXT_HEIGHT_PX + 2)

    def editor_rect(self) -> QRect:
        return self.value_rect().adjusted(2, 0, -2, 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        off = not self.isEnabled()
        painter.setFont(figures(self))
        painter.setPen(QColor(theme.disabled if off else theme.text if self._hovered else theme.secondary))
        label = painter.fontMetrics().elidedText(self._label, Qt.TextElideMode.ElideRight, self.width())
        painter.drawText(QRect(0, 0, self.width(), TEXT_HEIGHT_PX), Qt.AlignmentFlag.AlignCenter, label)
        self._paint_arc(painter, self.tone())
        if self.editor is None:
            self._paint_value(painter, theme.disabled if off else theme.text)
        if self.controller or self.waits_for_controller:
            centre, radius = self._circle()
            place = (centre.x() - radius, centre.y() - radius + 1)
            controller_mark(painter, *place, waits=self.waits_for_controller)
        if self.hasFocus():
            focus_ring(painter, QRectF(self.rect()))

    def _paint_value(self, painter: QPainter, colour: str) -> None:
        text = typeset(self.value_text())
        painter.setFont(figures(self, SMALL_TEXT_PX + 1))
        if painter.fontMetrics().horizontalAdvance(text) > self.width() - 4:
            painter.setFont(figures(self))
        painter.setPen(QColor(colour))
        painter.drawText(
            QRect(0, self.height() - TEXT_HEIGHT_PX - 1, self.width(), TEXT_HEIGHT_PX),
            Qt.AlignmentFlag.AlignCenter,
            text,
        )

    def _paint_arc(self, painter: QPainter, colour: str) -> None:
        theme = tokens()
        centre, radius = self._circle()
        box = QRectF(centre.x() - radius, centre.y() - radius, 2 * radius, 2 * radius)
        here = self.gesture.position

        def stroke(low: float, high: float, tone: QColor, width: float, frame: QRectF = box) -> None:
            painter.setPen(QPen(tone, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
            painter.drawArc(frame, round((START_DEG - SWEEP_DEG * low) * 16), round(-SWEEP_DEG * (high - low) * 16))

        stroke(0.0, 1.0, QColor(theme.hairline), STROKE_PX)
        stroke(*sorted((self.gesture.origin, here)), wash(colour, 0.45) if self._locked else QColor(colour), STROKE_PX)
        if self._range is not None:
            outside = box.adjusted(-4, -4, 4, 4)
            stroke(*(self.param.to_unit(v) for v in self._range), wash(theme.text, 0.7), 1.5, outside)
        self._spoke(painter, self.param.to_unit(self.param.default), radius + 2, radius + 5, theme.secondary, 1.0)
        self._spoke(
            painter,
            here,
            radius - min(10.0, radius / 2),
            radius - 3,
            theme.text if self.isEnabled() else theme.disabled,
            2.0,
        )
        if self._proposal is not None:
            # In the text's colour: every other one may be the knob's own.
            there = self.param.to_unit(self._proposal)
            stroke(min(here, there), max(here, there), wash(theme.text, 0.55), 1.5)
            painter.setPen(QPen(QColor(theme.text), 1.5))
            painter.setBrush(QColor(theme.panel))
            painter.drawEllipse(_on_circle(centre, radius, there), 3.0, 3.0)
            painter.setBrush(Qt.BrushStyle.NoBrush)
        if self._locked:
            padlock(painter, centre.x(), centre.y() - (1 if self._arrow else -1), theme.secondary)
        if self._arrow is not None:
            paint_arrow(painter, centre + QPointF(0, radius - 2), self._arrow)

    def _circle(self) -> tuple[QPointF, float]:
        """Centre and radius of the arc's middle line."""
        radius = self._arc_px / 2 - STROKE_PX
        return QPointF(self.width() / 2, TEXT_HEIGHT_PX + MARGIN_PX / 2 + self._arc_px / 2), radius

    def _spoke(self, painter: QPainter, share: float, inner: float, outer: float, colour: str, width: float) -> None:
        centre, _ = self._circle()
        painter.setPen(QPen(QColor(colour), width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawLine(_on_circle(centre, inner, share), _on_circle(centre, outer, share))


def _on_circle(centre: QPointF, radius: float, share: float) -> QPointF:
    angle = math.radians(START_DEG - SWEEP_DEG * share)
    return centre + QPointF(radius * math.cos(angle), -radius * math.sin(angle))
