"""What a match found, as it is kept when it is discarded."""

from __future__ import annotations

from dataclasses import dataclass

from engine.project.take import Take
from engine.studio import Candidate


@dataclass(frozen=True, eq=False)
class MatchFound:
    """What was found for ``take``, and which of it was chosen."""

    take: Take
    synth: str
    candidates: tuple[Candidate, ...]
    place: int
    words: str
    """What the strip said about it."""
