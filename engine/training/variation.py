"""The same sound otherwise: so that ears learn what it is, and not which room, microphone and key it was taken in.

Recordings have a floor of noise, a room and a microphone; what an instrument makes has none of them. An ear that only
knew the one would judge the other by what does not matter. So each time that a sound is learned from it stands at
another place and level, is a little higher or slower, coloured, put in a room or into noise, or rid of what noise it
has; and parts of it are masked (SpecAugment, arXiv 1904.08779). All of it on log-mel frames.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.signal import lfilter
from torch import Tensor

from engine.dsp.mel import FRAMES_PER_S, LOG_FLOOR, MOST_FRAMES, N_BANDS, band_centres_hz

Frames = NDArray[np.float32]

_LATEST_FRAMES = 24
_LONGEST_MASK, _WIDEST_MASK = 24, 12
_SLOWER, _HIGHER = 0.12, 0.09
"""Standard deviations of the natural logarithms of length and pitch."""
_ROOM_S = (0.1, 1.2)
_NATS_PER_60_DB = 6.9


def varied(sounds: Sequence[NDArray[np.floating]], chance: np.random.Generator) -> Tensor:
    """Log-mel frames ``[n, bands]`` each as one batch ``[batch, MOST_FRAMES, bands]``, none as it was."""
    found = np.full((len(sounds), MOST_FRAMES, N_BANDS), LOG_FLOOR, dtype=np.float32)
    for row, sound in zip(found, sounds, strict=True):
        frames = (sound[-MOST_FRAMES:] if chance.random() < 0.3 else sound[:MOST_FRAMES]).astype(np.float32)
        frames = _elsewhere(frames, chance)[:MOST_FRAMES]
        first = int(chance.integers(0, min(MOST_FRAMES - len(frames), _LATEST_FRAMES) + 1))
        row[first : first + len(frames)] = frames
        _place(row, chance)
        _mask(row, chance)
    return torch.from_numpy(found)


def _elsewhere(frames: Frames, chance: np.random.Generator) -> Frames:
    """Higher or lower, slower or faster, through another microphone."""
    if chance.random() < 0.5:
        frames = _stretched(frames, float(np.exp(chance.normal(0.0, _SLOWER))))
    if chance.random() < 0.5:
        frames = _transposed(frames, float(np.exp(chance.normal(0.0, _HIGHER))))
    places = np.linspace(-1.0, 1.0, N_BANDS, dtype=np.float32)
    colour = chance.normal(0.0, 0.4) * places + chance.normal(0.0, 0.3)
    if chance.random() < 0.5:
        for waves in (1.0, 2.0, 4.0):
            colour += chance.normal(0.0, 0.3) * np.cos(np.pi * (waves * places + chance.uniform(0.0, 2.0)))
    return np.where(frames > LOG_FLOOR + 0.05, np.maximum(frames + colour, LOG_FLOOR), LOG_FLOOR).astype(np.float32)


def _stretched(frames: Frames, factor: float) -> Frames:
    size = max(round(len(frames) * factor), 1)
    return _between(frames, np.linspace(0.0, len(frames) - 1.0, size), 0)


@cache
def _centres() -> NDArray[np.float64]:
    centres: NDArray[np.float64] = band_centres_hz().numpy()
    return centres


def _transposed(frames: Frames, ratio: float) -> Frames:
    """As if every partial were ``ratio`` times as high; above what there was is nothing."""
    centres = _centres()
    moved = _between(frames, np.interp(centres / ratio, centres, np.arange(N_BANDS)), 1)
    moved[:, centres / ratio > centres[-1]] = LOG_FLOOR
    return moved


def _between(frames: Frames, places: NDArray[np.float64], axis: int) -> Frames:
    below = np.floor(places).astype(np.intp)
    above = np.minimum(below + 1, frames.shape[axis] - 1)
    share = (places - below).astype(np.float32)
    share = share[:, None] if axis == 0 else share[None, :]
    found: Frames = frames.take(below, axis) * (1.0 - share) + frames.take(above, axis) * share
    return found


def _place(row: Frames, chance: np.random.Generator) -> None:
    """Put ``row`` into a room, or noise, or take away what is soft: each of it now and then."""
    top = float(row.max())
    if chance.random() < 0.25:
        keep = float(np.exp(-_NATS_PER_60_DB * 2.0 / (chance.uniform(*_ROOM_S) * FRAMES_PER_S)))
        share = float(10.0 ** chance.uniform(-2.5, -0.7))
        power = np.exp(2.0 * row)
        power += share * (1.0 - keep) / keep * lfilter([0.0, keep], [1.0, -keep], power, axis=0).astype(np.float32)
        np.maximum(0.5 * np.log(power), LOG_FLOOR, out=row)
    kind = chance.random()
    if kind < 0.35:
        floor = top - chance.uniform(3.5, 8.0)
        row[row < floor] = LOG_FLOOR
    elif kind < 0.7:
        level = top - chance.uniform(2.5, 8.0) + chance.normal(0.0, 0.7) * np.linspace(-1.0, 1.0, N_BANDS)
        noise = level + 0.5 * np.log(chance.exponential(1.0, row.shape) + 1e-6)
        np.logaddexp(2.0 * row, 2.0 * noise, out=row, casting="same_kind")
        row *= 0.5


def _mask(row: Frames, chance: np.random.Generator) -> None:
    for axis, most in ((0, _LONGEST_MASK), (1, _WIDEST_MASK)):
        size = int(chance.integers(0, most))
        at = int(chance.integers(0, row.shape[axis] - size))
        row[(slice(at, at + size), slice(None)) if axis == 0 else (slice(None), slice(at, at + size))] = LOG_FLOOR
