"""MIDI inputs: which there are, opening them, and noticing those that come and go.

A thread of its own makes every call into the MIDI library, because any of them may block, and looks at the names every
two seconds. Without the library, or without a sequencer in the system, there are no ports and one sentence that says
so; nothing raises.
"""

from __future__ import annotations

import logging
import re
import sys
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

log = logging.getLogger(__name__)

POLL_S = 2.0
SEQUENCER = Path("/dev/snd/seq")
CLIENT = "Tonewright"
NOT_INSTALLED = "MIDI keyboards are not heard: the package python-rtmidi is not installed."
NO_SEQUENCER = "MIDI keyboards are not heard: this system has no MIDI sequencer (the kernel module snd-seq)."

OnMessage = Callable[[Sequence[int]], None]


class MidiMissing(Exception):
    """There is no MIDI here; the text is a sentence for people."""


class OpenPort(Protocol):
    def close(self) -> None: ...


class Backend(Protocol):
    """The one door to MIDI. All methods are called on one thread and may block."""

    def names(self) -> list[str]:
        """The inputs as they are now. Raises :class:`MidiMissing`."""
        ...

    def open(self, name: str, on_message: OnMessage) -> OpenPort:
        """Open one; ``on_message`` gets each message's bytes on a thread of the library's. Raises whatever it likes."""
        ...


class RtMidi:
    """MIDI through python-rtmidi."""

    def __init__(self) -> None:
        self._probe: Any = None

    def names(self) -> list[str]:
        if self._probe is None:
            self._probe = self._input()
        return _unlike(self._probe.get_ports())

    def open(self, name: str, on_message: OnMessage) -> OpenPort:
        port = self._input()
        try:
            port.open_port(_unlike(port.get_ports()).index(name), name)
            port.ignore_types(sysex=True, timing=True, active_sense=True)
            port.set_callback(lambda event, _: on_message(event[0]))
        except BaseException:
            port.delete()
            raise
        return _RtPort(port)

    def _input(self) -> Any:
        # ALSA's library would complain on the terminal each time it is asked.
        if sys.platform.startswith("linux") and not SEQUENCER.exists():
            raise MidiMissing(NO_SEQUENCER)
        try:
            import rtmidi
        except ImportError as error:
            raise MidiMissing(NOT_INSTALLED) from error
        try:
            return rtmidi.MidiIn(name=CLIENT)
        except Exception as error:
            raise MidiMissing(f"MIDI keyboards are not heard: {error}") from error


class _RtPort:
    def __init__(self, port: Any) -> None:
        self._port = port

    def close(self) -> None:
        self._port.cancel_callback()
        self._port.close_port()
        self._port.delete()


def _unlike(names: Sequence[str]) -> list[str]:
    """Names without the numbers that a system gives anew each time, and none of them twice."""
    plain = [re.sub(r" \d+:\d+$", "", name).rpartition(":")[2].strip() or name for name in names]
    seen: Counter[str] = Counter()
    unlike = []
    for name in plain:
        seen[name] += 1
        unlike.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return unlike


def is_wanted(name: str, chosen: Mapping[str, bool]) -> bool:
    """Whether a port is to be heard: every one, but for what only passes on what others say."""
    return chosen.get(name, "midi through" not in name.lower())


@dataclass(frozen=True)
class PortState:
    """What there is: names in the system's order, those that are open, and what to tell people."""

    names: tuple[str, ...] = ()
    opened: frozenset[str] = frozenset()
    refused: Mapping[str, str] = field(default_factory=dict)
    trouble: str = ""


class Ports:
    """Keeps every wanted port open. ``on_message(port, bytes)`` and ``on_change()`` come on other threads."""

    def __init__(
        self,
        on_message: Callable[[str, Sequence[int]], None],
        on_change: Callable[[], None],
        *,
        backend: Backend | None = None,
        chosen: Mapping[str, bool] | None = None,
    ) -> None:
        self._on_message = on_message
        self._on_change = on_change
        self._backend = backend if backend is not None else RtMidi()
        self._chosen = dict(chosen or {})
        self._wake = threading.Event()
        self._closing = False
        self._thread: threading.Thread | None = None
        self._open: dict[str, OpenPort] = {}
        self.state = PortState()
        """As last seen; replaced whole."""

    def start(self) -> None:
        if self._thread is None and not self._closing:
            self._thread = threading.Thread(target=self._run, name="midi-ports", daemon=True)
            self._thread.start()

    def choose(self, name: str, on: bool) -> None:
        """Hear a port, or do not; also while it is not there."""
        self._chosen = {**self._chosen, name: on}
        self._wake.set()

    @property
    def chosen(self) -> dict[str, bool]:
        """What was chosen, by name."""
        return dict(self._chosen)

    def close(self, timeout_s: float = 2.0) -> None:
        self._closing = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join(timeout_s)

    # -- the thread ------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            # Before the look at whether to close: what wakes after that look is not forgotten.
            self._wake.clear()
            if self._closing:
                break
            try:
                state = self._step()
            except MidiMissing as missing:
                state = PortState(trouble=str(missing))
                self._close_all()
            except Exception as error:
                log.exception("Looking for MIDI ports failed")
                state = PortState(trouble=f"MIDI keyboards are not heard: {error}")
                self._close_all()
            if state != self.state:
                self.state = state
                self._on_change()
            if state.trouble == NOT_INSTALLED:
                break
            self._wake.wait(POLL_S)
        self._close_all()

    def _step(self) -> PortState:
        names = self._backend.names()
        refused = {}
        for name in [n for n in self._open if n not in names or not is_wanted(n, self._chosen)]:
            self._close_one(name)
        for name in names:
            if name not in self._open and is_wanted(name, self._chosen):
                try:
                    self._open[name] = self._backend.open(name, self._listener(name))
                except Exception as error:  # noqa: BLE001 - another program may hold it; it is tried again
                    refused[name] = str(error)
        return PortState(tuple(names), frozenset(self._open), refused)

    def _listener(self, name: str) -> OnMessage:
        return lambda data: self._on_message(name, data)

    def _close_one(self, name: str) -> None:
        try:
            self._open.pop(name).close()
        except Exception:
            # It may be gone already.
            log.debug("Closing the MIDI port %s failed", name, exc_info=True)

    def _close_all(self) -> None:
        for name in list(self._open):
            self._close_one(name)
