"""The computer's keyboard as a piano, by the places of its keys and not by their letters.

The middle row has the white keys from C on, the row above it the black ones; in the lowest row the first two keys move
the octave and the next two how hard the keys are hit. While it is on, these keys belong to the piano wherever the focus
is, except in text fields, dialogs and menus, and never together with Ctrl, Alt or the system's key. Single-letter
shortcuts on these keys give way until it is off again.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QApplication, QDockWidget, QWidget
from shiboken6 import isValid

from app.held_notes import HeldNotes
from app.key_places import LETTERS, place_of
from app.keys import is_text_field
from engine.params.note import VELOCITY

SOURCE = "keyboard"
NOTE_PLACES = {
    **dict(zip(range(30, 41), (0, 2, 4, 5, 7, 9, 11, 12, 14, 16, 17), strict=True)),
    **dict(zip((17, 18, 20, 21, 22, 24, 25, 27), (1, 3, 6, 8, 10, 13, 15, 18), strict=True)),
}
"""Semitones above the lowest C: A S D ... are white keys, W E, T Y U, O P the black ones between them."""
OCTAVE_DOWN, OCTAVE_UP, SOFTER, HARDER = 44, 45, 46, 47
PLACES = {*NOTE_PLACES, OCTAVE_DOWN, OCTAVE_UP, SOFTER, HARDER}
LOWEST_C, HIGHEST_C = 0, 108
VELOCITY_STEP = 10
_OTHERS = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier


class InstrumentKeys(QObject):
    """Follows the focus and takes the piano's keys out of its hands while :attr:`on`."""

    changed = Signal()
    """On or off, another octave, velocity, or letter on a key."""

    def __init__(self, app: QApplication, window: QWidget, held: HeldNotes) -> None:
        super().__init__(window)
        self._window = window
        self._held = held
        self._on = False
        self._low = 48
        self._velocity = round(VELOCITY.default)
        self._letters = dict(LETTERS)
        self._down: set[int] = set()
        self._watched: QWidget | None = None
        # Where nothing has the focus, keys go to the window itself.
        window.installEventFilter(self)
        app.focusChanged.connect(self._follow)
        app.applicationStateChanged.connect(lambda state: self._on_application(state))

    # -- what is set -----------------------------------------------------------------------------------------------

    @property
    def on(self) -> bool:
        """Whether the keys play."""
        return self._on

    def set_on(self, on: bool) -> None:
        if on != self._on:
            self._on = on
            if not on:
                self.release()
            self.changed.emit()

    @property
    def low(self) -> int:
        """The note of the lowest key, a C."""
        return self._low

    def set_low(self, note: int) -> None:
        note = min(max(note // 12 * 12, LOWEST_C), HIGHEST_C)
        if note != self._low:
            self._low = note
            self.changed.emit()

    @property
    def velocity(self) -> int:
        """How hard every key is hit: this keyboard does not feel it."""
        return self._velocity

    def set_velocity(self, velocity: int) -> None:
        velocity = round(VELOCITY.clamp(velocity))
        if velocity != self._velocity:
            self._velocity = velocity
            self.changed.emit()

    def letters(self) -> dict[int, str]:
        """What is printed on the key of each note; of another layout than the American it is known once it was hit."""
        return {self._low + step: self._letters[place] for place, step in NOTE_PLACES.items()}

    def release(self) -> None:
        """Let go of everything: whatever takes the keys away from the window must leave no note behind."""
        self._down.clear()
        self._held.release_all(SOURCE)

    # -- events ----------------------------------------------------------------------------------------------------

    def _on_application(self, state: Qt.ApplicationState) -> None:
        if state != Qt.ApplicationState.ApplicationActive:
            self.release()

    def _follow(self, _old: QWidget | None, new: QWidget | None) -> None:
        if self._watched is not None and isValid(self._watched):
            self._watched.removeEventFilter(self)
        self._watched = None
        if new is None or not self._is_home(new):
            self.release()
        if new is not None and new is not self._window:
            # Text fields too: the key that was down when the focus went there goes up there.
            new.installEventFilter(self)
            self._watched = new

    def _is_home(self, widget: QWidget) -> bool:
        """Whether a widget is in the window, or in a panel that was taken out of it; a dialog is not."""
        window = widget.window()
        return window is self._window or (isinstance(window, QDockWidget) and window.parent() is self._window)

    def _plays(self, watched: QObject, event: QKeyEvent) -> bool:
        if not self._on or event.modifiers() & _OTHERS or not isinstance(watched, QWidget):
            return False
        if is_text_field(watched) or not self._is_home(watched):
            return False
        return QApplication.activePopupWidget() is None and QApplication.activeModalWidget() is None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            if place_of(event) in PLACES and self._plays(watched, event):
                event.accept()
                return True
        elif kind == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            place = place_of(event)
            if place in PLACES and self._plays(watched, event):
                if not event.isAutoRepeat():
                    self._press(place, event.text())
                return True
        elif kind == QEvent.Type.KeyRelease and isinstance(event, QKeyEvent):
            place = place_of(event)
            if place in self._down:
                if not event.isAutoRepeat():
                    self._down.discard(place)
                    self._held.release(SOURCE, place)
                return True
        elif kind == QEvent.Type.FocusOut and isinstance(event, QFocusEvent):
            # A menu takes the keys without taking the focus for good.
            if event.reason() in (Qt.FocusReason.PopupFocusReason, Qt.FocusReason.ActiveWindowFocusReason):
                self.release()
        elif kind == QEvent.Type.WindowDeactivate:
            self.release()
        return False

    def _press(self, place: int, text: str) -> None:
        if place == OCTAVE_DOWN:
            self.set_low(self._low - 12)
        elif place == OCTAVE_UP:
            self.set_low(self._low + 12)
        elif place == SOFTER:
            self.set_velocity(self._velocity - VELOCITY_STEP)
        elif place == HARDER:
            self.set_velocity(self._velocity + VELOCITY_STEP)
        else:
            self._down.add(place)
            self._held.press(SOURCE, place, self._low + NOTE_PLACES[place], self._velocity)
        letter = text.strip().upper()
        if len(letter) == 1 and letter != self._letters[place]:
            self._letters[place] = letter
            self.changed.emit()
