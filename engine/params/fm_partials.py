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
dropped on the way. An operator that bends itself, or two that bend each other, have waves over their own angles into
which they settle, found by letting them run; if a loop never settles, its sound is no sum of partials and is called
noise-like. Longer loops are unrolled.

Amplitudes and frequencies are those of one :class:`Moment`. Filter, drive, noise and room are not looked at.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.params.fm import N_OPERATORS
from engine.params.pictures import Partial, Peak

Route = tuple[int, int]
"""Source and target, operators counted from 1."""

DEPTH_DB = 66.0
"""Partials that far below the strongest are left out."""
MOST_PARTIALS = 400
_MOST_TERMS = 600
_MOST_PRODUCTS = 140
"""So many products of two series are worked out (each 50 to 100 us) before it is tried with fewer terms."""
_FAINT = (3e-4, 3e-3, 3e-2)
"""Terms below are dropped; the next one is tried where that leaves too many."""
_N_ANGLES = 256
_UNROLLED = 2
"""How often a loop of three operators or more is gone round."""
_SETTLING = (192, 640)
"""So many samples a loop is given to forget how it began, and once more if that was not enough."""
_N_PAIR = 48
_PAIR_SETTLING = 64
_LOOP_HZ = 48_000.0
_TURN = 2.0 * math.pi

Keys = NDArray[np.int64]
Terms = tuple[Keys, NDArray[np.complex128]]
"""Whole numbers for each operator, packed into one key, and a coefficient for each key."""
Angles = NDArray[np.float64]


@dataclass(frozen=True)
class Moment:
    """An FM note at one moment: of each operator ``hz``, ``amplitude`` (level, key, velocity and envelope), ``output``
    (as amplitude) and ``shapes`` (its place in ``WAVES``), all ``[6]``; ``depths`` in radians by route. ``drift`` is
    how far pitches slide to each side meanwhile, as a share."""

    hz: tuple[float, ...]
    amplitude: tuple[float, ...]
    output: tuple[float, ...]
    shapes: tuple[int, ...]
    depths: Mapping[Route, float]
    drift: float = 0.0

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
    """``partials`` in the order of frequency, and what does not consist of partials in words: ``"loop 1 > 2 > 1"``."""

    partials: tuple[Partial, ...]
    noise_like: tuple[str, ...]


@dataclass(frozen=True)
class Unit:
    """Operators that are worked out together, and the wave of each over all their angles ``[n, n ...]``."""

    operators: tuple[int, ...]
    waves: Mapping[int, Angles]


def predict_steps(moment: Moment) -> Generator[None, None, Prediction]:
    """The partials of what is heard of ``moment``; yields between steps of at most about 10 ms."""
    heard = [c for c in range(1, N_OPERATORS + 1) if moment.output[c - 1] * moment.amplitude[c - 1] > 1e-5]
    matters = {o for c in heard for o in (c, *moment.behind(c))}
    units: dict[int, Unit] = {}
    noise_like: list[str] = []
    wild: set[int] = set()
    for loop in loops_of(moment):
        if not matters & set(loop):
            continue
        yield
        wave = settled(moment, loop)
        if wave is None:
            noise_like.append(f"loop {' > '.join(str(o) for o in (*loop, loop[0]))}")
            wild.update(loop)
        elif len(loop) == 1:
            units[loop[0]] = Unit(loop, {loop[0]: wave})
        elif len(loop) == 2:
            yield
            pair = Unit(loop, pair_waves(moment, loop))
            units.update(dict.fromkeys(loop, pair))
    told = [c for c in heard if c not in wild and not wild & moment.behind(c)]
    series: list[tuple[int, Terms]] = []
    for carrier in told:
        found: Terms | None = None
        for faint in _FAINT:
            if found is None:
                yield
                found = _Expansion(moment, units, faint).carrier(carrier)
        if found is None:
            noise_like.append(f"op {carrier} with what bends it")
        else:
            series.append((carrier, found))
    return Prediction(_joined(moment, series) if series else (), tuple(noise_like))


def predict(moment: Moment) -> Prediction:
    """:func:`predict_steps` in one."""
    steps = predict_steps(moment)
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            prediction: Prediction = stop.value
            return prediction


def named(
    peaks: Iterable[tuple[float, float]], partials: tuple[Partial, ...], within_hz: float, drift: float = 0.0
) -> tuple[Peak, ...]:
    """Measured ``(hz, level_db)`` with the predicted partial of each: the strongest within ``within_hz``, if any.

    Where pitches ``drift`` it may stand that share of its frequency further off.
    """
    places = np.array([p.hz for p in partials])
    found = []
    for hz, level_db in peaks:
        reach = within_hz + drift * hz
        near = range(*np.searchsorted(places, (hz - reach, hz + reach)).tolist())
        best = max(near, key=lambda n: partials[n].level_db, default=None)
        found.append(Peak(hz, level_db, None if best is None else partials[best]))
    return tuple(found)


# Series in several angles


class _TooMany(Exception):
    """The series has more terms than can be told apart."""


@dataclass
class _Expansion:
    moment: Moment
    units: Mapping[int, Unit]
    faint: float
    products: int = 0
    _known: dict[tuple[object, ...], Terms] = field(default_factory=dict)

    def carrier(self, operator: int) -> Terms | None:
        """What is heard of an operator as a sum of ``exp(i n theta)``; ``None`` where that gets out of hand."""
        unit = self._unit(operator)
        scale = self.moment.amplitude[operator - 1] * self.moment.output[operator - 1]
        try:
            return self._followed(unit, _series(unit.waves[operator]) * scale, self.faint * scale, unit.operators)
        except _TooMany:
            return None

    def _unit(self, operator: int) -> Unit:
        found = self.units.get(operator)
        return found or Unit((operator,), {operator: one_period(self.moment.shapes[operator - 1])})

    def _bent(self, source: int, index: float, path: tuple[int, ...]) -> Terms:
        """``exp(i index w)`` of an operator with everything behind it; ``index`` counts its amplitude already."""
        known = (source, round(index, 9), tuple(sorted(path)) if source in path else ())
        found = self._known.get(known)
        if found is None:
            unit = self._unit(source)
            series = _series(np.exp(1j * index * unit.waves[source]))
            found = self._known[known] = self._followed(unit, series, self.faint, (*path, *unit.operators))
        return found

    def _followed(self, unit: Unit, series: NDArray[Any], faint: float, path: tuple[int, ...]) -> Terms:
        """``sum_n series[n] exp(i n (theta + phi))`` over the unit's angles, ``phi`` worked out."""
        routes = [
            (place, (source, operator))
            for place, operator in enumerate(unit.operators)
            for source in self.moment.sources(operator)
            if source not in unit.operators and path.count(operator) <= _UNROLLED
        ]
        places = np.nonzero(np.abs(series) > faint)
        orders = np.stack([_order_of(axis, series.shape[0]) for axis in places], 1)
        keys = orders @ np.array([_unit(operator) for operator in unit.operators])
        if not routes:
            return keys, series[places]
        parts: list[Terms] = []
        for n, value in enumerate(series[places].tolist()):
            terms = (keys[n : n + 1], np.array([value]))
            for place, route in routes:
                order = int(orders[n, place])
                if order:
                    terms = _product(terms, self._bent(route[0], order * self.moment.index(route), path), faint)
                    self.products += 1
                    if self.products > _MOST_PRODUCTS:
                        raise _TooMany
            parts.append(terms)
        return _merged(parts, faint)


def _series(wave: NDArray[Any]) -> NDArray[np.complex128]:
    return np.asarray(np.fft.fftn(wave) / wave.size)


def _order_of(place: NDArray[np.intp], n: int) -> NDArray[np.int64]:
    """Places in a Fourier series of ``n`` terms to orders from ``-n/2`` on."""
    return (place + n // 2) % n - n // 2


def _unit(operator: int) -> int:
    return 1 << (8 * (operator - 1))


def _product(a: Terms, b: Terms, faint: float) -> Terms:
    sizes = np.abs(a[1])[:, None] * np.abs(b[1])[None, :]
    i, j = np.nonzero(sizes > faint * 0.5)
    if i.size > 8 * _MOST_TERMS:
        strongest = np.argpartition(sizes.ravel(), -8 * _MOST_TERMS)[-8 * _MOST_TERMS :]
        i, j = np.unravel_index(strongest, sizes.shape)
    return _merged([(a[0][i] + b[0][j], a[1][i] * b[1][j])], faint * 0.5)


def _merged(parts: list[Terms], faint: float) -> Terms:
    """The sum of several series: the terms that are not too faint, and of too many the strongest."""
    if not parts:
        return np.zeros(0, np.int64), np.zeros(0, np.complex128)
    if len(parts) == 1 and parts[0][0].size == 1:
        return parts[0]
    keys, places = np.unique(np.concatenate([keys for keys, _ in parts]), return_inverse=True)
    values = np.concatenate([values for _, values in parts])
    total = np.bincount(places, values.real) + 1j * np.bincount(places, values.imag)
    kept = np.flatnonzero(np.abs(total) > faint * 0.5)
    if kept.size > _MOST_TERMS:
        kept = kept[np.argpartition(np.abs(total[kept]), -_MOST_TERMS)[-_MOST_TERMS:]]
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
    rng = np.random.default_rng(1)
    for n_steps in _SETTLING:
        phases = np.linspace(0.0, _TURN, _N_ANGLES, endpoint=False)[None] - n_steps * _steps(moment, loop)
        if len(loop) > 1:
            phases = rng.uniform(0.0, _TURN, (len(loop), 64))
        begin = rng.uniform(-0.5, 0.5, (len(loop), 2 * phases.shape[1]))
        one, other = np.split(_run(moment, loop, np.tile(phases, 2), begin, n_steps), 2, axis=1)
        if float(np.mean(np.abs(one - other).max(0) > 0.02)) <= 0.05:
            return np.asarray(one[0])
    return None


def pair_waves(moment: Moment, loop: tuple[int, ...]) -> dict[int, Angles]:
    """The waves of two operators that bend each other, over the phases of both ``[48, 48]``."""
    grid = np.linspace(0.0, _TURN, _N_PAIR, endpoint=False)
    phases = np.stack([p.ravel() for p in np.meshgrid(grid, grid, indexing="ij")])
    phases = phases - _PAIR_SETTLING * _steps(moment, loop)
    waves = _run(moment, loop, phases, np.zeros_like(phases), _PAIR_SETTLING)
    return {operator: wave.reshape(_N_PAIR, _N_PAIR) for operator, wave in zip(loop, waves, strict=True)}


def _steps(moment: Moment, loop: tuple[int, ...]) -> Angles:
    """By how much the phases ``[operators, 1]`` move on from sample to sample."""
    return np.array([[_TURN * moment.hz[o - 1] / _LOOP_HZ] for o in loop])


def _run(moment: Moment, loop: tuple[int, ...], phases: Angles, begin: Angles, n_steps: int) -> Angles:
    """What a loop gives after ``n_steps`` samples as a share of each operator's level, for many ``phases`` at once.

    ``phases`` and ``begin``, the outputs before, are ``[operators, n]``. The recursion is the one of
    :mod:`engine.dsp.loops`.
    """
    steps = _steps(moment, loop)
    order = sorted(range(len(loop)), key=lambda place: -loop[place])
    routes = [
        [(source, moment.index((loop[source], loop[target]))) for source in range(len(loop))]
        for target in range(len(loop))
    ]
    before, long_before = begin, begin
    for step in range(1, n_steps + 1):
        now = before.copy()
        for place in order:
            bent = phases[place] + step * steps[place]
            for source, index in routes[place]:
                if source == place and index:
                    bent += (0.5 * index) * (before[place] + long_before[place])
                elif index:
                    bent += index * (now[source] if loop[source] > loop[place] else before[source])
            now[place] = shape_at(bent, moment.shapes[loop[place] - 1])
        before, long_before = now, before
    return before


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
