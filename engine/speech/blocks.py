"""What all three parts of the voice are made of: attention that knows distances, and a gated part that looks around.

A block is modulated as in DiT (Peebles and Xie, arXiv 2212.09748) by one table for all blocks and a small one of its
own (PixArt, arXiv 2310.00426); without a time to be told it keeps its own. Positions turn queries and keys (RoPE, arXiv
2104.09864), and before the feed-forward part each channel hears its neighbours in time (ConvNeXt, arXiv 2201.03545).
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

REACH = 7
"""How many places a channel hears, itself in the middle."""
_WAVES = 64


class Block(nn.Module):
    """``[batch, n, d]`` to the same; ``steady`` ones are told no time."""

    def __init__(self, d: int, heads: int, dropout: float, *, steady: bool = False) -> None:
        super().__init__()
        self.heads, self.dropout = heads, dropout
        inner = int(d * 8 / 3 / 32) * 32
        table = torch.zeros(6, d)
        # Gates begin closed where a time opens them, so that a young net passes on what it was given.
        table[2] = table[5] = 1.0 if steady else 0.0
        self.table = nn.Parameter(table)
        self.norm_1 = nn.LayerNorm(d, elementwise_affine=False)
        self.norm_2 = nn.LayerNorm(d, elementwise_affine=False)
        self.qkv = nn.Linear(d, 3 * d)
        self.scale_q = nn.Parameter(torch.ones(d // heads))
        self.scale_k = nn.Parameter(torch.ones(d // heads))
        self.join = nn.Linear(d, d)
        self.around = nn.Conv1d(d, d, REACH, padding=REACH // 2, groups=d)
        self.gate = nn.Linear(d, 2 * inner)
        self.back = nn.Linear(inner, d)

    def forward(self, x: Tensor, mask: Tensor, turn: Tensor, table: Tensor | None = None) -> Tensor:
        """``mask`` ``[batch, n]`` is true where there is something, ``turn`` is of :func:`turns`, ``table``
        ``[batch, 6, d]`` of the time."""
        whole = self.table[None] if table is None else table + self.table
        shift_1, scale_1, gate_1, shift_2, scale_2, gate_2 = whole[:, :, None].unbind(1)
        n_rows, n, d = x.shape
        y = self.norm_1(x) * (1.0 + scale_1) + shift_1
        q, k, v = self.qkv(y).view(n_rows, n, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)
        q, k = turned(_level(q) * self.scale_q, turn), turned(_level(k) * self.scale_k, turn)
        y = attend(q.to(v.dtype), k.to(v.dtype), v, mask)
        y = self.join(y.transpose(1, 2).reshape(n_rows, n, d))
        x = x + gate_1 * F.dropout(y, self.dropout, self.training)
        y = (self.norm_2(x) * (1.0 + scale_2) + shift_2) * mask[:, :, None]
        y = y + self.around(y.transpose(1, 2)).transpose(1, 2)
        a, b = self.gate(y).chunk(2, -1)
        y = self.back(F.silu(a) * b)
        found: Tensor = x + gate_2 * F.dropout(y, self.dropout, self.training)
        return found


class Tower(nn.Module):
    """Blocks that follow a time ``t``: the shape of a velocity field. ``[batch, n, d]`` to ``[batch, n, n_out]``."""

    def __init__(self, d: int, depth: int, heads: int, n_out: int, dropout: float) -> None:
        super().__init__()
        self.d, self.head = d, d // heads
        self.time = nn.Sequential(nn.Linear(_WAVES, d), nn.SiLU(), nn.Linear(d, d))
        self.modulate = nn.Linear(d, 6 * d)
        self.blocks = nn.ModuleList(Block(d, heads, dropout) for _ in range(depth))
        self.last_shift = nn.Parameter(torch.zeros(2, d))
        self.norm = nn.LayerNorm(d, elementwise_affine=False)
        self.put_out = nn.Linear(d, n_out)
        for part in (self.modulate, self.put_out):
            nn.init.zeros_(part.weight)
            nn.init.zeros_(part.bias)

    def forward(self, x: Tensor, t: Tensor, mask: Tensor) -> Tensor:
        """``t`` ``[batch]``."""
        about = self.time(waves(t))
        table = self.modulate(F.silu(about)).view(-1, 6, self.d)
        turn = turns(x.shape[1], self.head).to(x.device)
        for block in self.blocks:
            x = block(x, mask, turn, table)
        shift, scale = (self.last_shift + about[:, None]).unbind(1)
        found: Tensor = self.put_out(self.norm(x) * (1.0 + scale[:, None]) + shift[:, None])
        return found


def attend(q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
    """``[batch, heads, n, head]``; places where ``mask`` ``[batch, n]`` is false are not looked at.

    Written out: in 16 bits on a CPU this is twice as fast, there and back, as torch's own.
    """
    scores = torch.matmul(q * q.shape[-1] ** -0.5, k.transpose(-1, -2))
    scores = scores.float().masked_fill(~mask[:, None, None, :], -1e9)
    return torch.matmul(scores.softmax(-1).to(v.dtype), v)


def waves(value: Tensor) -> Tensor:
    """Numbers of about 0 to 1 ``[batch]`` as sines and cosines ``[batch, 64]``."""
    rates = torch.exp(torch.linspace(0.0, math.log(1000.0), _WAVES // 2, device=value.device))
    angle = value.float()[:, None] * rates * math.tau / 4.0
    return torch.cat([angle.sin(), angle.cos()], 1)


def turns(n: int, head: int) -> Tensor:
    """Cosines and sines of the positions 0 to ``n``: ``[2, n, head / 2]``."""
    rates = 10_000.0 ** (-torch.arange(0, head, 2, dtype=torch.float64) / head)
    angle = torch.arange(n, dtype=torch.float64)[:, None] * rates
    return torch.stack([angle.cos(), angle.sin()]).float()


def turned(x: Tensor, turn: Tensor) -> Tensor:
    """``x`` ``[..., n, head]`` with pairs of channels turned by their position: products know distances only."""
    cos, sin = turn
    a, b = x.chunk(2, -1)
    return torch.cat([a * cos - b * sin, a * sin + b * cos], -1)


def _level(x: Tensor) -> Tensor:
    """``x`` with a root mean square of 1 in its last axis: no score of attention grows without bounds."""
    x = x.float()
    return x * (x.square().mean(-1, keepdim=True) + 1e-6).rsqrt()
