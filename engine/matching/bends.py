"""How the pitch of a sound moves, as the pitch envelope can follow it: three straight pieces."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np

from engine.matching.target import Samples, Target, pitch_track

_LEAST_ST = 0.15
_MOST_ST = 47.0
_VOICED = 0.3
_KNOTS = (0.04, 0.1, 0.2, 0.35, 0.55, 0.8)
_DROP_FRAME_S, _DROP_STEP_S = 0.024, 0.004
_LOW_HZ = (25.0, 1000.0)
_LOUD_DB = -35.0


@dataclass(frozen=True)
class Bend:
    """Pitch in semitones re some base at the start and at the end of three pieces of ``times_s``."""

    start_st: float
    times_s: tuple[float, float, float]
    levels_st: tuple[float, float, float]

    def values(self) -> dict[str, float]:
        """The parameters of the pitch envelope."""
        found = {"pitch_env4_st": self.start_st, "pitch_env4_s": 20.0}
        for i, (time, level) in enumerate(zip(self.times_s, self.levels_st, strict=True), 1):
            found |= {f"pitch_env{i}_s": min(max(time, 0.001), 19.9), f"pitch_env{i}_st": level}
        return found


def bend_of(target: Target) -> Bend | None:
    """How the fundamental moves around the target's pitch; ``None`` when it has none or it rests."""
    if target.pitch_hz is None:
        return None
    rows = [
        (when, 12.0 * math.log2(hz / target.pitch_hz), weight)
        for when, hz, rest, weight in pitch_track(target.samples, target.sample_rate)
        if rest < _VOICED and abs(12.0 * math.log2(hz / target.pitch_hz)) < 9.0
    ]
    if len(rows) < 5:
        return None
    when, shift, weight = (np.array(column) for column in zip(*rows, strict=True))
    return _fitted(when, shift, weight, target.hold_s)


def drop_of(target: Target) -> tuple[float, Bend] | None:
    """The frequency where the strongest low tone ends and how it came there, for drums that fall; else ``None``."""
    rate = target.sample_rate
    size, step = round(_DROP_FRAME_S * rate), max(round(_DROP_STEP_S * rate), 1)
    if len(target.samples) < 3 * size:
        return None
    padded = np.concatenate([np.zeros(size // 2), target.samples])
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[::step]
    n_fft = 1 << (int(math.log2(size)) + 3)
    magnitude = np.abs(np.fft.rfft(frames * np.hanning(size), n_fft, axis=1))
    low, high = (round(hz * n_fft / rate) for hz in _LOW_HZ)
    part = magnitude[:, low:high]
    if part.size == 0:
        return None
    hz = (part.argmax(1) + low) * rate / n_fft
    level = 20.0 * np.log10(np.maximum(part.max(1) / max(float(part.max()), 1e-30), 1e-6))
    loud = level > _LOUD_DB
    if loud.sum() < 6:
        return None
    when = (np.arange(len(hz)) * step / rate)[loud]
    end_hz = float(np.median(hz[loud][-max(int(loud.sum()) // 3, 3) :]))
    shift = np.clip(12.0 * np.log2(hz[loud] / end_hz), -_MOST_ST, _MOST_ST)
    bend = _fitted(when, shift, 10.0 ** (level[loud] / 40.0), target.hold_s)
    return None if bend is None else (end_hz, bend)


def _fitted(when: Samples, shift: Samples, weight: Samples, hold_s: float) -> Bend | None:
    end = max(min(hold_s, float(when[-1])), 0.02)
    order = np.argsort(shift)
    share = np.cumsum(weight[order]) / weight.sum()
    spread = float(shift[order][np.searchsorted(share, 0.95, "left")] - shift[order][np.searchsorted(share, 0.05)])
    if spread < _LEAST_ST:
        return None
    best: tuple[float, Bend | None] = (math.inf, None)
    for one, two in itertools.combinations(_KNOTS, 2):
        corners = np.array([0.0, one * end, two * end, end])
        basis = np.stack([np.interp(when, corners, np.eye(4)[i]) for i in range(4)], 1)
        answer = np.linalg.lstsq(basis * weight[:, None], shift * weight, rcond=1e-3)[0]
        error = float(np.sum((weight * (basis @ answer - shift)) ** 2))
        if error < best[0]:
            p = [float(np.clip(x, -_MOST_ST, _MOST_ST)) for x in answer]
            times = (corners[1], corners[2] - corners[1], corners[3] - corners[2])
            best = (error, Bend(p[0], (float(times[0]), float(times[1]), float(times[2])), (p[1], p[2], p[3])))
    return best[1]
