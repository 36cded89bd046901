"""The net for unknown words: letters find their phonemes, it learns, it goes on, and the text front end asks it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from steps import finished

from engine.cli import main
from engine.errors import BadUsage, SpeechError, WeightError
from engine.speech.guess import usual_pronouncer
from engine.speech.lexicon import Lexicon, read_lexicon, shipped_lexicon
from engine.speech.phoneme_letters import with_one_stress
from engine.speech.phoneme_net import PhonemeGuess, PhonemeNet, PhonemeSettings, letter_ids
from engine.speech.spoken import Word
from engine.training.lexicon import read_source, write_lexicon
from engine.training.phonemes import is_held, train_steps
from engine.training.spelling import align
from engine.weights.net_file import read_net
from engine.weights.shelf import WEIGHTS_VARIABLE

SOUNDS = {"b": "B", "d": "D", "k": "K", "l": "L", "m": "M", "n": "N", "a": "AE", "e": "EH", "i": "IH"}


@pytest.fixture(autouse=True)
def _threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A language in which each letter has its sound, and the first vowel the stress."""
    folder = tmp_path_factory.mktemp("toy")
    words = {}
    for first in "bdklmn":
        for second in "aei":
            for third in "bdklmn":
                for last in ("a", "e", "in", "ak"):
                    word = first + second + third + last
                    said = [SOUNDS[letter] for letter in word]
                    stresses = iter("10")
                    words[word] = [" ".join(s + next(stresses) if s in ("AE", "EH", "IH") else s for s in said)]
    write_lexicon(words, folder / "toy.txt.gz")
    return folder


def learned(toy: Path, out: Path, n_steps: int, *, resume: bool = False) -> Mapping[str, Any]:
    """The card of a small net after so many steps, however fast they are."""
    steps = train_steps([toy], out, 60.0, device="cpu", n_threads=1, widths=(24, 32), resume=resume)
    done = 0
    while done < n_steps:
        done += next(steps).text.startswith("step")
    steps.close()
    return read_net(out, "phonemes").card


def test_each_letter_finds_what_it_makes() -> None:
    lexicon = shipped_lexicon()
    words = [
        (word, variants[0])
        for word, variants in lexicon
        if word.isalpha() and word[:2] in ("bo", "ma") and len(word) < 8
    ]
    ways = dict(zip([word for word, _ in words], align(words), strict=True))
    assert ways["box"] == (("B",), ("AA1",), ("K", "S"))
    assert ways["make"] == (("M",), ("EY1",), ("K",), ())
    # More phonemes than two a letter cannot be shared out.
    assert align([("w", ("D", "AH1", "B", "AH0", "L"))]) == [None]


def test_a_net_learns_how_letters_sound_and_goes_on_where_it_was(toy: Path, tmp_path: Path) -> None:
    out = tmp_path / "phonemes.safetensors"
    first = learned(toy, out, 20)
    again = learned(toy, out, 100, resume=True)
    assert (first["step"], again["step"]) == (20, 120)
    assert again["minutes"] >= first["minutes"]
    assert again["phoneme_error"] < min(first["phoneme_error"], 0.3)
    assert again["unseen"] > 3
    guess = PhonemeGuess(read_net(out, "phonemes"))
    assert len(guess("balin")) == 5
    assert guess("42") == ()


def test_words_of_one_family_are_on_one_side() -> None:
    for words in (("rain", "rains", "rained", "rain's"), ("hope", "hoping", "hopes", "hoped")):
        assert len({is_held(word) for word in words}) == 1
    held = sum(is_held(word) for word, _ in shipped_lexicon()) / 126_000
    assert 0.02 < held < 0.04


def test_a_search_is_never_less_likely_than_the_greedy_way() -> None:
    torch.manual_seed(3)
    settings = PhonemeSettings(("", "B", "AA1", "K S"), letter_width=8, reader_width=8, piece_width=4, writer_width=12)
    net = PhonemeNet(settings).eval()

    def score(letters: torch.Tensor, pieces: list[int]) -> float:
        before = torch.tensor([[4, *pieces[:-1]]])
        with torch.no_grad():
            return float(net(letters, before).log_softmax(2)[0, torch.arange(len(pieces)), torch.tensor(pieces)].sum())

    for word in ("abracadabra", "o'clock", "x"):
        letters = torch.tensor([letter_ids(word)])
        greedy, best = net.greedy(letters)[0].tolist(), net.search(letters)
        assert len(best) == len(word)
        assert score(letters, best) >= score(letters, greedy) - 1e-4
        assert net.search(letters, 1) == greedy


def test_an_answer_has_one_stress() -> None:
    assert with_one_stress(("B", "AA0", "K", "IH2")) == ("B", "AA0", "K", "IH1")
    assert with_one_stress(()) == ()


def test_the_front_end_asks_the_net_that_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, toy: Path) -> None:
    monkeypatch.setenv(WEIGHTS_VARIABLE, str(tmp_path))
    words = [Word("blorptik", 0, 8)]
    (by_rules,) = usual_pronouncer().say(words, [False])
    assert by_rules == ("B", "L", "AO1", "R", "P", "T", "IH0", "K")
    learned(toy, tmp_path / "phonemes.safetensors", 2)
    (by_net,) = usual_pronouncer().say(words, [False])
    assert by_net != by_rules
    assert by_net


def test_the_command_trains_and_says_what_is_wrong(
    toy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(tmp_path / "p.safetensors")
    assert main(["train", "phonemes", "--data", str(tmp_path), "--out", out, "--minutes", "0.01"]) == 2
    assert "holds no lexicon" in capsys.readouterr().err
    assert main(["train", "phonemes", "--data", str(toy), "--out", out, "--minutes", "0.01", "--device", "cpu"]) == 0
    assert "word_error" in capsys.readouterr().out


def test_damaged_files_are_named(tmp_path: Path, toy: Path) -> None:
    broken = tmp_path / "broken.txt.gz"
    broken.write_bytes(b"no lexicon")
    with pytest.raises(SpeechError, match=r"broken.txt.gz cannot be read"):
        read_lexicon(broken)
    write_lexicon({"a": ["AH0"]}, broken)
    with pytest.raises(BadUsage, match="too few words"):
        finished(train_steps([broken], tmp_path / "p.safetensors", 0.01, n_threads=1))
    with pytest.raises(WeightError, match="There is no file"):
        PhonemeGuess(read_net(tmp_path / "none.safetensors", "phonemes"))


def test_a_lexicon_finds_every_word_of_its_own_and_no_other(tmp_path: Path) -> None:
    found = read_source(["b B", "ab AE1 B", "ab(2) AH0 B", "ab's AE1 B Z", "abc EY1 B IY1 S IY1 # letters", "1st F"])
    write_lexicon(found, tmp_path / "l.txt.gz")
    lexicon = read_lexicon(tmp_path / "l.txt.gz")
    assert [word for word, _ in lexicon] == ["ab", "ab's", "abc", "b"]
    assert lexicon.look_up("ab") == (("AE1", "B"), ("AH0", "B"))
    assert all(word in lexicon for word, _ in lexicon)
    assert not any(word in lexicon for word in ("", "a", "abb", "abd", "c", "zz", "ab\tAE1"))
    assert "a" not in Lexicon(b"")
