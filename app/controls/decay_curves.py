"""How a strike pushes and how it dies away, as curves with handles: the force of the contact, the decay of modes."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from app.controls.curve_axis import LogAxis, hz_words, seconds_label
from app.controls.curve_handle import Handle, Way
from app.controls.curve_paint import paint_below, paint_beside
from app.controls.curve_paper import CurvePaper
from app.controls.hand_step import Value
from app.controls.knob_paint import wash
from app.controls.mode_set import LN_1000, Array, rayleigh_decay_s, rayleigh_of
from app.controls.words import TIMES, hz_label, typeset
from app.theme import series_colour, tokens
from engine.params.impact import IMPACT_SPACE
from engine.params.text import format_value

_P = IMPACT_SPACE
_TIME = LogAxis(0.00003, 10.0)
SOFTEST_SHARE = 0.16
"""How high the push of felt stands; that of steel reaches the top."""
NOISE_SERIES = 2


class ForceCurve(CurvePaper):
    """The push of the striker over time and, beside it, the level of the contact's noise. The push stands higher the
    harder the striker is; time is logarithmic, so that a click and a scrape are both seen.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        names = ("striker_hardness", "contact_stretch", "contact_db", "contact_s", "contact_rise_s")
        super().__init__([_P[name] for name in names], "Contact force", parent)
        self.curve_handles = (
            Handle(
                "push",
                "Push",
                Way(_P["contact_stretch"], "Contact length"),
                Way(_P["striker_hardness"], "Striker hardness"),
            ),
            Handle(
                "noise",
                "Contact noise",
                Way(_P["contact_rise_s"], "Contact noise rise"),
                Way(_P["contact_db"], "Contact noise level"),
            ),
            Handle("end", "Contact noise end", Way(_P["contact_s"], "Contact noise length")),
        )
        self.describe()

    @property
    def contact_s(self) -> float:
        """How long they touch: what the engine says, and the hand's stretch since."""
        known = self.pictures.contact_s if self.pictures is not None and self.pictures.contact_s > 0 else 0.001
        return known * self.step.number("contact_stretch") / self.then("contact_stretch")

    def spot(self, handle: Handle) -> QPointF:
        plot, db = self.plot(), _P["contact_db"]
        if handle.key == "push":
            return QPointF(self._x(0.5 * self.contact_s), self._push_y(1.0))
        if handle.key == "noise":
            share = db.to_unit(self.step.number("contact_db"))
            return QPointF(self._x(_peak_s(*self._rise_and_fall())), plot.bottom() - share * plot.height())
        return QPointF(self._x(self.step.number("contact_s")), plot.bottom())

    def pulled(self, handle: Handle, point: QPointF) -> dict[str, Value]:
        plot = self.plot()
        seconds = _TIME.at((point.x() - plot.left()) / plot.width())
        up = (plot.bottom() - point.y()) / plot.height()
        found: dict[str, Value] = {}
        if handle.x is not None and handle.key == "push":
            known = self.contact_s / self.step.number("contact_stretch")
            found |= handle.x.changed(self.step, 2.0 * seconds / known)
        elif handle.x is not None and handle.key == "noise":
            found |= handle.x.changed(self.step, _rise_of_peak(seconds, self._rise_and_fall()[1]))
        elif handle.x is not None:
            found |= handle.x.changed(self.step, seconds)
        if handle.y is not None:
            share = (up - SOFTEST_SHARE) / (1.0 - SOFTEST_SHARE) if handle.key == "push" else up
            found |= handle.y.changed(self.step, handle.y.param.from_unit(min(max(share, 0.0), 1.0)))
        return found

    def is_quiet(self, handle: Handle) -> bool:
        return handle.key != "push" and not self.has_noise

    def _rise_and_fall(self) -> tuple[float, float]:
        return self.step.number("contact_rise_s"), self.step.number("contact_s")

    def _x(self, seconds: float) -> float:
        plot = self.plot()
        return plot.left() + _TIME.share(seconds) * plot.width()

    def _push_y(self, share: float) -> float:
        """Where so much of the push's peak stands."""
        plot = self.plot()
        high = SOFTEST_SHARE + (1.0 - SOFTEST_SHARE) * self.step.number("striker_hardness")
        return plot.bottom() - share * high * plot.height()

    def push(self) -> tuple[Array, Array]:
        """Seconds, and shares of the peak."""
        if self.pictures is not None and self.pictures.force.size > 1 and self.pictures.contact_s > 0:
            stretch = self.contact_s / self.pictures.contact_s
            force = self.pictures.force.astype(np.float64)
            return self.pictures.force_s.astype(np.float64) * stretch, force / max(float(force.max()), 1e-9)
        share = np.linspace(0.0, 1.0, 65)
        return share * self.contact_s, np.power(np.sin(np.pi * share), 1.5)

    def noise(self) -> tuple[Array, Array]:
        """Seconds and dB of the noise, its highest level ``contact_db``."""
        rise, fall = self._rise_and_fall()
        seconds = np.geomspace(_TIME.low, _TIME.high, 240)
        peak = _noise_db(np.array([_peak_s(rise, fall)]), rise, fall)
        return seconds, self.step.number("contact_db") + _noise_db(seconds, rise, fall) - peak

    @property
    def has_noise(self) -> bool:
        return self.step.number("contact_db") > _P["contact_db"].low

    def rest_words(self) -> str:
        return f"Contact {typeset(format_value(_P['contact_s'], self.contact_s))}; drag its peak, or the noise"

    def handle_words(self, handle: Handle) -> str:
        if handle.key != "push":
            return super().handle_words(handle)
        lasts = format_value(_P["contact_s"], self.contact_s)
        stretch, hardness = (way.text(self.step) for way in handle.ways)
        return typeset(f"Push: {lasts} ({stretch} x as long), hardness {hardness}").replace(" x ", f"{TIMES} ")

    def paint_axes(self, painter: QPainter, plot: QRectF) -> None:
        paint_below(painter, plot, [(self._x(s), seconds_label(s)) for s in _TIME.decades()])
        steel, felt = plot.top(), plot.bottom() - SOFTEST_SHARE * plot.height()
        middle = (steel + felt) / 2.0
        paint_beside(painter, plot, [(plot.bottom(), ""), (felt, "felt"), (middle, ""), (steel, "steel")])

    def paint_curve(self, painter: QPainter, plot: QRectF) -> None:
        theme = tokens()
        seconds, level = self.noise()
        if self.has_noise:
            db = _P["contact_db"]
            share = (level - db.low) / (db.high - db.low)
            seconds, share = seconds[share > 0.0], share[share > 0.0]
            x = plot.left() + _TIME.shares(seconds) * plot.width()
            tone = series_colour(NOISE_SERIES)
            _area(painter, plot, x, plot.bottom() - share * plot.height(), tone, dashed=True)
        seconds, force = self.push()
        x = plot.left() + _TIME.shares(np.maximum(seconds, _TIME.low)) * plot.width()
        high = plot.bottom() - self._push_y(1.0)
        _area(painter, plot, x, plot.bottom() - force * high, theme.accent)


def _noise_db(seconds: Array, rise: float, fall: float) -> Array:
    """The level of the noise against a noise that neither rises nor falls."""
    shape = -np.expm1(-3.0 * seconds / rise) * np.exp(-LN_1000 * seconds / fall)
    return np.asarray(20.0 * np.log10(np.maximum(shape, 1e-9)))


def _peak_s(rise: float, fall: float) -> float:
    """When the noise is loudest."""
    return rise / 3.0 * math.log1p(3.0 * fall / (rise * LN_1000))


def _rise_of_peak(peak_s: float, fall: float) -> float:
    """The rise that puts the peak there."""
    rise = _P["contact_rise_s"]
    low, high = rise.low, rise.high
    for _ in range(40):
        middle = math.sqrt(low * high)
        low, high = (middle, high) if _peak_s(middle, fall) < peak_s else (low, middle)
    return math.sqrt(low * high)


def _area(painter: QPainter, plot: QRectF, x: Array, y: Array, colour: str, *, dashed: bool = False) -> None:
    """A curve over a wash of its colour."""
    if not x.size:
        return
    points = [QPointF(a, b) for a, b in zip(x.tolist(), y.tolist(), strict=True)]
    path = QPainterPath(QPointF(points[0].x(), plot.bottom()))
    for point in points:
        path.lineTo(point)
    path.lineTo(QPointF(points[-1].x(), plot.bottom()))
    painter.fillPath(path, wash(colour, 0.12))
    pen = QPen(QColor(colour), 1.5, Qt.PenStyle.DashLine if dashed else Qt.PenStyle.SolidLine)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.drawPolyline(QPolygonF(points))


_HZ = LogAxis(20.0, 20_000.0)
_RING = LogAxis(0.003, 60.0)
LOW_HZ, HIGH_HZ = 45.0, 11_000.0
"""Where the handles stand."""
LINE_REACH_PX = 7.0


class DecayCurve(CurvePaper):
    """How long modes ring, over frequency: a dot for each, and the line of the material (Rayleigh's), which is pulled
    at its low and its high end, or between them as a whole."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__([_P["damping_low"], _P["damping_high"]], "Decay over frequency", parent)
        low = Handle("low", "Low end", y=Way(_P["damping_low"], "Low damping", sign=-1.0))
        high = Handle("high", "High end", y=Way(_P["damping_high"], "High damping", sign=-1.0))
        self.curve_handles = (low, high)
        self._both = Handle("both", "Both", y=Way(_P["damping_low"], "Damping", sign=-1.0))
        self._held_hz = 0.0
        self.describe()

    def rayleigh(self) -> tuple[float, float]:
        """Alpha and beta as the hand has them now."""
        alpha, beta = 4.0, 2e-7
        if self.pictures is not None and self.pictures.damping_hz.size > 1:
            alpha, beta = rayleigh_of(np.asarray(self.pictures.damping_hz), np.asarray(self.pictures.damping_decay_s))
        low, high = (self.step.number(n) / self.then(n) for n in ("damping_low", "damping_high"))
        return alpha * low, beta * high

    def decay_at(self, hz: float) -> float:
        """The line's height, in seconds."""
        return float(rayleigh_decay_s(*self.rayleigh(), np.array([hz]))[0])

    def spot(self, handle: Handle) -> QPointF:
        hz = {"low": LOW_HZ, "high": HIGH_HZ}.get(handle.key, self._held_hz or 1000.0)
        return QPointF(self._x(hz), self._y(self.decay_at(hz)))

    def handle_at(self, point: QPointF) -> Handle | None:
        found = super().handle_at(point)
        plot = self.plot()
        if found is not None or not plot.contains(point):
            return found
        hz = _HZ.at((point.x() - plot.left()) / plot.width())
        return self._both if abs(self._y(self.decay_at(hz)) - point.y()) <= LINE_REACH_PX else None

    def grip_point(self, handle: Handle, here: QPointF) -> QPointF:
        plot = self.plot()
        self._held_hz = _HZ.at((here.x() - plot.left()) / plot.width())
        return self.spot(handle)

    def pulled(self, handle: Handle, point: QPointF) -> dict[str, Value]:
        plot = self.plot()
        wanted_s = _RING.at(min(max((plot.bottom() - point.y()) / plot.height(), -0.5), 1.5))
        low, high = self.curve_handles
        assert low.y is not None
        assert high.y is not None
        alpha, beta = self.rayleigh()
        if handle.key == "both":
            factor = self.decay_at(self._held_hz) / wanted_s
            # Both or neither, so that the line keeps its shape at the ends of their ranges.
            for way in (low.y, high.y):
                value = way.value(self.step)
                factor = way.param.clamp(value * factor) / value
            found: dict[str, Value] = {}
            for way in (low.y, high.y):
                found |= way.changed(self.step, way.value(self.step) * factor)
            return found
        square = (2.0 * math.pi * (LOW_HZ if handle is low or handle.key == "low" else HIGH_HZ)) ** 2
        falls = 2.0 * LN_1000 / wanted_s
        # What the other end adds here stays: each pulls at its own number.
        if handle.key == "low":
            factor = max(falls - beta * square, 0.0) / max(alpha, 1e-12)
            return low.y.changed(self.step, low.y.value(self.step) * factor)
        factor = max(falls - alpha, 0.0) / max(beta * square, 1e-12)
        return high.y.changed(self.step, high.y.value(self.step) * factor)

    def _x(self, hz: float) -> float:
        plot = self.plot()
        return plot.left() + _HZ.share(hz) * plot.width()

    def _y(self, seconds: float) -> float:
        plot = self.plot()
        return plot.bottom() - min(max(_RING.share(seconds), 0.0), 1.0) * plot.height()

    def rest_words(self) -> str:
        return f"Rings {self._seconds(LOW_HZ)} low, {self._seconds(HIGH_HZ)} high; drag an end, or the line"

    def handle_words(self, handle: Handle) -> str:
        if handle.key == "both":
            ways = " and ".join(h.ways[0].shown(self.step) for h in self.curve_handles)
            return f"Damping: {ways}"
        hz = LOW_HZ if handle.key == "low" else HIGH_HZ
        words = handle.ways[0].text(self.step)
        return typeset(f"{handle.ways[0].words}: {words} of the material's, {self._seconds(hz)} at {hz_words(hz)}")

    def _seconds(self, hz: float) -> str:
        return typeset(format_value(_P["room_s"], self.decay_at(hz)))

    def paint_axes(self, painter: QPainter, plot: QRectF) -> None:
        marks = [20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0, 5000.0, 10_000.0, 20_000.0]
        paint_below(painter, plot, [(self._x(hz), hz_label(hz)) for hz in marks])
        paint_beside(painter, plot, [(self._y(s), seconds_label(s)) for s in _RING.decades()])

    def dots(self) -> tuple[Array, Array]:
        """Pixels of the object's modes; they go with the line until the engine has told of them anew."""
        if self.pictures is None or self.pictures.damping_hz.size < 2:
            return np.zeros(0), np.zeros(0)
        plot, n = self.plot(), self.pictures.n_own
        hz = np.asarray(self.pictures.mode_hz[:n], np.float64)
        was = rayleigh_of(np.asarray(self.pictures.damping_hz), np.asarray(self.pictures.damping_decay_s))
        moved = rayleigh_decay_s(*self.rayleigh(), hz) / rayleigh_decay_s(*was, hz)
        shares = _RING.shares(np.asarray(self.pictures.mode_decay_s[:n], np.float64) * moved)
        return plot.left() + _HZ.shares(hz) * plot.width(), plot.bottom() - shares * plot.height()

    def paint_curve(self, painter: QPainter, plot: QRectF) -> None:
        theme = tokens()
        hz = np.geomspace(_HZ.low, _HZ.high, 120)
        shares = np.clip(_RING.shares(rayleigh_decay_s(*self.rayleigh(), hz)), -0.1, 1.1)
        places = zip((plot.left() + _HZ.shares(hz) * plot.width()).tolist(), shares.tolist(), strict=True)
        line = QPolygonF([QPointF(a, plot.bottom() - b * plot.height()) for a, b in places])
        lifted = (self._held or self._pointed) is not None and (self._held or self._pointed) == self._both
        painter.setPen(QPen(QColor(theme.accent), 3.0 if lifted else 1.75))
        painter.drawPolyline(line)
        x, y = self.dots()
        painter.setPen(QPen(wash(theme.text, 0.8), 4.0, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        if x.size:
            painter.drawPoints(QPolygonF([QPointF(a, b) for a, b in zip(x.tolist(), y.tolist(), strict=True)]))
