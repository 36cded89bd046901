"""Modes of a round membrane: zeros of Bessel's functions, and their shapes from a smooth table."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from torch import Tensor

_STEP = 0.125
"""Between two points of the table; cubic between them, it is right to 1e-6."""


@dataclass(frozen=True)
class _Disc:
    """``m`` waves around, ``zero`` of the Bessel function, ``side`` (0 or 1: the form around) and ``size`` (what makes
    the mean square 1 over the disc, with the form around), all ``[modes]``; Bessel's functions and what they rise by in
    a step, ``[orders, points]``."""

    m: Tensor
    zero: Tensor
    side: Tensor
    size: Tensor
    values: Tensor
    slopes: Tensor

    def radial(self, radius: Tensor) -> Tensor:
        """The shapes at ``radius`` ``[batch, 1]`` (0 to 1): ``[batch, modes]``."""
        place = self.zero * radius / _STEP
        left = place.detach().floor().long()
        t = place - left
        here, there = self.values[self.m, left], self.values[self.m, left + 1]
        rise, rise_there = self.slopes[self.m, left], self.slopes[self.m, left + 1]
        jump = there - here
        curve = 3.0 * jump - 2.0 * rise - rise_there + t * (rise + rise_there - 2.0 * jump)
        return (here + t * (rise + t * curve)) / self.size


class DiscModes:
    """The lowest ``n`` modes of a round membrane."""

    def __init__(self, n: int) -> None:
        self._disc = _table(n)
        self._moved: dict[torch.device, _Disc] = {}

    def on(self, device: torch.device) -> _Disc:
        """The tables there."""
        if device.type == "cpu":
            return self._disc
        if device not in self._moved:
            self._moved[device] = _Disc(*(t.to(device) for t in vars(self._disc).values()))
        return self._moved[device]


@cache
def _table(n: int) -> _Disc:
    from scipy.special import jn_zeros, jv

    # About Z**2 / 4 modes lie below Z, with at most Z waves around and Z / pi circles.
    top = 2.0 * math.sqrt(n) + 8.0
    rings = [(m, jn_zeros(m, math.ceil((top - m) / math.pi) + 2)) for m in range(math.ceil(top))]
    found = sorted((float(z), m, side) for m, zeros in rings for z in zeros for side in range(2 if m else 1))[:n]
    zero, m, side = (np.array(column) for column in zip(*found, strict=True))
    orders = np.arange(m.max() + 2)[:, None]
    values = jv(orders, np.arange(math.ceil(zero.max() / _STEP) + 2) * _STEP)
    below = np.concatenate([-values[1:2], values[:-2]])
    slopes = 0.5 * (below - values[1:]) * _STEP
    size = np.abs(jv(m + 1, zero))
    return _Disc(*(torch.from_numpy(np.ascontiguousarray(a)) for a in (m, zero, side, size, values[:-1], slopes)))
