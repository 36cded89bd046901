"""Where the operators of an FM patch stand when their routing is drawn as a graph. No Qt, no depths, no chance.

Sources stand above their targets, what is heard at the bottom, as on the chart of a DX7. The places follow from which
routes are on and from nothing else, so equal routings look alike and a depth that changes moves nothing.

The steps are those of layered drawing (K. Sugiyama, S. Tagawa and M. Toda, IEEE Trans. SMC 11, 1981): routes that would
close a cycle are set aside and drawn as returns; each operator's layer is its longest way down; long routes get way
points; then places move towards the mean of their neighbours, never nearer to each other than they may stand.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

Route = tuple[int, int]
"""Source and target, counted from 1; target 0 is the output."""
Point = tuple[float, float]
OUTPUT = 0

_SWEEPS = 6
_WAY_POINT_GAP = 0.62
"""Where a long route passes an operator, in columns."""
_Item = tuple[int, ...]
"""``(operator,)`` or a way point ``(source, target, layer)``."""


@dataclass(frozen=True)
class GraphLayout:
    """``places`` of the operators that take part as ``(x, layer)``: x in columns from 0, layer 0 at the bottom.

    ``ways`` are the points between the ends of each downward route, from the source down; ``returns`` the routes that
    lead back up, or to their own source; ``idle`` the operators without any part, which have no place.
    """

    places: Mapping[int, Point]
    ways: Mapping[Route, tuple[Point, ...]]
    returns: frozenset[Route]
    idle: tuple[int, ...]
    n_layers: int
    n_columns: float


@lru_cache(maxsize=256)
def lay_out(routes: frozenset[Route], n_operators: int) -> GraphLayout:
    """Places for the routes that are on, outputs and feedback included.

    >>> lay_out(frozenset({(2, 1), (1, 0)}), 2).places
    {1: (0.0, 0), 2: (0.0, 1)}
    """
    between = {(s, d) for s, d in routes if d != OUTPUT and s != d}
    down = _without_cycles(between)
    heard = {s for s, d in routes if d == OUTPUT}
    part = sorted(heard | {n for route in between for n in route})
    layers = _layers(part, down)
    chains = {route: _chain(route, layers) for route in [*down, *((n, OUTPUT) for n in sorted(heard))]}
    xs = _columns(layers, chains)
    left = min(xs.values(), default=0.0)
    places = {n: (xs[(n,)] - left, layers[n]) for n in part}
    ways = {route: tuple((xs[item] - left, item[2]) for item in chain[1:-1]) for route, chain in chains.items()}
    return GraphLayout(
        places=places,
        ways=ways,
        returns=frozenset(route for route in routes if route[1] != OUTPUT and route not in down),
        idle=tuple(n for n in range(1, n_operators + 1) if n not in places),
        n_layers=max(layers.values(), default=0) + 1,
        n_columns=max(xs.values(), default=0.0) - left + 1.0,
    )


def _without_cycles(routes: Iterable[Route]) -> list[Route]:
    """As many of the routes as go without a cycle: from higher numbers to lower ones first, which act at once."""
    kept: list[Route] = []
    for source, target in sorted(routes, key=lambda r: (r[0] < r[1], r)):
        if not _leads(target, source, kept):
            kept.append((source, target))
    return kept


def _leads(start: int, end: int, routes: list[Route]) -> bool:
    return start == end or any(_leads(d, end, routes) for s, d in routes if s == start)


def _layers(part: Iterable[int], down: list[Route]) -> dict[int, int]:
    def depth(n: int) -> int:
        return max((1 + depth(d) for s, d in down if s == n), default=0)

    return {n: depth(n) for n in part}


def _chain(route: Route, layers: Mapping[int, int]) -> list[_Item]:
    """A route's source, its way points in the layers between, and its target (the output lies under layer 0)."""
    source, target = route
    low = -1 if target == OUTPUT else layers[target]
    points = [(source, target, layer) for layer in range(layers[source] - 1, low, -1)]
    return [(source,), *points, (target,)]


def _columns(layers: Mapping[int, int], chains: Mapping[Route, list[_Item]]) -> dict[_Item, float]:
    rows: dict[int, list[_Item]] = {}
    for n, layer in layers.items():
        rows.setdefault(layer, []).append((n,))
    below: dict[_Item, list[_Item]] = {}
    above: dict[_Item, list[_Item]] = {}
    for chain in chains.values():
        for item in chain[1:-1]:
            rows.setdefault(item[2], []).append(item)
        for upper, lower in pairwise(chain):
            if lower != (OUTPUT,):
                below.setdefault(upper, []).append(lower)
                above.setdefault(lower, []).append(upper)
    xs: dict[_Item, float] = {}
    for layer in sorted(rows):
        # From the bottom up: above what it leads to, and by number where that is the same.
        wanted = {item: _mean(below.get(item, ()), xs, k) for k, item in enumerate(sorted(rows[layer]))}
        rows[layer].sort(key=lambda item, wanted=wanted: (wanted[item], item))  # type: ignore[misc]
        _place(rows[layer], wanted, xs)
    for sweep in range(_SWEEPS):
        for layer in sorted(rows, reverse=sweep % 2 == 0):
            wanted = {item: _mean([*below.get(item, ()), *above.get(item, ())], xs, xs[item]) for item in rows[layer]}
            _place(rows[layer], wanted, xs)
    return xs


def _mean(items: Iterable[_Item], xs: Mapping[_Item, float], otherwise: float) -> float:
    known = [xs[item] for item in items if item in xs]
    return sum(known) / len(known) if known else float(otherwise)


def _place(row: list[_Item], wanted: Mapping[_Item, float], xs: dict[_Item, float]) -> None:
    """Put a row's items in their order as near as possible (least squares) to where they want to be."""
    offsets = [0.0]
    for one, other in pairwise(row):
        gap = 1.0 if len(one) == len(other) == 1 else _WAY_POINT_GAP
        offsets.append(offsets[-1] + gap)
    # Pool neighbours whose wishes overlap: each pool holds a sum and a count.
    pools: list[list[float]] = []
    for item, offset in zip(row, offsets, strict=True):
        pools.append([wanted[item] - offset, 1.0])
        while len(pools) > 1 and pools[-2][0] / pools[-2][1] > pools[-1][0] / pools[-1][1]:
            total, count = pools.pop()
            pools[-1][0] += total
            pools[-1][1] += count
    shifts = [total / count for total, count in pools for _ in range(int(count))]
    for item, offset, shift in zip(row, offsets, shifts, strict=True):
        xs[item] = offset + shift
