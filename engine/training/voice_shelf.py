"""Takes of a voice, ready to learn from: frames and melody are read once; they are joined, stretched and made noisy."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from engine.audio import open_clip, resample
from engine.dsp.mel import LOG_FLOOR, N_BANDS, RATE_HZ, log_mel
from engine.jobs import Note
from engine.metrics.voice_pitch import track
from engine.speech.acoustic_net import ALTERED, CLEAN, ENERGY, N_PROSODY, N_STATES, PITCH
from engine.speech.symbols import PHONEME_IDS
from engine.training.voice_texts import Spoken

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]

GAPS = (12, 48)
"""Frames of silence between two takes that are joined: 0.13 to 0.5 s."""
TEMPO = 0.08
_CACHE_VERSION = 1
_QUIET_SHARE = 0.04
_PHONEMES = np.array(sorted(PHONEME_IDS))


@dataclass(frozen=True, eq=False)
class Take:
    """One take: its symbols ``[n]``, log-mel frames ``[frames, bands]``, and log Hz ``[frames]``, 0 where unvoiced."""

    ids: Ints
    frames: NDArray[np.float16]
    log_hz: Floats
    text: str

    @property
    def n_states(self) -> int:
        return int(state_mask(self.ids).sum())


@dataclass(frozen=True, eq=False)
class Sample:
    """What one row of a batch is made of; ``counts`` ``[n, states]`` are its frames where they are known."""

    ids: Ints
    frames: Floats
    log_hz: Floats
    counts: Ints | None
    recorded: int


def state_mask(ids: Ints) -> NDArray[np.bool_]:
    """Which states the symbols ``[n]`` have: ``[n, states]``."""
    found = np.ones((len(ids), N_STATES), np.bool_)
    found[:, 1:] = np.isin(ids, _PHONEMES)[:, None]
    return found


# -- reading -----------------------------------------------------------------------------------------------------------


def read_takes_steps(
    spoken: Sequence[Spoken], ids: Sequence[Sequence[int]], cache: Path | None = None
) -> Generator[Note, None, list[Take]]:
    """All of ``spoken``, whose symbols are ``ids``; what lies in the folder ``cache`` is not read again."""
    place = None if cache is None else cache / f"{_fingerprint(spoken)}.npz"
    if place is not None and place.is_file():
        with np.load(place) as kept:
            frames, log_hz, ends = kept["frames"], kept["log_hz"], kept["ends"]
    else:
        parts: list[tuple[NDArray[np.float16], Floats]] = []
        for n, take in enumerate(spoken):
            parts.append(_read(take.path))
            if n % 10 == 0:
                yield Note(n / len(spoken), f"Reading the voice, {n} of {len(spoken)}")
        frames = np.concatenate([part[0] for part in parts])
        log_hz = np.concatenate([part[1] for part in parts])
        ends = np.cumsum([len(part[1]) for part in parts])
        if place is not None:
            _keep(place, frames, log_hz, ends)
    begins = np.concatenate([[0], ends[:-1]])
    return [
        Take(np.array(symbols, np.int32), frames[a:b], log_hz[a:b], take.text)
        for take, symbols, a, b in zip(spoken, ids, begins, ends, strict=True)
    ]


def _read(path: Path) -> tuple[NDArray[np.float16], Floats]:
    clip = open_clip(path)
    sound = resample(clip.read(0, clip.n_frames), RATE_HZ).samples.mean(0)
    hz = track(sound)
    with torch.no_grad():
        frames = log_mel(torch.from_numpy(np.array(sound, np.float32))).numpy()
    log_hz = np.where(hz > 0.0, np.log(np.maximum(hz, 1.0)), 0.0).astype(np.float32)
    return frames.astype(np.float16), log_hz


def _fingerprint(spoken: Sequence[Spoken]) -> str:
    digest = hashlib.sha256(str(_CACHE_VERSION).encode())
    for take in spoken:
        state = take.path.stat()
        digest.update(f"{take.path} {state.st_size} {state.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:24]


def _keep(place: Path, frames: NDArray[np.float16], log_hz: Floats, ends: NDArray[np.int64]) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=place.parent, suffix=".part")
    try:
        with os.fdopen(descriptor, "wb") as file:
            np.savez(file, frames=frames, log_hz=log_hz, ends=ends)
        Path(name).replace(place)
    finally:
        Path(name).unlink(missing_ok=True)


# -- prosody -----------------------------------------------------------------------------------------------------------


def energies(frames: Floats) -> Floats:
    """The logarithm of each frame's magnitude, ``[frames, bands]`` to ``[frames]``."""
    found: Floats = (0.5 * np.log(np.exp(2.0 * frames.astype(np.float32)).sum(1))).astype(np.float32)
    return found


def prosody_of(counts: Ints, frames: Floats, log_hz: Floats) -> Floats:
    """The prosody of each symbol, ``[n, N_PROSODY]``, from the frames ``counts`` ``[n, states]`` of its states.

    A symbol without a voice has the pitch between that of its neighbours, so that melodies have no holes.
    """
    n = len(counts)
    whole = counts.sum(1)
    owner = np.repeat(np.arange(n), whole)
    voiced = log_hz > 0.0
    n_voiced = np.bincount(owner[voiced], minlength=n)
    total = np.bincount(owner[voiced], weights=log_hz[voiced], minlength=n)
    middle = np.cumsum(whole) - 0.5 * whole
    known = n_voiced >= np.minimum(2, whole)
    known &= n_voiced > 0
    found = np.zeros((n, N_PROSODY), np.float32)
    found[:, :N_STATES] = np.log(np.maximum(counts, 1))
    if known.any():
        found[:, PITCH] = np.interp(middle, middle[known], total[known] / n_voiced[known])
    found[:, ENERGY] = np.bincount(owner, weights=energies(frames), minlength=n) / np.maximum(whole, 1)
    return found


# -- changing ----------------------------------------------------------------------------------------------------------


def as_sample(take: Take, counts: Ints | None = None) -> Sample:
    """A take as it is."""
    return Sample(take.ids, take.frames.astype(np.float32), take.log_hz, counts, CLEAN)


def joined(parts: Sequence[Sample], rng: np.random.Generator) -> Sample:
    """One after the other with silences between, each made of the quietest frames there are on either side."""
    frames, log_hz = [parts[0].frames], [parts[0].log_hz]
    counts = None if any(part.counts is None for part in parts) else [np.array(part.counts) for part in parts]
    for k in range(1, len(parts)):
        n = int(rng.integers(*GAPS))
        near = np.concatenate([parts[k - 1].frames, parts[k].frames])
        level = energies(near)
        quiet = near[level <= np.quantile(level, _QUIET_SHARE)]
        frames += [quiet[rng.integers(len(quiet), size=n)], parts[k].frames]
        log_hz += [np.zeros(n, np.float32), parts[k].log_hz]
        if counts is not None:
            # What ends a sentence and what begins the next share the silence.
            counts[k - 1][-1, 0] += n // 2
            counts[k][0, 0] += n - n // 2
    return Sample(
        np.concatenate([part.ids for part in parts]),
        np.concatenate(frames),
        np.concatenate(log_hz),
        None if counts is None else np.concatenate(counts),
        parts[0].recorded,
    )


def stretched(sample: Sample, factor: float) -> Sample:
    """``factor`` times as long, with the pitch it has; the states keep a frame each at least."""
    n = len(sample.frames)
    n_new = max(round(n * factor), int(state_mask(sample.ids).sum()))
    at = np.linspace(0.0, n - 1.0, n_new)
    low = np.floor(at).astype(np.int64).clip(0, max(n - 2, 0))
    share = (at - low).astype(np.float32)[:, None]
    frames = sample.frames[low] * (1.0 - share) + sample.frames[np.minimum(low + 1, n - 1)] * share
    log_hz = sample.log_hz[np.round(at).astype(np.int64)]
    counts = None if sample.counts is None else rescaled(sample.counts, n_new)
    return Sample(sample.ids, frames, log_hz, counts, ALTERED)


def rescaled(counts: Ints, n_frames: int) -> Ints:
    """``counts`` ``[n, states]`` so that they sum to ``n_frames``; what had frames keeps one at least."""
    flat = counts.ravel()
    has = flat > 0
    some = flat[has].astype(np.float64)
    ends = np.cumsum(some) / some.sum() * n_frames
    # The i-th state ends where i states at least came before it, and leaves room for those that follow.
    i = np.arange(1, len(some) + 1)
    ends = np.maximum.accumulate(np.round(ends).astype(np.int64) - i) + i
    ends = np.minimum(np.maximum(ends, i), n_frames - (len(some) - i))
    found: Ints = np.zeros_like(flat)
    found[has] = np.diff(ends, prepend=0)
    return found.reshape(counts.shape)


def noisy(sample: Sample, rng: np.random.Generator) -> Sample:
    """With steady noise of a random colour, 12 to 30 dB below the mean level of the speech."""
    frames = sample.frames
    level = 0.5 * float(np.log(np.exp(2.0 * frames).mean()))
    tilt = rng.uniform(-2.5, 1.0)
    bumps = np.interp(np.arange(N_BANDS), np.linspace(0, N_BANDS, 6), rng.normal(0.0, 0.5, 6))
    colour = tilt * np.arange(N_BANDS) / N_BANDS + bumps
    colour += level - 0.5 * np.log(np.exp(2.0 * colour).mean()) - rng.uniform(12.0, 30.0) / 8.686
    # What a few bins of noise sum to, from frame to frame.
    wobble = np.sqrt(rng.gamma(3.0, 1.0 / 3.0, frames.shape))
    mixed = 0.5 * np.log(np.exp(2.0 * frames) + np.square(np.exp(colour) * wobble))
    return Sample(sample.ids, np.maximum(mixed, LOG_FLOOR).astype(np.float32), sample.log_hz, sample.counts, ALTERED)
