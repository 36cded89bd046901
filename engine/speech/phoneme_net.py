"""The net that says unknown words: it reads a word in both directions and gives each letter its phonemes in turn.

Letters and phonemes run in the same order, so that no attention has to be learned: a recurrent layer goes along the
letters and answers at each with none, one or two phonemes, knowing what it answered before. A search keeps the best
few answers. 1.2 M parameters, a few milliseconds a word on one core.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import torch
from torch import Tensor, nn

from engine.errors import WeightError
from engine.speech.phoneme_letters import LETTERS, with_one_stress
from engine.weights import shelf
from engine.weights.net_file import NetFile, read_net

KIND: Final = "phonemes"
BEAM: Final = 4
_LETTER_ID: Final = {letter: n + 1 for n, letter in enumerate(LETTERS)}


@dataclass(frozen=True)
class PhonemeSettings:
    """``pieces`` are the answers for a letter: phonemes with spaces between, the first one empty."""

    pieces: tuple[str, ...]
    letter_width: int = 96
    reader_width: int = 160
    piece_width: int = 64
    writer_width: int = 256

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "pieces": list(self.pieces)}

    @classmethod
    def from_json(cls, found: Any) -> PhonemeSettings:
        return cls(**{**dict(found), "pieces": tuple(found["pieces"])})


class PhonemeNet(nn.Module):
    """Letters ``[batch, n]`` (0 behind the end) to scores of the pieces at each of them."""

    def __init__(self, settings: PhonemeSettings, dropout: float = 0.0) -> None:
        super().__init__()
        self.settings = settings
        read = settings.reader_width
        self.letters = nn.Embedding(len(LETTERS) + 1, settings.letter_width)
        self.reader = nn.GRU(settings.letter_width, read, 2, batch_first=True, bidirectional=True, dropout=dropout)
        # One piece more: nothing was answered yet.
        self.pieces = nn.Embedding(len(settings.pieces) + 1, settings.piece_width)
        self.writer = nn.GRU(2 * read + settings.piece_width, settings.writer_width, batch_first=True)
        self.answer = nn.Linear(settings.writer_width, len(settings.pieces))
        self.drop = nn.Dropout(dropout)

    def forward(self, letters: Tensor, before: Tensor) -> Tensor:
        """Scores ``[batch, n, pieces]``; ``before`` ``[batch, n]`` is the right piece of each letter's predecessor."""
        heard, _ = self.writer(torch.cat((self.read(letters), self.drop(self.pieces(before))), 2))
        scores: Tensor = self.answer(self.drop(heard))
        return scores

    def read(self, letters: Tensor) -> Tensor:
        """What the letters ``[batch, n]`` of words of one length are among the others: ``[batch, n, 2 readers]``."""
        found: Tensor = self.drop(self.reader(self.drop(self.letters(letters)))[0])
        return found

    @torch.no_grad()
    def greedy(self, letters: Tensor) -> Tensor:
        """The likeliest piece at each letter ``[batch, n]``, one after the other."""
        read = self.read(letters)
        state: Tensor | None = None
        last = torch.full((len(letters),), len(self.settings.pieces), device=letters.device)
        found = []
        for n in range(letters.shape[1]):
            heard, state = self.writer(torch.cat((read[:, n], self.pieces(last)), 1)[:, None], state)
            last = self.answer(heard[:, 0]).argmax(1)
            found.append(last)
        return torch.stack(found, 1)

    @torch.no_grad()
    def search(self, letters: Tensor, width: int = BEAM) -> list[int]:
        """The pieces of one word ``[1, n]`` that are likeliest together, of the ``width`` best ways at each letter."""
        read = self.read(letters)
        n_pieces = len(self.settings.pieces)
        last = torch.tensor([n_pieces], device=letters.device)
        total = torch.zeros(1, device=letters.device)
        state: Tensor | None = None
        ways = torch.zeros(1, 0, dtype=torch.long, device=letters.device)
        for n in range(letters.shape[1]):
            here = read[:, n].expand(len(last), -1)
            heard, state = self.writer(torch.cat((here, self.pieces(last)), 1)[:, None], state)
            scores = (total[:, None] + self.answer(heard[:, 0]).log_softmax(1)).flatten()
            total, best = scores.topk(min(width, len(scores)))
            came, last = best // n_pieces, best % n_pieces
            assert state is not None
            state = state[:, came].contiguous()
            ways = torch.cat((ways[came], last[:, None]), 1)
        found: list[int] = ways[0].tolist()
        return found


def letter_ids(word: str) -> list[int]:
    """The letters of a word as numbers; others are left out."""
    return [_LETTER_ID[letter] for letter in word if letter in _LETTER_ID]


def said(pieces: Sequence[str], found: Sequence[int]) -> tuple[str, ...]:
    """The phonemes of answered ``pieces``, by their places."""
    return with_one_stress([symbol for piece in found for symbol in pieces[piece].split()])


class PhonemeGuess:
    """Asks a trained net how a word is said."""

    def __init__(self, file: NetFile) -> None:
        try:
            self._net = PhonemeNet(PhonemeSettings.from_json(file.settings))
            self._net.load_state_dict({name: value.float() for name, value in file.tensors.items()})
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise WeightError(f"The net for unknown words does not fit this program ({error}).") from error
        self._net.eval()

    @classmethod
    def shipped(cls) -> PhonemeGuess:
        return cls(read_net(shelf.shipped(KIND), KIND))

    def __call__(self, word: str) -> tuple[str, ...]:
        ids = letter_ids(word)
        return said(self._net.settings.pieces, self._net.search(torch.tensor([ids]))) if ids else ()
