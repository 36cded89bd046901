"""Sound from log-mel frames without any training: magnitudes by least squares, phases by iteration.

The fast form of Griffin and Lim's algorithm (Perraudin et al., WASPAA 2013) with momentum 0.99. It rings a little and
has no idea of voices, but it never fails: what there is to hear where no trained vocoder is.
"""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor

from engine.dsp.mel import HOP, LOG_FLOOR, WINDOW, band_weights

N_ITERATIONS = 48
_MOMENTUM = 0.99
_LEAST_SQUARES_STEPS = 30


def griffin_lim(frames: Tensor, rng: torch.Generator, iterations: int = N_ITERATIONS) -> Tensor:
    """Log-mel frames ``[batch, n, bands]`` as sound ``[batch, (n - 1) * HOP]``; ``rng`` draws the first phases."""
    with torch.no_grad():
        wanted = linear_magnitudes(frames.float()).transpose(1, 2)
        angle = torch.rand(wanted.shape, generator=rng) * (2.0 * torch.pi)
        spectrum = torch.polar(wanted, angle.to(wanted.device))
        window = torch.hann_window(WINDOW, device=wanted.device)
        n = (frames.shape[1] - 1) * HOP
        if n <= WINDOW // 2:
            raise ValueError(f"{frames.shape[1]} frames are too few to be heard.")
        before = torch.zeros_like(spectrum)
        for _ in range(iterations):
            sound = torch.istft(spectrum, WINDOW, HOP, window=window, length=n)
            again = torch.stft(sound, WINDOW, HOP, window=window, return_complex=True)
            ahead = again + _MOMENTUM * (again - before)
            before = again
            spectrum = wanted * ahead / ahead.abs().clamp(min=1e-12)
        found: Tensor = torch.istft(spectrum, WINDOW, HOP, window=window, length=n)
        return found


def linear_magnitudes(frames: Tensor) -> Tensor:
    """Magnitudes ``[..., bins]``, none negative, whose mel bands are nearest to ``frames`` ``[..., bands]``.

    Multiplicative steps towards the least squares (Lee and Seung, NIPS 2000) from the bands spread over their bins.
    """
    weights = band_weights().to(frames.device)
    # What holds nothing becomes nothing, not the floor's faint hiss.
    bands = torch.where(frames <= LOG_FLOOR + 0.05, torch.zeros_like(frames), frames.exp())
    share, gram = _spread().to(frames.device), (weights @ weights.T)
    found = bands @ share
    wanted = bands @ weights.T
    for _ in range(_LEAST_SQUARES_STEPS):
        found = found * (wanted + 1e-9) / (found @ gram + 1e-9)
    return found


@cache
def _spread() -> Tensor:
    """Each band's value handed to its bins: ``[bands, bins]``."""
    weights = band_weights()
    return (weights / weights.sum(0).clamp(min=1e-9) / weights.sum(1, keepdim=True).clamp(min=1e-9)).T
