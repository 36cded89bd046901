"""Bands of noise as two curves one above the other: how long each band lasts, and how loud it is."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from app.controls.curve_axis import LogAxis, hz_words, seconds_label
from app.controls.curve_handle import Handle, Way
from app.controls.curve_paint import HANDLE_PX, paint_below, paint_beside
from app.controls.curve_paper import CurvePaper
from app.controls.hand_step import Value
from app.controls.knob_paint import padlock, wash
from app.controls.mode_set import Array
from app.controls.words import MINUS, hz_label, hz_text, typeset
from app.theme import tokens
from engine.params import Param
from engine.params.impact import CONTACT_HIGH_HZ, CONTACT_LOW_HZ, IMPACT_SPACE, LOWEST_BAND_HZ, N_BANDS, N_CONTACT_BANDS
from engine.params.text import format_value

_P = IMPACT_SPACE
_HZ = LogAxis(30.0, 20_000.0)
HINT = (
    "Drag a handle, or across the paper to draw several bands at once; Shift is fine, Ctrl steps, Alt snaps back.\n"
    "Double-click types. Keys: Ctrl+Left and Ctrl+Right choose a band, arrows move it, Enter types, Del is the default."
)
GAP_PX = 24.0
"""Between the curve of times, above, and that of levels."""
_LENGTH = _P["room_s"]


class BandCurve(CurvePaper):
    """``n`` bands with middles ``hz``: handles on the upper curve change a band's length (``oct_name``), those on the
    lower its level (``db_name``); sideways both shift its middle where there is ``st_name``. :meth:`lengths` says how
    long they last.
    """

    times = LogAxis(0.01, 30.0)

    def __init__(
        self,
        name: str,
        hz: Array,
        names: tuple[str, str, str | None],
        more: tuple[Param, ...],
        parent: QWidget | None = None,
    ) -> None:
        oct_name, db_name, st_name = names
        own = [_P[n] for n in names if n is not None]
        super().__init__([*own, *more], name, parent)
        self._oct, self._db, self._st = _P[oct_name], _P[db_name], _P[st_name] if st_name else None
        self._plain_hz = hz
        handles = []
        for kind, param in (("decay", self._oct), ("level", self._db)):
            for n, middle in enumerate(hz.tolist()):
                at = f"at {hz_words(middle)}"
                x = Way(self._st, f"{name} band {at}", n) if self._st is not None else None
                y = Way(param, f"{name} {'length' if kind == 'decay' else 'level'} {at}", n)
                handles.append(Handle(f"{kind}{n}", f"Band {n + 1}", x, y))
        self.curve_handles = tuple(handles)
        self.setToolTip(HINT)

    def sizeHint(self) -> QSize:
        return QSize(300, 200)

    def minimumSizeHint(self) -> QSize:
        return QSize(200, 144)

    def lengths(self) -> Array:
        """Times to -60 dB without the bands' own changes, in seconds ``[n]``."""
        raise NotImplementedError

    @property
    def is_heard(self) -> bool:
        """Whether there is anything to hear of the bands."""
        raise NotImplementedError

    def hz(self) -> Array:
        """The middles of the bands, shifted ``[n]``."""
        if self._st is None:
            return self._plain_hz
        return np.asarray(self._plain_hz * np.exp2(np.array(self.step.vector(self._st.name)) / 12.0))

    def seconds(self) -> Array:
        """Times to -60 dB ``[n]``."""
        return np.asarray(self.lengths() * np.exp2(np.array(self.step.vector(self._oct.name))))

    def lanes(self) -> tuple[QRectF, QRectF]:
        """Where lengths and levels are drawn."""
        plot = self.plot()
        half = (plot.height() - GAP_PX) / 2.0
        above = QRectF(plot.left(), plot.top(), plot.width(), half)
        return above, QRectF(plot.left(), plot.bottom() - half, plot.width(), half)

    def _x(self, hz: float) -> float:
        plot = self.plot()
        return plot.left() + _HZ.share(hz) * plot.width()

    def _db_y(self, db: float) -> float:
        lane = self.lanes()[1]
        return lane.bottom() - (db - self._db.low) / (self._db.high - self._db.low) * lane.height()

    def _s_y(self, seconds: float) -> float:
        lane = self.lanes()[0]
        return lane.bottom() - min(max(self.times.share(seconds), 0.0), 1.0) * lane.height()

    def spot(self, handle: Handle) -> QPointF:
        assert handle.ways
        n = handle.ways[0].index or 0
        x = self._x(float(self.hz()[n]))
        if handle.key.startswith("decay"):
            return QPointF(x, self._s_y(float(self.seconds()[n])))
        return QPointF(x, self._db_y(self.step.vector(self._db.name)[n]))

    def pulled(self, handle: Handle, point: QPointF) -> dict[str, Value]:
        plot = self.plot()
        n = handle.ways[0].index or 0
        found: dict[str, Value] = {}
        if handle.x is not None:
            hz = _HZ.at((point.x() - plot.left()) / plot.width())
            found |= handle.x.changed(self.step, 12.0 * math.log2(hz / float(self._plain_hz[n])))
        if handle.y is not None and handle.key.startswith("decay"):
            lane = self.lanes()[0]
            seconds = self.times.at((lane.bottom() - point.y()) / lane.height())
            found |= handle.y.changed(self.step, math.log2(seconds / float(self.lengths()[n])))
        elif handle.y is not None:
            lane = self.lanes()[1]
            share = (lane.bottom() - point.y()) / lane.height()
            found |= handle.y.changed(self.step, self._db.low + share * (self._db.high - self._db.low))
        return found

    def under_stroke(self, point: QPointF) -> Handle | None:
        """The nearest band, where the paper is drawn on: above its length, below its level."""
        for kind, lane in zip(("decay", "level"), self.lanes(), strict=True):
            if lane.contains(point):
                return min(self._of_kind(kind), key=lambda handle: abs(self.spot(handle).x() - point.x()))
        return None

    def crossed(self, handle: Handle, before: QPointF, now: QPointF) -> list[tuple[Handle, QPointF]]:
        """The bands whose middles the hand passes, on a straight line from place to place."""
        far = now.x() - before.x()
        if handle.y is None or far == 0.0:
            return []
        found = []
        for other in self._of_kind("decay" if handle.key.startswith("decay") else "level"):
            x = self.spot(other).x()
            if other.key != handle.key and 0.0 < (x - before.x()) / far <= 1.0:
                y = before.y() + (x - before.x()) / far * (now.y() - before.y())
                found.append((other, QPointF(x, y)))
        return sorted(found, key=lambda one: abs(one[1].x() - before.x()))

    def crossed_words(self, handle: Handle) -> str:
        return f"{self.accessibleName()} {'lengths' if handle.key.startswith('decay') else 'levels'}"

    def _of_kind(self, kind: str) -> list[Handle]:
        return [handle for handle in self.curve_handles if handle.key.startswith(kind)]

    def is_quiet(self, handle: Handle) -> bool:
        return not self.is_heard

    def handle_px(self) -> float:
        apart = self._x(float(self._plain_hz[1])) - self._x(float(self._plain_hz[0]))
        return min(HANDLE_PX, max(0.38 * apart, 2.5))

    def handle_words(self, handle: Handle) -> str:
        n = handle.ways[0].index or 0
        words = f"{handle.name}, {hz_text(float(self.hz()[n]))}: "
        if handle.key.startswith("decay"):
            length = format_value(_LENGTH, float(self.seconds()[n]))
            return words + typeset(f"{length} ({handle.ways[-1].text(self.step)})")
        return words + typeset(handle.ways[-1].text(self.step))

    def paint_axes(self, painter: QPainter, plot: QRectF) -> None:
        above, below = self.lanes()
        marks = (31.25, 62.5, 125.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0, 16_000.0)
        paint_below(painter, plot, [(self._x(hz), hz_label(hz)) for hz in marks if hz > 40.0])
        paint_beside(painter, above, [(self._s_y(s), seconds_label(s)) for s in self.times.decades()])
        levels = [level for level in (self._db.low, -48.0, -24.0, 0.0, 24.0) if self._db.low <= level <= self._db.high]
        words = [
            (self._db_y(v), f"{MINUS if v < 0 else ''}{abs(v):.0f} dB" if v > self._db.low else "off") for v in levels
        ]
        paint_beside(painter, below, words)

    def paint_curve(self, painter: QPainter, plot: QRectF) -> None:
        theme = tokens()
        heard = 1.0 if self.is_heard else 0.4
        n = len(self.curve_handles) // 2
        ends = [self.spot(handle) for handle in self.curve_handles]
        order = sorted(range(n), key=lambda i: ends[i].x())
        painter.setPen(QPen(wash(theme.accent if self.is_heard else theme.disabled, 0.9), 1.5))
        painter.drawPolyline(QPolygonF([ends[i] for i in order]))
        ground = self._db_y(0.0)
        wide = max(self.plot().width() / n * 0.28, 3.0)
        painter.setPen(QPen(QColor(theme.secondary), 1.0))
        painter.drawLine(QPointF(plot.left(), round(ground) + 0.5), QPointF(plot.right(), round(ground) + 0.5))
        for spot in ends[n:]:
            bar = QRectF(spot.x() - wide / 2.0, min(spot.y(), ground), wide, abs(ground - spot.y()))
            painter.fillRect(bar, wash(theme.wave, 0.35 * heard))
        painter.setPen(QPen(wash(theme.accent if self.is_heard else theme.disabled, 0.9), 1.5))
        painter.drawPolyline(QPolygonF([ends[n + i] for i in order]))
        for name, lane in zip((self._oct.name, self._db.name), self.lanes(), strict=True):
            if name in self.step.locked:
                padlock(painter, lane.right() - 6.0, lane.top() + 9.0, theme.secondary)


def _db_label(db: float) -> str:
    return f"{MINUS if db < 0 else ''}{abs(db):.0f} dB"


class RoomCurve(BandCurve):
    """The eight bands of the room: how long each lasts and how loud it is."""

    def __init__(self, parent: QWidget | None = None) -> None:
        hz = LOWEST_BAND_HZ * np.exp2(np.arange(N_BANDS))
        names = ("room_band_oct", "room_band_db", "room_band_st")
        super().__init__("Room", hz, names, (_P["room_s"], _P["room_damping"], _P["room"]), parent)
        self.describe()

    @property
    def is_heard(self) -> bool:
        return self.step.number("room") > 0.0

    def lengths(self) -> Array:
        if self.pictures is None or self.pictures.band_decay_s.size != N_BANDS:
            return np.full(N_BANDS, self.step.number("room_s"))
        drawn = self.drawn["room_band_oct"]
        assert isinstance(drawn, tuple)
        plain = np.asarray(self.pictures.band_decay_s, np.float64) * np.exp2(-np.array(drawn))
        return np.asarray(plain * (self.step.number("room_s") / self.then("room_s")))

    def rest_words(self) -> str:
        if not self.is_heard:
            return "No room is heard: turn Room up"
        return "The room's bands: their lengths above, their levels below"


class ContactBands(BandCurve):
    """The sixteen bands of the contact's noise."""

    times = LogAxis(0.001, 30.0)

    def __init__(self, parent: QWidget | None = None) -> None:
        hz = np.geomspace(CONTACT_LOW_HZ, CONTACT_HIGH_HZ, N_CONTACT_BANDS)
        names = ("contact_band_oct", "contact_band_db", None)
        super().__init__("Contact noise", hz, names, (_P["contact_s"], _P["contact_db"]), parent)
        self.describe()

    @property
    def is_heard(self) -> bool:
        return self.step.number("contact_db") > _P["contact_db"].low

    def lengths(self) -> Array:
        return np.full(N_CONTACT_BANDS, self.step.number("contact_s"))

    def rest_words(self) -> str:
        if not self.is_heard:
            return "The contact makes no noise: turn its level up"
        return "The noise's bands: their lengths above, their levels below"
