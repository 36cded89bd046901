"""A pad on which an object is scraped, rolled on and bounced on, and damped by a hand.

Whoever places it connects :attr:`GesturePad.touched`, :attr:`GesturePad.lifted` and :attr:`GesturePad.damped` to the
instrument (``touch(x, y, force, pad.hand)``, ``lift()``, ``damp(on)``); :class:`app.gestures.Gestures` does that and
keeps what was drawn.
"""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QStackedLayout, QToolButton, QVBoxLayout, QWidget

from app.controls.gesture_surface import GestureSurface
from app.controls.value_field import ValueField
from app.theme import BUTTON_PX, GRID
from engine.params.gesture import BOUNCE, GESTURES, ROLL, Gesture, Hand

_TITLES = dict(zip(GESTURES, ("Scrape", "Roll", "Bounce"), strict=True))
_TIPS = {
    "scrape": "Drag over the object: the faster, the denser and brighter",
    "roll": "Hold to strike again and again where the hand is",
    "bounce": "Drop the striker: it jumps until it lies still",
}


class GesturePad(QWidget):
    """A surface, what drawing on it does, and a hand that damps."""

    touched = Signal(float, float, float, float)
    """``x``, ``y``, force and seconds since the hand came down; see :class:`GestureSurface`."""
    lifted = Signal()
    damped = Signal(bool)
    mode_changed = Signal(str)
    """One of ``GESTURES``."""
    drawn = Signal(object)
    """A whole :class:`Gesture`, once the hand has left."""
    keep_asked = Signal(object)
    """The last :class:`Gesture` is to be kept as a sound."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.surface = GestureSurface()
        self.last: Gesture | None = None
        """What was drawn last."""
        self._seed = 0
        self._mode = GESTURES[0]
        self.modes: dict[str, QToolButton] = {}
        self._group = QButtonGroup(self)
        row = QHBoxLayout()
        row.setSpacing(GRID)
        for name in GESTURES:
            button = QToolButton()
            button.setText(_TITLES[name])
            button.setToolTip(_TIPS[name])
            button.setAccessibleName(_TITLES[name])
            button.setCheckable(True)
            button.setFixedHeight(BUTTON_PX)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(lambda _on=False, chosen=name: self.choose(chosen))
            self._group.addButton(button)
            self.modes[name] = button
            row.addWidget(button)
        self.fields = {"roll": ValueField(ROLL, labelled=False), "bounce": ValueField(BOUNCE, labelled=False)}
        # The room of the field stays, so that nothing in the row moves.
        self._stack = QStackedLayout()
        self._stack.addWidget(QWidget())
        for field in self.fields.values():
            field.lockable = False
            field.setFixedWidth(64)
            self._stack.addWidget(field)
        row.addLayout(self._stack)
        row.addStretch(1)
        self.damp = QPushButton("Damp")
        self.damp.setToolTip("A hand on the object: what rings dies away while this is on")
        self.damp.setCheckable(True)
        self.keep = QPushButton("Keep")
        self.keep.setToolTip("Put what was drawn last into the library, as a take")
        self.keep.setEnabled(False)
        for button_of_row in (self.damp, self.keep):
            button_of_row.setFixedHeight(BUTTON_PX)
            button_of_row.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            row.addWidget(button_of_row)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addLayout(row)
        column.addWidget(self.surface, 1)
        self.surface.touched.connect(self.touched)
        self.surface.lifted.connect(self._on_lifted)
        self.surface.damped.connect(self._on_damped)
        self.damp.toggled.connect(self._damp_toggled)
        self.keep.clicked.connect(self._on_keep)
        self._show_mode()

    @property
    def mode(self) -> str:
        """What drawing does: one of ``GESTURES``."""
        return self._mode

    @property
    def hand(self) -> Hand:
        """How the gesture under way, or else the next one, drives the object."""
        return Hand(self._mode, self.fields["roll"].value, self.fields["bounce"].value, self._seed)

    def choose(self, mode: str) -> None:
        """Let drawing do something else."""
        changed = mode != self._mode
        self._mode = mode
        self._show_mode()
        if changed:
            self.mode_changed.emit(mode)

    def _show_mode(self) -> None:
        for name, button in self.modes.items():
            button.setChecked(name == self._mode)
        self._stack.setCurrentIndex([None, *self.fields].index(self._mode if self._mode in self.fields else None))
        self.surface.set_words(_TIPS[self._mode])

    def _on_lifted(self) -> None:
        self.last = Gesture(self.hand, tuple(self.surface.touches))
        self.keep.setEnabled(True)
        self._seed += 1
        self.lifted.emit()
        self.drawn.emit(self.last)

    def _on_damped(self, on: bool) -> None:
        """By the surface: while a button or a key is held."""
        if not self.damp.isChecked():
            self.damped.emit(on)
        else:
            self.surface.show_damped(True)

    def _damp_toggled(self, on: bool) -> None:
        self.surface.show_damped(on)
        self.damped.emit(on)

    def _on_keep(self) -> None:
        if self.last is not None:
            self.keep_asked.emit(self.last)
