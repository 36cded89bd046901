"""MIDI learn: which controller turns which parameter, and how a knob is taken over without a jump."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from PySide6.QtCore import QObject, QTimer, Signal

from app.chosen import Chosen
from app.midi_input import Controller
from engine.params import SPACES, Param, Patch

REST_MS = 400
"""A controller that has been quiet for so long has come to rest: its movement is one undo step."""
NEAR = 1.5 / 127
"""A controller this close to the knob has it."""
Knob = tuple[str, str]
"""An instrument and a parameter of it: names that two instruments share are two knobs."""


class Turned(Protocol):
    """What is turned; see :class:`app.document.Document`."""

    @property
    def patch(self) -> Patch: ...

    def audition(self, name: str, value: float) -> None: ...

    def commit(self, label: str) -> None: ...


class Takeover:
    """A controller and a knob: the knob follows once the controller has passed its value, and jumps never."""

    def __init__(self) -> None:
        self._last: float | None = None
        self.left: float | None = None
        """Where it last left the knob, while it has it."""

    def has(self, controller: float, knob: float) -> bool:
        """Whether the knob at ``knob`` follows a controller that moved to ``controller`` (both 0 to 1)."""
        last, self._last = self._last, controller
        if self.left is not None and abs(knob - self.left) <= NEAR:
            return True
        self.left = None  # somebody else has turned the knob
        has_passed = last is not None and (last - knob) * (controller - knob) <= 0
        return has_passed or abs(controller - knob) <= NEAR


class MidiLearn(QObject):
    """Bindings by instrument and parameter; only those of the instrument at hand turn anything. On the window's thread.

    Where no ``synth`` is named, the one at hand is meant.
    """

    changed = Signal()
    """Other bindings, or another parameter that waits for a controller."""
    bound = Signal(str)
    """A parameter has got its controller: this one, in words."""
    rebound = Signal(str, object)
    """What was learned or forgotten, in words, and as the step that undo takes back."""

    def __init__(
        self, document: Turned, label: Callable[[Param], str], bindings: Mapping[str, Any], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._document = document
        self._label = label
        self._bindings = _read(bindings)
        self._takeovers: dict[Knob, Takeover] = {}
        self._armed: Knob | None = None
        self._moving: dict[Knob, None] = {}
        self._rest = QTimer(self, interval=REST_MS, singleShot=True)
        self._rest.timeout.connect(self.finish)

    @property
    def armed(self) -> Knob | None:
        """The parameter that waits for a controller."""
        return self._armed

    @property
    def controllers(self) -> frozenset[Controller]:
        return frozenset(self._bindings.values())

    def controller_of(self, name: str, synth: str | None = None) -> str:
        """What turns a parameter, in words: ``"CC 21"``, with its channel where that is not the first; or nothing."""
        controller = self._bindings.get(self._knob(name, synth))
        return "" if controller is None else _words(controller)

    def _knob(self, name: str, synth: str | None) -> Knob:
        return synth or self._document.patch.synth, name

    def knows(self, param: Param, synth: str | None = None) -> bool:
        """Whether a controller can turn it: a single value of the instrument."""
        space = SPACES.get(synth or self._document.patch.synth)
        return space is not None and param.name in space and space[param.name] == param and param.count == 1

    def arm(self, name: str, synth: str | None = None) -> None:
        """The next controller that moves is bound to ``name``."""
        self._armed = self._knob(name, synth)
        self.changed.emit()

    def disarm(self) -> None:
        if self._armed is not None:
            self._armed = None
            self.changed.emit()

    def forget(self, name: str, synth: str | None = None) -> None:
        knob = self._knob(name, synth)
        if knob in self._bindings:
            rest = {other: c for other, c in self._bindings.items() if other != knob}
            self._rebind(f"Forget {_words(self._bindings[knob])}", rest)

    def forget_all(self) -> None:
        self.disarm()
        self._rebind("Forget all learned controllers", {})

    def to_json(self) -> dict[str, list[int]]:
        return {f"{synth}/{name}": list(controller) for (synth, name), controller in self._bindings.items()}

    def control(self, controller: Controller, value: int) -> None:
        """A controller moved to ``value``, 0 to 127."""
        if self._armed is not None:
            self._bind(self._armed, controller)
        for (synth, name), bound in self._bindings.items():
            if bound == controller and synth == self._document.patch.synth:
                self._turn(name, value / 127)

    def finish(self) -> None:
        """The controllers rest: what they moved together is one step."""
        self._rest.stop()
        moved, self._moving = list(self._moving), {}
        if moved:
            known = [SPACES[synth][name] for synth, name in moved if synth == self._document.patch.synth]
            self._document.commit(self._label(known[0]) if len(known) == 1 else "Turn controllers")

    def _bind(self, knob: Knob, controller: Controller) -> None:
        # One controller, one knob of an instrument: the old binding of either is over.
        rest = {k: c for k, c in self._bindings.items() if k != knob and (c != controller or k[0] != knob[0])}
        self._armed = None
        self._takeovers.pop(knob, None)
        self._rebind(f"Learn {_words(controller)}", {**rest, knob: controller})
        self.bound.emit(_words(controller))

    def _rebind(self, label: str, bindings: dict[Knob, Controller]) -> None:
        before = self._bindings
        self._take(bindings)
        if bindings != before:
            self.rebound.emit(label, Chosen(before, bindings, self._take))

    def _take(self, bindings: dict[Knob, Controller]) -> None:
        self._bindings = bindings
        # Whatever is bound anew has to pass its value first.
        self._takeovers = {knob: over for knob, over in self._takeovers.items() if knob in bindings}
        self.changed.emit()

    def _turn(self, name: str, share: float) -> None:
        patch = self._document.patch
        space = SPACES.get(patch.synth)
        if space is None or name not in space:
            return
        param = space[name]
        value = patch.values[name]
        assert isinstance(value, int | float)
        takeover = self._takeovers.setdefault((patch.synth, name), Takeover())
        if not takeover.has(share, param.to_unit(float(value))):
            return
        new = param.clamp(param.from_unit(share))
        takeover.left = param.to_unit(new)
        if new != value:
            self._moving[patch.synth, name] = None
            self._document.audition(name, new)
        if self._moving:
            self._rest.start()


def _words(controller: Controller) -> str:
    channel, number = controller
    return f"CC {number}" if channel == 0 else f"CC {number} on channel {channel + 1}"


def _read(bindings: Mapping[str, Any]) -> dict[Knob, Controller]:
    """What was remembered; anything else in there is left out.

    Names without an instrument are from a time when they meant every instrument that has such a parameter.
    """
    found: dict[Knob, Controller] = {}
    for key, pair in bindings.items():
        if isinstance(pair, list) and len(pair) == 2 and all(isinstance(n, int) and 0 <= n <= 127 for n in pair):
            synth, _, name = str(key).rpartition("/")
            for one in (synth,) if synth else SPACES:
                if one in SPACES and name in SPACES[one]:
                    found[one, name] = (pair[0], pair[1])
    return found
