"""How modes look: a stem as high as it is loud, as thick and bright as it rings long."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QLinearGradient, QPainter, QPen, QPixmap, QPolygonF

from app.controls.knob_paint import figures, focus_ring, padlock, wash
from app.controls.mode_set import DAMPING
from app.controls.words import MINUS, hz_label
from app.theme import GRID, PADDING, SMALL_TEXT_PX, tokens

if TYPE_CHECKING:
    from app.controls.modes_paper import ModesPaper

HEAD_PX = 30
LABELS_PX = 18
AXIS_PX = LABELS_PX + 6
GUTTER_PX = 52
LABEL_APART_PX = 40.0
RANGE_DB = 84.0
"""The paper is so high."""
STEP_DB = 12.0
LEVELS_APART_PX = 22.0
LONGER_THAN_S = (0.1, 0.4, 1.5, 5.0)
"""Where a stem gets thicker and brighter."""
WIDTHS_PX = (1.0, 1.5, 2.0, 2.5, 3.0)
TINTS = (0.5, 0.62, 0.74, 0.87, 1.0)
DOT_PX, MANY_DOT_PX, MANY = 6.0, 4.0, 160
QUIET = 0.25
"""What is not heard now, because others are listened to alone."""

Mask = NDArray[np.bool_]
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class ModesPicture:
    """Paints ``paper`` in three layers: the ground and the stems are kept as pictures for as long as they hold; what is
    chosen and pointed at comes over them."""

    def __init__(self, paper: ModesPaper) -> None:
        self._paper = paper
        self._ground: QPixmap | None = None
        self._ground_for: tuple[object, ...] = ()
        self._stems: QPixmap | None = None
        self._stems_for: tuple[object, ...] = ()

    def paint(self) -> None:
        paper = self._paper
        self._theme, self._plot = tokens(), paper.plot()
        painter = QPainter(paper)
        ratio = paper.devicePixelRatioF()
        ground = (paper.size(), ratio, self._theme, paper.font(), paper.scale.low_hz, paper.scale.high_hz, paper.top_db)
        if self._ground is None or ground != self._ground_for:
            self._ground, self._ground_for = self._layer(ratio, self._paint_ground), ground
        painter.drawPixmap(0, 0, self._ground)
        stems = (*ground, paper.still_edition, paper.solo, paper.held_modes)
        if self._stems is None or stems != self._stems_for:
            self._stems, self._stems_for = self._layer(ratio, self._paint_stems), stems
        painter.drawPixmap(0, 0, self._stems)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._chosen(painter)
        self._paint_lasso(painter)
        painter.setFont(figures(paper, SMALL_TEXT_PX))
        self._words(painter)
        if paper.hasFocus():
            focus_ring(painter, QRectF(paper.rect()))

    def _layer(self, ratio: float, draw: object) -> QPixmap:
        kept = QPixmap(self._paper.size() * ratio)
        kept.setDevicePixelRatio(ratio)
        kept.fill(Qt.GlobalColor.transparent)
        painter = QPainter(kept)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        assert callable(draw)
        draw(painter)
        painter.end()
        return kept

    def _paint_ground(self, painter: QPainter) -> None:
        paper, plot, theme = self._paper, self._plot, self._theme
        painter.setFont(figures(paper))
        painter.setPen(QColor(theme.hairline))
        painter.setBrush(QColor(theme.canvas))
        painter.drawRoundedRect(QRectF(paper.rect()).adjusted(0.5, 0.5, -0.5, -0.5), GRID, GRID)
        faint = wash(theme.hairline, 0.6)
        step = STEP_DB
        while step / RANGE_DB * plot.height() < LEVELS_APART_PX and step < RANGE_DB:
            step *= 2.0
        level = paper.top_db
        while level > paper.top_db - RANGE_DB:
            y = round(plot.bottom() - (level - paper.top_db + RANGE_DB) / RANGE_DB * plot.height()) + 0.5
            painter.setPen(faint)
            painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
            painter.setPen(QColor(theme.secondary))
            text = f"{MINUS if level < 0 else ''}{abs(level):.0f}{' dB' if level == paper.top_db else ''}"
            painter.drawText(QRectF(0, y - 7, plot.left() - GRID - 1, 14), _RIGHT, text)
            level -= step
        for hz in paper.scale.ticks(plot.width(), LABEL_APART_PX):
            x = round(plot.left() + float(paper.scale.share_of(hz)) * plot.width()) + 0.5
            painter.setPen(faint)
            painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()))
            painter.setPen(QColor(theme.secondary))
            box = QRectF(x - 24, plot.bottom() + 5, 48, LABELS_PX)
            box.moveLeft(min(max(box.left(), 2.0), paper.width() - box.width() - 2.0))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, hz_label(hz))
        painter.setPen(wash(theme.secondary, 0.7))
        y = round(plot.bottom()) + 0.5
        painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))

    def _paint_stems(self, painter: QPainter) -> None:
        """All modes; those that are chosen are painted once more over this."""
        paper, theme = self._paper, self._theme
        shown = paper.shown()
        x, _ = paper.heads()
        if not x.size:
            return
        seen = (x >= self._plot.left() - 4) & (x <= self._plot.right() + 4)
        # What the hand holds is painted over this, and this need not be painted anew while it moves.
        seen[list(paper.held_modes)] = False
        own = np.arange(x.size) < paper.n_modes
        heard = np.ones(x.size, bool)
        if paper.solo:
            heard[:] = False
            heard[list(paper.solo)] = True
        for part, strength in ((seen & heard, 1.0), (seen & ~heard, QUIET)):
            self._draw(painter, part & ~own, QColor(theme.secondary), 0.6 * strength)
            self._draw(painter, part & own & ~shown.silent, QColor(theme.wave), strength)
            self._draw_silent(painter, part & own & shown.silent, strength)
        self._pitch_mark(painter)

    def _draw(self, painter: QPainter, which: Mask, tone: QColor, strength: float, *, more_px: float = 0.0) -> None:
        """Stems and heads of the modes in ``which``, in a few strokes."""
        if not which.any():
            return
        paper = self._paper
        x, y = paper.heads()
        thick = np.searchsorted(LONGER_THAN_S, paper.shown().decay_s)
        ground = self._plot.bottom()
        painter.save()
        painter.setClipRect(self._plot.adjusted(-4, -6, 4, 2))
        # Upright boxes on whole pixels are as sharp without smoothing, which costs time.
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(Qt.PenStyle.NoPen)
        ratio = paper.devicePixelRatioF()
        for kind, (width, tint) in enumerate(zip(WIDTHS_PX, TINTS, strict=True)):
            found = np.flatnonzero(which & (thick == kind))
            if not found.size:
                continue
            wide = max(round((width + more_px) * ratio), 1) / ratio
            left = np.round((x[found] - wide / 2.0) * ratio) / ratio
            painter.setBrush(_opaque(tone, tint * strength))
            places = zip(left.tolist(), y[found].tolist(), strict=True)
            painter.drawRects([QRectF(a, b, wide, ground - b) for a, b in places])
        dot_px = (MANY_DOT_PX if paper.n_modes > MANY else DOT_PX) + more_px
        self._dots(painter, which, dot_px, _opaque(tone, strength))
        painter.restore()

    def _dots(self, painter: QPainter, which: Mask, dot_px: float, tone: QColor) -> None:
        """Heads: one small picture, put everywhere."""
        ratio = self._paper.devicePixelRatioF()
        side = math.ceil(dot_px * ratio) + 2
        dot = QPixmap(side, side)
        dot.fill(Qt.GlobalColor.transparent)
        pen = QPainter(dot)
        pen.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen.setPen(Qt.PenStyle.NoPen)
        pen.setBrush(tone)
        pen.drawEllipse(QRectF((side - dot_px * ratio) / 2.0, (side - dot_px * ratio) / 2.0, *[dot_px * ratio] * 2))
        pen.end()
        dot.setDevicePixelRatio(ratio)
        found = np.flatnonzero(which)
        places = (np.round(np.stack([a[found] for a in self._paper.heads()]) * ratio - side / 2.0) / ratio).tolist()
        for a, b in zip(*places, strict=True):
            painter.drawPixmap(QPointF(a, b), dot)

    def _points(self, modes: NDArray[np.intp]) -> QPolygonF:
        x, y = self._paper.heads()
        return QPolygonF([QPointF(a, b) for a, b in zip(x[modes].tolist(), y[modes].tolist(), strict=True)])

    def _draw_silent(self, painter: QPainter, which: Mask, strength: float) -> None:
        """Rings on the ground, where they can be found again."""
        if not which.any():
            return
        points = self._points(np.flatnonzero(which))
        for tone, width in ((QColor(self._theme.disabled), DOT_PX), (QColor(self._theme.canvas), DOT_PX - 3.0)):
            painter.setPen(_pen(tone, strength, width, round_ends=True))
            painter.drawPoints(points)

    def _pitch_mark(self, painter: QPainter) -> None:
        """A small triangle under what is called the pitch."""
        hz = self._paper.modes.pitch_hz
        if hz <= 0.0:
            return
        x = self._plot.left() + float(self._paper.scale.share_of(hz)) * self._plot.width()
        if self._plot.left() <= x <= self._plot.right():
            y = self._plot.bottom() + 2.0
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(self._theme.secondary))
            painter.drawPolygon(QPolygonF([QPointF(x, y), QPointF(x - 3.5, y + 5), QPointF(x + 3.5, y + 5)]))
            painter.setBrush(Qt.BrushStyle.NoBrush)

    def _chosen(self, painter: QPainter) -> None:
        paper, theme = self._paper, self._theme
        n = paper.modes.hz.size
        if not n:
            return
        chosen = np.zeros(n, bool)
        chosen[list(paper.selected)] = True
        if paper.hovered_mode is not None:
            chosen[paper.hovered_mode] = True
        silent = paper.shown().silent
        self._draw(painter, chosen & ~silent, QColor(theme.text), 1.0, more_px=0.5)
        quiet = np.flatnonzero(chosen & silent)
        if quiet.size:
            for tone, width in ((QColor(theme.text), DOT_PX + 2.0), (QColor(theme.canvas), DOT_PX - 1.5)):
                painter.setPen(_pen(tone, 1.0, width, round_ends=True))
                painter.drawPoints(self._points(quiet))
        mode = paper.tail_mode()
        if mode is not None and not silent[mode]:
            self._tail(painter, mode)

    def _tail(self, painter: QPainter, mode: int) -> None:
        paper, theme = self._paper, self._theme
        head, end = paper.head(mode), paper.tail(mode)
        if not self._plot.adjusted(-6, -8, 6, 4).contains(head):
            return
        fade = QLinearGradient(head, end)
        fade.setColorAt(0.0, QColor(theme.text))
        fade.setColorAt(1.0, wash(theme.text, 0.25))
        painter.setPen(QPen(fade, 2.0))
        painter.drawLine(head, end)
        if DAMPING in paper.locked:
            return
        painter.setPen(QPen(QColor(theme.canvas), 1.5))
        painter.setBrush(QColor(theme.text))
        painter.drawRoundedRect(QRectF(end.x() - 3.5, end.y() - 5.5, 7.0, 11.0), 2, 2)
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def _paint_lasso(self, painter: QPainter) -> None:
        corners = self._paper.lasso
        if len(corners) > 1:
            painter.setPen(QPen(QColor(self._theme.accent), 1.0, Qt.PenStyle.DashLine))
            painter.setBrush(wash(self._theme.accent, 0.1))
            painter.drawPolygon(QPolygonF(corners))
            painter.setBrush(Qt.BrushStyle.NoBrush)

    def _words(self, painter: QPainter) -> None:
        paper, theme = self._paper, self._theme
        room = QRectF(PADDING + 2, 0, paper.width() - 2 * PADDING - 4, HEAD_PX - GRID)
        metrics = painter.fontMetrics()
        beside = paper.lock_words()
        if paper.solo:
            beside = f"solo {len(paper.solo)}{f', {beside}' if beside else ''}"
        if beside:
            width = metrics.horizontalAdvance(beside)
            painter.setPen(QColor(theme.secondary))
            painter.drawText(room, _RIGHT, beside)
            if paper.lock_words():
                padlock(painter, room.right() - width - 8, room.center().y(), theme.secondary)
            room.setRight(room.right() - width - 20)
        named = paper.hovered_mode is not None or paper.primary is not None
        painter.setPen(QColor(theme.text if named else theme.secondary))
        words = metrics.elidedText(paper.words(), Qt.TextElideMode.ElideRight, int(max(room.width(), 0)))
        painter.drawText(room, _LEFT, words)


def _opaque(tone: QColor, strength: float) -> QColor:
    """A colour mixed into the paper's: to paint what one sees through takes longer."""
    paper = QColor(tokens().canvas)
    parts = ((tone.redF(), paper.redF()), (tone.greenF(), paper.greenF()), (tone.blueF(), paper.blueF()))
    return QColor.fromRgbF(*(strength * over + (1.0 - strength) * under for over, under in parts))


def _pen(tone: QColor, opacity: float, width: float, *, round_ends: bool = False) -> QPen:
    colour = _opaque(tone, opacity)
    cap = Qt.PenCapStyle.RoundCap if round_ends else Qt.PenCapStyle.FlatCap
    return QPen(colour, width, Qt.PenStyle.SolidLine, cap)
