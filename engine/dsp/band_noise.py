"""Noise with a colour that changes over time, as frames that overlap: differentiable, and the same samples for the same
seed however long it is.

Each frame is white noise of its own, weighed by a spectrum and put under half a sine; neighbours overlap by a half, so
the power of what they sum to is even. The frames begin half a frame early: the noise is at full power from its first
sample on.
"""

from __future__ import annotations

import math
from functools import lru_cache

import torch
from torch import Tensor

from engine.dsp.motion import chance
from engine.rates import DEFAULT_RATE_HZ

HOP_S = 0.0107
"""Between two frames: as long as a spectrum stays what it is."""


def hop_at(rate: float) -> int:
    """Frames of sound between two frames of noise."""
    return round(HOP_S * rate)


def bins_hz(rate: float, device: torch.device) -> Tensor:
    """Frequencies of a frame's spectrum ``[bins]``; the first, which stands for 0, is a little above it."""
    hop = hop_at(rate)
    return torch.arange(hop + 1, dtype=torch.float64, device=device).clamp(min=0.05) * (rate / (2.0 * hop))


def usual_hz(device: torch.device) -> Tensor:
    """The frequencies by which a colour's loudness is told, ``[bins]``: those at the usual rate, so that what a hertz
    holds is the same at every rate."""
    return bins_hz(DEFAULT_RATE_HZ, device)


def n_noise_frames(n: int, rate: float) -> int:
    """How many frames of noise ``n`` frames of sound take."""
    return -(-n // hop_at(rate)) + 1


@lru_cache(maxsize=8)
def white(seed: int, n_frames: int, rate: float, device: torch.device, first: int = 0) -> Tensor:
    """White noise of unit power in -1.73 .. 1.73, the frames from ``first`` on, ``[n_frames, 2 hop]`` in float64."""
    size = 2 * hop_at(rate)
    count = torch.arange(first * size, (first + n_frames) * size, device=device)
    uniform = chance(count, torch.tensor(seed, device=device))
    return (math.sqrt(12.0) * (uniform - 0.5)).view(n_frames, size)


@lru_cache(maxsize=8)
def white_spectrum(seed: int, n_frames: int, rate: float, dtype: torch.dtype, device: torch.device) -> Tensor:
    """Its spectra ``[n_frames, bins]``."""
    spectra: Tensor = torch.fft.rfft(white(seed, n_frames, rate, device).to(dtype))
    return spectra


def joined(spectra: Tensor, rate: float) -> Tensor:
    """Spectra of frames ``[..., n_frames, bins]`` as sound ``[..., (n_frames - 1) hop]``."""
    hop = hop_at(rate)
    frames: Tensor = torch.fft.irfft(spectra, n=2 * hop)
    window = torch.sin((torch.arange(2 * hop, dtype=frames.dtype, device=frames.device) + 0.5) * (math.pi / (2 * hop)))
    framed = frames * window
    sound: Tensor = framed[..., :-1, hop:] + framed[..., 1:, :hop]
    return sound.flatten(-2)


def band(hz: Tensor, middle_hz: Tensor, width_oct: Tensor | float) -> Tensor:
    """Weights ``[..., bins]`` of a band around ``middle_hz`` ``[..., 1]``: a bell over octaves, down by 4.3 dB at its
    edges, which lie ``width_oct`` apart."""
    return torch.exp(-0.5 * (torch.log2(hz / middle_hz) * (2.0 / width_oct)).square())
