"""Slow movement, computed at control points: a low-frequency oscillator, a pitch envelope and the time that pitch
bends.

Control points lie :data:`STEP_S` apart whatever the sample rate is, so that a sound does not depend on it; between two
of them everything goes straight, which also rounds the corners of a square wave. A pitch that moves is a time that runs
faster or slower: with ``W(t)`` the integral of the pitch factor, an operator of ``f`` Hz has phase ``2 pi f W(t)``. The
factor is straight between control points, so ``W`` is known exactly there and is a parabola between.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from engine.dsp.oscillators import TWO_PI

STEP_S = 1.0 / 750.0
"""Between two control points: 64 frames at 48 kHz, the block of the DX7's emulation."""

HASH_MASK = 0x7FFFFFFF
HASH_STEP = 0x9E3779B1
HASH_FACTORS = (0x45D9F3B, 0x119DE1F3)


def lfo(phase: Tensor, shape: Tensor, seed: Tensor) -> Tensor:
    """A low-frequency oscillator at ``phase`` ``[rows, n]`` in turns since the key: 0 to 1.

    ``shape`` ``[rows]``: triangle, saw down, saw up, square, sine and random, in this order. They begin as the DX7's do
    with key sync: at the top, the top, the bottom, the bottom, in the middle going down. ``seed`` ``[rows]`` (whole
    numbers) decides the random steps.
    """
    share = phase - phase.floor()
    found = torch.zeros_like(share)
    for number in set(shape.tolist()):
        if number == 0:
            wave = (1.0 - 2.0 * share).abs()
        elif number == 1:
            wave = 1.0 - share
        elif number == 2:
            wave = share
        elif number == 3:
            wave = (share >= 0.5).to(share)
        elif number == 4:
            wave = 0.5 - 0.5 * torch.sin(TWO_PI * share)
        else:
            wave = chance(phase.detach().floor().long(), seed[:, None]).to(share)
        found = torch.where((shape == number)[:, None], wave, found)
    return found


def chance(count: Tensor, seed: Tensor) -> Tensor:
    """Numbers from 0 to 1 that depend on ``count`` and ``seed`` in no visible way (a hash, in 31 bits)."""
    x = (count * HASH_STEP + seed) & HASH_MASK
    for factor in HASH_FACTORS:
        x = ((x ^ (x >> 15)) * factor) & HASH_MASK
    return ((x ^ (x >> 13)) & HASH_MASK).double() / HASH_MASK


def ramp(time_s: Tensor, delay_s: Tensor, fade_s: Tensor) -> Tensor:
    """0 until ``delay_s``, then straight up to 1 within ``fade_s``; ``time_s`` ``[n]``, the others ``[rows]``."""
    return ((time_s - delay_s[:, None]) / fade_s[:, None]).clamp(0.0, 1.0)


def straight_envelope(
    time_s: Tensor, levels: Tensor, times_s: Tensor, hold_s: Tensor, by_rate: Tensor, span: float
) -> Tensor:
    """Four stages of straight lines, starting at the fourth level: ``[rows, n]`` at ``time_s`` ``[n]``.

    ``levels`` and ``times_s`` ``[rows, 4]``, ``hold_s`` ``[rows]``. Rows ``by_rate`` take their times for each ``span``
    of the way.
    """
    start_s = torch.zeros_like(hold_s)
    reached = levels[:, 3]
    level = reached[:, None]
    for i in range(4):
        target, length_s = levels[:, i], times_s[:, i]
        length_s = torch.where(by_rate, (length_s * (target - reached).abs() / span).clamp(min=1e-6), length_s)
        if i == 3:
            start_s, most = hold_s, torch.ones_like(hold_s)
        else:
            most = ((hold_s - start_s) / length_s).clamp(0.0, 1.0)
        over = ((time_s - start_s[:, None]) / length_s[:, None]).clamp(min=0.0)
        level = torch.lerp(level, target[:, None], torch.minimum(over, most[:, None]))
        reached = torch.lerp(reached, target, most)
        start_s = start_s + length_s
    return level


class BentTime:
    """Time that runs ``factor`` ``[rows, points]`` times as fast, given at the control points from 0 on."""

    def __init__(self, factor: Tensor) -> None:
        self._factor = factor
        steps = 0.5 * STEP_S * (factor[:, 1:] + factor[:, :-1])
        self._passed = torch.nn.functional.pad(torch.cumsum(steps, 1), (1, 0))

    def phase(self, hz: Tensor, at: ControlFrames, dtype: torch.dtype) -> Tensor:
        """Phase in radians of tones of ``hz`` ``[rows]``, up to whole turns: ``[rows, n]``."""
        turns = hz[:, None] * self._passed[:, at.window]
        anchors = ((turns - turns.detach().floor()) * TWO_PI).to(dtype)
        slope = TWO_PI * STEP_S * hz[:, None]
        factor = self._factor[:, at.window]
        first = (slope * factor).to(dtype)
        second = (0.5 * slope * torch.nn.functional.pad(factor.diff(dim=1), (0, 1))).to(dtype)
        share = at.share.to(dtype)
        return anchors[:, at.point] + share * (first[:, at.point] + share * second[:, at.point])


class ControlFrames:
    """Where the frames ``first`` to ``first + n`` at ``rate`` lie among the control points.

    ``window`` is the stretch of control points that matters, ``point`` ``[n]`` counts from its start, ``share`` ``[n]``
    is how far each frame is on the way to the next one.
    """

    def __init__(self, first: int, n: int, rate: float, device: torch.device) -> None:
        place = torch.arange(first, first + n, dtype=torch.float64, device=device) * (1.0 / (rate * STEP_S))
        whole = place.floor()
        self.share = place - whole
        begin = int(first / (rate * STEP_S))
        end = int((first + n) / (rate * STEP_S)) + 3
        self.point = (whole.long() - begin).clamp(min=0)
        self.window = slice(begin, end)

    def between(self, points: Tensor, dtype: torch.dtype) -> Tensor:
        """Values at the frames ``[rows, n]`` from those at all control points."""
        here = points[:, self.window].to(dtype)
        step = torch.nn.functional.pad(here.diff(dim=1), (0, 1))
        return here[:, self.point] + self.share.to(dtype) * step[:, self.point]


def control_times(duration_s: float, device: torch.device) -> Tensor:
    """Times of all control points of a sound so long, and of a few beyond it, ``[points]``."""
    n = math.ceil(duration_s / STEP_S) + 8
    return torch.arange(n, dtype=torch.float64, device=device) * STEP_S
