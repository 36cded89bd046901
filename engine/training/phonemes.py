"""``tonewright train phonemes``: how unknown words are said, learned from a lexicon.

Words of one family ("rain", "rained", "rainy") stay on one side, so that the words it is measured on are new to it.
"""

from __future__ import annotations

import hashlib
import platform
from collections import Counter, defaultdict
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Final

import torch
from torch import Tensor
from torch.nn import functional as F

from engine.errors import BadUsage
from engine.jobs import Note
from engine.speech.lexicon import Lexicon, Phonemes, read_lexicon
from engine.speech.phoneme_letters import LETTERS
from engine.speech.phoneme_net import KIND, PhonemeNet, PhonemeSettings, letter_ids, said
from engine.training.run import Training, use_cores
from engine.training.spelling import align

BATCH: Final = 256
LONGEST: Final = 24
_DROPOUT: Final = 0.2
_SMOOTH: Final = 0.05
_HELD_SHARE: Final = 0.03
_MEASURED: Final = 1500
_RARE: Final = 8
"""What a letter makes in fewer words than this is a slip of the lexicon or a foreign spelling."""
_ENDINGS: Final = (
    "'s", "s'", "edly", "iest", "ings", "ness", "ers", "est", "ied", "ier", "ies", "ing", "ed", "er", "es", "ly", "s",
    "y", "e",
)  # fmt: skip


@dataclass(frozen=True)
class Spelling:
    """A word, every way it is said, and which piece each letter makes in one of them."""

    word: str
    variants: tuple[Phonemes, ...]
    pieces: tuple[int, ...] = ()


def train_steps(
    folders: Sequence[Path],
    out: Path,
    minutes: float,
    *,
    device: str = "",
    resume: bool = False,
    seed: int = 0,
    n_threads: int | None = None,
    widths: Sequence[int] | None = None,
    most_words: int | None = None,
) -> Generator[Note, None, dict[str, Any]]:
    """Train into ``out`` for ``minutes``; the result is the file's card. ``folders`` hold lexicons, or are such files.

    ``widths`` (of the reader and the writer) and ``most_words`` are for trying it out.
    """
    use_cores(n_threads)
    torch.manual_seed(seed)
    target = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    yield Note(None, "Reading words")
    entries = [entry for folder in folders for entry in _entries(folder)][:most_words]
    known = dict(entries)
    held = [Spelling(word, variants) for word, variants in known.items() if is_held(word)]
    learned = [(word, variants) for word, variants in known.items() if not is_held(word)]
    if not learned or not held:
        raise BadUsage("The lexicon has too few words to learn from.")
    pieces, spellings = _spellings(learned)
    reader, writer = widths or (160, 256)
    settings = PhonemeSettings(pieces, reader_width=reader, writer_width=writer)
    net = PhonemeNet(settings, _DROPOUT).to(target)
    training = Training(net, KIND, settings.to_json(), out=out, minutes=minutes, rate=2e-3, average=0.999)
    if resume:
        training.resume()
    draw = _Drawer(spellings, len(pieces), seed + training.step)

    def loss_of() -> Tensor:
        net.train()
        letters, before, wanted = (part.to(target) for part in draw.batch())
        return F.cross_entropy(net(letters, before).flatten(0, 1), wanted.flatten(), label_smoothing=_SMOOTH)

    card = {
        "data": [folder.name for folder in folders],
        "words": len(spellings),
        "device": torch.cuda.get_device_name() if target.type == "cuda" else f"CPU ({platform.machine()})",
        "parameters": sum(parameter.numel() for parameter in net.parameters()),
    }

    def describe() -> dict[str, Any]:
        averaged = training.averaged()
        assert isinstance(averaged, PhonemeNet)
        return {**card, **measure(averaged, held[:_MEASURED])}

    return (yield from training.steps(loss_of, describe))


def _entries(folder: Path) -> list[tuple[str, tuple[Phonemes, ...]]]:
    """The words of the lexicons in a folder that a net can learn from."""
    files = sorted(folder.glob("*.txt.gz")) if folder.is_dir() else [folder]
    if not files:
        raise BadUsage(f"{folder} holds no lexicon (a .txt.gz file, such as resources/speech has).")
    return [entry for file in files for entry in _usable(read_lexicon(file))]


def _usable(lexicon: Lexicon) -> list[tuple[str, tuple[Phonemes, ...]]]:
    return [
        (word, variants)
        for word, variants in lexicon
        if 1 < len(word) <= LONGEST and set(word) <= set(LETTERS) and word[0] != "'"
    ]


def is_held(word: str) -> bool:
    """Whether a word is never learned from: its family decides."""
    number = int.from_bytes(hashlib.sha256(family(word).encode()).digest()[:8], "big")
    return number < _HELD_SHARE * 2**64


def family(word: str) -> str:
    """What is left of a word without its endings.

    >>> {family(word) for word in ("rain", "rains", "rained", "raining", "rainier", "rain's")}
    {'rain'}
    """
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return family(word[: -len(ending)])
    return word


def _spellings(learned: Sequence[tuple[str, tuple[Phonemes, ...]]]) -> tuple[tuple[str, ...], list[Spelling]]:
    """What letters make (the empty piece first), and the words in which they make it."""
    pairs = [(word, said) for word, variants in learned for said in variants]
    ways = align(pairs)
    counts = Counter(" ".join(piece) for way in ways if way for piece in way)
    pieces = ("", *sorted(piece for piece, count in counts.items() if piece and count >= min(_RARE, len(pairs) // 500)))
    places = {piece: n for n, piece in enumerate(pieces)}
    found = []
    for (word, said_as), way in zip(pairs, ways, strict=True):
        names = [" ".join(piece) for piece in way or ()]
        if names and all(name in places for name in names):
            found.append(Spelling(word, (said_as,), tuple(places[name] for name in names)))
    return pieces, found


class _Drawer:
    """Batches of words of one length, each length as often as words have it."""

    def __init__(self, spellings: Sequence[Spelling], n_pieces: int, seed: int) -> None:
        by_length: dict[int, list[Spelling]] = defaultdict(list)
        for spelling in spellings:
            by_length[len(spelling.word)].append(spelling)
        self._groups = [group for _, group in sorted(by_length.items())]
        self._weights = [len(group) for group in self._groups]
        self._n_pieces, self._rng = n_pieces, Random(seed)

    def batch(self) -> tuple[Tensor, Tensor, Tensor]:
        """Letters, the piece before each, and the piece of each: ``[batch, n]``."""
        group = self._rng.choices(self._groups, self._weights)[0]
        drawn = self._rng.sample(group, min(BATCH, len(group)))
        letters = torch.tensor([letter_ids(spelling.word) for spelling in drawn])
        wanted = torch.tensor([spelling.pieces for spelling in drawn])
        before = torch.cat((torch.full((len(drawn), 1), self._n_pieces), wanted[:, :-1]), 1)
        return letters, before, wanted


def measure(net: PhonemeNet, held: Sequence[Spelling]) -> dict[str, float]:
    """How often words and phonemes are wrong (greedily, the nearest variant counts), with and without stress.

    The shares are of words never learned from; ``*_plain`` are those without the stress.
    """
    by_length: dict[int, list[Spelling]] = defaultdict(list)
    for spelling in held:
        by_length[len(spelling.word)].append(spelling)
    device = next(net.parameters()).device
    wrong = wrong_plain = words = words_plain = total = 0
    for group in by_length.values():
        letters = torch.tensor([letter_ids(spelling.word) for spelling in group], device=device)
        for spelling, row in zip(group, net.greedy(letters).tolist(), strict=True):
            answer = said(net.settings.pieces, row)
            errors, length = min((distance(answer, variant), len(variant)) for variant in spelling.variants)
            plain = min(distance(_plain(answer), _plain(variant)) for variant in spelling.variants)
            wrong, wrong_plain, total = wrong + errors, wrong_plain + plain, total + length
            words, words_plain = words + (errors > 0), words_plain + (plain > 0)
    return {
        "phoneme_error": round(wrong / total, 4),
        "word_error": round(words / len(held), 4),
        "phoneme_error_plain": round(wrong_plain / total, 4),
        "word_error_plain": round(words_plain / len(held), 4),
        "unseen": len(held),
    }


def _plain(said_as: Sequence[str]) -> list[str]:
    return [symbol.rstrip("012") for symbol in said_as]


def distance(a: Sequence[str], b: Sequence[str]) -> int:
    """How many symbols have to be put in, left out or changed to make ``b`` of ``a``.

    >>> distance(("K", "AE1", "T"), ("K", "AA1", "T", "S"))
    2
    """
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        corner, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            corner, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, corner + (x != y))
    return row[-1]
