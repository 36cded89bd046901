"""How an envelope looks on its paper."""

from __future__ import annotations

from collections.abc import Set

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from app.controls.envelope_shape import N_STAGES, EnvelopeShape
from app.controls.knob_paint import figures, focus_ring, wash
from app.theme import GRID, tokens

HANDLE_RADIUS_PX = 5.0
GRID_DB = 24.0


def on_paper(plot: QRectF, x: float, y: float) -> QPointF:
    """A point of a shape (0 to 1, y upwards) in pixels."""
    return QPointF(plot.left() + x * plot.width(), plot.bottom() - y * plot.height())


class EnvelopePicture:
    """Paints one state of an envelope onto ``widget``: grid, curve, handles and a line of words."""

    def __init__(self, widget: QWidget, shape: EnvelopeShape, plot: QRectF, colour: str) -> None:
        self._widget = widget
        self._shape = shape
        self._plot = plot
        self._colour = colour

    def paint(self, bright: Set[int], told: tuple[int, str] | None) -> None:
        """``bright`` handles are filled; ``told`` is a stage and the words about it."""
        theme = tokens()
        painter = QPainter(self._widget)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(figures(self._widget))
        paper = QRectF(self._widget.rect())
        painter.setPen(QColor(theme.hairline))
        painter.setBrush(QColor(theme.canvas))
        painter.drawRoundedRect(paper.adjusted(0.5, 0.5, -0.5, -0.5), GRID, GRID)
        self._grid(painter)
        self._curve(painter)
        for stage in range(N_STAGES):
            painter.setPen(QPen(QColor(self._colour), 2.0))
            painter.setBrush(QColor(self._colour if stage in bright else theme.canvas))
            painter.drawEllipse(self._node(stage), HANDLE_RADIUS_PX, HANDLE_RADIUS_PX)
        if told is not None:
            self._words(painter, *told)
        if self._widget.hasFocus():
            focus_ring(painter, paper)

    def _at(self, x: float, y: float) -> QPointF:
        return on_paper(self._plot, x, y)

    def _node(self, stage: int) -> QPointF:
        return self._at(*self._shape.node(stage))

    def _grid(self, painter: QPainter) -> None:
        theme = tokens()
        painter.setPen(wash(theme.hairline, 0.55))
        level = self._shape.top_db - GRID_DB
        while level > self._shape.floor_db:
            y = round(self._at(0, self._shape.height(level)).y()) + 0.5
            painter.drawLine(QPointF(self._plot.left(), y), QPointF(self._plot.right(), y))
            level -= GRID_DB
        painter.setPen(QPen(wash(theme.hairline, 0.9), 1.0, Qt.PenStyle.DotLine))
        x = round(self._at(self._shape.release_x, 0).x()) + 0.5
        painter.drawLine(QPointF(x, self._plot.top()), QPointF(x, self._plot.bottom()))

    def _curve(self, painter: QPainter) -> None:
        held = [self._at(*point) for stage in range(N_STAGES - 1) for point in self._shape.curve(stage)]
        release = [self._at(*point) for point in self._shape.curve(N_STAGES - 1)]
        area = QPainterPath(QPointF(held[0].x(), self._plot.bottom()))
        for point in (*held, *release):
            area.lineTo(point)
        area.lineTo(QPointF(release[-1].x(), self._plot.bottom()))
        painter.fillPath(area, wash(self._colour, 0.12))
        pen = QPen(QColor(self._colour), 1.75)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        painter.drawPolyline(QPolygonF(held))
        painter.drawPolyline(QPolygonF(release))
        # A held key may last for any time: dashed.
        pen.setStyle(Qt.PenStyle.DashLine)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        painter.setPen(pen)
        painter.drawLine(held[-1], release[0])

    def _words(self, painter: QPainter, stage: int, words: str) -> None:
        theme = tokens()
        width = painter.fontMetrics().horizontalAdvance(words) + 4 * GRID
        box = QRectF(self._plot.right() - width + GRID, GRID, width, 5 * GRID)
        # Out of the way of the handle it tells about.
        if box.adjusted(-8, -8, 8, 8).contains(self._node(stage)):
            box.moveLeft(self._plot.left() - GRID)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(wash(theme.control, 0.94))
        painter.drawRoundedRect(box, GRID, GRID)
        painter.setPen(QColor(theme.text))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words)
