"""Which frames belong to which symbol: the best monotonic path, found again and compared with trying them all."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from engine.speech.alignment import align, diagonal_prior


def best_of_all(scores: np.ndarray) -> float:
    n, m = scores.shape
    found = -np.inf
    for cuts in combinations(range(1, m), n - 1):
        ends = [0, *cuts, m]
        found = max(found, sum(scores[i, ends[i] : ends[i + 1]].sum() for i in range(n)))
    return float(found)


def total(scores: np.ndarray, counts: np.ndarray) -> float:
    ends = np.concatenate([[0], np.cumsum(counts)])
    return float(sum(scores[i, ends[i] : ends[i + 1]].sum() for i in range(len(counts))))


@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (3, 3), (3, 8), (5, 9)])
def test_no_path_is_better(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(sum(shape))
    for _ in range(20):
        scores = rng.normal(size=shape).astype(np.float32)
        counts = align(scores)
        assert counts.sum() == shape[1]
        assert counts.min() >= 1
        assert total(scores, counts) == pytest.approx(best_of_all(scores), abs=1e-4)


def test_planted_lengths_are_found() -> None:
    rng = np.random.default_rng(1)
    lengths = rng.integers(1, 15, size=60)
    means = rng.normal(size=(60, 20))
    frames = np.repeat(means, lengths, axis=0) + 0.3 * rng.normal(size=(lengths.sum(), 20))
    scores = -0.5 * np.square(means[:, None] - frames[None]).sum(2)
    assert np.array_equal(align(scores.astype(np.float32)), lengths)


def test_too_few_frames_are_said() -> None:
    with pytest.raises(ValueError, match="too few"):
        align(np.zeros((4, 3), np.float32))


def test_where_nothing_is_known_the_diagonal_is_likely() -> None:
    prior = diagonal_prior(10, 50)
    assert np.allclose(np.exp(prior).sum(0), 1.0, atol=1e-4)
    assert prior[0, 0] > prior[9, 0]
    assert prior[9, 49] > prior[0, 49]
    assert np.all(np.abs(align(prior) - 5) <= 3)
