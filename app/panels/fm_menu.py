"""Menus of an operator and of a section: copy and paste between places and windows, the default, and locks."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QMenu, QWidget

from app.panels.fm_locks import LockDocument, add_locks, names_in
from engine.params import FM_SPACE, Patch

_KEY = "tonewright"


class MenuDocument(LockDocument, Protocol):
    """What the menus need of :class:`app.document.Document`."""

    @property
    def patch(self) -> Patch: ...

    def set_patch(self, patch: Patch, label: str) -> None: ...


def copied_values(patch: Patch, sections: Iterable[str]) -> str:
    """The values of some sections as JSON text; an operator's go without its number, so that they fit another."""
    sections = tuple(sections)
    values = {_plain(name): patch.values[name] for section in sections for name in _ordered(section)}
    return json.dumps({_KEY: _kind(sections), "values": values}, indent=1)


def pasted_values(text: str, sections: Iterable[str]) -> dict[str, float]:
    """Values by name for ``sections`` from such text; empty when the text is something else. What does not fit in its
    range lands on the nearer end."""
    sections = tuple(sections)
    try:
        data: Any = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(data, Mapping) or data.get(_KEY) != _kind(sections):
        return {}
    values = data.get("values")
    found = {}
    for section in sections:
        for name in _ordered(section):
            value = values.get(_plain(name)) if isinstance(values, Mapping) else None
            if isinstance(value, int | float) and math.isfinite(value):
                found[name] = FM_SPACE[name].clamp(float(value))
    return found


def operator_menu(document: MenuDocument, operator: int, parent: QWidget) -> QMenu:
    """What can be done with an operator; the caller shows and deletes it."""
    menu = QMenu(parent)
    menu.setToolTipsVisible(True)
    for name, words in ((f"op{operator}_mute", "Mute"), (f"op{operator}_solo", "Solo")):
        on = document.patch.values[name] != 0.0
        action = QAction(words, menu, checkable=True, checked=on)
        value = 0.0 if on else 1.0
        label = f"{words if not on else f'Un{words.lower()}'} operator {operator}"
        action.triggered.connect(lambda _=False, n=name, v=value, words=label: _set(document, {n: v}, words))
        menu.addAction(action)
    menu.addSeparator()
    _add_values(menu, document, (f"Operator {operator}",), f"operator {operator}")
    add_locks(menu, document, names_in(f"Operator {operator}"), f"operator {operator}")
    return menu


def section_menu(document: MenuDocument, sections: tuple[str, ...], words: str, parent: QWidget) -> QMenu:
    """What can be done with some sections at once; the caller shows and deletes it."""
    menu = QMenu(parent)
    menu.setToolTipsVisible(True)
    _add_values(menu, document, sections, words)
    names = frozenset(name for section in sections for name in names_in(section))
    add_locks(menu, document, names, words)
    return menu


def _add_values(menu: QMenu, document: MenuDocument, sections: tuple[str, ...], words: str) -> None:
    clipboard = QGuiApplication.clipboard()
    copying = menu.addAction(f"Copy {words}")
    copying.triggered.connect(lambda: clipboard.setText(copied_values(document.patch, sections)))
    pasted = pasted_values(clipboard.text(), sections)
    pasting = menu.addAction(f"Paste to {words}")
    pasting.setEnabled(bool(pasted))
    pasting.triggered.connect(lambda: _set(document, pasted, f"Paste {words}"))
    defaults = {name: FM_SPACE[name].default for section in sections for name in names_in(section)}
    reset = menu.addAction(f"Reset {words}")
    reset.setEnabled(any(document.patch.values[name] != value for name, value in defaults.items()))
    reset.triggered.connect(lambda: _set(document, defaults, f"Reset {words}"))
    menu.addSeparator()


def _set(document: MenuDocument, values: Mapping[str, float], label: str) -> None:
    document.set_patch(document.patch.with_values(**values), label)


def _ordered(section: str) -> list[str]:
    return [param.name for param in FM_SPACE if param.section == section]


def _plain(name: str) -> str:
    """``op3_ratio`` is ``op_ratio``: which operator it was does not matter."""
    return f"op{name[3:]}" if name[:2] == "op" and name[2:3].isdigit() else name


def _kind(sections: tuple[str, ...]) -> str:
    return "operator" if sections[0].startswith("Operator ") else " and ".join(sections).lower()
