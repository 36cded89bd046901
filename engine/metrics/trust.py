"""What a distance between sets is worth: its floor, its interval, and whether it grows as sounds get worse."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

Distance = Callable[[Tensor, Tensor], float]

N_DRAWS = 200
N_SPLITS = 20


def halves(n_rows: int, rng: torch.Generator, groups: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """The places of a random half of ``n_rows`` rows, and of the rest.

    Rows of one of the ``groups`` ``[n_rows]`` stay together: takes of one session are no independent sounds.
    """
    if groups is None:
        order = torch.randperm(n_rows, generator=rng)
        half = max(n_rows // 2, 2)
        return order[:half], order[half:]
    names = _names(groups)
    order = names[torch.randperm(len(names), generator=rng)]
    chosen = torch.isin(groups, order[: max(len(names) // 2, 1)])
    return chosen.nonzero()[:, 0], (~chosen).nonzero()[:, 0]


def floor(distance: Distance, reference: Tensor, rng: torch.Generator, groups: Tensor | None = None) -> float:
    """The distance of one half of the reference from the other, in the middle of several splits."""
    found = []
    for _ in range(N_SPLITS):
        one, other = halves(len(reference), rng, groups)
        found.append(distance(reference[one], reference[other]))
    return sorted(found)[len(found) // 2]


def interval(
    statistic: Callable[[Sequence[Tensor]], float],
    sets: Sequence[Tensor],
    rng: torch.Generator,
    *,
    paired: bool = False,
    groups: Tensor | None = None,
    n: int = N_DRAWS,
) -> tuple[float, float]:
    """The 95 % interval of ``statistic(sets)`` over random halves of the rows; ``paired`` sets keep theirs together.

    Where ``groups`` ``[rows]`` says which rows belong together, halves are of groups.

    Drawing with repeats would not do: a row that comes twice is at no distance from itself, which an unbiased estimate
    takes for closeness. Halves drawn without repeats vary as much as whole sets of independent sounds would:
    ``s^2 / (n/2) (1 - 1/2) = s^2 / n``; their spread is laid around the figure of the whole.
    """
    whole = statistic(sets)
    found = []
    for _ in range(n):
        orders = [halves(len(rows), rng, groups)[0] for rows in sets]
        if paired:
            orders = [orders[0]] * len(sets)
        found.append(statistic([rows[order] for rows, order in zip(sets, orders, strict=True)]))
    return _around(whole, found)


def interval_with_repeats(
    statistic: Callable[[Sequence[Tensor]], float],
    sets: Sequence[Tensor],
    groups: Tensor,
    rng: torch.Generator,
    n: int = N_DRAWS,
) -> tuple[float, float]:
    """The same for a statistic that needs as many rows as there are: groups are drawn with repeats, the same ones in
    all sets. What repeats add to a distance is taken out, for only its spread is laid around the figure of the
    whole."""
    members = [(groups == name).nonzero()[:, 0] for name in _names(groups)]
    found = []
    for _ in range(n):
        drawn = torch.randint(len(members), (len(members),), generator=rng).tolist()
        order = torch.cat([members[place] for place in drawn])
        found.append(statistic([rows[order] for rows in sets]))
    return _around(statistic(sets), found)


def _names(groups: Tensor) -> Tensor:
    return torch.tensor(sorted(set(groups.tolist())))


def _around(whole: float, found: Sequence[float]) -> tuple[float, float]:
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
