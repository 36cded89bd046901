"""Change the sample rate with libsoxr at its "very high quality": a whole sound, or a stream of blocks."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from engine.audio.values import Audio, Samples


def resample(audio: Audio, rate: int) -> Audio:
    """``audio`` at ``rate`` Hz, ``round(n_frames * rate / sample_rate)`` frames long, in time with the original.

    Raises ``ValueError`` for a rate that is not positive.
    """
    if rate <= 0:
        raise ValueError(f"A sample rate must be positive, not {rate}.")
    if rate == audio.sample_rate:
        return audio
    n_out = resampled_length(audio.n_frames, audio.sample_rate, rate)
    if n_out == 0:
        return Audio(np.zeros((audio.channels, 0), np.float32), rate)
    import soxr

    frames = soxr.resample(np.ascontiguousarray(audio.samples.T), audio.sample_rate, rate, quality="VHQ")
    return Audio(_of_length(np.ascontiguousarray(frames.T), n_out), rate)


def resampled_length(n_frames: int, old_rate: int, new_rate: int) -> int:
    """How many frames a sound has after resampling: halves go up."""
    return math.floor((2 * n_frames * new_rate + old_rate) / (2 * old_rate))


class StreamResampler:
    """Resamples block by block, so that joined blocks equal the whole resampled at once.

    The first blocks come out shorter: the filter must look ahead. The last block (``last=True``) brings the rest.
    """

    def __init__(self, old_rate: int, new_rate: int, channels: int) -> None:
        if min(old_rate, new_rate, channels) <= 0:
            raise ValueError("Rates and channels of a resampler must be positive.")
        self.old_rate, self.new_rate, self.channels = old_rate, new_rate, channels
        self._stream: Any = None
        if old_rate != new_rate:
            import soxr

            self._stream = soxr.ResampleStream(old_rate, new_rate, channels, dtype="float32", quality="VHQ")

    def process(self, samples: Samples, last: bool = False) -> Samples:
        """The next block ``[channels, n]`` at the new rate, ``[channels, m]``; ``m`` may be 0."""
        if self._stream is None:
            return samples
        frames = np.ascontiguousarray(samples.T, dtype=np.float32)
        out = self._stream.resample_chunk(frames, last=last)
        return np.ascontiguousarray(out.reshape(-1, self.channels).T, dtype=np.float32)

    def reset(self) -> None:
        """Forget what came before: for a jump to another place."""
        if self._stream is not None:
            self._stream.clear()


def _of_length(samples: Samples, n: int) -> Samples:
    """``samples`` cut or padded with silence to ``n`` frames (the library may round the length differently)."""
    missing = n - samples.shape[1]
    return np.pad(samples, ((0, 0), (0, missing))) if missing > 0 else samples[:, :n]
