"""The rules by which a hand changes one value: knobs, fields, matrix cells and envelope handles all share them.

==========================  =========================================================================================
gesture                     what it does
==========================  =========================================================================================
drag                        200 px for the whole travel; with Shift ten times finer, linear, and without a jump when
                            Shift goes down or up on the way
Ctrl                        whole steps of the quantity (``Param.step``; a hundredth of the travel where it has none)
keys and choices            always whole steps: of choices a notch or an arrow key is one
release with Alt, or Esc    the value before the gesture comes back
wheel                       3 % of the travel a notch, 0.3 % with Shift; the notches of one burst are one change
arrow keys, Page keys       1 step and 10 steps; with Shift a tenth of it; Home and End go to the ends
double-click, Delete        the default
==========================  =========================================================================================

A gesture is any number of :attr:`DragValue.changing` and then exactly one :attr:`DragValue.committed`, or
:attr:`DragValue.reverted` when it ends where it began.
"""

from __future__ import annotations

import math

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from engine.params import Param
from engine.params.text import parse_value

TRAVEL_PX = 200.0
FINE = 0.1
WHEEL_SHARE = 0.03
KEY_SHARE = 0.01
PAGE_STEPS = 10
BURST_MS = 400

Modifiers = Qt.KeyboardModifier
SHIFT, CTRL, ALT = Modifiers.ShiftModifier, Modifiers.ControlModifier, Modifiers.AltModifier


class DragValue(QObject):
    """One parameter's value in human units and the gesture that is changing it, if any. It knows no widget."""

    changing = Signal(float)
    committed = Signal(float)
    reverted = Signal()
    shown = Signal()
    """What is to be drawn changed, for whatever reason."""

    def __init__(self, param: Param, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.param = param
        self._value = param.default
        self._before: float | None = None
        self._announced = False
        # The knob's position without rounding to steps; None when it is the value's own.
        self._free: float | None = None
        # Parts of a notch that a touchpad has turned and that moved no choice yet.
        self._turned = 0.0
        self._burst = QTimer(self)
        self._burst.setSingleShot(True)
        self._burst.setInterval(BURST_MS)
        self._burst.timeout.connect(self.finish)

    @property
    def value(self) -> float:
        return self._value

    @property
    def position(self) -> float:
        """Where the value stands in the travel, 0 to 1."""
        return self.param.to_unit(self._value)

    @property
    def origin(self) -> float:
        """Where the drawn value begins in the travel: the middle of what goes both ways alike, else the low end."""
        return 0.5 if self.param.low == -self.param.high else 0.0

    @property
    def busy(self) -> bool:
        """Whether a gesture is under way."""
        return self._before is not None

    def show(self, value: float) -> None:
        """Take over a value from elsewhere without a signal; a gesture under way is given up if it disagrees."""
        if value != self._value:
            self._forget()
            self._value = value
            self.shown.emit()

    def begin(self) -> None:
        """Start a gesture that :meth:`finish` or :meth:`cancel` will end."""
        self.finish()
        self._before = self._value

    def drag(self, pixels: float, modifiers: Modifiers, travel_px: float = TRAVEL_PX) -> None:
        """Go ``pixels`` further (up is positive) in a gesture that has begun."""
        stepping = bool(modifiers & CTRL) or not self.param.is_continuous
        if not stepping:
            self._free = None
        if self._before is None or pixels == 0:
            return
        # Without Ctrl the position is the value's own, so letting Ctrl go continues from the step that is on show.
        free = self._free if stepping and self._free is not None else self.position
        free = min(max(free + pixels / travel_px * (FINE if modifiers & SHIFT else 1.0), 0.0), 1.0)
        self._put(nearest_step(self.param, self.param.from_unit(free)) if stepping else self.param.from_unit(free))
        self._free = free if stepping else None

    def wheel(self, notches: float, modifiers: Modifiers) -> None:
        """Turn by wheel notches (up is positive; touchpads send fractions of one)."""
        self._start_burst()
        if self.param.choices:
            self._turned += notches
            whole = math.trunc(self._turned)
            self._turned -= whole
            self._put(self._value + whole)
        elif modifiers & CTRL:
            whole = math.trunc(notches) or int(math.copysign(1, notches))
            self._put(step_from(self.param, self._value, whole))
        else:
            self._move(notches * WHEEL_SHARE * (FINE if modifiers & SHIFT else 1.0))

    def nudge(self, steps: int, modifiers: Modifiers) -> None:
        """Go by keys: ``steps`` natural steps, or hundredths of the travel where the quantity has no even steps."""
        self._start_burst()
        fine = FINE if modifiers & SHIFT else 1.0
        if modifiers & CTRL or not self.param.is_continuous:
            self._put(step_from(self.param, self._value, steps))
        elif self.param.step > 0 and self.param.scale == "linear":
            self._put(_tidy(self.param, self._value + steps * self.param.step * fine))
        else:
            self._move(steps * KEY_SHARE * fine)

    def go_to(self, value: float) -> None:
        """Set a value with keys that repeat (Home, End): part of the same burst as the arrows."""
        self._start_burst()
        self._put(self.param.clamp(value))

    def set(self, value: float) -> None:
        """Set a value in one gesture of its own."""
        self.begin()
        self._put(self.param.clamp(value))
        self.finish()

    def reset(self) -> None:
        """Back to the default, in one gesture."""
        self.set(self.param.default)

    def type(self, text: str) -> None:
        """Set a typed value; raises :class:`engine.errors.ParamTextError`, and then nothing has changed."""
        self.finish()
        self.set(parse_value(self.param, text, self._value))

    def finish(self) -> None:
        """End the gesture and commit what it reached; nothing happens when there is none."""
        before, announced = self._before, self._announced
        self._forget()
        if before is None:
            return
        if self._value != before:
            self.committed.emit(self._value)
        elif announced:
            self.reverted.emit()

    def cancel(self) -> bool:
        """End the gesture with the value it began from; whether there was one."""
        before, announced = self._before, self._announced
        self._forget()
        if before is None:
            return False
        if announced:
            self._value = before
            self.shown.emit()
            self.reverted.emit()
        return True

    def _start_burst(self) -> None:
        if self._before is None:
            self._before = self._value
        self._burst.start()

    def _move(self, share: float) -> None:
        self._put(self.param.from_unit(min(max(self.position + share, 0.0), 1.0)))

    def _put(self, value: float) -> None:
        value = self.param.clamp(value)
        if value != self._value:
            self._value = value
            self._announced = True
            self.shown.emit()
            self.changing.emit(value)

    def _forget(self) -> None:
        self._burst.stop()
        self._before = None
        self._announced = False
        self._free = None
        self._turned = 0.0


def nearest_step(param: Param, value: float) -> float:
    """The nearest whole step. Below its first step a logarithmic quantity has fractions: ratios 1/2, 1/3, 1/4 ..."""
    return _from_index(param, round(_index(param, value)))


def step_from(param: Param, value: float, steps: int) -> float:
    """The whole step that lies ``steps`` from ``value``; one between two steps counts from the near one behind it."""
    index = _index(param, value)
    slack = 1e-6
    whole = math.floor(index + slack) if steps > 0 else math.ceil(index - slack)
    return _from_index(param, whole + steps)


def _index(param: Param, value: float) -> float:
    """A continuous count of steps; :func:`_from_index` is its inverse."""
    if param.step <= 0:
        return param.to_unit(value) / KEY_SHARE
    if param.scale == "log" and value < param.step:
        return 2.0 - param.step / value
    return value / param.step


def _from_index(param: Param, index: int) -> float:
    if param.step <= 0:
        return param.from_unit(min(max(index * KEY_SHARE, 0.0), 1.0))
    if param.scale == "log" and index < 1:
        return param.clamp(param.step / (2 - index))
    return _tidy(param, index * param.step)


def _tidy(param: Param, value: float) -> float:
    """Without the dust of binary sums: three steps of 0.1 are 0.3."""
    return param.clamp(round(value, 9))
