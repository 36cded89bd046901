"""Convolution by Fourier transforms, whole or stretch after stretch."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


def good_size(n: int) -> int:
    """The smallest even number not below ``n`` that a Fourier transform is quick with.

    >>> good_size(1000), good_size(1001), good_size(14_000)
    (1000, 1024, 14400)
    """
    best = 1 << max(n - 1, 1).bit_length()
    five = 1
    while five < best:
        three = five
        while three < best:
            # The power of two that is missing, at least one.
            two = 1 << max(-(-n // three) - 1, 1).bit_length()
            best = min(best, two * three)
            three *= 3
        five *= 5
    return best


class Convolver:
    """What a kernel makes of sound that comes in stretches.

    ``kernel(size)`` is the spectrum ``[batch, channels, size // 2 + 1]`` of a kernel of at most ``reach`` frames, as
    a transform of ``size`` frames has it; it is asked once for each size.
    """

    def __init__(self, kernel: Callable[[int], Tensor], reach: int) -> None:
        self._kernel, self._reach = kernel, reach
        self._spectra: dict[int, Tensor] = {}
        self._tail: Tensor | None = None

    def run(self, x: Tensor) -> Tensor:
        """The next stretch for ``x`` ``[batch, channels, n]``: as much, of the wider one's channels."""
        n = x.shape[2]
        size = good_size(n + self._reach)
        if size not in self._spectra:
            self._spectra[size] = self._kernel(size)
        whole: Tensor = torch.fft.irfft(torch.fft.rfft(x, n=size) * self._spectra[size], n=size)
        if self._tail is not None:
            tail = self._tail
            whole = torch.nn.functional.pad(whole, (0, max(tail.shape[2] - size, 0)))
            whole = whole + torch.nn.functional.pad(tail, (0, whole.shape[2] - tail.shape[2]))
        self._tail = whole[..., n:]
        return whole[..., :n]
