"""A match that was discarded, kept until the next one begins: what was found took its time and is not lost to a key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.project.take import Take
from engine.studio import Candidate


@dataclass(eq=False)
class DiscardedMatch:
    """What was found for ``take``, and which of it was chosen. Its undo brings the strip back as it was."""

    take: Take
    synth: str
    candidates: tuple[Candidate, ...]
    place: int
    words: str
    """What the strip said about it."""
    bring_back: Callable[[DiscardedMatch], None]

    @property
    def sentence(self) -> str:
        """What is said when it is discarded."""
        return f"The match with “{self.take.name}” was discarded."

    @property
    def label(self) -> str:
        """What the undo menu calls it."""
        return f"Discard the match with “{self.take.name}”"

    def back(self) -> None:
        self.bring_back(self)

    def again(self) -> None:
        """Never asked for: who brings it back takes it out of the history."""
