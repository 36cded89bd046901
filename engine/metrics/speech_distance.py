"""How far one reading of a text is from another: spectra and melodies, compared along the best warp of time.

Mel-cepstral distortion after Kubichek, "Mel-cepstral distance measure for objective speech quality assessment", IEEE
PacRim 1993, on cepstra of the 100-band log-mel frames: comparable among what is measured here, not with other papers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.dsp.compiled import njit

Frames = NDArray[np.float32]
Path = NDArray[np.int32]

N_CEPSTRA = 13
_DB = 10.0 / math.log(10.0) * math.sqrt(2.0)
SEMITONES_PER_NAT = 12.0 / math.log(2.0)


@dataclass(frozen=True, slots=True)
class Reading:
    """How one reading compares with the real one of the same text; see :func:`compare`."""

    mcd_db: float
    """Mel-cepstral distortion along the warp."""
    pitch_correlation: float
    """Of log F0 over the frames that are voiced in both, along the warp; not a number where there are few."""
    pitch_spread_st: float
    pitch_spread_real_st: float
    """Standard deviation of log F0 within the phrase, in semitones."""
    pitch_error_st: float
    """Root mean square of the difference of log F0."""
    voicing_f1: float
    movement: float
    """How much the spectrum moves over time: mean variance of a cepstrum over frames, over that of the real reading."""
    length_ratio: float


def cepstra(frames: Frames) -> Frames:
    """Log-mel frames ``[n, bands]`` as mel-cepstra 1 to 13, ``[n, 13]``: the shape of the spectrum, not its level."""
    bands = frames.shape[1]
    k = np.arange(1, N_CEPSTRA + 1)[:, None]
    waves = np.cos(math.pi * k * (np.arange(bands) + 0.5) / bands) * (2.0 / bands)
    found: Frames = (frames @ waves.T).astype(np.float32)
    return found


@njit(cache=True, nogil=True)
def _warp(a: Frames, b: Frames) -> Path:
    n, m = len(a), len(b)
    total = np.empty((n, m), np.float32)
    came = np.zeros((n, m), np.int8)
    for i in range(n):
        for j in range(m):
            square = 0.0
            for k in range(a.shape[1]):
                square += (a[i, k] - b[j, k]) ** 2
            here = math.sqrt(square)
            best, way = np.float32(np.inf), 0
            if i == 0 and j == 0:
                best = np.float32(0.0)
            if i > 0 and j > 0 and total[i - 1, j - 1] < best:
                best, way = total[i - 1, j - 1], 1
            if i > 0 and total[i - 1, j] < best:
                best, way = total[i - 1, j], 2
            if j > 0 and total[i, j - 1] < best:
                best, way = total[i, j - 1], 3
            total[i, j] = best + here
            came[i, j] = way
    path = np.empty((n + m, 2), np.int32)
    size, i, j = 0, n - 1, m - 1
    while True:
        path[size, 0] = i
        path[size, 1] = j
        size += 1
        if i == 0 and j == 0:
            break
        way = came[i, j]
        if way != 3:
            i -= 1
        if way != 2:
            j -= 1
    return path[:size][::-1].copy()


def warp(a: Frames, b: Frames) -> Path:
    """Pairs of frames ``[pairs, 2]`` of ``a`` ``[n, k]`` and ``b`` ``[m, k]``, from both begins to both ends, whose
    distances sum to the least."""
    path: Path = _warp(np.ascontiguousarray(a, np.float32), np.ascontiguousarray(b, np.float32))
    return path


def compare(made: Frames, made_hz: Frames, real: Frames, real_hz: Frames) -> Reading:
    """Log-mel frames ``[n, bands]`` with their fundamentals ``[n]`` (0: unvoiced) against the real
    ones ``[m, ...]``."""
    a, b = cepstra(made), cepstra(real)
    i, j = warp(a, b).T
    mcd = _DB * float(np.sqrt(np.square(a[i] - b[j]).sum(1)).mean())
    voiced = (made_hz[i] > 0.0) & (real_hz[j] > 0.0)
    pitch, real_pitch = (SEMITONES_PER_NAT * np.log(np.maximum(hz, 1.0)) for hz in (made_hz[i], real_hz[j]))
    correlation = error = math.nan
    if voiced.sum() >= 10:
        x, y = pitch[voiced], real_pitch[voiced]
        error = float(np.sqrt(np.square(x - y).mean()))
        if x.std() > 1e-3 and y.std() > 1e-3:
            correlation = float(np.corrcoef(x, y)[0, 1])
    either = (made_hz[i] > 0.0).sum() + (real_hz[j] > 0.0).sum()
    return Reading(
        mcd_db=mcd,
        pitch_correlation=correlation,
        pitch_spread_st=_spread_st(made_hz),
        pitch_spread_real_st=_spread_st(real_hz),
        pitch_error_st=error,
        voicing_f1=float(2.0 * voiced.sum() / max(either, 1)),
        movement=float((a.var(0) / np.maximum(b.var(0), 1e-6)).mean()),
        length_ratio=len(made) / len(real),
    )


def _spread_st(hz: Frames) -> float:
    heard = hz[hz > 0.0]
    return float(SEMITONES_PER_NAT * np.log(heard).std()) if len(heard) >= 10 else math.nan
