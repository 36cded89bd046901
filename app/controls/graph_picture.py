"""How the graph of a routing is drawn: places in pixels, lines around operators, and what lies under a point."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPainterPath, QPen, QPolygonF

from app.controls.graph_layout import OUTPUT, GraphLayout, Route
from app.controls.knob_paint import wash
from app.theme import SMALL_TEXT_PX, series_colour, tokens

NODE_PX, MOST_NODE_PX = 24.0, 32.0
"""Edges of an operator's box in a low graph and in a tall one."""
IDLE_PX = 18.0
MOST_COLUMN_PX = 68.0
MOST_LAYER = 3.0
"""So many of its boxes' edges one layer may stand above the other."""
MARGIN_PX = 10.0
BAR_PX = 3.0
"""Below the line of the output."""
LEAST_GAP_PX = 7.0
FOOT_PX = 8.0
"""Between the lowest operators and the output, at least."""
LOOP_PX = 9.0


class Scene:
    """A layout in pixels: ``nodes`` are boxes, ``paths`` and ``lines`` (points along them) the routes that are on."""

    def __init__(
        self,
        area: QRectF,
        layout: GraphLayout,
        routes: Iterable[Route],
        before: Mapping[int, QPointF] | None = None,
        share: float = 1.0,
    ) -> None:
        self.layout = layout
        inner = area.adjusted(MARGIN_PX, MARGIN_PX, -MARGIN_PX, -MARGIN_PX / 2)
        self.bar = QRectF(inner.left(), inner.bottom() - BAR_PX, inner.width(), BAR_PX)
        idle_px = IDLE_PX + 10 if layout.idle else 0.0
        # Feedback leaves on the right of an operator, returns run to the right of all.
        room = inner.width() - idle_px - 2 * LOOP_PX
        self._column = min(MOST_COLUMN_PX, room / max(layout.n_columns, 1.0))
        height = self.bar.top() - FOOT_PX - inner.top()
        most = min(max(height / 7, NODE_PX), MOST_NODE_PX)
        between = max(layout.n_layers - 1, 1)
        self.size = min(most, (height - LEAST_GAP_PX * (layout.n_layers - 1)) / layout.n_layers)
        self._layer = min((height - self.size) / between, MOST_LAYER * most)
        used = (layout.n_layers - 1) * self._layer + self.size
        # What is left over is shared out above and below.
        self._bottom = self.bar.top() - FOOT_PX - self.size / 2 - (height - used) / 2
        self._left = inner.left() + (room - (layout.n_columns - 1) * self._column) / 2
        self.nodes: dict[int, QRectF] = {}
        for n, place in layout.places.items():
            self.nodes[n] = _box(self._blend(n, self._point(place), before, share), self.size)
        step = min(IDLE_PX + 6, (self.bar.top() - inner.top()) / max(len(layout.idle), 1))
        for k, n in enumerate(layout.idle):
            there = QPointF(inner.right() - IDLE_PX / 2, inner.top() + IDLE_PX / 2 + k * step)
            self.nodes[n] = _box(self._blend(n, there, before, share), min(IDLE_PX, step - 2))
        self.paths = {route: self._path(route) for route in routes}
        self.lines = {route: _points(path) for route, path in self.paths.items()}

    def centres(self) -> dict[int, QPointF]:
        return {n: box.center() for n, box in self.nodes.items()}

    def node_at(self, point: QPointF) -> int | None:
        found = (n for n, box in self.nodes.items() if box.adjusted(-2, -2, 2, 2).contains(point))
        return next(found, None)

    def line_at(self, point: QPointF, reach_px: float) -> Route | None:
        """The nearest line within reach."""
        best, nearest = reach_px, None
        for route, points in self.lines.items():
            for a, b in pairwise(points):
                if (away := _distance(point, a, b)) < best:
                    best, nearest = away, route
        return nearest

    def _point(self, place: tuple[float, float]) -> QPointF:
        return QPointF(self._left + place[0] * self._column, self._bottom - place[1] * self._layer)

    @staticmethod
    def _blend(n: int, there: QPointF, before: Mapping[int, QPointF] | None, share: float) -> QPointF:
        if not before or n not in before:
            return there
        eased = 1 - (1 - share) ** 2
        return before[n] + (there - before[n]) * eased

    def _path(self, route: Route) -> QPainterPath:
        source, target = route
        start = self.nodes[source]
        if source == target:
            return _loop(start)
        if target == OUTPUT:
            points = [self._point(way) for way in self.layout.ways.get(route, ())]
            foot = QPointF(points[-1].x() if points else start.center().x(), self.bar.top())
            return _downwards([QPointF(start.center().x(), start.bottom()), *points, foot])
        end = self.nodes[target]
        if start.center().y() >= end.center().y() - 1:
            return self._return(start, end)
        points = [self._point(way) for way in self.layout.ways.get(route, ())]
        # Lines that meet at one operator arrive side by side.
        lean = max(min((start.center().x() - end.center().x()) * 0.12, end.width() / 3), -end.width() / 3)
        first = QPointF(start.center().x(), start.bottom())
        return _downwards([first, *points, QPointF(end.center().x() + lean, end.top())])

    def _return(self, start: QRectF, end: QRectF) -> QPainterPath:
        """Up again, around the right of what lies between."""
        low, high = end.center().y() - 1, start.center().y() + 1
        rights = [box.right() for n, box in self.nodes.items()
                  if low <= box.center().y() <= high and n in self.layout.places]  # fmt: skip
        lane = max([start.right(), end.right(), *rights]) + 4 + LOOP_PX * (1 + (high - low) / 160)
        path = QPainterPath(QPointF(start.right(), start.center().y()))
        path.cubicTo(QPointF(lane + 6, start.center().y()), QPointF(lane + 6, start.center().y()),
                     QPointF(lane, (start.center().y() + end.center().y()) / 2))  # fmt: skip
        path.cubicTo(QPointF(lane + 6, end.center().y()), QPointF(lane + 6, end.center().y()),
                     QPointF(end.right() + 2, end.center().y()))  # fmt: skip
        return path


class GraphPicture:
    """Paints one :class:`Scene`; ``shares`` are the depths' positions in their travel, 0 to 1."""

    def __init__(
        self,
        painter: QPainter,
        scene: Scene,
        shares: Mapping[Route, float],
        font: QFont,
        *,
        quiet: frozenset[int],
        muted: frozenset[int],
    ) -> None:
        self._painter, self._scene, self._shares = painter, scene, shares
        self._quiet, self._muted = quiet, muted
        self._font = QFont(font)

    def paint(self, *, selected: int, lit: Route | None) -> None:
        self._bar(lit)
        for route in self._scene.paths:
            if route != lit:
                self._line(route, lit is not None)
        if lit in self._scene.paths:
            self._line(lit, False, lit=True)  # type: ignore[arg-type]
        for n, box in self._scene.nodes.items():
            self._node(n, box, n == selected, lit is not None and n in lit)

    def pull(self, source: int, point: QPointF) -> None:
        """A line from an operator to the pointer that looks for a target."""
        painter = self._painter
        painter.setPen(QPen(QColor(series_colour(source)), 1.5, Qt.PenStyle.DashLine))
        painter.drawLine(self._scene.nodes[source].center(), point)
        for n, box in self._scene.nodes.items():
            if box.adjusted(-2, -2, 2, 2).contains(point):
                painter.setPen(QPen(QColor(tokens().text), 1.5))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRoundedRect(self._scene.nodes[n].adjusted(-3, -3, 3, 3), 7, 7)

    def _bar(self, lit: Route | None) -> None:
        theme, bar = tokens(), self._scene.bar
        painter = self._painter
        out = lit is not None and lit[1] == OUTPUT
        painter.setPen(QPen(QColor(theme.secondary if out else theme.hairline), 1.5))
        painter.drawLine(bar.topLeft(), bar.topRight())
        self._font.setPixelSize(SMALL_TEXT_PX)
        self._font.setBold(False)
        painter.setFont(self._font)
        painter.setPen(QColor(theme.text if out else theme.secondary))
        words = QRectF(bar.right() - 40, bar.top() - 16, 40, 14)
        painter.drawText(words, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom, "out")

    def _line(self, route: Route, aside: bool, *, lit: bool = False) -> None:
        painter, source = self._painter, route[0]
        share = self._shares.get(route, 0.0)
        opacity = 1.0 if lit else 0.25 if source in self._quiet else 0.4 if aside else 0.85
        tone = wash(series_colour(source), opacity)
        path = self._scene.paths[route]
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(tone, 1.0 + 3.5 * share + 0.75 * lit, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
        painter.drawPath(path)
        points = self._scene.lines[route]
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(tone)
        _head(painter, points[-2], points[-1], 3.0 + 1.5 * share)

    def _node(self, n: int, box: QRectF, selected: bool, lit: bool) -> None:
        theme, painter = tokens(), self._painter
        colour = series_colour(n)
        quiet, idle = n in self._quiet, n in self._scene.layout.idle
        edge = QColor(theme.text) if lit else wash(colour, 0.35) if quiet and not selected else QColor(colour)
        style = Qt.PenStyle.DotLine if n in self._muted else Qt.PenStyle.SolidLine
        painter.setPen(QPen(edge, 1.5 if not idle else 1.0, style))
        # The panel's colour first, so that lines end at the box.
        painter.setBrush(QColor(theme.panel))
        painter.drawRoundedRect(box, 5, 5)
        if not quiet or selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colour) if selected and not quiet else wash(colour, 0.3 if selected else 0.16))
            painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), 4, 4)
        self._font.setPixelSize(SMALL_TEXT_PX + (1 if box.width() > 18 else 0))
        self._font.setBold(not quiet)
        painter.setFont(self._font)
        painter.setPen(QColor(theme.on_accent if selected and not quiet else theme.secondary if quiet else colour))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, str(n))


def _box(centre: QPointF, size: float) -> QRectF:
    return QRectF(centre.x() - size / 2, centre.y() - size / 2, size, size)


def _downwards(points: list[QPointF]) -> QPainterPath:
    """A smooth line through points from top to bottom that leaves and arrives upright."""
    path = QPainterPath(points[0])
    for a, b in pairwise(points):
        bend = (b.y() - a.y()) * 0.45
        path.cubicTo(QPointF(a.x(), a.y() + bend), QPointF(b.x(), b.y() - bend), b)
    return path


def _loop(box: QRectF) -> QPainterPath:
    """From an operator's right side around to its top."""
    out = LOOP_PX + 2
    path = QPainterPath(QPointF(box.right(), box.center().y()))
    path.cubicTo(QPointF(box.right() + out, box.center().y()), QPointF(box.right() + out, box.top() - out),
                 QPointF(box.center().x() + box.width() / 4, box.top() - out + 3))  # fmt: skip
    path.quadTo(QPointF(box.center().x() + 1, box.top() - out + 3), QPointF(box.center().x() + 2, box.top() - 1))
    return path


def _points(path: QPainterPath) -> list[QPointF]:
    """Points along a line, near enough to each other to look for the pointer and to draw the arrow's head."""
    polygons = path.toSubpathPolygons()
    # Boxes that touch as they glide past each other: a line without any length, for which Qt gives no polygon.
    return list(polygons[0]) if polygons else [path.currentPosition()] * 2


def _distance(point: QPointF, a: QPointF, b: QPointF) -> float:
    """From a point to the line between two others."""
    dx, dy = b.x() - a.x(), b.y() - a.y()
    length = dx * dx + dy * dy
    along = 0.0 if length == 0 else ((point.x() - a.x()) * dx + (point.y() - a.y()) * dy) / length
    along = min(max(along, 0.0), 1.0)
    return float(((point.x() - a.x() - along * dx) ** 2 + (point.y() - a.y() - along * dy) ** 2) ** 0.5)


def _head(painter: QPainter, before: QPointF, tip: QPointF, size: float) -> None:
    """An arrow's head at the end of a line."""
    dx, dy = tip.x() - before.x(), tip.y() - before.y()
    length = (dx * dx + dy * dy) ** 0.5 or 1.0
    ux, uy = dx / length, dy / length
    back = QPointF(tip.x() - ux * 1.6 * size, tip.y() - uy * 1.6 * size)
    side = QPointF(-uy * size, ux * size)
    painter.drawPolygon(QPolygonF([tip, back + side, back - side]))
