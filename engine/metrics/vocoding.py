"""What is lost when a recording becomes log-mel frames and then sound again.

All of it on pairs of a recording and its copy, ``[n]`` each at the rate of :mod:`engine.dsp.mel`; what is quieter than
:data:`QUIET_DB` below the recording's loudest frame is not listened to.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.dsp.mel import HOP, RATE_HZ, log_mel
from engine.dsp.pitch_track import PitchTrack, pitch_track

Samples = NDArray[np.floating]

QUIET_DB = -50.0
_DB_PER_NAT = 20.0 / np.log(10.0)
_FINE = (256, 2048)
_FINE_FLOOR_DB = -60.0
_WRONG_CENTS = 600.0


@dataclass(frozen=True, slots=True)
class Loss:
    """``log_mel_db``: mean difference of log-mel bands. ``spectrum_db``: of the bins of short and long windows, which
    the frames do not tell. ``periodicity``: root mean square difference of how periodic frames are (0 to 1).
    ``pitch_cents``: the same of the pitch where both have one; ``voicing``: share of frames where only one has."""

    log_mel_db: float
    spectrum_db: float
    periodicity: float
    pitch_cents: float
    voicing: float


def copy_loss(recording: Samples, copy: Samples) -> Loss:
    """What ``copy`` lacks."""
    n = min(len(recording), len(copy)) // HOP * HOP
    one = torch.from_numpy(np.array(recording[:n], dtype=np.float32))
    other = torch.from_numpy(np.array(copy[:n], dtype=np.float32))
    heard = heard_frames(one)
    mel = (log_mel(one) - log_mel(other)).abs().mean(1)[heard].mean().item() * _DB_PER_NAT
    real, made = pitch_track(one.numpy(), RATE_HZ), pitch_track(other.numpy(), RATE_HZ)
    return Loss(mel, _fine_db(one, other), *_pitch_loss(real, made, heard.numpy()))


def heard_frames(samples: Tensor) -> Tensor:
    """Which frames are loud enough to be listened to, ``[frames]``."""
    padded = torch.nn.functional.pad(samples, (HOP * 2, HOP * 2))
    power = padded.unfold(0, 4 * HOP, HOP).square().mean(1)
    found: Tensor = power > power.max() * 10.0 ** (QUIET_DB / 10.0)
    return found


def _pitch_loss(real: PitchTrack, made: PitchTrack, heard: NDArray[np.bool_]) -> tuple[float, float, float]:
    apart = (real.aperiodicity - made.aperiodicity)[heard]
    both = real.voiced & made.voiced & heard
    only = (real.voiced != made.voiced)[heard]
    cents = 1200.0 * np.log2(made.hz[both] / real.hz[both])
    cents = cents[np.abs(cents) < _WRONG_CENTS]
    pitch = float(np.sqrt(np.mean(cents**2))) if len(cents) else 0.0
    return float(np.sqrt(np.mean(apart**2))), pitch, float(only.mean())


def _fine_db(one: Tensor, other: Tensor) -> float:
    parts = []
    for size in _FINE:
        window = torch.hann_window(size)
        real, made = (torch.stft(x, size, size // 4, window=window, return_complex=True).abs() for x in (one, other))
        floor = real.max() * 10.0 ** (_FINE_FLOOR_DB / 20.0)
        parts.append((real.clamp(min=floor) / made.clamp(min=floor)).log().abs().mean().item() * _DB_PER_NAT)
    return float(np.mean(parts))
