"""The window's frame: header, docks, stage, footer. It knows no engine; whoever composes it fills in the panels."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QByteArray, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QPaintEvent
from PySide6.QtWidgets import (
    QDockWidget,
    QFrame,
    QHBoxLayout,
    QMainWindow,
    QMenuBar,
    QPushButton,
    QSizePolicy,
    QStatusBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app import icons
from app.action_set import ActionSet
from app.actions import BY_ID, shortcut_text
from app.controls.value_widget import ValueHost
from app.dock_title import DockTitle
from app.dock_widths import DockWidths
from app.message_bar import MessageBar
from app.palette import Palette
from app.settings import LAYOUT_VERSION, Settings
from app.theme import BUTTON_PX, PADDING

HEADER_PX = 40
DEFAULT_SIZE = QSize(1366, 768)
MIN_SIZE = QSize(960, 540)
FRAME = QSize(16, 48)
"""Room for the title bar and the border that the window manager adds; its own figures are known only later."""

_AREAS = {
    "left": Qt.DockWidgetArea.LeftDockWidgetArea,
    "right": Qt.DockWidgetArea.RightDockWidgetArea,
    "bottom": Qt.DockWidgetArea.BottomDockWidgetArea,
}


class ActionButton(QToolButton):
    """A quiet button for one action: its icon, its tool tip, its state; it never takes the keyboard from the panels."""

    def __init__(self, actions: ActionSet, action_id: str) -> None:
        super().__init__()
        self.setDefaultAction(actions[action_id])
        self.setIconSize(QSize(icons.ICON_PX, icons.ICON_PX))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(BY_ID[action_id].text)
        self.setFixedHeight(BUTTON_PX)


class MainWindow(QMainWindow):
    """Header above, panels in docks around the stage, transport and jobs below.

    ``may_close`` is asked before the window goes (unsaved work); ``closed`` comes once, when it went.
    """

    first_painted = Signal()
    """The first frame is on the screen: what was put off may start."""
    closed = Signal()

    def __init__(self, actions: ActionSet, settings: Settings) -> None:
        super().__init__()
        self.actions_ = actions
        self.settings = settings
        self.may_close: Callable[[], bool] = lambda: True
        self.value_host: ValueHost | None = None
        """Who knows which controllers turn the values in the window."""
        self._painted = False
        self._docks: dict[str, QDockWidget] = {}
        self._first_layout = QByteArray()
        # Not in the middle of a move, when a dock is in two places.
        self._regroup = QTimer(self, singleShot=True, interval=0)
        self._regroup.timeout.connect(self.show_groups)
        self.setObjectName("window")
        self.setWindowTitle("Tonewright")
        self.setWindowIcon(icons.icon("app", "accent"))
        self.setMinimumSize(MIN_SIZE)
        self.setDockOptions(QMainWindow.DockOption.AllowNestedDocks | QMainWindow.DockOption.AllowTabbedDocks)
        for corner in (Qt.Corner.BottomLeftCorner, Qt.Corner.TopLeftCorner):
            self.setCorner(corner, _AREAS["left"])
        for corner in (Qt.Corner.BottomRightCorner, Qt.Corner.TopRightCorner):
            self.setCorner(corner, _AREAS["right"])
        for action in actions.all():
            # On the window as well as in a menu, so that a key works while the menu bar is elsewhere.
            self.addAction(action)
        self.messages = MessageBar()
        self.palette_ = Palette(actions, self)
        self.setMenuWidget(self._header())
        self._centre = QWidget()
        self._centre_column = QVBoxLayout(self._centre)
        self._centre_column.setContentsMargins(0, 0, 0, 0)
        self._centre_column.setSpacing(0)
        self._centre_column.addWidget(self.messages)
        # Somebody has to have the focus at the start, and no button should.
        self._centre.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setCentralWidget(self._centre)
        self._centre.setFocus()
        self._footer = QStatusBar()
        self._footer.setObjectName("footer")
        self._footer.setSizeGripEnabled(False)
        self._footer.setContentsMargins(PADDING, 0, PADDING, 0)
        self.setStatusBar(self._footer)

    # -- filling in ------------------------------------------------------------------------------------------------

    def set_stage(self, stage: QWidget) -> None:
        self._centre_column.addWidget(stage, 1)

    def add_above_stage(self, bar: QWidget) -> None:
        """A further strip between the messages and the stage (what to do with an earlier session)."""
        self._centre_column.insertWidget(1, bar)

    def add_below_stage(self, bar: QWidget) -> None:
        """A further strip under the stage (what words are to find)."""
        self._centre_column.addWidget(bar)

    def add_panel(
        self, name: str, title: str, widget: QWidget, area: str, action_id: str, *, behind: str = ""
    ) -> QDockWidget:
        """Put a panel into a dock at ``left``, ``right`` or ``bottom``, or ``behind`` another one as a tab;
        ``action_id`` shows and hides it."""
        dock = QDockWidget(title, self)
        dock.setObjectName(name)
        widget.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        dock.setWidget(widget)
        dock.setTitleBarWidget(DockTitle(dock))
        self.addDockWidget(_AREAS[area], dock)
        if behind:
            self.tabifyDockWidget(self._docks[behind], dock)
            self._docks[behind].raise_()
        action = self.actions_[action_id]
        self.actions_.bind(action_id, lambda on: self._show_panel(name, on))
        dock.toggleViewAction().toggled.connect(action.setChecked)
        action.setChecked(True)
        for moved in (dock.visibilityChanged, dock.dockLocationChanged, dock.topLevelChanged):
            moved.connect(self._regroup.start)
        self._docks[name] = dock
        return dock

    def bring_by(self, action_id: str, name: str) -> None:
        """``action_id`` brings the panel to the front, and does nothing else where it is there."""
        self.actions_.bind(action_id, lambda: self._show_panel(name, True))

    def set_footer(self, transport: QWidget) -> None:
        self._footer.addWidget(transport, 1)

    def add_to_header(self, widget: QWidget) -> None:
        """A further item at the right end of the header."""
        self._header_row.addWidget(widget)

    def panel(self, name: str) -> QDockWidget:
        return self._docks[name]

    def in_sight(self, name: str) -> bool:
        """Whether a panel can be seen: it is open, and no tab lies before it."""
        dock = self._docks[name]
        return dock.isVisible() and not dock.visibleRegion().isEmpty()

    def show_groups(self) -> None:
        """Let the titles of docks say which others lie in the same place."""
        for dock in self._docks.values():
            title = dock.titleBarWidget()
            group = {dock, *self.tabifiedDockWidgets(dock)}
            if isinstance(title, DockTitle):
                title.show_group([other for other in self._docks.values() if other in group])

    # -- layout ----------------------------------------------------------------------------------------------------

    def finish(self, widths: dict[str, int], hidden: tuple[str, ...] = ()) -> None:
        """All panels are in: give them their first widths, then bring back the layout of last time."""
        for name in hidden:
            self._docks[name].hide()
            self._docks[name].toggleViewAction().setChecked(False)
        self.resize(self._fitting(DEFAULT_SIZE))
        docks = [self._docks[name] for name in widths]
        self.resizeDocks(docks, list(widths.values()), Qt.Orientation.Horizontal)
        self._first_layout = self.saveState(LAYOUT_VERSION)
        self._widths = DockWidths(self, self._docks.values)
        if self.settings.get("window/layout_version") == LAYOUT_VERSION:
            self.restoreGeometry(QByteArray(self.settings.get("window/geometry")))
            self.restoreState(QByteArray(self.settings.get("window/layout")), LAYOUT_VERSION)
        if not self.settings.get("window/layout"):
            self._widths.want(dict(zip(docks, widths.values(), strict=True)))
        self._sync_panel_actions()
        self.show_groups()

    def reset_layout(self) -> None:
        """Every panel where it was at the first start."""
        self.restoreState(self._first_layout, LAYOUT_VERSION)
        self._widths.remember()
        self._sync_panel_actions()
        self.show_groups()

    def take_size(self, width: int, height: int) -> None:
        """Be so large, even if the window was maximised last time."""
        self.setWindowState(Qt.WindowState.WindowNoState)
        self.resize(width, height)

    def save_layout(self) -> None:
        self.settings.set("window/geometry", self.saveGeometry().data())
        self.settings.set("window/layout", self.saveState(LAYOUT_VERSION).data())
        self.settings.set("window/layout_version", LAYOUT_VERSION)

    def _sync_panel_actions(self) -> None:
        for dock in self._docks.values():
            dock.toggleViewAction().toggled.emit(not dock.isHidden())

    def _show_panel(self, name: str, on: bool) -> None:
        dock = self._docks[name]
        if not on and not dock.isHidden() and not self.in_sight(name):
            # It lies behind another one: whoever asks for it wants to see it.
            self.actions_[f"view.{name}"].setChecked(True)
            on = True
        dock.setVisible(on)
        if on:
            dock.raise_()

    def _map_floating(self) -> None:
        """Panels that floated last time came back before this window was there: a window manager puts it over them,
        and only what is shown anew belongs to it."""
        for dock in self._docks.values():
            if dock.isFloating() and dock.isVisible():
                dock.hide()
                dock.show()

    def _fitting(self, size: QSize) -> QSize:
        screen = self.screen()
        return size if screen is None else size.boundedTo(screen.availableSize() - FRAME)

    # -- header ----------------------------------------------------------------------------------------------------

    def _header(self) -> QWidget:
        header = QFrame()
        header.setObjectName("header")
        header.setFixedHeight(HEADER_PX)
        self._header_row = row = QHBoxLayout(header)
        row.setContentsMargins(PADDING, 0, PADDING, 0)
        row.setSpacing(4)
        bar = QMenuBar()
        bar.setNativeMenuBar(False)
        bar.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self.actions_.fill_menu_bar(bar)
        row.addWidget(bar, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addSpacing(PADDING)
        row.addWidget(ActionButton(self.actions_, "edit.undo"))
        row.addWidget(ActionButton(self.actions_, "edit.redo"))
        row.addStretch(1)
        find = QPushButton(f"Find an action   {shortcut_text(BY_ID['view.palette'])}")
        find.setObjectName("paletteButton")
        find.setIcon(icons.icon("search", "secondary"))
        find.setToolTip(self.actions_["view.palette"].toolTip())
        find.setAccessibleName("Find an action")
        find.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        find.setMinimumWidth(240)
        find.clicked.connect(self.actions_["view.palette"].trigger)
        row.addWidget(find)
        row.addStretch(1)
        return header

    # -- events ----------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._painted:
            self._painted = True
            QTimer.singleShot(0, self._map_floating)
            QTimer.singleShot(0, self.first_painted.emit)

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self.may_close():
            event.ignore()
            return
        self.save_layout()
        event.accept()
        self.closed.emit()
