"""The note with which a patch is played: its ranges and defaults, for panels, the engine and the command line."""

from __future__ import annotations

from engine.params.param import Param

NOTE = Param("note", 0, 127, 60, "note", label="Note", help="The key that is played", section="Note", step=1)
VELOCITY = Param("velocity", 1, 127, 100, label="Velocity", help="How hard the key is hit", section="Note", step=1)
HOLD = Param("hold_s", 0.001, 600.0, 1.0, "s", "log", label="Hold", help="How long the key stays down", section="Note")
LENGTH = Param("duration_s", 0.01, 600.0, 2.0, "s", "log", label="Length", help="How long the sound is", section="Note")

NOTE_PARAMS = (NOTE, VELOCITY, HOLD, LENGTH)
"""Keys and velocities as in MIDI; the key goes up after ``hold_s``, the sound ends at ``duration_s``."""
