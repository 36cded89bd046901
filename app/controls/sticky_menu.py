"""A menu that stays open while its check marks are set, so that several are set in one visit."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QMenu

_PRESSES = (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter)


class StickyMenu(QMenu):
    """Checkable entries, and those whose ``stays`` property is set, leave it open; all others close it."""

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        action = self.actionAt(event.position().toPoint())
        if action is not None and _stays(action) and event.button() == Qt.MouseButton.LeftButton:
            action.trigger()
        else:
            super().mouseReleaseEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        action = self.activeAction()
        if action is not None and _stays(action) and event.key() in _PRESSES:
            action.trigger()
        else:
            super().keyPressEvent(event)


def _stays(action: QAction) -> bool:
    return action.isEnabled() and (action.isCheckable() or bool(action.property("stays")))
