"""A small calculator for typed values: numbers with units, ``+ - * /`` and parentheses. It calls no code of the text.

The grammar, read by recursive descent::

    sum     = product { ("+" | "-") product }
    product = signed { ("*" | "/") signed }
    signed  = ("+" | "-") signed | atom
    atom    = number [unit] | "(" sum ")" [unit]

A number without a unit is a plain factor until something with a unit is added to it: ``250 ms * 2`` doubles a time, and
``100 ms + 50`` is 150 ms.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

MAX_CHARS = 64
"""Longer texts are refused; this also limits how deep parentheses can nest."""

_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:e[-+]?\d+)?)|(?P<unit>[a-zµμ%]+)|(?P<sign>[-+*/()]))",
    re.IGNORECASE,
)
_SPELLINGS = str.maketrans({"−": "-", "–": "-", "×": "*", "·": "*", "÷": "/", "\u00a0": " ", "\u202f": " "})


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number and its unit in lower case; ``None`` for a plain number."""

    number: float
    unit: str | None = None


def calculate(text: str, convert: Callable[[Quantity], float]) -> Quantity:
    """Value of an expression. ``convert`` turns a quantity into the common unit; it is asked only where units mix.

    The result keeps the unit that was typed, so that ``-7 st`` can become a ratio below one. Raises ``ValueError`` with
    the reason, as the rest of a sentence, for anything that is no expression.
    """
    if len(text) > MAX_CHARS:
        raise ValueError(f"the text is longer than {MAX_CHARS} characters.")
    return _Reader(text, convert).read()


class _Reader:
    def __init__(self, text: str, convert: Callable[[Quantity], float]) -> None:
        self._tokens = _split(text)
        self._convert = convert

    def read(self) -> Quantity:
        result = self._sum()
        if self._tokens:
            raise ValueError(f"what does {self._tokens[0][1]!r} mean after {result.number:g}?")
        return result

    def _next_sign(self, signs: str) -> str | None:
        if self._tokens and self._tokens[0][0] == "sign" and self._tokens[0][1] in signs:
            return self._tokens.pop(0)[1]
        return None

    def _sum(self) -> Quantity:
        left = self._product()
        while sign := self._next_sign("+-"):
            right = self._product()
            left = self._add(left, right if sign == "+" else Quantity(-right.number, right.unit))
        return left

    def _product(self) -> Quantity:
        left = self._signed()
        while sign := self._next_sign("*/"):
            right = self._signed()
            left = self._multiply(left, right) if sign == "*" else self._divide(left, right)
        return left

    def _signed(self) -> Quantity:
        sign = self._next_sign("+-")
        if sign is None:
            return self._atom()
        inner = self._signed()
        return Quantity(-inner.number, inner.unit) if sign == "-" else inner

    def _atom(self) -> Quantity:
        if self._next_sign("("):
            inner = self._sum()
            if self._next_sign(")") is None:
                raise ValueError("a closing parenthesis is missing.")
            return self._with_unit(inner)
        if not self._tokens:
            raise ValueError("a number is missing at the end.")
        kind, word = self._tokens.pop(0)
        if kind != "number":
            raise ValueError(f"a number was expected where {word!r} stands.")
        number = float(word.replace(",", "."))
        if not math.isfinite(number):
            raise ValueError(f"{word} is too large a number.")
        return self._with_unit(Quantity(number))

    def _with_unit(self, quantity: Quantity) -> Quantity:
        if self._tokens and self._tokens[0][0] == "unit":
            unit = self._tokens.pop(0)[1]
            if quantity.unit is not None:
                raise ValueError(f"{quantity.number:g} {quantity.unit} already has a unit.")
            quantity = Quantity(quantity.number, unit)
            self._convert(quantity)  # refuses an unknown unit here, where it stands
        return quantity

    def _add(self, left: Quantity, right: Quantity) -> Quantity:
        if left.unit == right.unit or right.unit is None:
            return Quantity(left.number + right.number, left.unit)
        if left.unit is None:
            return Quantity(left.number + right.number, right.unit)
        both = self._convert(left) + self._convert(right)
        # Back in the left unit: only units that are multiples of each other can be mixed.
        one = self._convert(Quantity(1.0, left.unit))
        if not math.isclose(self._convert(Quantity(2.0, left.unit)), 2.0 * one) or one == 0:
            raise ValueError(f"{left.unit} and {right.unit} cannot be added.")
        return Quantity(both / one, left.unit)

    def _multiply(self, left: Quantity, right: Quantity) -> Quantity:
        if left.unit is not None and right.unit is not None:
            raise ValueError(f"{left.unit} times {right.unit} is no unit of it.")
        return Quantity(left.number * right.number, left.unit or right.unit)

    def _divide(self, left: Quantity, right: Quantity) -> Quantity:
        if right.number == 0:
            raise ValueError("it cannot be divided by zero.")
        if right.unit is None:
            return Quantity(left.number / right.number, left.unit)
        if left.unit is None:
            # "1/4 s" is a quarter of a second.
            return Quantity(left.number / right.number, right.unit)
        divisor = self._convert(right)
        if divisor == 0:
            raise ValueError("it cannot be divided by zero.")
        return Quantity(self._convert(left) / divisor)


def _split(text: str) -> list[tuple[str, str]]:
    text = text.translate(_SPELLINGS).strip()
    tokens: list[tuple[str, str]] = []
    place = 0
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise ValueError(f"{text[place:].strip()[:1]!r} is not understood; type a number, a unit or + - * / ( ).")
        kind = match.lastgroup or ""
        word = match.group(kind)
        tokens.append((kind, word.lower().replace("µ", "u").replace("μ", "u") if kind == "unit" else word))
        place = match.end()
    return tokens
