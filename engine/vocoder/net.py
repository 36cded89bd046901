"""The vocoder's net: log-mel frames to what becomes of pulses and noise, frame by frame and bin by bin.

ConvNeXt blocks over time (Liu et al., arXiv 2201.03545) and an inverse short-time Fourier transform as the last step,
as in Vocos (Siuzdak, arXiv 2306.00814). But the net does not say what phase each bin has: it says what pitch a frame
has, and by which complex gain a train of pulses of that pitch, and by which real gains noise and bursts of it, become
the sound; beside them it may draw bins outright, as Vocos does: an attack has its place in the frame. Gains begin as
the envelope of the frames, so that the net learns only what is missing in it.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields
from functools import cache
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.dsp.mel import HOP, N_BANDS, WINDOW, band_weights
from engine.dsp.pitch_track import HIGH_HZ, LOW_HZ
from engine.vocoder.source import Sources

KIND = "vocoder"
N_BINS = WINDOW // 2 + 1
N_STEPS = 8
"""How often in a frame's time the noise has another level."""
_REACH = 3
_NEAR_PITCHES = 3
_GAINS = (-12.0, 4.0)
_BURST, _DRAWN = -0.7, -2.0
"""Bursts begin softer than noise, and what is drawn outright as little."""
_LEVEL, _SPREAD = -4.0, 3.0
"""About the middle and the deviation of log-mel frames."""


_FLAT = (0.375 * WINDOW) ** 0.5
"""The magnitude of a source of unit variance in a Hann window."""


@dataclass(frozen=True, slots=True)
class VocoderSettings:
    """What builds the net."""

    width: int = 384
    hidden: int = 1152
    depth: int = 8
    pitches: int = 120

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, eq=False)
class Shape:
    """What the net says of frames ``[batch, n, ...]``.

    ``pulse_log`` and ``pulse_phase`` are the gain of the pulses, ``noise_log`` and ``burst_log`` of the noise and its
    bursts (natural logarithms, bins), ``drawn_log`` and ``drawn_phase`` what is drawn outright, ``steps`` the logarithm
    of the noise's level in time, ``pitch`` what speaks for each pitch.
    """

    pulse_log: Tensor
    pulse_phase: Tensor
    noise_log: Tensor
    burst_log: Tensor
    drawn_log: Tensor
    drawn_phase: Tensor
    steps: Tensor
    pitch: Tensor

    def part(self, first: int, last: int) -> Shape:
        """Only the frames from ``first`` up to but not with ``last``."""
        return Shape(*(getattr(self, field.name)[:, first:last] for field in fields(self)))


class VocoderNet(nn.Module):
    """See the module."""

    def __init__(self, settings: VocoderSettings) -> None:
        super().__init__()
        self.settings = settings
        width = settings.width
        self.begin = _Near(N_BANDS, width)
        self.first = nn.LayerNorm(width, eps=1e-6)
        self.blocks = nn.ModuleList(_Block(width, settings.hidden, settings.depth) for _ in range(settings.depth))
        self.last = nn.LayerNorm(width, eps=1e-6)
        self.gains = nn.Linear(width, 6 * N_BINS)
        self.times = nn.Linear(width, N_STEPS)
        self.pitch = nn.Linear(width, settings.pitches)
        for layer in (self.gains, self.times):
            nn.init.normal_(layer.weight, std=0.002)
            nn.init.zeros_(layer.bias)

    @property
    def reach(self) -> int:
        """How many frames before and after one has to do with it."""
        return _REACH * (self.settings.depth + 1)

    def forward(self, frames: Tensor) -> Shape:
        """What becomes of log-mel ``frames`` ``[batch, n, N_BANDS]``."""
        x = self.first(self.begin((frames - _LEVEL) / _SPREAD))
        for block in self.blocks:
            x = block(x)
        x = self.last(x)
        gains, times, pitch = self.gains(x).float(), self.times(x).float(), self.pitch(x).float()
        pulse, phase, noise, burst, drawn, drawn_phase = gains.split(N_BINS, -1)
        base = log_envelope(frames)
        pulse, noise = base + pulse.clamp(*_GAINS), base + noise.clamp(*_GAINS)
        burst = base + (burst + _BURST).clamp(*_GAINS)
        drawn = base + (drawn + _DRAWN).clamp(*_GAINS)
        return Shape(pulse, phase, noise, burst, drawn, drawn_phase, times.clamp(-6.0, 3.0), pitch)


class _Block(nn.Module):
    """A ConvNeXt block on ``[batch, n, width]``."""

    def __init__(self, width: int, hidden: int, depth: int) -> None:
        super().__init__()
        self.near = nn.Parameter(torch.randn(2 * _REACH + 1, width) * (2 * _REACH + 1) ** -0.5)
        self.bias = nn.Parameter(torch.zeros(width))
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.wide = nn.Linear(width, hidden)
        self.narrow = nn.Linear(hidden, width)
        self.scale = nn.Parameter(torch.full((width,), 1.0 / depth))

    def forward(self, x: Tensor) -> Tensor:
        n = x.shape[1]
        padded = F.pad(x, (0, 0, _REACH, _REACH))
        y = self.bias + sum(padded[:, k : k + n] * self.near[k] for k in range(2 * _REACH + 1))
        found: Tensor = x + self.scale * self.narrow(F.gelu(self.wide(self.norm(y))))
        return found


class _Near(nn.Module):
    """A convolution over a few frames, as one product."""

    def __init__(self, before: int, width: int) -> None:
        super().__init__()
        self.all = nn.Linear(before * (2 * _REACH + 1), width)

    def forward(self, x: Tensor) -> Tensor:
        n = x.shape[1]
        padded = F.pad(x, (0, 0, _REACH, _REACH))
        found: Tensor = self.all(torch.cat([padded[:, k : k + n] for k in range(2 * _REACH + 1)], -1))
        return found


def log_envelope(frames: Tensor) -> Tensor:
    """The logarithm of the gain in each bin ``[..., N_BINS]`` that makes a flat source as loud as ``frames``."""
    bands = frames.float().exp()
    return (bands @ _share().to(frames.device)).clamp(min=1e-9).log()


def pitch_hz(pitch: Tensor) -> Tensor:
    """The pitch that most speaks for, ``[..., n]`` Hz, of what speaks for each ``[..., n, pitches]``."""
    octaves = pitch_octaves(pitch.shape[-1]).to(pitch.device)
    share = pitch.softmax(-1)
    best = share.argmax(-1, keepdim=True)
    near = (torch.arange(pitch.shape[-1], device=pitch.device) - best).abs() <= _NEAR_PITCHES
    share = share * near
    found: Tensor = torch.exp2((share * octaves).sum(-1) / share.sum(-1))
    return found


@cache
def pitch_octaves(n: int) -> Tensor:
    """The binary logarithms of the ``n`` pitches in Hz that the net chooses from."""
    return torch.linspace(math.log2(LOW_HZ), math.log2(HIGH_HZ), n)


@cache
def _share() -> Tensor:
    """What of each band goes to each bin, ``[N_BANDS, N_BINS]``."""
    weights = band_weights()
    share = weights / weights.sum(1, keepdim=True).clamp(min=1e-9) / weights.sum(0).clamp(min=1e-9)
    found: Tensor = (share / _FLAT).T.contiguous()
    return found


def sound_of(shape: Shape, sources: Sources) -> Tensor:
    """The sound ``[batch, (n - 1) * HOP]`` of sources of that length that are shaped."""
    window = torch.hann_window(WINDOW, device=sources.pulse.device)
    # What a step of a frame is as loud as, drawn straight from one to the next.
    level = shape.steps.flatten(1)[:, None]
    size = sources.pulse.shape[1]
    level = F.interpolate(level, scale_factor=HOP // N_STEPS, mode="linear", align_corners=False)[..., :size][:, 0]

    def spectrum(source: Tensor) -> Tensor:
        found: Tensor = torch.stft(source, WINDOW, HOP, window=window, return_complex=True).transpose(1, 2)
        return found

    shaped = spectrum(sources.pulse) * torch.polar(shape.pulse_log.exp(), shape.pulse_phase)
    shaped = shaped + spectrum(sources.noise * level.exp()) * shape.noise_log.exp()
    shaped = shaped + spectrum(sources.burst) * shape.burst_log.exp()
    # Phase 0 is a pulse in the middle of the window.
    middle = torch.ones(N_BINS, device=window.device)
    middle[1::2] = -1.0
    drawn = shape.drawn_log.exp() * (_FLAT * middle)
    shaped = shaped + torch.polar(torch.ones_like(drawn), shape.drawn_phase) * drawn
    found: Tensor = torch.istft(shaped.transpose(1, 2), WINDOW, HOP, window=window, length=size)
    return found
