"""What is lost when a recording becomes log-mel frames and then sound again, and what is there that was not.

All of it on pairs of a recording and its copy, ``[n]`` each at the rate of :mod:`engine.dsp.mel`; what is quieter than
:data:`QUIET_DB` below the recording's loudest frame is not listened to. A recording beside itself has 0 everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.dsp.mel import HOP, RATE_HZ, log_mel
from engine.dsp.pitch_track import PitchTrack, pitch_track
from engine.dsp.pulse import envelope, phase_of_pitch, windowed

Samples = NDArray[np.floating[Any]]
Frames = NDArray[np.bool_]

QUIET_DB = -50.0
PULSE_BANDS_HZ = ((1000.0, 2500.0), (2500.0, 5000.0), (5000.0, 9000.0))
_DB_PER_NAT = 20.0 / np.log(10.0)
_FINE = (256, 2048)
_FINE_FLOOR_DB = -60.0
_WRONG_CENTS = 600.0
_PITCHED = 0.2
"""Frames of the recording that are less aperiodic have a pitch that can be compared."""
_CLICK = 14.0
_CLICK_AROUND = 240
_LONG = 4096
_RING_BANDS = 24


@dataclass(frozen=True, slots=True)
class Loss:
    """What one copy lacks. Root mean squares over frames, unless told otherwise.

    ``log_mel_db``: mean difference of the bands; ``spectrum_db``: of the bins of short and of long windows, which the
    frames do not tell. In frames where the recording has a pitch, ``periodicity`` is the difference of how periodic
    they are (0 to 1), ``pulse`` of how deep the loudness of three high bands swings with the pitch (0 to 1),
    ``pitch_cents`` of the pitch, and ``voicing`` the share of all frames where only one of both has a pitch.
    ``buzz`` is by how much deeper bands swing than they did, on average (below 0 they are smeared), ``ringing_db`` by
    how much the partials stick out in long windows, and ``clicks`` how many more leaps there are in a second.
    """

    log_mel_db: float
    spectrum_db: float
    periodicity: float
    pulse: float
    pitch_cents: float
    voicing: float
    buzz: float
    ringing_db: float
    clicks: float


def copy_loss(recording: Samples, copy: Samples) -> Loss:
    """What ``copy`` lacks, and what it has too much of."""
    n = min(len(recording), len(copy)) // HOP * HOP
    one, other = np.asarray(recording[:n], dtype=np.float32), np.asarray(copy[:n], dtype=np.float32)
    real, made = torch.from_numpy(one.copy()), torch.from_numpy(other.copy())
    heard = heard_frames(real).numpy()
    bands = (log_mel(real) - log_mel(made)).abs().mean(1).numpy()[heard]
    track, its = pitch_track(one, RATE_HZ), pitch_track(other, RATE_HZ)
    periodicity, cents, voicing = _pitch_loss(track, its, heard)
    pulse, buzz = _pulse_loss(one, other, track, heard)
    return Loss(
        float(bands.mean()) * _DB_PER_NAT,
        _fine_db(real, made),
        periodicity,
        pulse,
        cents,
        voicing,
        buzz,
        _ringing_db(other, heard) - _ringing_db(one, heard),
        (_clicks(other) - _clicks(one)) * RATE_HZ / n,
    )


def heard_frames(samples: Tensor) -> Tensor:
    """Which frames are loud enough to be listened to, ``[frames]``."""
    padded = torch.nn.functional.pad(samples, (HOP * 2, HOP * 2))
    power = padded.unfold(0, 4 * HOP, HOP).square().mean(1)
    found: Tensor = power > power.max() * 10.0 ** (QUIET_DB / 10.0)
    return found


def _pitch_loss(real: PitchTrack, made: PitchTrack, heard: Frames) -> tuple[float, float, float]:
    pitched = (real.aperiodicity < _PITCHED) & heard
    apart = (real.aperiodicity - made.aperiodicity)[pitched]
    both = pitched & made.voiced
    cents = 1200.0 * np.log2(made.hz[both] / real.hz[both])
    return _rms(apart), _rms(cents[np.abs(cents) < _WRONG_CENTS]), float((real.voiced != made.voiced)[heard].mean())


def _pulse_loss(real: Samples, made: Samples, track: PitchTrack, heard: Frames) -> tuple[float, float]:
    """The difference of the depths, and how much deeper they are on average."""
    pitched = (track.aperiodicity < _PITCHED) & heard
    turn = np.exp(-2j * np.pi * phase_of_pitch(track.hz)[:-1])
    apart = []
    for low, high in PULSE_BANDS_HZ:
        depths = []
        for samples in (real, made):
            loud = envelope(samples, low, high)
            depths.append(np.abs(windowed(loud * turn)) / (windowed(loud).real + 1e-9))
        apart.append((depths[1] - depths[0])[pitched])
    every = np.concatenate(apart)
    return _rms(every), float(every.mean()) if len(every) else 0.0


def _ringing_db(samples: Samples, heard: Frames) -> float:
    """How far the strongest bin of a band stands above its mean in a long window, on average over bands and frames."""
    padded = np.pad(samples, _LONG // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, _LONG)[::HOP][: len(heard)][heard[: len(padded)]]
    power = np.abs(np.fft.rfft(frames[::2] * np.hanning(_LONG))) ** 2 + 1e-12
    edges = np.geomspace(16, power.shape[1] - 1, _RING_BANDS + 1).astype(int)
    crests = [power[:, a:b].max(1) / power[:, a:b].mean(1) for a, b in pairwise(edges) if b - a > 3]
    return float(np.mean(10.0 * np.log10(np.stack(crests))))


def _clicks(samples: Samples) -> int:
    """How many leaps there are that stick out of the hundredth of a second around them."""
    bend = np.abs(np.diff(samples.astype(np.float64), 2))
    n = len(bend) // _CLICK_AROUND
    parts = bend[: n * _CLICK_AROUND].reshape(n, _CLICK_AROUND)
    usual = np.median(parts, axis=1)
    # Quiet neighbours make no click of an attack: the loudest of the three stretches counts.
    around = np.maximum(usual, np.maximum(np.roll(usual, 1), np.roll(usual, -1)))
    return int((parts.max(1) > _CLICK * around + 1e-4).sum())


def _fine_db(one: Tensor, other: Tensor) -> float:
    parts = []
    for size in _FINE:
        window = torch.hann_window(size)
        real, made = (torch.stft(x, size, size // 4, window=window, return_complex=True).abs() for x in (one, other))
        floor = real.max() * 10.0 ** (_FINE_FLOOR_DB / 20.0)
        parts.append((real.clamp(min=floor) / made.clamp(min=floor)).log().abs().mean().item() * _DB_PER_NAT)
    return float(np.mean(parts))


def _rms(values: NDArray[np.float64]) -> float:
    return float(np.sqrt(np.mean(values**2))) if len(values) else 0.0
