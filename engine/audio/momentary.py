"""The spectrum of a sound at one moment, fine enough to tell its partials apart."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

WINDOW_S = 0.34
"""About so much sound is looked at: bins of 3 Hz at 48 kHz."""
LOBE_BINS = 4
"""A sine fills so many bins to each side of its own."""
FLOOR_DB = -140.0
_HOP = 512

Levels = NDArray[np.float32]


@lru_cache(maxsize=8)
def _window(size: int) -> NDArray[np.float64]:
    """Four terms of Blackman and Harris (1978): what leaks beyond the lobe is 92 dB down."""
    phase = 2.0 * np.pi * np.arange(size) / size
    window = 0.35875 - 0.48829 * np.cos(phase) + 0.14128 * np.cos(2 * phase) - 0.01168 * np.cos(3 * phase)
    window.flags.writeable = False
    return np.asarray(window)


def window_size(sample_rate: int) -> int:
    """Frames that are looked at: a power of two, about :data:`WINDOW_S`."""
    return 1 << round(math.log2(WINDOW_S * sample_rate))


def loudest_s(samples: NDArray[np.float32], sample_rate: int) -> float:
    """Middle of the window that holds the most sound of ``samples`` ``[channels, frames]``, in seconds."""
    size, n = window_size(sample_rate), samples.shape[1]
    if n <= size // 2:
        return float(0.5 * n / sample_rate)
    whole = samples[:, : n - n % _HOP]
    blocks = np.square(whole).sum(0).reshape(-1, _HOP).sum(1)
    shape = np.square(_window(size // _HOP))
    energy = np.convolve(blocks, shape, "same")
    # Of equal ones the first: a tone that is held is looked at soon after its attack.
    best = int(np.argmax(energy >= 0.98 * energy.max()))
    return float((best + 0.5) * _HOP / sample_rate)


def levels_at(samples: NDArray[np.float32], sample_rate: int, at_s: float) -> tuple[Levels, float]:
    """Levels in dB ``[bins]`` around ``at_s`` and the Hz from one to the next; a full sine is 0 dB in its bin.

    ``samples`` are ``[channels, frames]``; channels are summed by power.
    """
    size = window_size(sample_rate)
    first = round(at_s * sample_rate) - size // 2
    begin, end = max(first, 0), min(first + size, samples.shape[1])
    frames = np.zeros((samples.shape[0], size))
    if end > begin:
        frames[:, begin - first : end - first] = samples[:, begin:end]
    window = _window(size)
    bins = np.fft.rfft(frames * window)
    power = (np.square(bins.real) + np.square(bins.imag)).mean(0) * (2.0 / window.sum()) ** 2
    levels = 10.0 * np.log10(np.maximum(power, 10.0 ** (FLOOR_DB / 10.0)))
    return levels.astype(np.float32), sample_rate / size


def peaks_of(
    levels_db: Levels, hz_per_bin: float, *, depth_db: float = 72.0, most: int = 240
) -> list[tuple[float, float]]:
    """The peaks as ``(hz, level_db)`` in the order of frequency: at most ``depth_db`` below the strongest.

    A peak is the highest within a sine's lobe; its place between two bins comes from the parabola through three
    levels, which is exact to a few hundredths of a bin.
    """
    reach = LOBE_BINS
    padded = np.pad(levels_db, reach, constant_values=-np.inf)
    highest = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1).max(1)
    floor = max(float(levels_db.max()) - depth_db, FLOOR_DB + 20.0)
    found = np.flatnonzero((levels_db == highest) & (levels_db > floor))
    found = found[(found > 0) & (found < levels_db.size - 1)]
    if found.size > most:
        found = np.sort(found[np.argsort(levels_db[found])[-most:]])
    left, here, right = (levels_db[found + d].astype(np.float64) for d in (-1, 0, 1))
    bend = np.minimum(left - 2.0 * here + right, -1e-6)
    shift = np.clip(0.5 * (left - right) / bend, -0.5, 0.5)
    heights = here - 0.25 * (left - right) * shift
    return list(zip(((found + shift) * hz_per_bin).tolist(), heights.tolist(), strict=True))
