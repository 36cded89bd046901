"""The menu of a part of an instrument: copy and paste between places and windows, the default, and locks."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu, QWidget

from app.panels.section_locks import LockDocument, add_locks, names_in
from engine.params import SPACES, Param, ParamSpace, Patch, Values

_KEY = "tonewright"


class MenuDocument(LockDocument, Protocol):
    """What the menus need of :class:`app.document.Document`."""

    def patch_of(self, synth: str) -> Patch: ...

    def set_patch(self, patch: Patch, label: str) -> None: ...


def copied_values(patch: Patch, sections: Iterable[str]) -> str:
    """The values of some sections as JSON text; an operator's go without its number, so that they fit another."""
    sections = tuple(sections)
    params = _params(SPACES[patch.synth], sections)
    values = {_plain(param.name): patch.values[param.name] for param in params}
    return json.dumps({_KEY: _kind(sections), "values": values}, indent=1)


def pasted_values(text: str, space: ParamSpace, sections: Iterable[str]) -> dict[str, float | tuple[float, ...]]:
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
    stored = values if isinstance(values, Mapping) else {}
    found = {param.name: _fitting(param, stored.get(_plain(param.name))) for param in _params(space, sections)}
    return {name: value for name, value in found.items() if value is not None}


def section_menu(
    document: MenuDocument, space: ParamSpace, sections: tuple[str, ...], words: str, parent: QWidget
) -> QMenu:
    """What can be done with some sections at once; the caller shows and deletes it."""
    menu = QMenu(parent)
    menu.setToolTipsVisible(True)
    add_values(menu, document, space, sections, words)
    add_locks(menu, document, names_in(space, sections), words)
    return menu


def add_values(menu: QMenu, document: MenuDocument, space: ParamSpace, sections: tuple[str, ...], words: str) -> None:
    """Put entries at the end of a menu that copy, paste and reset what is in ``sections``."""
    clipboard = QGuiApplication.clipboard()
    copying = menu.addAction(f"Copy {words}")
    patch = document.patch_of(space.name)
    copying.triggered.connect(lambda: clipboard.setText(copied_values(patch, sections)))
    pasted = pasted_values(clipboard.text(), space, sections)
    pasting = menu.addAction(f"Paste to {words}")
    pasting.setEnabled(bool(pasted))
    pasting.triggered.connect(lambda: set_values(document, space, pasted, f"Paste {words}"))
    whole = space.defaults()
    defaults = {param.name: whole[param.name] for param in _params(space, sections)}
    reset = menu.addAction(f"Reset {words}")
    reset.setEnabled(any(patch.values[name] != value for name, value in defaults.items()))
    reset.triggered.connect(lambda: set_values(document, space, defaults, f"Reset {words}"))
    menu.addSeparator()


def set_values(document: MenuDocument, space: ParamSpace, values: Values, label: str) -> None:
    """Change some values of a synth in one step."""
    document.set_patch(document.patch_of(space.name).with_values(**values), label)


def _params(space: ParamSpace, sections: tuple[str, ...]) -> list[Param]:
    return [param for section in sections for param in space if param.section == section]


def _fitting(param: Param, value: object) -> float | tuple[float, ...] | None:
    """A value from a clipboard as the parameter takes it; ``None`` for what it is not."""
    numbers = value if isinstance(value, list) else [value]
    if len(numbers) != param.count or not all(isinstance(n, int | float) and math.isfinite(n) for n in numbers):
        return None
    fitting = tuple(param.clamp(float(n)) for n in numbers)
    return fitting if param.count > 1 else fitting[0]


def _plain(name: str) -> str:
    """``op3_ratio`` is ``op_ratio``: which operator it was does not matter."""
    return f"op{name[3:]}" if name[:2] == "op" and name[2:3].isdigit() else name


def _kind(sections: tuple[str, ...]) -> str:
    return "operator" if sections[0].startswith("Operator ") else " and ".join(sections).lower()
