"""A gesture drawn on an object, done again as a sound. Torch loads when the steps are taken, never here."""

from __future__ import annotations

from collections.abc import Generator

from engine.audio.values import Audio
from engine.bodies import notes_of, player_of
from engine.checks import check_note, check_sound
from engine.jobs import Note
from engine.params import Patch
from engine.params.gesture import Gesture
from engine.params.note import LENGTH, VELOCITY
from engine.params.variations import check_varies
from engine.playing import Kind
from engine.torch_setup import load_torch

RINGS_S = 8.0
"""What still rings so long after the hand has left fades out."""


def check_gesture(patch: Patch, gesture: Gesture, sample_rate: int) -> None:
    """Raise :class:`BadUsage` for a gesture that no object can answer."""
    check_varies(patch)
    check_note(gesture.note, VELOCITY.default, 1.0, 1.0, sample_rate)


def gesture_steps(kind: Kind, patch: Patch, gesture: Gesture, sample_rate: int) -> Generator[Note, None, Audio]:
    """The sound of ``gesture`` on the object of ``patch`` until it has rung out, or for :data:`RINGS_S` longer."""
    yield Note(None)
    longest_s = min(gesture.seconds + RINGS_S, LENGTH.high)
    if kind == "fake":
        note = {"note": float(gesture.note), "velocity": VELOCITY.default, "hold_s": 1.0}
        return (yield from notes_of(player_of(kind)(patch, **note, duration_s=longest_s, sample_rate=sample_rate)))
    load_torch()
    from engine.synths.impact_gesture import play_gesture

    audio = yield from notes_of(play_gesture(patch, gesture, sample_rate, longest_s))
    check_sound(audio, patch)
    return audio
