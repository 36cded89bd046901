"""The title of a dock: its name, or a tab for each dock that lies in the same place, and float and hide."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QDockWidget, QFrame, QHBoxLayout, QLabel, QSizePolicy, QToolButton

from app import icons
from app.theme import PADDING, PADDING_WIDE, SMALL_BUTTON_PX

DOCK_TITLE_PX = 32


class DockTitle(QFrame):
    """What is no button is what the dock is dragged by."""

    def sizeHint(self) -> QSize:
        # A dock gives its title bar what it hints at, whatever height was fixed.
        return QSize(super().sizeHint().width(), DOCK_TITLE_PX)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def __init__(self, dock: QDockWidget) -> None:
        super().__init__(dock)
        self.setObjectName("dockTitle")
        self.setFixedHeight(DOCK_TITLE_PX)
        self._dock = dock
        self.tabs: dict[str, QToolButton] = {}
        """By the name of a dock, while several lie here."""
        row = QHBoxLayout(self)
        row.setContentsMargins(PADDING_WIDE, 0, 4, 0)
        row.setSpacing(0)
        self._label = QLabel(dock.windowTitle())
        self._label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._names = QHBoxLayout()
        self._names.setSpacing(0)
        row.addLayout(self._names)
        row.addWidget(self._label, 1)
        row.addStretch()
        for name, words, slot in (
            (
                "float",
                "Take the panel out of the window or put it back",
                lambda: dock.setFloating(not dock.isFloating()),
            ),
            ("close", "Hide the panel", dock.close),
        ):
            button = QToolButton()
            button.setIcon(icons.icon(name, "secondary"))
            button.setIconSize(QSize(12, 12))
            button.setFixedHeight(SMALL_BUTTON_PX)
            button.setToolTip(words)
            button.setAccessibleName(f"{words}: {dock.windowTitle()}")
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(slot)
            row.addWidget(button)

    def show_group(self, docks: Sequence[QDockWidget]) -> None:
        """These docks lie in one place, this one among them: a tab for each, or its name when it is alone."""
        group = {dock.objectName(): dock for dock in docks} if len(docks) > 1 else {}
        if list(group) == list(self.tabs):
            return
        for tab in self.tabs.values():
            self._names.removeWidget(tab)
            tab.hide()
            tab.deleteLater()
        self.tabs = {name: self._tab(dock) for name, dock in group.items()}
        self._label.setHidden(bool(group))
        margins = self.contentsMargins()
        self.layout().setContentsMargins(PADDING if group else PADDING_WIDE, margins.top(), 4, margins.bottom())

    def _tab(self, dock: QDockWidget) -> QToolButton:
        is_own = dock is self._dock
        tab = QToolButton()
        tab.setObjectName("dockTab")
        tab.setText(dock.windowTitle())
        tab.setCheckable(True)
        tab.setChecked(is_own)
        tab.setFixedHeight(DOCK_TITLE_PX - 1)
        tab.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        tab.setAccessibleName(f"{dock.windowTitle()} panel")
        tab.setToolTip("" if is_own else f"Show {dock.windowTitle()}")

        def choose() -> None:
            # The one in front stays marked: a tab is no switch that can be off.
            tab.setChecked(is_own)
            dock.raise_()

        tab.clicked.connect(choose)
        self._names.addWidget(tab)
        return tab
