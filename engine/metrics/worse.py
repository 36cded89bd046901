"""Ever worse versions of a sound: what a distance between sets has to tell apart before its figures are believed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
Worsen = Callable[[Samples, int, np.random.Generator], Samples]

_PIECE_S = 0.05


def noisy(snr_db: float) -> Worsen:
    """White noise so much below the sound's own mean power."""

    def worsen(samples: Samples, _rate: int, rng: np.random.Generator) -> Samples:
        power = float(np.mean(samples.astype(np.float64) ** 2))
        size = np.sqrt(power * 10.0 ** (-snr_db / 10.0))
        worse: Samples = (samples + size * rng.standard_normal(samples.shape)).astype(np.float32)
        return worse

    return worsen


def dull(cutoff_hz: float) -> Worsen:
    """Nothing above ``cutoff_hz``."""

    def worsen(samples: Samples, rate: int, _rng: np.random.Generator) -> Samples:
        bins = np.fft.rfft(samples)
        hz = np.fft.rfftfreq(samples.shape[-1], 1.0 / rate)
        bins *= np.clip((1.2 * cutoff_hz - hz) / (0.2 * cutoff_hz), 0.0, 1.0)
        return np.fft.irfft(bins, samples.shape[-1]).astype(np.float32)

    return worsen


def shuffled(share: float) -> Worsen:
    """A ``share`` of its pieces of 50 ms in other places."""

    def worsen(samples: Samples, rate: int, rng: np.random.Generator) -> Samples:
        size = round(_PIECE_S * rate)
        n = samples.shape[-1] // size
        pieces = samples[: n * size].reshape(n, size)
        moved = rng.permutation(n)[: round(share * n)]
        out = pieces.copy()
        out[moved] = pieces[rng.permutation(moved)]
        return np.concatenate([out.reshape(-1), samples[n * size :]])

    return worsen


def silent(samples: Samples, _rate: int, _rng: np.random.Generator) -> Samples:
    return np.zeros_like(samples)


LADDERS: Mapping[str, Sequence[Worsen]] = {
    "noise 20, 10, 0 dB": (noisy(20.0), noisy(10.0), noisy(0.0)),
    "low-pass 4, 2, 1 kHz": (dull(4000.0), dull(2000.0), dull(1000.0)),
    "pieces moved 30, 100 %": (shuffled(0.3), shuffled(1.0)),
    "silence": (silent,),
}
"""Each from a little worse to much worse."""
