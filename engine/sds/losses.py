"""Score distillation as one loss (Richter-Powell, Torralba and Lorraine, Score Distillation Sampling for Audio, 2025,
arXiv 2505.04621), part by part.

``x(theta)`` is the sound that the knobs ``theta`` make, ``h = enc(x)`` what the prior sees of it, ``z_t = alpha h +
sigma e`` that with noise, and ``h*`` what the prior takes ``z_t`` for. The paper's updates ``u`` are *negative*
gradients: ``(x* - x) dx/dtheta`` is the way towards ``x*``. Here everything is a loss that becomes smaller on that way,
``L = 1/2 |sg(x*) - x|**2`` with ``sg`` for "no slope", so that signs cannot be mixed up when losses are added.

All losses are means over the numbers they compare, one for each row: a factor, so that lengths do not matter.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from engine.dsp.distance import powers

_TINY = 1e-10
"""Of a power: below it a magnitude has no slope."""


def guidance_of(tau: float) -> float:
    """The paper's guidance ``tau`` as ours, ``w``.

    It writes ``(1 + tau) e(z, p) - tau e(z)``; that is ``e(z) + w (e(z, p) - e(z))`` with ``w = 1 + tau``. Mixing
    estimates of noise, of velocity or of the sound is the same at one ``z``.
    """
    return 1.0 + tau


def encoder_loss(h: Tensor, wanted: Tensor, weight: float | Tensor = 1.0) -> Tensor:
    """Score distillation in what the prior sees (Equations 2 and 4).

        u = E[w(t) (e* - e) dz_t/dtheta],    without the slope of the denoiser

    ``h`` and ``wanted`` (``h*``) ``[batch, ...]``: ``weight / 2 mean |sg(h*) - h|**2``, ``[batch]``. Of one step back
    this is Equation 2 where ``weight`` is :func:`engine.sds.schedule.weight`; the slope goes through ``enc``.
    """
    return 0.5 * weight * (wanted.detach() - h).square().flatten(1).mean(1)


def waveform_loss(sounds: Tensor, wanted: Tensor) -> Tensor:
    """Decoder-SDS, sample by sample (Equation 5).

        x* = dec(denoise(noise(enc(x)))),    u = (E[x*] - x) dx/dtheta

    Both ``[batch, n]``, the longer one cut: ``1/2 mean |sg(x*) - x|**2``, ``[batch]``. No slope goes through encoder,
    denoiser or decoder.
    """
    n = min(sounds.shape[1], wanted.shape[1])
    return 0.5 * (wanted.detach()[:, :n] - sounds[:, :n]).square().mean(1)


class Spectrograms:
    """The magnitudes ``S_m`` of several windows ``m`` in samples (Equation 7): Hann, a quarter window apart.

    ``even`` divides each by the length of its window's picture, so that all windows count the same; the paper's plain
    sum counts longer ones more.
    """

    def __init__(self, windows: Sequence[int] = (1024, 2048, 4096), *, even: bool = True) -> None:
        self._windows, self._even = tuple(windows), even

    def __call__(self, sounds: Tensor) -> list[Tensor]:
        """``[batch, n]`` as ``[batch, frames, bins]`` for each window, differentiable; silence is around it."""
        found = []
        for size in self._windows:
            window = torch.hann_window(size, dtype=sounds.dtype, device=sounds.device)
            if self._even:
                window = window / window.square().sum().sqrt()
            n = sounds.shape[1]
            padded = torch.nn.functional.pad(sounds, (size // 2, size // 2 + (-n) % (size // 4)))
            found.append(powers(padded, window, 4).clamp(min=_TINY).sqrt())
        return found


def spectrogram_loss(pictures: Sequence[Tensor], wanted: Sequence[Tensor]) -> Tensor:
    """Decoder-SDS on magnitudes (Equation 7), which know no phases and show a click and a partial alike.

        u = sum over m of (E[S_m(x*)] - S_m(x)) dS_m(x)/dtheta

    ``pictures`` of :class:`Spectrograms`: ``1/2 sum over m of mean |sg(S_m(x*)) - S_m(x)|**2``, ``[batch]``.
    """
    parts = [
        0.5 * (there.detach() - here).square().flatten(1).mean(1) for here, there in zip(pictures, wanted, strict=True)
    ]
    return torch.stack(parts).sum(0)


def log_spectrogram_loss(pictures: Sequence[Tensor], wanted: Sequence[Tensor], floor: float = 1e-3) -> Tensor:
    """The same of logarithms, which hear what is soft too (not in the paper); ``floor`` beside the loudest of what is
    wanted bends them."""
    parts = []
    for here, there in zip(pictures, wanted, strict=True):
        there = there.detach()
        low = floor * there.flatten(1).amax(1).clamp(min=1e-5)[:, None, None]
        parts.append(0.5 * ((there + low).log() - (here + low).log()).square().flatten(1).mean(1))
    return torch.stack(parts).sum(0)


def mean_of(draws: Sequence[Tensor], weights: Sequence[float] | None = None) -> Tensor:
    """One target instead of several draws: the slope towards their mean is the mean of the slopes towards each, as
    the losses differ by what does not depend on the sound."""
    if weights is None:
        return torch.stack(list(draws)).mean(0)
    total = sum(weights)
    return torch.stack([one * (weight / total) for one, weight in zip(draws, weights, strict=True)]).sum(0)


def nearest(here: Tensor, drawn: Tensor) -> Tensor:
    """Which of ``drawn`` ``[n, ...]`` is nearest to each row of ``here`` ``[batch, ...]``: places ``[batch]``.

    To be fitted to (generate and fit, the baseline of arXiv 2608.05145): :func:`encoder_loss` and
    :func:`log_spectrogram_loss` towards these are its losses.
    """
    with torch.no_grad():
        apart = [(here.detach() - one).square().flatten(1).mean(1) for one in drawn]
        return torch.nan_to_num(torch.stack(apart, 1), nan=torch.inf).argmin(1)
