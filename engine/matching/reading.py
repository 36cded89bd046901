"""The part of a clip that is worth matching: a short one whole, of a long one the first that sounds."""

from __future__ import annotations

from collections.abc import Generator

from engine.audio.values import Audio, Clip
from engine.errors import AudioError
from engine.matching.target import LONGEST_S

_WHOLE_S = 30.0
_STEP_S = 2.0
_SOUNDS = 0.01
"""A long recording begins to sound where it passes this amplitude, -40 dB."""


def read_target(clip: Clip) -> Generator[float, None, tuple[Audio, float]]:
    """Yields the fraction looked through; returns the sound and how many seconds into the clip it begins.

    A quarter of a second more than can be matched is read, so that what is left out is known.
    """
    if clip.n_frames == 0:
        raise AudioError(f"{clip.name} is empty; choose a sound that lasts at least 30 ms.")
    rate = clip.sample_rate
    if clip.n_frames <= _WHOLE_S * rate:
        yield 1.0
        return clip.read(0, clip.n_frames), 0.0
    step = round(_STEP_S * rate)
    loudest, begin = -1.0, 0
    for first in range(0, clip.n_frames, step):
        peak = clip.read(first, step).peak
        if peak > loudest:
            loudest, begin = peak, first
        if peak >= _SOUNDS:
            break
        yield first / clip.n_frames
    return clip.read(begin, round((LONGEST_S + _STEP_S + 0.25) * rate)), begin / rate
