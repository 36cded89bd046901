"""Where in each cycle of its pitch a sound is loudest, and how much louder: the pulses of a voice."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.fft import next_fast_len

from engine.dsp.mel import HOP, RATE_HZ, WINDOW

Samples = NDArray[np.floating[Any]]


def phase_of_pitch(hz: Samples) -> NDArray[np.float64]:
    """The phase in cycles of a tone that goes ``hz`` ``[frames]``: ``[(frames - 1) * HOP + 1]``."""
    step = np.arange(HOP) / HOP
    each = (hz[:-1, None] * (1.0 - step) + hz[1:, None] * step).ravel() / RATE_HZ
    return np.concatenate([[0.0], np.cumsum(each, dtype=np.float64)])


def envelope(samples: Samples, low_hz: float, high_hz: float) -> NDArray[np.float64]:
    """How loud what lies between two frequencies is, sample by sample; the edges are soft."""
    size = next_fast_len(len(samples) + WINDOW)
    hz = np.fft.fftfreq(size, 1.0 / RATE_HZ)
    share = np.clip(hz / low_hz - 0.5, 0.0, 1.0) * np.clip(2.0 - hz / high_hz, 0.0, 1.0)
    found: NDArray[np.float64] = np.abs(np.fft.ifft(np.fft.fft(samples, size) * share))[: len(samples)]
    return found


def windowed(samples: NDArray[np.inexact[Any]]) -> NDArray[np.complex128]:
    """The sum of ``(frames - 1) * HOP`` samples under a window around each frame, ``[frames]``."""
    padded = np.pad(samples.astype(np.complex128), WINDOW // 2)
    found: NDArray[np.complex128] = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP] @ np.hanning(WINDOW)
    return found
