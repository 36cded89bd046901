"""Convolution by Fourier transforms, whole or stretch after stretch. Gradients go through it as through any tensor
operation; whoever shuts a kernel out may have no second derivative (:class:`engine.synths.impact_room.ClosedRoom`)."""

from __future__ import annotations

from typing import Any

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
    """What a ``kernel`` ``[batch, channels, frames]`` makes of sound that comes in stretches."""

    def __init__(self, kernel: Tensor) -> None:
        self._kernel = kernel
        self._spectra: dict[int, Tensor] = {}
        self._tail: Tensor | None = None

    def run(self, x: Tensor) -> Tensor:
        """The next stretch for ``x`` ``[batch, channels, n]``: as much, of the wider one's channels."""
        n = x.shape[2]
        size = good_size(n + self._kernel.shape[2])
        whole: Tensor
        if torch.is_grad_enabled() and (x.requires_grad or self._kernel.requires_grad):
            whole = _Convolved.apply(x, self._kernel, size)  # type: ignore[no-untyped-call]
        else:
            if size not in self._spectra:
                self._spectra[size] = torch.fft.rfft(self._kernel, n=size)
            whole = torch.fft.irfft(torch.fft.rfft(x, n=size) * self._spectra[size], n=size)
        if self._tail is not None:
            tail = self._tail
            whole = torch.nn.functional.pad(whole, (0, max(tail.shape[2] - size, 0)))
            whole = whole + torch.nn.functional.pad(tail, (0, whole.shape[2] - tail.shape[2]))
        self._tail = whole[..., n:]
        return whole[..., :n]


class _Convolved(torch.autograd.Function):
    """The convolution ``[batch, channels, size]`` of two sounds, of which one may have a single channel.

    The way back are transforms of real numbers; torch's own takes complex ones of twice the length.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, kernel: Tensor, size: int) -> Tensor:
        spectra = torch.fft.rfft(x, n=size), torch.fft.rfft(kernel, n=size)
        ctx.save_for_backward(*spectra)
        ctx.size, ctx.frames = size, (x.shape[2], kernel.shape[2])
        whole: Tensor = torch.fft.irfft(spectra[0] * spectra[1], n=size)
        return whole

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        wanted = torch.fft.rfft(grad)
        x, kernel = ctx.saved_tensors
        found: list[Tensor | None] = []
        for i, (mine, other) in enumerate(((x, kernel), (kernel, x))):
            if not ctx.needs_input_grad[i]:
                found.append(None)
                continue
            spectrum = wanted * other.conj()
            if mine.shape[1] < spectrum.shape[1]:
                spectrum = spectrum.sum(1, keepdim=True)
            found.append(torch.fft.irfft(spectrum, n=ctx.size)[..., : ctx.frames[i]])
        return *found, None
