"""The row above the piano: wheels, voices, sustain, playing with the computer's keyboard, and what MIDI does."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QPoint, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from app.actions import BY_ID, shortcut_text
from app.controls.choice import ChoiceField
from app.controls.menus import below, pop_up
from app.controls.param_form import ParamForm
from app.controls.plain import plain_tip
from app.controls.value_field import ValueField
from app.controls.wheel_strip import WheelStrip
from app.icons import ICON_PX, icon
from app.theme import GRID, PADDING, PADDING_WIDE
from engine.params import Param
from engine.params.playing import PLAY_MODES, PLAY_PARAMS, PlaySettings
from engine.params.text import note_name

BUTTON_PX = 24
LAMP_MS = 120
COLUMNS = 4
PREPARING = "The keys are being prepared; until then one note sounds at a time, a little late."


class PlayBar(QWidget):
    """Shows and emits; it plays nothing itself."""

    settings_changing = Signal(object)
    """:class:`PlaySettings` while a hand turns one of them."""
    settings_chosen = Signal(object)
    """:class:`PlaySettings` to be kept."""
    bent = Signal(float)
    wheeled = Signal(float)
    pedalled = Signal(bool)
    keyboard_toggled = Signal(bool)
    port_chosen = Signal(str, bool)
    forget_requested = Signal()
    """Let go of every learned controller."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("playBar")
        self._settings = PlaySettings()
        self.bend = WheelStrip("Bend", "Pitch wheel\nDrag sideways; it springs back", springs=True)
        self.wheel = WheelStrip("Mod", "Modulation wheel\nDrag sideways; a double-click puts it down", springs=False)
        self.voices = self._button("", "Voices, glide and wheels")
        self.sustain = self._button("Sustain", "Sustain pedal: keys that go up sound on")
        self.sustain.setCheckable(True)
        self.keyboard = self._button("Keys", "")
        self.keyboard.setCheckable(True)
        self.midi = self._button("", "MIDI")
        self.midi.setIcon(icon("midi", "disabled"))
        self._midi_state: tuple[tuple[str, ...], frozenset[str], str] = ((), frozenset(), "")
        self._has_bindings = False
        self._keyboard_state = (False, 48, 100)
        self._is_preparing = False
        self._lamp = QTimer(self, interval=LAMP_MS, singleShot=True)
        self._lamp.timeout.connect(self._show_midi_icon)
        self._lay_out()
        self._connect()
        self.set_settings(self._settings)
        self.set_keyboard(False, 48, 100)
        self.set_midi((), frozenset(), "")

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID)
        row.addWidget(self.bend, 3)
        row.addWidget(self.wheel, 2)
        self.midi.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        for button in (self.voices, self.sustain, self.keyboard, self.midi):
            row.addWidget(button)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.popup = QFrame(self, Qt.WindowType.Popup)
        self.popup.setObjectName("playSettings")
        self.form = ParamForm(PLAY_PARAMS, columns=COLUMNS, spacing=PADDING, make=_field)
        for field in self.form.knobs.values():
            field.lockable = False
        column = QVBoxLayout(self.popup)
        column.setContentsMargins(PADDING_WIDE, PADDING, PADDING_WIDE, PADDING_WIDE)
        column.addWidget(self.form)

    def _button(self, words: str, tip: str) -> QToolButton:
        button = QToolButton()
        button.setText(words)
        button.setToolTip(tip)
        button.setAccessibleName(tip.partition(":")[0] or words)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setIconSize(QSize(ICON_PX, ICON_PX))
        button.setFixedHeight(BUTTON_PX)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button

    def showEvent(self, event: QShowEvent) -> None:
        # Of one width whatever they say, so that nothing in the row moves. Known once the style is there.
        for button, longest in ((self.voices, "Mono ▾"), (self.keyboard, f"Keys {note_name(0)}")):
            now = button.text()
            button.setText(longest)
            button.setFixedWidth(button.sizeHint().width())
            button.setText(now)
        super().showEvent(event)

    def _connect(self) -> None:
        self.bend.moved.connect(self.bent)
        self.wheel.moved.connect(self.wheeled)
        self.sustain.toggled.connect(self.pedalled)
        self.keyboard.clicked.connect(self.keyboard_toggled)
        self.voices.clicked.connect(self.open_settings)
        self.midi.clicked.connect(self._open_midi)
        self.form.changing.connect(self._on_changing)
        self.form.committed.connect(lambda *_: self.settings_chosen.emit(self._settings))
        self.form.reverted.connect(self._on_reverted)

    # -- how voices are played -------------------------------------------------------------------------------------

    @property
    def settings(self) -> PlaySettings:
        return self._settings

    def set_settings(self, settings: PlaySettings) -> None:
        """Show settings without a signal."""
        self._settings = settings
        self.form.set_values(settings.to_json())
        self._show_mode()

    def _show_mode(self) -> None:
        self.voices.setText(PLAY_MODES[self._settings.play_mode].capitalize() + " ▾")
        for name in ("legato", "glide_when"):
            self.form.knobs[name].setEnabled(name != "legato" or self._settings.is_mono)
        self.form.knobs["n_voices"].setEnabled(not self._settings.is_mono)

    def _on_changing(self, name: str, value: float) -> None:
        self._settings = self._settings.replaced(name, value)
        self._show_mode()
        self.settings_changing.emit(self._settings)

    def _on_reverted(self, name: str) -> None:
        self._on_changing(name, self.form.knobs[name].value)

    def open_settings(self) -> None:
        """Show the settings above or below the button, whichever has room."""
        self.popup.adjustSize()
        _place(self.popup, self.voices)
        self.popup.show()
        self.form.knobs["play_mode"].setFocus(Qt.FocusReason.PopupFocusReason)

    # -- what others play ------------------------------------------------------------------------------------------

    def set_pedal(self, on: bool) -> None:
        """Show the pedal without a signal."""
        self.sustain.blockSignals(True)
        self.sustain.setChecked(on)
        self.sustain.blockSignals(False)

    def set_keyboard(self, on: bool, low: int, velocity: int) -> None:
        """Show whether the computer's keys play, from which C, and how hard."""
        self._keyboard_state = (on, low, velocity)
        self.keyboard.setChecked(on)
        self.keyboard.setText(f"Keys {note_name(low)}" if on else "Keys")
        now = f"Now from {note_name(low)}, velocity {velocity}\n" if on else ""
        soon = f"{PREPARING}\n" if self._is_preparing else ""
        self.keyboard.setToolTip(
            f"{soon}Play with the computer’s keyboard ({shortcut_text(BY_ID['play.keyboard'])})\n"
            f"{now}A S D F … are the white keys, W E T Y U … the black ones above them.\n"
            "Z and X move the octave, C and V how hard the keys are hit."
        )

    def set_preparing(self, on: bool) -> None:
        """Whether keys make no sound yet, because what computes it is being compiled."""
        self._is_preparing = on
        self.set_keyboard(*self._keyboard_state)

    # -- MIDI ------------------------------------------------------------------------------------------------------

    def set_midi(
        self, names: tuple[str, ...], opened: frozenset[str], trouble: str, refused: Mapping[str, str] | None = None
    ) -> None:
        """Show the ports there are, those that are heard, and what is the matter."""
        self._midi_state = (names, opened, trouble)
        heard = [name for name in names if name in opened]
        if heard:
            words = "MIDI from " + ", ".join(f"“{name}”" for name in heard)
        else:
            words = trouble or "No MIDI keyboard is connected; one that is plugged in is heard at once"
        more = "".join(f"\n“{name}” does not open: {why}" for name, why in (refused or {}).items())
        self.midi.setToolTip(plain_tip(words + more))
        self.midi.setAccessibleName("MIDI")
        self.midi.setAccessibleDescription(words)
        self._show_midi_icon()

    def set_bindings(self, any_there: bool) -> None:
        """Whether controllers were learned, which can be forgotten."""
        self._has_bindings = any_there

    def light(self) -> None:
        """A message came in."""
        if not self._lamp.isActive():
            self.midi.setIcon(icon("midi", "accent"))
        self._lamp.start()

    def _show_midi_icon(self) -> None:
        self.midi.setIcon(icon("midi", "text" if self._midi_state[1] else "disabled"))

    def midi_menu(self) -> QMenu:
        """The ports to choose from; the caller shows and deletes it."""
        names, opened, trouble = self._midi_state
        menu = QMenu(self)
        for name in names:
            action = QAction(name.replace("&", "&&"), menu, checkable=True, checked=name in opened)
            action.toggled.connect(lambda on, name=name: self.port_chosen.emit(name, on))
            menu.addAction(action)
        if not names:
            menu.addAction(trouble or "No MIDI keyboard is connected").setEnabled(False)
        menu.addSeparator()
        forget = menu.addAction("Forget all learned controllers")
        forget.setEnabled(self._has_bindings)
        forget.triggered.connect(self.forget_requested)
        return menu

    def _open_midi(self) -> None:
        pop_up(self.midi_menu(), below(self.midi))


def _field(param: Param) -> ValueField:
    return ChoiceField(param) if param.choices else ValueField(param)


def _place(popup: QWidget, button: QWidget) -> None:
    """Above the button, where the piano is below; inside the screen."""
    corner = button.mapToGlobal(QPoint(0, 0))
    screen = button.screen().availableGeometry()
    x = min(max(corner.x(), screen.left()), screen.right() - popup.width())
    above = corner.y() - popup.height() - GRID
    popup.move(x, above if above >= screen.top() else corner.y() + button.height() + GRID)
