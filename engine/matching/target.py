"""What a recording asks of an instrument: where it sounds, at which pitch, and when the key goes up."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from engine.audio import resample
from engine.audio.values import Audio
from engine.dsp.pitch import pitch_of
from engine.errors import AudioError
from engine.params.keys import hz_to_key
from engine.params.note import NOTE

Samples = npt.NDArray[np.float64]

LONGEST_S = 6.0
"""Of longer recordings the first sounding seconds are matched."""
SHORTEST_S = 0.03
SILENT_DB = -80.0
"""A recording whose peak stays below this, re full scale, is silence."""
_HEARD_DB = -50.0
"""The sound begins and ends where it is so far below its peak."""
_BEFORE_S = 0.004
_VOICED = 0.25
"""YIN's aperiodicity under which a frame has a pitch."""
_VOICED_SHARE = 0.4
"""Share of the sounding energy with one pitch, at least, in a sound that has one."""
_STEP_S = 0.005
_TAIL_DB = -45.0


@dataclass(frozen=True)
class Target:
    """A recording, mono and cut to what sounds.

    ``samples`` ``[frames]`` at ``sample_rate``; it began ``start_s`` into the recording. ``pitch_hz`` is ``None`` for
    noise and drums. The key goes up after ``hold_s`` (``duration_s`` when nothing is heard of a release).
    """

    samples: Samples
    sample_rate: int
    start_s: float
    pitch_hz: float | None
    hold_s: float
    notice: str = ""

    @property
    def duration_s(self) -> float:
        """How long the sound is."""
        return len(self.samples) / self.sample_rate

    @property
    def key(self) -> float:
        """The pitch as a MIDI note with its fraction; middle C where there is none."""
        if self.pitch_hz is None:
            return 60.0
        return min(max(hz_to_key(self.pitch_hz), NOTE.low), NOTE.high)

    @property
    def note(self) -> int:
        """The nearest key."""
        return round(self.key)

    @property
    def transpose_st(self) -> float:
        """What is missing from the nearest key to the pitch."""
        return self.key - self.note

    @cached_property
    def level_db(self) -> Samples:
        """The level every 5 ms, re its highest, ``[steps]``."""
        return levels_db(self.samples, self.sample_rate, _STEP_S)

    def at(self, sample_rate: int) -> Samples:
        """The samples at another rate, ``[frames]``."""
        if sample_rate == self.sample_rate:
            return self.samples
        audio = resample(Audio(self.samples[None].astype(np.float32), self.sample_rate), sample_rate)
        samples: Samples = audio.samples[0].astype(np.float64)
        return samples


def listen(audio: Audio) -> Target:
    """Find what sounds in ``audio``; raises :class:`AudioError` when nothing does."""
    if audio.n_frames == 0:
        raise AudioError("The sound to match is empty; choose one that lasts at least 30 ms.")
    if not np.isfinite(np.sum(audio.samples, dtype=np.float64)):
        raise AudioError("The sound to match holds numbers that are not finite; export it again and match that.")
    rate = audio.sample_rate
    samples = audio.samples.mean(0, dtype=np.float64)
    peak = float(np.abs(samples).max())
    if peak < 10.0 ** (SILENT_DB / 20.0):
        raise AudioError("The sound to match is silent; choose a part in which something sounds.")
    heard = np.flatnonzero(np.abs(samples) >= peak * 10.0 ** (_HEARD_DB / 20.0))
    first = max(int(heard[0]) - round(_BEFORE_S * rate), 0)
    most = round(LONGEST_S * rate)
    notice = ""
    if len(samples) - first > most and int(heard[-1]) - first > most:
        notice = f"Only the first {LONGEST_S:g} sounding seconds are matched."
    samples = samples[first : first + most]
    if len(samples) < SHORTEST_S * rate:
        length = f"{1000 * len(samples) / rate:.0f} ms"
        raise AudioError(f"The sound to match lasts {length}; it takes at least {1000 * SHORTEST_S:.0f} ms.")
    samples = samples - samples.mean()
    if np.abs(samples).max() < 10.0 ** (SILENT_DB / 20.0):
        raise AudioError("The sound to match stands still and is silent; choose a part in which something sounds.")
    return Target(samples, rate, first / rate, pitch_hz(samples, rate), hold_s(samples, rate), notice)


def levels_db(samples: Samples, rate: int, step_s: float) -> Samples:
    """Level of ``samples`` in windows of four steps, every ``step_s``, re the highest, ``[steps]``."""
    step = max(round(step_s * rate), 1)
    power = np.concatenate([[0.0], np.cumsum(samples**2)])
    at = np.arange(0, len(samples), step)
    low, high = np.maximum(at - 2 * step, 0), np.minimum(at + 2 * step, len(samples))
    mean = (power[high] - power[low]) / np.maximum(high - low, 1)
    found: Samples = 10.0 * np.log10(np.maximum(mean / max(mean.max(), 1e-30), 1e-10))
    return found


def pitch_hz(samples: Samples, rate: int) -> float | None:
    """The fundamental that most of the sound's energy shares; ``None`` when there is none."""
    votes = [row[1:] for row in pitch_track(samples, rate)]
    if not votes:
        return None
    total = sum(weight for _, _, weight in votes)
    voiced = [(math.log2(hz), weight) for hz, rest, weight in votes if rest < _VOICED]
    if not voiced:
        return None
    logs, weights = np.array([v[0] for v in voiced]), np.array([v[1] for v in voiced])
    # The value around which most of the weight lies, within a semitone.
    support = [(weights * (np.abs(logs - centre) < 1.0 / 12.0)).sum() for centre in logs]
    best = int(np.argmax(support))
    if support[best] < _VOICED_SHARE * total:
        return None
    near = np.abs(logs - logs[best]) < 1.0 / 12.0
    order = np.argsort(logs[near])
    share = np.cumsum(weights[near][order])
    middle = order[int(np.searchsorted(share, 0.5 * share[-1]))]
    return float(2.0 ** logs[near][middle])


def pitch_track(samples: Samples, rate: int) -> list[tuple[float, float, float, float]]:
    """``(seconds, Hz, aperiodicity, weight)`` of some frames: YIN, weighted with the square root of their energy."""
    frame = 4096 if rate >= 32_000 else 2048
    if len(samples) < frame:
        frame = 1 << int(math.log2(len(samples)))
    n = min(max((len(samples) - frame) // (frame // 2) + 1, 1), 48)
    found = []
    for first in np.linspace(0, len(samples) - frame, n).astype(int):
        part = samples[first : first + frame]
        energy = float(part @ part)
        if energy > 0.0:
            hz, rest = pitch_of(part, rate)
            is_likely = 20.0 <= hz <= 5000.0
            found.append(((first + frame / 2) / rate, hz, rest if is_likely else 1.0, math.sqrt(energy)))
    return found


def hold_s(samples: Samples, rate: int) -> float:
    """When the key seems to go up: where a level that was held begins its last fall; the whole length if none is."""
    duration = len(samples) / rate
    level = levels_db(samples, rate, _STEP_S)
    # Two straight lines through the second part of the sound: the last fall must be much steeper than what precedes.
    peak = int(np.argmax(level))
    # What lies below tells of the room and of the recording's own noise.
    heard = np.flatnonzero(level[peak:] > _TAIL_DB)
    curve = level[peak : peak + int(heard[-1]) + 1]
    m = len(curve)
    if m < 24:
        return duration
    best, knot = math.inf, m
    x = np.arange(m, dtype=np.float64)
    whole = _line_error(x, curve)
    for k in range(max(m // 5, 6), m - 6, max(m // 80, 1)):
        error = _line_error(x[:k], curve[:k]) + _line_error(x[k:], curve[k:])
        if error < best:
            best, knot = error, k
    if knot == m or best > 0.5 * whole:
        return duration
    before, after = np.polyfit(x[:knot], curve[:knot], 1)[0], np.polyfit(x[knot:], curve[knot:], 1)[0]
    if after > -20.0 * _STEP_S or after > 2.5 * min(before, 0.0):
        return duration
    return min((peak + knot) * _STEP_S, duration)


def _line_error(x: Samples, y: Samples) -> float:
    if len(x) < 3:
        return 0.0
    centred = x - x.mean()
    slope = float(centred @ y) / max(float(centred @ centred), 1e-12)
    return float(np.sum((y - y.mean() - slope * centred) ** 2))
