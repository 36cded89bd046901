"""What a match finds, as plain values: the window shows them, the command line writes them down."""

from __future__ import annotations

import math
from dataclasses import dataclass

from engine.params import Patch
from engine.params.note import NoteSettings

N_CANDIDATES = 4
"""So many are offered, best first."""
HIGHEST_DB = -1.1
"""The peak of a candidate that is struck as hard as can be, at most."""


@dataclass(frozen=True)
class Candidate:
    """A patch that resembles the target: ``distance_db`` is how far it is, ``note`` how it was played."""

    patch: Patch
    distance_db: float
    note: NoteSettings


@dataclass(frozen=True)
class MatchResult:
    """What was found, best first, and what was heard in the target.

    What was matched begins ``start_s`` into the recording and lasts ``duration_s``; ``notice`` says what was left out.
    The preset that came nearest, played at the target's pitch, is ``preset_name``, and ``preset_db`` away.
    """

    candidates: tuple[Candidate, ...]
    pitch_hz: float | None
    start_s: float
    duration_s: float
    notice: str = ""
    preset_name: str = ""
    preset_db: float = math.inf
