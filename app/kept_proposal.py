"""What was found and discarded, kept until the next search begins: it took its time and is not lost to a key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from app.compose import Session

V = TypeVar("V")


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
    """Holds the one thing that was discarded last."""

    def __init__(self, session: Session, bring_back: Callable[[V], None]) -> None:
        self._s, self._bring_back = session, bring_back
        self._kept: Discarded[V] | None = None
        session.document.file.loaded.connect(lambda _: self.forget())

    def keep(self, label: str, sentence: str, found: V, *, is_step: bool = True) -> None:
        """Say that it was discarded and offer it again; undo brings it back if that is to be a step."""
        self.forget()
        self._kept = kept = Discarded(label, sentence, found, self._bring_back)
        if is_step:
            self._s.document.add_outside(label, kept)
        self._s.messages.info(sentence, "Bring back", lambda: self._take_back(kept))

    def _take_back(self, kept: Discarded[V]) -> None:
        document = self._s.document
        if any(step.outside is kept for step in document.history.past):
            document.take_back(kept)
        elif kept is self._kept:
            kept.back()

    def forget(self) -> None:
        """What was found before cannot be brought back any more."""
        kept, self._kept = self._kept, None
        if kept is not None:
            self._s.messages.withdraw(kept.sentence)
            self._s.document.forget(kept)
