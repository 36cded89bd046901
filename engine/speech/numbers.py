"""Numbers as they are said in American English, as plain words without hyphens or commas."""

from __future__ import annotations

import re
from typing import Final

_ONES: Final = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS: Final = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SCALES: Final = (
    "", "thousand", "million", "billion", "trillion", "quadrillion", "quintillion",
    "sextillion", "septillion", "octillion", "nonillion",
)  # fmt: skip
_LONGEST: Final = 3 * len(_SCALES)
_ORDINALS: Final = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth",
    "twelve": "twelfth",
}  # fmt: skip
_ROMAN: Final = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
_WHOLE_ROMAN: Final = re.compile(r"M{0,3}(CM|CD|D?C{0,3})(XC|XL|L?X{0,3})(IX|IV|V?I{0,3})")


def cardinal(digits: str | int) -> list[str]:
    """A whole number, given by its digits.

    >>> " ".join(cardinal("1250307"))
    'one million two hundred fifty thousand three hundred seven'
    """
    text = str(digits).lstrip("0") or "0"
    if len(text) > _LONGEST:
        return digit_by_digit(text)
    if text == "0":
        return ["zero"]
    words: list[str] = []
    groups = [text[max(end - 3, 0) : end] for end in range(len(text), 0, -3)]
    for scale in range(len(groups) - 1, -1, -1):
        group = int(groups[scale])
        if group:
            words += _below_thousand(group)
            if scale:
                words.append(_SCALES[scale])
    return words


def _below_thousand(n: int) -> list[str]:
    words: list[str] = []
    if n >= 100:
        words += [_ONES[n // 100], "hundred"]
        n %= 100
    if n >= 20:
        words.append(_TENS[n // 10])
        n %= 10
        if n:
            words.append(_ONES[n])
    elif n:
        words.append(_ONES[n])
    return words


def ordinal(digits: str | int) -> list[str]:
    """Which one of a row.

    >>> " ".join(ordinal(23)), " ".join(ordinal(40)), " ".join(ordinal(100))
    ('twenty third', 'fortieth', 'one hundredth')
    """
    *head, last = cardinal(digits)
    return [*head, _as_ordinal(last)]


def _as_ordinal(word: str) -> str:
    if word in _ORDINALS:
        return _ORDINALS[word]
    return word[:-1] + "ieth" if word.endswith("y") else word + "th"


def digit_by_digit(digits: str, zero: str = "zero") -> list[str]:
    """Each digit on its own, as in a telephone number.

    >>> " ".join(digit_by_digit("4071", "oh"))
    'four oh seven one'
    """
    return [zero if digit == "0" else _ONES[int(digit)] for digit in digits]


def decimal(whole: str, part: str) -> list[str]:
    """A number with a point: ``part`` is what follows it.

    >>> " ".join(decimal("3", "05"))
    'three point zero five'
    """
    return [*(cardinal(whole) if whole else ["zero"]), "point", *digit_by_digit(part)]


def year(n: int) -> list[str]:
    """A year.

    >>> [" ".join(year(n)) for n in (1984, 1906, 1900, 2007, 2026)]
    ['nineteen eighty four', 'nineteen oh six', 'nineteen hundred', 'two thousand seven', 'twenty twenty six']
    """
    high, low = divmod(n, 100)
    if n < 1000 or n > 9999 or 2000 <= n < 2010 or (high % 10 == 0 and low < 10):
        return cardinal(n)
    if low == 0:
        return [*cardinal(high), "hundred"]
    return [*cardinal(high), *(["oh"] if low < 10 else []), *cardinal(low)]


def fraction(over: int, under: int) -> list[str]:
    """A fraction.

    >>> [" ".join(fraction(*f)) for f in ((1, 2), (3, 4), (2, 3), (1, 21), (7, 100))]
    ['one half', 'three quarters', 'two thirds', 'one over twenty one', 'seven hundredths']
    """
    if under == 0 or (under > 20 and under % 10) or under > 1000 or over > 999:
        return [*cardinal(over), "over", *cardinal(under)]
    name = {1: ["whole"], 2: ["half"], 4: ["quarter"], 100: ["hundredth"], 1000: ["thousandth"]}
    words = name.get(under) or ordinal(under)
    if over != 1:
        words = [*words[:-1], "halves" if words[-1] == "half" else words[-1] + "s"]
    return [*cardinal(over), *words]


def plural_of_tens(n: int) -> list[str]:
    """A decade: of a century with ``n`` above 99.

    >>> " ".join(plural_of_tens(1990)), " ".join(plural_of_tens(80)), " ".join(plural_of_tens(1900))
    ('nineteen nineties', 'eighties', 'nineteen hundreds')
    """
    *head, last = year(n) if n > 99 else cardinal(n)
    return [*head, last[:-1] + "ies" if last.endswith("y") else last + "s"]


def roman(text: str) -> int:
    """What a Roman numeral stands for; 0 for what is none.

    >>> roman("XIV"), roman("MCMXC"), roman("IIII"), roman("MIX")
    (14, 1990, 0, 1009)
    """
    if not text or not _WHOLE_ROMAN.fullmatch(text):
        return 0
    values = [_ROMAN[letter] for letter in text]
    after = [*values[1:], 0]
    return sum(-value if value < following else value for value, following in zip(values, after, strict=True))
