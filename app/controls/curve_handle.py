"""A handle on a curve: which values it moves sideways and up, and how they are read and written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.controls.drag_value import FINE, KEY_SHARE, nearest_step
from app.controls.hand_step import HandStep, Value
from app.controls.words import typeset
from engine.errors import ParamTextError
from engine.params import Param
from engine.params.text import format_value, parse_value

DECIDE_PX = 4.0
"""After so many pixels a drag goes one way; a handle that moves both ways keeps to it."""


@dataclass(frozen=True)
class Way:
    """One value that a handle moves, or a place of a vector. ``words`` name the step: ``"Low damping"``. ``sign`` is -1
    where further right or up is less of it."""

    param: Param
    words: str
    index: int | None = None
    sign: float = 1.0

    def value(self, step: HandStep) -> float:
        """The value as it is."""
        if self.index is None:
            return step.number(self.param.name)
        return step.vector(self.param.name)[self.index]

    def changed(self, step: HandStep, value: float) -> dict[str, Value]:
        """The new value by name; of a vector, all of it."""
        value = round(self.param.clamp(value), 9)
        if self.index is None:
            return {self.param.name: value}
        vector = list(step.vector(self.param.name))
        vector[self.index] = value
        return {self.param.name: tuple(vector)}

    def stepped(self, value: float) -> float:
        """The nearest whole step."""
        return nearest_step(self.param, value)

    def nudged(self, step: HandStep, steps: int, *, fine: bool) -> float:
        """The value so many steps further right or up."""
        steps_now = steps * self.sign * (FINE if fine else 1.0)
        if self.param.step > 0 and self.param.scale == "linear":
            return self.value(step) + steps_now * self.param.step
        share = self.param.to_unit(self.value(step)) + steps_now * KEY_SHARE
        return float(self.param.from_unit(min(max(share, 0.0), 1.0)))

    def text(self, step: HandStep) -> str:
        return format_value(self.param, self.value(step))

    def shown(self, step: HandStep) -> str:
        """``"level −6.0 dB"``."""
        return f"{self.param.label.lower()} {typeset(self.text(step))}"


@dataclass(frozen=True)
class Handle:
    """What the hand takes: ``x`` and ``y`` are what it moves. ``name`` is what it is called."""

    key: str
    name: str
    x: Way | None = None
    y: Way | None = None

    @property
    def ways(self) -> tuple[Way, ...]:
        return tuple(way for way in (self.x, self.y) if way is not None)

    def only(self, *, sideways: bool) -> Handle:
        """The handle when it is dragged one way."""
        return replace(self, y=None) if sideways else replace(self, x=None)

    def is_locked(self, locked: frozenset[str]) -> bool:
        return any(way.param.name in locked for way in self.ways)


def handle_text(handle: Handle, step: HandStep) -> str:
    """Its values, apart by a semicolon, to be typed over."""
    return "; ".join(way.text(step) for way in handle.ways)


def read_handle(text: str, handle: Handle, step: HandStep) -> dict[str, Value]:
    """The values that were typed: all, or some, each for the first that can read it."""
    parts = [part.strip() for part in text.split(";") if part.strip()]
    ways = handle.ways
    if not 1 <= len(parts) <= len(ways):
        names = " and a ".join(way.param.label.lower() for way in ways)
        raise ParamTextError(f"This takes a {names}, such as {handle_text(handle, step)}.")
    found: dict[str, Value] = {}
    for part in parts:
        way, value = _first_that_reads(part, ways[len(ways) - len(parts) :] if len(parts) == len(ways) else ways, step)
        ways = tuple(w for w in ways if w is not way)
        found |= way.changed(step, value)
    return found


def _first_that_reads(part: str, ways: Sequence[Way], step: HandStep) -> tuple[Way, float]:
    error = ParamTextError("There is nothing to type here.")
    for way in ways:
        try:
            return way, parse_value(way.param, part, way.value(step))
        except ParamTextError as why:
            error = why
    raise error
