"""A text becomes chunks of symbols that a voice can say, and each symbol knows its word."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import SpeechError
from engine.speech.front import MOST_SYMBOLS, Script, to_script
from engine.speech.own_words import OwnWords, parse_words, read_words
from engine.speech.pronounce import Pronouncer, later_words
from engine.speech.symbols import END, ID_OF, PHONEME_IDS, SPACE, START, text_of


@pytest.fixture(scope="module")
def pronouncer() -> Pronouncer:
    return Pronouncer()


def phonemes(text: str, pronouncer: Pronouncer) -> list[str]:
    """The phonemes of each word."""
    words: list[str] = []
    for chunk in to_script(text, pronouncer).chunks:
        for n in range(chunk.n_words):
            words.append(text_of(i for i, word in zip(chunk.ids, chunk.word_of, strict=True) if word == n))  # noqa: PERF401
    return words


def test_a_sentence_is_symbols_between_its_start_and_its_end(pronouncer: Pronouncer) -> None:
    (chunk,) = to_script("How are you?", pronouncer).chunks
    assert text_of(chunk.ids) == "^ HH AW1 | AA0 R | Y UW1 ? $"
    assert chunk.word_of == (-1, 0, 0, -1, 1, 1, -1, 2, 2, -1, -1)


@pytest.mark.parametrize(
    ("text", "word", "said"),
    [
        ("I read the book yesterday.", "read", "R EH1 D"),
        ("Have you read it?", "read", "R EH1 D"),
        ("Let me read it.", "read", "R IY1 D"),
        ("He wound the clock.", "wound", "W AW1 N D"),
        ("It hit the wound.", "wound", "W UW1 N D"),
        ("I will read it now.", "read", "R IY1 D"),
        ("The band leads a lead singer.", "lead", "L IY1 D"),
        ("A lead pipe fell.", "lead", "L EH1 D"),
        ("They live here.", "live", "L IH1 V"),
        ("A live show.", "live", "L AY1 V"),
        ("Record the rain.", "record", "R AH0 K AO1 R D"),
        ("He broke the record.", "record", "R EH1 K ER0 D"),
        ("She wants to use it.", "use", "Y UW1 Z"),
        ("It is of no use.", "use", "Y UW1 S"),
        ("I used to sing.", "used", "Y UW1 S T"),
        ("Close the door.", "close", "K L OW1 Z"),
        ("Stand close to me.", "close", "K L OW1 S"),
        ("Keep them in separate rooms.", "separate", "S EH1 P ER0 IH0 T"),
        ("You can separate them.", "separate", "S EH1 P ER0 EY2 T"),
        ("The wind blew.", "wind", "W IH1 N D"),
        ("They wind up the clock.", "wind", "W AY1 N D"),
        ("A tear ran down her cheek.", "tear", "T IH1 R"),
        ("Tear down the wall.", "tear", "T EH1 R"),
        ("Turn up the bass.", "bass", "B EY1 S"),
        ("Wait a minute.", "minute", "M IH1 N AH0 T"),
    ],
)
def test_words_written_alike_are_told_apart(text: str, word: str, said: str, pronouncer: Pronouncer) -> None:
    (chunk,) = to_script(text, pronouncer).chunks
    n = [spoken.text for spoken in chunk.words].index(word)
    assert phonemes(text, pronouncer)[n] == said


def test_small_words_are_weak_within_a_sentence_and_strong_at_its_end(pronouncer: Pronouncer) -> None:
    assert phonemes("the apple, the pear", pronouncer)[::2] == ["DH IY0", "DH AH0"]
    assert phonemes("to be for", pronouncer) == ["T AH0", "B IY0", "F AO1 R"]


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("vocoders", "V OW1 K OW2 D ER0 Z"),
        ("Zywicki's", "Z IH0 W IH1 K IY0 Z"),
        ("emailing", "IY0 M EY1 L IH0 NG"),
        ("hashtagged", "HH AE1 SH T AE2 G D"),
        ("soundscape", "S AW1 N D S K EY2 P"),
        ("unfriendliest", "AH0 N F R EH1 N D L IY0 AH0 S T"),
        ("CDs", "S IY2 D IY1 Z"),
    ],
)
def test_words_made_of_known_ones_are_said_like_them(word: str, said: str, pronouncer: Pronouncer) -> None:
    assert " ".join(phonemes(word, pronouncer)) == said


def test_an_unknown_word_asks_the_net_and_has_rules_without_one() -> None:
    asked: list[str] = []

    def guess(word: str) -> tuple[str, ...]:
        asked.append(word)
        return ("Z", "AH1", "M")

    with_net = Pronouncer(guess=guess)
    assert phonemes("Blorptik and blorptik's", with_net) == ["Z AH1 M", "AE0 N D", "Z AH1 M Z"]
    assert asked == ["blorptik", "blorptik"]
    assert phonemes("Blorptik", Pronouncer(guess=lambda word: ())) == ["B L AO1 R P T IH0 K"]


def test_phonemes_in_the_text_win_and_those_right_behind_a_word_are_its_own(pronouncer: Pronouncer) -> None:
    assert phonemes("say [[k ae t]] Caius[[K IY1 Z]] now", pronouncer)[1:3] == ["K AE1 T", "K IY1 Z"]
    (chunk,) = to_script("Caius[[K IY1 Z]] now", pronouncer).chunks
    assert [(word.text, word.start, word.end) for word in chunk.words] == [("caius", 0, 5), ("now", 17, 20)]


def test_ones_own_dictionary_comes_first(tmp_path: Path) -> None:
    file = tmp_path / "words.txt"
    file.write_text("# mine\nSQL = sequel\ntomato  T AH0 M AA1 T OW0  # as they say\n", "utf-8")
    own = read_words(file)
    mine = Pronouncer(own)
    assert phonemes("SQL tomato", mine) == ["S IY1 K W AH0 L", "T AH0 M AA1 T OW0"]
    assert phonemes("SQL", Pronouncer()) == ["EH2 S K Y UW2 EH1 L"]
    more = own.with_word("Gif", "= jiff").without("tomato")
    assert parse_words(more.to_text()) == more
    assert sorted(more) == ["gif", "sql"]
    assert len(read_words(tmp_path / "none.txt")) == 0


@pytest.mark.parametrize(
    ("line", "part"), [("word", "needs a word"), ("word QX1", "no phoneme"), ("a = b;c", "plain words")]
)
def test_a_line_that_makes_no_sense_is_named(line: str, part: str) -> None:
    with pytest.raises(SpeechError, match=rf"Line 2 of the dictionary: .*{part}"):
        parse_words("# one\n" + line)


def test_a_word_that_sounds_like_itself_is_no_circle() -> None:
    own = OwnWords().with_word("ping", "= pong").with_word("pong", "= ping")
    assert all(phonemes("ping pong", Pronouncer(own)))


def test_a_long_text_is_cut_where_people_breathe_and_nothing_is_lost(pronouncer: Pronouncer) -> None:
    sentence = (
        "The rain fell on the old roof, and the wind came in from the sea while the lamp went out; nobody spoke " * 12
    )
    text = sentence + "\n\n" + "antidisestablishmentarianism " * 40 + "\n\nShort. [2s] End."
    script = to_script(text, pronouncer)
    assert max(len(chunk.ids) for chunk in script.chunks) <= MOST_SYMBOLS + 2
    assert str(script).split() == [
        w for w in text.lower().replace(",", "").replace(";", "").replace(".", "").split() if w != "[2s]"
    ]
    for before, after in zip(script.chunks, script.chunks[1:], strict=False):
        assert before.end <= after.start
    for chunk in script.chunks:
        assert (chunk.ids[0], chunk.ids[-1]) == (START, END)
        assert chunk.ids[-2] not in PHONEME_IDS | {SPACE}
        assert {n for n in chunk.word_of if n >= 0} == set(range(chunk.n_words))
    first = script.chunks[0]
    assert text[first.end] in ",;" or first.words[-1].text == "sea"
    assert [(chunk.pause_s, chunk.asked) for chunk in script.chunks[-2:]] == [(2.0, True), (0.3, False)]


def test_a_short_first_chunk_is_heard_soon(pronouncer: Pronouncer) -> None:
    text = "The rain fell on the old roof and the wind came in from the sea while the lamp went slowly out."
    sizes = [len(chunk.ids) for chunk in to_script(text, pronouncer, first=24).chunks]
    assert sizes[0] <= 26
    assert sum(sizes) > 70
    assert len(to_script(text, pronouncer).chunks) == 1


def test_a_silence_before_the_first_word_is_kept(pronouncer: Pronouncer) -> None:
    chunks = to_script("[1s] Go [0.2s][0.3s]", pronouncer).chunks
    assert [(len(chunk.ids) > 0, chunk.pause_s) for chunk in chunks] == [(False, 1.0), (True, 0.2), (False, 0.3)]


def test_what_is_left_out_is_told_in_a_sentence(pronouncer: Pronouncer) -> None:
    assert to_script("Hi 😀", pronouncer).note == "Not spoken: 😀"
    assert Script(()).note == ""


def test_one_letter_is_a_text(pronouncer: Pronouncer) -> None:
    assert phonemes("x", pronouncer) == ["EH1 K S"]
    assert phonemes("a", pronouncer) == ["EY1"]


def test_the_lists_that_come_along_hold_only_phonemes() -> None:
    for said in later_words().values():
        assert said.phonemes
        assert all(symbol in ID_OF for symbol in said.phonemes)
