"""An impact as the small engine of :mod:`engine.fakes` plays it: six sines that fall, one for each of the lowest modes
of a shape, sooner the higher they are and the more the material swallows. Contact, position and room change nothing."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from engine.params import FM_SPACE, Patch
from engine.params.fm import LEVEL_FLOOR_DB
from engine.params.impact import LOWEST_BAND_HZ, MATERIALS, N_BANDS, SHAPES
from engine.params.impact_pictures import ImpactPictures
from engine.params.keys import key_to_hz

_RATIOS = {
    "bar": (1.0, 2.756, 5.404, 8.933, 13.34, 18.64),
    "plate": (1.0, 1.57, 2.56, 3.31, 4.31, 5.26),
    "membrane": (1.0, 1.594, 2.136, 2.296, 2.653, 2.918),
    "tube": (1.0, 2.756, 5.404, 8.933, 13.34, 18.64),
    "bell": (0.5, 1.0, 1.19, 1.5, 2.0, 3.0),
    "box": (1.0, 1.76, 1.79, 2.22, 2.54, 3.08),
    "free": (1.0, 1.45, 2.1, 3.9, 5.9, 7.1),
}
_FALLS_S = dict(zip(MATERIALS, (0.2, 3.0, 1.5, 0.6, 0.2, 0.2, 0.4), strict=True))
"""Time to -60 dB of the lowest mode."""


def as_sines(patch: Patch) -> dict[str, float]:
    """What an FM patch would have for values."""
    v: dict[str, Any] = dict(patch.values)
    shape, material = SHAPES[int(v["shape"])], MATERIALS[int(v["material"])]
    found: dict[str, float] = {}
    for name, value in FM_SPACE.defaults().items():
        assert isinstance(value, float)
        found[name] = value
    found |= {"transpose_st": v["transpose_st"], "gain_db": v["gain_db"] - 9.0}
    for n, ratio in enumerate(_RATIOS[shape], 1):
        fall_s = _FALLS_S[material] / v["damping_low"] / math.sqrt(max(ratio, 1.0))
        found |= {
            f"op{n}_ratio": ratio,
            f"op{n}_out_db": -2.0 * n,
            f"op{n}_velocity": v["velocity"],
            f"op{n}_env1_s": 0.001,
            f"op{n}_env2_s": fall_s,
            f"op{n}_env2_db": -60.0,
            f"op{n}_env3_s": 0.2 * fall_s,
            f"op{n}_env3_db": LEVEL_FLOOR_DB,
            f"op{n}_env4_s": v["release_s"] if v["release"] > 0.5 else fall_s,
        }
    return found


def draw(patch: Patch, note: float, velocity: float, hold_s: float, duration_s: float) -> ImpactPictures:
    """The six sines as modes, a contact of a millisecond, no room; see :func:`engine.synths.impact_pictures.draw`."""
    sines = as_sines(patch)
    numbers = range(1, len(next(iter(_RATIOS.values()))) + 1)
    hz = np.array([key_to_hz(note + sines["transpose_st"]) * sines[f"op{n}_ratio"] for n in numbers], np.float32)
    hardness = (velocity / 127.0) ** (2.0 * sines["op1_velocity"])
    level_db = sines["gain_db"] + 20.0 * math.log10(hardness)
    db = np.array([level_db + sines[f"op{n}_out_db"] for n in numbers], np.float32)
    decay_s = np.array([sines[f"op{n}_env2_s"] for n in numbers], np.float32)
    share = np.linspace(0.0, 1.0, 33, dtype=np.float32)
    time_s = share * np.float32(duration_s)
    left = 10.0 ** ((db[:, None] - 60.0 * time_s / decay_s[:, None]) / 10.0)
    bands = LOWEST_BAND_HZ * 2.0 ** np.arange(N_BANDS, dtype=np.float32)
    ones = np.ones(N_BANDS, np.float32)
    return ImpactPictures(
        mode_hz=hz,
        mode_db=db,
        mode_decay_s=decay_s,
        plain_hz=hz,
        plain_db=db,
        plain_decay_s=decay_s,
        n_own=len(numbers),
        pitch_hz=float(hz[0]),
        damping_hz=hz,
        damping_decay_s=decay_s,
        force_s=share * np.float32(1e-3),
        force=(np.abs(np.sin(math.pi * share)) ** 1.5 * hardness).astype(np.float32),
        contact_s=1e-3,
        level_s=time_s,
        level_db=np.float32(10.0) * np.log10(np.maximum(left.sum(0), 1e-30)).astype(np.float32),
        room_db=np.full(time_s.shape, -np.inf, np.float32),
        hold_s=hold_s,
        band_hz=bands,
        band_decay_s=ones,
        band_db=0.0 * ones,
    )
