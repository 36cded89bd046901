"""All that begins with a digit, a sign or a currency: money, telephones, fractions, measures, numbers."""

from __future__ import annotations

import re
from typing import Final

from engine.speech import read_dates
from engine.speech.numbers import cardinal, decimal, digit_by_digit, fraction, ordinal, year
from engine.speech.scan import Rule, Said, Scan, letters
from engine.speech.tables import (
    AFTER_A_SPACE,
    CODES,
    CURRENCIES,
    MONTHS,
    SCALES,
    SOMETIMES,
    UNITS,
)

_AMOUNT: Final = r"(?P<whole>\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.(?P<part>\d+))?"
_SIGNS: Final = re.escape("".join(CURRENCIES))
_SCALE: Final = r"(?:\s?(?P<scale>thousand|million|billion|trillion)\b|(?P<short>[kKmMbBT]n?)\b)?"
_UNIT: Final = "|".join(re.escape(unit) for unit in sorted(UNITS, key=len, reverse=True))
_YEAR_BEFORE: Final = frozenset(
    ("in", "since", "by", "until", "till", "from", "of", "year", "before", "after", "around", "circa", "during",
     "early", "late", "mid", "spring", "summer", "autumn", "fall", "winter", "to", "through", "and", "between", *MONTHS)
)  # fmt: skip
_TO: Final = r"\s?[-–—]\s?"


def _amount(match: re.Match[str]) -> list[str]:
    whole, part = match["whole"].replace(",", ""), match["part"]
    return decimal(whole, part) if part else cardinal(whole)


def _is_one(match: re.Match[str]) -> bool:
    return match["whole"] == "1" and not match["part"]


def _minus(sign: str | None) -> list[str]:
    return {"-": ["minus"], "+": ["plus"], "±": ["plus", "or", "minus"]}.get(sign or "", [])


def _money(match: re.Match[str], scan: Scan) -> Said:
    names = CURRENCIES[CODES.get(match["code"] or "", match["sign"] or "$")]
    one, many, cent, cents = names
    whole, part = match["whole"].replace(",", ""), match["part"]
    if match["minus"] and scan.text[match.start() - 1 : match.start()].isalnum():
        minus = ["to"]
    else:
        minus = _minus(match["minus"])
    if match["to"]:
        return [*minus, *_amount(match), "to", *cardinal(match["to"]), many]
    scale = SCALES.get(match["scale"] or match["short"] or "")
    if scale:
        return [*minus, *_amount(match), scale, many]
    if part is None or not cent or len(part) != 2:
        return [*minus, *_amount(match), one if _is_one(match) else many]
    coins = int(part)
    words = [] if whole == "0" and coins else [*cardinal(whole), one if whole == "1" else many]
    if coins:
        words += [*(["and"] if words else []), *cardinal(coins), cent if coins == 1 else cents]
    return [*minus, *words]


def _cents(match: re.Match[str], scan: Scan) -> Said:
    """Less than one, without a whole: "$.50"."""
    return [*cardinal(match["part"]), "cent" if match["part"] == "01" else "cents"]


def _money_behind(match: re.Match[str], scan: Scan) -> Said:
    one, many, _, _ = CURRENCIES[CODES.get(match["code"] or "", match["sign"] or "$")]
    return [*_minus(match["minus"]), *_amount(match), one if _is_one(match) else many]


def _ratio(match: re.Match[str], scan: Scan) -> Said:
    """How one is to the other: "16:9"."""
    return [*cardinal(match["first"]), "to", *cardinal(match["last"])]


def _post_code(match: re.Match[str], scan: Scan) -> Said:
    return [*digit_by_digit(match["first"], "oh"), ",", *digit_by_digit(match["last"], "oh")]


def _thousands(match: re.Match[str], scan: Scan) -> Said:
    """Very many: "1,000s"."""
    *head, last = cardinal(match["whole"].replace(",", ""))
    return [*(head if head != ["one"] else []), last + "s"]


def _machines(match: re.Match[str], scan: Scan) -> Said:
    """Several of those that go by a number: "808s"."""
    words = digit_by_digit(match["n"], "oh")
    return [*words[:-1], words[-1] + ("es" if words[-1] == "six" else "s")]


def _divided(match: re.Match[str], scan: Scan) -> Said:
    return [*cardinal(match["first"]), "divided", "by", *cardinal(match["last"])]


def _telephone(match: re.Match[str], scan: Scan) -> Said:
    groups = re.findall(r"\d+", match.group())
    words = ["plus"] if match.group().startswith("+") else []
    for n, group in enumerate(groups):
        words += [*([","] if n else []), *digit_by_digit(group, "oh")]
    return words


def _international(match: re.Match[str], scan: Scan) -> Said:
    return _telephone(match, scan) if 7 <= sum(c.isdigit() for c in match.group()) <= 15 else None


def _version(match: re.Match[str], scan: Scan) -> Said:
    words: list[str] = []
    for n, group in enumerate(match.group().split(".")):
        words += [*(["point"] if n else []), *(digit_by_digit(group) if group[0] == "0" else cardinal(group))]
    return words


def _height(match: re.Match[str], scan: Scan) -> Said:
    feet, inches = match["feet"], match["inches"]
    words = [*cardinal(feet), "foot" if feet == "1" or inches else "feet"]
    return [*words, *(cardinal(inches) if inches else [])]


def _feet(match: re.Match[str], scan: Scan) -> Said:
    """A prime, unless it closes a quotation."""
    line = scan.text[scan.text.rfind("\n", 0, match.start()) + 1 : match.start()]
    return None if re.search(r"(?<!\w)'", line) else _height(match, scan)


def _inches(match: re.Match[str], scan: Scan) -> Said:
    """A double prime, unless it closes a quotation."""
    line = scan.text[scan.text.rfind("\n", 0, match.start()) + 1 : match.start()]
    return None if line.count('"') % 2 else [*_amount(match), "inch"]


def _ordinal(match: re.Match[str], scan: Scan) -> Said:
    return ordinal(match["whole"].replace(",", ""))


def _fraction(match: re.Match[str], scan: Scan) -> Said:
    whole, over, under = match["whole"], int(match["over"]), int(match["under"])
    in_bars = under in (2, 4, 8, 16) and scan.after(match.end()).lower() in (
        "time",
        "meter",
        "signature",
        "bar",
        "bars",
    )
    if not whole and in_bars:
        return [*cardinal(over), *cardinal(under)]
    if not whole and (over, under) in ((24, 7), (9, 11), (50, 50)):
        return [*cardinal(over), *cardinal(under)]
    if under == 0 or under > 1000:
        return None
    if whole:
        words = fraction(over, under)
        return [*cardinal(whole), "and", *(["a", *words[1:]] if over == 1 else words)]
    return [*_minus(match["minus"]), *fraction(over, under)]


def _span(match: re.Match[str], scan: Scan) -> Said:
    """From one to another: "10-20", "1990–1995", "3-2"."""
    first, last = match["first"], match["last"]
    if len(first) == 4 and len(last) in (2, 4) and _could_be_year(first):
        return [*year(int(first)), "to", *(year(int(last)) if len(last) == 4 else cardinal(last))]
    if first[0] == "0" or last[0] == "0":
        return None
    if scan.text[match.end() :].lstrip().startswith("="):
        return [*cardinal(first), "minus", *cardinal(last)]
    return [*cardinal(first), "to", *cardinal(last), *_unit_words(match["unit"], False)]


def _sides(match: re.Match[str], scan: Scan) -> Said:
    """Two sides: "1920x1080"."""
    counted = scan.text[match.end() :].lstrip().startswith("=")
    return [*cardinal(match["first"]), "times" if counted else "by", *cardinal(match["last"])]


def _unit_words(unit: str | None, one: bool) -> list[str]:
    if not unit:
        return []
    name, *power = unit.split("^")
    single, _, many = UNITS[name].partition("/")
    words = (single if one else many or single + "s").split()
    # "psi" and the like are said letter by letter.
    words = ["." + word if len(word) == 1 else word for word in words]
    return [*({"2": ["square"], "3": ["cubic"]}.get(power[0], []) if power else []), *words]


def _measure(match: re.Match[str], scan: Scan) -> Said:
    name = match["unit"].split("^")[0]
    if match["gap"]:
        if name not in AFTER_A_SPACE | SOMETIMES:
            return None
        if name in SOMETIMES and scan.after(match.end()):
            return None
    return [*_minus(match["minus"]), *_amount(match), *_unit_words(match["unit"], _is_one(match))]


def _scaled(match: re.Match[str], scan: Scan) -> Said:
    """Thousands: "10k" is said as it is written, "5M" is not."""
    name = ".k" if match["short"] in "kK" else SCALES[match["short"]]
    return [*_minus(match["minus"]), *_amount(match), name]


def _mixed(match: re.Match[str], scan: Scan) -> Said:
    """Digits with letters behind them: "3D", "4x", "2nd" is caught before."""
    tail = match["letters"]
    words = cardinal(match["digits"]) if match["digits"][0] != "0" else digit_by_digit(match["digits"])
    return [*words, *(["times"] if tail == "x" else letters(tail))]


def _could_be_year(digits: str) -> bool:
    return len(digits) == 4 and 1100 <= int(digits) <= 2099


def _number(match: re.Match[str], scan: Scan) -> Said:
    written, part = match["whole"], match["part"]
    if match["minus"] and scan.text[match.start() - 1 : match.start()].isalnum():
        return None
    minus = _minus(match["minus"])
    if part is None and not minus and "," not in written:
        if len(written) > 1 and written[0] == "0":
            return digit_by_digit(written)
        if written in _BY_DIGITS:
            return [*digit_by_digit(written, "oh"), *(["'s"] if match["own"] else [])]
        before, after = scan.before(match.start()).lower(), scan.after(match.end())
        if _could_be_year(written) or (len(written) == 4 and written[0] == "1" and before in _YEAR_BEFORE):
            counted = after.islower() and after.endswith("s") and len(after) > 3 and after not in ("was", "this")
            if before in _YEAR_BEFORE or not counted:
                return year(int(written))
    return [*minus, *_amount(match), *(["'s"] if match["own"] else [])]


_BY_DIGITS: Final = frozenset({"911", "808", "909", "303", "606", "707", "404"})
"""A call for help, drum machines, and a page that is not found."""


def _point(match: re.Match[str], scan: Scan) -> Said:
    """Without a whole: ".5"."""
    return [*_minus(match["minus"]), "point", *digit_by_digit(match["part"])]


_MINUS: Final = r"(?P<minus>(?<![\w.)])[-+±])?"

RULES: Final[tuple[Rule, ...]] = (
    *read_dates.RULES,
    (re.compile(r"(?:\+?1[-. ])?(?:\(\d{3}\) ?|\d{3}[-. ])\d{3}[-. ]\d{4}(?!\d)"), _telephone),
    (re.compile(r"\d{3}-\d{4}(?![\d-])"), _telephone),
    (re.compile(r"\+\d[\d ()-]{5,18}\d"), _international),
    (re.compile(r"(?P<first>\d+):(?P<last>\d+)(?![\d:])"), _ratio),
    (
        re.compile(
            rf"(?P<minus>[-+](?=\D))?(?:(?P<code>US|USD|EUR|GBP) ?)?(?P<sign>[{_SIGNS}])? ?{_AMOUNT}"
            rf"(?:{_TO}(?P<to>\d+)(?![\d.,]\d|\d))?{_SCALE}"
        ),
        lambda match, scan: _money(match, scan) if match["sign"] or match["code"] not in (None, "US") else None,
    ),
    (re.compile(r"\$\.(?P<part>\d\d)(?!\d)"), _cents),
    (
        re.compile(rf"{_MINUS}{_AMOUNT} ?(?:(?P<sign>[{_SIGNS}])|(?P<code>USD|EUR|GBP|JPY|INR|BTC)\b)"),
        _money_behind,
    ),
    (re.compile(r"\d+(?:\.\d+){2,}"), _version),
    (re.compile(r"(?P<first>\d{5})-(?P<last>\d{4})(?!\d)"), _post_code),
    (re.compile(r"(?P<whole>\d{1,3}(?:,\d{3})+|[1-9]0{2,}(?=s (?:of|more)\b))s\b"), _thousands),
    (re.compile(r"(?P<n>[1-9]0[1-9])s\b"), _machines),
    (re.compile(r"(?P<first>\d+) / (?P<last>\d+)(?!\S)"), _divided),
    (re.compile(r"(?P<feet>\d)' ?(?P<inches>\d{1,2})(?:\"|''|(?= (?:tall|high)))"), _height),
    (re.compile(r"(?P<feet>\d+) ?(?:ft|feet|foot)\.? (?P<inches>\d+) ?(?:in\b\.?|\")"), _height),
    (re.compile(rf"{_AMOUNT}\"(?= [a-z])"), _inches),
    (re.compile(r"(?P<whole>\d{1,3}(?:,\d{3})+|\d+)(?:st|nd|rd|th)\b", re.I), _ordinal),
    (re.compile(r"(?P<feet>\d)'(?=[\s.,;!?)]|$)(?P<inches>)"), _feet),
    (
        re.compile(rf"{_MINUS}(?:(?P<whole>\d+)[ -]+)?(?P<over>\d+)/(?P<under>\d+)(?:nds?|rds?|ths?)?(?![\d/])"),
        _fraction,
    ),
    (
        re.compile(rf"(?P<first>\d{{1,6}}){_TO}(?P<last>\d{{1,6}})(?![\d.,:/-]\d|\d)(?:\s?(?P<unit>{_UNIT})(?!\w))?"),
        _span,
    ),
    (re.compile(r"(?P<first>\d+) ?[x×] ?(?P<last>\d+)(?!\w)"), _sides),
    (re.compile(rf"{_MINUS}{_AMOUNT}(?P<gap>\s)?(?P<unit>(?:{_UNIT})(?:\^[23])?)(?!\w|/[A-Za-z])"), _measure),
    (re.compile(rf"{_MINUS}{_AMOUNT}(?P<short>[kKM])(?!\w)"), _scaled),
    (re.compile(r"(?P<digits>\d+)(?P<letters>[A-Za-z]{1,3})(?![A-Za-z])"), _mixed),
    (re.compile(rf"{_MINUS}{_AMOUNT}(?P<own>'s\b)?"), _number),
    (re.compile(rf"{_MINUS}(?<!\w)\.(?P<part>\d+)"), _point),
)
"""Tried in this order where a digit, a sign, a currency or an apostrophe stands."""
