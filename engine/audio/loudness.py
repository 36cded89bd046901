"""Integrated loudness, ITU-R BS.1770-4: K-weighting, blocks of 400 ms, two gates."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.audio.steps import Steps
from engine.audio.values import Audio, Clip, Samples

ABSOLUTE_GATE_LUFS = -70.0
RELATIVE_GATE_LU = -10.0
_OFFSET_DB = -0.691
_HOPS_PER_BLOCK = 4
"""Blocks of 400 ms start every 100 ms."""
_BLOCK = 1 << 16

_SIDE = 1.41
CHANNEL_WEIGHTS: dict[int, tuple[float, ...]] = {
    1: (1.0,),
    2: (1.0, 1.0),
    3: (1.0, 1.0, 1.0),  # left, right, centre
    4: (1.0, 1.0, _SIDE, _SIDE),  # left, right, and two behind
    5: (1.0, 1.0, 1.0, _SIDE, _SIDE),  # 5.0
    6: (1.0, 1.0, 1.0, 0.0, _SIDE, _SIDE),  # 5.1; the low-frequency channel does not count
    7: (1.0, 1.0, 1.0, 0.0, 1.0, _SIDE, _SIDE),  # 6.1: one behind, two at the sides
    8: (1.0, 1.0, 1.0, 0.0, 1.0, 1.0, _SIDE, _SIDE),  # 7.1: two behind, two at the sides
}
"""Weights of the power of each channel (BS.1770-4, tables 3 and 4), in the order of WAV files."""


def loudness_lufs(audio: Audio) -> float:
    """Integrated loudness in LUFS; ``-inf`` for silence, or when everything is below the gate of -70 LUFS.

    A sound shorter than one block of 400 ms is measured as if silence followed it.
    """
    meter = LoudnessMeter(audio.sample_rate, audio.channels)
    meter.add(audio.samples)
    return meter.lufs()


def measure_loudness_steps(clip: Clip) -> Steps[float]:
    """The same for a clip of any length, read in blocks; yields the fraction done."""
    meter = LoudnessMeter(clip.sample_rate, clip.channels)
    for start in range(0, clip.n_frames, _BLOCK):
        meter.add(clip.read(start, _BLOCK).samples)
        yield min(1.0, (start + _BLOCK) / clip.n_frames)
    return meter.lufs()


class LoudnessMeter:
    """Takes a sound block by block and keeps nothing of it but one power per 100 ms and the filters' state."""

    def __init__(self, sample_rate: int, channels: int) -> None:
        if channels not in CHANNEL_WEIGHTS:
            raise ValueError(f"Loudness is defined here for 1 to 8 channels, not {channels}.")
        self._hop = (sample_rate + 5) // 10
        self._weights = np.array(CHANNEL_WEIGHTS[channels])
        self._filter = k_weighting(sample_rate)
        self._state: NDArray[np.float64] = np.zeros((len(self._filter), channels, 2))
        self._rest: NDArray[np.float64] = np.zeros((channels, 0))
        self._powers: list[float] = []

    def add(self, samples: Samples) -> None:
        """The next block, ``[channels, n]``."""
        if samples.shape[1] == 0:
            return
        from scipy.signal import sosfilt

        weighted: Any
        weighted, self._state = sosfilt(self._filter, samples.astype(np.float64), axis=-1, zi=self._state)
        weighted = np.concatenate([self._rest, weighted], axis=1) if self._rest.size else weighted
        n_hops = weighted.shape[1] // self._hop
        whole = weighted[:, : n_hops * self._hop].reshape(len(weighted), n_hops, self._hop)
        power = np.einsum("chf,chf->ch", whole, whole) / self._hop
        self._powers.extend((self._weights @ power).tolist())
        self._rest = weighted[:, n_hops * self._hop :]

    def lufs(self) -> float:
        """The loudness of all that was added so far."""
        powers = np.array(self._powers)
        if len(powers) < _HOPS_PER_BLOCK:
            tail = float(self._weights @ np.sum(self._rest**2, axis=1)) / self._hop
            blocks = np.array([(float(powers.sum()) + tail) / _HOPS_PER_BLOCK])
        else:
            blocks = np.convolve(powers, np.full(_HOPS_PER_BLOCK, 1.0 / _HOPS_PER_BLOCK), mode="valid")
        heard = blocks[blocks > _power(ABSOLUTE_GATE_LUFS)]
        if heard.size == 0:
            return -math.inf
        heard = heard[heard > heard.mean() * 10.0 ** (RELATIVE_GATE_LU / 10.0)]
        return float(_OFFSET_DB + 10.0 * np.log10(heard.mean()))


def k_weighting(sample_rate: int) -> NDArray[np.float64]:
    """The two second-order sections, ``[2, 6]``: a shelf for the head, a high-pass.

    The standard tabulates 48 kHz; other rates come from the analogue prototype behind it through the bilinear transform
    (Mansbridge, Finn and Reiss, "Implementation and evaluation of autonomous multi-track fader control", 2012, whose
    constants give the table back at 48 kHz to twelve digits).
    """
    frequency_hz, gain_db, q = 1681.974450955533, 3.999843853973347, 0.7071752369554196
    k = math.tan(math.pi * frequency_hz / sample_rate)
    high = 10.0 ** (gain_db / 20.0)
    band = high**0.4996667741545416
    a0 = 1.0 + k / q + k * k
    shelf = [
        (high + band * k / q + k * k) / a0,
        2.0 * (k * k - high) / a0,
        (high - band * k / q + k * k) / a0,
        1.0,
        2.0 * (k * k - 1.0) / a0,
        (1.0 - k / q + k * k) / a0,
    ]
    frequency_hz, q = 38.13547087602444, 0.5003270373238773
    k = math.tan(math.pi * frequency_hz / sample_rate)
    a0 = 1.0 + k / q + k * k
    high_pass = [1.0, -2.0, 1.0, 1.0, 2.0 * (k * k - 1.0) / a0, (1.0 - k / q + k * k) / a0]
    return np.array([shelf, high_pass])


def _power(lufs: float) -> float:
    return float(10.0 ** ((lufs - _OFFSET_DB) / 10.0))
