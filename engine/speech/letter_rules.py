"""How an unknown word is said when no net is there to ask: plain rules from letters to sounds."""

from __future__ import annotations

from typing import Final

from engine.speech.symbols import is_vowel

_GROUPS: Final[dict[str, str]] = {
    "tch": "CH", "sch": "SH", "igh": "AY", "tion": "SH AH N", "sion": "ZH AH N", "eau": "OW", "ough": "AO",
    "ch": "CH", "sh": "SH", "th": "TH", "ph": "F", "wh": "W", "ck": "K", "ng": "NG", "gh": "G", "kn": "N", "wr": "R",
    "qu": "K W", "dg": "JH", "ee": "IY", "ea": "IY", "oo": "UW", "ou": "AW", "ow": "OW", "oi": "OY", "oy": "OY",
    "ai": "EY", "ay": "EY", "au": "AO", "aw": "AO", "ie": "IY", "ei": "EY", "ey": "IY", "ew": "UW", "ue": "UW",
    "oa": "OW", "ar": "AA R", "or": "AO R", "er": "ER", "ir": "ER", "ur": "ER", "bb": "B", "cc": "K", "dd": "D",
    "ff": "F", "gg": "G", "ll": "L", "mm": "M", "nn": "N", "pp": "P", "rr": "R", "ss": "S", "tt": "T", "zz": "Z",
    "a": "AE", "b": "B", "c": "K", "d": "D", "e": "EH", "f": "F", "g": "G", "h": "HH", "i": "IH", "j": "JH", "k": "K",
    "l": "L", "m": "M", "n": "N", "o": "AA", "p": "P", "q": "K", "r": "R", "s": "S", "t": "T", "u": "AH", "v": "V",
    "w": "W", "x": "K S", "y": "IY", "z": "Z",
}  # fmt: skip
_LONG: Final = {"a": "EY", "e": "IY", "i": "AY", "o": "OW", "u": "UW", "y": "AY"}


def by_letters(word: str) -> tuple[str, ...]:
    """Phonemes of ``word``, stressed on the first vowel.

    >>> by_letters("blickensmate")
    ('B', 'L', 'IH1', 'K', 'EH0', 'N', 'S', 'M', 'EY0', 'T')
    """
    found: list[str] = []
    at = 0
    while at < len(word):
        if word[at] in _LONG and len(word) - at == 3 and word[-1] == "e" and word[at + 1] not in "aeiouywxr" and found:
            return _stressed([*found, _LONG[word[at]], *_GROUPS.get(word[at + 1], "").split()])
        if word[at] == "c" and word[at + 1 : at + 2] in ("e", "i", "y"):
            found.append("S")
            at += 1
            continue
        if word[at:] == "e" and any(is_vowel(symbol) for symbol in found):
            break
        group = next((word[at : at + n] for n in (4, 3, 2, 1) if word[at : at + n] in _GROUPS), "")
        found += _GROUPS.get(group, "").split()
        at += max(len(group), 1)
    return _stressed(found)


def _stressed(found: list[str]) -> tuple[str, ...]:
    first = next((n for n, symbol in enumerate(found) if is_vowel(symbol)), -1)
    return tuple(
        symbol + ("1" if n == first else "0") if is_vowel(symbol) else symbol for n, symbol in enumerate(found)
    )
