"""Recursions of sounds that lie on a GPU: the kernels of :mod:`engine.dsp.card_kernels`, called with tensors.

All rows of a batch go through their frames side by side. Nothing is copied to the CPU, but for one number on the way
back: how many gradients had to be clipped. The kernels are checked as :mod:`engine.dsp.card_kernels` says, and not on
hardware yet; tests/gpu is for that.
"""

from __future__ import annotations

import logging
import subprocess
from collections.abc import Sequence
from functools import cache
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

_LOG = logging.getLogger(__name__)

LANES = 32
"""Rows in each program: one for each lane of a warp."""


def is_at_home(x: Tensor) -> bool:
    """Whether the recursions of ``x`` are computed where it is, on a GPU."""
    return x.is_cuda and _works_on(x.device)


@cache
def _works_on(device: torch.device) -> bool:
    """Whether a first kernel runs there: triton also wants a C compiler and Python's headers."""
    if load_kernels() is None:
        return False
    from triton.runtime.errors import TritonError

    nothing = torch.zeros(1, 3, 1, device=device)
    try:
        state = torch.zeros(1, 2, dtype=torch.float64, device=device)
        FilterOnCard.apply(nothing[:, 0], nothing, state)  # type: ignore[no-untyped-call]
    except (TritonError, RuntimeError, OSError, subprocess.CalledProcessError) as error:
        _LOG.info("Recursions of sounds on the GPU are computed by the CPU: %s", error)
        return False
    return True


@cache
def load_kernels() -> ModuleType | None:
    """The kernels for GPUs, or ``None`` where triton cannot be had; the reason is logged once."""
    try:
        from engine.dsp import card_kernels
    except ImportError as error:
        _LOG.info("Recursions of sounds on the GPU are computed by the CPU: %s", error)
        return None
    return card_kernels


def launch(name: str, tensors: Sequence[Tensor], sizes: Sequence[int], **constants: bool) -> None:
    """Run a kernel over all rows; the first of ``sizes`` is their number."""
    kernels: Any = load_kernels()
    blocks = -(-sizes[0] // LANES)
    if blocks == 0:
        return
    # triton starts its kernels on the current device.
    with torch.cuda.device_of(tensors[0]):  # type: ignore[no-untyped-call]
        getattr(kernels, name)[(blocks,)](*tensors, *sizes, **constants, BLOCK=LANES, num_warps=1)


def frames_first(x: Tensor) -> Tensor:
    """``[rows, ..., n]`` as ``[n, ..., rows]`` in memory, and the other way round."""
    return x.detach().transpose(0, -1).contiguous()


class LoopOnCard(torch.autograd.Function):
    """:meth:`engine.dsp.loops.Loop.run` on a GPU.

    ``terms`` ``[terms, rows]`` (float64) are the depths with their shares, made of them by tensor operations, so that
    their gradients need nothing special; ``shapes`` ``[operators, rows]``, all 0 where it ``is_plain``; ``graph`` and
    ``graph_back`` are the loop's, and ``heard`` has each term's target, source and lag once more as numbers. ``limit``
    is :data:`engine.dsp.loops.LIMIT`; ``clips`` counts what was clipped. The answer is ``[rows, operators, n]``.
    """

    @staticmethod
    def forward(
        ctx: Any,
        phase: Tensor,
        amplitude: Tensor,
        terms: Tensor,
        past: Tensor,
        shapes: Tensor,
        graph: tuple[Tensor, ...],
        graph_back: tuple[Tensor, ...],
        heard: Sequence[tuple[int, int, int]],
        is_plain: bool,
        limit: float,
        clips: Any,
    ) -> Tensor:
        rows, operators, n = phase.shape
        given = frames_first(phase), frames_first(amplitude.to(phase.dtype))
        y = phase.new_empty(past.shape[2] + n, operators, rows)
        y[: past.shape[2]] = frames_first(past)
        weights = terms.detach().contiguous()
        sizes = (rows, operators, n, past.shape[2])
        launch("run", (*given, weights, shapes, *graph, y), sizes, PLAIN=is_plain)
        ctx.save_for_backward(*given, y, weights, shapes, *graph, *graph_back)
        ctx.sizes, ctx.heard, ctx.is_plain, ctx.limit, ctx.clips = sizes, heard, is_plain, limit, clips
        return y[past.shape[2] :].transpose(0, 2).contiguous()

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        *given, y, weights, shapes, source, lag, first, order, target, first_out = ctx.saved_tensors
        rows, _, n, past = ctx.sizes
        limit = torch.zeros(1, dtype=torch.float64, device=grad.device)
        if grad.numel():
            limit += ctx.limit * grad.abs().amax().double()
        through, loudness = torch.zeros_like(y), torch.empty_like(given[1])
        clipped = torch.zeros(rows, dtype=torch.int64, device=grad.device)
        out = (frames_first(grad), limit, through, loudness, clipped)
        graph = (source, lag, first, y, order, target, first_out)
        launch("run_back", (*given, weights, shapes, *graph, *out), ctx.sizes, PLAIN=ctx.is_plain)
        ctx.clips.samples += int(clipped.sum())
        felt = [
            (through[:n, to] * y[past - late : past - late + n, by]).sum(0, dtype=torch.float64)
            for to, by, late in ctx.heard
        ]
        return through[:n].transpose(0, 2), loudness.transpose(0, 2), torch.stack(felt), *[None] * 8


class FilterOnCard(torch.autograd.Function):
    """:class:`engine.dsp.svf.Svf` on a GPU: low-pass and band-pass of ``x`` ``[rows, n]`` by ``coefficients`` ``[rows,
    3, n]``; ``state`` ``[rows, 2]`` (float64) moves on."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, coefficients: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        rows, n = x.shape
        given = frames_first(x), frames_first(coefficients.to(x.dtype))
        stands = frames_first(state)
        states = x.new_empty(n, 2, rows)
        low, band = torch.empty_like(given[0]), torch.empty_like(given[0])
        launch("filter_run", (*given, stands, states, low, band), (rows, n))
        state.copy_(stands.T)
        ctx.save_for_backward(*given, states)
        return low.T.contiguous(), band.T.contiguous()

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad_low: Tensor, grad_band: Tensor) -> tuple[Tensor | None, ...]:
        x, coefficients, states = ctx.saved_tensors
        found = torch.empty_like(x), torch.empty_like(coefficients)
        grads = frames_first(grad_low), frames_first(grad_band)
        launch("filter_back", (x, coefficients, states, *grads, *found), (x.shape[1], x.shape[0]))
        return found[0].T, found[1].transpose(0, 2), None
