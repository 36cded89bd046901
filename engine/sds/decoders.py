"""From what the prior wants back to sound: the ``dec`` of Decoder-SDS (arXiv 2505.04621, Equation 5), without slopes.

A prior that speaks of waveforms decodes by itself. One that speaks of log-mel frames says nothing of phases, and of
magnitudes only their sums in bands. There the decoder goes from mel to linear magnitudes by non-negative least squares,
begun at the magnitudes of the sound itself: of all that have the wanted bands, the ones that the sound is led to, which
keep its partials. Phases stay those of the sound. What the prior does not want to change comes back as it was.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from engine.dsp.mel import HOP, LOG_FLOOR, RATE_HZ, WINDOW, band_weights
from engine.priors.base import Prior

TOP = 50.0
"""About what the loudest band of a levelled sound holds."""
_NATS = 3.0
"""About the deviation of log-mel frames of sounds."""
_N_STEPS = 12
_SEED_DB = -60.0
"""Beside the wanted magnitudes: so much is in every bin to begin with, because what is 0 stays 0."""


@runtime_checkable
class SpeaksMel(Protocol):
    """A prior whose ``z`` can be read as frames of :mod:`engine.dsp.mel`."""

    def frames(self, z: Tensor) -> Tensor:
        """``z`` as log-mel frames ``[batch, n, bands]``."""
        ...


def speaks_mel(prior: Prior) -> SpeaksMel | None:
    """``prior`` where it can be read as our frames."""
    return prior if prior.sample_rate == RATE_HZ and isinstance(prior, SpeaksMel) else None


def audible(frames: Tensor, down_db: float) -> Tensor:
    """Log-mel frames of levelled sounds with a soft floor ``down_db`` below :data:`TOP`, in their deviations.

    Frames themselves reach down to 140 dB, where they show leakage, roundings and what no one hears, and a slope that
    weighs all decibels alike is lost in that.
    """
    found: Tensor = (frames.exp() + TOP * 10.0 ** (-down_db / 20.0)).log() / _NATS
    return found


@torch.no_grad()
def decoded(prior: Prior, z: Tensor, sounds: Tensor) -> Tensor:
    """``z`` as sound ``[batch, n]``, ``n`` at most that of ``sounds`` ``[batch, n]``, which it is to replace."""
    mel = speaks_mel(prior)
    if mel is not None:
        return with_bands(sounds, mel.frames(z).to(sounds))
    return prior.hear(z).mean(1)[:, : sounds.shape[1]]


@torch.no_grad()
def with_bands(sounds: Tensor, frames: Tensor) -> Tensor:
    """``sounds`` ``[batch, n]`` with the mel bands of ``frames`` ``[batch, m, bands]``, and their own phases.

    As long as the frames reach: at most ``(m - 1) * HOP``.
    """
    whole = (frames.shape[1] - 1) * HOP
    n = min(sounds.shape[1], whole)
    padded = torch.nn.functional.pad(sounds.detach()[:, :n], (0, max(whole, WINDOW) - n))
    window = torch.hann_window(WINDOW, dtype=padded.dtype, device=padded.device)
    spectra = torch.stft(padded, WINDOW, HOP, window=window, return_complex=True)[..., : frames.shape[1]]
    own = spectra.abs().transpose(1, 2)
    found = nearest_magnitudes(frames, own).transpose(1, 2)
    turned = torch.where(spectra.abs() > 1e-12, spectra / spectra.abs().clamp(min=1e-12), torch.ones_like(spectra))
    back: Tensor = torch.istft(found * turned, WINDOW, HOP, window=window, length=whole)
    return back[:, :n]


@torch.no_grad()
def nearest_magnitudes(frames: Tensor, begin: Tensor) -> Tensor:
    """Magnitudes ``[..., bins]``, none negative, whose mel bands are nearest to ``frames`` ``[..., bands]``.

    Multiplicative steps towards the least squares (Lee and Seung, NIPS 2000) from ``begin`` ``[..., bins]``.
    """
    weights = band_weights().to(frames)
    bands = torch.where(frames <= LOG_FLOOR + 0.05, torch.zeros_like(frames), frames.exp())
    wanted = bands @ weights.T
    spread = wanted / (weights @ weights.sum(0)).clamp(min=1e-6)
    found: Tensor = begin + 10.0 ** (_SEED_DB / 20.0) * spread
    for _ in range(_N_STEPS):
        found = found * (wanted + 1e-9) / (found @ weights @ weights.T + 1e-9)
    return found
