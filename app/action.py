"""One thing that a person can do, as data."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtGui import QKeySequence


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that a person can do.

    ``id`` never changes; ``text`` is what menus say; ``shortcut`` is in Qt's portable text, several joined by a bar
    (``"Ctrl+Shift+Z|Ctrl+Y"``), the first one is shown; ``group`` is the menu; ``help`` is one sentence for the tool
    tip and the palette; ``words`` are further names under which people look for it. The key of a ``local`` action is
    only shown in menus: the one widget that it belongs to answers it.
    """

    id: str
    text: str
    shortcut: str = ""
    group: str = ""
    help: str = ""
    icon: str = ""
    checkable: bool = False
    words: str = ""
    local: bool = False

    @property
    def shortcuts(self) -> list[QKeySequence]:
        return [QKeySequence.fromString(s) for s in self.shortcut.split("|") if s]
