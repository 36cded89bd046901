"""The net behind the voice: symbols to what they sound like on average, their prosody, and frames that are drawn.

After Matcha-TTS (Mehta et al., arXiv 2309.03199). An encoder gives each symbol a vector and the mean frames ``mu`` of
its states: a phoneme has two, one for its first part and one for the rest, everything else has one. What belongs where
is found by :mod:`engine.speech.alignment` from ``mu``. Two flows on straight lines (Lipman et al., arXiv 2210.02747)
draw the rest, from noise at ``t = 0`` to the sample at ``t = 1``: one, for each symbol, the lengths of its states, its
pitch and its energy, since averages of these are what makes a voice dull; the other the log-mel frames, given all that.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.dsp.mel import N_BANDS
from engine.speech.blocks import Block, Tower, turns
from engine.speech.symbols import N_SYMBOLS, PHONEME_IDS

N_STATES = 2
"""Of a phoneme."""
PITCH, ENERGY = N_STATES, N_STATES + 1
N_PROSODY = N_STATES + 2
"""What a symbol's prosody is: log frames of each state, mean log Hz, mean log energy."""
CLEAN, ALTERED = 0, 1
"""How what is learned from was recorded; a voice speaks as the clean ones."""
_PLACE = 4


@dataclass(frozen=True, slots=True)
class AcousticSettings:
    """What builds a net: width, blocks and heads of its three parts."""

    width: int = 192
    depth: int = 5
    heads: int = 2
    prosody_width: int = 160
    prosody_depth: int = 4
    prosody_heads: int = 2
    drawn_width: int = 288
    drawn_depth: int = 8
    drawn_heads: int = 3
    about_width: int = 128
    frames_per_token: int = 2
    n_symbols: int = N_SYMBOLS

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> AcousticSettings:
        """From the JSON of a file."""
        return cls(**{name: int(data[name]) for name in asdict(cls()) if name in data})


class AcousticNet(nn.Module):
    """See the module. Frames and prosody have mean 0 and deviation 1, by the buffers."""

    mean: Tensor
    spread: Tensor
    prosody_mean: Tensor
    prosody_spread: Tensor
    aligned: Tensor
    _has_states: Tensor

    def __init__(self, settings: AcousticSettings, dropout: float = 0.1) -> None:
        super().__init__()
        self.settings = settings
        s, d = settings, settings.width
        self.register_buffer("mean", torch.zeros(N_BANDS))
        self.register_buffer("spread", torch.ones(N_BANDS))
        self.register_buffer("prosody_mean", torch.zeros(N_PROSODY))
        self.register_buffer("prosody_spread", torch.ones(N_PROSODY))
        # 1 as soon as the two above are known, and with them what prosody is.
        self.register_buffer("aligned", torch.zeros(1))
        has_states = torch.zeros(s.n_symbols, N_STATES, dtype=torch.bool)
        has_states[:, 0] = True
        has_states[sorted(PHONEME_IDS)] = True
        self.register_buffer("_has_states", has_states, persistent=False)
        self.embed = nn.Embedding(s.n_symbols, d)
        self.recorded = nn.Embedding(2, d)
        nn.init.normal_(self.embed.weight, std=1.0)
        nn.init.zeros_(self.recorded.weight)
        self.before = nn.ModuleList(nn.Conv1d(d, d, 5, padding=2) for _ in range(2))
        self.before_norm = nn.ModuleList(nn.LayerNorm(d) for _ in range(2))
        self.blocks = nn.ModuleList(Block(d, s.heads, dropout, steady=True) for _ in range(s.depth))
        self.norm = nn.LayerNorm(d)
        self.put_mu = nn.Linear(d, N_STATES * N_BANDS)
        p = s.prosody_width
        self.prosody_in = nn.Linear(d + N_PROSODY, p)
        # There is little prosody to learn from, and much of it is chance.
        self.prosody = Tower(p, s.prosody_depth, s.prosody_heads, N_PROSODY, 2.0 * dropout)
        w = s.about_width
        self.about_in = nn.Linear(d + N_PROSODY, N_STATES * w)
        self.place_in = nn.Linear(_PLACE, w)
        self.nothing = nn.Parameter(torch.zeros(w + N_BANDS))
        self.drawn_in = nn.Linear(s.frames_per_token * (2 * N_BANDS + w), s.drawn_width)
        self.drawn = Tower(s.drawn_width, s.drawn_depth, s.drawn_heads, s.frames_per_token * N_BANDS, dropout / 2.0)
        self.dropout = dropout

    # -- symbols -------------------------------------------------------------------------------------------------------

    def read(self, ids: Tensor, mask: Tensor, recorded: Tensor) -> tuple[Tensor, Tensor]:
        """Symbols ``[batch, n]`` with ``mask`` ``[batch, n]``: vectors ``[batch, n, width]`` and ``mu``
        ``[batch, n, states, bands]``, normalised. ``recorded`` ``[batch]`` is :data:`CLEAN` or :data:`ALTERED`."""
        x = self.embed(ids) + self.recorded(recorded)[:, None]
        for conv, norm in zip(self.before, self.before_norm, strict=True):
            y = conv((x * mask[:, :, None]).transpose(1, 2)).transpose(1, 2)
            x = x + F.dropout(F.silu(norm(y)), self.dropout, self.training)
        turn = turns(x.shape[1], self.settings.width // self.settings.heads).to(x.device)
        for block in self.blocks:
            x = block(x, mask, turn)
        h = self.norm(x)
        mu = self.put_mu(h).view(*ids.shape, N_STATES, N_BANDS)
        return h, mu

    def has_states(self, ids: Tensor) -> Tensor:
        """Which states the symbols ``[batch, n]`` have: ``[batch, n, states]``."""
        return self._has_states[ids]

    # -- prosody -------------------------------------------------------------------------------------------------------

    def prosody_velocity(self, x: Tensor, t: Tensor, h: Tensor, mask: Tensor) -> Tensor:
        """Of the prosody ``x`` ``[batch, n, N_PROSODY]`` at ``t`` ``[batch]``; learns nothing into ``h``."""
        found: Tensor = self.prosody(self.prosody_in(torch.cat([h.detach(), x.to(h.dtype)], -1)), t, mask)
        return found

    def normalise_prosody(self, prosody: Tensor) -> Tensor:
        """``[..., N_PROSODY]`` to what the net speaks."""
        return (prosody - self.prosody_mean) / self.prosody_spread

    def denormalise_prosody(self, prosody: Tensor) -> Tensor:
        """The inverse of :meth:`normalise_prosody`."""
        return prosody * self.prosody_spread + self.prosody_mean

    # -- frames --------------------------------------------------------------------------------------------------------

    def normalise(self, frames: Tensor) -> Tensor:
        """Log-mel frames ``[..., N_BANDS]`` to what the net speaks."""
        return (frames - self.mean) / self.spread

    def denormalise(self, frames: Tensor) -> Tensor:
        """The inverse of :meth:`normalise`."""
        return frames * self.spread + self.mean

    def spread_out(self, h: Tensor, mu: Tensor, prosody: Tensor, places: Places) -> tuple[Tensor, Tensor]:
        """What is known of each frame, ``[batch, frames, about + bands]``, and its ``mu`` ``[batch, frames, bands]``.

        ``prosody`` ``[batch, n, N_PROSODY]`` is normalised.
        """
        n_rows, n = h.shape[:2]
        about = self.about_in(torch.cat([h, prosody.to(h.dtype)], -1))
        about = about.view(n_rows, n * N_STATES, self.settings.about_width)
        index = places.state[:, :, None]
        about = about.gather(1, index.expand(-1, -1, about.shape[-1]))
        about = F.silu(about + self.place_in(places.place.to(about.dtype)))
        mu_frames = mu.reshape(n_rows, n * N_STATES, N_BANDS).gather(1, index.expand(-1, -1, N_BANDS))
        return torch.cat([about, mu_frames.to(about.dtype)], -1), mu_frames

    def frame_velocity(self, x: Tensor, t: Tensor, about: Tensor, mask: Tensor, known: Tensor | None = None) -> Tensor:
        """Of the normalised frames ``x`` ``[batch, frames, bands]`` at ``t`` ``[batch]``.

        ``frames`` is a multiple of ``frames_per_token``; ``about`` is of :meth:`spread_out`. Rows where ``known``
        ``[batch]`` is false are told nothing, for guidance.
        """
        if known is not None:
            about = torch.where(known[:, None, None], about, self.nothing.to(about.dtype))
        size = self.settings.frames_per_token
        n_rows, n_frames, _ = x.shape
        tokens = torch.cat([x.to(about.dtype), about], -1).reshape(n_rows, n_frames // size, -1)
        found: Tensor = self.drawn(self.drawn_in(tokens), t, mask[:, ::size])
        return found.reshape(n_rows, n_frames, N_BANDS)


@dataclass(frozen=True, eq=False)
class Places:
    """Where each frame lies: its state ``[batch, frames]`` among ``n * N_STATES``, and how far into it
    ``[batch, frames, 4]``."""

    state: Tensor
    place: Tensor
    mask: Tensor
    """True where there is a frame."""

    @classmethod
    def of(cls, counts: Tensor, n_frames: int) -> Places:
        """Of ``counts`` ``[batch, n, states]``, frames in each; what is beyond them, up to ``n_frames``, is masked."""
        flat = counts.flatten(1).long()
        ends = flat.cumsum(1)
        frame = torch.arange(n_frames, device=counts.device)[None].expand(len(flat), -1).contiguous()
        state = torch.searchsorted(ends, frame, right=True).clamp(max=flat.shape[1] - 1)
        length = flat.gather(1, state).clamp(min=1).float()
        since = (frame - (ends - flat).gather(1, state)).float() + 0.5
        share = (since / length).clamp(max=1.0)
        place = torch.stack(
            [share, (math.tau / 2.0 * share).sin(), since.log1p(), (length - since).clamp(min=0).log1p()], -1
        )
        return cls(state, place, frame < ends[:, -1:])
