"""How far two sounds are apart: the root mean square difference of their level spectra in dB.

The sound is brought to the energy of the reference first; magnitudes below :data:`FLOOR_DB` of the reference's largest
count as that. The mean runs over all bins and frames, and over the windows of :data:`WINDOWS`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

Samples = npt.NDArray[np.float64]

WINDOWS = (512, 2048)
FLOOR_DB = -60.0
_DB_PER_NAT_OF_POWER = 10.0 / math.log(10.0)


def log_spectral_distance_db(reference: Samples, sound: Samples) -> float:
    """The distance of ``sound`` from ``reference``, ``[frames]`` each; the longer one is cut."""
    n = min(len(reference), len(sound))
    reference, sound = reference[:n], sound[:n]
    energy = float(sound @ sound)
    if energy > 0.0:
        sound = sound * math.sqrt(float(reference @ reference) / energy)
    parts = []
    for size in WINDOWS:
        wanted, got = _magnitudes(reference, size), _magnitudes(sound, size)
        floor = wanted.max() * 10.0 ** (FLOOR_DB / 20.0)
        difference = 20.0 * np.log10(np.maximum(wanted, floor) / np.maximum(got, floor))
        parts.append(math.sqrt(float(np.mean(difference**2))))
    return sum(parts) / len(parts)


def _magnitudes(samples: Samples, size: int) -> Samples:
    """Hann-windowed spectra ``[frames, bins]``, a quarter window apart."""
    frames = np.lib.stride_tricks.sliding_window_view(samples, size)[:: size // 4]
    window = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(size) / size)
    magnitudes: Samples = np.abs(np.fft.rfft(frames * window, axis=1))
    return magnitudes


class SpectralTarget:
    """A reference to which many sounds are compared at once.

    ``reference`` ``[frames]`` fixes the float type and the device; ``sizes`` are the windows. At half the sample rate,
    half the sizes see the same stretches of time, and what lies above is left out. Windows are ``1 / overlap`` of
    themselves apart; 2 instead of 4 tells nearly the same in half the time.
    """

    def __init__(self, reference: Tensor, sizes: Sequence[int] = WINDOWS, overlap: int = 4) -> None:
        self.n_frames = reference.shape[0]
        self.energy = float(reference.square().sum())
        """Of the reference, which every sound is brought to."""
        self._overlap = overlap
        self._windows = [torch.hann_window(size, dtype=reference.dtype, device=reference.device) for size in sizes]
        self._wanted: list[Tensor] = []
        self._floors: list[float] = []
        for window in self._windows:
            power = powers(reference[None], window, overlap)
            floor = max(power.max().item() * 10.0 ** (FLOOR_DB / 10.0), 1e-20)
            self._floors.append(floor)
            self._wanted.append(power)
        self._hard = [p.clamp(min=f).log() for p, f in zip(self._wanted, self._floors, strict=True)]

    def distances_db(self, sounds: Tensor) -> Tensor:
        """:func:`log_spectral_distance_db` of each row of ``sounds`` ``[batch, frames]``: ``[batch]``."""
        parts = [
            (powers(self._levelled(sounds), window, self._overlap).clamp_(min=floor).log_() - wanted)
            .square()
            .mean((1, 2))
            .sqrt()
            for window, wanted, floor in zip(self._windows, self._hard, self._floors, strict=True)
        ]
        return _mean_db(parts)

    def losses_db(self, sounds: Tensor) -> Tensor:
        """The same with a floor that is a slope: what is far below it still learns to rise. ``[batch]``."""
        parts = []
        level = self._levelled(sounds)
        for window, wanted, floor in zip(self._windows, self._hard, self._floors, strict=True):
            got = powers(level, window, self._overlap)
            # Around the floor the sum bends softly; the reference keeps its sharp floor.
            difference = (got + 0.5 * floor).clamp(min=0.7 * floor).log() - wanted
            parts.append(difference.square().mean((1, 2)).add(1e-8).sqrt())
        return _mean_db(parts)

    def _levelled(self, sounds: Tensor) -> Tensor:
        energy = sounds.square().sum(1, keepdim=True).clamp(min=1e-12)
        return sounds * (self.energy / energy).sqrt()


def powers(sounds: Tensor, window: Tensor, overlap: int) -> Tensor:
    """Squared magnitudes ``[batch, frames, bins]`` of ``sounds`` ``[batch, n]``, ``1 / overlap`` window apart."""
    size = window.shape[0]
    found: Tensor = _Powers.apply(sounds.unfold(1, size, size // overlap) * window)  # type: ignore[no-untyped-call]
    return found


class _Powers(torch.autograd.Function):
    """Squared magnitudes of the spectra of real frames ``[..., size]``.

    The way back is one inverse transform of real numbers; torch's own takes a complex one of twice the length.
    """

    @staticmethod
    def forward(ctx: Any, frames: Tensor) -> Tensor:
        spectra = torch.fft.rfft(frames)
        ctx.save_for_backward(spectra)
        ctx.size = frames.shape[-1]
        powers: Tensor = spectra.real.square() + spectra.imag.square()
        return powers

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        (spectra,) = ctx.saved_tensors
        # dP_k / dx_n = 2 Re(X_k exp(i w_k n)); the inverse counts inner bins twice and divides by the size.
        wanted = spectra * grad
        wanted[..., 0] *= 2.0
        wanted[..., -1] *= 2.0
        found: Tensor = torch.fft.irfft(wanted, ctx.size).mul_(ctx.size)
        return found


def _mean_db(parts: list[Tensor]) -> Tensor:
    found: Tensor = torch.stack(parts).mean(0) * _DB_PER_NAT_OF_POWER
    return found
