"""How the view of the struck object looks: the object, the two places on it, the ripple and the words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap

from app.controls.kept_paper import KeptPaper
from app.controls.knob_paint import figures, focus_ring, padlock, wash
from app.controls.struck_paint import paint_ruler, paint_solid
from app.theme import GRID, PADDING, tokens

if TYPE_CHECKING:
    from app.controls.strike_paper import StrikePaper

HEAD_PX, FOOT_PX, SIDE_PX = 26.0, 30.0, 18.0
LOW_BELOW_PX, LOW_FOOT_PX = 100, 8.0
"""A view lower than this has no ruler, and says at the top what else stands at its foot."""
DOT_PX, RING_PX, HALO_PX = 5.0, 6.0, 2.0
RIPPLE_PX = 34.0
FORCE_PX = 44.0
"""The bar that shows the force."""


@dataclass(frozen=True)
class StrikeState:
    """What there is to show besides the object: the line of ``words``, the ``force`` (0 for none yet), whether a hand
    lies on it, the dot that is pointed at or has the keyboard, and a ripple's place and share of its time."""

    words: str
    force: int
    damped: bool
    bright: str | None
    ripple: tuple[QPointF, float] | None


class StrikePicture:
    """Paints ``view``. The object is kept as a picture: pointing and striking cost next to nothing."""

    def __init__(self, view: StrikePaper) -> None:
        self._view = view
        self._kept = KeptPaper(view)

    def room(self) -> QRectF:
        """Where the object may stand."""
        return QRectF(self._view.rect()).adjusted(SIDE_PX, HEAD_PX, -SIDE_PX, -(LOW_FOOT_PX if self._low else FOOT_PX))

    @property
    def _low(self) -> bool:
        return self._view.height() < LOW_BELOW_PX

    def paint(self, painter: QPainter, state: StrikeState) -> None:
        view, theme = self._view, tokens()
        painter.drawPixmap(0, 0, self._still())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if state.damped:
            painter.fillPath(view.solid().outline, wash(theme.canvas, 0.45))
        if state.ripple is not None:
            self._ripple(painter, *state.ripple)
        self._dots(painter, state.bright)
        painter.setFont(figures(view))
        painter.setPen(QColor(theme.secondary))
        line = QRectF(PADDING, GRID, view.width() - 2 * PADDING, 18)
        words = painter.fontMetrics().elidedText(state.words, Qt.TextElideMode.ElideRight, int(line.width()))
        painter.drawText(line, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, words)
        self._force(painter, state)
        if view.hasFocus():
            focus_ring(painter, QRectF(view.rect()))

    def _still(self) -> QPixmap:
        """Paper, object and ruler."""
        return self._kept.picture((self._view.look, self._view.stuff), self._paint_still)

    def _paint_still(self, painter: QPainter) -> None:
        view = self._view
        solid = view.solid()
        paint_solid(painter, solid, view.stuff, view.look.hollowness)
        if not self._low:
            corner = QPointF(PADDING + 2.5, view.height() - PADDING - 2.5)
            paint_ruler(painter, solid.px_per_m, corner, min(0.3 * view.width(), 110.0))

    def _ripple(self, painter: QPainter, place: QPointF, share: float) -> None:
        pen = QPen(wash(tokens().accent, 0.9 * (1.0 - share)), 2.0)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        radius = DOT_PX + RIPPLE_PX * share
        painter.drawEllipse(place, radius, radius)

    def _dots(self, painter: QPainter, bright: str | None) -> None:
        """A ring where it is listened to, with a point for each ear, and a dot where it is struck; all stand on a halo
        of the paper's colour, so that they are seen on every material."""
        view, theme = self._view, tokens()
        paper, ring = QColor(theme.canvas), QColor(theme.text)
        ears = [view.pixel(*place) for place in view.ears()]
        heard = view.pixel(*view.place("pickup"))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if (ears[0] - ears[1]).manhattanLength() > 2 * RING_PX:
            for tone, width in ((paper, 3.0), (ring, 1.0)):
                painter.setPen(QPen(tone, width))
                painter.drawLine(ears[0], ears[1])
            for ear in ears:
                painter.setPen(QPen(paper, 1.5))
                painter.setBrush(ring)
                painter.drawEllipse(ear, 2.5, 2.5)
        grown = 1.5 if bright == "pickup" else 0.0
        painter.setBrush(wash(theme.canvas, 0.5))
        for tone, width in ((paper, 2.0 + 2 * HALO_PX), (ring, 2.0)):
            painter.setPen(QPen(tone, width))
            painter.drawEllipse(heard, RING_PX + grown, RING_PX + grown)
            painter.setBrush(Qt.BrushStyle.NoBrush)
        struck = view.pixel(*view.place("strike"))
        grown = 1.5 if bright == "strike" else 0.0
        painter.setPen(QPen(paper, HALO_PX))
        painter.setBrush(QColor(theme.accent))
        painter.drawEllipse(struck, DOT_PX + grown + HALO_PX / 2, DOT_PX + grown + HALO_PX / 2)
        for place, dot in ((struck, "strike"), (heard, "pickup")):
            if (dot == "strike" and view.is_locked("strike")) or (dot == "pickup" and view.is_locked("pickup")):
                spot = place + QPointF(0.0, -16.0)
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(wash(theme.canvas, 0.85))
                painter.drawEllipse(spot + QPointF(0.0, 0.5), 8.0, 8.0)
                padlock(painter, spot.x(), spot.y(), theme.text)

    def _force(self, painter: QPainter, state: StrikeState) -> None:
        """How hard it was struck; before the first strike, how that is done."""
        view, theme = self._view, tokens()
        top = GRID + 1 if self._low else view.height() - FOOT_PX + 8
        foot = QRectF(view.width() - 130.0, top, 130.0 - PADDING, 16.0)
        words = "Damped" if state.damped else f"Force {state.force}" if state.force else "Click to strike"
        painter.setPen(QColor(theme.text if state.force or state.damped else theme.secondary))
        middle = Qt.AlignmentFlag.AlignVCenter
        if state.damped or not state.force:
            painter.drawText(foot, Qt.AlignmentFlag.AlignRight | middle, words)
            return
        bar = QRectF(foot.right() - FORCE_PX, foot.center().y() - 2.0, FORCE_PX, 4.0)
        painter.drawText(foot.adjusted(0, 0, -FORCE_PX - 8, 0), Qt.AlignmentFlag.AlignRight | middle, words)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.hairline))
        painter.drawRoundedRect(bar, 2, 2)
        painter.setBrush(QColor(theme.accent))
        painter.drawRoundedRect(QRectF(bar.left(), bar.top(), bar.width() * state.force / 127.0, bar.height()), 2, 2)
