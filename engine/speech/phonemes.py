"""Phonemes as people type them: in the text between double brackets, and in a dictionary of their own."""

from __future__ import annotations

from engine.errors import SpeechError
from engine.speech.symbols import CONSONANTS, PHONEMES, VOWELS


def parse_phonemes(text: str) -> tuple[str, ...]:
    """ARPAbet with spaces, in any case; a vowel without a digit has no stress, but the first is stressed if none is.

    >>> parse_phonemes("k ae t"), parse_phonemes("t ah0 m ey1 t ow")
    (('K', 'AE1', 'T'), ('T', 'AH0', 'M', 'EY1', 'T', 'OW0'))
    """
    found = [symbol.upper() for symbol in text.split()]
    if not found:
        raise SpeechError("There are no phonemes between the brackets; write them like [[HH AH0 L OW1]].")
    bare = [n for n, symbol in enumerate(found) if symbol in VOWELS]
    is_stressed = any(symbol.endswith("1") for symbol in found)
    for n in bare:
        found[n] += "1" if not is_stressed and n == bare[0] else "0"
    for symbol in found:
        if symbol not in PHONEMES:
            raise SpeechError(
                f"“{symbol}” is no phoneme: the consonants are {' '.join(CONSONANTS)}; "
                f"the vowels are {' '.join(VOWELS)}, with 0, 1 or 2 behind them for the stress."
            )
    return tuple(found)
