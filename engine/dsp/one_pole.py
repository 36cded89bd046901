"""One-pole filters without a loop over frames."""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor

_BLOCK = 32


def decaying_sum(x: Tensor, pole: float, before: Tensor) -> Tensor:
    """``y[n] = x[n] + pole * y[n - 1]`` for ``x`` ``[rows, n]``, with ``y`` just ``before`` the first frame ``[rows,
    1]``.

    Blocks are summed by one matrix product; what each block leaves to the next is the same recursion over their ends,
    with ``pole ** block``.
    """
    rows, n = x.shape
    if n == 0:
        return x
    if n == 1:
        return x + pole * before
    n_blocks = -(-n // _BLOCK)
    blocks = torch.nn.functional.pad(x, (0, n_blocks * _BLOCK - n)).view(rows, n_blocks, _BLOCK)
    weights, decay = _weights(pole, x.dtype, x.device)
    local = blocks @ weights
    if n_blocks == 1:
        left = before[:, None]
    else:
        ends = decaying_sum(local[:, :-1, -1], pole**_BLOCK, before)
        left = torch.cat([before, ends], 1)[..., None]
    return (local + left * decay).view(rows, -1)[:, :n]


@cache
def _weights(pole: float, dtype: torch.dtype, device: torch.device) -> tuple[Tensor, Tensor]:
    """What each frame of a block takes of the others ``[block, block]``, and of what was before the block
    ``[block]``."""
    ages = torch.arange(_BLOCK, dtype=torch.float64)
    lag = ages[None, :] - ages[:, None]
    matrix = torch.where(lag >= 0, pole ** lag.clamp(min=0.0), 0.0)
    return matrix.to(device, dtype), (pole ** (ages + 1.0)).to(device, dtype)


def dc_pole(cycles_per_frame: float) -> float:
    """The pole of a :class:`DcBlocker` that cuts off there."""
    return 1.0 - 2.0 * torch.pi * cycles_per_frame


class DcBlocker:
    """A high-pass for what is no sound, in stretches: ``y[n] = x[n] - x[n - 1] + pole * y[n - 1]``."""

    def __init__(self, cycles_per_frame: float) -> None:
        self._pole = dc_pole(cycles_per_frame)
        self._last: Tensor | None = None
        self._sum: Tensor | None = None

    def run(self, x: Tensor) -> Tensor:
        """The next stretch ``[rows, n]``."""
        nothing = x.new_zeros(x.shape[0], 1)
        last = nothing if self._last is None else self._last
        before = nothing if self._sum is None else self._sum
        y = decaying_sum(torch.cat([last, x], 1).diff(dim=1), self._pole, before)
        if x.shape[1]:
            self._last, self._sum = x[:, -1:].detach(), y[:, -1:].detach()
        return y
