"""What a text becomes before it has phonemes: words as they are said, marks, and silences, each with its place."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Word:
    """A word as it is said, in lower case, and the characters ``[start, end)`` of the text that it was read from.

    Several words share a range when one thing is read as many ("$5"). ``letters`` is set where the word is the name of
    letters ("f b i"), ``phonemes`` where the text itself gave them, ``proper`` where it was written with a capital.
    """

    text: str
    start: int
    end: int
    phonemes: tuple[str, ...] = ()
    letters: bool = False
    proper: bool = False


@dataclass(frozen=True)
class Mark:
    """Punctuation, as one of :data:`engine.speech.symbols.MARKS`; ``ends`` where a sentence ends with it."""

    symbol: str
    start: int
    end: int
    ends: bool = False


@dataclass(frozen=True)
class Silence:
    """A silence that was asked for, or that a new paragraph brings (then ``asked`` is false)."""

    seconds: float
    start: int
    end: int
    asked: bool = True


Item = Word | Mark | Silence


@dataclass(frozen=True)
class Reading:
    """A text as it is read aloud, in order, and the pieces of it that cannot be said."""

    items: tuple[Item, ...]
    left_out: tuple[str, ...] = field(default=())

    @property
    def words(self) -> tuple[Word, ...]:
        return tuple(item for item in self.items if isinstance(item, Word))

    def __str__(self) -> str:
        """The words and marks, as they are said."""
        text = ""
        for item in self.items:
            if isinstance(item, Word):
                text += (" " if text else "") + (item.text or "[[" + " ".join(item.phonemes) + "]]")
            elif isinstance(item, Mark):
                text += " -" if item.symbol == "-" else item.symbol
            elif item.asked:
                text += f" [{item.seconds:g}s]"
        return text.strip()
