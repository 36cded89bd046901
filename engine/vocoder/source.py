"""What the vocoder shapes: a train of pulses whose phase is the sum of its pitch, and noise.

A net need not learn how the phase of a held tone goes on from frame to frame: the pulses bring that with them. All
partials of a frame have the same amplitude, the highest fades before half the sample rate, and both sources have unit
variance, so a flat spectrum is what they have in common.
"""

from __future__ import annotations

import torch
from torch import Tensor

from engine.dsp.mel import HOP, RATE_HZ


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
    phase = (2.0 * torch.pi * (cycles - cycles.floor())).float()
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
