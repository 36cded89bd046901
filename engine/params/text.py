"""Values as people read and type them: ``0.25`` seconds is ``"250 ms"``, and ``"1/4 s"`` or ``"*2"`` is understood.

What may be typed
=================

=====================  ================================================================================================
``250 ms``, ``1.2k``   A number with a unit, in any case; a decimal comma works too.
``250``                A number alone has the unit that the value is shown in at that moment.
``100 ms + 1/8 s``     Arithmetic with ``+ - * /`` and parentheses; units may be mixed.
``*2``, ``/ 3``        A leading ``*`` or ``/`` acts on the current value (``*=`` and ``/=`` mean the same).
``+=3``, ``-= 10 ms``  Added to or taken from the current value. A plain ``+3`` or ``-3`` is that value itself.
``+5 %``               A percentage of a share, a ratio (100 % is 1 x) or an amplitude (50 % is -6 dB).
``A4``, ``c#-1``       A note, where the quantity is a frequency or a key; ``C4`` is key 60, ``A4`` is 440 Hz.
``off``                The lowest value, where that means silence.
``square``, ``squ``    A choice by its name or by how its name begins, in any case.
``default min max``    What they say.
=====================  ================================================================================================

A value beyond the range lands on its nearer end, as a knob does. Everything else raises
:class:`engine.errors.ParamTextError` with a sentence for the person who typed it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import NoReturn

from engine.errors import ParamTextError
from engine.params.expression import Quantity, calculate
from engine.params.keys import key_to_hz
from engine.params.param import Param

Convert = Callable[[float], float]

_NOTES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_NOTE = re.compile(r"([a-g])([#♯b♭]?)(-?\d{1,2})", re.IGNORECASE)


def _times(factor: float) -> Convert:
    return lambda number: number * factor


def _hundredth(number: float) -> float:
    # Not a product with 0.01: 29 / 100 is the float 0.29 and 29 * 0.01 is not.
    return number / 100.0


def _st_to_ratio(semitones: float) -> float:
    return float(2.0 ** (semitones / 12.0))


def _percent_to_db(percent: float) -> float:
    return 20.0 * math.log10(percent / 100.0) if percent > 0 else -math.inf


# For each unit that a Param may have: the units that can be typed for it, and how each becomes the Param's own.
_UNITS: dict[str, dict[str, Convert]] = {
    "s": {"s": _times(1.0), "sec": _times(1.0), "ms": _times(1e-3), "us": _times(1e-6), "min": _times(60.0)},
    "Hz": {"hz": _times(1.0), "khz": _times(1e3), "k": _times(1e3)},
    "dB": {"db": _times(1.0), "%": _percent_to_db},
    "st": {"st": _times(1.0), "ct": _times(0.01), "oct": _times(12.0)},
    "ct": {"ct": _times(1.0), "st": _times(100.0)},
    "x": {"x": _times(1.0), "%": _hundredth, "st": _st_to_ratio, "ct": lambda cents: _st_to_ratio(cents / 100.0)},
    "m": {"m": _times(1.0), "cm": _times(1e-2), "mm": _times(1e-3)},
    "kg": {"kg": _times(1.0), "g": _times(1e-3)},
    "rad": {"rad": _times(1.0), "pi": _times(math.pi), "deg": _times(math.pi / 180.0)},
    "%": {"%": _times(1.0)},
    "": {"%": _hundredth},
}


def note_name(key: int) -> str:
    """Name of a MIDI key: 60 is ``"C4"``, 69 is ``"A4"``."""
    return f"{_NOTES[key % 12]}{key // 12 - 1}"


def note_key(name: str) -> int | None:
    """MIDI key of a note name such as ``"A4"``, ``"c#3"`` or ``"Bb-1"``; ``None`` if it is none."""
    match = _NOTE.fullmatch(name.strip())
    if match is None:
        return None
    letter, accidental, octave = match.groups()
    shift = {"": 0, "#": 1, "♯": 1}.get(accidental, -1)
    return _NOTES.index(letter.upper()) + shift + 12 * (int(octave) + 1)


def format_value(param: Param, value: float, *, unit: bool = True) -> str:
    """Text of a human ``value`` to about three figures, with its unit unless ``unit`` is false.

    Quantities that go both ways carry a sign: ``"+7 st"``. Shares are shown in per cent. Choices are their names.
    """
    if param.choices:
        return param.choices[int(param.clamp(value))]
    if param.off_at_low and value <= param.low:
        return "off"
    if param.unit == "note":
        return note_name(round(value))
    symbol, shown = _in_shown_unit(param, value)
    if param.unit == "st":
        text = _fixed(shown, 0 if abs(shown - round(shown)) < 0.005 else 2)
    elif param.unit == "ct":
        text = _fixed(shown, 0 if abs(shown - round(shown)) < 0.05 else 1)
    elif param.unit == "dB":
        text = _fixed(shown, 1)
    elif param.unit == "x":
        # Thousandths matter in a frequency ratio (1.001 beats, 1.000 does not), but only while they are there.
        text = _fixed(shown, 3) if shown < 10 else _three_figures(shown)
        text = text[:-1] if shown < 10 and text.endswith("0") else text
    elif _is_whole(param):
        text = _fixed(shown, 0)
    elif symbol == "%":
        text = _fixed(shown, 0 if abs(shown - round(shown)) < 0.05 else 1)
    else:
        text = _three_figures(shown)
    both_ways = param.low < 0 < param.high
    if both_ways and float(text) > 0:
        text = f"+{text}"
    return f"{text} {symbol}" if unit and symbol else text


def exact_text(param: Param, value: float) -> str:
    """Text that :func:`parse_value` turns back into exactly this value: for the clipboard."""
    if param.choices:
        return format_value(param, value)
    if param.off_at_low and value <= param.low:
        return "off"
    if param.unit == "note":
        return note_name(round(value))
    if param.unit == "":
        # Unit-less text would be read in per cent when the quantity is a share; a ratio of numbers is exact.
        return f"{value * 100!r} %" if _is_share(param) and value * 100 / 100 == value else f"={value!r}"
    return f"{value!r} {param.unit}"


def parse_value(param: Param, text: str, current: float) -> float:
    """Value of what was typed for ``param`` while it stood at ``current``; both in human units.

    Raises :class:`ParamTextError` when it cannot be understood. See the module's table for what can be typed.
    """
    typed = text.strip()
    if param.choices:
        return _parse_choice(param, typed)
    words = {"default": param.default, "min": param.low, "max": param.high}
    if typed.lower() in words:
        return words[typed.lower()]
    if typed.lower() == "off":
        if not param.off_at_low:
            _refuse(param, f'cannot be "off"; its lowest value is {format_value(param, param.low)}.')
        return param.low
    if not typed:
        _refuse(param, f"needs a value, such as {format_value(param, param.default)}.")
    key = note_key(typed) if param.unit in ("Hz", "note") else None
    if key is not None:
        return param.clamp(key_to_hz(key) if param.unit == "Hz" else float(key))
    value = _calculate(param, typed, current)
    if math.isnan(value):
        _refuse(param, f"cannot be {typed!r}: that is no number.")
    if _is_whole(param) and math.isfinite(value):
        value = float(round(value))
    return param.clamp(value)


def _parse_choice(param: Param, typed: str) -> float:
    """A choice by its name, or by the beginning of just one name."""
    wanted = typed.casefold()
    names = [name.casefold() for name in param.choices]
    if wanted in names:
        return float(names.index(wanted))
    if wanted in ("default", "min", "max"):
        return {"default": param.default, "min": param.low, "max": param.high}[wanted]
    found = [place for place, name in enumerate(names) if wanted and name.startswith(wanted)]
    if len(found) != 1:
        _refuse(param, f"is one of {', '.join(param.choices)}{f', not {typed!r}' if typed else ''}.")
    return float(found[0])


def _calculate(param: Param, typed: str, current: float) -> float:
    """Value of an expression, still unlimited."""
    relative = re.match(r"([-+*/])=|([*/])", typed)
    if typed.startswith("="):
        # "=0.5": the value as it is stored, whatever unit is on show.
        result = _evaluate(param, typed[1:])
        return result.number if result.unit is None else _to_own_unit(param, result, current)
    if relative is None:
        return _to_own_unit(param, _evaluate(param, typed), current)
    operand = _evaluate(param, typed[relative.end() :])
    operator = relative.group(1) or relative.group(2)
    if operator in "+-":
        change = _to_own_unit(param, operand, current)
        return current + change if operator == "+" else current - change
    if operand.unit is not None:
        _refuse(param, f"can be multiplied or divided by a plain number only, not by {operand.unit}.")
    if operator == "*":
        return current * operand.number
    if operand.number == 0:
        _refuse(param, "cannot be divided by zero.")
    return current / operand.number


def _evaluate(param: Param, text: str) -> Quantity:
    try:
        return calculate(text, lambda quantity: _convert(param, quantity))
    except ValueError as error:
        raise ParamTextError(f"{_called(param)}: {error}") from None


def _convert(param: Param, quantity: Quantity) -> float:
    """A quantity with a unit in the parameter's own unit; raises ``ValueError`` for a unit that does not fit."""
    units = _UNITS.get(param.unit, {param.unit.lower(): _times(1.0)})
    if param.unit == "" and not _is_share(param):
        units = {}
    convert = units.get(quantity.unit or "")
    if convert is None:
        known = ", ".join(units)
        raise ValueError(f"{quantity.unit!r} is no unit of it; use {known}." if known else "it takes no unit.")
    try:
        return convert(quantity.number)
    except OverflowError:
        return math.inf


def _to_own_unit(param: Param, quantity: Quantity, current: float) -> float:
    if quantity.unit is None:
        symbol, _ = _in_shown_unit(param, current)
        unit = symbol.lower()
        return _convert(param, Quantity(quantity.number, unit)) if unit else quantity.number
    try:
        return _convert(param, quantity)
    except ValueError as error:
        raise ParamTextError(f"{_called(param)}: {error}") from None


def _in_shown_unit(param: Param, value: float) -> tuple[str, float]:
    """The unit that a value is shown in and its number there: ``0.25`` s gives ``("ms", 250.0)``."""
    if param.unit == "s":
        # Rounded first: 0.9996 s is "1.00 s", not "1000 ms".
        return ("ms", value * 1e3) if abs(_round_figures(value)) < 1.0 else ("s", value)
    if param.unit == "Hz":
        return ("kHz", value / 1e3) if abs(_round_figures(value)) >= 1000.0 else ("Hz", value)
    if param.unit == "m" and _round_figures(value) < 1.0:
        return ("mm", value * 1e3) if _round_figures(value) < 0.1 else ("cm", value * 1e2)
    if param.unit == "kg" and _round_figures(value) < 1.0:
        return "g", value * 1e3
    if param.unit == "" and _is_share(param):
        return "%", value * 100.0
    if param.unit == "note":
        return "", value
    return param.unit, value


def _is_share(param: Param) -> bool:
    return param.unit == "" and param.high <= 1.0 and param.low >= -1.0


def _is_whole(param: Param) -> bool:
    """Keys and counts: quantities of which there is no half."""
    return param.unit == "note" or (param.unit == "" and param.step >= 1.0)


def _round_figures(value: float) -> float:
    return float(f"{value:.3g}")


def _three_figures(value: float) -> str:
    """``25.34`` is ``"25.3"``, ``0.5`` is ``"0.50"``, ``0.084`` keeps its 4, ``12345`` is ``"12345"``: never an
    exponent."""
    size = abs(_round_figures(value))
    return _fixed(value, 0 if size >= 100 else 1 if size >= 10 else 2 if size >= 0.0995 or size < 0.005 else 3)


def _fixed(value: float, decimals: int) -> str:
    text = f"{value:.{decimals}f}"
    # "-0.0" is a value that rounds to zero.
    return text.lstrip("-") if float(text) == 0 else text


def _called(param: Param) -> str:
    return param.label or param.name


def _refuse(param: Param, words: str) -> NoReturn:
    raise ParamTextError(f"{_called(param)} {words}")
