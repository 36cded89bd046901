"""Which partials an FM sound has, and by which operators each of them comes about.

A sine bent by another has partials at ``f_c + n f_m`` of height ``J_n(index)`` (Chowning 1973). Each operator's phase
is here an angle of its own, so that a sound is a Fourier series in as many angles as there are operators, and a partial
a list of whole numbers: how often each operator's frequency counts. For operator ``c`` with the wave ``w``, amplitude
``a`` and the bend ``phi`` from its modulators::

    y_c = a w(theta_c + phi)  = a sum_h w_h exp(i h theta_c) exp(i h phi),
    exp(i k phi)              = product over its modulators s of exp(i k m_s y_s),
    exp(i k m_s y_s)          = sum_n d_n exp(i n theta_s) exp(i n phi_s),

with ``d_n`` the Fourier series of ``exp(i k m_s a_s w)``, and so on up the chain (Le Brun 1977; for plain sines ``d_n``
is the Bessel function ``J_n``): :mod:`engine.params.fm_series`. What is too faint is dropped on the way. An operator
that bends itself, or two that bend each other, have waves over their own angles into which they settle
(:mod:`engine.params.fm_loops`); if a loop never settles, its sound is no sum of partials and is called noise-like.
Longer loops are unrolled.

Amplitudes and frequencies are those of one :class:`Moment`. Filter, drive, noise and room are not looked at.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.params.fm import N_OPERATORS
from engine.params.fm_loops import loops_of, pair_waves, settled
from engine.params.fm_moment import Moment
from engine.params.fm_series import Expansion, Terms, Unit, orders_of
from engine.params.pictures import Partial, Peak

DEPTH_DB = 66.0
"""Partials that far below the strongest are left out."""
MOST_PARTIALS = 400
_FAINT = (3e-4, 3e-3, 3e-2)
"""Terms below are dropped; the next one is tried where that leaves too many."""


@dataclass(frozen=True)
class Prediction:
    """``partials`` in the order of frequency, and what does not consist of partials in words: ``"loop 1 > 2 > 1"``."""

    partials: tuple[Partial, ...]
    noise_like: tuple[str, ...]


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
                found = Expansion(moment, units, faint).carrier(carrier)
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


def _joined(moment: Moment, heard: list[tuple[int, Terms]]) -> tuple[Partial, ...]:
    """Everything that falls on one frequency together, named after its strongest part."""
    carriers = np.concatenate([np.full(keys.size, c) for c, (keys, _) in heard])
    orders = np.concatenate([orders_of(keys) for _, (keys, _) in heard])
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
