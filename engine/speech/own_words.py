"""A dictionary of one's own: a plain file of words and how they are said, before every other.

A line is a word, blanks, and its phonemes ("Caius  K IY1 Z"), or "=" and words that sound like it ("SQL = sequel").
``#`` begins a comment. Capitals make no difference.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.errors import SpeechError
from engine.speech.phonemes import parse_phonemes

_LINE: Final = re.compile(r"(?P<word>[^\s=]+)\s*(?:=\s*(?P<like>.+)|\s(?P<phonemes>.+))")
_ODD: Final = re.compile(r"[^a-z0-9'\- ]")


@dataclass(frozen=True)
class OwnWord:
    """How a word is said: its ``phonemes``, or words that it sounds ``like``."""

    phonemes: tuple[str, ...] = ()
    like: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "= " + " ".join(self.like) if self.like else " ".join(self.phonemes)


def parse_line(line: str) -> tuple[str, OwnWord] | None:
    """A line of the file, nothing for an empty one; raises :class:`SpeechError`.

    >>> parse_line("SQL = sequel")
    ('sql', OwnWord(phonemes=(), like=('sequel',)))
    """
    bare = line.partition("#")[0].strip()
    if not bare:
        return None
    match = _LINE.fullmatch(bare.replace("’", "'"))
    if match is None:
        raise SpeechError(f"“{bare}” needs a word and how it is said: “Caius  K IY1 Z” or “SQL = sequel”.")
    word = match["word"].lower()
    if match["like"]:
        like = tuple(match["like"].lower().split())
        if any(_ODD.search(part) for part in like):
            raise SpeechError(f"“{match['like']}” should be plain words that sound like “{match['word']}”.")
        return word, OwnWord(like=like)
    return word, OwnWord(parse_phonemes(match["phonemes"]))


class OwnWords(Mapping[str, OwnWord]):
    """Words in lower case with how they are said; a value, so that a change makes a new one."""

    def __init__(self, words: Mapping[str, OwnWord] | None = None) -> None:
        self._words = dict(words or {})

    def __getitem__(self, word: str) -> OwnWord:
        return self._words[word]

    def __iter__(self) -> Iterator[str]:
        return iter(self._words)

    def __len__(self) -> int:
        return len(self._words)

    def with_word(self, word: str, said: str) -> OwnWords:
        """One word more, or said otherwise; raises :class:`SpeechError` for what cannot be said."""
        found = parse_line(f"{word} {said}")
        if found is None or found[0] != word.strip().lower():
            raise SpeechError(f"“{word}” is no word of a dictionary; leave out blanks, “=” and “#”.")
        return OwnWords({**self._words, found[0]: found[1]})

    def without(self, word: str) -> OwnWords:
        return OwnWords({name: said for name, said in self._words.items() if name != word.lower()})

    def to_text(self) -> str:
        """The lines of a file."""
        width = max((len(word) for word in self._words), default=0)
        return "".join(f"{word:<{width}}  {said}\n" for word, said in sorted(self._words.items()))


def parse_words(text: str, name: str = "the dictionary") -> OwnWords:
    """The lines of a file; raises :class:`SpeechError` with the number of the line that makes no sense."""
    words: dict[str, OwnWord] = {}
    for number, line in enumerate(text.splitlines(), 1):
        try:
            found = parse_line(line)
        except SpeechError as error:
            raise SpeechError(f"Line {number} of {name}: {error}") from None
        if found is not None:
            words[found[0]] = found[1]
    return OwnWords(words)


def read_words(path: Path) -> OwnWords:
    """The dictionary in a file, empty where there is none; raises :class:`SpeechError`."""
    try:
        return parse_words(path.read_text("utf-8-sig"), str(path))
    except FileNotFoundError:
        return OwnWords()
    except (OSError, UnicodeDecodeError) as error:
        raise SpeechError(f"The dictionary {path} cannot be read ({error}).") from error
