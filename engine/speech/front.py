"""From a text to what an acoustic model is given: chunks of symbols, with the word that each one belongs to.

A chunk is a sentence, or a part of one that is too long to be said in one go. Its ids read START, phonemes with a SPACE
or a mark between two words, END. Between chunks there is silence; it is no symbol, so that its length can be exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from engine.speech.pronounce import Pronouncer
from engine.speech.reading import read_aloud
from engine.speech.spoken import Item, Mark, Silence, Word
from engine.speech.symbols import END, ID_OF, SPACE, START

MOST_SYMBOLS: Final = 180
"""What a chunk has at most, unless one word alone is longer: some 12 s of speech."""
SENTENCE_S: Final = 0.3
_AFTER_MARK_S: Final = {";": 0.15, ":": 0.15, "-": 0.1, "...": 0.2, ",": 0.08}
_BREAKS: Final = (
    frozenset({";", ":", "...", "-"}),
    frozenset({","}),
)
_BEFORE: Final = frozenset(
    ("and", "but", "or", "nor", "because", "which", "who", "that", "when", "where", "while", "if", "so", "than", "with")
)
"""Without any mark, a long clause is cut before one of these."""


@dataclass(frozen=True)
class Chunk:
    """A part of a text that is said in one go, and the silence behind it.

    ``ids`` are symbols of :mod:`engine.speech.symbols`; ``word_of`` has for each of them its place in ``words``, or -1
    for marks, spaces and the ends. ``words`` know their characters in the text; ``start`` and ``end`` are those of the
    whole chunk. A chunk without ids is only its silence of ``pause_s``; ``asked`` tells that the text asked for it, so
    that it has to be that long whatever the speed.
    """

    ids: tuple[int, ...]
    word_of: tuple[int, ...]
    words: tuple[Word, ...]
    start: int
    end: int
    pause_s: float = 0.0
    asked: bool = False

    @property
    def n_words(self) -> int:
        return len(self.words)


@dataclass(frozen=True)
class Script:
    """All of a text: its chunks in order, and the pieces of it that cannot be said (pictures, other scripts)."""

    chunks: tuple[Chunk, ...]
    left_out: tuple[str, ...] = ()

    def __str__(self) -> str:
        """What is said, as words."""
        return " ".join(word.text for chunk in self.chunks for word in chunk.words)

    @property
    def note(self) -> str:
        """A sentence about what is not said, empty where everything is."""
        if not self.left_out:
            return ""
        shown = " ".join(self.left_out)
        return f"Not spoken: {shown if len(shown) <= 40 else shown[:39] + '…'}"


def to_script(text: str, pronouncer: Pronouncer, *, most: int = MOST_SYMBOLS, first: int | None = None) -> Script:
    """``text`` as chunks of at most ``most`` symbols.

    With ``first``, the first chunk has at most so many and each next up to twice as many, so that the beginning can
    be heard soon. Raises :class:`engine.errors.SpeechError` where there is nothing to say.
    """
    reading = read_aloud(text, pronouncer.knows, pronouncer.own)
    chunks: list[Chunk] = []
    bound = min(first or most, most)
    for sentence in _sentences(reading.items):
        if isinstance(sentence, Silence):
            _rest(chunks, sentence)
            continue
        spoken = _Spoken.of(sentence, pronouncer)
        while spoken.words:
            head, spoken = spoken.cut(bound)
            chunks.append(head.chunk(is_last=not spoken.words))
            bound = min(bound * 2, most)
    return Script(tuple(chunks), reading.left_out)


def _sentences(items: Sequence[Item]) -> list[Silence | list[Word | Mark]]:
    found: list[Silence | list[Word | Mark]] = []
    sentence: list[Word | Mark] = []
    for item in items:
        if not isinstance(item, Silence):
            sentence.append(item)
        if isinstance(item, Silence) and item.asked and sentence and isinstance(sentence[-1], Word):
            # A pause within a sentence: the voice stays up.
            sentence.append(Mark(",", item.start, item.start))
        if isinstance(item, Silence) or (isinstance(item, Mark) and item.ends):
            if any(isinstance(part, Word) for part in sentence):
                found.append(sentence)
            sentence = []
        if isinstance(item, Silence):
            found.append(item)
    if any(isinstance(part, Word) for part in sentence):
        found.append(sentence)
    return found


def _rest(chunks: list[Chunk], silence: Silence) -> None:
    """The silence behind the last chunk, or before the first."""
    if not chunks or chunks[-1].asked:
        if silence.asked:
            chunks.append(Chunk((), (), (), silence.start, silence.end, silence.seconds, True))
        return
    last = chunks[-1]
    chunks[-1] = Chunk(
        last.ids, last.word_of, last.words, last.start, last.end,
        silence.seconds if silence.asked else max(last.pause_s, silence.seconds), silence.asked,
    )  # fmt: skip


@dataclass(frozen=True)
class _Spoken:
    """A sentence: words, their phonemes, and the mark behind each (empty for none)."""

    words: tuple[Word, ...]
    phonemes: tuple[tuple[str, ...], ...]
    marks: tuple[str, ...]

    @classmethod
    def of(cls, sentence: Sequence[Word | Mark], pronouncer: Pronouncer) -> _Spoken:
        words: list[Word] = []
        marks: list[str] = []
        for item in sentence:
            if isinstance(item, Word):
                words.append(item)
                marks.append("")
            elif marks:
                marks[-1] = item.symbol
        joined = [not mark for mark in marks]
        return cls(tuple(words), tuple(pronouncer.say(words, joined)), tuple(marks))

    def _sizes(self) -> list[int]:
        return [len(said) + 1 for said in self.phonemes]

    def cut(self, bound: int) -> tuple[_Spoken, _Spoken]:
        """As much as fits, to the best place to stop, and the rest."""
        sizes = self._sizes()
        if sum(sizes) + 2 <= bound:
            return self, self._part(len(self.words), len(self.words))
        fitting, total = 0, 2
        while fitting < len(sizes) and total + sizes[fitting] <= bound:
            total += sizes[fitting]
            fitting += 1
        at = self._stop(max(fitting, 1))
        return self._part(0, at), self._part(at, len(self.words))

    def _stop(self, most: int) -> int:
        """How many words come before the best place to stop among the first ``most``."""
        least = max(most // 3, 1)
        for wanted in _BREAKS:
            for n in range(most, least - 1, -1):
                if self.marks[n - 1] in wanted:
                    return n
        for n in range(most, least, -1):
            if n < len(self.words) and self.words[n].text in _BEFORE:
                return n
        return self._whole(most)

    def _whole(self, most: int) -> int:
        """Not within one thing that is read as several words, if that can be."""
        n = most
        while n > 1 and n < len(self.words) and self.words[n].start == self.words[n - 1].start:
            n -= 1
        return n if n > 1 else most

    def _part(self, first: int, last: int) -> _Spoken:
        return _Spoken(self.words[first:last], self.phonemes[first:last], self.marks[first:last])

    def chunk(self, *, is_last: bool) -> Chunk:
        ids, word_of = [START], [-1]
        for n, (said, mark) in enumerate(zip(self.phonemes, self.marks, strict=True)):
            ids += [ID_OF[symbol] for symbol in said]
            word_of += [n] * len(said)
            if n + 1 == len(self.words):
                # A part of a sentence ends as if a comma stood there.
                mark = mark or ("." if is_last else ",")
            ids.append(ID_OF[mark] if mark else SPACE)
            word_of.append(-1)
        pause = SENTENCE_S if is_last else _AFTER_MARK_S.get(self.marks[-1], 0.0)
        start, end = min(word.start for word in self.words), max(word.end for word in self.words)
        return Chunk((*ids, END), (*word_of, -1), self.words, start, end, pause)
