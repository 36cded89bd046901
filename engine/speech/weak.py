"""Small words lose their stress inside a sentence, and "the", "a" and "to" change before a vowel."""

from __future__ import annotations

from typing import Final

from engine.speech.symbols import is_vowel

_WEAK: Final[dict[str, str]] = {
    "a": "AH0", "an": "AE0 N", "and": "AE0 N D", "as": "AE0 Z", "at": "AE0 T", "am": "AE0 M", "are": "AA0 R",
    "be": "B IY0", "been": "B IH0 N", "but": "B AH0 T", "by": "B AY0", "can": "K AE0 N", "could": "K UH0 D",
    "for": "F AO0 R", "from": "F R AH0 M", "had": "HH AE0 D", "has": "HH AE0 Z", "have": "HH AE0 V", "he": "HH IY0",
    "her": "HH ER0", "him": "HH IH0 M", "his": "HH IH0 Z", "if": "IH0 F", "in": "IH0 N", "is": "IH0 Z", "it": "IH0 T",
    "its": "IH0 T S", "me": "M IY0", "my": "M AY0", "of": "AH0 V", "on": "AA0 N", "or": "AO0 R", "our": "AW0 ER0",
    "shall": "SH AE0 L", "she": "SH IY0", "should": "SH UH0 D", "than": "DH AE0 N", "the": "DH AH0",
    "their": "DH EH0 R", "them": "DH EH0 M", "they": "DH EY0", "to": "T UW0", "us": "AH0 S", "was": "W AA0 Z",
    "we": "W IY0", "were": "W ER0", "will": "W IH0 L", "with": "W IH0 DH", "would": "W UH0 D", "you": "Y UW0",
    "your": "Y AO0 R",
}  # fmt: skip
_BEFORE_A_VOWEL: Final = {"the": "DH IY0"}
_BEFORE_A_CONSONANT: Final = {"to": "T AH0"}


def weak_form(word: str, following: tuple[str, ...]) -> tuple[str, ...]:
    """How ``word`` is said when the phonemes ``following`` come right behind it; nothing where it keeps its own sound.

    >>> weak_form("the", ("AE1", "P")), weak_form("the", ("K",)), weak_form("the", ()), weak_form("cat", ("K",))
    (('DH', 'IY0'), ('DH', 'AH0'), (), ())
    """
    said = _WEAK.get(word)
    if said is None or not following:
        return ()
    special = _BEFORE_A_VOWEL if is_vowel(following[0]) else _BEFORE_A_CONSONANT
    return tuple(special.get(word, said).split())
