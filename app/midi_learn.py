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
    """Bindings by parameter name. On the window's thread."""

    changed = Signal()
    """Other bindings, or another parameter that waits for a controller."""
    bound = Signal(str)
    """A parameter has got its controller."""
    rebound = Signal(str, object)
    """What was learned or forgotten, in words, and as the step that undo takes back."""

    def __init__(
        self, document: Turned, label: Callable[[Param], str], bindings: Mapping[str, Any], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._document = document
        self._label = label
        self._bindings = _read(bindings)
        self._takeovers: dict[str, Takeover] = {}
        self._armed: str | None = None
        self._moving: dict[str, None] = {}
        self._rest = QTimer(self, interval=REST_MS, singleShot=True)
        self._rest.timeout.connect(self.finish)

    @property
    def armed(self) -> str | None:
        """The parameter that waits for a controller."""
        return self._armed

    @property
    def controllers(self) -> frozenset[Controller]:
        return frozenset(self._bindings.values())

    def controller_of(self, name: str) -> str:
        """What turns a parameter, in words: ``"CC 21"``, with its channel where that is not the first; or nothing."""
        controller = self._bindings.get(name)
        return "" if controller is None else _words(controller)

    def knows(self, param: Param) -> bool:
        """Whether a controller can turn it: a single value of the instrument that is open."""
        space = SPACES.get(self._document.patch.synth)
        return space is not None and param.name in space and space[param.name] == param and param.count == 1

    def arm(self, name: str) -> None:
        """The next controller that moves is bound to ``name``."""
        self._armed = name
        self.changed.emit()

    def disarm(self) -> None:
        if self._armed is not None:
            self._armed = None
            self.changed.emit()

    def forget(self, name: str) -> None:
        if name in self._bindings:
            rest = {n: c for n, c in self._bindings.items() if n != name}
            self._rebind(f"Forget {self.controller_of(name)}", rest)

    def forget_all(self) -> None:
        self.disarm()
        self._rebind("Forget all learned controllers", {})

    def to_json(self) -> dict[str, list[int]]:
        return {name: list(controller) for name, controller in self._bindings.items()}

    def control(self, controller: Controller, value: int) -> None:
        """A controller moved to ``value``, 0 to 127."""
        if self._armed is not None:
            self._bind(self._armed, controller)
        for name, bound in self._bindings.items():
            if bound == controller:
                self._turn(name, value / 127)

    def finish(self) -> None:
        """The controllers rest: what they moved together is one step."""
        self._rest.stop()
        names, self._moving = list(self._moving), {}
        if names:
            space = SPACES[self._document.patch.synth]
            known = [name for name in names if name in space]
            self._document.commit(self._label(space[known[0]]) if len(known) == 1 else "Turn controllers")

    def _bind(self, name: str, controller: Controller) -> None:
        # One controller, one knob: the old binding of either is over.
        rest = {n: c for n, c in self._bindings.items() if c != controller and n != name}
        self._armed = None
        self._takeovers.pop(name, None)
        self._rebind(f"Learn {_words(controller)}", {**rest, name: controller})
        self.bound.emit(name)

    def _rebind(self, label: str, bindings: dict[str, Controller]) -> None:
        before = self._bindings
        self._take(bindings)
        if bindings != before:
            self.rebound.emit(label, Chosen(before, bindings, self._take))

    def _take(self, bindings: dict[str, Controller]) -> None:
        self._bindings = bindings
        # Whatever is bound anew has to pass its value first.
        self._takeovers = {name: over for name, over in self._takeovers.items() if name in bindings}
        self.changed.emit()

    def _turn(self, name: str, share: float) -> None:
        patch = self._document.patch
        space = SPACES.get(patch.synth)
        if space is None or name not in space:
            return
        param = space[name]
        value = patch.values[name]
        assert isinstance(value, int | float)
        takeover = self._takeovers.setdefault(name, Takeover())
        if not takeover.has(share, param.to_unit(float(value))):
            return
        new = param.clamp(param.from_unit(share))
        takeover.left = param.to_unit(new)
        if new != value:
            self._moving[name] = None
            self._document.audition(name, new)
        if self._moving:
            self._rest.start()


def _words(controller: Controller) -> str:
    channel, number = controller
    return f"CC {number}" if channel == 0 else f"CC {number} on channel {channel + 1}"


def _read(bindings: Mapping[str, Any]) -> dict[str, Controller]:
    """What was remembered; anything else in there is left out."""
    found: dict[str, Controller] = {}
    for name, pair in bindings.items():
        if isinstance(pair, list) and len(pair) == 2 and all(isinstance(n, int) and 0 <= n <= 127 for n in pair):
            found[str(name)] = (pair[0], pair[1])
    return found
