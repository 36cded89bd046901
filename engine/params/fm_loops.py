"""Operators that bend themselves or each other: which they are, and the waves into which they settle when they run."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from engine.params.fm import N_OPERATORS
from engine.params.fm_moment import Moment

_N_ANGLES = 256
_SETTLING = (192, 640)
"""So many samples a loop is given to forget how it began, and once more if that was not enough."""
_N_PAIR = 48
_PAIR_SETTLING = 64
_LOOP_HZ = 48_000.0
_TURN = 2.0 * math.pi

Angles = NDArray[np.float64]


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
