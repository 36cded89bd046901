"""Distances between sets of sounds: against closed forms, and what is said of their worth."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
import torch

from engine.errors import BadUsage
from engine.metrics.sets import FD_ROWS_PER_DIM, fd, inception_score, kad, kernel_width, paired_kl
from engine.metrics.trust import floor, grows, halves, interval, interval_with_repeats
from engine.metrics.worse import LADDERS, dull, noisy, shuffled

RATE = 24_000


def draws(n: int, dim: int = 6, shift: float = 0.0, seed: int = 0) -> torch.Tensor:
    return torch.randn((n, dim), generator=torch.Generator().manual_seed(seed)) + shift


def test_the_kernel_distance_is_the_papers_sum_over_pairs() -> None:
    x, y = draws(7), draws(5, shift=1.0, seed=1)
    width = kernel_width(x)

    def k(a: torch.Tensor, b: torch.Tensor) -> float:
        return math.exp(-float((a - b).double().square().sum()) / (2 * width**2 + 1e-8))

    within_x = sum(k(a, b) for i, a in enumerate(x) for j, b in enumerate(x) if i != j) / (7 * 6)
    within_y = sum(k(a, b) for i, a in enumerate(y) for j, b in enumerate(y) if i != j) / (5 * 4)
    across = sum(k(a, b) for a in x for b in y) / 35
    assert kad(x, y) == pytest.approx(100 * (within_x + within_y - 2 * across), abs=1e-5)


def test_the_kernel_is_as_wide_as_the_middle_distance_in_the_reference() -> None:
    x = torch.tensor([[0.0], [1.0], [3.0]])
    assert kernel_width(x) == pytest.approx(2.0)
    # Equal rows count too: their distance is 0.
    assert kernel_width(torch.tensor([[0.0], [0.0], [3.0]])) == pytest.approx(3.0)


def test_sets_of_one_kind_are_at_no_distance_and_others_are_far() -> None:
    same = [kad(draws(200, seed=2 * n), draws(200, seed=2 * n + 1)) for n in range(20)]
    assert abs(np.mean(same)) < 0.15
    assert kad(draws(200), draws(200, shift=0.5, seed=1)) > 5 * max(map(abs, same))


def test_a_frechet_distance_of_normal_sets_is_the_closed_form() -> None:
    x, y = draws(40_000, 2), draws(40_000, 2, seed=1) * torch.tensor([1.0, 2.0]) + torch.tensor([0.5, 0.0])
    # |mu|^2 = 0.25 and (1 - 2)^2 = 1.
    assert fd(x, y) == pytest.approx(1.25, abs=0.05)
    assert fd(x, x) == pytest.approx(0.0, abs=1e-6)


def test_too_few_sounds_give_no_frechet_distance() -> None:
    with pytest.raises(BadUsage, match="too few"):
        fd(draws(6 * FD_ROWS_PER_DIM - 1), draws(100))
    fd(draws(6 * FD_ROWS_PER_DIM), draws(100))
    with pytest.raises(BadUsage, match="two sounds"):
        kad(draws(1), draws(10))


def test_the_score_of_a_set_counts_its_classes() -> None:
    assert inception_score(torch.eye(5)) == pytest.approx(5.0)
    assert inception_score(torch.full((8, 5), 0.2)) == pytest.approx(1.0)


def test_pairs_that_agree_have_no_divergence() -> None:
    p = torch.softmax(draws(10), 1)
    assert paired_kl(p, p) == pytest.approx(0.0, abs=1e-4)
    q = torch.tensor([[0.5, 0.5]])
    assert paired_kl(torch.tensor([[1.0, 0.0]]), q) == pytest.approx(math.log(2.0), abs=1e-4)


def test_the_interval_covers_the_truth_as_often_as_it_says() -> None:
    hits = 0
    for n in range(120):
        rows = draws(60, 1, seed=100 + n)
        low, high = interval(lambda sets: float(sets[0].mean()), [rows], torch.Generator().manual_seed(n))
        hits += low <= 0.0 <= high
    assert 0.88 <= hits / 120 <= 1.0


def test_paired_rows_stay_together() -> None:
    rows = torch.arange(50.0)[:, None]
    seen = []
    interval(
        lambda sets: seen.append(torch.equal(sets[0], sets[1])) or 0.0,
        [rows, rows.clone()],
        torch.Generator().manual_seed(0),
        paired=True,
        n=5,
    )
    assert all(seen)


def test_takes_of_one_group_are_no_independent_sounds() -> None:
    """Eight of each group are the same: the interval has to be as wide as that of the groups alone."""
    alone = draws(50, 1)
    rows, groups = alone.repeat_interleave(8, 0), torch.arange(50).repeat_interleave(8)
    one, other = halves(400, torch.Generator().manual_seed(0), groups)
    assert len(one) == len(other) == 200
    assert not set(groups[one].tolist()) & set(groups[other].tolist())

    def mean(sets: Sequence[torch.Tensor]) -> float:
        return float(sets[0].mean())

    def width(found: tuple[float, float]) -> float:
        return found[1] - found[0]

    rng = torch.Generator().manual_seed(0)
    honest = width(interval(mean, [alone], rng))
    assert width(interval(mean, [rows], rng, groups=groups)) == pytest.approx(honest, rel=0.2)
    assert width(interval_with_repeats(mean, [rows], groups, rng)) == pytest.approx(honest, rel=0.2)
    assert width(interval(mean, [rows], rng)) < 0.5 * honest


def test_the_floor_is_small_beside_a_distance() -> None:
    x = draws(200)
    assert abs(floor(kad, x, torch.Generator().manual_seed(0))) < 0.1 * kad(x, draws(200, shift=0.5, seed=1))


def test_a_distance_that_falls_along_a_ladder_is_told() -> None:
    assert grows({"up": [1.0, 2.0], "down": [2.0, 1.0], "below": [0.1]}, 0.5) == {
        "up": True,
        "down": False,
        "below": False,
    }


def test_worse_sounds_are_worse_as_they_say() -> None:
    rng = np.random.default_rng(0)
    tone = np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE).astype(np.float32)
    noise = noisy(10.0)(tone, RATE, rng) - tone
    assert 10 * np.log10(np.mean(tone**2) / np.mean(noise**2)) == pytest.approx(10.0, abs=0.2)
    both = tone + np.sin(2 * np.pi * 5000 * np.arange(RATE) / RATE).astype(np.float32)
    assert np.abs(dull(2000.0)(both, RATE, rng) - tone)[1000:-1000].max() < 0.01
    ramp = np.linspace(0, 1, RATE).astype(np.float32)
    moved = shuffled(1.0)(ramp, RATE, rng)
    assert not np.array_equal(moved, ramp)
    assert np.array_equal(np.sort(moved), ramp)
    assert all(len(step(tone, RATE, rng)) == RATE for steps in LADDERS.values() for step in steps)
