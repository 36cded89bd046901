"""Damped modes, summed without a sine for each sample.

A mode ``a exp(-d t) sin(2 pi f t)`` is the imaginary part of ``a z**t``, with one complex number ``z`` for each frame
passed. Frame ``t = B k + j`` is then ``Im(a z**(B k) z**j)``, so a whole sound is one product of two real matrices: the
phasors at block starts ``[blocks, 2 modes]`` times the phasors inside a block ``[2 modes, B]``. Of ``n`` frames both
have about ``sqrt(n)`` rows, so of each mode ``2 sqrt(n)`` sines are computed instead of ``n`` (the block form of the
coupled resonator; see Mathews and Smith, Methods for Synthesizing Very High Q Parametrically Well Behaved Two Pole
Filters, 2003, for the recursion that it unrolls).
"""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor

from engine.dsp.oscillators import TWO_PI

QUIET_NATS = 18.5
"""A mode that has fallen by so much (-160 dB) is left out."""
_STRETCHES = (0.03, 0.12, 0.35)
"""Where, as shares of the sound, what has died by then is left out of the rest."""
_ROW_FRAMES = 1 << 22
"""Rows times block starts times modes that are worked on at a time without gradients."""


def ring(hz: Tensor, damping: Tensor, amplitude: Tensor, n_frames: int, rate: float, *, first: int = 0) -> Tensor:
    """Modes that were struck at frame 0, at frames ``first`` to ``first + n_frames``: ``[batch, channels, n_frames]``.

    ``hz`` and ``damping`` (1/s) ``[batch, modes]`` are in float64, so that a pitch stays exact however late it is;
    ``amplitude`` ``[batch, channels, modes]`` has the type of the sound. Differentiable in all three.
    """
    grad = torch.is_grad_enabled() and any(t.requires_grad for t in (hz, damping, amplitude))
    if n_frames == 0 or hz.shape[1] == 0:
        return amplitude.new_zeros(*amplitude.shape[:2], n_frames)
    if grad:
        return _in_stretches(hz, damping, amplitude, n_frames, rate, first, may_rise=True)
    return torch.cat([_in_stretches(*row, n_frames, rate, first) for row in _rows(hz, damping, amplitude, n_frames)])


def _rows(hz: Tensor, damping: Tensor, amplitude: Tensor, n_frames: int) -> list[tuple[Tensor, Tensor, Tensor]]:
    """Some rows at a time; one by one where each can leave out what it does not hear."""
    size = 1 if not hz.is_cuda else max(_ROW_FRAMES // max(int(math.sqrt(n_frames)) * hz.shape[1], 1), 1)
    return list(zip(*(torch.split(t, size) for t in (hz, damping, amplitude)), strict=True))


def _in_stretches(
    hz: Tensor,
    damping: Tensor,
    amplitude: Tensor,
    n_frames: int,
    rate: float,
    first: int,
    *,
    may_rise: bool = False,
) -> Tensor:
    """The sound in a few stretches, each without the modes that have died before it.

    Where a mode ``may_rise`` (an optimiser asks how its level matters) it is taken to be as loud as the loudest.
    """
    edges = sorted({0, *(round(share * n_frames) for share in _STRETCHES), n_frames})
    nats = torch.log(amplitude.detach().abs().amax((0, 1)).double().clamp(min=1e-30))
    if may_rise:
        nats = nats.amax().expand_as(nats)
    slowest = damping.detach().amin(0)
    parts = []
    for begin, end in pairwise(edges):
        left = nats - slowest * ((first + begin) / rate)
        heard = (left > nats.amax() - QUIET_NATS).nonzero()[:, 0]
        if heard.numel() == 0:
            parts.append(amplitude.new_zeros(*amplitude.shape[:2], end - begin))
            continue
        few = [x if heard.numel() == hz.shape[1] else x.index_select(-1, heard) for x in (hz, damping, amplitude)]
        parts.append(_product(few[0], few[1], few[2], end - begin, rate, first + begin))
    return torch.cat(parts, 2)


def _product(hz: Tensor, damping: Tensor, amplitude: Tensor, n_frames: int, rate: float, first: int) -> Tensor:
    """The sum as one product of matrices."""
    dtype, device = amplitude.dtype, amplitude.device
    block = max(math.isqrt(n_frames), 1)
    n_blocks = -(-n_frames // block)
    starts = torch.arange(n_blocks, dtype=torch.float64, device=device) * block + first
    inside = torch.arange(block, dtype=torch.float64, device=device)
    cycles, nats = hz / rate, damping / rate
    # Phases modulo one turn in float64; what is left fits the type of the sound.
    angle = (torch.frac(starts[:, None] * cycles[:, None, :]) * TWO_PI).to(dtype)
    fall = torch.exp((starts[:, None] * -nats[:, None, :]).to(dtype))
    start = torch.cat([fall * torch.sin(angle), fall * torch.cos(angle)], 2)
    angle = (torch.frac(cycles[..., None] * inside) * TWO_PI).to(dtype)
    fall = torch.exp((-nats[..., None] * inside).to(dtype))
    within = torch.cat([fall * torch.cos(angle), fall * torch.sin(angle)], 1)
    scaled = start[:, None] * torch.cat([amplitude, amplitude], 2)[:, :, None]
    batch, channels = amplitude.shape[:2]
    sound = torch.matmul(scaled.flatten(1, 2), within)
    return sound.view(batch, channels, -1)[..., :n_frames]


def plain_sum(hz: Tensor, damping: Tensor, amplitude: Tensor, n_frames: int, rate: float) -> Tensor:
    """The same, a sine for each mode and sample: what :func:`ring` is measured against."""
    time_s = torch.arange(n_frames, dtype=torch.float64, device=hz.device) / rate
    sound = amplitude.new_zeros(*amplitude.shape[:2], n_frames)
    for n in range(hz.shape[1]):
        mode = torch.exp(-damping[:, n, None] * time_s) * torch.sin(TWO_PI * hz[:, n, None] * time_s)
        sound += amplitude[:, :, n, None] * mode.to(amplitude)[:, None]
    return sound
