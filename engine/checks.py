"""What the studio refuses at the door, and what it does not let out."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from engine.audio.values import Audio
from engine.errors import AudioUnwritable, BadUsage, EngineError
from engine.params import Patch
from engine.params.note import HOLD, LENGTH, NOTE, VELOCITY
from engine.rates import MAX_RATE_HZ, MIN_RATE_HZ


def check_kept(target: Path, kept: Iterable[Path]) -> None:
    """Raise ``AudioUnwritable`` when ``target`` is one of these files, under whatever name."""
    try:
        there = target.stat()
    except OSError:
        return
    for path in kept:
        with contextlib.suppress(OSError):
            if os.path.samestat(path.stat(), there):
                raise AudioUnwritable(
                    f"{target.name} is not written: an open take plays from that very file. Choose another name."
                )


def check_note(note: float, velocity: float, hold_s: float, duration_s: float, sample_rate: int) -> None:
    """Raise :class:`BadUsage` for a note, a length or a rate that makes no sense."""
    if not NOTE.low <= note <= NOTE.high:
        raise BadUsage(f"There is no note {note:g}: MIDI notes go from {NOTE.low:g} to {NOTE.high:g}, middle C is 60.")
    if not VELOCITY.low <= velocity <= VELOCITY.high:
        span = f"{VELOCITY.low:g} to {VELOCITY.high:g}"
        raise BadUsage(f"There is no velocity {velocity:g}: MIDI velocities go from {span}.")
    if not HOLD.low <= hold_s <= HOLD.high:
        raise BadUsage(f"A key cannot be held for {hold_s:g} s: give {HOLD.low:g} to {HOLD.high:g} s.")
    if not LENGTH.low <= duration_s <= LENGTH.high:
        raise BadUsage(f"A note cannot last {duration_s:g} s: give {LENGTH.low:g} to {LENGTH.high:g} s.")
    if not MIN_RATE_HZ <= sample_rate <= MAX_RATE_HZ:
        raise BadUsage(
            f"A sound cannot be made at a sample rate of {sample_rate} Hz: give {MIN_RATE_HZ} to {MAX_RATE_HZ} Hz."
        )


def check_sound(audio: Audio, patch: Patch) -> None:
    """Raise :class:`EngineError` when ``patch`` gave something that is no sound."""
    # The sum is finite exactly when every sample is, short of an overflow that no sound reaches; one pass, no mask.
    if not np.isfinite(np.sum(audio.samples, dtype=np.float64)):
        name = f"The patch {patch.name!r}" if patch.name else f"This {patch.synth} patch"
        raise EngineError(f"{name} made a sound with numbers that are not finite; undo the last change to it.")
