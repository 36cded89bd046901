"""An instrument that writes down what it is told, and MIDI ports that tests plug in and pull out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from app.midi_ports import MidiMissing


class Diary:
    """Everything that an instrument was told, in order."""

    def __init__(self) -> None:
        self.log: list[tuple[object, ...]] = []

    def note_on(self, note: int, velocity: int = 100) -> None:
        self.log.append(("on", note, velocity))

    def note_off(self, note: int) -> None:
        self.log.append(("off", note))

    def pedal(self, on: bool) -> None:
        self.log.append(("pedal", on))

    def bend(self, share: float) -> None:
        self.log.append(("bend", round(share, 3)))

    def wheel(self, share: float) -> None:
        self.log.append(("wheel", round(share, 3)))

    def all_off(self) -> None:
        self.log.append(("all off",))

    def take(self) -> list[tuple[object, ...]]:
        """What was told since the last time."""
        log, self.log = self.log, []
        return log

    @property
    def sounding(self) -> set[object]:
        """The notes that were struck and not let go."""
        notes: set[object] = set()
        for entry in self.log:
            if entry[0] == "on":
                notes.add(entry[1])
            elif entry[0] == "off":
                notes.discard(entry[1])
        return notes


class FakeMidi:
    """A :class:`app.midi_ports.Backend` whose ports are in the hands of a test."""

    def __init__(self, *names: str) -> None:
        self.there = list(names)
        self.missing = ""
        self.held: set[str] = set()
        """Ports that another program holds."""
        self.listeners: dict[str, Callable[[Sequence[int]], None]] = {}

    def names(self) -> list[str]:
        if self.missing:
            raise MidiMissing(self.missing)
        return list(self.there)

    def open(self, name: str, on_message: Callable[[Sequence[int]], None]) -> FakePort:
        if name in self.held:
            raise RuntimeError("in use")
        self.listeners[name] = on_message
        return FakePort(self, name)

    def send(self, *data: int, port: str | None = None) -> None:
        """A message comes in on a port that is open."""
        self.listeners[port or next(iter(self.listeners))](data)


class FakePort:
    def __init__(self, backend: FakeMidi, name: str) -> None:
        self._backend, self._name = backend, name

    def close(self) -> None:
        del self._backend.listeners[self._name]
