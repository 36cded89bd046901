"""What the vocoder shapes: a train of pulses whose phase is the sum of its pitch, noise, and noise in bursts.

A net need not learn how the phase of a held tone goes on from frame to frame: the pulses bring that with them. All
partials of a frame have the same amplitude, the highest fades before half the sample rate. High up a voice is breath
that swells in every cycle: that are the bursts. All sources have unit variance and a flat spectrum.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from engine.dsp.mel import HOP, RATE_HZ

_SHARP = 2.0
"""Of bursts: their level is ``exp(_SHARP * cos(phase))``."""


@dataclass(frozen=True, eq=False)
class Sources:
    """``[batch, n]`` each."""

    pulse: Tensor
    noise: Tensor
    burst: Tensor


def sources_of(cycles: Tensor, hz: Tensor, noise: Tensor) -> Sources:
    """The sources of a phase ``cycles`` ``[batch, n]``, the pitch ``hz`` at each sample and two noises
    ``[2, batch, n]`` of unit variance."""
    return Sources(pulses(cycles, hz), noise[0], bursts(cycles, noise[1]))


def cycles_of(hz: Tensor, before: Tensor | None = None) -> Tensor:
    """The phase in cycles ``[batch, (n - 1) * HOP + 1]``, float64, of a pitch that goes ``hz`` ``[batch, n]``.

    ``before`` ``[batch]`` is where it stands at the first sample; between frames the pitch goes straight. The last one
    is that of the sample after the end, with which the next piece begins.
    """
    each = at_samples(hz.double()) / RATE_HZ
    phase = torch.cat([torch.zeros_like(each[:, :1]), torch.cumsum(each, 1)], 1)
    return phase if before is None else phase + before.double()[:, None]


def cycles_through(cycles: Tensor, hz: Tensor) -> Tensor:
    """The same for a phase that is known at each frame, ``cycles`` ``[batch, n]`` in float64: ``hz`` is about its pace,
    and what is missing at a frame is made good on the way to it."""
    phase = cycles_of(hz)
    return phase[:, :-1] + at_samples(cycles - phase[:, ::HOP])


def at_samples(frames: Tensor) -> Tensor:
    """What is known at each frame ``[batch, n]``, drawn straight from one to the next: ``[batch, (n - 1) * HOP]``."""
    step = torch.arange(HOP, device=frames.device, dtype=frames.dtype) / HOP
    return (frames[:, :-1, None] * (1.0 - step) + frames[:, 1:, None] * step).flatten(1)


def pulses(cycles: Tensor, hz: Tensor) -> Tensor:
    """A train of pulses ``[batch, n]`` of unit variance at the phases ``cycles``, with the pitch ``hz`` at each sample.

    The sum of cosines up to half the sample rate in closed form; the last one comes and goes in step with the pitch.
    """
    phase = _angle(cycles)
    most = RATE_HZ / 2.0 / hz
    whole = most.floor()
    half = 0.5 * phase
    low = torch.sin(half)
    near = low.abs() < 1e-4
    safe = torch.where(near, torch.ones_like(low), low)
    # sum of cos(k p) for k = 1 to n is sin((n + 1/2) p) / (2 sin(p / 2)) - 1/2, and n where p is 0.
    n = whole - 1.0
    train = torch.where(near, n, torch.sin((n + 0.5) * phase) / (2.0 * safe) - 0.5)
    train = train + (most - whole) * torch.cos(whole * phase)
    return train * (2.0 / most).sqrt()


def bursts(cycles: Tensor, noise: Tensor) -> Tensor:
    """``noise`` ``[batch, n]`` that is loudest where a cycle begins."""
    level = (_SHARP * torch.cos(_angle(cycles))).exp()
    # The mean of exp(2 s cos p) over p is a Bessel function.
    found: Tensor = noise * (level / torch.special.i0(torch.tensor(2.0 * _SHARP)).sqrt())
    return found


def _angle(cycles: Tensor) -> Tensor:
    return (2.0 * torch.pi * (cycles - cycles.floor())).float()
