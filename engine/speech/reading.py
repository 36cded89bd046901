"""Reads a text aloud on paper: every number, sign and abbreviation becomes the words that a person says for it.

No word loses its place: each knows which characters of the text it was read from, however often they were rewritten.
What cannot be said (pictures, other scripts) is left out and named, so that the program can tell.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Container, Sequence
from dataclasses import replace
from typing import Final

from engine.errors import SpeechError
from engine.speech import read_numbers, read_words
from engine.speech.fold import fold
from engine.speech.phonemes import parse_phonemes
from engine.speech.scan import Rule, Scan
from engine.speech.spoken import Item, Mark, Reading, Silence, Word
from engine.speech.symbols import MARKS
from engine.speech.tables import SIGNS, SILENT

LONGEST_PAUSE_S: Final = 60.0
PARAGRAPH_S: Final = 0.6
_WRAPPED_FROM: Final = 60
"""Characters: a longer line that ends without a mark goes on in the next."""

_GIVEN: Final = re.compile(r"\[\[([^\[\]]*)\]\]")
_PAUSE: Final = re.compile(r"\[\s*(?:pause\s+)?(\d+(?:\.\d*)?|\.\d+)\s*(ms|s|sec|secs|seconds?)\s*\]", re.I)
_BLANKS: Final = re.compile(r"\s+")
_WORD: Final = re.compile(r"'?[A-Za-z]+(?:'[A-Za-z]+)*'?")
_ELISIONS: Final = frozenset(("'em", "'cause", "'til", "'tis", "'twas", "'bout", "'round", "'n"))
_POWER: Final = re.compile(r"\^([23])(?!\d)")
_STOPS: Final = re.compile(r"[.!?]+")
_DASH: Final = re.compile(r"\s*(?:[—–]|--+)\s*|(?<=\s)-(?=\s)")
_RANK: Final = {",": 0, "-": 1, ":": 2, ";": 2, "...": 3, ".": 4, "!": 5, "?": 6}
_NUMBERS_BEGIN: Final = re.compile(
    rf"[-+±]?\s?(?:[{re.escape('$€£¥₹₽₿')}(]|US\$|\.)?\s?\d|'\d\d|\$\.\d|(?:USD|EUR|GBP) ?\d"
)


def read_aloud(text: str, known: Callable[[str], bool], own: Container[str] = ()) -> Reading:
    """``text`` as it is said; ``known`` tells whether a dictionary has a word, ``own`` are those of one's own.

    Raises :class:`SpeechError` where there is nothing to say, or where phonemes or a pause in the text are none.
    """
    return _Reader(text, known, own).read()


class _Reader:
    def __init__(self, text: str, known: Callable[[str], bool], own: Container[str]) -> None:
        self._source = text
        self._text, self._places = fold(text)
        self._scan = Scan(self._text, known, own)
        self._items: list[Item] = []
        self._left_out: list[tuple[int, int]] = []

    def read(self) -> Reading:
        at = 0
        while at < len(self._text):
            at = self._step(at)
        left_out = tuple(self._source[start:end].strip() for start, end in self._left_out)
        reading = Reading(tuple(self._items), tuple(piece for piece in left_out if piece))
        if not reading.words:
            raise SpeechError(_nothing(self._source, "".join(reading.left_out)))
        return reading

    def _step(self, at: int) -> int:
        """Read one thing; the answer is where the next one begins."""
        text, character = self._text, self._text[at]
        if character == "[" and (end := self._bracket(at)):
            return end
        dash = _DASH.match(text, at)
        if dash and (dash.group().strip() != "-" or character == "-") and not _NUMBERS_BEGIN.match(text, at):
            self._mark("-", at, dash.end())
            return dash.end()
        if character.isspace():
            return self._blank(at)
        if (_NUMBERS_BEGIN.match(text, at) or character == "'") and (end := self._by_rules(read_numbers.RULES, at)):
            return end
        if (
            character.isascii()
            and (character.isalpha() or character in "#@")
            and (end := self._by_rules(read_words.RULES, at))
        ):
            return end
        if word := _WORD.match(text, at):
            return self._word(word)
        return self._sign(at)

    def _bracket(self, at: int) -> int:
        if given := _GIVEN.match(self._text, at):
            phonemes = parse_phonemes(given[1])
            last = self._items[-1] if self._items else None
            start = self._places[at]
            if isinstance(last, Word) and last.end == start and not last.letters:
                # Right behind a word, it is how that word is said.
                self._items[-1] = replace(last, phonemes=phonemes)
            else:
                self._items.append(Word("", start, self._end(given.end()), phonemes))
            return given.end()
        if pause := _PAUSE.match(self._text, at):
            seconds = float(pause[1]) * (0.001 if pause[2].lower() == "ms" else 1.0)
            if seconds > LONGEST_PAUSE_S:
                raise SpeechError(f"A pause of {seconds:g} s is too long: at most {LONGEST_PAUSE_S:g} s.")
            self._items.append(Silence(seconds, self._places[at], self._end(pause.end())))
            return pause.end()
        return 0

    def _end(self, at: int) -> int:
        """The place in the source behind the character before ``at``."""
        return self._places[at - 1] + 1

    def _blank(self, at: int) -> int:
        blank = _BLANKS.match(self._text, at)
        assert blank is not None
        end, n_lines = blank.end(), blank.group().count("\n")
        if n_lines and end < len(self._text):
            length = at - (self._text.rfind("\n", 0, at) + 1)
            goes_on = n_lines == 1 and (length >= _WRAPPED_FROM or self._text[end].islower())
            if not goes_on:
                self._mark(".", at, at + 1, ends=True)
            if n_lines > 1 and self._items:
                self._items.append(Silence(PARAGRAPH_S, self._places[at], self._end(end), asked=False))
        return end

    def _by_rules(self, rules: tuple[Rule, ...], at: int) -> int:
        if at and self._text[at - 1].isalnum() and self._text[at].isalnum():
            # Within a word: what follows a letter is no number of its own.
            rules = rules[-2:]
        for pattern, say in rules:
            match = pattern.match(self._text, at)
            if match is None or not match.group():
                continue
            said = say(match, self._scan)
            if said is not None:
                self._say(said, at, match.end())
                return match.end()
        return 0

    def _say(self, said: Sequence[str], at: int, end: int) -> None:
        start, behind = self._places[at], self._end(end)
        proper = self._text[at].isupper()
        for word in (part for words in said for part in words.split()):
            if word in MARKS:
                self._mark(word, end - 1, end, ends=word == ".")
            elif word.startswith("."):
                self._items.append(Word(word[1:], start, behind, letters=True))
            elif word == "'s" and self._items and isinstance(last := self._items[-1], Word):
                self._items[-1] = replace(last, text=last.text + "'s")
            else:
                self._items.append(Word(word, start, behind, proper=proper))

    def _word(self, match: re.Match[str]) -> int:
        begin, word = match.start(), match.group()
        if word.startswith("'") and word.lower().rstrip("'") not in _ELISIONS:
            begin, word = begin + 1, word[1:]
        if word.endswith("'") and not self._scan.known(word.lower()):
            word = word[:-1]
        end = begin + len(word)
        start, behind = self._places[begin], self._end(end)
        single = len(word) == 1 and word.lower() not in "aio"
        self._items.append(Word(word.lower(), start, behind, letters=single, proper=word[0].isupper()))
        return end

    def _sign(self, at: int) -> int:
        text, character = self._text, self._text[at]
        if stops := _STOPS.match(text, at):
            run = stops.group()
            symbol = "?" if "?" in run else "!" if "!" in run else "..." if len(run) > 1 else "."
            ends = symbol in "?!" or symbol == "." or self._scan.ends_sentence(stops.end())
            self._mark(symbol, at, stops.end(), ends=ends)
            return stops.end()
        if power := _POWER.match(text, at):
            self._say(["squared" if power[1] == "2" else "cubed"], at, power.end())
            return power.end()
        if character in ",;:":
            self._mark(character, at, at + 1)
        elif character in "()•":
            self._mark(",", at, at + 1)
        elif character == "/" and self._silent_slash(at):
            return at + 1
        elif character in SIGNS and (character not in SILENT or self._beside_number(at)):
            self._say(SIGNS[character].split(), at, at + 1)
        elif character == "*" and re.match(r"\d ?\* ?\d", text[max(at - 2, 0) :].lstrip()):
            self._say(["times"], at, at + 1)
        elif character == "~" and self._beside_number(at):
            self._say(["about"], at, at + 1)
        elif not character.isascii() and unicodedata.category(character)[0] not in "PZ":
            self._leave_out(at)
        return at + 1

    def _beside_number(self, at: int) -> bool:
        ahead, behind = self._text[at + 1 :].lstrip()[:1], self._text[:at].rstrip()[-1:]
        return ahead.isdigit() or behind.isdigit()

    def _silent_slash(self, at: int) -> bool:
        """In "and/or" and "AC/DC" nobody says it."""
        around = self._text[max(at - 3, 0) : at + 3]
        return around.lower() == "and/or" or (around[:3].isupper() and self._text[at + 1 : at + 3].isupper())

    def _leave_out(self, at: int) -> None:
        start, end = self._places[at], self._end(at + 1)
        if self._left_out and self._left_out[-1][1] >= start - 1:
            self._left_out[-1] = (self._left_out[-1][0], end)
        else:
            self._left_out.append((start, end))

    def _mark(self, symbol: str, at: int, end: int, *, ends: bool = False) -> None:
        """Marks follow words; of several in a row the strongest is heard."""
        mark = Mark(symbol, self._places[at], self._end(end), ends)
        last = self._items[-1] if self._items else None
        if isinstance(last, Word):
            self._items.append(mark)
        elif isinstance(last, Mark) and _RANK[symbol] > _RANK[last.symbol]:
            self._items[-1] = replace(mark, start=last.start)


def _nothing(text: str, left_out: str) -> str:
    if not text.strip():
        return "There is no text to speak; type some words."
    if any(character.isalpha() for character in left_out):
        return (
            f"The voice reads English in Latin letters only, and “{_short(left_out)}” has none; type some in English."
        )
    if left_out:
        return f"“{_short(left_out)}” has only pictures and signs; type some words to speak."
    return f"“{_short(text.strip())}” has only punctuation; type some words to speak."


def _short(text: str) -> str:
    return text if len(text) <= 24 else text[:23] + "…"
