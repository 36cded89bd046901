"""What a distance between sets is worth: its floor, its interval, and whether it grows as sounds get worse."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

Distance = Callable[[Tensor, Tensor], float]

N_DRAWS = 200
N_SPLITS = 20


def floor(distance: Distance, reference: Tensor, rng: torch.Generator) -> float:
    """The distance of one half of the reference from the other, in the middle of several splits."""
    half = len(reference) // 2
    found = []
    for _ in range(N_SPLITS):
        order = torch.randperm(len(reference), generator=rng)
        found.append(distance(reference[order[:half]], reference[order[half:]]))
    return sorted(found)[len(found) // 2]


def interval(
    statistic: Callable[[Sequence[Tensor]], float],
    sets: Sequence[Tensor],
    rng: torch.Generator,
    *,
    paired: bool = False,
    n: int = N_DRAWS,
) -> tuple[float, float]:
    """The 95 % interval of ``statistic(sets)`` over random halves of the rows; ``paired`` sets keep theirs together.

    Drawing with repeats would not do: a row that comes twice is at no distance from itself, which an unbiased estimate
    takes for closeness. Halves drawn without repeats vary as much as whole sets of independent sounds would:
    ``s^2 / (n/2) (1 - 1/2) = s^2 / n``; their spread is laid around the figure of the whole.
    """
    whole = statistic(sets)
    found = []
    for _ in range(n):
        orders = [torch.randperm(len(rows), generator=rng)[: max(len(rows) // 2, 2)] for rows in sets]
        if paired:
            orders = [orders[0]] * len(sets)
        found.append(statistic([rows[order] for rows, order in zip(sets, orders, strict=True)]))
    draws = torch.tensor(found, dtype=torch.float64)
    spread = draws - draws.median()
    low, high = torch.quantile(spread, torch.tensor([0.025, 0.975], dtype=torch.float64)).tolist()
    return whole + low, whole + high


def grows(ladders: Mapping[str, Sequence[float]], at_rest: float) -> dict[str, bool]:
    """For each ladder of ever worse sounds, whether the distance starts at or above ``at_rest`` and never falls."""
    return {
        name: all(here <= there for here, there in zip((at_rest, *steps), steps, strict=False))
        for name, steps in ladders.items()
    }
