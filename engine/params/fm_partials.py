"""Which partials an FM sound has, and by which operators each of them comes about.

A sine bent by another has partials at ``f_c + n f_m`` of height ``J_n(index)`` (Chowning 1973). Each operator's phase
is here an angle of its own, so that a sound is a Fourier series in as many angles as there are operators, and a partial
a list of whole numbers: how often each operator's frequency counts. For operator ``c`` with the wave ``w``, amplitude
``a`` and the bend ``phi`` from its modulators::

    y_c = a w(theta_c + phi)  = a sum_h w_h exp(i h theta_c) exp(i h phi),
    exp(i k phi)              = product over its modulators s of exp(i k m_s y_s),
    exp(i k m_s y_s)          = sum_n d_n exp(i n theta_s) exp(i n phi_s),

with ``d_n`` the Fourier series of ``exp(i k m_s a_s w)``, and so on up the chain (Le Brun 1977; for plain sines ``d_n``
is the Bessel function ``J_n``). What is too faint is
dropped on the way. An operator that bends itself has the wave into which it settles, found by letting it run; if it
never settles, or a loop of several operators does not, its sound is no sum of partials and is called noise-like. Other
loops are unrolled a few times.

Amplitudes and frequencies are those of one :class:`Moment`. Filter, drive, noise and room are not looked at.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from engine.params.fm import N_OPERATORS
from engine.params.pictures import Partial, Peak

Route = tuple[int, int]
"""Source and target, operators counted from 1."""

DEPTH_DB = 66.0
"""Partials that far below the strongest are left out."""
MOST_PARTIALS = 400
_MOST_TERMS = 800
_MOST_SERIES = 1500
_FAINT = (2e-4, 2e-3, 2e-2)
"""Terms below are dropped; the next one is tried where that leaves too many."""
_N_ANGLES = 256
_UNROLLED = 2
"""How often a loop of several operators is gone round."""
_SETTLING = 320
_LOOP_HZ = 48_000.0
_TURN = 2.0 * math.pi

Keys = NDArray[np.int64]
Terms = tuple[Keys, NDArray[np.complex128]]
"""Whole numbers for each operator, packed into one key, and a coefficient for each key."""
Angles = NDArray[np.float64]


@dataclass(frozen=True)
class Moment:
    """An FM note at one moment: of each operator ``hz``, ``amplitude`` (level, key, velocity and envelope), ``output``
    (as amplitude) and ``shapes`` (its place in ``WAVES``), all ``[6]``; ``depths`` in radians by route."""

    hz: tuple[float, ...]
    amplitude: tuple[float, ...]
    output: tuple[float, ...]
    shapes: tuple[int, ...]
    depths: Mapping[Route, float]

    def index(self, route: Route) -> float:
        """How far a route bends now, in radians."""
        return self.depths.get(route, 0.0) * self.amplitude[route[0] - 1]

    def sources(self, target: int) -> list[int]:
        """The operators that bend ``target`` noticeably, itself aside."""
        others = (s for s in range(1, N_OPERATORS + 1) if s != target)
        return [s for s in others if self.index((s, target)) > 1e-4]

    def behind(self, target: int) -> set[int]:
        """All operators that bend ``target``, directly or through others."""
        found: set[int] = set()
        ahead = [target]
        while ahead:
            for source in self.sources(ahead.pop()):
                if source not in found:
                    found.add(source)
                    ahead.append(source)
        return found


@dataclass(frozen=True)
class Prediction:
    """``partials`` in the order of frequency, and the loops that never settle in words: ``"1 > 2 > 1"``."""

    partials: tuple[Partial, ...]
    noise_like: tuple[str, ...]


def predict(moment: Moment) -> Prediction:
    """The partials of what is heard of ``moment``."""
    heard = [c for c in range(1, N_OPERATORS + 1) if moment.output[c - 1] * moment.amplitude[c - 1] > 1e-5]
    matters = {o for c in heard for o in (c, *moment.behind(c))}
    waves: dict[int, Angles] = {}
    unsettled: list[tuple[int, ...]] = []
    for loop in loops_of(moment):
        if not matters & set(loop):
            continue
        wave = settled(moment, loop)
        if wave is None:
            unsettled.append(loop)
        elif len(loop) == 1:
            waves[loop[0]] = wave
    wild = {o for loop in unsettled for o in loop}
    told = [c for c in heard if c not in wild and not wild & moment.behind(c)]
    partials = _partials(moment, told, waves) if told else ()
    return Prediction(partials, tuple(loop_words(loop) for loop in unsettled))


def named(peaks: Iterable[tuple[float, float]], partials: tuple[Partial, ...], within_hz: float) -> tuple[Peak, ...]:
    """Measured ``(hz, level_db)`` with the predicted partial of each: the strongest within ``within_hz``, if any."""
    places = np.array([p.hz for p in partials])
    found = []
    for hz, level_db in peaks:
        near = range(*np.searchsorted(places, (hz - within_hz, hz + within_hz)).tolist())
        best = max(near, key=lambda n: partials[n].level_db, default=None)
        found.append(Peak(hz, level_db, None if best is None else partials[best]))
    return tuple(found)


def loop_words(loop: tuple[int, ...]) -> str:
    """``"1 > 2 > 1"``."""
    return " > ".join(str(o) for o in (*loop, loop[0]))


# Series in several angles


def _partials(moment: Moment, carriers: list[int], waves: Mapping[int, Angles]) -> tuple[Partial, ...]:
    for faint in _FAINT:
        try:
            return _joined(moment, [(c, _Expansion(moment, waves, faint).carrier(c)) for c in carriers])
        except _TooMany:
            continue
    return ()


class _TooMany(Exception):
    """The series has more terms than can be told apart."""


@dataclass
class _Expansion:
    moment: Moment
    waves: Mapping[int, Angles]
    faint: float
    _known: dict[tuple[object, ...], Terms] = field(default_factory=dict)

    def carrier(self, operator: int) -> Terms:
        """What is heard of an operator as a sum of ``exp(i n theta)``."""
        bend = np.fft.fft(self._wave(operator)) / _N_ANGLES
        scale = self.moment.amplitude[operator - 1] * self.moment.output[operator - 1]
        return self._followed(operator, bend * scale, self.faint * scale, (operator,))

    def _wave(self, operator: int) -> Angles:
        wave = self.waves.get(operator)
        return one_period(self.moment.shapes[operator - 1]) if wave is None else wave

    def _bent(self, source: int, index: float, path: tuple[int, ...]) -> Terms:
        """``exp(i index w)`` of an operator with everything behind it; ``index`` counts its amplitude already."""
        known = (source, round(index, 9), tuple(sorted(path)) if path.count(source) else ())
        found = self._known.get(known)
        if found is None:
            if len(self._known) >= _MOST_SERIES:
                raise _TooMany
            coefficients = np.fft.fft(np.exp(1j * index * self._wave(source))) / _N_ANGLES
            found = self._known[known] = self._followed(source, coefficients, self.faint, (*path, source))
        return found

    def _followed(
        self, operator: int, coefficients: NDArray[np.complex128], faint: float, path: tuple[int, ...]
    ) -> Terms:
        """``sum_n coefficients[n] exp(i n (theta + phi))`` of an operator, ``phi`` worked out."""
        sources = self.moment.sources(operator) if path.count(operator) <= _UNROLLED else []
        parts: list[Terms] = []
        orders = np.fft.fftfreq(_N_ANGLES, 1.0 / _N_ANGLES).astype(np.int64)
        for n in np.flatnonzero(np.abs(coefficients) > faint).tolist():
            order = int(orders[n])
            terms = (np.array([order * _unit(operator)]), np.array([coefficients[n]]))
            for source in sources:
                if order:
                    index = order * self.moment.index((source, operator))
                    terms = _product(terms, self._bent(source, index, path), faint)
            parts.append(terms)
        return _merged(parts, faint)


def _unit(operator: int) -> int:
    return 1 << (8 * (operator - 1))


def _product(a: Terms, b: Terms, faint: float) -> Terms:
    sizes = np.abs(a[1])[:, None] * np.abs(b[1])[None, :]
    i, j = np.nonzero(sizes > faint * 0.5)
    if i.size > 16 * _MOST_TERMS:
        raise _TooMany
    return _merged([(a[0][i] + b[0][j], a[1][i] * b[1][j])], faint * 0.5)


def _merged(parts: list[Terms], faint: float) -> Terms:
    if not parts:
        return np.zeros(0, np.int64), np.zeros(0, np.complex128)
    if len(parts) == 1 and parts[0][0].size == 1:
        return parts[0]
    keys, places = np.unique(np.concatenate([keys for keys, _ in parts]), return_inverse=True)
    values = np.concatenate([values for _, values in parts])
    total = np.bincount(places, values.real) + 1j * np.bincount(places, values.imag)
    kept = np.abs(total) > faint * 0.5
    if int(kept.sum()) > _MOST_TERMS:
        raise _TooMany
    return keys[kept], total[kept]


def _orders(keys: Keys) -> NDArray[np.int64]:
    """Keys to whole numbers ``[keys, operators]``."""
    found = np.zeros((keys.size, N_OPERATORS), np.int64)
    rest = keys.copy()
    for operator in range(N_OPERATORS):
        digit = ((rest + 128) & 255) - 128
        found[:, operator] = digit
        rest = (rest - digit) >> 8
    return found


def _joined(moment: Moment, heard: list[tuple[int, Terms]]) -> tuple[Partial, ...]:
    """Everything that falls on one frequency together, named after its strongest part."""
    carriers = np.concatenate([np.full(keys.size, c) for c, (keys, _) in heard])
    orders = np.concatenate([_orders(keys) for _, (keys, _) in heard])
    values = np.concatenate([values for _, (_, values) in heard])
    hz = orders @ np.array(moment.hz)
    # A real sound has each partial twice, at plus and at minus its frequency.
    real = hz > 1.0
    carriers, orders, values, hz = carriers[real], orders[real], values[real], hz[real]
    if not hz.size:
        return ()
    by_hz = np.argsort(hz)
    # What beats slower than once in a few seconds is one partial.
    starts = np.flatnonzero(np.diff(hz[by_hz], prepend=-1.0) > 0.1)
    total = np.abs(np.add.reduceat(values[by_hz], starts))
    strongest = np.maximum.reduceat(np.abs(values[by_hz]), starts)
    least = max(float(total.max()) * 10.0 ** (-DEPTH_DB / 20.0), 1e-7)
    kept = np.flatnonzero(total > least)
    kept = kept[np.argsort(-total[kept])[:MOST_PARTIALS]]
    found = []
    ends = np.append(starts[1:], hz.size)
    for group in kept.tolist():
        members = by_hz[starts[group] : ends[group]]
        best = int(members[np.argmax(np.abs(values[members]) >= strongest[group])])
        level_db = 20.0 * math.log10(2.0 * float(total[group]))
        found.append(Partial(float(hz[best]), level_db, int(carriers[best]), _order(orders[best], int(carriers[best]))))
    return tuple(sorted(found, key=lambda partial: partial.hz))


def _order(counts: NDArray[np.int64], carrier: int) -> tuple[tuple[int, int], ...]:
    """The carrier first and counted upwards: a partial below zero is heard above it all the same."""
    sign = -1 if counts[carrier - 1] < 0 else 1
    places = sorted(np.flatnonzero(counts).tolist(), key=lambda place: place != carrier - 1)
    return tuple((place + 1, sign * int(counts[place])) for place in places)


# Loops


def loops_of(moment: Moment) -> list[tuple[int, ...]]:
    """Operators that bend themselves, alone or in a circle, each circle once and in the order of its routes."""
    found: list[tuple[int, ...]] = []
    seen: set[frozenset[int]] = set()
    for start in range(1, N_OPERATORS + 1):
        circle = {o for o in moment.behind(start) if start in moment.behind(o)}
        if start in circle:
            if frozenset(circle) not in seen:
                seen.add(frozenset(circle))
                found.append(_way_round(moment, start, circle))
        elif moment.index((start, start)) > 1e-4:
            found.append((start,))
    return found


def _way_round(moment: Moment, start: int, circle: set[int]) -> tuple[int, ...]:
    """The shortest way from ``start`` back to it, and then whatever else the circle holds."""
    ways: list[tuple[int, ...]] = [(start,)]
    while ways:
        way = ways.pop(0)
        for target in sorted(circle):
            if way[-1] in moment.sources(target):
                if target == start:
                    return way + tuple(sorted(circle - set(way)))
                if target not in way:
                    ways.append((*way, target))
    return tuple(sorted(circle))


def settled(moment: Moment, loop: tuple[int, ...]) -> Angles | None:
    """Let a loop run from many phases and from two beginnings each.

    Gives the wave of the first operator over a turn of its own phase ``[256]``, or ``None`` where the sound depends on
    how it began: it then never repeats. (The wave has a meaning for one operator that bends itself.)
    """
    n = _N_ANGLES if len(loop) == 1 else 64
    rng = np.random.default_rng(1)
    steps = np.array([_TURN * moment.hz[o - 1] / _LOOP_HZ for o in loop])[:, None]
    start = np.linspace(0.0, _TURN, n, endpoint=False) - _SETTLING * steps
    if len(loop) > 1:
        start = rng.uniform(0.0, _TURN, (len(loop), n))
    # The last two outputs [operators, beginnings, n]; the sign of what it began from decides nothing that settles.
    before = (
        rng.uniform(-0.5, 0.5, (2, len(loop), 2, n)) * np.array([moment.amplitude[o - 1] for o in loop])[:, None, None]
    )
    for step in range(1, _SETTLING + 1):
        now = before[0].copy()
        for place in sorted(range(len(loop)), key=lambda p: -loop[p]):
            bent = start[place] + step * steps[place]
            bend = np.broadcast_to(bent, (2, n)).copy()
            for other in range(len(loop)):
                route = (loop[other], loop[place])
                depth = moment.depths.get(route, 0.0)
                if depth:
                    late = 0.5 * (before[0, place] + before[1, place]) if other == place else before[0, other]
                    bend += depth * (now[other] if route[0] > route[1] else late)
            now[place] = moment.amplitude[loop[place] - 1] * shape_at(bend, moment.shapes[loop[place] - 1])
        before[1], before[0] = before[0], now
    apart = np.abs(now[:, 0] - now[:, 1]).max(0) / max(float(np.abs(now).max()), 1e-9)
    if float(np.mean(apart > 0.02)) > 0.05:
        return None
    return np.asarray(now[0, 0] / max(moment.amplitude[loop[0] - 1], 1e-9))


# Waves


def shape_at(phase: Angles, shape: int) -> Angles:
    """A wave of ``WAVES`` at ``phase`` in radians; the same shapes as :mod:`engine.dsp.waves`."""
    sine = np.sin(phase)
    if shape < 2:
        return np.asarray(sine * np.abs(sine) if shape else sine)
    half = sine > 0.0
    inner = sine if shape < 4 else np.sin(2.0 * phase)
    inner = np.abs(inner) if shape >= 6 else inner
    return np.asarray(half * (inner * np.abs(inner) if shape % 2 else inner))


def one_period(shape: int) -> Angles:
    """A wave over a turn of its phase ``[256]``."""
    return shape_at(np.arange(_N_ANGLES, dtype=np.float64) * (_TURN / _N_ANGLES), shape)
