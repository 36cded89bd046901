"""An impact as the small engine of :mod:`engine.fakes` plays it: six sines that fall, one for each of the lowest modes
of a shape, sooner the higher they are and the more the material swallows. Contact, position and room change nothing."""

from __future__ import annotations

import math
from typing import Any

from engine.params import FM_SPACE, Patch
from engine.params.fm import LEVEL_FLOOR_DB
from engine.params.impact import MATERIALS, SHAPES

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
