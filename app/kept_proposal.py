"""What was found and put away, kept until others have taken its place: it took its time and is not lost to a key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from app.compose import Session

V = TypeVar("V")
MOST_KEPT = 6


@dataclass(eq=False)
class Discarded(Generic[V]):
    """``found`` is all that is needed to show it again, as it was. Its undo does so."""

    label: str
    """What the undo menu calls it."""
    sentence: str
    """What is said when it is discarded."""
    found: V
    bring_back: Callable[[V], None]

    def back(self) -> None:
        self.bring_back(self.found)

    def again(self) -> None:
        """Never asked for: who brings it back takes it out of the history."""


class Keeper(Generic[V]):
    """Holds the few things that were put away last."""

    def __init__(self, session: Session, bring_back: Callable[[V], None]) -> None:
        self._s, self._bring_back = session, bring_back
        self._kept: list[Discarded[V]] = []
        session.document.file.loaded.connect(lambda _: self.forget())

    def keep(self, label: str, sentence: str, found: V, *, is_step: bool = True) -> None:
        """Say that it was discarded and offer it again; undo brings it back if that is to be a step."""
        kept = Discarded(label, sentence, found, lambda _: self._back(kept))
        self._kept.append(kept)
        for old in self._kept[:-MOST_KEPT]:
            self._drop(old)
        if is_step:
            self._s.document.add_outside(label, kept)
        self._s.messages.info(sentence, "Bring back", lambda: self._take_back(kept))

    def _take_back(self, kept: Discarded[V]) -> None:
        document = self._s.document
        if any(step.outside is kept for step in document.history.past):
            document.take_back(kept)
        elif kept in self._kept:
            kept.back()

    def _back(self, kept: Discarded[V]) -> None:
        self._drop(kept)
        self._bring_back(kept.found)

    def _drop(self, kept: Discarded[V]) -> None:
        if kept in self._kept:
            self._kept.remove(kept)
            if all(other.sentence != kept.sentence for other in self._kept):
                self._s.messages.withdraw(kept.sentence)
            self._s.document.forget(kept)

    def forget(self) -> None:
        """What was found before cannot be brought back any more."""
        for kept in tuple(self._kept):
            self._drop(kept)
