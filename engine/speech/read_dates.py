"""Dates, times of day, years and decades."""

from __future__ import annotations

import re
from typing import Final

from engine.speech.numbers import cardinal, ordinal, plural_of_tens, year
from engine.speech.scan import Rule, Said, Scan, letters
from engine.speech.tables import MONTH_NAMES, MONTH_SHORT, MONTHS

_MONTH: Final = "|".join([*MONTHS, *MONTH_SHORT])


def _clock(match: re.Match[str], scan: Scan) -> Said:
    hour, minute, second = int(match["hour"]), match["minute"], match["second"]
    if hour > 24:
        return None
    half = letters(match["half"] or "")
    words = cardinal(hour)
    if int(minute or 0):
        words += [*(["oh"] if minute[0] == "0" else []), *cardinal(minute)]
    elif minute and not half and not second:
        words += ["o'clock"] if 0 < hour <= 12 else ["hundred"] if hour else ["hundred", "hours"]
    if second:
        words += ["and", *cardinal(second), "second" if int(second) == 1 else "seconds"]
    return [*words, *half, *_stop(match, scan)]


def _stop(match: re.Match[str], scan: Scan) -> list[str]:
    """The dot of "p.m." that is a full stop as well."""
    return ["."] if match.group().endswith(".") and scan.ends_sentence(match.end()) else []


def _date_words(month: int, day: int, of_year: str | None) -> list[str]:
    words = [MONTH_NAMES[month], *ordinal(day)]
    if of_year:
        full = int(of_year) if len(of_year) == 4 else int(of_year) + (2000 if int(of_year) < 50 else 1900)
        words += [",", *year(full)]
    return words


def _iso_date(match: re.Match[str], scan: Scan) -> Said:
    month, day = int(match["month"]), int(match["day"])
    return _date_words(month, day, match["year"]) if 1 <= month <= 12 and 1 <= day <= 31 else None


def _slashed_date(match: re.Match[str], scan: Scan) -> Said:
    month, day = int(match["month"]), int(match["day"])
    if month > 12 >= day:
        month, day = day, month
    return _date_words(month, day, match["year"]) if 1 <= month <= 12 and 1 <= day <= 31 else None


def _short_date(match: re.Match[str], scan: Scan) -> Said:
    """Month and day, where only a date can stand: "by 12/24"."""
    month, day = int(match["month"]), int(match["day"])
    is_date = scan.before(match.start()).lower() in ("on", "by", "until", "till", "since", "before", "after")
    # That day is called by its numbers.
    is_date = is_date and match.group() != "9/11"
    return _date_words(month, day, None) if is_date and 1 <= month <= 12 and 1 <= day <= 31 else None


def _short_year(match: re.Match[str], scan: Scan) -> Said:
    """A year of two digits: "'09"."""
    return [*(["oh"] if match["n"][0] == "0" else []), *cardinal(match["n"])]


def _day_month(match: re.Match[str], scan: Scan) -> Said:
    """A day before its month: "22 November 2026", "22nd of November"."""
    name = match["name"].lower()
    if not 1 <= int(match["day"]) <= 31 or (name == "may" and match["name"][0] == "m"):
        return None
    words = ["the", *ordinal(match["day"]), "of", MONTH_SHORT.get(name, name)]
    if scan.before(match.start()).lower() == "the":
        words = words[1:]
    return [*words, *([",", *year(int(match["year"]))] if match["year"] else [])]


def _decade(match: re.Match[str], scan: Scan) -> Said:
    """Ten years; "a 30s clip" are seconds."""
    meant = match.group()[0] == "'" or int(match["n"]) > 50
    meant |= scan.before(match.start()).lower() in ("the", "his", "her", "their", "my", "early", "mid", "late")
    if not meant:
        return None
    return plural_of_tens(int(match["n"]))


RULES: Final[tuple[Rule, ...]] = (
    (re.compile(r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)(?!\d)"), _iso_date),
    (re.compile(r"(?P<month>\d{1,2})/(?P<day>\d{1,2})/(?P<year>\d{4}|\d\d)(?!\d)"), _slashed_date),
    (re.compile(r"(?P<month>\d{1,2})/(?P<day>\d{1,2})(?![\d/])"), _short_date),
    (
        re.compile(
            rf"(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? (?P<name>{_MONTH})\b\.?(?:,? (?P<year>\d{{4}})(?!\d))?", re.I
        ),
        _day_month,
    ),
    (
        re.compile(
            r"(?P<hour>\d{1,2}):(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d))?(?:\s?(?P<half>[ap]\.?m\b\.?))?(?!\d)", re.I
        ),
        _clock,
    ),
    (re.compile(r"(?P<hour>\d{1,2})(?P<minute>)(?P<second>)\s?(?P<half>[ap]\.m\.|[ap]m\b)", re.I), _clock),
    (re.compile(r"(?P<n>\d{2,3}0)'?s\b"), _decade),
    (re.compile(r"'?(?P<n>[1-9]0)'?s\b"), _decade),
    (re.compile(r"'(?P<n>\d\d)(?!\d|'\w)"), _short_year),
)
