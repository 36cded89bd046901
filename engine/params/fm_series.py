"""Sounds as Fourier series in several angles, one for each operator (:mod:`engine.params.fm_partials` says why)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.params.fm import N_OPERATORS
from engine.params.fm_loops import Angles, one_period
from engine.params.fm_moment import Moment

_MOST_TERMS = 600
_MOST_PRODUCTS = 140
"""So many products of two series are worked out (each 50 to 100 us) before it is tried with fewer terms."""
_UNROLLED = 2
"""How often a loop of three operators or more is gone round."""

Keys = NDArray[np.int64]
Terms = tuple[Keys, NDArray[np.complex128]]
"""Whole numbers for each operator, packed into one key, and a coefficient for each key."""


@dataclass(frozen=True)
class Unit:
    """Operators that are worked out together, and the wave of each over all their angles ``[n, n ...]``."""

    operators: tuple[int, ...]
    waves: Mapping[int, Angles]


class _TooMany(Exception):
    """The series has more terms than can be told apart."""


@dataclass
class Expansion:
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


def orders_of(keys: Keys) -> NDArray[np.int64]:
    """Keys to whole numbers ``[keys, operators]``."""
    found = np.zeros((keys.size, N_OPERATORS), np.int64)
    rest = keys.copy()
    for operator in range(N_OPERATORS):
        digit = ((rest + 128) & 255) - 128
        found[:, operator] = digit
        rest = (rest - digit) >> 8
    return found
