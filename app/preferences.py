"""Preferences: how the window looks and where the sound goes. Every choice takes effect at once and is remembered."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.controls.plain import plain_label
from app.controls.toggle import Toggle
from app.playback.output import LATENCIES_MS
from app.settings import ZOOM_PERCENTS, Settings
from app.theme import PADDING, PADDING_WIDE

SYSTEM_DEVICE = "System default"


class Preferences(QDialog):
    """Small and flat; signals say what changed, whoever composes the window does it."""

    theme_chosen = Signal(str)
    zoom_chosen = Signal(int)
    motion_chosen = Signal(bool)
    hear_chosen = Signal(bool)
    device_chosen = Signal(str)
    """A device's name; empty for the system's default."""
    latency_chosen = Signal(int)
    """Milliseconds."""
    test_wanted = Signal()

    def __init__(
        self,
        settings: Settings,
        devices: Callable[[], list[str]],
        device: str,
        parent: QWidget | None = None,
        *,
        midi: str = "",
    ) -> None:
        """``midi`` is a sentence about the MIDI keyboards there are."""
        super().__init__(parent)
        self.setWindowTitle("Preferences")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.theme = QComboBox()
        self.theme.addItem("Dark", "dark")
        self.theme.addItem("Light", "light")
        self.theme.setCurrentIndex(self.theme.findData(settings.get("view/theme")))
        self.theme.currentIndexChanged.connect(lambda: self.theme_chosen.emit(self.theme.currentData()))
        self.zoom = QComboBox()
        for percent in ZOOM_PERCENTS:
            self.zoom.addItem(f"{percent} %", percent)
        self.zoom.setCurrentIndex(self.zoom.findData(settings.get("view/zoom_percent")))
        self.zoom.currentIndexChanged.connect(self._zoom)
        self.zoom_note = QLabel("Taken up at the next start.")
        self.zoom_note.setProperty("role", "small")
        self.zoom_note.setVisible(False)
        self.motion = Toggle("Let panels and meters glide")
        self.motion.setChecked(settings.get("view/motion"))
        self.motion.toggled.connect(self.motion_chosen)
        self.hear = Toggle("Strike the note again when a knob is turned")
        self.hear.setChecked(settings.get("edit/hear_while_turning"))
        self.hear.toggled.connect(self.hear_chosen)
        self.device = QComboBox()
        self.device.addItem(SYSTEM_DEVICE, "")
        for name in devices():
            self.device.addItem(name, name)
        if device and self.device.findData(device) < 0:
            self.device.addItem(f"{device} (not there)", device)
        self.device.setCurrentIndex(max(self.device.findData(device), 0))
        self.device.setMinimumContentsLength(24)
        self.device.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.device.currentIndexChanged.connect(lambda: self.device_chosen.emit(self.device.currentData()))
        self.latency = QComboBox()
        for milliseconds in LATENCIES_MS:
            self.latency.addItem(f"{milliseconds} ms", milliseconds)
        self.latency.setCurrentIndex(self.latency.findData(settings.get("audio/latency_ms")))
        self.latency.setToolTip("Shorter answers the keys sooner, longer survives a busy machine")
        self.latency.currentIndexChanged.connect(lambda: self.latency_chosen.emit(self.latency.currentData()))
        self.midi = plain_label(midi)
        self.midi.setWordWrap(True)
        self.midi.setProperty("role", "secondary")
        self.test = QPushButton("Test tone")
        self.test.clicked.connect(self.test_wanted)
        device_row = QHBoxLayout()
        device_row.setSpacing(PADDING)
        device_row.addWidget(self.device, 1)
        device_row.addWidget(self.test)
        zoom_row = QHBoxLayout()
        zoom_row.setSpacing(PADDING)
        zoom_row.addWidget(self.zoom)
        zoom_row.addWidget(self.zoom_note, 1, Qt.AlignmentFlag.AlignVCenter)
        form = QFormLayout()
        form.setHorizontalSpacing(PADDING_WIDE)
        form.setVerticalSpacing(PADDING)
        form.addRow("Theme", self.theme)
        form.addRow("Zoom", zoom_row)
        form.addRow("Movement", self.motion)
        form.addRow("Sound device", device_row)
        form.addRow("Latency", self.latency)
        form.addRow("MIDI", self.midi)
        form.addRow("While turning", self.hear)
        named = (("Theme", self.theme), ("Zoom", self.zoom), ("Sound device", self.device), ("Latency", self.latency))
        for words, widget in named:
            widget.setAccessibleName(words)
        close = QPushButton("Close")
        close.setDefault(True)
        close.clicked.connect(self.accept)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(16)
        column.addLayout(form)
        column.addStretch(1)
        column.addLayout(buttons)
        self.setMinimumWidth(440)

    def _zoom(self) -> None:
        self.zoom_note.setVisible(True)
        self.zoom_chosen.emit(self.zoom.currentData())
