"""Which of the 32 algorithms comes nearest to a modulation matrix, and which operator goes where."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import permutations

import numpy as np
import numpy.typing as npt

from engine.project.dx7.algorithms import ALGORITHMS, Algorithm

Matrix = npt.NDArray[np.float64]

_NOTHING = 1e-9
_MOVED = 1e-6
"""Cost of an operator that changes its number: it decides only between equals."""


@dataclass(frozen=True)
class Routing:
    """``places[i]`` is the operator (0..5) of the matrix that becomes operator ``i`` of the algorithm (0..5).

    ``lost`` and ``added`` are routes ``(source, target)`` of the matrix that the algorithm lacks and that it adds,
    ``unheard`` operators whose sound it keeps inside; all counted from 0 in the matrix.
    """

    algorithm: Algorithm
    places: tuple[int, ...]
    lost: tuple[tuple[int, int], ...]
    added: tuple[tuple[int, int], ...]
    unheard: tuple[int, ...]


def nearest(depths: Matrix, heard: Matrix) -> Routing:
    """The algorithm that keeps most of ``depths`` ``[source, target]`` in radians and of ``heard`` ``[operator]``.

    ``heard`` counts as much as ``depths`` of the same size. Among equals the one wins that moves the fewest operators,
    then the one of the lowest number.
    """
    order = _orders()  # [orders, 6]
    moved = (order != np.arange(6)).sum(1) * _MOVED
    wanted = depths[order[:, :, None], order[:, None, :]]  # [orders, source, target]
    strength = depths.max(1)[order]
    free = (wanted < _NOTHING) * strength[:, :, None]
    has, carries = _all_matrices()
    lacks = (~has).reshape(len(has), -1).T  # [routes, algorithms]
    adds = (has & ~np.eye(6, dtype=bool)).reshape(len(has), -1).T
    lost = wanted.reshape(len(order), -1) @ lacks + heard[order] @ ~carries.T
    costs = lost + free.reshape(len(order), -1) @ adds + moved[:, None]  # [orders, algorithms]
    best: tuple[float, int, int] | None = None
    for number, cost in enumerate(costs.T):
        # Rounded, so that sums in another order leave equals equal.
        at = int(np.argmin(np.round(cost, 9)))
        if best is None or cost[at] < best[0] - 0.1 * _MOVED:
            best = (float(cost[at]), number, at)
    assert best is not None
    return _described(ALGORITHMS[best[1]], tuple(int(i) for i in order[best[2]]), depths, heard)


def _described(one: Algorithm, places: tuple[int, ...], depths: Matrix, heard: Matrix) -> Routing:
    has, carries = _as_matrix(one)
    lost, added = [], []
    for source, was_source in enumerate(places):
        for target, was_target in enumerate(places):
            route = (was_source, was_target)
            is_wanted = depths[route] >= _NOTHING
            if is_wanted and not has[source, target]:
                lost.append(route)
            # An operator that bends nothing is silent there, and feedback can be turned off.
            if has[source, target] and not is_wanted and source > target and depths[was_source].max() >= _NOTHING:
                added.append(route)
    unheard = tuple(sorted(was for i, was in enumerate(places) if heard[was] >= _NOTHING and not carries[i]))
    return Routing(one, places, tuple(sorted(lost)), tuple(sorted(added)), unheard)


@cache
def _orders() -> npt.NDArray[np.int64]:
    return np.array(list(permutations(range(6))), dtype=np.int64)


@cache
def _all_matrices() -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """The routes ``[algorithm, source, target]`` and the carriers ``[algorithm, operator]`` of all of them."""
    has, carries = zip(*(_as_matrix(one) for one in ALGORITHMS), strict=True)
    return np.array(has), np.array(carries)


def _as_matrix(one: Algorithm) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    has = np.zeros((6, 6), dtype=bool)
    for source, target in (*one.edges, one.feedback):
        has[source - 1, target - 1] = True
    carries = np.zeros(6, dtype=bool)
    carries[[n - 1 for n in one.carriers]] = True
    return has, carries
