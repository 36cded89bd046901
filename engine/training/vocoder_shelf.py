"""Recordings with their pitch and its phase, and the batches of pieces from which a vocoder learns."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from torch import Tensor

from engine.audio import Audio, open_clip, resample
from engine.dsp.mel import HOP, RATE_HZ, WINDOW
from engine.dsp.pitch_track import APERIODIC, HIGH_HZ, LOW_HZ, PitchTrack, pitch_track
from engine.dsp.pulse import envelope, phase_of_pitch, windowed
from engine.errors import AudioError, BadUsage
from engine.jobs import Note
from engine.training.corpus import SPEECH, Recording

MARGIN = 2
"""Frames at both ends of a piece, from which nothing is learned: their windows see what is not there."""
SPEECH_SHARE = 0.6
_MOST_S = 8.0
_GAIN_DB = (-14.0, 3.0)
_OTHER_SPEED = 0.3
"""How often a voice is another one: all of it higher or lower and faster or slower."""
_SPEEDS = (0.78, 1.3)
_NO_PITCH_HZ = 150.0
_PULSES_HZ = (1000.0, 4500.0)
_SMOOTH_FRAMES = 1.5
_FAINT, _USUAL = 0.02, 0.03
_LEAST_SAMPLES = 2 * WINDOW

Samples = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Heard:
    """``samples`` ``[n]`` int16; for each frame its pitch, how much of one it has (0 to 1), and the phase of its
    fundamental in cycles, counted from the beginning."""

    samples: NDArray[np.int16]
    hz: NDArray[np.float32]
    weight: NDArray[np.float32]
    cycles: NDArray[np.float64]
    klass: str = ""


@dataclass(frozen=True, eq=False)
class Pieces:
    """A batch: ``samples`` ``[batch, (n - 1) * HOP]``; ``hz``, ``weight`` and ``cycles`` (float64) ``[batch, n]``."""

    samples: Tensor
    hz: Tensor
    weight: Tensor
    cycles: Tensor

    def to(self, device: torch.device) -> Pieces:
        return Pieces(*(part.to(device) for part in (self.samples, self.hz, self.weight, self.cycles)))


def read_samples(path: Path) -> Samples:
    """A file as one channel at :data:`RATE_HZ`, at most some seconds of it; raises :class:`AudioError`."""
    clip = open_clip(path)
    audio = clip.read(0, min(clip.n_frames, round(_MOST_S * clip.sample_rate)))
    found: Samples = resample(Audio(audio.samples.mean(0, keepdims=True), audio.sample_rate), RATE_HZ).samples[0]
    return found


def read_steps(recordings: Sequence[Recording]) -> Generator[Note, None, list[Heard]]:
    """All ``recordings``; what cannot be read or is too short is left out, unless all is."""
    found = []
    for n, recording in enumerate(recordings):
        if n % 10 == 0:
            yield Note(n / len(recordings), "Reading sounds and their pitch")
        try:
            samples = read_samples(recording.path)
        except AudioError:
            continue
        if len(samples) >= _LEAST_SAMPLES and np.abs(samples).max() > 1e-4:
            found.append(heard(samples, recording.klass))
    if not found:
        raise BadUsage("None of the sound files could be read, or all are shorter than a tenth of a second.")
    return found


def heard(samples: Samples, klass: str = "") -> Heard:
    """What there is to learn from ``samples``."""
    track = pitch_track(samples, RATE_HZ)
    hz = filled(track)
    weight = np.clip((APERIODIC + 0.05 - track.aperiodicity) / 0.2, 0.0, 1.0)
    whole = np.clip(np.rint(samples * 32767.0), -32768, 32767).astype(np.int16)
    cycles = _cycles(samples, hz, track.voiced)
    return Heard(whole, hz.astype(np.float32), weight.astype(np.float32), cycles, klass)


def filled(track: PitchTrack) -> NDArray[np.float64]:
    """The pitch of each frame; where there is none, between the pitches before and after."""
    voiced = np.flatnonzero(track.voiced)
    if len(voiced) == 0:
        return np.full(len(track.hz), _NO_PITCH_HZ)
    logs = np.interp(np.arange(len(track.hz)), voiced, np.log(track.hz[voiced]))
    return np.clip(np.exp(logs), LOW_HZ, HIGH_HZ)


def _cycles(samples: Samples, hz: NDArray[np.float64], voiced: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The phase at each frame: what a tone of that pitch has, set right by the recording.

    First the fundamental is followed, which seldom slips; then whole cycles are moved to where what lies higher is
    loudest, since there the voice's own pulses are.
    """
    n = (len(hz) - 1) * HOP
    base = phase_of_pitch(hz)
    found = base[::HOP].copy()
    places = np.flatnonzero(voiced)
    if len(places) == 0:
        return found
    every = np.arange(len(hz))
    turn = np.exp(-2j * np.pi * base[:-1])
    angle = np.angle(windowed(samples[:n] * turn)) / (2.0 * np.pi)
    ahead = np.interp(every, places, np.unwrap(angle[places], period=1.0))
    turn *= np.exp(-2j * np.pi * np.interp(np.arange(n) / HOP, every, ahead))
    loud = envelope(samples[:n], *_PULSES_HZ)
    level = windowed(loud).real
    pulse = windowed(loud * turn) / (level + _FAINT * windowed(np.abs(samples[:n])).real + 1e-9)
    # Where nothing tells, pulses stand half a cycle after the crests, as they do in voices.
    pulse = gaussian_filter1d(np.where(voiced, pulse - _USUAL, 0.0), _SMOOTH_FRAMES)
    later = np.unwrap(np.angle(pulse[places]) / (2.0 * np.pi), period=1.0)
    found += ahead + np.interp(every, places, later)
    return found


class PieceMixer:
    """Draws pieces of ``n`` frames: voices and other sounds, each at another level and some at another speed."""

    def __init__(self, items: Sequence[Heard], seed: int) -> None:
        self._speech = [item for item in items if item.klass == SPEECH]
        self._others = [item for item in items if item.klass != SPEECH]
        counts: dict[str, int] = {}
        for item in self._others:
            counts[item.klass] = counts.get(item.klass, 0) + 1
        # Longer sounds hold more to learn; rare classes are heard more often than they are there.
        weights = np.array([len(item.hz) ** 0.5 * counts[item.klass] ** -0.5 for item in self._others])
        self._weights = weights / weights.sum() if len(weights) else weights
        lengths = np.array([len(item.hz) for item in self._speech], dtype=np.float64)
        self._lengths = lengths / lengths.sum() if len(lengths) else lengths
        self._chance = np.random.default_rng(seed)

    def batch(self, size: int, n: int) -> Pieces:
        """``size`` pieces of ``n`` frames each."""
        drawn = [self._piece(n) for _ in range(size)]
        samples, hz, weight, cycles = (np.stack(parts) for parts in zip(*drawn, strict=True))
        return Pieces(
            torch.from_numpy(samples), torch.from_numpy(hz), torch.from_numpy(weight), torch.from_numpy(cycles)
        )

    def _piece(self, n: int) -> tuple[Samples, Samples, Samples, NDArray[np.float64]]:
        chance = self._chance
        is_speech = bool(self._speech) and (not self._others or chance.random() < SPEECH_SHARE)
        if is_speech:
            item = self._speech[chance.choice(len(self._speech), p=self._lengths)]
        else:
            item = self._others[chance.choice(len(self._others), p=self._weights)]
        speed = float(np.exp(chance.uniform(*np.log(_SPEEDS)))) if chance.random() < _OTHER_SPEED else 1.0
        found = _at_speed(item, n, speed, chance)
        return (found[0] * np.float32(10.0 ** (chance.uniform(*_GAIN_DB) / 20.0)), *found[1:])


def _at_speed(
    item: Heard, n: int, speed: float, chance: np.random.Generator
) -> tuple[Samples, Samples, Samples, NDArray[np.float64]]:
    """A piece of ``item`` from some frame on, ``speed`` times as fast and as high."""
    needs = round((n - 1) * speed) + 1
    first = int(chance.integers(-MARGIN, max(len(item.hz) - needs + MARGIN, 1 - MARGIN)))
    low = first * HOP
    wanted = (needs + 1) * HOP
    part = np.zeros(wanted, dtype=np.float32)
    inside = item.samples[max(low, 0) : max(low + wanted, 0)].astype(np.float32) / 32767.0
    part[max(-low, 0) : max(-low, 0) + len(inside)] = inside
    if speed != 1.0:
        import soxr

        # Played faster, it has fewer samples: as if it had been taken at a lower rate.
        part = soxr.resample(part, RATE_HZ * speed, RATE_HZ, quality="HQ")
    size = (n - 1) * HOP
    part = np.pad(part, (0, max(size - len(part), 0)))[:size]
    places = np.clip(first + np.arange(n) * speed, 0.0, len(item.hz) - 1.0)
    frames = np.arange(len(item.hz))
    hz = np.interp(places, frames, item.hz) * speed
    weight = np.interp(places, frames, item.weight)
    cycles = np.interp(places, frames, item.cycles)
    # Only what is left of whole cycles matters, and the numbers stay small.
    cycles = cycles - np.floor(cycles[0])
    return part, np.clip(hz, LOW_HZ, HIGH_HZ).astype(np.float32), weight.astype(np.float32), cycles
