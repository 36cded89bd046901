"""What can be heard of a sound, as figures: loudness, pitch, brightness, clicks, and a print to compare it by.

Sounds are ``[channels, frames]`` here. A mono sound is taken as what both loudspeakers play.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.audio.loudness import k_weighting

Sound = NDArray[np.float32]
Floats = NDArray[np.float64]

N_BANDS = 40
BAND_EDGES_HZ = np.geomspace(30.0, 16_000.0, N_BANDS + 1)
PRINT_FLOOR_DB = -60.0
STRETCHES_S = (0.0, 0.03, 0.08, 0.18, 0.4, 0.8, 1.3, 2.0)
"""A print looks at these stretches of time: close together where a stroke is heard."""

PITCH_S, PITCH_FFT, PITCH_NEAR = 0.9, 1 << 17, 0.03
OCTAVES = (1.0, 0.5, 2.0, 0.25, 4.0)


def db(amplitude: float) -> float:
    """An amplitude in dB, no lower than -200."""
    return 20.0 * math.log10(max(float(amplitude), 1e-10))


def mono(sound: Sound) -> Floats:
    """The mean of all channels ``[frames]``."""
    middle: Floats = np.asarray(sound, np.float64).mean(0)
    return middle


def loudest_lufs(sound: Sound, rate: int) -> float:
    """The loudest 400 ms, K-weighted as in ITU-R BS.1770-4. Unlike the integrated figure it does not ask how long a
    sound is, so a pluck and a pad can be compared."""
    from scipy.signal import sosfilt

    weighted: Any = sosfilt(k_weighting(rate), np.asarray(sound, np.float64), axis=-1)
    power = (weighted**2).sum(0) * (2.0 if len(sound) == 1 else 1.0)
    block, hop = round(0.4 * rate), round(0.1 * rate)
    total = np.concatenate([[0.0], np.cumsum(np.pad(power, (0, block)))])
    starts = np.arange(0, len(power), hop)
    loudest = float((total[starts + block] - total[starts]).max()) / block
    return -0.691 + 10.0 * math.log10(max(loudest, 1e-20))


def direct_current_db(sound: Sound) -> float:
    """The mean of the worst channel, under the peak. A single hump of a low drum has a mean too, but a small one."""
    return db(float(np.abs(sound.mean(1)).max()) / max(float(np.abs(sound).max()), 1e-10))


def start_db(sound: Sound) -> float:
    """The first frame under the peak."""
    return db(float(np.abs(sound[:, 0]).max()) / max(float(np.abs(sound).max()), 1e-10))


def click_db(sound: Sound, rate: int, at_s: float) -> float:
    """How far a click at ``at_s`` rises above what was there in the 100 ms before, in what lies over 6 kHz.

    Clicks under -60 dB of the sound's peak are not heard beside it, and count as none.
    """
    from scipy.signal import butter, sosfilt

    filtered: Any = sosfilt(butter(4, 6_000.0, "high", fs=rate, output="sos"), mono(sound))
    highs = np.abs(filtered)
    at = round(at_s * rate)
    before = float(highs[max(at - rate // 10, 0) : at].max())
    there = float(highs[at : at + rate // 100].max())
    faint = 1e-3 * float(np.abs(sound).max())
    return db(there / max(before, faint, 1e-10))


def tail_db(sound: Sound, rate: int) -> float:
    """The last 50 ms under the peak."""
    return db(float(np.abs(sound[:, -rate // 20 :]).max()) / max(float(np.abs(sound).max()), 1e-10))


def share_between(sound: Sound, rate: int, low_hz: float, high_hz: float) -> float:
    """The share of a sound's power between two frequencies, 0 to 1."""
    power = np.abs(np.fft.rfft(mono(sound))) ** 2
    hz = np.fft.rfftfreq(sound.shape[1], 1.0 / rate)
    return float(power[(hz >= low_hz) & (hz < high_hz)].sum() / max(float(power.sum()), 1e-20))


def cents_off(sound: Sound, rate: int, hz: float, start_s: float) -> float:
    """How far the pitch is from ``hz`` or an octave of it, in cents; NaN where nothing sounds near.

    The middle of all power within a semitone of the strongest octave counts, from ``start_s`` on: voices that beat with
    each other and a vibrato are then heard as their middle, as an ear does.
    """
    piece = mono(sound)[round(start_s * rate) :][: round(PITCH_S * rate)]
    power = np.abs(np.fft.rfft(piece * np.hanning(len(piece)), PITCH_FFT)) ** 2
    step_hz = rate / PITCH_FFT
    best, strongest = math.nan, 1e-3 * float(power.max())
    for octave in OCTAVES:
        low, high = (math.ceil(hz * octave * 2.0 ** (sign / 12.0) / step_hz) for sign in (-1, 1))
        near = power[low:high]
        if near.size and near.max() > strongest:
            strongest = float(near.max())
            cents = 1200.0 * np.log2(np.arange(low, low + near.size) * step_hz / (hz * octave))
            # What leaks in from the next partial is no part of this one.
            near = np.where(near > near.max() * PITCH_NEAR, near, 0.0)
            best = float((near * cents).sum() / near.sum())
    return best


def sound_print(sound: Sound, rate: int) -> Floats:
    """Level in dB over :data:`BAND_EDGES_HZ` and :data:`STRETCHES_S`, ``[stretches, bands]``: the loudest is 0, all
    under -60 is -60."""
    wave = mono(sound)
    rows = []
    for start, end in pairwise(STRETCHES_S):
        piece = wave[round(start * rate) : round(end * rate)]
        size = max(len(piece), 4096)
        power = np.abs(np.fft.rfft(np.pad(piece * np.hanning(len(piece)), (0, size - len(piece))))) ** 2
        places = np.searchsorted(np.fft.rfftfreq(size, 1.0 / rate), BAND_EDGES_HZ)
        total = np.concatenate([[0.0], np.cumsum(power)])
        # A band narrower than the spectrum's own steps takes its share of the step that it lies in.
        widths = np.maximum(np.diff(places), 1)
        rows.append((total[np.minimum(places[:-1] + widths, len(power))] - total[places[:-1]]) / max(len(piece), 1))
    bands = np.array(rows)
    level: Floats = 10.0 * np.log10(bands / max(float(bands.max()), 1e-20) + 1e-12)
    return np.maximum(level, PRINT_FLOOR_DB)


def print_distance_db(one: Floats, other: Floats) -> float:
    """How far two prints are apart: RMS over what is heard of either."""
    heard = (one > PRINT_FLOOR_DB) | (other > PRINT_FLOOR_DB)
    return float(np.sqrt(np.mean((one - other)[heard] ** 2))) if heard.any() else 0.0
