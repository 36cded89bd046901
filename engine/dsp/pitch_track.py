"""How high a sound is and how periodic, every few milliseconds, as one path through all frames at once.

The normalised difference of YIN (de Cheveigné and Kawahara, JASA 111(4), 2002) gives each frame its candidates; of
these the cheapest path is taken, where depth and leaps of pitch both cost (Viterbi), so that a single frame does not
fall by an octave. What has no pitch has the pitch of its neighbours and an aperiodicity near 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.dsp.mel import HOP

Track = NDArray[np.float64]

LOW_HZ, HIGH_HZ = 50.0, 1000.0
APERIODIC = 0.3
"""From there on a frame counts as one without pitch."""
_CANDIDATES = 6
_LEAP = 0.6
"""What an octave between two frames costs, in units of aperiodicity."""
_LONG = 0.03
"""What an octave down costs, so that of all multiples of a period the shortest is taken."""
_BLOCK = 2048
_QUIET_DB = -60.0


@dataclass(frozen=True, eq=False)
class PitchTrack:
    """``hz`` and ``aperiodicity`` (0 is a pure period, 1 none at all), ``[frames]`` each."""

    hz: Track
    aperiodicity: Track

    @property
    def voiced(self) -> NDArray[np.bool_]:
        """Where there is a pitch."""
        return self.aperiodicity < APERIODIC


def pitch_track(samples: NDArray[np.floating], rate: int, hop: int = HOP) -> PitchTrack:
    """The track of ``samples`` ``[n]``, a frame every ``hop`` samples, the first at the very beginning."""
    longest = int(rate / LOW_HZ) + 2
    shortest = max(int(rate / HIGH_HZ), 3)
    frame = 2 * longest
    padded = np.pad(np.asarray(samples, dtype=np.float64), frame // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, frame)[::hop][: len(samples) // hop + 1]
    lags, costs = [], []
    floor = float(np.square(samples, dtype=np.float64).mean()) * 10.0 ** (_QUIET_DB / 10.0) * longest + 1e-12
    for first in range(0, len(frames), _BLOCK):
        lag, cost = _candidates(frames[first : first + _BLOCK], shortest, longest, floor)
        lags.append(lag)
        costs.append(cost)
    lag, cost = np.concatenate(lags), np.concatenate(costs)
    path = _cheapest(np.log2(lag), cost)
    rows = np.arange(len(lag))
    hz = np.clip(rate / lag[rows, path], LOW_HZ, HIGH_HZ)
    return PitchTrack(hz, np.clip(cost[rows, path], 0.0, 1.0))


def _candidates(
    frames: NDArray[np.float64], shortest: int, longest: int, floor: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Periods in samples and their aperiodicities, ``[frames, candidates]`` each, the best first."""
    width = frames.shape[1] - longest
    size = 1 << int(np.ceil(np.log2(frames.shape[1] + width)))
    spectra = np.fft.rfft(frames, size)
    product = np.fft.irfft(spectra * np.conj(np.fft.rfft(frames[:, :width], size)), size)[:, :longest]
    power = np.concatenate([np.zeros((len(frames), 1)), np.cumsum(frames**2, axis=1)], axis=1)
    lags = np.arange(longest)
    difference = power[:, [width]] + power[:, lags + width] - power[:, lags] - 2.0 * product + 2.0 * floor
    total = np.cumsum(difference[:, 1:], axis=1)
    normal = np.ones_like(difference)
    normal[:, 1:] = difference[:, 1:] * lags[1:] / total
    inner = normal[:, shortest:-1]
    is_least = (inner <= normal[:, shortest - 1 : -2]) & (inner < normal[:, shortest + 1 :])
    ranked = np.where(is_least, inner, 2.0 + inner)
    found = np.argpartition(ranked, _CANDIDATES, axis=1)[:, :_CANDIDATES]
    found = np.take_along_axis(found, np.argsort(np.take_along_axis(ranked, found, 1), axis=1), 1) + shortest
    rows = np.arange(len(frames))[:, None]
    before, here, after = normal[rows, found - 1], normal[rows, found], normal[rows, found + 1]
    bend = before - 2.0 * here + after
    shift = np.where(bend > 1e-9, 0.5 * (before - after) / np.maximum(bend, 1e-9), 0.0)
    costs = np.where(np.take_along_axis(ranked, found - shortest, 1) < 2.0, here, 1.0)
    return found + np.clip(shift, -0.5, 0.5), costs


def _cheapest(octaves: NDArray[np.float64], costs: NDArray[np.float64]) -> NDArray[np.intp]:
    """The candidate of each frame on the path on which depths and leaps cost the least."""
    own = costs + _LONG * octaves
    best, back = own[0], np.zeros(octaves.shape, dtype=np.intp)
    for n in range(1, len(own)):
        through = best[:, None] + _LEAP * np.abs(octaves[n - 1][:, None] - octaves[n][None, :])
        back[n] = through.argmin(0)
        best = through.min(0) + own[n]
    path = np.zeros(len(own), dtype=np.intp)
    path[-1] = best.argmin()
    for n in range(len(own) - 1, 0, -1):
        path[n - 1] = back[n, path[n]]
    return path
