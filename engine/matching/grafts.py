"""Sections that a target seems to ask for: noise where it is heard between the partials, in several bands."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.matching.partials import STEP_S, Stages, stages_of
from engine.matching.target import Samples, Target
from engine.params.fm import FM_SPACE

Graft = dict[int, float]
"""Places among the unit positions, and what they become."""

_BANDS_HZ = ((60.0, 250.0), (250.0, 1000.0), (1000.0, 3000.0), (3000.0, 8000.0), (8000.0, 20_000.0))
_SIZE_S = 0.046
_HEARD_DB = -75.0


def grafts_of(target: Target) -> list[Graft]:
    """Noise in each band where the valleys between the partials are heard, as loud and as long as they are."""
    level = _valleys_db(target)
    found = []
    for (low, high), curve in zip(_BANDS_HZ, level, strict=True):
        top = float(np.max(curve, initial=-np.inf))
        if top < _HEARD_DB:
            continue
        stages = stages_of(curve, target.hold_s)
        found.append(_noise(float(np.sqrt(low * high)), min(max(top, -66.0), 0.0), stages))
    return found


def _noise(hz: float, db: float, stages: Stages) -> Graft:
    values = {"noise_db": db, "noise_hz": hz, "noise_q": 0.6}
    for i in range(4):
        values[f"noise_env{i + 1}_s"] = stages.times_s[i]
        values[f"noise_env{i + 1}_db"] = stages.levels_db[i]
    return {
        FM_SPACE.place(name).start: float(FM_SPACE[name].to_unit(FM_SPACE[name].clamp(value)))
        for name, value in values.items()
    }


def _valleys_db(target: Target) -> npt.NDArray[np.float64]:
    """The level of what lies between the partials in each band, re the whole sound's highest, ``[bands, steps]``."""
    rate = target.sample_rate
    size = 1 << max(round(np.log2(_SIZE_S * rate)), 6)
    hop = max(round(STEP_S * rate), 1)
    padded: Samples = np.concatenate([np.zeros(size // 2), target.samples, np.zeros(size // 2)])
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[::hop]
    power = np.abs(np.fft.rfft(frames * np.hanning(size), axis=1)) ** 2
    hz = np.fft.rfftfreq(size, 1.0 / rate)
    whole = float(power.sum(1).max())
    rows = []
    for low, high in _BANDS_HZ:
        inside = power[:, (hz >= low) & (hz < high)]
        # A quarter of the bins lies lower than this: no partial is among them.
        valley = np.quantile(inside, 0.25, axis=1) * inside.shape[1] if inside.shape[1] else np.zeros(len(power))
        rows.append(10.0 * np.log10(np.maximum(valley / max(whole, 1e-30), 1e-12)))
    return np.array(rows)
