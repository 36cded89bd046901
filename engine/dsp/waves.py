"""The shapes of one period: the TX81Z's eight waveforms, all built from a sine (see ``engine.params.fm.WAVES``)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor


def _first_half(phase: Tensor, shape: Tensor) -> Tensor:
    """``shape`` where the sine of ``phase`` is positive, nothing elsewhere."""
    return shape * (torch.sin(phase) > 0.0)


def _squared(x: Tensor) -> Tensor:
    return x * x.abs()


_SHAPES: tuple[Callable[[Tensor], Tensor], ...] = (
    torch.sin,
    lambda p: _squared(torch.sin(p)),
    lambda p: torch.sin(p).clamp(min=0.0),
    lambda p: torch.sin(p).clamp(min=0.0).square(),
    lambda p: _first_half(p, torch.sin(2.0 * p)),
    lambda p: _first_half(p, _squared(torch.sin(2.0 * p))),
    lambda p: _first_half(p, torch.sin(2.0 * p).abs()),
    lambda p: _first_half(p, torch.sin(2.0 * p).square()),
)

HARMONICS = (1.0, 12.0, 26.0, 14.0, 41.0, 25.0, 51.0, 21.0)
"""Of each shape: from this harmonic on all are at least 60 dB below the strongest."""


def shaped(phase: Tensor, shapes: Sequence[int], into: Tensor | None = None) -> Tensor:
    """Waves at ``phase`` ``[rows, n]`` in radians; ``shapes`` says which shape each row has.

    Plain sines are written ``into`` a tensor if one is given (it may be ``phase`` itself).

    >>> shaped(torch.tensor([[0.5 * torch.pi, 1.5 * torch.pi]]), [2]).tolist()
    [[1.0, 0.0]]
    """
    if not any(shapes):
        return torch.sin(phase, out=into)
    if len(set(shapes)) == 1:
        return _SHAPES[shapes[0]](phase)
    return torch.stack([_SHAPES[shape](row) for shape, row in zip(shapes, phase, strict=True)])
