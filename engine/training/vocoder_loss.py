"""How far a vocoder's sounds are from a recording: a distance between what is random in both.

The generalised energy distance of spectra (Gritsenko et al., "A Spectral Energy Distance for Parallel Speech
Synthesis", arXiv 2008.01160): twice the distance from the recording, less the distance between two sounds that differ
in their noise alone. Without the second, noise would best be a buzz: a sound that never surprises is nearer, on
average, to any noise than another noise is.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor

from engine.dsp.mel import RATE_HZ

WINDOWS = (128, 512, 2048, 1024, 256)
PHASED = (1024, 256)
"""Windows in which complex numbers are compared too: there the phase of the partials is learned."""
LOG_SHARE, PHASE_SHARE = 1.0, 0.7
_FLOOR = 1e-3
_EVEN_HZ = 1500.0
"""Bins far above it weigh as little as the ear divides them."""


@dataclass(frozen=True, eq=False)
class Spectra:
    """Of sounds ``[batch, n]``: for each window complex numbers, magnitudes and their logarithms."""

    numbers: list[Tensor]
    sizes: list[Tensor]
    logs: list[Tensor]


def spectra(sounds: Tensor, level: Tensor) -> Spectra:
    """Of ``sounds`` divided by ``level`` ``[batch]``."""
    level_sounds = sounds / level[:, None]
    numbers, sizes, logs = [], [], []
    for size in WINDOWS:
        window = torch.hann_window(size, device=sounds.device)
        found = torch.stft(level_sounds, size, size // 4, window=window, center=False, return_complex=True)
        found = torch.view_as_real(found) * (float(window.square().sum()) ** -0.5)
        power = found.square().sum(-1)
        numbers.append(found)
        sizes.append((power + 1e-9).sqrt())
        logs.append(0.5 * (power + _FLOOR * _FLOOR).log())
    return Spectra(numbers, sizes, logs)


def distance(one: Spectra, other: Spectra) -> Tensor:
    """Of two sets of sounds, a number."""
    total = one.sizes[0].new_zeros(())
    for n, size in enumerate(WINDOWS):
        weights = _weights(size).to(one.sizes[n].device)[:, None]
        total = total + ((one.sizes[n] - other.sizes[n]).abs() * weights).mean()
        total = total + LOG_SHARE * ((one.logs[n] - other.logs[n]).abs() * weights).mean()
        if size in PHASED:
            apart = ((one.numbers[n] - other.numbers[n]).square().sum(-1) + 1e-9).sqrt()
            total = total + PHASE_SHARE * (apart * weights).mean()
    return total / len(WINDOWS)


def energy_distance(recording: Tensor, first: Tensor, second: Tensor) -> Tensor:
    """The loss of two sounds ``[batch, n]`` that shall be like the recording, a number."""
    level = recording.square().mean(1).sqrt().clamp(min=1e-3)
    target, one, other = (spectra(sounds, level) for sounds in (recording, first, second))
    return distance(target, one) + distance(target, other) - distance(one, other)


@cache
def _weights(size: int) -> Tensor:
    hz = torch.linspace(0.0, RATE_HZ / 2.0, size // 2 + 1)
    weights = 1.0 / (hz + _EVEN_HZ)
    return weights / weights.mean()
