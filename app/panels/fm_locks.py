"""Locking whole parts of the FM instrument: an operator, the matrix, the voice."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from PySide6.QtWidgets import QMenu, QWidget

from engine.params import FM_SPACE


class LockDocument(Protocol):
    """What a menu of locks needs of :class:`app.document.Document`."""

    @property
    def locked(self) -> frozenset[str]: ...

    def set_locked(self, names: Iterable[str], on: bool = True) -> None: ...

    def replace_locks(self, names: Iterable[str]) -> None: ...


def names_in(section: str) -> frozenset[str]:
    """Storage names of the parameters of a section: ``"Operator 1"``, ``"Matrix"``, ``"Voice"``."""
    return frozenset(param.name for param in FM_SPACE if param.section == section)


def lock_menu(document: LockDocument, operator: int, parent: QWidget) -> QMenu:
    """What can be locked or unlocked around an operator; the caller shows and deletes it."""
    menu = QMenu(parent)
    menu.setToolTipsVisible(True)
    add_locks(menu, document, operator)
    return menu


def add_locks(menu: QMenu, document: LockDocument, operator: int) -> None:
    """Put these entries at the end of another menu."""
    for section, words in (
        (f"Operator {operator}", f"operator {operator}"),
        ("Matrix", "the modulation matrix"),
        ("Voice", "pitch and gain"),
    ):
        names = names_in(section)
        for on, verb, useful in ((True, "Lock", names - document.locked), (False, "Unlock", names & document.locked)):
            action = menu.addAction(f"{verb} {words}")
            action.setEnabled(bool(useful))
            action.triggered.connect(lambda _=False, names=names, on=on: document.set_locked(names, on))
            if on:
                action.setToolTip("Words, presets and chance leave locked values alone; your hand still turns them")
        menu.addSeparator()
    everything = menu.addAction("Unlock all")
    everything.setEnabled(bool(document.locked))
    everything.triggered.connect(lambda: document.replace_locks(()))
