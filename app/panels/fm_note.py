"""With which note a patch is heard: key, velocity, how long the key is held and how long the sound is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engine.params.note import HOLD, LENGTH, NOTE, NOTE_PARAMS, VELOCITY

__all__ = ["NOTE_PARAMS", "NoteSettings"]


@dataclass(frozen=True, slots=True)
class NoteSettings:
    """``note`` and ``velocity`` as in MIDI; the key goes up after ``hold_s``, the sound ends at ``duration_s``."""

    note: int = round(NOTE.default)
    velocity: int = round(VELOCITY.default)
    hold_s: float = HOLD.default
    duration_s: float = LENGTH.default

    def __iter__(self) -> Iterator[int | float]:
        """``note, velocity, hold_s, duration_s``, to be taken apart."""
        return iter((self.note, self.velocity, self.hold_s, self.duration_s))
