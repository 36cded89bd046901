"""The menu of an operator: what every part of an instrument has, and mute and solo."""

from __future__ import annotations

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from app.panels.section_locks import add_locks
from app.panels.section_menu import MenuDocument, add_values, set_values
from engine.params import FM_SPACE


def operator_menu(document: MenuDocument, operator: int, parent: QWidget) -> QMenu:
    """What can be done with an operator; the caller shows and deletes it."""
    menu = QMenu(parent)
    menu.setToolTipsVisible(True)
    for name, words in ((f"op{operator}_mute", "Mute"), (f"op{operator}_solo", "Solo")):
        on = document.patch_of(FM_SPACE.name).values[name] != 0.0
        action = QAction(words, menu, checkable=True, checked=on)
        value = 0.0 if on else 1.0
        label = f"{words if not on else f'Un{words.lower()}'} operator {operator}"
        action.triggered.connect(
            lambda _=False, n=name, v=value, words=label: set_values(document, FM_SPACE, {n: v}, words)
        )
        menu.addAction(action)
    menu.addSeparator()
    add_values(menu, document, FM_SPACE, (f"Operator {operator}",), f"operator {operator}")
    add_locks(menu, document, FM_SPACE.names_in(f"Operator {operator}"), f"operator {operator}")
    return menu
