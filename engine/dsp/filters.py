"""Linear-phase filters: for now the half-band that brings an oversampled sound back to its own rate."""

from __future__ import annotations

from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

HALF_BAND_REACH = 35
"""Frames that the half-band looks to each side, at the higher rate: 71 taps in all."""
_KAISER_BETA = 9.0
_OUT_BLOCK = 64


def half_band_taps() -> NDArray[np.float64]:
    """The impulse response ``[71]`` of a half-band low-pass, centred, sum 1.

    A sinc under a Kaiser window (Oppenheim and Schafer, Discrete-Time Signal Processing, 7.5.3): flat within 0.001 dB
    up to 0.208 and at least 90 dB down from 0.292 cycles per frame of the higher rate, which is 20 kHz and 28 kHz for
    a sound of 48 kHz. What lies between folds onto 20 to 24 kHz only.
    """
    n = np.arange(-HALF_BAND_REACH, HALF_BAND_REACH + 1)
    taps = 0.5 * np.sinc(n / 2) * np.kaiser(n.size, _KAISER_BETA)
    return np.asarray(taps / taps.sum())


@cache
def _as_matrix(dtype: torch.dtype, device: torch.device) -> Tensor:
    """The filter and the dropping of every other frame as one matrix ``[2 * 64 + 70, 64]`` from a window to a block."""
    taps = half_band_taps()
    matrix = np.zeros((2 * _OUT_BLOCK + taps.size - 1, _OUT_BLOCK))
    for k in range(_OUT_BLOCK):
        matrix[2 * k : 2 * k + taps.size, k] = taps
    return torch.from_numpy(matrix).to(device, dtype)


def halve_rate(x: Tensor) -> Tensor:
    """Low-pass ``x`` ``[rows, 70 + 2 n]`` and keep every other frame: ``[rows, n]``.

    The result's frame 0 lies on frame 35 of ``x``: give 35 frames of what came before and as many of what comes after
    (zeros for silence) and nothing is delayed. As a matrix product it is several times faster than a convolution of
    one channel, and differentiable.
    """
    rows, n_in = x.shape
    n_out = (n_in - 2 * HALF_BAND_REACH) // 2
    n_blocks = -(-n_out // _OUT_BLOCK)
    wanted = 2 * _OUT_BLOCK * n_blocks + 2 * HALF_BAND_REACH
    if wanted != n_in:
        x = torch.nn.functional.pad(x, (0, wanted - n_in))
    windows = x.unfold(1, 2 * _OUT_BLOCK + 2 * HALF_BAND_REACH, 2 * _OUT_BLOCK)
    return (windows @ _as_matrix(x.dtype, x.device)).reshape(rows, n_blocks * _OUT_BLOCK)[:, :n_out]
