"""The fundamental of a sound, frame by frame.

De Cheveigné and Kawahara, "YIN, a fundamental frequency estimator for speech and music", JASA 111(4), 2002: steps 2 to
5, the first minimum of the normalised difference below :data:`APERIODIC` or else the deepest.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float64]

FRAME, LONGEST_PERIOD = 8192, 4096
"""In samples: at 48 kHz the lowest pitch is 12 Hz."""
APERIODIC = 0.2
"""Share of a frame that a shift by one period leaves over, at most, in a sound with a pitch."""
SILENT_DB = -50.0
"""Frames so far below the loudest one have no pitch to speak of."""
_STEADY_CENTS = 5.0


def steady_pitch_hz(samples: Samples, rate: int) -> float | None:
    """The fundamental that holds as long as ``samples`` sound; ``None`` when some part has none or it moves."""
    hz, aperiodicity = pitches_hz(samples, rate)
    if np.max(aperiodicity) > APERIODIC or 1200.0 * np.log2(hz.max() / hz.min()) > _STEADY_CENTS:
        return None
    return float(np.median(hz))


def pitches_hz(samples: Samples, rate: int, frame: int = FRAME) -> tuple[Samples, Samples]:
    """Fundamental and aperiodicity (0 is a pure period) of the sounding frames of ``samples``, ``[frames]`` each.

    Frames are ``frame`` samples long and half of that apart; the longest period found is half a frame.
    """
    frames = np.lib.stride_tricks.sliding_window_view(samples, frame)[:: frame // 2]
    level = np.sqrt(np.mean(frames**2, axis=1))
    found = [pitch_of(one, rate) for one in frames[level >= level.max() * 10.0 ** (SILENT_DB / 20.0)]]
    return np.array([hz for hz, _ in found]), np.array([rest for _, rest in found])


def pitch_of(frame: Samples, rate: int) -> tuple[float, float]:
    """Fundamental in Hz and aperiodicity of one frame."""
    longest = len(frame) // 2
    width = len(frame) - longest
    size = 2 * len(frame)
    spectrum = np.fft.rfft(frame, size)
    correlation = np.fft.irfft(spectrum * np.conj(np.fft.rfft(frame[:width], size)), size)[:longest]
    power = np.concatenate([[0.0], np.cumsum(frame**2)])
    lags: npt.NDArray[Any] = np.arange(longest)
    difference = power[width] + power[lags + width] - power[lags] - 2.0 * correlation
    total = np.cumsum(difference)
    normal = np.ones(longest)
    np.divide(difference[1:] * lags[1:], total[1:], out=normal[1:], where=total[1:] > 0.0)
    inner = normal[1:-1]
    minima = np.flatnonzero((inner <= normal[:-2]) & (inner < normal[2:])) + 1
    if len(minima) == 0:
        return rate / longest, 1.0
    deep = minima[normal[minima] < APERIODIC]
    lag = int(deep[0]) if len(deep) else int(minima[np.argmin(normal[minima])])
    before, here, after = difference[lag - 1 : lag + 2]
    bend = before - 2.0 * here + after
    shift = 0.5 * (before - after) / bend if bend > 0.0 else 0.0
    # The deepest place of the normalised difference may be none of the difference itself.
    return rate / (lag + min(max(shift, -0.9), 0.9)), float(normal[lag])
