"""What was found and discarded, kept until the next search begins: it took its time and is not lost to a key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

V = TypeVar("V")


@dataclass(eq=False)
class Discarded(Generic[V]):
    """``found`` is all that is needed to show it again, as it was. Its undo does so."""

    label: str
    """What the undo menu calls it."""
    sentence: str
    """What is said when it is discarded."""
    found: V
    bring_back: Callable[[Discarded[V]], None]

    def back(self) -> None:
        self.bring_back(self)

    def again(self) -> None:
        """Never asked for: who brings it back takes it out of the history."""
