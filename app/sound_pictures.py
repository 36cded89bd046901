"""Small spectrograms of whole sounds, for tiles: computed by the engine's threads, coloured by whoever paints them."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
from numpy.typing import NDArray

from engine.audio.spectral import to_level
from engine.audio.values import Audio
from engine.jobs import Note

COLUMNS, ROWS = 96, 56
LOW_HZ, HIGH_HZ = 50.0, 11_000.0
_WINDOW = 1024
_FLOOR_DB = -120.0

Levels = NDArray[np.uint8]
"""``[rows, columns]``, the highest frequency first; bytes as in :mod:`engine.audio.spectral`."""


def picture_steps(audio: Audio) -> Generator[Note, None, Levels]:
    """The picture of a whole sound, its loudest place at 0 dB."""
    yield Note(None)
    return picture(audio)


def picture(audio: Audio) -> Levels:
    """Levels in ``ROWS`` bands, evenly spread over the octaves, at ``COLUMNS`` moments.

    A band has the loudest of the bins in it, or the nearest one: at that size a lone partial has to be seen, and not to
    be measured.
    """
    mono = audio.samples.mean(axis=0, dtype=np.float32) if audio.n_frames else np.zeros(1, np.float32)
    padded = np.pad(mono, (_WINDOW // 2, _WINDOW))
    starts = np.linspace(0, max(len(mono) - 1, 0), COLUMNS).astype(np.intp)
    frames = padded[starts[:, np.newaxis] + np.arange(_WINDOW)] * np.hanning(_WINDOW).astype(np.float32)
    power = np.abs(np.fft.rfft(frames, axis=1)) ** 2
    top_hz = min(HIGH_HZ, 0.49 * audio.sample_rate)
    edges = np.geomspace(LOW_HZ, top_hz, ROWS + 1) * _WINDOW / audio.sample_rate
    low = np.round(edges[:-1]).astype(np.intp)
    high = np.maximum(np.ceil(edges[1:]).astype(np.intp), low + 1)
    bands = np.stack([power[:, a:b].max(axis=1) for a, b in zip(low, high, strict=True)][::-1])
    level_db = 10.0 * np.log10(np.maximum(bands / max(float(bands.max()), 1e-12), 10.0 ** (_FLOOR_DB / 10.0)))
    return np.clip(np.round(to_level(level_db)), 0, 255).astype(np.uint8)
