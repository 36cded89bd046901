"""The output device: its name in the transport bar, and a menu to choose another one and to hear a test tone."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from app.controls.plain import plain_tip
from app.icons import ICON_PX, icon
from app.playback.output import LATENCIES_MS
from app.player import Player
from app.theme import BUTTON_PX

SYSTEM_DEFAULT = "System default"
SILENT = "No sound"
WIDTH_PX = 160


def dropouts(count: int) -> str:
    """``1 dropout``, ``2 dropouts``."""
    return f"{count} dropout{'s' if count != 1 else ''}"


class DeviceButton(QToolButton):
    """Shows what plays; a press opens the menu."""

    chosen = Signal(str)
    """A device's name; empty for the system's default."""
    latency_chosen = Signal(int)
    """Milliseconds; the player has it already."""

    def __init__(self, player: Player, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._player = player
        self._menu = QMenu(self)
        self._menu.setToolTipsVisible(True)
        self._menu.aboutToShow.connect(self._fill)
        self.setMenu(self._menu)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setIconSize(QSize(ICON_PX, ICON_PX))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setMaximumWidth(WIDTH_PX)
        self.setFixedHeight(BUTTON_PX)
        player.device_changed.connect(self._show)
        player.devices_changed.connect(self._refill)
        self._show(player.device)

    def _show(self, device: str) -> None:
        wanted = self._player.wanted_device
        silent = self._player.is_silent
        words = SILENT if silent else wanted or SYSTEM_DEFAULT
        room = WIDTH_PX - ICON_PX - 28
        # Qt leaves no air between the icon and the words.
        self.setText(" " + self.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, room))
        self.setIcon(icon("speaker", "warning" if silent else "text"))
        self.setAccessibleName("Sound device")
        now = "Playing silently: there is no sound device" if silent else f"Playing through “{device or words}”"
        self.setAccessibleDescription(now)
        self.setToolTip(plain_tip(f"{now}\nClick to choose a sound device or hear a test tone"))

    def _refill(self) -> None:
        if self._menu.isVisible():
            self._fill()

    def _fill(self) -> None:
        """The menu as things are now; PortAudio looks for news meanwhile, if nothing plays."""
        player, menu = self._player, self._menu
        if not menu.isVisible() and not player.is_sounding:
            player.look_for_devices()
        menu.clear()
        group = QActionGroup(menu)
        names = player.devices()
        wanted = player.wanted_device
        if wanted is not None and wanted not in names:
            names = [*names, wanted]
        for name in ("", *names):
            words = name or SYSTEM_DEFAULT
            if name == wanted and name not in player.devices():
                words = f"{name} (not there)"
            action = QAction(words.replace("&", "&&"), group, checkable=True)
            action.setChecked(name == (wanted or ""))
            action.triggered.connect(lambda _, name=name: self.choose(name))
            menu.addAction(action)
        menu.addSeparator()
        tone = menu.addAction(icon("speaker"), "Play a test tone")
        tone.setToolTip("Left, then right, then both")
        tone.triggered.connect(player.test_tone)
        menu.addMenu(self._latency_menu())
        if player.underruns:
            clear = menu.addAction(f"Clear the count of {dropouts(player.underruns)}")
            clear.setToolTip("Count anew, to see whether another latency helps")
            clear.triggered.connect(player.clear_underruns)

    def _latency_menu(self) -> QMenu:
        menu = QMenu("Latency", self._menu)
        group = QActionGroup(menu)
        for milliseconds in LATENCIES_MS:
            action = QAction(f"{milliseconds} ms", group, checkable=True)
            action.setChecked(abs(self._player.latency_s * 1000 - milliseconds) < 0.5)
            action.triggered.connect(lambda _, chosen=milliseconds: self.choose_latency(chosen))
            menu.addAction(action)
        return menu

    def choose_latency(self, milliseconds: int) -> None:
        """Fill the device that far ahead."""
        self._player.set_latency(milliseconds / 1000)
        self.latency_chosen.emit(milliseconds)

    def choose(self, name: str) -> None:
        """Play through that device; empty means the system's default."""
        self._player.set_device(name or None)
        self.chosen.emit(name)
