"""The way of a search over time: how near it came, how well it was found to fit, and a handle to go back along it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.controls.curve_paint import paint_paper
from app.controls.event_answers import EventAnswers
from app.controls.knob_paint import figures, focus_ring, wash
from app.controls.words import typeset
from app.theme import GRID, PADDING, tokens

STAGES = {"bank": "Known sounds", "evolved": "Evolved", "refined": "Refined"}
HEAD_PX = 15
_STEPS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Down: -1, Qt.Key.Key_Up: 1}
_ENDS = (Qt.Key.Key_Home, Qt.Key.Key_End)


@dataclass(frozen=True, slots=True)
class Point:
    """A moment of the search: how far from what is wanted, and how well it fits."""

    seconds: float
    loss: float
    score: float
    stage: str = ""


class SearchLine(QWidget):
    """Drag, click or use the arrow keys to go to a moment; the end goes along with the search."""

    went = Signal(int)
    """To the moment of that place; -1 for the end, wherever that will be."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.points: tuple[Point, ...] = ()
        self.place = -1
        """The moment that is shown, or -1: the newest."""
        self._span_s = 1.0
        self._is_down = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName("The way of the search")
        self.setToolTip(
            "How the search went: the bright line is how well it fits the words, the pale one how far it is from them\n"
            "Drag to go back to any moment, arrow keys step, End goes on with the search"
        )
        EventAnswers(
            self, claims=lambda event: not event.modifiers() and (event.key() in _STEPS or event.key() in _ENDS)
        )

    def sizeHint(self) -> QSize:
        return QSize(240, 56)

    def minimumSizeHint(self) -> QSize:
        return QSize(80, 32)

    # -- what it shows ---------------------------------------------------------------------------------------------

    def show_way(self, points: Sequence[Point], span_s: float) -> None:
        """The way so far, drawn over ``span_s``."""
        self.points = tuple(points)
        self._span_s = max(span_s, self.points[-1].seconds if self.points else 0.0, 0.1)
        if self.place >= len(self.points):
            self.place = -1
        self._tell()
        self.update()

    def go_to(self, place: int) -> None:
        """Show another moment; tells nobody."""
        place = place if 0 <= place < len(self.points) else -1
        if place != self.place:
            self.place = place
            self._tell()
            self.update()

    @property
    def shown(self) -> Point | None:
        return self.points[self.place] if self.points else None

    def _tell(self) -> None:
        point = self.shown
        words = "Nothing yet" if point is None else f"{point.seconds:.1f} s, {_score(point)}"
        self.setAccessibleDescription(words)

    # -- painting --------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_paper(painter, self)
        if self.points:
            plot = self._plot()
            self._paint_stages(painter, plot)
            self._paint_curve(painter, plot, [point.loss for point in self.points], theme.secondary, 1.0)
            self._paint_curve(painter, plot, [point.score for point in self.points], theme.accent, 1.75)
            self._paint_place(painter, plot)
        if self.hasFocus():
            focus_ring(painter, QRectF(self.rect()))

    def _paint_stages(self, painter: QPainter, plot: QRectF) -> None:
        """Where one way of searching gave way to the next, by name where there is room."""
        theme = tokens()
        painter.setFont(figures(self))
        metrics = painter.fontMetrics()
        begins = [n for n, p in enumerate(self.points) if n == 0 or p.stage != self.points[n - 1].stage]
        for n, place in enumerate(begins):
            x = self._x(self.points[place].seconds, plot) if n else plot.left()
            end = self._x(self.points[begins[n + 1]].seconds, plot) if n + 1 < len(begins) else plot.right()
            if n:
                painter.setPen(wash(theme.hairline, 0.9))
                painter.drawLine(QPointF(round(x) + 0.5, 2), QPointF(round(x) + 0.5, self.height() - 2))
            words = STAGES.get(self.points[place].stage, self.points[place].stage)
            if metrics.horizontalAdvance(words) + GRID < end - x:
                painter.setPen(QColor(theme.secondary))
                painter.drawText(QPointF(x + 3, HEAD_PX - 3), words)

    def _paint_curve(self, painter: QPainter, plot: QRectF, values: Sequence[float], tone: str, width: float) -> None:
        known = [value for value in values if math.isfinite(value)]
        if not known:
            return
        low, high = min(known), max(known)
        span = max(high - low, 1e-6)
        line = QPolygonF()
        for point, value in zip(self.points, values, strict=True):
            if math.isfinite(value):
                share = (value - low) / span if high > low else 0.5
                line.append(QPointF(self._x(point.seconds, plot), plot.bottom() - share * plot.height()))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(tone), width))
        painter.drawPolyline(line)

    def _paint_place(self, painter: QPainter, plot: QRectF) -> None:
        theme, point = tokens(), self.points[self.place]
        x = self._x(point.seconds, plot)
        painter.setPen(QPen(QColor(theme.text), 1.0))
        painter.drawLine(QPointF(x, 2), QPointF(x, self.height() - 2))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.text if self.place >= 0 else theme.accent))
        painter.drawEllipse(QPointF(x, plot.bottom()), 3.5, 3.5)
        painter.setFont(figures(self))
        words = typeset(f"{point.seconds:.1f} s · {_score(point)}")
        room = painter.fontMetrics().horizontalAdvance(words)
        if room + PADDING > plot.width():
            return
        right = x + 6 + room > plot.right()
        box = QRectF(x - 6 - room if right else x + 6, plot.bottom() - 14, room + 2, 15)
        painter.fillRect(box.adjusted(-2, 0, 2, 0), wash(theme.canvas, 0.8))
        painter.setPen(QColor(theme.text))
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, words)

    def _plot(self) -> QRectF:
        return QRectF(self.rect()).adjusted(PADDING, HEAD_PX, -PADDING, -GRID - 1)

    def _x(self, seconds: float, plot: QRectF) -> float:
        return plot.left() + plot.width() * min(seconds / self._span_s, 1.0)

    # -- hands -----------------------------------------------------------------------------------------------------

    def _go(self, place: int) -> None:
        last = len(self.points) - 1
        place = -1 if place >= last else max(place, 0)
        if self.points and place != self.place:
            self.go_to(place)
            self.went.emit(place)

    def _at(self, x: float) -> int:
        plot = self._plot()
        seconds = (x - plot.left()) / max(plot.width(), 1.0) * self._span_s
        return min(range(len(self.points)), key=lambda n: abs(self.points[n].seconds - seconds), default=-1)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.points:
            self.setFocus(Qt.FocusReason.MouseFocusReason)
            self._is_down = True
            self._go(self._at(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._is_down:
            self._go(self._at(event.position().x()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._is_down = False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        here = self.place if self.place >= 0 else len(self.points) - 1
        if key in _STEPS:
            self._go(here + _STEPS[Qt.Key(key)])
        elif key in _ENDS:
            self._go(len(self.points) - 1 if key == Qt.Key.Key_End else 0)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.update()
        super().focusInEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.update()
        super().focusOutEvent(event)


def _score(point: Point) -> str:
    return f"{point.score:.2f}" if math.isfinite(point.score) else "—"
