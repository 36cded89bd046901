"""The table of actions come to life: one ``QAction`` for each, bound to what it does, in the menus of the window."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QMenuBar

from app import icons
from app.actions import ACTIONS, BY_ID, MENUS, tool_tip


class ActionSet(QObject):
    """The table as living ``QAction`` objects; handlers are bound once, by whoever composes the window."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._actions: dict[str, QAction] = {}
        self._bound: set[str] = set()
        self._reasons: dict[str, str] = {}
        for data in ACTIONS:
            action = QAction(data.text, self)
            action.setObjectName(data.id)
            action.setShortcuts(data.shortcuts)
            context = Qt.ShortcutContext.WidgetShortcut if data.local else Qt.ShortcutContext.WindowShortcut
            action.setShortcutContext(context)
            action.setCheckable(data.checkable)
            action.setToolTip(tool_tip(data))
            # Qt would move an action called "Preferences" or "Quit" on macOS by guessing from its words.
            action.setMenuRole(QAction.MenuRole.NoRole)
            if data.icon:
                action.setIcon(icons.icon(data.icon))
                # An icon would stand where the tick belongs.
                action.setIconVisibleInMenu(not data.checkable)
            self._actions[data.id] = action

    def __getitem__(self, action_id: str) -> QAction:
        return self._actions[action_id]

    def all(self) -> list[QAction]:
        """Every action, in the table's order."""
        return list(self._actions.values())

    def bind(self, action_id: str, handler: Callable[..., object]) -> None:
        """Say what an action does; a checkable one hands over its new state. Binding twice is a mistake."""
        if action_id in self._bound:
            raise ValueError(f"{action_id} is bound twice.")
        action = self._actions[action_id]
        self._bound.add(action_id)
        if action.isCheckable():
            action.triggered.connect(lambda checked: handler(checked))
        else:
            action.triggered.connect(lambda: handler())

    def unbound(self) -> list[str]:
        """Ids that do nothing yet."""
        return [i for i in self._actions if i not in self._bound]

    def enable(self, action_id: str, on: bool, why_not: str = "") -> None:
        """Whether an action can be done; ``why_not`` says in a few words when it can."""
        action = self._actions[action_id]
        action.setEnabled(on)
        reason = "" if on else why_not
        if reason != self._reasons.get(action_id, ""):
            self._reasons[action_id] = reason
            action.setToolTip("\n".join(filter(None, (tool_tip(BY_ID[action_id]), reason))))

    def why_not(self, action_id: str) -> str:
        """When an action that cannot be done now can be done; empty where nobody said."""
        return self._reasons.get(action_id, "")

    def fill_menu_bar(self, bar: QMenuBar) -> None:
        for title, ids in MENUS:
            menu = QMenu(title, bar)
            for action_id in ids:
                if action_id is None:
                    menu.addSeparator()
                else:
                    menu.addAction(self._actions[action_id])
            bar.addMenu(menu)
