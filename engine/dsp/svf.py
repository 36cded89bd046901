"""A state-variable filter whose cut-off may move with every frame, exact in value and gradient.

The topology-preserving form of Zavalishin (The Art of VA Filter Design, 3.10) as Simper writes it down (Solving the
continuous SVF equations using trapezoidal integration, 2013): two integrators solved together, so it stays stable and
in tune however quickly the cut-off moves. Low-pass and band-pass come out of it, the other shapes are sums with the
input. On a GPU the kernels of :mod:`engine.dsp.card` take all rows side by side.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engine.dsp.card import FilterOnCard, is_at_home
from engine.dsp.loops import load_kernels as _prepare_numba

HIGHEST = 0.49
"""Cut-offs above this share of the sample rate are taken as this."""


def warped(cycles_per_frame: Tensor) -> Tensor:
    """A cut-off as the filter takes it, so that the digital one lies where the analogue one would."""
    return torch.tan(math.pi * cycles_per_frame.clamp(max=HIGHEST))


class Svf:
    """A filter for sound that comes in stretches: it keeps its state from one to the next."""

    def __init__(self) -> None:
        self._state: Tensor | None = None

    def run(self, x: Tensor, cutoff: Tensor, damping: Tensor) -> tuple[Tensor, Tensor]:
        """Low-passed and band-passed ``x`` ``[rows, n]``.

        ``cutoff`` ``[rows, n]`` is :func:`warped`, ``damping`` ``[rows, 1]`` one over the quality (2
        is no resonance at all, 0.1 a lot); the band-pass has its peak at 1 when it is multiplied by the damping.
        """
        first = 1.0 / (1.0 + cutoff * (cutoff + damping))
        second = cutoff * first
        coefficients = torch.stack([first, second, cutoff * second], 1)
        on_card = is_at_home(x)
        if self._state is None:
            # Without kernels for the card the CPU does the work.
            device = x.device if on_card else torch.device("cpu")
            self._state = torch.zeros(x.shape[0], 2, dtype=torch.float64, device=device)
        if on_card:
            low, band = FilterOnCard.apply(x, coefficients, self._state)  # type: ignore[no-untyped-call]
            return low, band
        if _prepare_numba() is None:
            return _run_in_torch(x, coefficients, self._state)
        low, band = _Run.apply(x, coefficients, self._state)  # type: ignore[no-untyped-call]
        return low, band


class _Run(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, coefficients: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        from engine.dsp import svf_kernels

        given = [t.detach().to("cpu", x.dtype).contiguous() for t in (x, coefficients)]
        low, band = torch.empty_like(given[0]), torch.empty_like(given[0])
        states = np.empty((x.shape[0], 2, x.shape[1]), given[0].numpy().dtype)
        svf_kernels.run(given[0].numpy(), given[1].numpy(), state.numpy(), states, low.numpy(), band.numpy())
        ctx.save_for_backward(*given)
        ctx.states, ctx.like = states, (x, coefficients)
        return low.to(x.device), band.to(x.device)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad_low: Tensor, grad_band: Tensor) -> tuple[Tensor | None, ...]:
        from engine.dsp import svf_kernels

        x, coefficients = ctx.saved_tensors
        grads = [g.detach().to("cpu").contiguous().numpy() for g in (grad_low, grad_band)]
        found = torch.empty_like(x), torch.empty_like(coefficients)
        svf_kernels.run_back(x.numpy(), coefficients.numpy(), ctx.states, *grads, *(f.numpy() for f in found))
        return *(f.to(like) for f, like in zip(found, ctx.like, strict=True)), None


def _run_in_torch(x: Tensor, coefficients: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
    """The same, frame by frame over all rows."""
    one, two = state.to(x).clone().unbind(1)
    lows, bands = [], []
    for sample, (a, b, c) in zip(x.unbind(1), (f.unbind(1) for f in coefficients.unbind(2)), strict=True):
        rest = sample - two
        band = a * one + b * rest
        low = two + b * one + c * rest
        one, two = 2.0 * band - one, 2.0 * low - two
        lows.append(low)
        bands.append(band)
    state.copy_(torch.stack([one, two], 1).detach())
    if not lows:
        return x, x
    return torch.stack(lows, 1), torch.stack(bands, 1)
