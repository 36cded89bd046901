"""Who gets a key: a text field keeps what it needs to be typed into, everything else leaves it to the shortcuts."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)
from shiboken6 import isValid

_EDITING = {Qt.Key.Key_Z, Qt.Key.Key_Y, Qt.Key.Key_A, Qt.Key.Key_C, Qt.Key.Key_V, Qt.Key.Key_X}
_CONTROL = Qt.KeyboardModifier.ControlModifier
_ALT = Qt.KeyboardModifier.AltModifier


def is_text_field(widget: QWidget | None) -> bool:
    """Whether keys typed here are text."""
    if isinstance(widget, QComboBox):
        return widget.isEditable()
    if isinstance(widget, QLineEdit | QPlainTextEdit | QTextEdit):
        return not widget.isReadOnly()
    return isinstance(widget, QAbstractSpinBox)


class KeyGuard(QObject):
    """Follows the focus and settles two questions about keys.

    A text field keeps every key without Ctrl or Alt and the editing ones with Ctrl: a space is a space, Return ends the
    entry, and Ctrl+Z takes back typing. (Qt by itself keeps letters but gives Return to a shortcut.)
    A button that has the focus is pressed by Return, because Space means play everywhere.
    """

    def __init__(self, app: QApplication, parent: QObject) -> None:
        super().__init__(parent)
        self._guarded: QWidget | None = None
        app.focusChanged.connect(self._follow)

    def _follow(self, _old: QWidget | None, new: QWidget | None) -> None:
        # A field that dies takes the focus with it: then only its Python side is left.
        if self._guarded is not None and isValid(self._guarded):
            self._guarded.removeEventFilter(self)
        self._guarded = None
        if new is not None and (is_text_field(new) or isinstance(new, QAbstractButton)):
            new.installEventFilter(self)
            self._guarded = new

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            if is_text_field(watched) if isinstance(watched, QWidget) else False:
                modifiers = event.modifiers()
                if not modifiers & (_CONTROL | _ALT) or (modifiers & _CONTROL and event.key() in _EDITING):
                    event.accept()
            elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers() & (_CONTROL | _ALT):
                event.accept()
        elif event.type() == QEvent.Type.KeyPress and isinstance(watched, QAbstractButton):
            assert isinstance(event, QKeyEvent)
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.isAutoRepeat():
                watched.click()
                return True
        return False
