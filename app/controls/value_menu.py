"""What a value's context menu offers, and the way to the clipboard and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence
from PySide6.QtWidgets import QMenu

from app.controls.words import choice_words, typeset
from engine.errors import ParamTextError
from engine.params import Param
from engine.params.text import exact_text, format_value, parse_value

if TYPE_CHECKING:
    from app.controls.value_widget import ValueWidget


def _shown(param: Param, value: float) -> str:
    text = format_value(param, value)
    return choice_words(text) if param.choices else typeset(text)


def copy_value(widget: ValueWidget) -> None:
    """Put the exact value on the clipboard, as text with its unit."""
    QGuiApplication.clipboard().setText(exact_text(widget.param, widget.value))


def paste_value(widget: ValueWidget) -> None:
    """Take the clipboard's text as if it had been typed; text that is no value is left alone."""
    if (value := _pasteable(widget)) is not None:
        widget.enter(value)


def _pasteable(widget: ValueWidget) -> float | None:
    try:
        return parse_value(widget.param, QGuiApplication.clipboard().text(), widget.value)
    except ParamTextError:
        return None


def value_menu(widget: ValueWidget) -> QMenu:
    """Type, reset, copy, paste and, where there is something to protect from, lock; the caller shows and deletes it."""
    menu = QMenu(widget)
    typing = menu.addAction("Type value…")
    typing.setShortcut(QKeySequence(Qt.Key.Key_Return))
    typing.triggered.connect(lambda: widget.open_editor())
    default = menu.addAction(f"Reset to {_shown(widget.param, widget.param.default)}")
    default.setShortcut(QKeySequence(Qt.Key.Key_Delete))
    default.triggered.connect(widget.gesture.reset)
    default.setEnabled(widget.value != widget.param.default)
    menu.addSeparator()
    copying = menu.addAction("Copy value")
    copying.setShortcut(QKeySequence(QKeySequence.StandardKey.Copy))
    copying.triggered.connect(lambda: copy_value(widget))
    pasting = menu.addAction("Paste value")
    pasting.setShortcut(QKeySequence(QKeySequence.StandardKey.Paste))
    pasting.setEnabled(_pasteable(widget) is not None)
    pasting.triggered.connect(lambda: paste_value(widget))
    if not widget.lockable:
        return menu
    menu.addSeparator()
    lock = QAction("Lock", menu, checkable=True, checked=widget.locked)
    lock.setToolTip("Words, presets and chance leave a locked value alone")
    lock.toggled.connect(widget.set_locked)
    menu.addAction(lock)
    return menu
