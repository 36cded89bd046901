"""Locking whole parts of an instrument: an operator, a page."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from PySide6.QtWidgets import QMenu

from engine.params import ParamSpace


class LockDocument(Protocol):
    """What a menu of locks needs of :class:`app.document.Document`."""

    @property
    def locked(self) -> frozenset[str]: ...

    def set_locked(self, names: Iterable[str], on: bool = True) -> None: ...


def names_in(space: ParamSpace, sections: Iterable[str]) -> frozenset[str]:
    """Storage names of the parameters of some sections: ``"Operator 1"``, ``"Matrix"``, ``"Voice"``."""
    return frozenset(name for section in sections for name in space.names_in(section))


def add_locks(menu: QMenu, document: LockDocument, names: frozenset[str], words: str) -> None:
    """Put two entries at the end of a menu that lock and unlock ``names``, which are called ``words``."""
    for on, verb, useful in ((True, "Lock", names - document.locked), (False, "Unlock", names & document.locked)):
        action = menu.addAction(f"{verb} {words}")
        action.setEnabled(bool(useful))
        action.triggered.connect(lambda _=False, on=on: document.set_locked(names, on))
        if on:
            action.setToolTip("Words, presets and chance leave locked values alone; your hand still turns them")
