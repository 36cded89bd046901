"""What every rule of reading sees: the text, where it stands, and the words around it.

A rule answers with what is said for the characters that it matched: words; ``","`` for a short break; and a word that
begins with a dot for the name of a letter (``".b"``). With ``None`` it says that the next rule should try.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from typing import Final

Said = Sequence[str] | None
Rule = tuple[re.Pattern[str], Callable[[re.Match[str], "Scan"], Said]]

_BEFORE: Final = re.compile(r"([A-Za-z]+)['’]?[.,]?\s*$")
_AFTER: Final = re.compile(r"\s*([A-Za-z]+)")


@dataclass
class Scan:
    """``text`` is folded; ``known`` tells whether a dictionary has a word, ``own`` are those of one's own."""

    text: str
    known: Callable[[str], bool]
    own: Container[str] = ()

    def before(self, place: int) -> str:
        """The word right before ``place``, as it is written, or nothing; a comma or a dot may stand between."""
        found = _BEFORE.search(self.text[max(place - 40, 0) : place])
        return found[1] if found else ""

    def after(self, place: int) -> str:
        """The word right behind ``place``, as it is written, or nothing."""
        found = _AFTER.match(self.text, place)
        return found[1] if found else ""

    def starts_sentence(self, place: int) -> bool:
        """Whether nothing of its sentence stands before ``place``."""
        head = self.text[:place].rstrip(" \"'([")
        return not head or head[-1] in ".!?\n:"

    def ends_sentence(self, place: int) -> bool:
        """Whether what follows ``place`` can only be another sentence or nothing."""
        rest = self.text[place:].lstrip(" \"')]")
        if not rest.strip():
            return True
        return rest[0] == "\n" or (rest[0].isupper() and self.text[place : place + 1] in (" ", '"', "'", ")", "\n"))

    def shouted(self, place: int) -> bool:
        """Whether the whole line is in capitals, so that capitals mean nothing in it."""
        begin = self.text.rfind("\n", 0, place) + 1
        end = self.text.find("\n", place)
        line = self.text[begin : end if end >= 0 else len(self.text)]
        return not any(character.islower() for character in line) and len(line.split()) > 1


def letters(text: str) -> list[str]:
    """The names of the letters of ``text``.

    >>> letters("FBI")
    ['.f', '.b', '.i']
    """
    return ["." + letter for letter in text.lower() if letter.isalpha()]
