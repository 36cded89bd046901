"""The symbols that a voice is taught: ARPAbet phonemes with their stress, word ends, punctuation and silence.

The 39 phonemes are those of the CMU dictionary. A vowel carries its stress as a digit (0 none, 1 primary, 2 secondary),
so that "AH0" (the a of "about") and "AH1" (the u of "cut") are two symbols. Punctuation stays a symbol, for a question
is said otherwise than a statement. The table never changes its order, for trained voices hold a row for each of its
ids: what is added later takes the place of one of the spare ids at the end.

A sentence reads START, its phonemes with a SPACE between two words (or punctuation in its place), END:

    >>> text_of(ids_of("^ HH AW1 | AA1 R | Y UW1 ? $"))
    '^ HH AW1 | AA1 R | Y UW1 ? $'

BLANK is for the acoustic model, which may put one between any two symbols; the text front end never writes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

VOWELS: Final = ("AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW")
CONSONANTS: Final = (
    "B", "CH", "D", "DH", "F", "G", "HH", "JH", "K", "L", "M", "N",
    "NG", "P", "R", "S", "SH", "T", "TH", "V", "W", "Y", "Z", "ZH",
)  # fmt: skip
STRESSES: Final = ("0", "1", "2")

MARKS: Final = (",", ".", "?", "!", ";", ":", "-", "...", "(", ")", '"')
"""Punctuation as it is heard: a dash of any length is "-", every quotation mark is '"', an ellipsis is one mark."""

_N_IDS: Final = 96
_NAMED: Final = (
    "_",  # PAD: behind the end of a shorter row of a batch; never heard
    "~",  # BLANK
    "^",  # START of a sentence
    "$",  # END of it
    "|",  # SPACE between two words
    "<>",  # PAUSE: a silence whose length was asked for
    *MARKS,
    *CONSONANTS,
    *(vowel + stress for vowel in VOWELS for stress in STRESSES),
)

SYMBOLS: Final[tuple[str, ...]] = (*_NAMED, *(f"spare{i}" for i in range(_N_IDS - len(_NAMED))))
"""Every symbol; its place is its id."""
N_SYMBOLS: Final = len(SYMBOLS)
"""Rows of a voice's embedding, the spare ones among them."""

PAD, BLANK, START, END, SPACE, PAUSE = range(6)
ID_OF: Final[dict[str, int]] = {symbol: i for i, symbol in enumerate(SYMBOLS)}
"""The id of each symbol."""
MARK_IDS: Final = frozenset(ID_OF[mark] for mark in MARKS)
PHONEMES: Final = frozenset((*CONSONANTS, *(vowel + stress for vowel in VOWELS for stress in STRESSES)))
"""The symbols that are sounds."""
PHONEME_IDS: Final = frozenset(ID_OF[phoneme] for phoneme in PHONEMES)


def is_vowel(phoneme: str) -> bool:
    """Whether it is a vowel, with or without its stress.

    >>> is_vowel("AH0"), is_vowel("AH"), is_vowel("B")
    (True, True, False)
    """
    return phoneme.rstrip("012") in VOWELS


def ids_of(text: str) -> list[int]:
    """The ids of symbols with spaces between them; a KeyError names the first that is none."""
    return [ID_OF[symbol] for symbol in text.split()]


def text_of(ids: Iterable[int] | Sequence[int]) -> str:
    """The symbols of ids, with spaces between them."""
    return " ".join(SYMBOLS[i] for i in ids)
