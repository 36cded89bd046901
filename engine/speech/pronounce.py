"""How each word of a sentence is said.

The first that knows it wins: phonemes in the text, one's own dictionary, our list of later words, the lexicon (by
context where a word has several sounds), the regular endings and compounds of known words, the net for unknown words,
and at last plain rules.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Final

from engine.errors import SpeechError
from engine.speech.endings import compound, made_of_known, with_s
from engine.speech.heteronyms import Place, choose
from engine.speech.letter_rules import by_letters
from engine.speech.lexicon import FILE, Lexicon, shipped_lexicon
from engine.speech.own_words import OwnWords, read_words
from engine.speech.spoken import Word
from engine.speech.weak import weak_form

Phonemes = tuple[str, ...]
Guess = Callable[[str], Phonemes]
"""What an unknown word might sound like; nothing where it cannot be guessed."""

LATER_WORDS: Final = FILE.with_name("words-en.txt")


@cache
def later_words() -> OwnWords:
    """Our own list of words that the lexicon lacks or says otherwise."""
    found = read_words(LATER_WORDS)
    if not found:
        raise SpeechError(f"{LATER_WORDS} is missing or empty; install Tonewright again.")
    return found


class Pronouncer:
    """Words to phonemes; ``own`` is one's own dictionary, ``guess`` is asked for words that nothing else knows."""

    def __init__(self, own: OwnWords | None = None, guess: Guess | None = None, lexicon: Lexicon | None = None) -> None:
        self.own = own if own is not None else OwnWords()
        self._guess = guess
        self._lexicon = lexicon if lexicon is not None else shipped_lexicon()
        self._later = later_words()
        self._guessed: dict[str, Phonemes] = {}

    def knows(self, word: str) -> bool:
        """Whether a word in lower case is in one of the dictionaries."""
        return word in self.own or word in self._later or word in self._lexicon

    def say(self, words: Sequence[Word], joined: Sequence[bool]) -> list[Phonemes]:
        """The phonemes of the ``words`` of one sentence. ``joined[n]`` tells that nothing stands behind word ``n``
        before the next: inside such a run the small words lose their stress."""
        plain = [word.text for word in words]
        said: list[Phonemes] = [()] * len(words)
        for n in range(len(words) - 1, -1, -1):
            following = said[n + 1] if n + 1 < len(words) and joined[n] else ()
            said[n] = self._one(words, plain, n, following)
        return said

    def _one(self, words: Sequence[Word], plain: Sequence[str], n: int, following: Phonemes) -> Phonemes:
        word = words[n]
        if word.phonemes:
            return word.phonemes
        if word.letters:
            goes_on = n + 1 < len(words) and words[n + 1].letters and words[n + 1].start == word.start
            return self._letter(word.text, weak=goes_on)
        if word.text in self.own:
            return self._own(word.text)
        weak = weak_form(word.text, following)
        return weak or self._plain(word.text, Place(plain, n, word.proper))

    def _own(self, text: str, depth: int = 0) -> Phonemes:
        entry = self.own[text]
        if entry.phonemes:
            return entry.phonemes
        found: list[str] = []
        for n, part in enumerate(entry.like):
            # A word that is said like itself is looked up as if it were not there.
            again = part in self.own and part != text and depth < 4
            found += self._own(part, depth + 1) if again else self._plain(part, Place(entry.like, n))
        return tuple(found)

    def _letter(self, text: str, *, weak: bool) -> Phonemes:
        variants = self._lexicon.look_up(text[0] + ".") or self._lexicon.look_up(text[0])
        said = variants[0] if variants else by_letters(text)
        if weak:
            said = tuple(symbol.replace("1", "2") for symbol in said)
        return with_s(said) if text.endswith("'s") else said

    def _plain(self, text: str, place: Place) -> Phonemes:
        if text in self._later:
            return self._later[text].phonemes
        variants = self._lexicon.look_up(text)
        if variants:
            return choose(variants, place)
        found = self._guessed.get(text)
        if found is None:
            found = self._guessed[text] = self._unknown(text)
        return found

    def _known(self, text: str) -> Phonemes:
        """By a dictionary, whatever stands around it."""
        if text in self._later:
            return self._later[text].phonemes
        variants = self._lexicon.look_up(text)
        return choose(variants, Place((text,), 0)) if variants else ()

    def _unknown(self, text: str) -> Phonemes:
        found = made_of_known(text, self._known) or compound(text, self._known)
        if found:
            return found
        if text.endswith("'s") and len(text) > 3:
            return with_s(self._unknown(text[:-2]))
        bare = "".join(character for character in text if "a" <= character <= "z")
        guessed = self._guess(bare) if self._guess is not None and bare else ()
        return guessed or by_letters(bare) or by_letters("uh")
