"""Where a recording is struck, and the stretch of it that holds the first strike alone.

A strike is where the level rises steeply to near its highest, or very steeply to where it is still heard, as when
something bounces. What is struck again is cut, and a notice says so.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.audio import resample
from engine.audio.values import Audio
from engine.matching.modes import onset_frame
from engine.matching.target import SHORTEST_S, Samples, Target, listen

HIGHEST_RATE_HZ = 48_000
RISE_DB = 9.0
"""A level that rises by so much within :data:`_WITHIN_S` is struck ..."""
NEAR_DB = -15.0
"""... when it comes so near to the highest ..."""
APART_S = 0.06
"""... and so long after the strike before."""
BOUNCE_RISE_DB, BOUNCE_NEAR_DB = 20.0, -40.0
"""The same of what falls back onto it."""
PEAK_WITHIN_S = 0.1
DECAYED_DB = -25.0
_WITHIN_S = 0.04
_STEP_S = 0.005


@dataclass(frozen=True)
class Struck:
    """The first strike of a recording: ``target`` as the ear finds it (pitch, level); ``samples`` ``[frames]`` mono
    from the onset on, ``start_s`` into the recording; ``apart`` is the share of its energy in which left and right
    differ; ``notice`` says what was left out."""

    target: Target
    samples: Samples
    start_s: float
    notice: str
    apart: float = 0.0

    @property
    def sample_rate(self) -> int:
        return self.target.sample_rate

    @property
    def duration_s(self) -> float:
        return len(self.samples) / self.sample_rate


def hear_strike(audio: Audio) -> Struck:
    """Raises :class:`AudioError` where nothing sounds, as :func:`listen` does.

    At more than :data:`HIGHEST_RATE_HZ` it is heard at that rate: nothing above matters.
    """
    target = listen(audio if audio.sample_rate <= HIGHEST_RATE_HZ else resample(audio, HIGHEST_RATE_HZ))
    rate = target.sample_rate
    first = onset_frame(target.samples, rate)
    samples = target.samples[first:]
    if len(samples) < SHORTEST_S * rate:
        # A click at the very end: what comes before it belongs to it.
        first = max(len(target.samples) - round(SHORTEST_S * rate), 0)
        samples = target.samples[first:]
    notices = [target.notice] if target.notice else []
    again = struck_again(samples, rate)
    if again is not None:
        samples = samples[:again]
        notices = ["Several strikes are heard; the first one is matched."]
    return Struck(target, samples, target.start_s + first / rate, " ".join(notices), _apart(audio))


def _apart(audio: Audio) -> float:
    """How much of the energy of ``audio`` is not the same on all sides."""
    whole = float(np.square(audio.samples, dtype=np.float64).sum())
    same = audio.channels * float(np.square(audio.samples.mean(0, dtype=np.float64)).sum())
    return min(max(1.0 - same / max(whole, 1e-30), 0.0), 1.0)


def struck_again(samples: Samples, rate: int) -> int | None:
    """The frame at which ``samples`` ``[frames]``, which begin with a strike, are struck the second time, or bounce."""
    found = (_risen(samples, rate, *how) for how in ((RISE_DB, NEAR_DB), (BOUNCE_RISE_DB, BOUNCE_NEAR_DB)))
    return min((frame for frame in found if frame is not None), default=None)


def _risen(samples: Samples, rate: int, rise_db: float, near_db: float) -> int | None:
    """Where the level first rises by more than ``rise_db`` to more than ``near_db``."""
    level = level_db(samples, rate)
    within, apart = round(_WITHIN_S / _STEP_S), round(APART_S / _STEP_S)
    for i in range(apart, len(level)):
        before = level[max(i - within, 0) : i]
        if level[i] > near_db and level[i] - before.min() > rise_db:
            # Where the rise begins.
            lowest = max(i - within, 0) + int(before.argmin())
            return round(lowest * _STEP_S * rate)
    return None


def is_single(samples: Samples, rate: int) -> bool:
    """Whether ``samples`` ``[frames]``, from the onset on, are one strike that decays; it may bounce."""
    level = level_db(samples, rate)
    if len(level) < APART_S / _STEP_S:
        return False
    end = level[-max(len(level) // 10, 1) :].mean()
    is_early = bool(level.argmax() * _STEP_S <= PEAK_WITHIN_S)
    return is_early and bool(end <= DECAYED_DB) and _risen(samples, rate, RISE_DB, NEAR_DB) is None


def level_db(samples: Samples, rate: int) -> Samples:
    """Level in windows of 10 ms every 5 ms, re the highest: ``[steps]``."""
    step = max(round(_STEP_S * rate), 1)
    n = len(samples) // step
    power = np.square(samples[: n * step]).reshape(n, step).mean(1)
    wide = power + np.append(power[1:], power[-1:])
    found: Samples = 10.0 * np.log10(np.maximum(wide / max(wide.max(initial=0.0), 1e-30), 1e-10))
    return found
