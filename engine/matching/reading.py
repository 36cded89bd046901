"""The part of a clip that is worth matching: a short one whole, of a long one the first that sounds."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np

from engine.audio.source import FLOATS, FileSource
from engine.audio.values import Audio, Clip
from engine.errors import AudioError
from engine.matching.target import LONGEST_S

_WHOLE_S = 30.0
_STEP_S = 2.0
_SOUNDS = 0.01
"""A long recording begins to sound where it passes this amplitude, -40 dB."""


def read_target(clip: Clip) -> Generator[float, None, tuple[Audio, float, str]]:
    """Yields the fraction looked through; returns the sound, how many seconds into the clip it begins, and a sentence
    when not all of its samples are numbers.

    A quarter of a second more than can be matched is read, so that what is left out is known.
    """
    if clip.n_frames == 0:
        raise AudioError(f"{clip.name} is empty; choose a sound that lasts at least 30 ms.")
    rate = clip.sample_rate
    if clip.n_frames <= _WHOLE_S * rate:
        yield 1.0
        return clip.read(0, clip.n_frames), 0.0, _not_numbers(clip, 0, clip.n_frames)
    step = round(_STEP_S * rate)
    loudest, begin = -1.0, 0
    for first in range(0, clip.n_frames, step):
        peak = clip.read(first, step).peak
        if peak > loudest:
            loudest, begin = peak, first
        if peak >= _SOUNDS:
            break
        yield first / clip.n_frames
    n = round((LONGEST_S + _STEP_S + 0.25) * rate)
    return clip.read(begin, n), begin / rate, _not_numbers(clip, begin, n)


def _not_numbers(clip: Clip, start: int, n: int) -> str:
    """What is to be said about samples that are NaN or infinite in the file, and were read as silence."""
    if not isinstance(clip.source, FileSource) or clip.source.subtype not in FLOATS:
        return ""
    n = min(n, clip.n_frames - start)
    finite = np.isfinite(clip.source.read_frames(clip.start + start, n, "float32"))
    count = int(finite.size - np.count_nonzero(finite))
    if not count:
        return ""
    are, were = ("sample is", "was") if count == 1 else ("samples are", "were")
    first_s = (start + int(np.argmin(finite.all(axis=1)))) / clip.sample_rate
    return f"{clip.name}: {count} {are} NaN or infinite, from {first_s:.3f} s on, and {were} matched as silence."
