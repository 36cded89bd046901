"""The letters that a net for unknown words reads, and how its answer becomes a pronunciation; without torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from engine.speech.symbols import is_vowel

LETTERS: Final = "'abcdefghijklmnopqrstuvwxyz"


def with_one_stress(said: Sequence[str]) -> tuple[str, ...]:
    """Phonemes with exactly one primary stress, if there is a vowel: the first of several, or the first vowel.

    >>> with_one_stress(("K", "AE1", "T", "AE1")), with_one_stress(("K", "AH0", "T")), with_one_stress(("HH", "M"))
    (('K', 'AE1', 'T', 'AE2'), ('K', 'AH1', 'T'), ('HH', 'M'))
    """
    found = list(said)
    stressed = [n for n, symbol in enumerate(found) if symbol.endswith("1")]
    for n in stressed[1:]:
        found[n] = found[n][:-1] + "2"
    if not stressed:
        vowels = [n for n, symbol in enumerate(found) if is_vowel(symbol)]
        best = next((n for n in vowels if found[n].endswith("2")), vowels[0] if vowels else -1)
        if best >= 0:
            found[best] = found[best][:-1] + "1"
    return tuple(found)
