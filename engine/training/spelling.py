"""Which letters of a word make which of its phonemes: found by counting, over and over, in a whole lexicon.

Each letter makes none, one or two phonemes (the x of "box" makes two, the e of "make" none), in order. What a letter
makes is counted along the best way through every word, and the best ways are found anew with those counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.dsp.compiled import njit
from engine.speech.phoneme_letters import LETTERS
from engine.speech.symbols import CONSONANTS, VOWELS

_ROUNDS: Final = 6
_FIRST_LOOK: Final = 20_000
"""Words that the counts begin with; the last round sees all."""
_PLAIN: Final = {symbol: n + 1 for n, symbol in enumerate((*CONSONANTS, *VOWELS))}
_N: Final = len(_PLAIN) + 1
_LETTER: Final = {letter: n for n, letter in enumerate(LETTERS)}

Pieces = tuple[tuple[str, ...], ...]
"""What each letter of a word makes."""


def align(words: Sequence[tuple[str, tuple[str, ...]]]) -> list[Pieces | None]:
    """The phonemes of each ``(word, phonemes)`` shared out among its letters; ``None`` where they cannot be."""
    letters = [np.array([_LETTER[letter] for letter in word], dtype=np.int64) for word, _ in words]
    sounds = [np.array([_PLAIN[s.rstrip("012")] for s in said], dtype=np.int64) for _, said in words]
    step = max(len(words) // _FIRST_LOOK, 1)
    costs = np.zeros((len(LETTERS), _N, _N))
    # Before anything is known, one phoneme a letter is likelier than two or none.
    costs[:, 0, 0] = 2.0
    costs[:, 1:, 1:] = 4.0
    for turn in range(_ROUNDS):
        counts = np.full(costs.shape, 0.01)
        for n in range(0, len(words), step if turn < _ROUNDS - 1 else 1):
            _count(letters[n], sounds[n], _best_way(letters[n], sounds[n], costs), counts)
        costs = -np.log(counts / counts.sum((1, 2), keepdims=True))
    found: list[Pieces | None] = []
    for n, (_, said) in enumerate(words):
        way = _best_way(letters[n], sounds[n], costs)
        found.append(_pieces(said, way) if way.size else None)
    return found


def _pieces(said: tuple[str, ...], way: NDArray[np.int64]) -> Pieces:
    ends = np.cumsum(way).tolist()
    return tuple(said[end - n : end] for n, end in zip(way.tolist(), ends, strict=True))


@njit(cache=True)
def _best_way(letters: NDArray[np.int64], sounds: NDArray[np.int64], costs: NDArray[np.float64]) -> NDArray[np.int64]:
    """How many phonemes each letter makes on the cheapest way; empty where there is no way."""
    n, m = len(letters), len(sounds)
    best = np.full((n + 1, m + 1), np.inf)
    came = np.zeros((n + 1, m + 1), dtype=np.int64)
    best[0, 0] = 0.0
    for i in range(n):
        for j in range(m + 1):
            if best[i, j] == np.inf:
                continue
            for k in range(min(2, m - j) + 1):
                first = sounds[j] if k > 0 else 0
                second = sounds[j + 1] if k > 1 else 0
                cost = best[i, j] + costs[letters[i], first, second]
                if cost < best[i + 1, j + k]:
                    best[i + 1, j + k] = cost
                    came[i + 1, j + k] = k
    if best[n, m] == np.inf:
        return np.zeros(0, dtype=np.int64)
    way = np.zeros(n, dtype=np.int64)
    j = m
    for i in range(n, 0, -1):
        way[i - 1] = came[i, j]
        j -= came[i, j]
    return way


@njit(cache=True)
def _count(
    letters: NDArray[np.int64], sounds: NDArray[np.int64], way: NDArray[np.int64], counts: NDArray[np.float64]
) -> None:
    j = 0
    for i in range(len(way)):
        first = sounds[j] if way[i] > 0 else 0
        second = sounds[j + 1] if way[i] > 1 else 0
        counts[letters[i], first, second] += 1.0
        j += way[i]
