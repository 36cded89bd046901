"""What a MIDI message does: keys, pedal and wheels to the instrument, learned controllers to their knobs.

Everything here runs on the MIDI library's own threads and returns at once. Channels do not matter (omni).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from app.held_notes import HeldNotes, Keys

Controller = tuple[int, int]
"""Channel and number of a controller, both counted from 0."""

WHEEL, PEDAL = 1, 64
ALL_SOUND_OFF, RESET, ALL_NOTES_OFF = 120, 121, 123
UNLEARNABLE = frozenset({0, 6, 32, 38, *range(96, 102), *range(120, 128)})
"""Bank and parameter numbers, and channel modes: not what a knob sends."""
BEND_UP = 8191


class Played(Keys, Protocol):
    """What is played; see :class:`engine.playing.Instrument`."""

    def pedal(self, on: bool) -> None: ...

    def bend(self, share: float) -> None: ...

    def wheel(self, share: float) -> None: ...

    def all_off(self) -> None: ...


class MidiInput:
    """``on_control(controller, value)`` gets what is learned, or may be while :attr:`learning`; ``on_shown()`` is asked
    for after everything that a person may look at: :attr:`bend`, :attr:`wheel`, :attr:`pedal`."""

    def __init__(
        self,
        held: HeldNotes,
        played: Played,
        on_control: Callable[[Controller, int], None],
        on_shown: Callable[[], None],
    ) -> None:
        self._held = held
        self._played = played
        self._on_control = on_control
        self._on_shown = on_shown
        self._holders: dict[str, str] = {}
        """The port that moved the pedal or a wheel from its rest."""
        self.learned: frozenset[Controller] = frozenset()
        self.learning = False
        self.bend = 0.0
        self.wheel = 0.0
        self.pedal = False
        self.count = 0
        """Messages so far: activity."""

    def take(self, port: str, data: Sequence[int]) -> None:
        """One message; what is no message, or none for an instrument, is passed over."""
        from mido import Message

        try:
            message = Message.from_bytes(data)
        except (ValueError, IndexError, KeyError, TypeError):
            return
        kind = message.type
        if kind == "note_on" and message.velocity > 0:
            self._held.press(source_of(port), (message.channel, message.note), message.note, message.velocity)
        elif kind in ("note_on", "note_off"):
            self._held.release(source_of(port), (message.channel, message.note))
        elif kind == "pitchwheel":
            self.bend = max(message.pitch / BEND_UP, -1.0)
            self._hold("bend", port, self.bend != 0.0)
            self._played.bend(self.bend)
        elif kind == "control_change":
            self._control((message.channel, message.control), message.value, port)
        else:
            return
        self.count += 1
        self._on_shown()

    def lost(self, port: str) -> None:
        """A port is gone: nobody will ever let go of its keys and pedal."""
        self._held.release_all(source_of(port))
        for what in [what for what, holder in list(self._holders.items()) if holder == port]:
            self._rest(what)
        self._on_shown()

    def _control(self, controller: Controller, value: int, port: str) -> None:
        number = controller[1]
        if controller in self.learned or (self.learning and number not in UNLEARNABLE):
            self._on_control(controller, value)
        elif number == WHEEL:
            self.wheel = value / 127
            self._hold("wheel", port, value > 0)
            self._played.wheel(self.wheel)
        elif number == PEDAL:
            self.pedal = value >= 64
            self._hold("pedal", port, self.pedal)
            self._played.pedal(self.pedal)
        elif number == ALL_SOUND_OFF:
            self._held.release_all(source_of(port))
            self._played.all_off()
            self.bend, self.wheel, self.pedal = 0.0, 0.0, False
            self._holders.clear()
        elif number == RESET:
            for what in ("pedal", "bend", "wheel"):
                self._rest(what)
        elif number >= ALL_NOTES_OFF:
            self._held.release_all(source_of(port))

    def _hold(self, what: str, port: str, on: bool) -> None:
        if on:
            self._holders[what] = port
        else:
            self._holders.pop(what, None)

    def _rest(self, what: str) -> None:
        self._holders.pop(what, None)
        if what == "pedal":
            self.pedal = False
            self._played.pedal(False)
        elif what == "bend":
            self.bend = 0.0
            self._played.bend(0.0)
        else:
            self.wheel = 0.0
            self._played.wheel(0.0)


def source_of(port: str) -> str:
    """What a port is called among those who hold keys."""
    return f"midi {port}"
