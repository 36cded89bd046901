"""A gesture that was drawn on an object, as a sound: what was heard live, done again in blocks of any length."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np

from engine.audio.values import Audio
from engine.params import Patch
from engine.params.gesture import Gesture
from engine.synths.impact import ImpactSynth
from engine.synths.live_voice import Key, Sound, roomed

BLOCK_S = 0.05


def play_gesture(
    patch: Patch, gesture: Gesture, sample_rate: int, longest_s: float, block_frames: int | None = None
) -> Generator[float, None, Audio]:
    """Play ``gesture`` on the object of ``patch`` until it has rung out, or for ``longest_s``.

    Yields the fraction done; the first touch is heard at frame 0.
    """
    live = ImpactSynth().live_patch(patch, sample_rate)
    voice, contacts = live.touch(Key(gesture.note, 100.0), gesture.hand)
    sounding = roomed(live, voice)
    block = block_frames or max(round(BLOCK_S * sample_rate), 1)
    start_s = gesture.touches[0].seconds if gesture.touches else 0.0
    waiting = [(round((touch.seconds - start_s) * sample_rate), touch) for touch in gesture.touches]
    end, at = round(longest_s * sample_rate), 0
    parts: list[Sound] = []
    while at < end and (waiting or not sounding.ended):
        while waiting and waiting[0][0] <= at:
            _, touch = waiting.pop(0)
            contacts.touch(touch.x, touch.y, touch.force)
            if not waiting:
                contacts.lift()  # nobody holds on longer than the gesture
        n = min(block, end - at, *(frame - at for frame, _ in waiting[:1]))
        parts.append(sounding.process(n, True))
        at += n
        yield min(at / end, 1.0)
    if not parts:
        parts = [np.zeros((2, 1), np.float32)]
    sound = np.concatenate(parts, 1)
    fade = min(round(0.005 * sample_rate), sound.shape[1])
    if at >= end:
        sound[:, sound.shape[1] - fade :] *= np.linspace(1.0, 0.0, fade, dtype=np.float32)
    return Audio(sound, sample_rate)
