"""How an envelope looks on its paper."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from itertools import pairwise

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from app.controls.envelope_shape import N_STAGES, EnvelopeLayout, EnvelopeShape
from app.controls.knob_paint import figures, focus_ring, padlock, wash
from app.controls.words import MINUS
from app.theme import GRID, tokens

HANDLE_RADIUS_PX = 5.0
CURVE_PX, LIFTED_CURVE_PX = 1.75, 3.5
LABELLED_FROM_PX, LABEL_APART_PX = 72.0, 18.0
"""A plot as high as this has its levels written beside the grid."""
GRID_STEP_DB = 24.0
LINE_PX = 13.0
KEY_UP = "key up"


@dataclass(frozen=True)
class EnvelopeState:
    """What there is to show besides the curve. ``bright`` handles are filled, the ``lifted`` stage (4: the sustained
    part) is drawn thick, ``locked`` handles carry a padlock, ``told`` are the words about a point in pixels; with
    ``has_head`` there is room for them above the curve."""

    colour: str
    unit: str
    bright: Set[int] = frozenset()
    lifted: int | None = None
    locked: Set[int] = frozenset()
    has_head: bool = False
    told: tuple[QPointF, str] | None = None


class EnvelopePicture:
    """Paints one state of an envelope onto ``widget``: grid, curve, handles and a line of words."""

    def __init__(self, widget: QWidget, shape: EnvelopeShape, layout: EnvelopeLayout, plot: QRectF) -> None:
        self._widget, self._shape, self._layout, self._plot = widget, shape, layout, plot

    def at(self, stage: int, share: float, level: float) -> QPointF:
        """A point of the curve in pixels."""
        y = self._plot.bottom() - self._shape.height(level) * self._plot.height()
        return QPointF(self._plot.left() + self._layout.x(stage, share), y)

    def node(self, stage: int) -> QPointF:
        return self.at(stage, 1.0, self._shape.levels[stage])

    def line(self, stage: int) -> list[QPointF]:
        """The corners of a stage's curve; of stage 4 those of the sustained part."""
        if stage == N_STAGES:
            held = self._shape.levels[N_STAGES - 2]
            return [self.node(N_STAGES - 2), self.at(N_STAGES - 1, 0.0, held)]
        return [self.at(stage, share, level) for share, level in self._shape.curve(stage)]

    def paint(self, state: EnvelopeState) -> None:
        theme = tokens()
        painter = QPainter(self._widget)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(figures(self._widget))
        paper = QRectF(self._widget.rect())
        painter.setPen(QColor(theme.hairline))
        painter.setBrush(QColor(theme.canvas))
        painter.drawRoundedRect(paper.adjusted(0.5, 0.5, -0.5, -0.5), GRID, GRID)
        painter.save()
        # Zoomed in, the curve goes on beyond the paper; the handles at its edges stay whole.
        painter.setClipRect(paper.adjusted(2, 1, -2, -1))
        self._grid(painter, state.unit)
        self._curve(painter, state)
        for stage in range(N_STAGES):
            painter.setPen(QPen(QColor(state.colour), 2.0))
            painter.setBrush(QColor(state.colour if stage in state.bright else theme.canvas))
            painter.drawEllipse(self.node(stage), HANDLE_RADIUS_PX, HANDLE_RADIUS_PX)
            if stage in state.locked:
                place = self.node(stage)
                below = place.y() < self._plot.top() + 24
                padlock(painter, place.x() + 1, place.y() + (15 if below else -14), theme.secondary)
        painter.restore()
        if state.told is not None:
            self._words(painter, *state.told, above=state.has_head)
        if self._widget.hasFocus():
            focus_ring(painter, paper)

    def _grid(self, painter: QPainter, unit: str) -> None:
        theme = tokens()
        step = GRID_STEP_DB if unit == "dB" else (self._shape.high - self._shape.low) / 4.0
        apart = step / (self._shape.high - self._shape.low) * self._plot.height()
        labelled = self._plot.height() >= LABELLED_FROM_PX and apart >= LABEL_APART_PX
        level = self._shape.high
        while level > self._shape.low - 1e-9:
            y = round(self.at(0, 0.0, level).y()) + 0.5
            is_zero = self._shape.low < 0.0 < self._shape.high and abs(level) < 1e-9
            painter.setPen(wash(theme.secondary, 0.6) if is_zero else wash(theme.hairline, 0.55))
            painter.drawLine(QPointF(self._plot.left(), y), QPointF(self._plot.right(), y))
            # Handles stand at the lowest level, and the words above the highest.
            if labelled and self._shape.low + 0.5 * step < level < self._shape.high - 0.5 * step:
                painter.setPen(wash(theme.secondary, 0.85))
                width = painter.fontMetrics().horizontalAdvance(_label(level, unit))
                places = [QRectF(self._plot.right() - width, y + dy, width, LINE_PX) for dy in (-LINE_PX - 1, 1)]
                if (free := self._free(places)) is not None:
                    painter.drawText(free, Qt.AlignmentFlag.AlignCenter, _label(level, unit))
            level -= step
        painter.setPen(QPen(wash(theme.secondary, 0.55), 1.0, Qt.PenStyle.DotLine))
        x = round(self.at(N_STAGES - 1, 0.0, 0.0).x()) + 0.5
        painter.drawLine(QPointF(x, self._plot.top()), QPointF(x, self._plot.bottom()))
        if (free := self.key_up_place(painter.fontMetrics().horizontalAdvance(KEY_UP))) is not None:
            painter.setPen(QColor(theme.secondary))
            painter.drawText(free, Qt.AlignmentFlag.AlignCenter, KEY_UP)

    def key_up_place(self, width: float) -> QRectF | None:
        """Where the words for the moment of release stand, if there is room for them beside the dotted line."""
        x = round(self.at(N_STAGES - 1, 0.0, 0.0).x()) + 0.5
        bottom, top = self._plot.bottom() - LINE_PX - 1, self._plot.top() + 1
        return self._free([QRectF(x + beside, y, width, LINE_PX) for y in (bottom, top) for beside in (4, -4 - width)])

    def _free(self, places: Sequence[QRectF]) -> QRectF | None:
        """The first of some places for words that neither the curve nor a handle touches."""
        lines = [pair for stage in range(N_STAGES + 1) for pair in pairwise(self.line(stage))]
        handles = [_around(self.node(stage), HANDLE_RADIUS_PX + 2.0) for stage in range(N_STAGES)]
        for place in places:
            room = place.adjusted(-2, 0, 2, 0)
            if not any(room.intersects(box) for box in handles) and not any(crosses(room, a, b) for a, b in lines):
                return place
        return None

    def _curve(self, painter: QPainter, state: EnvelopeState) -> None:
        held = [point for stage in range(N_STAGES - 1) for point in self.line(stage)]
        release = self.line(N_STAGES - 1)
        base = self.at(0, 0.0, self._shape.origin).y()
        area = QPainterPath(QPointF(held[0].x(), base))
        for point in (*held, *release):
            area.lineTo(point)
        area.lineTo(QPointF(release[-1].x(), base))
        painter.fillPath(area, wash(state.colour, 0.12))
        if state.lifted is not None:
            painter.setPen(_pen(wash(state.colour, 0.45), LIFTED_CURVE_PX + 2.0))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPolyline(QPolygonF(self.line(state.lifted)))
        pen = _pen(QColor(state.colour), CURVE_PX)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(QPolygonF(held))
        painter.drawPolyline(QPolygonF(release))
        # A held key may last for any time: dashed.
        pen.setStyle(Qt.PenStyle.DashLine)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        painter.setPen(pen)
        painter.drawPolyline(QPolygonF(self.line(N_STAGES)))

    def _words(self, painter: QPainter, about: QPointF, words: str, *, above: bool) -> None:
        theme = tokens()
        width = painter.fontMetrics().horizontalAdvance(words) + 4 * GRID
        box = QRectF(self._plot.right() - width + GRID, GRID, width, 5 * GRID)
        if not above:
            # Out of the way of what it tells about.
            if box.adjusted(-12, -12, 12, 12).contains(about):
                box.moveLeft(self._plot.left() - GRID)
                if box.adjusted(-12, -12, 12, 12).contains(about):
                    box.moveTop(about.y() + 14)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(wash(theme.control, 0.94))
            painter.drawRoundedRect(box, GRID, GRID)
        painter.setPen(QColor(theme.text))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words)


def crosses(box: QRectF, start: QPointF, end: QPointF) -> bool:
    """Whether a straight line touches a box."""
    first, last = 0.0, 1.0
    step = end - start
    for here, along, low, high in (
        (start.x(), step.x(), box.left(), box.right()),
        (start.y(), step.y(), box.top(), box.bottom()),
    ):
        if abs(along) < 1e-9:
            if not low <= here <= high:
                return False
            continue
        near, far = sorted(((low - here) / along, (high - here) / along))
        first, last = max(first, near), min(last, far)
    return first <= last


def _around(point: QPointF, radius: float) -> QRectF:
    return QRectF(point.x() - radius, point.y() - radius, 2 * radius, 2 * radius)


def _pen(colour: QColor, width: float) -> QPen:
    pen = QPen(colour, width)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    return pen


def _label(level: float, unit: str) -> str:
    if unit == "":
        return f"{level * 100:.0f} %"
    sign = MINUS if level < 0 else "+" if level > 0 and unit == "st" else ""
    return f"{sign}{abs(level):.0f}"
