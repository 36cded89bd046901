"""How far two struck sounds are apart: the mean difference of their log-mel spectra in dB.

The sound is brought to the energy of the reference first. Spectra of three windows are summed in :data:`N_MELS` bands;
what lies more than :data:`FLOOR_DB` below the reference's loudest band counts as that. The mean of the absolute
differences runs over all bands and frames, and over the windows of :data:`WINDOWS`.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad

from engine.dsp.distance import Samples, powers
from engine.dsp.mel import mel_edges_hz

N_MELS = 64
WINDOWS = (512, 1024, 2048)
FLOOR_DB = -60.0
_DB_PER_NAT_OF_POWER = 10.0 / math.log(10.0)


@lru_cache(maxsize=16)
def mel_weights(size: int, rate: int, n_mels: int = N_MELS) -> Samples:
    """Triangles that are even on the mel scale from 0 to half the sample rate: ``[size // 2 + 1, n_mels]``.

    Each spans a bin at least, and they sum the power of what they span.
    """
    edges = mel_edges_hz(n_mels, 0.5 * rate)
    bin_hz = rate / size
    hz = np.arange(size // 2 + 1) * bin_hz
    low, middle, high = edges[:-2], edges[1:-1], edges[2:]
    rise = (hz[:, None] - low) / np.maximum(middle - low, bin_hz)
    fall = (high - hz[:, None]) / np.maximum(high - middle, bin_hz)
    # Where the bands are closer than bins, a band takes from the bins on both sides of it.
    narrow = 1.0 - np.abs(hz[:, None] - middle) / bin_hz
    weights: Samples = np.maximum(np.minimum(rise, fall), narrow).clip(min=0.0)
    return weights


def log_mel_error_db(reference: Samples, sound: Samples, rate: int) -> float:
    """The error of ``sound`` against ``reference``, ``[frames]`` each, which begin with the strike.

    A sound that is shorter is followed by silence, a longer one is cut.
    """
    target = LogMelTarget(torch.from_numpy(reference), rate)
    n = target.n_frames
    whole = np.pad(sound[:n], (0, n - min(len(sound), n)))
    return float(target.errors_db(torch.from_numpy(whole)[None])[0])


class LogMelTarget:
    """A reference ``[frames]`` to which many sounds are compared at once; it fixes the float type and the device.

    Windows are ``1 / overlap`` of themselves apart. A reference that is shorter than the longest one is followed by
    silence; sounds are ``n_frames`` long, as it is then.
    """

    def __init__(self, reference: Tensor, rate: int, overlap: int = 4) -> None:
        self.n_frames = max(reference.shape[0], WINDOWS[-1])
        reference = pad(reference, (0, self.n_frames - reference.shape[0]))
        self.energy = float(reference.square().sum())
        """Of the reference, which every sound is brought to."""
        self._overlap = overlap
        self._windows = [torch.hann_window(size, dtype=reference.dtype, device=reference.device) for size in WINDOWS]
        self._mels = [torch.from_numpy(mel_weights(size, rate)).to(reference) for size in WINDOWS]
        self._floors: list[float] = []
        self._wanted: list[Tensor] = []
        for window, mel in zip(self._windows, self._mels, strict=True):
            power = self._bands(reference[None], window, mel)
            floor = max(power.max().item() * 10.0 ** (FLOOR_DB / 10.0), 1e-20)
            self._floors.append(floor)
            self._wanted.append(power.clamp(min=floor).log())

    def errors_db(self, sounds: Tensor) -> Tensor:
        """:func:`log_mel_error_db` of each row of ``sounds`` ``[batch, frames]``: ``[batch]``."""
        level = self._levelled(sounds)
        parts = [
            (self._bands(level, window, mel).clamp(min=floor).log() - wanted).abs().mean((1, 2))
            for window, mel, floor, wanted in zip(self._windows, self._mels, self._floors, self._wanted, strict=True)
        ]
        return torch.stack(parts).mean(0) * _DB_PER_NAT_OF_POWER

    def losses_db(self, sounds: Tensor) -> Tensor:
        """The same with a floor that is a slope, and rounded where both are one."""
        level = self._levelled(sounds)
        parts = []
        for window, mel, floor, wanted in zip(self._windows, self._mels, self._floors, self._wanted, strict=True):
            power = self._bands(level, window, mel)
            difference = (power + 0.5 * floor).clamp(min=0.7 * floor).log() - wanted
            parts.append((difference.square() + 0.02).sqrt().mean((1, 2)))
        return torch.stack(parts).mean(0) * _DB_PER_NAT_OF_POWER

    def _bands(self, sounds: Tensor, window: Tensor, mel: Tensor) -> Tensor:
        return powers(sounds, window, self._overlap) @ mel

    def _levelled(self, sounds: Tensor) -> Tensor:
        energy = sounds.square().sum(1, keepdim=True).clamp(min=1e-12)
        return sounds * (self.energy / energy).sqrt()
