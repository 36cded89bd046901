"""A sound brought to the frames that were asked for: band by band its spectrum is made louder or quieter.

What Griffin and Lim's algorithm does to bins, with its momentum (Perraudin et al., WASPAA 2013), is done here to
bands: what is finer than a band, the partials of a high harmonic sound above all, stays as it was made. Momentum
changes phases too. Low down, where bands are narrow, it finds better ones; high up it would smear the pulses of a
voice.
"""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor

from engine.dsp.mel import FLOOR, HOP, RATE_HZ, WINDOW, band_weights

N_ROUNDS = 48
MOMENTUM = 0.9
_WHOLE_HZ, _NONE_HZ = 1000.0, 3000.0
"""Up to where momentum is whole, and from where on there is none."""
_MOST, _LEAST = 8.0, 0.05
_NOTHING = 1e-7


def corrected(sound: Tensor, frames: Tensor, rounds: int = N_ROUNDS) -> Tensor:
    """``sound`` ``[batch, (n - 1) * HOP]`` nearer to log-mel ``frames`` ``[batch, n, bands]``."""
    if rounds == 0:
        return sound
    window = torch.hann_window(WINDOW, device=sound.device)
    weights, to_bins = band_weights().to(sound.device), _to_bins().to(sound.device)
    momentum = _momentum().to(sound.device)
    bands = frames.float().exp()
    # What holds nothing becomes nothing, not the floor's faint hiss.
    wanted = torch.where(bands <= 1.05 * FLOOR, 0.0, bands) + _NOTHING
    before = ahead = _spectrum(sound, window)
    for _ in range(rounds):
        ratio = wanted / (ahead.abs() @ weights + _NOTHING)
        gain = (ratio.clamp(_LEAST, _MOST).log() @ to_bins).exp()
        sound = torch.istft((ahead * gain).transpose(1, 2), WINDOW, HOP, window=window, length=sound.shape[1])
        again = _spectrum(sound, window)
        ahead = again + momentum * (again - before)
        before = again
    return sound


def _spectrum(sound: Tensor, window: Tensor) -> Tensor:
    found: Tensor = torch.stft(sound, WINDOW, HOP, window=window, return_complex=True).transpose(1, 2)
    return found


@cache
def _momentum() -> Tensor:
    hz = torch.linspace(0.0, RATE_HZ / 2.0, WINDOW // 2 + 1)
    return MOMENTUM * ((_NONE_HZ - hz) / (_NONE_HZ - _WHOLE_HZ)).clamp(0.0, 1.0)


@cache
def _to_bins() -> Tensor:
    """What of each band's gain goes to each bin: ``[bands, bins]``."""
    weights = band_weights()
    return (weights / weights.sum(1, keepdim=True).clamp(min=1e-9)).T.contiguous()
