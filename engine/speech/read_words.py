"""All that begins with a letter or a sign of the web: addresses, abbreviations, acronyms, Roman numerals."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from engine.speech.numbers import cardinal, digit_by_digit, ordinal, roman, year
from engine.speech.scan import Rule, Said, Scan, letters
from engine.speech.tables import (
    BARE,
    DAY_SHORT,
    IN_ADDRESSES,
    MONTH_SHORT,
    MONTHS,
    NUMBERED,
    PLACES,
    RULERS,
    SHORT,
    SPELLED,
    TITLES,
)

_MONTH: Final = "|".join([*MONTHS, *MONTH_SHORT])
_DAY: Final = "|".join(sorted(DAY_SHORT, key=len, reverse=True))
_ENDINGS: Final = "com|org|net|edu|gov|io|dev|ai|app|co|uk|de|fr|me|tv|info|us|eu|ca|fm|xyz|ly|gg|be|ch|at|nl"
_ADDRESS_PART: Final = re.compile(r"[A-Za-z]+|\d+|[./\-_@:?=&#%+~]")
_VOWEL: Final = re.compile(r"[aeiouy]")


def _address(text: str, known: Callable[[str], bool]) -> list[str]:
    """Each part of an address, with its dots and slashes."""
    words: list[str] = []
    for part in _ADDRESS_PART.findall(re.sub(r"^[a-z]+://", "", text, flags=re.I).rstrip("/")):
        lower = part.lower()
        if part in IN_ADDRESSES:
            words.append(IN_ADDRESSES[part])
        elif part.isdigit():
            words += cardinal(part) if len(part) < 5 and part[0] != "0" else digit_by_digit(part)
        elif known(lower) and not (
            len(part) < 3 and lower not in ("my", "me", "go", "to", "of", "in", "it", "at", "co")
        ):
            words.append(lower)
        elif len(part) < 4 or not _VOWEL.search(lower):
            words += letters(part)
        else:
            words.append(lower)
    return words


def _web(match: re.Match[str], scan: Scan) -> Said:
    return _address(match.group(), scan.known)


def _dotted_name(match: re.Match[str], scan: Scan) -> Said:
    """Names with a dot: "take.wav", "node.js"; not a sentence that lacks the blank behind its dot."""
    return None if match["rest"][0].isupper() and match["first"].isalpha() else _address(match.group(), scan.known)


def _tag(match: re.Match[str], scan: Scan) -> Said:
    parts = re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+", match["name"])
    words = ["hashtag" if match.group()[0] == "#" else "at"]
    for part in parts:
        words += cardinal(part) if part.isdigit() else [part.lower()]
    return words


def _stop(match: re.Match[str], scan: Scan) -> list[str]:
    """The dot of an abbreviation that is a full stop as well."""
    return ["."] if match.group().endswith(".") and scan.ends_sentence(match.end()) else []


def _latin(match: re.Match[str], scan: Scan) -> Said:
    return ["for", "example"] if match["e"] else ["that", "is"]


def _initials(match: re.Match[str], scan: Scan) -> Said:
    """Letters with dots: "U.S.A.", "J. R. R."."""
    found = letters(match.group())
    if len(found) == 1:
        return None if not scan.after(match.end())[:1].isupper() or match.group() == "I." else found
    ends = scan.ends_sentence(match.end()) and not (
        # "The U.S. Army" goes on; "in the U.S. He" does not.
        scan.after(match.end()) and scan.after(match.end()).lower() not in _OPENERS
    )
    return [*found, *(["."] if ends else [])]


_OPENERS: Final = frozenset(
    ("the", "a", "an", "he", "she", "it", "we", "you", "they", "i", "this", "that", "these", "those", "there", "then")
)


def _month_day(match: re.Match[str], scan: Scan) -> Said:
    name = match["name"].lower()
    if match["name"][0].islower() or not 1 <= int(match["day"]) <= 31:
        return None
    words = [MONTH_SHORT.get(name, name), *ordinal(match["day"])]
    return [*words, *([",", *year(int(match["year"]))] if match["year"] else [])]


def _doctor(match: re.Match[str], scan: Scan) -> Said:
    """A doctor in front of a name, a drive behind one."""
    before, after = scan.before(match.start()), scan.after(match.end())
    is_drive = before[:1].isupper() and not scan.starts_sentence(match.start()) and not _next_is_name(match, scan)
    if is_drive and before.lower() not in TITLES:
        return ["drive", *_stop(match, scan)]
    return ["doctor", *([] if after[:1].isupper() else _stop(match, scan))]


def _next_is_name(match: re.Match[str], scan: Scan) -> bool:
    """Whether the very next thing is a word with a capital, with nothing but a blank between."""
    return bool(re.match(r" [A-Z]", scan.text[match.end() : match.end() + 2]))


def _saint(match: re.Match[str], scan: Scan) -> Said:
    """A saint in front of a name, a street behind one or behind a number."""
    before, after = scan.before(match.start()), scan.after(match.end())
    head = scan.text[: match.start()].rstrip()
    behind_name = before[:1].isupper() and head[-1:].isalpha()
    behind_number = bool(re.search(r"\d(st|nd|rd|th)?$", head))
    if _next_is_name(match, scan) and not behind_number and not (behind_name and after.lower() in _OPENERS):
        return ["saint"]
    return ["street", *_stop(match, scan)] if behind_name or behind_number else ["saint"]


def _number_sign(match: re.Match[str], scan: Scan) -> Said:
    return ["number"]


def _with(match: re.Match[str], scan: Scan) -> Said:
    return ["without"] if match["o"] else ["with"]


def _abbreviation(match: re.Match[str], scan: Scan) -> Said:
    written, dot = match["word"], match["dot"]
    word = written.lower()
    if not dot:
        return [(TITLES | SHORT | PLACES)[word]] if word in BARE and written[0].isupper() == (word in TITLES) else None
    ends_here = scan.ends_sentence(match.end())
    if word in TITLES and (word in _ALWAYS or scan.after(match.end())[:1].isupper()):
        return None if word in ("gen", "rep", "gov", "pres") and written[0].islower() else [TITLES[word]]
    if written[0].isupper() and word in MONTH_SHORT:
        return [MONTH_SHORT[word], *_stop(match, scan)]
    if written[0].isupper() and word in DAY_SHORT and _is_day(match, scan):
        return [DAY_SHORT[word], *_stop(match, scan)]
    if word in PLACES and written[0].isupper():
        if word in ("mt", "ft"):
            return [PLACES[word]] if _next_is_name(match, scan) else None
        return [PLACES[word], *_stop(match, scan)]
    if word in SHORT and not (word in _WORDS_TOO and ends_here):
        return [SHORT[word], *([] if word in _NEVER_LAST else _stop(match, scan))]
    return None


_ALWAYS: Final = frozenset({"mr", "mrs", "ms", "messrs", "mme", "mlle"})
_NEVER_LAST: Final = frozenset({"vs", "approx", "ca", "cf", "eq", "incl", "excl", "vol", "vols", "fig", "figs", "est"})
_DAY_PARTS: Final = frozenset({"morning", "noon", "afternoon", "evening", "night", "and", "to", "through"})
_WORDS_TOO: Final = frozenset({"ed", "fig", "min", "max", "al", "sec", "ref", "ch", "est", "dist"})
"""With a dot at the end of a sentence these are words of their own."""


def _is_day(match: re.Match[str], scan: Scan) -> bool:
    """Whether it is a day and not the word that is written the same."""
    if match["word"] not in ("Sun", "Sat", "Wed") or scan.after(match.end()) in _DAY_PARTS:
        return True
    return not scan.starts_sentence(match.start())


def _version(match: re.Match[str], scan: Scan) -> Said:
    words = ["version"]
    for n, part in enumerate(match["number"].split(".")):
        words += [*(["point"] if n else []), *cardinal(part)]
    return words


def _numeral(match: re.Match[str], scan: Scan) -> Said:
    """A Roman numeral, where it can be nothing else."""
    value, before = roman(match.group()), scan.before(match.start())
    if not value:
        return None
    if before.lower() in NUMBERED:
        return cardinal(value)
    if before.lower() in RULERS and before[:1].isupper() and value < 40 and len(match.group()) + (value > 4) > 1:
        if match.group() == "I" and scan.after(match.end()).islower() and scan.after(match.end()) not in ("of", "was"):
            return None
        return ["the", *ordinal(value)]
    only_small = set(match.group()) <= set("IVX") and len(match.group()) > 1
    return cardinal(value) if only_small and before and not scan.shouted(match.start()) else None


def _capitals(match: re.Match[str], scan: Scan) -> Said:
    """Letters by their names, or a word in capitals."""
    word, tail = match["word"], match["tail"] or ""
    lower = word.lower()
    beside_and = "&" in (scan.text[match.start() - 1 : match.start()], scan.text[match.end() : match.end() + 1])
    plural = ["'s"] if tail else []
    if lower in scan.own:
        return [lower, *plural]
    if beside_and and len(word) < 4:
        return [*letters(word), *plural]
    if scan.shouted(match.start()):
        spelled = not scan.known(lower) and (len(word) < 4 or not _VOWEL.search(lower))
    else:
        spelled = lower in SPELLED or (not scan.known(lower) and (len(word) < 5 or not _VOWEL.search(lower)))
    if not spelled:
        return [lower + ("'s" if tail.startswith("'") else tail)] if tail else None
    return [*letters(word), *plural]


def _code(digits: str) -> list[str]:
    """The number of a thing: "B-52", "F-117", "TR-909", "UA1549"."""
    if len(digits) > 3 or digits[0] == "0" or (len(digits) == 3 and digits[1] == "0" != digits[2]):
        return digit_by_digit(digits, "oh")
    if len(digits) == 3 and digits[1:] != "00":
        return [*cardinal(digits[0]), *cardinal(digits[1:])]
    return cardinal(digits)


def _sharp(match: re.Match[str], scan: Scan) -> Said:
    return [*letters(match["note"]), "sharp", *(cardinal(match["octave"]) if match["octave"] else [])]


def _degree(match: re.Match[str], scan: Scan) -> Said:
    return [*letters(match.group()), *_stop(match, scan)]


def _days(match: re.Match[str], scan: Scan) -> Said:
    """From one day to another: "Mon-Fri"."""
    return [DAY_SHORT[match["first"].lower()], "to", DAY_SHORT[match["last"].lower()]]


def _letters_digits(match: re.Match[str], scan: Scan) -> Said:
    """Letters with digits: "MP3", "H2O", "B-52", "x86"."""
    if match.group().lower() in scan.own:
        return [match.group().lower()]
    words: list[str] = []
    for part in re.findall(r"[A-Za-z]+|\d+", match.group()):
        lower = part.lower()
        if part.isdigit():
            words += _code(part)
        elif part == "s" and words and words[-1][0] != ".":
            words[-1] += "es" if words[-1] == "six" else "s"
        elif part.isupper() or len(part) < 3 or not scan.known(lower):
            words += letters(part)
        else:
            words.append(lower)
    return words


RULES: Final[tuple[Rule, ...]] = (
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), _web),
    (
        re.compile(
            rf"(?:https?|ftp)://[^\s\"'<>)]*[\w/]|(?:[\w-]+\.)+(?:{_ENDINGS})\b(?:/[^\s\"'<>)]*[\w/])?(?!\.\w)", re.I
        ),
        _web,
    ),
    (re.compile(r"www\.[\w.-]*\w(?:/\S*\w)?", re.I), _web),
    (re.compile(r"[#@](?P<name>[A-Za-z]\w*)"), _tag),
    (re.compile(r"(?:(?P<e>e\.\s?g\.)|i\.\s?e\.)(?P<comma>,)?", re.I), _latin),
    (re.compile(r"(?:[A-Za-z]\. ?)*[A-Z]\.(?=[\s,;:!?)\"']|$)|(?:[A-Za-z]\.){2,}"), _initials),
    (
        re.compile(
            rf"(?P<name>{_MONTH})\b\.? (?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?![\d:%])(?:,? (?P<year>\d{{4}})(?!\d))?",
            re.I,
        ),
        _month_day,
    ),
    (re.compile(r"[vV]\.?(?P<number>\d+(?:\.\d+)+)"), _version),
    (re.compile(r"(?P<note>[A-G])#(?P<octave>\d)?(?!\w)"), _sharp),
    (re.compile(r"Ph\. ?D\b\.?|(?:[BM]\.?(?:Sc|A|S)|Ed\.?D)\.(?=\W|$)"), _degree),
    (re.compile(rf"(?P<first>{_DAY})\.?[-–](?P<last>{_DAY})\b\.?", re.I), _days),
    (re.compile(r"Dr\b\.?"), _doctor),
    (re.compile(r"St\b\.?"), _saint),
    (re.compile(r"[Nn]os?\.(?= ?\d)"), _number_sign),
    (re.compile(r"w/(?P<o>o\b)?(?=\s)"), _with),
    (re.compile(r"(?P<word>[A-Za-z]{2,6})\b(?P<dot>\.)?"), _abbreviation),
    (re.compile(r"[IVXLCDM]+\b(?!['.]\w)"), _numeral),
    (re.compile(r"(?P<first>[A-Za-z0-9_]+)\.(?P<rest>[A-Za-z][A-Za-z0-9_]*)(?!\w)"), _dotted_name),
    (re.compile(r"[A-Za-z]+-?\d+(?:-?[A-Za-z\d]+)*(?![\w])"), _letters_digits),
    (re.compile(r"(?P<word>[A-Z]{2,})(?P<tail>'?s)?(?![A-Za-z])"), _capitals),
)
"""Tried in this order where a letter or one of "#@" stands."""
