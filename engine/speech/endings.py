"""Words made of other words: possessives, plurals, verb forms, prefixes and compounds of what the lexicon knows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

Phonemes = tuple[str, ...]
Look = Callable[[str], Phonemes]
"""The phonemes of a word that is known, else nothing."""

_HISSING: Final = frozenset({"S", "Z", "SH", "ZH", "CH", "JH"})
_VOICELESS: Final = frozenset({"P", "T", "K", "F", "TH", "S", "SH", "CH"})
_CONTRACTED: Final = {"'ll": ("AH0", "L"), "'ve": ("AH0", "V"), "'re": ("ER0",), "n't": ("AH0", "N", "T")}
_SUFFIXES: Final[dict[str, str]] = {
    "lessness": "L AH0 S N AH0 S", "fulness": "F AH0 L N AH0 S", "ability": "AH0 B IH1 L AH0 T IY0",
    "ings": "IH0 NG Z",
    "ing": "IH0 NG", "iest": "IY0 AH0 S T", "est": "AH0 S T", "iers": "IY0 ER0 Z", "ier": "IY0 ER0", "ers": "ER0 Z",
    "er": "ER0", "ily": "AH0 L IY0", "ly": "L IY0", "iness": "IY0 N AH0 S", "ness": "N AH0 S", "less": "L AH0 S",
    "ful": "F AH0 L", "able": "AH0 B AH0 L", "ments": "M AH0 N T S", "ment": "M AH0 N T", "like": "L AY2 K",
    "ish": "IH0 SH", "ships": "SH IH2 P S", "ship": "SH IH2 P", "hood": "HH UH2 D", "wise": "W AY2 Z",
    "ward": "W ER0 D",
    "wards": "W ER0 D Z", "y": "IY0",
}  # fmt: skip
_PREFIXES: Final[dict[str, str]] = {
    "counter": "K AW2 N T ER0", "electro": "IH0 L EH2 K T R OW0", "hyper": "HH AY2 P ER0", "inter": "IH2 N T ER0",
    "micro": "M AY2 K R OW0", "macro": "M AE2 K R OW0", "multi": "M AH2 L T IY0", "under": "AH2 N D ER0",
    "super": "S UW2 P ER0", "ultra": "AH2 L T R AH0", "photo": "F OW2 T OW0", "retro": "R EH2 T R OW0",
    "pseudo": "S UW2 D OW0", "psycho": "S AY2 K OW0", "over": "OW2 V ER0", "anti": "AE2 N T IY0", "auto": "AO2 T OW0",
    "mega": "M EH2 G AH0", "mini": "M IH2 N IY0", "nano": "N AE2 N OW0", "semi": "S EH2 M IY0", "post": "P OW2 S T",
    "fore": "F AO2 R", "non": "N AA2 N", "out": "AW2 T", "mis": "M IH0 S", "dis": "D IH0 S", "pre": "P R IY0",
    "sub": "S AH0 B", "un": "AH0 N", "re": "R IY0", "de": "D IY0", "bi": "B AY0", "co": "K OW0",
}  # fmt: skip
_LEAST_STEM: Final = 3
_LEAST_PART: Final = 4


def with_s(stem: Phonemes) -> Phonemes:
    """A plural, a possessive or a verb's third person.

    >>> with_s(("K", "AE1", "T")), with_s(("D", "AO1", "G")), with_s(("B", "AH1", "S"))
    (('K', 'AE1', 'T', 'S'), ('D', 'AO1', 'G', 'Z'), ('B', 'AH1', 'S', 'IH0', 'Z'))
    """
    if stem[-1] in _HISSING:
        return (*stem, "IH0", "Z")
    return (*stem, "S" if stem[-1] in _VOICELESS else "Z")


def with_d(stem: Phonemes) -> Phonemes:
    """A verb's past."""
    if stem[-1] in ("T", "D"):
        return (*stem, "IH0", "D")
    return (*stem, "T" if stem[-1] in _VOICELESS else "D")


def made_of_known(word: str, look: Look) -> Phonemes:
    """``word`` by way of words that ``look`` knows; nothing where it is not made of any."""
    return _contracted(word, look) or _inflected(word, look) or _suffixed(word, look) or _prefixed(word, look)


def _contracted(word: str, look: Look) -> Phonemes:
    if word.endswith(("'s", "s'")):
        stem = look(word[:-2]) or made_of_known(word[:-2], look) if word.endswith("'s") else ()
        if stem:
            return with_s(stem)
        bare = word.rstrip("'")
        return look(bare) or made_of_known(bare, look) if word.endswith("s'") else ()
    if word.endswith("'d") and (stem := look(word[:-2])):
        return with_d(stem)
    for ending, said in _CONTRACTED.items():
        if word.endswith(ending) and (stem := look(word[: -len(ending)])):
            return (*stem, *said)
    return look(word[:-1] + "g") if word.endswith("in'") else ()


def _inflected(word: str, look: Look) -> Phonemes:
    for ending, add in (("s", with_s), ("d", with_d)):
        if not word.endswith(ending):
            continue
        stems = [word[:-3] + "y"] if word.endswith("ie" + ending) else []
        if ending == "s":
            stems += [word[:-1], word[:-2]] if word.endswith("es") else [word[:-1]] if not word.endswith("ss") else []
        elif word.endswith("ed"):
            stems += [word[:-1], word[:-2], *_undoubled(word[:-2])]
        for stem in stems:
            if len(stem) >= _LEAST_STEM and (found := look(stem)):
                return add(found)
    return ()


def _undoubled(stem: str) -> list[str]:
    return [stem[:-1]] if len(stem) > 2 and stem[-1] == stem[-2] else []


def _suffixed(word: str, look: Look) -> Phonemes:
    for suffix, said in _SUFFIXES.items():
        if not word.endswith(suffix):
            continue
        stem = word[: -len(suffix)]
        stems = [stem + "y"] if suffix.startswith("i") and suffix not in ("ing", "ings", "ish") else [stem]
        if suffix[0] in "aeiy":
            stems += [stem + "e", *_undoubled(stem)]
        elif suffix == "ly" and stem.endswith("l"):
            stems.append(stem[:-1])
        for candidate in stems:
            if len(candidate) >= _LEAST_STEM and (found := look(candidate)):
                added = tuple(said.split())
                if candidate == stem + "y" and found[-1] == "IY0":
                    found = found[:-1]
                return (*found[:-1], *added) if suffix == "ly" and found[-1] == "L" == added[0] else (*found, *added)
    return ()


def _prefixed(word: str, look: Look) -> Phonemes:
    for prefix, said in _PREFIXES.items():
        rest = word[len(prefix) :]
        if word.startswith(prefix) and len(rest) >= _LEAST_PART:
            found = look(rest) or _inflected(rest, look) or _suffixed(rest, look)
            if found:
                return (*said.split(), *found)
    return ()


def compound(word: str, look: Look) -> Phonemes:
    """Two known words in one, the first with the stress; nothing where there are none.

    Of several ways to part it the most even one is taken.
    """
    parts = sorted(range(_LEAST_PART, len(word) - _LEAST_PART + 1), key=lambda at: abs(2 * at - len(word)))
    for at in parts:
        first, second = look(word[:at]), look(word[at:]) or _inflected(word[at:], look)
        if first and second:
            return (*first, *(symbol.replace("1", "2") for symbol in second))
    return ()
