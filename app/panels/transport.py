"""The transport bar: start, play, stop, loop, time, level, meter and the output device."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFont, QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QToolButton, QWidget

from app import style
from app.action_set import ActionSet
from app.controls.fader import Fader
from app.controls.meter import LevelMeter
from app.icons import ICON_PX, icon
from app.panels.device_button import DeviceButton, dropouts
from app.player import LOWEST_DB, PLAYING, Player
from app.theme import BUTTON_PX, GRID, PADDING, SMALL_TEXT_PX
from engine.params import Param

TICK_MS = 40
"""25 times a second figures are as fast as they can be read."""
LEVEL = Param(
    "level_db",
    LOWEST_DB,
    6.0,
    0.0,
    unit="dB",
    label="Level",
    help="How loud everything plays; files that are written do not change",
    step=1.0,
    off_at_low=True,
    section="Master",
)


def clock_text(seconds: float) -> str:
    """``00:01.234``, with hours in front from one hour on; never rounded up to a moment that has not come."""
    thousandths = int(max(seconds, 0.0) * 1000 + 1e-6)
    minutes, thousandths = divmod(thousandths, 60_000)
    tail = f"{thousandths // 1000:02d}.{thousandths % 1000:03d}"
    hours, minutes_left = divmod(minutes, 60)
    return f"{hours}:{minutes_left:02d}:{tail}" if hours else f"{minutes:02d}:{tail}"


class TransportBar(QWidget):
    """The player's controls.

    With ``actions`` the buttons are the window's actions (``play.start``, ``play.toggle``, ``play.stop``,
    ``play.loop``), with their shortcuts and states; without, they talk to the player.
    """

    device_chosen = Signal(str)
    """The person chose a device; empty means the system's default. The player has it already."""
    latency_chosen = Signal(int)
    """The person chose how far ahead the device is filled, in milliseconds. The player has it already."""
    level_chosen = Signal(float)
    """The person let go of the level fader, in dB."""

    def __init__(self, player: Player, actions: ActionSet | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.player = player
        self.setObjectName("transport")
        self._actions = actions
        self.start = self._button("start", "Go to the start", "play.start", lambda: player.seek(0.0))
        self.play = self._button("play", "Play", "play.toggle", player.toggle)
        self.stop = self._button("stop", "Stop", "play.stop", player.stop)
        self.loop = self._loop_button()
        self.time = self._label(style.font())
        self.time.setAccessibleName("Position")
        self.total = self._label(style.font(SMALL_TEXT_PX), role="small")
        self.total.setAccessibleName("Length")
        self.caption = self._label(style.font(SMALL_TEXT_PX), role="small")
        self.caption.setText(LEVEL.label)
        self.level = Fader(LEVEL)
        self.level.set_value(player.level_db)
        self.level.changing.connect(player.set_level_db)
        self.level.reverted.connect(lambda: player.set_level_db(self.level.value))
        self.level.committed.connect(self.level_chosen)
        self.meter = LevelMeter()
        self.underruns = self._label(style.font(SMALL_TEXT_PX), role="small")
        self.device = DeviceButton(player)
        self.device.chosen.connect(self.device_chosen)
        self.device.latency_chosen.connect(self.latency_chosen)
        self._lay_out()
        self._clock = QTimer(self, interval=TICK_MS)
        self._clock.timeout.connect(self._tick)
        player.state_changed.connect(self._show_state)
        player.sound_changed.connect(self._show_sound)
        player.activity.connect(self._wake)
        player.level_changed.connect(self.level.set_value)
        player.underruns_changed.connect(self._show_underruns)
        self._fold = ""
        self._show_state(player.state)
        self._show_sound()
        self._show_underruns(player.underruns)

    # -- making it ----------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self._row = row = QHBoxLayout(self)
        row.setContentsMargins(0, GRID, 0, GRID)
        row.setSpacing(GRID)
        for button in (self.start, self.play, self.stop, self.loop):
            row.addWidget(button)
        row.addSpacing(PADDING)
        row.addWidget(self.time)
        row.addWidget(self.total)
        row.addStretch(1)
        row.addWidget(self.underruns)
        row.addSpacing(PADDING)
        row.addWidget(self.caption)
        row.addWidget(self.level)
        row.addWidget(self.meter)
        row.addSpacing(PADDING)
        row.addWidget(self.device)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def add_status(self, status: QWidget) -> None:
        """What goes on, in the free space in the middle: it comes and goes without moving anything."""
        self._row.insertWidget(self._row.indexOf(self.underruns), status)

    def add_figures(self, figures: QWidget) -> None:
        """What belongs to the times: it follows them and takes what room is left."""
        self._row.insertWidget(self._row.indexOf(self.total) + 1, figures, 100)

    def minimumSizeHint(self) -> QSize:
        """Without the fader's caption, which goes where there is no room for it."""
        hint = super().minimumSizeHint()
        spare = self.caption.sizeHint().width() + GRID if not self.caption.isHidden() else 0
        return QSize(hint.width() - spare, hint.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        needed = self.minimumSizeHint().width() + self.caption.sizeHint().width() + GRID
        self.caption.setVisible(self.width() >= needed)
        super().resizeEvent(event)

    def _button(self, picture: str, words: str, action_id: str, plain: Callable[[], object]) -> QToolButton:
        button = QToolButton()
        button.setIcon(icon(picture))
        button.setIconSize(QSize(ICON_PX, ICON_PX))
        button.setAutoRaise(True)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setAccessibleName(words)
        button.setToolTip(words)
        button.setFixedHeight(BUTTON_PX)
        if self._actions is None:
            button.clicked.connect(lambda: plain())
        else:
            action = self._actions[action_id]
            button.setToolTip(action.toolTip())
            button.clicked.connect(lambda: action.trigger())
            button.setEnabled(action.isEnabled())
            action.changed.connect(lambda: button.setEnabled(action.isEnabled()))
        return button

    def _loop_button(self) -> QToolButton:
        button = self._button("loop", "Loop", "play.loop", lambda: self._loop_all(self.loop.isChecked()))
        button.setCheckable(True)
        if self._actions is not None:
            action = self._actions["play.loop"]
            button.setChecked(action.isChecked())
            action.toggled.connect(button.setChecked)
        return button

    def _loop_all(self, on: bool) -> None:
        self.player.set_loop((0.0, self.player.duration_s) if on else None)

    def _label(self, font: QFont, role: str = "") -> QLabel:
        label = QLabel()
        label.setFont(font)
        if role:
            label.setProperty("role", role)
        return label

    # -- showing the player -------------------------------------------------------------------------

    def _show_state(self, state: str) -> None:
        playing = state == PLAYING
        self.play.setIcon(icon("pause" if playing else "play"))
        self.play.setAccessibleName("Pause" if playing else "Play")
        self._show_time()

    def _show_time(self) -> None:
        for label, text in (
            (self.time, clock_text(self.player.position_s())),
            (self.total, f"/ {clock_text(self.player.duration_s)}{self._fold}"),
        ):
            if text != label.text():
                longer = len(text) != len(label.text())
                label.setText(text)
                if longer:
                    # As wide as the text can get: figures of equal width, and nothing moves while time runs. A label
                    # of fixed size does not have the whole bar laid out and painted anew with each text.
                    width = label.fontMetrics().horizontalAdvance(text) + GRID
                    label.setFixedSize(width, label.sizeHint().height())

    def _show_sound(self) -> None:
        """Its length, and that not all of its channels are heard apart where there are more than two."""
        clip = self.player.clip
        n = clip.channels if clip is not None else 1
        self._fold = f" · {n} → 2 ch" if n > 2 else ""
        self.total.setToolTip(f"{n} channels, heard together on left and right, each of them quieter" if n > 2 else "")
        self._show_time()

    def _show_underruns(self, count: int) -> None:
        self.underruns.setVisible(count > 0)
        self.underruns.setText(dropouts(count))
        self.underruns.setToolTip(
            "How often the sound device ran dry: the machine was too busy. A longer latency helps.\n"
            "The menu of the sound device sets it, and clears this count."
        )

    def _wake(self) -> None:
        if self.isVisible():
            self._clock.start()

    def _tick(self) -> None:
        self._show_time()
        levels = self.player.levels()
        self.meter.feed(levels.left, levels.right)
        if not self.player.is_sounding and self.meter.at_rest:
            self._clock.stop()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._clock.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._clock.stop()
