"""A choice of the person's that belongs to no project and that undo brings back all the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from app.document import Document

V = TypeVar("V")


@dataclass(eq=False)
class Chosen(Generic[V]):
    """Something was chosen: ``take`` shows and keeps the value that counts from now on."""

    before: V
    after: V
    take: Callable[[V], None]

    def back(self) -> None:
        self.take(self.before)

    def again(self) -> None:
        self.take(self.after)


def choose(document: Document, label: str, before: V, after: V, take: Callable[[V], None]) -> None:
    """Take ``after`` in place of ``before``: one undo step, or none when they are equal."""
    take(after)
    if after != before:
        document.add_outside(label, Chosen(before, after, take))
