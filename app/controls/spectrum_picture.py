"""How a spectrum looks on its paper."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPixmap, QPolygonF

from app.controls.kept_paper import KeptPaper
from app.controls.knob_paint import figures, focus_ring, wash
from app.controls.words import MINUS, hz_label
from app.theme import GRID, PADDING, SMALL_TEXT_PX, series_colour, tokens

if TYPE_CHECKING:
    from app.controls.spectrum import SpectrumView

HEAD_PX = 28
"""Above the curve: the line of words and the switch."""
LINE_PX = 18
TICKS_PX = 8
LABELS_PX = 18
AXIS_PX = TICKS_PX + LABELS_PX
"""Below the curve: a tick for each predicted partial, and the frequencies."""
GUTTER_PX = 36
"""To the left of the curve: the levels."""
LEVELS_DB = (0.0, -24.0, -48.0, -72.0)
LEVELS_APART_PX = 20.0
"""Where they would stand nearer, every second one is left out."""
FAINTEST_TICK_DB = 60.0
LABEL_APART_PX = 40.0

_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class SpectrumPicture:
    """Paints ``view``. What the pointer does not change is kept as a picture: pointing costs next to nothing."""

    def __init__(self, view: SpectrumView) -> None:
        self._view = view
        self._kept = KeptPaper(view)

    def paint(self) -> None:
        view = self._view
        self._theme, self._plot = tokens(), view.plot()
        painter = QPainter(view)
        painter.drawPixmap(0, 0, self._still())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if view.spectrum is not None:
            self._pointed_at(painter)
        self._words(painter)
        if view.hasFocus():
            focus_ring(painter, QRectF(view.rect()))

    def _still(self) -> QPixmap:
        """Paper, grid, curve and ticks."""
        view = self._view
        return self._kept.picture((view.spectrum, view.scale.low_hz, view.scale.high_hz), self._paint_still)

    def _paint_still(self, painter: QPainter) -> None:
        self._grid(painter)
        if self._view.spectrum is not None:
            painter.setClipRect(self._plot.adjusted(0, 0, 0, TICKS_PX))
            self._curve(painter)
            self._ticks(painter)

    def levels(self) -> tuple[float, ...]:
        """The levels that there is room to name, in dB."""
        apart = self._view.y_of(LEVELS_DB[1]) - self._view.y_of(LEVELS_DB[0])
        return LEVELS_DB[:: 1 if apart >= LEVELS_APART_PX else 2]

    def _grid(self, painter: QPainter) -> None:
        plot = self._plot
        faint = wash(self._theme.hairline, 0.6)
        for level in self.levels():
            y = round(self._view.y_of(level)) + 0.5
            painter.setPen(faint)
            painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
            painter.setPen(QColor(self._theme.secondary))
            text = f"{MINUS}{-level:.0f}" if level else "0 dB"
            painter.drawText(QRectF(0, y - 7, plot.left() - GRID - 2, 14), _RIGHT, text)
        for hz in self._view.scale.ticks(plot.width(), LABEL_APART_PX):
            x = round(self._view.x_of(hz)) + 0.5
            painter.setPen(faint)
            painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()))
            painter.setPen(QColor(self._theme.secondary))
            box = QRectF(x - 24, plot.bottom() + TICKS_PX, 48, LABELS_PX)
            box.moveLeft(min(max(box.left(), 2.0), self._view.width() - box.width() - 2.0))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, hz_label(hz))

    def _curve(self, painter: QPainter) -> None:
        x, y = self._view.curve()
        points = QPolygonF([QPointF(a, b) for a, b in zip(x.tolist(), y.tolist(), strict=True)])
        area = QPainterPath(QPointF(points[0].x(), self._plot.bottom()))
        for point in points:
            area.lineTo(point)
        area.lineTo(QPointF(points[-1].x(), self._plot.bottom()))
        painter.fillPath(area, wash(self._theme.wave, 0.16))
        painter.setPen(QPen(QColor(self._theme.wave), 1.25))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(points)

    def _ticks(self, painter: QPainter) -> None:
        """A tick for each predicted partial in its carrier's colour, higher and clearer the stronger it is."""
        spectrum = self._view.spectrum
        assert spectrum is not None
        if not spectrum.partials:
            return
        loudest = max(partial.level_db for partial in spectrum.partials)
        bottom = self._plot.bottom() + TICKS_PX
        places = self._view.scale.share_of(np.array([partial.hz for partial in spectrum.partials]))
        found = zip(spectrum.partials, (self._plot.left() + places * self._plot.width()).tolist(), strict=True)
        for partial, x in sorted(found, key=lambda pair: pair[0].level_db):
            share = 1.0 - (loudest - partial.level_db) / FAINTEST_TICK_DB
            if share > 0.0 and self._plot.left() <= x <= self._plot.right():
                painter.setPen(wash(series_colour(partial.carrier), 0.35 + 0.65 * share))
                x = round(x) + 0.5
                painter.drawLine(QPointF(x, bottom), QPointF(x, bottom - TICKS_PX * max(share, 0.25)))

    def _pointed_at(self, painter: QPainter) -> None:
        peak = self._view.peak
        if peak is None or not self._plot.left() <= self._view.x_of(peak.hz) <= self._plot.right():
            return
        place = QPointF(self._view.x_of(peak.hz), self._view.y_of(peak.level_db))
        colour = series_colour(peak.partial.carrier) if peak.partial is not None else self._theme.text
        painter.setPen(QPen(wash(colour, 0.8), 1.0))
        painter.drawLine(place, QPointF(place.x(), self._plot.bottom() + TICKS_PX))
        painter.setPen(QPen(QColor(self._theme.canvas), 1.5))
        painter.setBrush(QColor(colour))
        painter.drawEllipse(place, 4.0, 4.0)

    def _words(self, painter: QPainter) -> None:
        """A line above the curve; what does not fit beside the switch goes on below, over the top of the paper."""
        view = self._view
        painter.setFont(figures(view, SMALL_TEXT_PX + (view.peak is not None)))
        metrics = painter.fontMetrics()
        room = QRectF(PADDING + 2, 0, view.moment.x() - PADDING - GRID, HEAD_PX)
        first, _, rest = view.words().partition(": ")
        both = f"{first}: {rest}" if rest else first
        if rest and metrics.horizontalAdvance(both) > room.width():
            below = QRectF(self._plot.left() + 2, HEAD_PX - GRID, self._plot.width() - 4, LINE_PX)
            text = metrics.elidedText(rest, Qt.TextElideMode.ElideRight, int(below.width()))
            back = QRectF(below.left() - 2, below.top(), metrics.horizontalAdvance(text) + 4, LINE_PX)
            painter.fillRect(back, wash(self._theme.canvas, 0.85))
            self._say(painter, below, text)
            both = first
        self._say(painter, room, metrics.elidedText(both, Qt.TextElideMode.ElideRight, int(room.width())))

    def _say(self, painter: QPainter, room: QRectF, text: str) -> None:
        painter.setPen(QColor(self._theme.text if self._view.peak is not None else self._theme.secondary))
        painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
