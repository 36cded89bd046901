"""Operators that bend each other in a circle: an exact recursion, sample by sample, and its exact adjoint.

    y_c[n] = a_c[n] wave_c( phase_c[n] + sum over s of m_sc * past_sc[n] ),

    past_sc[n] = y_s[n]                               if s is computed before c,
                 y_s[n - lag]                         if s is computed after c,
                 (y_c[n - lag] + y_c[n - 2 lag]) / 2  if s is c: the mean keeps the DX7 from howling at half its rate.

Nothing is approximated: the adjoint runs the same recursion backwards. ``lag`` is one sample of the DX7's rate, however
finely the sound is computed, so that a finer computation gives the same sound with fewer aliases.

A loop can be chaotic. Gradients then grow without end, mean nothing, and would drown all others, so what flows back
through an output is held within :data:`LIMIT` times the largest gradient that came in; :data:`CLIPS` counts how often.

Three ways give the same numbers: kernels compiled by numba, those of :mod:`engine.dsp.card` for a batch that lies on a
GPU (compared with numba's in triton's interpreter, not yet on a card), and tensor operations where numba is missing.
Without triton a tensor on a GPU comes to numba's kernels and goes back: a hundred thousand steps of a few tiny tensor
operations each would take seconds.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.dsp.card import LoopOnCard, is_at_home
from engine.dsp.waves import shaped

LIMIT = 1e6
"""Gradients inside a loop beyond this multiple of the largest that comes in from outside are clipped."""

Shapes = Sequence[Sequence[int]]
"""For each row the waves of its operators."""


@dataclass
class ClipCount:
    """How many samples' gradients had to be clipped in chaotic loops, since the program started."""

    samples: int = 0


CLIPS = ClipCount()


class Loop:
    """Operators that are computed in order, and the ``edges`` ``(source, target)`` among them.

    ``lag`` is in frames; ``past`` is how many frames back the recursion looks.
    """

    def __init__(self, n_operators: int, edges: Sequence[tuple[int, int]], lag: int) -> None:
        self.n_operators = n_operators
        self.edges = tuple(edges)
        self.lag = lag
        self.past = 2 * lag
        # The kernels know sums of single terms only: a mean of two moments is two terms of half the depth.
        found = sorted(
            (target, source, late, e, share)
            for e, (source, target) in enumerate(edges)
            for late, share in self._moments(source, target)
        )
        targets, sources, lags, self._edge_of = (np.array([t[i] for t in found], np.int64) for i in range(4))
        self._share = np.array([t[4] for t in found])
        out_of = np.argsort(sources, kind="stable").astype(np.int64)
        self.graph = (sources, lags, _starts(targets, n_operators))
        self.graph_back = (out_of, targets, _starts(sources[out_of], n_operators))

    def _moments(self, source: int, target: int) -> tuple[tuple[int, float], ...]:
        """How many frames ago, and with what share, an edge hears its source."""
        if source == target:
            return (self.lag, 0.5), (2 * self.lag, 0.5)
        return ((0 if source < target else self.lag, 1.0),)

    def terms(self, depths: NDArray[Any]) -> NDArray[np.float64]:
        """Depths of the edges ``[rows, edges]`` to those of the terms ``[rows, terms]``."""
        return np.ascontiguousarray(depths[:, self._edge_of] * self._share, np.float64)

    def terms_back(self, grads: NDArray[np.float64]) -> NDArray[np.float64]:
        """Gradients of the terms ``[rows, terms]`` to those of the edges ``[rows, edges]``."""
        found = np.zeros((len(self.edges), grads.shape[0]))
        np.add.at(found, self._edge_of, (grads * self._share).T)
        return found.T

    def run(self, phase: Tensor, amplitude: Tensor, depths: Tensor, shapes: Shapes, past: Tensor) -> Tensor:
        """The operators' outputs ``[rows, operators, n]``.

        ``phase`` (radians) and ``amplitude`` are ``[rows, operators, n]``, ``depths`` ``[rows, edges]`` (radians),
        ``past`` ``[rows, operators, self.past]`` the outputs before. Gradients reach ``phase``, ``amplitude`` and
        ``depths``.
        """
        if is_at_home(phase):
            return self.run_on_card(phase, amplitude, depths, shapes, past)
        if load_kernels() is None:
            return self.run_in_torch(phase, amplitude, depths, shapes, past)
        result: Tensor = _Run.apply(  # type: ignore[no-untyped-call]
            phase, amplitude, depths, past, self, np.array(shapes, np.int64)
        )
        return result

    def run_on_card(self, phase: Tensor, amplitude: Tensor, depths: Tensor, shapes: Shapes, past: Tensor) -> Tensor:
        """The same by the kernels for a GPU, all rows side by side."""

        def there(numbers: NDArray[Any]) -> Tensor:
            return torch.from_numpy(numbers).to(phase.device)

        terms = depths.double().index_select(1, there(self._edge_of)) * there(self._share)
        waves = np.array(shapes, np.int32).reshape(-1, self.n_operators)
        graphs = (tuple(map(there, graph)) for graph in (self.graph, self.graph_back))
        result: Tensor = LoopOnCard.apply(  # type: ignore[no-untyped-call]
            phase,
            amplitude,
            terms.T,
            past,
            there(np.ascontiguousarray(waves.T)),
            *graphs,
            list(zip(self.graph_back[1].tolist(), *(part.tolist() for part in self.graph[:2]), strict=True)),
            not waves.any(),
            LIMIT,
            CLIPS,
        )
        return result

    def run_in_torch(self, phase: Tensor, amplitude: Tensor, depths: Tensor, shapes: Shapes, past: Tensor) -> Tensor:
        """The same as tensor operations over all rows, as many frames at once as the lag allows."""
        n = phase.shape[2]
        limit: list[Tensor] = []

        def hold(grad: Tensor) -> Tensor:
            held = torch.minimum(grad.nan_to_num(), limit[0]).maximum(-limit[0])
            CLIPS.samples += int((held != grad).sum())
            return held

        outputs = [list(torch.split(past[:, c], self.lag, 1)) for c in range(self.n_operators)]
        for begin in range(0, n, self.lag):
            here = slice(begin, min(begin + self.lag, n))
            length = here.stop - begin
            before = [parts[-2:] for parts in outputs]
            for c in range(self.n_operators):
                bent = phase[:, c, here]
                for e, (source, target) in enumerate(self.edges):
                    if target != c:
                        continue
                    heard = outputs[source][-1] if source <= c else before[source][-1]
                    if source == c:
                        heard = 0.5 * (before[c][-1] + before[c][-2])
                    bent = bent + depths[:, e, None] * heard[:, :length]
                y = amplitude[:, c, here] * shaped(bent, [row[c] for row in shapes])
                if y.requires_grad:
                    y.register_hook(hold)  # type: ignore[no-untyped-call]
                outputs[c].append(y)
        result = torch.stack([torch.cat(parts[2:], 1) for parts in outputs], 1)
        if result.requires_grad:
            result.register_hook(  # type: ignore[no-untyped-call]
                lambda grad: limit.insert(0, LIMIT * grad.abs().max())
            )
        return result


def _starts(ends: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """Where each operator's edges begin in a sorted list, and where the last ones end: ``[n + 1]``."""
    return np.searchsorted(ends, np.arange(n + 1)).astype(np.int64)


@cache
def load_kernels() -> ModuleType | None:
    """The compiled kernels, or ``None`` where numba cannot be had; the reason is logged once."""
    try:
        from engine.dsp import loop_kernels
    except ImportError as error:
        logging.getLogger(__name__).info("Feedback is computed without numba, which is slow: %s", error)
        return None
    return loop_kernels


class _Run(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        phase: Tensor,
        amplitude: Tensor,
        depths: Tensor,
        past: Tensor,
        loop: Loop,
        shapes: NDArray[np.int64],
    ) -> Tensor:
        given = [t.detach().to("cpu", phase.dtype).contiguous() for t in (phase, amplitude)]
        terms = loop.terms(_array(depths.detach().cpu()))
        y = torch.empty(*phase.shape[:2], loop.past + phase.shape[2], dtype=phase.dtype)
        y[:, :, : loop.past] = past
        kernels: Any = load_kernels()
        kernels.run(*_arrays(given), terms, shapes, *loop.graph, _array(y))
        ctx.save_for_backward(*given, y)
        ctx.loop, ctx.terms, ctx.shapes, ctx.like = loop, terms, shapes, (phase, amplitude, depths)
        return y[:, :, loop.past :].to(phase.device)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        *given, y = ctx.saved_tensors
        grad = grad.detach().to("cpu").contiguous()
        through, loudness = torch.zeros_like(y), torch.empty_like(given[1])
        grad_terms = np.zeros_like(ctx.terms)
        limit = LIMIT * float(grad.abs().max()) if grad.numel() else 0.0
        kernels: Any = load_kernels()
        CLIPS.samples += kernels.run_back(
            *_arrays(given),
            ctx.terms,
            ctx.shapes,
            *ctx.loop.graph,
            _array(y),
            *ctx.loop.graph_back,
            _array(grad),
            limit,
            *_arrays([through, loudness]),
            grad_terms,
        )
        depths = torch.from_numpy(ctx.loop.terms_back(grad_terms))
        found = (through[:, :, : grad.shape[2]], loudness, depths)
        return *(g.to(like) for g, like in zip(found, ctx.like, strict=True)), None, None, None


def _array(tensor: Tensor) -> NDArray[Any]:
    array: NDArray[Any] = tensor.numpy()
    return array


def _arrays(tensors: Sequence[Tensor]) -> list[NDArray[Any]]:
    return [_array(t) for t in tensors]
