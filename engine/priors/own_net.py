"""The net behind our own prior: a transformer that says which sound a noisy log-mel picture was, given words.

Flow matching on straight lines (Lipman et al., arXiv 2210.02747): ``z_t = (1 - t) x + t e`` with noise ``e`` and ``t``
from 0 (the sound) to 1 (noise). The net answers with ``x`` itself, not with the velocity: a token holds more numbers
than the net is wide, and only what lies on the small surface of real sounds passes such a neck (Li and He, arXiv
2511.13720). Blocks share one modulation by time, words and length (PixArt, arXiv 2310.00426); positions turn queries
and keys (RoPE, arXiv 2104.09864).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.dsp.mel import FRAMES_PER_S, LONGEST_S, MOST_FRAMES, N_BANDS
from engine.priors.text import TEXT_DIM


@dataclass(frozen=True, slots=True)
class PriorSettings:
    """What builds a net: its width, blocks and heads, how many frames are one token, and the tokens that hold words."""

    width: int = 320
    depth: int = 10
    heads: int = 5
    frames_per_token: int = 4
    text_tokens: int = 4

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> PriorSettings:
        """From the JSON of a file."""
        return cls(**{name: int(data[name]) for name in asdict(cls()) if name in data})


class PriorNet(nn.Module):
    """See the module. Frames have mean 0 and deviation 1 in each band, by :attr:`mean` and :attr:`spread`."""

    mean: Tensor
    spread: Tensor
    _turn: Tensor

    def __init__(self, settings: PriorSettings) -> None:
        super().__init__()
        self.settings = settings
        d, patch = settings.width, settings.frames_per_token * N_BANDS
        self.register_buffer("mean", torch.zeros(N_BANDS))
        self.register_buffer("spread", torch.ones(N_BANDS))
        head = d // settings.heads
        most = MOST_FRAMES // settings.frames_per_token
        self.register_buffer("_turn", _turns(most, head), persistent=False)
        self.take_in = nn.Linear(patch, d)
        self.time = nn.Sequential(nn.Linear(_WAVES, d), nn.SiLU(), nn.Linear(d, d))
        self.length = nn.Sequential(nn.Linear(_WAVES, d), nn.SiLU(), nn.Linear(d, d))
        self.words = nn.Linear(TEXT_DIM, d)
        self.word_tokens = nn.Linear(TEXT_DIM, settings.text_tokens * d)
        self.no_words = nn.Parameter(torch.zeros(TEXT_DIM))
        self.modulate = nn.Linear(d, 6 * d)
        self.blocks = nn.ModuleList(_Block(d, settings.heads) for _ in range(settings.depth))
        self.last_shift = nn.Parameter(torch.zeros(2, d))
        self.norm = nn.LayerNorm(d, elementwise_affine=False)
        self.put_out = nn.Linear(d, patch)
        nn.init.normal_(self.no_words, std=0.02)
        nn.init.zeros_(self.modulate.weight)
        nn.init.zeros_(self.modulate.bias)
        nn.init.zeros_(self.put_out.weight)
        nn.init.zeros_(self.put_out.bias)

    def normalise(self, frames: Tensor) -> Tensor:
        """Log-mel frames ``[..., N_BANDS]`` to what the net speaks."""
        return (frames - self.mean) / self.spread

    def denormalise(self, frames: Tensor) -> Tensor:
        """The inverse of :meth:`normalise`."""
        return frames * self.spread + self.mean

    def whole_tokens(self, n_frames: int) -> int:
        """``n_frames`` rounded up to whole tokens, at most :data:`MOST_FRAMES`."""
        size = self.settings.frames_per_token
        return min(-(-n_frames // size) * size, MOST_FRAMES)

    def forward(self, noisy: Tensor, t: Tensor, text: Tensor, seconds: Tensor, worded: Tensor | None = None) -> Tensor:
        """The sound in ``noisy`` ``[batch, frames, N_BANDS]`` at the noise levels ``t`` ``[batch]``: the same shape.

        ``frames`` is a multiple of ``frames_per_token``. ``text`` ``[batch, TEXT_DIM]`` are vectors of
        :class:`engine.priors.text.TextEncoder`, ``seconds`` ``[batch]`` the wanted length; rows where ``worded``
        ``[batch]`` is false hear no words.
        """
        n_rows, n_frames, _ = noisy.shape
        size, d = self.settings.frames_per_token, self.settings.width
        # Vectors of length 1 have small numbers; these have those of a normal distribution.
        text = text * math.sqrt(TEXT_DIM)
        if worded is not None:
            text = torch.where(worded[:, None], text, self.no_words.to(text.dtype) * math.sqrt(TEXT_DIM))
        about = self.time(_waves(t)) + self.length(_waves(seconds / LONGEST_S)) + self.words(text)
        table = self.modulate(F.silu(about)).view(n_rows, 6, d)
        x = self.take_in(noisy.reshape(n_rows, n_frames // size, size * N_BANDS))
        spoken = self.word_tokens(text).view(n_rows, self.settings.text_tokens, d)
        x = torch.cat([spoken, x], 1)
        turn = self._turns_for(n_frames // size, x)
        for block in self.blocks:
            x = block(x, table, turn)
        x = x[:, self.settings.text_tokens :]
        shift, scale = (self.last_shift + about[:, None]).unbind(1)
        x = self.norm(x) * (1.0 + scale[:, None]) + shift[:, None]
        found: Tensor = self.put_out(x).view(n_rows, n_frames, N_BANDS)
        return found

    def _turns_for(self, n_tokens: int, like: Tensor) -> Tensor:
        """Words stand where the sound begins; ``[2, text_tokens + n_tokens, head / 2]``."""
        turn = self._turn[:, :n_tokens]
        still = turn[:, :1].expand(-1, self.settings.text_tokens, -1)
        return torch.cat([still, turn], 1).to(like.device)


class _Block(nn.Module):
    """Attention and a gated feed-forward part, each modulated."""

    def __init__(self, d: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        inner = int(d * 8 / 3 / 32) * 32
        self.table = nn.Parameter(torch.zeros(6, d))
        self.norm_1 = nn.LayerNorm(d, elementwise_affine=False)
        self.norm_2 = nn.LayerNorm(d, elementwise_affine=False)
        self.qkv = nn.Linear(d, 3 * d)
        self.scale_q = nn.Parameter(torch.ones(d // heads))
        self.scale_k = nn.Parameter(torch.ones(d // heads))
        self.join = nn.Linear(d, d)
        self.gate = nn.Linear(d, 2 * inner)
        self.back = nn.Linear(inner, d)

    def forward(self, x: Tensor, table: Tensor, turn: Tensor) -> Tensor:
        shift_1, scale_1, gate_1, shift_2, scale_2, gate_2 = (table + self.table)[:, :, None].unbind(1)
        n_rows, n, d = x.shape
        y = self.norm_1(x) * (1.0 + scale_1) + shift_1
        q, k, v = self.qkv(y).view(n_rows, n, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)
        q, k = _turned(_level(q) * self.scale_q, turn), _turned(_level(k) * self.scale_k, turn)
        y = F.scaled_dot_product_attention(q.to(v.dtype), k.to(v.dtype), v)
        x = x + gate_1 * self.join(y.transpose(1, 2).reshape(n_rows, n, d))
        y = self.norm_2(x) * (1.0 + scale_2) + shift_2
        a, b = self.gate(y).chunk(2, -1)
        # The gates begin at 0, as every block begins by doing nothing.
        found: Tensor = x + gate_2 * self.back(F.silu(a) * b)
        return found


_WAVES = 64


def _waves(value: Tensor) -> Tensor:
    """Numbers of about 0 to 1 ``[batch]`` as sines and cosines ``[batch, _WAVES]``."""
    rates = torch.exp(torch.linspace(0.0, math.log(1000.0), _WAVES // 2, device=value.device))
    angle = value.float()[:, None] * rates * math.tau / 4.0
    return torch.cat([angle.sin(), angle.cos()], 1)


def _turns(n: int, head: int) -> Tensor:
    """Cosines and sines of the positions 0 to ``n``: ``[2, n, head / 2]``."""
    rates = 10_000.0 ** (-torch.arange(0, head, 2, dtype=torch.float64) / head)
    angle = torch.arange(n, dtype=torch.float64)[:, None] * rates
    return torch.stack([angle.cos(), angle.sin()]).float()


def _level(x: Tensor) -> Tensor:
    """``x`` with a root mean square of 1 in its last axis: no score of attention grows without bounds."""
    x = x.float()
    return x * (x.square().mean(-1, keepdim=True) + 1e-6).rsqrt()


def _turned(x: Tensor, turn: Tensor) -> Tensor:
    cos, sin = turn
    a, b = x.chunk(2, -1)
    return torch.cat([a * cos - b * sin, a * sin + b * cos], -1)


def frames_for(seconds: float) -> int:
    """How many frames a sound of that length has, :data:`MOST_FRAMES` at most."""
    return min(round(seconds * FRAMES_PER_S) + 1, MOST_FRAMES)
