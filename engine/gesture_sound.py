"""A gesture drawn on an object, done again as a sound. Torch loads when the steps are taken, never here."""

from __future__ import annotations

import math
from collections.abc import Generator

import numpy as np

from engine.audio.values import Audio
from engine.bodies import notes_of, player_of
from engine.checks import check_note, check_sound
from engine.errors import BadUsage
from engine.jobs import Note
from engine.params import Patch
from engine.params.gesture import Gesture
from engine.params.note import LENGTH, VELOCITY
from engine.params.variations import check_varies
from engine.playing import Kind
from engine.torch_setup import load_torch

RINGS_S = 8.0
"""What still rings so long after the hand has left fades out."""
HIGHEST_DB = -1.0
"""The peak of a gesture, at most: of what rings for long, contacts add up however hard each of them is."""
_SILENT = 10.0 ** (-96.0 / 20.0)
_OVER = 10.0 ** (-72.0 / 20.0)
"""What lies so far below the peak at the end is nothing that anybody hears or sees."""
_FADE_S = 0.02
_STILL = 1e-4


def check_gesture(patch: Patch, gesture: Gesture, sample_rate: int) -> None:
    """Raise :class:`BadUsage` for a gesture that no object can answer."""
    check_varies(patch)
    check_note(gesture.note, VELOCITY.default, 1.0, 1.0, sample_rate)
    touching = [touch for touch in gesture.touches if touch.force > 0.0]
    if not touching:
        raise BadUsage("The hand never touches the object; press on it.")
    moved = (max(places) - min(places) for places in ([t.x for t in touching], [t.y for t in touching]))
    if gesture.hand.kind == "scrape" and max(moved) <= _STILL:
        raise BadUsage("A hand that does not move makes no sound in a scrape; move it, or choose roll or bounce.")


def gesture_steps(kind: Kind, patch: Patch, gesture: Gesture, sample_rate: int) -> Generator[Note, None, Audio]:
    """The sound of ``gesture`` on the object of ``patch`` until it has rung out, or for :data:`RINGS_S` longer.

    What is louder than :data:`HIGHEST_DB` is turned down as a whole; a notice says by how much.
    """
    yield Note(None)
    longest_s = min(gesture.seconds + RINGS_S, LENGTH.high)
    if kind == "fake":
        note = {"note": float(gesture.note), "velocity": VELOCITY.default, "hold_s": 1.0}
        return (yield from notes_of(player_of(kind)(patch, **note, duration_s=longest_s, sample_rate=sample_rate)))
    load_torch()
    from engine.synths.impact_gesture import play_gesture

    audio = yield from notes_of(play_gesture(patch, gesture, sample_rate, longest_s))
    check_sound(audio, patch)
    if audio.peak < _SILENT:
        raise BadUsage("This gesture makes no sound on this object; move farther or press harder.")
    audio = _ended(audio)
    over_db = 20.0 * math.log10(audio.peak) - HIGHEST_DB
    if over_db <= 0.0:
        return audio
    yield Note(1.0, notice=f"The gesture was turned down by {over_db:.1f} dB, so that it stays below full scale.")
    quieter = np.float32(10.0 ** (-(over_db + 1e-4) / 20.0))
    return Audio(audio.samples * quieter, audio.sample_rate)


def _ended(audio: Audio) -> Audio:
    """``audio`` without its inaudible end, faded out where it is cut."""
    heard = np.flatnonzero(np.abs(audio.samples).max(0) > _OVER * audio.peak)
    fade = round(_FADE_S * audio.sample_rate)
    end = int(heard[-1]) + 1 + fade
    if end >= audio.samples.shape[1]:
        return audio
    samples = audio.samples[:, :end].copy()
    samples[:, end - fade :] *= np.linspace(1.0, 0.0, fade, dtype=np.float32)
    return Audio(samples, audio.sample_rate)
