"""The slim row of choices above the spectrogram."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QComboBox, QHBoxLayout, QSizePolicy, QToolButton, QWidget

from app import theme
from app.controls.colormap import NAMES
from app.controls.freq_scale import SCALES
from app.controls.level_handles import LevelHandles
from app.controls.paint import colour
from app.controls.spectrogram import DEFAULT_DB
from app.icons import ICON_PX, icon
from app.theme import BUTTON_PX
from engine.audio.spectral import FFT_SIZES


class StageBar(QWidget):
    """Scale, FFT size, lanes, colours and level range; emits :attr:`changed` after the person chose something."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.scale = self._choice("Frequency scale", [(name.capitalize(), name) for name in SCALES])
        self.fft = self._choice(
            "FFT size: larger is finer in frequency, smaller in time ([ and ])", [(f"FFT {n}", n) for n in FFT_SIZES]
        )
        self.lanes = self._choice("A lane for each channel, or all in one", [("Channels", False), ("Mix", True)])
        self.map = self._choice("Colour map", [(name.capitalize(), name) for name in NAMES])
        self.notes = self._switch("note-names", "Note names on the frequency scale")
        self.time_only = self._switch("time-only", "Select time only, all frequencies (or hold Shift)")
        self.follow = self._switch("follow", "Turn the page when the playhead leaves the view")
        self.levels = LevelHandles(*DEFAULT_DB)
        self.levels.range_changed.connect(self.changed)
        self._choices, self._switches = QHBoxLayout(), QHBoxLayout()
        for row, widgets in (
            (self._choices, (self.scale, self.fft, self.map)),
            (self._switches, (self.lanes, self.notes, self.time_only, self.follow)),
        ):
            row.setSpacing(4)
            for widget in widgets:
                row.addWidget(widget)
        self._choices.addStretch(0)
        self._switches.addStretch(0)
        self._switches.addWidget(self.levels, 1)
        self._rows = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._rows.setContentsMargins(8, 3, 8, 3)
        self._rows.setSpacing(4)
        self._rows.addLayout(self._choices)
        self._rows.addLayout(self._switches, 1)
        # Two rows of a narrow bar stay together.
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def minimumSizeHint(self) -> QSize:
        """As narrow as the two rows that a narrow bar falls into."""
        margins = self._rows.contentsMargins()
        rows = [row.minimumSize() for row in (self._choices, self._switches)]
        width = max(row.width() for row in rows) + margins.left() + margins.right()
        return QSize(width, super().minimumSizeHint().height())

    def set_channels(self, channels: int) -> None:
        """Offer lanes or a mix where there is more than one channel."""
        self.lanes.setVisible(channels > 1)
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._arrange()
        super().resizeEvent(event)

    def _arrange(self) -> None:
        margins = self._rows.contentsMargins()
        needed = sum(row.minimumSize().width() for row in (self._choices, self._switches)) + self._rows.spacing()
        fits = self.width() >= needed + margins.left() + margins.right()
        wanted = QBoxLayout.Direction.LeftToRight if fits else QBoxLayout.Direction.TopToBottom
        if self._rows.direction() != wanted:
            self._rows.setDirection(wanted)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(event.rect(), colour(theme.tokens().panel))
        for y in (0, self.height() - 1):
            painter.fillRect(QRect(0, y, self.width(), 1), colour(theme.tokens().hairline))

    def _choice(self, name: str, entries: list[tuple[str, object]]) -> QComboBox:
        box = QComboBox(self)
        for text, value in entries:
            box.addItem(text, value)
        box.setAccessibleName(name)
        box.setToolTip(name)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        box.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        box.currentIndexChanged.connect(self.changed)
        return box

    def _switch(self, picture: str, tip: str) -> QToolButton:
        button = QToolButton(self)
        button.setIcon(icon(picture))
        button.setIconSize(QSize(ICON_PX, ICON_PX))
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.setCheckable(True)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.toggled.connect(self.changed)
        button.setFixedHeight(BUTTON_PX)
        return button


def choose(box: QComboBox, value: object) -> None:
    """Select the entry with this value, if there is one."""
    index = box.findData(value)
    if index >= 0:
        box.setCurrentIndex(index)
