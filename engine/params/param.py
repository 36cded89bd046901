"""One adjustable quantity, declared once: its range, unit, default, scale and words.

A value has three forms, and this module holds the arrows between them:

====================  ==========================  =======================================
form                  example                     used by
====================  ==========================  =======================================
human value           ``0.25`` (seconds)          patches, presets, the synths' formulas
unit position         ``0.61`` in [0, 1]          knobs, optimisers
text                  ``"250 ms"``                panels (see :mod:`engine.params.text`)
====================  ==========================  =======================================

``from_unit`` and ``to_unit`` use only arithmetic that floats, numpy arrays and torch tensors share, so a synth can
differentiate through them without this module importing torch.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

Scale = Literal["linear", "log", "exp", "step"]
"""How a knob's travel maps onto values.

``linear``  equal steps of the knob are equal differences (dB, semitones, ratios of a share).
``log``     equal steps are equal ratios (Hz, s); ``low`` must be above zero.
``exp``     like ``log`` but may start at zero: fine near ``low``, coarse near ``high`` (modulation depth).
``step``    whole numbers only, evenly spread: keys and choices. It has no slope, so no gradient passes.
"""

EXP_CURVE = 4.0
"""Curvature of the ``exp`` scale: the slope at ``high`` is ``e**EXP_CURVE`` times the slope at ``low``."""

Role = Literal["", "level", "routing", "meaning"]
"""What chance has to know of a quantity besides its range.

``level``    how loud something is, or whether it is heard: chance leaves it alone unless asked for.
``routing``  what goes where: likewise.
``meaning``  how other quantities are read (a clock, a curve): alone it would turn them into something else, so it only
             moves together with its whole section.
"""

T = TypeVar("T", float, Any)


def from_unit(scale: Scale, low: T, high: T, u: T) -> T:
    """The formulas of all scales; ``low`` and ``high`` may be tensors too, of any shape that fits ``u``."""
    value: T
    if scale == "log":
        value = low * (high / low) ** u
    elif scale == "exp":
        value = low + (high - low) * (math.e ** (EXP_CURVE * u) - 1.0) / math.expm1(EXP_CURVE)
    elif scale == "step":
        value = low + (u * (high - low) + 0.5) // 1.0
    else:
        value = low + (high - low) * u
    return value


@dataclass(frozen=True, slots=True)
class Param:
    """One quantity of a synth.

    ``name`` is the storage name: it ends in its unit (``decay_s``), stands in every preset, and never changes.
    ``label`` is what people read and may change. ``low``, ``high`` and ``default`` are in human units. ``count`` above
    1 makes a vector of that many values with one range (the modes of an impact). ``step`` is the natural step of the
    quantity in human units (1 semitone), used by Ctrl-drag; 0 means a hundredth of the knob's travel.
    ``off_at_low`` says that the lowest value means silence or absence, and is shown as "off".
    ``section`` groups parameters on panels and for locks. ``choices`` names the values 0, 1, 2 ... of a quantity that
    is one of a few things (a waveform) and not a number; :func:`choice` declares one. ``role`` is what chance has to
    know of it.
    """

    name: str
    low: float
    high: float
    default: float
    unit: str = ""
    scale: Scale = "linear"
    label: str = ""
    help: str = ""
    count: int = 1
    step: float = 0.0
    off_at_low: bool = False
    section: str = ""
    choices: tuple[str, ...] = ()
    role: Role = ""

    def __post_init__(self) -> None:
        if not self.name.isidentifier():
            raise ValueError(f"{self.name!r} is no storage name: use letters, digits and underscores.")
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise ValueError(f"{self.name}: the range {self.low} to {self.high} is empty or not finite.")
        if not self.low <= self.default <= self.high:
            raise ValueError(f"{self.name}: the default {self.default} lies outside {self.low} to {self.high}.")
        if self.scale == "log" and self.low <= 0:
            raise ValueError(f"{self.name}: a logarithmic range must start above zero, not at {self.low}.")
        if self.scale == "step" and any(v != round(v) for v in (self.low, self.high, self.default)):
            raise ValueError(f"{self.name}: low, high and default of whole numbers must be whole.")
        if self.choices and (self.scale != "step" or (self.low, self.high) != (0.0, len(self.choices) - 1.0)):
            raise ValueError(f"{self.name}: {len(self.choices)} choices are the steps 0 to {len(self.choices) - 1}.")
        if len(set(self.choices)) != len(self.choices):
            raise ValueError(f"{self.name}: two choices have one name.")
        if self.count < 1:
            raise ValueError(f"{self.name}: count must be at least 1, not {self.count}.")

    def from_unit(self, u: T) -> T:
        """Map a knob position in [0, 1] to a human value; works on floats, arrays and tensors of any shape.

        The slope is finite and above zero everywhere in [0, 1], both ends included; only steps have none.
        """
        value: T = from_unit(self.scale, self.low, self.high, u)
        return value

    def to_unit(self, value: float) -> float:
        """Map a human value to its knob position; values outside the range land on the nearer end."""
        value = self.clamp(value)
        if self.scale == "log":
            return math.log(value / self.low) / math.log(self.high / self.low)
        share = (value - self.low) / (self.high - self.low)
        if self.scale == "exp":
            return math.log1p(share * math.expm1(EXP_CURVE)) / EXP_CURVE
        return share

    def clamp(self, value: float) -> float:
        """The nearest value inside the range; of steps, the nearest whole one."""
        value = min(max(value, self.low), self.high)
        return float(round(value)) if self.scale == "step" else value

    @property
    def is_continuous(self) -> bool:
        """Whether small changes make sense, and so a gradient does."""
        return self.scale != "step"


def choice(
    name: str,
    choices: tuple[str, ...],
    default: str = "",
    *,
    label: str = "",
    help: str = "",
    section: str = "",
    role: Role = "",
) -> Param:
    """A parameter that is one of ``choices`` (at least two), stored as its place; the first is the default.

    >>> choice("wave", ("sine", "square"), "square").default
    1.0
    """
    at = choices.index(default) if default else 0
    return Param(
        name,
        0.0,
        len(choices) - 1.0,
        float(at),
        scale="step",
        label=label,
        help=help,
        step=1.0,
        section=section,
        choices=choices,
        role=role,
    )
