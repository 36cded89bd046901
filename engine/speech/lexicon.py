"""How the words of the lexicon are said: 125 thousand of them, sorted, in one compressed file.

A line is a word, a tab, and its pronunciations with " / " between them, the usual one first. The lines stay bytes and
are searched by halving: nothing is built when the program starts, and a look-up takes some microseconds.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

from engine.errors import SpeechError
from engine.weights.shelf import RESOURCES

FILE: Final = RESOURCES / "speech" / "lexicon-en.txt.gz"

Phonemes = tuple[str, ...]
"""Symbols of :mod:`engine.speech.symbols` that are sounds."""


class Lexicon:
    """Words with their pronunciations; words are lower case, with straight apostrophes."""

    def __init__(self, lines: bytes) -> None:
        self._lines = lines

    def look_up(self, word: str) -> tuple[Phonemes, ...]:
        """Every pronunciation of ``word``, the usual one first; nothing where it is not known."""
        wanted, lines = word.encode(), self._lines
        low, high = 0, len(lines)
        while low < high:
            # The line that holds the middle byte.
            begin = lines.rfind(b"\n", low, (low + high) // 2) + 1 or low
            end = lines.find(b"\n", begin, high)
            end = high if end < 0 else end
            found, _, said = lines[begin:end].partition(b"\t")
            if found == wanted:
                return _variants(said)
            if found < wanted:
                low = end + 1
            else:
                high = begin
        return ()

    def __contains__(self, word: str) -> bool:
        return bool(self.look_up(word))

    def __iter__(self) -> Iterator[tuple[str, tuple[Phonemes, ...]]]:
        for line in self._lines.splitlines():
            word, _, said = line.partition(b"\t")
            yield word.decode(), _variants(said)


def _variants(said: bytes) -> tuple[Phonemes, ...]:
    return tuple(tuple(variant.split()) for variant in said.decode().split(" / "))


def read_lexicon(path: Path) -> Lexicon:
    """A lexicon from its file; raises :class:`SpeechError`."""
    try:
        return Lexicon(gzip.decompress(path.read_bytes()))
    except (OSError, EOFError, zlib.error) as error:
        raise SpeechError(f"The lexicon {path} cannot be read ({error}); install Tonewright again.") from error


@cache
def shipped_lexicon() -> Lexicon:
    """The lexicon that comes with the program."""
    return read_lexicon(FILE)
