"""The note with which a patch is played: its ranges and defaults, for panels, the engine and the command line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.params.param import Param

NOTE = Param("note", 0, 127, 60, "note", label="Note", help="The key that is played", section="Note", step=1)
VELOCITY = Param("velocity", 1, 127, 100, label="Velocity", help="How hard the key is hit", section="Note", step=1)
HOLD = Param("hold_s", 0.001, 600.0, 1.0, "s", "log", label="Hold", help="How long the key stays down", section="Note")
LENGTH = Param("duration_s", 0.01, 600.0, 2.0, "s", "log", label="Length", help="How long the sound is", section="Note")

NOTE_PARAMS = (NOTE, VELOCITY, HOLD, LENGTH)
"""Keys and velocities as in MIDI; the key goes up after ``hold_s``, the sound ends at ``duration_s``."""
END_FADE_S = 0.002
"""A release that the end cuts off fades out over this long instead of clicking."""


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

    def to_json(self) -> dict[str, int | float]:
        """The settings by name; the names are storage names."""
        return {param.name: value for param, value in zip(NOTE_PARAMS, self, strict=True)}

    def replaced(self, name: str, value: float) -> NoteSettings:
        """With the setting called ``name`` at ``value``, or at the nearest that there is."""
        return NoteSettings.read({**self.to_json(), name: value}) or self

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> NoteSettings | None:
        """The settings in a mapping, each within its range; ``None`` when one is missing or no number."""
        try:
            note, velocity, hold_s, length_s = (param.clamp(float(values[param.name])) for param in NOTE_PARAMS)
            return cls(round(note), round(velocity), hold_s, length_s)
        except (KeyError, TypeError, ValueError, OverflowError):
            return None
