"""The melody of a voice: the fundamental of each mel frame, or that there is none.

Normalised cross-correlation with candidates and the cheapest path through them, after Talkin, "A robust algorithm for
pitch tracking (RAPT)", in Speech Coding and Synthesis, 1995.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.dsp.mel import HOP, RATE_HZ, n_frames_of

Hz = NDArray[np.float32]

LOWEST_HZ, HIGHEST_HZ = 65.0, 480.0
_WINDOW = 720
_LONGEST, _SHORTEST = int(RATE_HZ / LOWEST_HZ), int(RATE_HZ / HIGHEST_HZ)
_CANDIDATES = 6
_BAND_HZ = (50.0, 1400.0)
_LEAST = 0.3
_UNVOICED = 0.58
"""How periodic a frame has to be to count as voiced, about."""
_SWITCH = 0.25
_PER_OCTAVE = 2.2
_LONG_COST = 0.12
"""Twice a period is a period too: the shorter is taken where both are as good."""
_SILENT = 10.0 ** (-45.0 / 20.0)


def track(samples: NDArray[np.float32]) -> Hz:
    """Fundamentals in Hz of the mel frames of ``samples`` ``[n]`` at :data:`RATE_HZ`: ``[n // HOP + 1]``, 0: none."""
    n_frames = n_frames_of(len(samples))
    if not np.any(samples):
        return np.zeros(n_frames, np.float32)
    lags, values = _candidates(_low_passed(samples.astype(np.float64)), n_frames)
    return _cheapest(lags, values)


def _low_passed(samples: NDArray[np.float64]) -> NDArray[np.float64]:
    spectrum = np.fft.rfft(samples)
    hz = np.fft.rfftfreq(len(samples), 1.0 / RATE_HZ)
    low, high = _BAND_HZ
    passed: NDArray[np.float64] = np.fft.irfft(
        spectrum * np.clip(hz / low, 0, 1) ** 2 * np.clip(2.0 - hz / high, 0, 1), len(samples)
    )
    return passed


def _candidates(samples: NDArray[np.float64], n_frames: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The most periodic lags of each frame and how periodic they are, ``[frames, candidates]``; -1: there is none."""
    span = _WINDOW + _LONGEST + 2
    padded = np.pad(samples, (span // 2, span))
    frames = np.lib.stride_tricks.sliding_window_view(padded, span)[: n_frames * HOP : HOP][:n_frames]
    size = 2048
    whole = np.fft.rfft(frames, size)
    first = np.fft.rfft(frames[:, :_WINDOW], size)
    product = np.fft.irfft(whole * np.conj(first), size)[:, : _LONGEST + 2]
    power = np.concatenate([np.zeros((n_frames, 1)), np.cumsum(frames**2, 1)], 1)
    energy = power[:, _WINDOW : _WINDOW + _LONGEST + 2] - power[:, : _LONGEST + 2]
    loudest = energy[:, 0].max()
    # What is far below the loudest counts as noise.
    floor = loudest * _SILENT**2
    periodic = product / np.sqrt(np.maximum(energy[:, :1] * energy, 1e-30) + floor * floor)
    inner = periodic[:, _SHORTEST : _LONGEST + 1]
    left, right = periodic[:, _SHORTEST - 1 : _LONGEST], periodic[:, _SHORTEST + 1 : _LONGEST + 2]
    tops = np.where((inner > left) & (inner >= right) & (inner > _LEAST), inner, -1.0)
    best = np.argpartition(-tops, _CANDIDATES, axis=1)[:, :_CANDIDATES]
    value = np.take_along_axis(tops, best, 1)
    a, b, c = (np.take_along_axis(part, best, 1) for part in (left, inner, right))
    bend = a - 2.0 * b + c
    shift = np.where(bend < 0.0, 0.5 * (a - c) / np.minimum(bend, -1e-12), 0.0).clip(-0.5, 0.5)
    return best + _SHORTEST + shift, value


def _cheapest(lags: NDArray[np.float64], values: NDArray[np.float64]) -> Hz:
    """The path through the candidates, or through none, that costs least."""
    n = len(lags)
    octaves = np.log2(lags)
    cost = np.where(values > 0.0, 1.0 - values + _LONG_COST * lags / _LONGEST, np.inf)
    none = np.full((n, 1), 1.0 - _UNVOICED)
    cost = np.concatenate([cost, none], 1)
    total = cost[0]
    came = np.zeros((n, cost.shape[1]), np.int64)
    step = np.full((cost.shape[1],) * 2, _SWITCH)
    step[-1, -1] = 0.0
    for j in range(1, n):
        step[:-1, :-1] = _PER_OCTAVE * np.abs(octaves[j - 1][:, None] - octaves[j][None])
        ways = total[:, None] + step
        came[j] = ways.argmin(0)
        total = ways[came[j], np.arange(len(total))] + cost[j]
    hz = np.zeros(n, np.float32)
    k = int(total.argmin())
    for j in range(n - 1, -1, -1):
        if k < lags.shape[1]:
            hz[j] = RATE_HZ / lags[j, k]
        k = int(came[j, k])
    return hz
