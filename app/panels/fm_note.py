"""With which note a patch is heard: key, velocity, how long the key is held and how long the sound is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engine.params import Param


@dataclass(frozen=True, slots=True)
class NoteSettings:
    """``note`` and ``velocity`` as in MIDI; the key goes up after ``hold_s``, the sound ends at ``duration_s``."""

    note: int = 60
    velocity: int = 100
    hold_s: float = 1.0
    duration_s: float = 2.0

    def __iter__(self) -> Iterator[int | float]:
        """``note, velocity, hold_s, duration_s``, to be taken apart."""
        return iter((self.note, self.velocity, self.hold_s, self.duration_s))


NOTE_PARAMS = (
    Param("note", 0, 127, 60, "note", label="Note", help="The key that is played", section="Note", step=1),
    Param("velocity", 1, 127, 100, label="Velocity", help="How hard the key is hit", section="Note", step=1),
    Param("hold_s", 0.01, 30.0, 1.0, "s", "log", label="Hold", help="How long the key stays down", section="Note"),
    Param("duration_s", 0.05, 60.0, 2.0, "s", "log", label="Length", help="How long the sound is", section="Note"),
)
