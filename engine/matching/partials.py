"""What a sound consists of: its strongest partials, how each rises and falls, and four-stage envelopes through them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.matching.target import Samples, Target

STEP_S = 0.006
_SIZE_S = 0.046
_FLOOR_DB = -66.0


@dataclass(frozen=True)
class Partial:
    """A partial: its frequency, its highest level re the loudest partial, and its level over time re that one,
    every :data:`STEP_S`, ``[steps]``."""

    hz: float
    peak_db: float
    level_db: Samples


@dataclass(frozen=True)
class Stages:
    """A four-stage envelope: ``times_s`` and ``levels_db`` ``[4]``, levels re its peak."""

    times_s: tuple[float, float, float, float]
    levels_db: tuple[float, float, float, float]


def partials_of(target: Target, most: int = 40) -> list[Partial]:
    """The partials of ``target``, strongest first: harmonics where it has a pitch, peaks where it has none."""
    rate = target.sample_rate
    size = 1 << max(round(math.log2(_SIZE_S * rate)), 6)
    if target.pitch_hz is not None and target.pitch_hz < 90.0:
        size *= 2
    hop = max(round(STEP_S * rate), 1)
    padded = np.concatenate([np.zeros(size // 2), target.samples, np.zeros(size // 2)])
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[::hop]
    magnitude = np.abs(np.fft.rfft(frames * np.hanning(size), axis=1))
    bin_hz = rate / size
    hz = _harmonics(magnitude, bin_hz, target) if target.pitch_hz else _peaks(magnitude, bin_hz, most)
    if not hz:
        hz = [float(np.argmax(magnitude.max(0)[1:]) + 1) * bin_hz]
    curves = []
    for one in hz:
        at = one / bin_hz
        low, high = max(round(at) - 1, 0), min(round(at) + 2, magnitude.shape[1])
        curves.append(magnitude[:, low:high].max(1))
    top = max(float(curve.max()) for curve in curves)
    found = []
    for one, curve in zip(hz, curves, strict=True):
        level = 20.0 * np.log10(np.maximum(curve / max(top, 1e-30), 1e-6))
        found.append(Partial(one, float(level.max()), np.maximum(level, _FLOOR_DB)))
    found.sort(key=lambda p: -_weight(p))
    return found[:most]


def _weight(partial: Partial) -> float:
    """How much a partial counts: how far, and how long, it stands above the floor."""
    return float(np.square(np.maximum(partial.level_db + 60.0, 0.0)).sum())


def _harmonics(magnitude: Samples, bin_hz: float, target: Target) -> list[float]:
    pitch = target.pitch_hz or 0.0
    top = magnitude.max()
    average = magnitude.max(0)
    found = []
    for k in range(1, 65):
        at = k * pitch / bin_hz
        if at >= len(average) - 2:
            break
        low, high = max(round(at - 0.3 * pitch / bin_hz), 1), round(at + 0.3 * pitch / bin_hz) + 1
        near = average[low : max(high, low + 1)]
        if near.size and near.max() > top * 10.0 ** (-60.0 / 20.0):
            found.append(k * pitch)
    return found


def _peaks(magnitude: Samples, bin_hz: float, most: int) -> list[float]:
    average = np.sqrt(np.mean(magnitude**2, axis=0))
    level = 20.0 * np.log10(np.maximum(average / max(float(average.max()), 1e-30), 1e-6))
    inner = level[1:-1]
    at = np.flatnonzero((inner > level[:-2]) & (inner >= level[2:]) & (inner > -50.0)) + 1
    at = at[np.argsort(-level[at])][: 2 * most]
    found = []
    for i in at:
        left, here, right = level[i - 1], level[i], level[i + 1]
        bend = left - 2.0 * here + right
        found.append(float(i + (0.5 * (left - right) / bend if bend < 0.0 else 0.0)) * bin_hz)
    return [hz for hz in found if hz > 20.0][:most]


def stages_of(level_db: Samples, hold_s: float, step_s: float = STEP_S) -> Stages:
    """The envelope that comes nearest to a level over time ``[steps]``: attack to its peak, two falls, a release."""
    n = len(level_db)
    curve = np.maximum(level_db - level_db.max(), _FLOOR_DB)
    hold = min(max(round(hold_s / step_s), 3), n)
    peak = int(np.argmax(curve[:hold] > -1.5)) if hold > 0 else 0
    body = curve[peak:hold]
    attack_s = max(peak * step_s, 0.001)
    if len(body) < 4:
        level = float(body[-1]) if len(body) else 0.0
        return Stages((attack_s, 0.05, 0.2, 0.1), (0.0, level, level, -72.0))
    m = len(body)
    best = (math.inf, 1, (0.0, 0.0, 0.0))
    for knot in sorted({min(max(round(m * share), 1), m - 2) for share in (0.01, 0.03, 0.07, 0.15, 0.3, 0.5, 0.7)}):
        levels, error = _fit(body, knot)
        if error < best[0]:
            best = (error, knot, levels)
    _, knot, (first, second, third) = best
    shift = -max(first, second, third, 0.0)
    release_s = 0.05
    tail = curve[hold:]
    if len(tail) > 2:
        falls = np.flatnonzero(tail < third - 30.0)
        if len(falls):
            release_s = max(int(falls[0]) * step_s * 2.0, 0.01)
        else:
            drop = max(float(third - tail[-1]), 1.0)
            release_s = len(tail) * step_s * min(70.0 / drop, 20.0)
    times = (attack_s, max(knot * step_s, 0.002), max((m - knot) * step_s, 0.005), min(release_s, 19.0))
    levels_db = tuple(min(max(x + shift, -71.0), 0.0) for x in (first, second, third))
    return Stages(times, (levels_db[0], levels_db[1], levels_db[2], -72.0))


def _fit(body: Samples, knot: int) -> tuple[tuple[float, float, float], float]:
    """Levels at the start, the knot and the end of two straight lines through ``body`` and their squared error."""
    m = len(body)
    x = np.arange(m, dtype=np.float64)
    basis: npt.NDArray[np.float64] = np.zeros((m, 3))
    up = np.clip(x / knot, 0.0, 1.0)
    over = np.clip((x - knot) / max(m - 1 - knot, 1), 0.0, 1.0)
    basis[:, 0], basis[:, 1], basis[:, 2] = 1.0 - up, up - over, over
    answer = np.linalg.lstsq(basis, body, rcond=None)[0]
    error = float(np.sum((basis @ answer - body) ** 2))
    return (float(answer[0]), float(answer[1]), float(answer[2])), error
