"""The one mel spectrogram that everything here speaks: the voice, its vocoder, the text-to-sound prior, the judges.

24 kHz, Hann windows of 1024 samples 256 apart, centred and reflected at the ends; magnitudes, not powers; 100
triangular bands from 0 to 12 kHz on the HTK scale, not normalised; natural logarithm, floored at 1e-5. F5-TTS and Vocos
(arXiv 2410.06885, 2306.00814) use the same frames, so their public checkpoints and ours understand each other.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

RATE_HZ = 24_000
WINDOW = 1024
HOP = 256
N_BANDS = 100
FLOOR = 1e-5
LOG_FLOOR = -11.512925464970229
"""What a band holds in which there is nothing: the logarithm of :data:`FLOOR`."""
FRAMES_PER_S = RATE_HZ / HOP
LONGEST_S = 4.0
"""What the nets that hear whole sounds take in at most."""
MOST_FRAMES = 376
"""Of :data:`LONGEST_S`."""


def n_frames_of(n_samples: int) -> int:
    """How many frames so many samples have.

    >>> n_frames_of(24_000)
    94
    """
    return n_samples // HOP + 1


def mel_edges_hz(n_bands: int, top_hz: float) -> NDArray[np.float64]:
    """Where triangles that are even on HTK's mel scale begin, have their tops and end, in Hz: ``[n_bands + 2]``.

    They reach from 0 to ``top_hz``; the scale is ``2595 log10(1 + f / 700)``.
    """
    top = 2595.0 * math.log10(1.0 + top_hz / 700.0)
    edges: NDArray[np.float64] = 700.0 * (10.0 ** (np.linspace(0.0, top, n_bands + 2) / 2595.0) - 1.0)
    return edges


@cache
def _edges_hz() -> Tensor:
    return torch.from_numpy(mel_edges_hz(N_BANDS, RATE_HZ / 2.0))


@cache
def band_centres_hz() -> Tensor:
    """``[N_BANDS]``, Hz, float64."""
    return _edges_hz()[1:-1]


@cache
def band_weights() -> Tensor:
    """How much of each bin a band takes: ``[WINDOW // 2 + 1, N_BANDS]``, float32."""
    bins = torch.linspace(0.0, RATE_HZ / 2.0, WINDOW // 2 + 1, dtype=torch.float64)
    edges = _edges_hz()
    rising = (bins[:, None] - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - bins[:, None]) / (edges[2:] - edges[1:-1])
    return torch.minimum(rising, falling).clamp(min=0.0).float()


def magnitudes(samples: Tensor) -> Tensor:
    """``[..., n]`` at :data:`RATE_HZ` become ``[..., frames, WINDOW // 2 + 1]``, linear magnitudes.

    Any length: what is too short to be reflected is followed by silence first. Differentiable.
    """
    least = WINDOW // 2 + 1
    n_frames = n_frames_of(samples.shape[-1])
    if samples.shape[-1] < least:
        samples = torch.nn.functional.pad(samples, (0, least - samples.shape[-1]))
    flat = samples.reshape(-1, samples.shape[-1])
    window = torch.hann_window(WINDOW, dtype=samples.dtype, device=samples.device)
    spectrum = torch.stft(flat, WINDOW, HOP, window=window, center=True, pad_mode="reflect", return_complex=True)
    # The square root has no gradient at 0: what is silent learns nothing, and nothing becomes infinite.
    power = spectrum.real.square() + spectrum.imag.square()
    found = power.clamp(min=1e-18).sqrt().transpose(-1, -2)
    return found.reshape(*samples.shape[:-1], found.shape[-2], found.shape[-1])[..., :n_frames, :]


def log_mel(samples: Tensor) -> Tensor:
    """``[..., n]`` at :data:`RATE_HZ` become ``[..., n // HOP + 1, N_BANDS]``: log-mel frames. Differentiable."""
    linear = magnitudes(samples)
    weights = band_weights().to(device=linear.device, dtype=linear.dtype)
    return (linear @ weights).clamp(min=FLOOR).log()
