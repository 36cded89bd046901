"""Linear-phase filters: for now the half-bands that bring an oversampled sound back to its own rate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

_KAISER_BETA = 9.0


@dataclass(frozen=True)
class HalfBand:
    """A low-pass for halving the rate, at least 90 dB down where the result would fold into what it keeps.

    ``reach`` is the number of frames it looks to each side, at the higher rate. Frequencies up to ``kept`` cycles per
    frame of the *lower* rate pass within 0.001 dB and nothing folds onto them.
    """

    reach: int
    kept: float

    def taps(self) -> NDArray[np.float64]:
        """The impulse response ``[2 * reach + 1]``, centred, sum 1.

        A sinc under a Kaiser window (Oppenheim and Schafer, Discrete-Time Signal Processing, 7.5.3).
        """
        n = np.arange(-self.reach, self.reach + 1)
        taps = 0.5 * np.sinc(n / 2) * np.kaiser(n.size, _KAISER_BETA)
        return np.asarray(taps / taps.sum())


SHARP = HalfBand(reach=35, kept=0.415)
"""For the last halving: 48 kHz keeps all below 19.9 kHz."""

WIDE = HalfBand(reach=11, kept=0.21)
"""For the halvings before it, when only the lower part of the band is wanted in the end."""


@cache
def _as_matrix(half_band: HalfBand, block: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """The filter and the dropping of every other frame as one matrix ``[2 * block + 2 * reach, block]``."""
    taps = half_band.taps()
    matrix = np.zeros((2 * block + 2 * half_band.reach, block))
    for k in range(block):
        matrix[2 * k : 2 * k + taps.size, k] = taps
    return torch.from_numpy(matrix).to(device, dtype)


def halve_rate(x: Tensor, half_band: HalfBand = SHARP) -> Tensor:
    """Low-pass ``x`` ``[rows, 2 n + 2 reach]`` and keep every other frame: ``[rows, n]``.

    The result's frame 0 lies on frame ``reach`` of ``x``: give so many frames of what came before and of what comes
    after (zeros for silence) and nothing is delayed. As a matrix product it is several times faster than a convolution
    of one channel, and differentiable.
    """
    rows, n_in = x.shape
    overlap = 2 * half_band.reach
    n_out = (n_in - overlap) // 2
    block = 64 if half_band.reach > 16 else 32
    n_blocks = -(-n_out // block)
    wanted = 2 * block * n_blocks + overlap
    if wanted != n_in:
        x = torch.nn.functional.pad(x, (0, wanted - n_in))
    windows = x.unfold(1, 2 * block + overlap, 2 * block)
    return (windows @ _as_matrix(half_band, block, x.dtype, x.device)).reshape(rows, n_blocks * block)[:, :n_out]


class Halver:
    """:func:`halve_rate` for a sound that comes in stretches: ``take(n)`` is the next ``n`` frames, delayed by nothing.

    ``source(n)`` gives the next ``n`` frames ``[rows, n]`` at twice the rate; it is asked for a little more than is
    due, so that the filter can see what comes after. Before the first frame there was silence.
    """

    def __init__(self, source: Callable[[int], Tensor], half_band: HalfBand = SHARP) -> None:
        self._source = source
        self._half_band = half_band
        self._rest: Tensor | None = None

    def take(self, n: int) -> Tensor:
        """The next ``n`` frames ``[rows, n]``."""
        reach = self._half_band.reach
        if self._rest is None:
            fresh = self._source(2 * n + reach)
            wide = torch.nn.functional.pad(fresh, (reach, 0))
        else:
            wide = torch.cat([self._rest, self._source(2 * n)], 1)
        self._rest = wide[:, wide.shape[1] - 2 * reach :]
        return halve_rate(wide, self._half_band)
