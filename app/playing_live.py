"""Playing the instrument by hand: the piano, the computer's keyboard, MIDI and the wheels meet the engine's instrument.

Keys go straight to the instrument, on whatever thread they come; the window follows: keys are lit, the wheels move, and
when the fingers rest for a moment the stage shows the live patch with the key that was played last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QMenu

from app.chosen import choose
from app.controls.play_bar import PREPARING, PlayBar
from app.controls.value_widget import ValueWidget
from app.held_notes import HeldNotes
from app.instrument_keys import InstrumentKeys
from app.midi_input import Controller, MidiInput
from app.midi_learn import MidiLearn
from app.midi_ports import Backend, Ports, PortState
from app.panels.paged import step_label
from app.play_bars import PlayBars
from app.ui_thread import UiThread, Wake
from engine.params import Patch
from engine.params.playing import PlaySettings

if TYPE_CHECKING:
    from app.compose import Session

PICTURE_MS = 150
"""The stage follows the keys after so much rest: drawing must not stand in the way of playing."""
PREPARING_MS = 2000
"""Keys that are ready sooner than this are not worth a word."""
TOO_MANY = "This computer cannot play so many strikes at once; some of the sound is left out."
MOUSE = "mouse"
OTHER_PATCH = ("audition", "set", "slot", "synth", "load")
"""Why a patch changes when another one comes; see ``Document.patch_changed``."""


class LivePlay(QObject):
    """One window's instrument under the hands."""

    def __init__(self, session: Session, *, midi: Backend | None = None) -> None:
        super().__init__(session)
        self._s = session
        self.instrument = session.studio.instrument
        self._window = UiThread(self)
        self._keys_wake = Wake(self._show_keys, self)
        self._midi_wake = Wake(self._show_midi, self)
        self._played: tuple[int, int] | None = None
        self.struck: tuple[tuple[int, int], str] | None = None
        """The note and the velocity of the latest strike that was no key, and the step of undo that it belongs to."""
        self._ports_seen = PortState()
        self._midi_count = 0
        self.held = HeldNotes(self.instrument, self._on_key)
        self.keys = InstrumentKeys(session.app, session.window, self.held)
        self.midi = MidiInput(self.held, self.instrument, self._on_control, self._midi_wake.ask)
        settings = session.settings
        self.ports = Ports(self.midi.take, self._on_ports, backend=midi, chosen=_choices(settings.get("midi/ports")))
        self.learn = MidiLearn(session.document, step_label, settings.get("midi/controllers"), self)
        self.bars = PlayBars()
        self.pianos = [panel.piano for panel in session.panels.values()]
        self._bar_of = {synth: self.bars.make() for synth in session.panels}
        self._picture = QTimer(self, interval=PICTURE_MS, singleShot=True)
        self._picture.timeout.connect(self._follow)
        self._escape = QShortcut(QKeySequence(Qt.Key.Key_Escape), session.window, enabled=False)
        self._slow_start = QTimer(self, interval=PREPARING_MS, singleShot=True)
        self._slow_start.timeout.connect(self._still_preparing)
        self._is_preparing = False
        self.is_ready = True
        """Whether voices can be struck; until then the stage's note is rendered and played for each key or strike."""
        self.settings = PlaySettings()
        """How keys become voices."""
        self._connect()
        self._restore()

    @property
    def bar(self) -> PlayBar:
        """The row of the panel that is at hand."""
        return self._bar_of[self._s.document.patch.synth]

    def _connect(self) -> None:
        s = self._s
        for synth, panel in s.panels.items():
            panel.add_play_tool(self._bar_of[synth], 1)
            # What pops up is a window of its own, and knows only the keys that it is given.
            self._bar_of[synth].popup.addActions([s.actions["edit.undo"], s.actions["edit.redo"]])
        s.window.value_host = self
        self.instrument.on_error = lambda error: self._window.call(lambda: s.messages.error(error))
        self.instrument.on_strain = lambda: self._window.call(lambda: s.messages.info(TOO_MANY))
        s.player.rate_changed.connect(self._connect_bus)
        s.document.patch_changed.connect(self._patch_changed)
        s.explore.match.changed.connect(lambda: self._patch_changed(s.document.patch, "gain"))
        for piano in self.pianos:
            piano.note_on.connect(lambda note, velocity: self.held.press(MOUSE, note, note, velocity))
            piano.note_off.connect(lambda note: self.held.release(MOUSE, note))
            piano.approached.connect(s.player.get_ready)
            piano.letters_turned.connect(lambda octaves: self.keys.set_low(self.keys.low + 12 * octaves))
        self.bars.each(self._connect_bar)
        self.keys.changed.connect(self._keys_changed)
        self.learn.changed.connect(self._learn_changed)
        self.learn.bound.connect(self._learned)
        self.learn.rebound.connect(s.document.add_outside)
        self._escape.activated.connect(self._stop_learning)

    def _connect_bar(self, bar: PlayBar) -> None:
        bar.settings_changing.connect(self.instrument.set_settings)
        bar.settings_chosen.connect(self._settings_chosen)
        bar.bent.connect(self.instrument.bend)
        bar.wheeled.connect(self.instrument.wheel)
        bar.pedalled.connect(self.instrument.pedal)
        bar.keyboard_toggled.connect(self.set_keyboard)
        bar.port_chosen.connect(self._choose_port)
        bar.forget_requested.connect(self.learn.forget_all)

    def _restore(self) -> None:
        """Bring back how it was played last time."""
        settings = self._s.settings
        self._take_settings(PlaySettings.read(settings.get("play/settings")))
        self.instrument.set_patch(self._s.document.patch)
        self.keys.set_low(settings.get("play/keyboard_low"))
        self.keys.set_velocity(settings.get("play/keyboard_velocity"))
        self.keys.set_on(settings.get("play/keyboard"))
        self._keys_changed()
        self._learn_changed()
        self._connect_bus()

    def _settings_chosen(self, chosen: PlaySettings) -> None:
        before = self.settings
        choose(self._s.document, before.words_to(chosen), before, chosen, self._take_settings)

    def _take_settings(self, settings: PlaySettings) -> None:
        """Play like this from now on."""
        self.settings = settings
        self.bars.set_settings(settings)
        self.instrument.set_settings(settings)
        self._s.settings.set("play/settings", settings.to_json())

    def start(self) -> None:
        """The window is on the screen: listen to MIDI."""
        self.ports.start()

    def wait_for(self, job: int) -> None:
        """``job`` prepares the keys: until it has ended, notes are rendered, and the keys say so."""
        self.is_ready = False
        self._slow_start.start()
        self._s.bridge.watch(job, done=self._prepared, failed=self._prepared, cancelled=self._prepared)

    def _prepared(self, _end: object = None) -> None:
        self.is_ready = True
        self._slow_start.stop()
        self._show_preparing(False)

    def _still_preparing(self) -> None:
        self._show_preparing(True)

    def _show_preparing(self, on: bool) -> None:
        self._is_preparing = on
        self.bars.each(lambda bar: bar.set_preparing(on))
        if on and self.held.notes:
            self._s.messages.info(PREPARING)

    def close(self) -> None:
        """Let go of everything and end the MIDI thread. The instrument itself belongs to the studio."""
        self._slow_start.stop()
        self.learn.finish()
        self.ports.close()
        self.held.release_all()
        self.instrument.all_off()
        self.instrument.on_error = self.instrument.on_strain = None
        self.instrument.connect(None)
        self._keys_wake.close()
        self._midi_wake.close()
        self._window.close()

    # -- keys ------------------------------------------------------------------------------------------------------

    @property
    def is_playing(self) -> bool:
        """Whether a hand is at the keys, or what it played still sounds."""
        return bool(self.held.notes) or self.instrument.n_sounding > 0

    def strike(self, x: float, y: float, velocity: int, step: str | None) -> None:
        """The object is struck there with the key that is set; the stage follows as it follows the keys, in one step of
        undo with all else of that ``step``. With ``None`` it is only heard."""
        note = self._s.document.note.note
        if self.is_ready:
            self.instrument.hit(x, y, velocity, note)
        self._take_over()
        if step is not None:
            self.struck = ((note, velocity), step)
            self._on_key(note, velocity)
        elif not self.is_ready:
            self._s.hear_live()

    def _take_over(self) -> None:
        """What plays by hand takes over from the note that the stage plays."""
        if self._s.document.selected is None and self.is_ready:
            self._s.player.stop()
        self._s.player.get_ready()
        if self._is_preparing:
            self._s.messages.info(PREPARING)

    def _on_key(self, note: int | None, velocity: int) -> None:
        """On the thread of whoever plays."""
        if note is not None:
            self._played = (note, velocity)
        self._keys_wake.ask()

    def _show_keys(self) -> None:
        notes = self.held.notes
        for piano in self.pianos:
            piano.set_lit(notes)
        if notes:
            self._take_over()
        if self._played is not None:
            self._picture.start(PICTURE_MS if self.is_ready else 0)

    def _follow(self) -> None:
        """The fingers rest: the live patch is shown with the last key."""
        if self._played is not None:
            played, self._played = self._played, None
            is_strike = self.struck is not None and self.struck[0] == played
            self._s.document.follow_key(*played, self.struck[1] if self.struck is not None and is_strike else "keys")
            if not self.is_ready and self._s.document.selected is None:
                # The newest alone, as soon as it is there.
                self._s.live.render(self._s.document.patch, strike=True)

    def _patch_changed(self, patch: Patch, why: str) -> None:
        if self._played is not None and why in OTHER_PATCH:
            # The stage has not followed yet, and what was played was the patch before.
            is_strike = self.struck is not None and self.struck[0] == self._played
            self._played = None if is_strike else (self._played[0], self._s.document.note.velocity)
        self.instrument.set_patch(self._s.live.as_played(patch), turning=why in ("turn", "gain"))

    def renew(self) -> None:
        """Something else of the live patch is to be heard."""
        self._patch_changed(self._s.document.patch, "gain")

    def _connect_bus(self, _rate: int = 0) -> None:
        self.instrument.connect(self._s.player.bus)

    # -- the computer's keyboard -----------------------------------------------------------------------------------

    def set_keyboard(self, on: bool) -> None:
        """Whether the computer's keys play."""
        self.keys.set_on(on)
        self._keys_changed()

    def _keys_changed(self) -> None:
        keys, settings = self.keys, self._s.settings
        settings.set("play/keyboard", keys.on)
        settings.set("play/keyboard_low", keys.low)
        settings.set("play/keyboard_velocity", keys.velocity)
        self._s.actions["play.keyboard"].setChecked(keys.on)
        self.bars.each(lambda bar: bar.set_keyboard(keys.on, keys.low, keys.velocity))
        for piano in self.pianos:
            piano.set_letters(keys.letters() if keys.on else {})
        if keys.on:
            self._s.player.get_ready()

    # -- MIDI ------------------------------------------------------------------------------------------------------

    def _on_ports(self) -> None:
        """On the thread of the ports."""
        for gone in self._ports_seen.opened - self.ports.state.opened:
            self.midi.lost(gone)
        self._ports_seen = self.ports.state
        is_open = bool(self._ports_seen.opened)
        self._window.call(lambda: self._s.player.keep_awake(is_open))
        self._midi_wake.ask()

    def _show_midi(self) -> None:
        state, midi = self.ports.state, self.midi
        is_lit, self._midi_count = midi.count != self._midi_count, midi.count
        for bar in self.bars.bars:
            bar.set_midi(state.names, state.opened, state.trouble, state.refused)
            bar.bend.set_share(midi.bend)
            bar.wheel.set_share(midi.wheel)
            bar.set_pedal(midi.pedal)
            if is_lit:
                bar.light()

    def _choose_port(self, name: str, on: bool) -> None:
        self.ports.choose(name, on)
        self._s.settings.set("midi/ports", self.ports.chosen)

    def _on_control(self, controller: Controller, value: int) -> None:
        """On the thread of a port."""
        self._window.call(lambda: self.learn.control(controller, value))

    # -- learning; this object is the window's ``value_host`` ------------------------------------------------------

    def extend_value_menu(self, widget: ValueWidget, menu: QMenu) -> None:
        """What a value's menu offers about MIDI."""
        name, synth = widget.param.name, self._synth_of(widget)
        if not self.learn.knows(widget.param, synth):
            return
        menu.addSeparator()
        bound = self.learn.controller_of(name, synth)
        if self.learn.armed == (synth, name):
            menu.addAction("Stop learning").triggered.connect(self._stop_learning)
        else:
            learning = menu.addAction("Learn another MIDI controller…" if bound else "Learn MIDI…")
            learning.triggered.connect(lambda: self.learn_for(widget))
        if bound:
            menu.addAction(f"Forget {bound}").triggered.connect(lambda: self.learn.forget(name, synth))

    def _synth_of(self, widget: ValueWidget) -> str:
        """Of which instrument's panel it is a part."""
        panels = self._s.panels
        return next((synth for synth in panels if panels[synth].isAncestorOf(widget)), self._s.document.patch.synth)

    def show_controller_on(self, widget: ValueWidget) -> None:
        name, synth = widget.param.name, self._synth_of(widget)
        if self.learn.knows(widget.param, synth):
            bound = self.learn.controller_of(name, synth)
            widget.set_controller(bound, waits=self.learn.armed == (synth, name))

    def learn_for(self, widget: ValueWidget) -> None:
        """Wait for a controller to bind to a value."""
        self.learn.arm(widget.param.name, self._synth_of(widget))
        prompt = f"Move a controller to turn {step_label(widget.param)} with it. Esc stops."
        self._s.messages.info(self.ports.state.trouble or prompt)

    def _stop_learning(self) -> None:
        self.learn.disarm()

    def _learned(self, controller: str) -> None:
        self._s.messages.info(f"{controller} turns it now, once it has passed the value.")

    def _learn_changed(self) -> None:
        learn = self.learn
        self.midi.learned = learn.controllers
        self.midi.learning = learn.armed is not None
        self._escape.setEnabled(learn.armed is not None)
        self._s.settings.set("midi/controllers", learn.to_json())
        self.bars.each(lambda bar: bar.set_bindings(bool(learn.controllers)))
        for widget in self._s.window.findChildren(ValueWidget):
            self.show_controller_on(widget)


def _choices(remembered: dict[str, object]) -> dict[str, bool]:
    return {name: on for name, on in remembered.items() if isinstance(on, bool)}
