"""Showing context menus."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QMenu, QWidget


def pop_up(menu: QMenu, place: QPoint) -> None:
    """Show a menu at a place of the screen; it goes for good when it closes."""
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    menu.popup(place)


def below(button: QWidget) -> QPoint:
    """Where on the screen the menu of a button belongs."""
    return button.mapToGlobal(button.rect().bottomLeft())
