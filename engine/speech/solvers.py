"""From noise to a sample along a learned velocity: time grids, two solvers, guidance.

Time runs from 0 (noise) to 1 (the sample). A grid of N steps has N + 1 times. Small steps belong where little is
decided yet by what came before: Sway Sampling bends the even grid towards the noise, either as a power,
``t_i = (i / N) ** alpha``, or as F5-TTS does (Chen et al., arXiv 2410.06885, eq. 6),
``t = u + s (cos(pi u / 2) - 1 + u)``. EPSS (F5-TTS's later grids) leaves out steps of 32 even ones where the path is
nearly straight, and then sways.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor

from engine.errors import BadUsage

Velocity = Callable[[Tensor, float], Tensor]
"""``x`` and the time to the velocity there, of the shape of ``x``."""
Method = Literal["euler", "midpoint"]
Grid = Literal["uniform", "power", "sway", "epss"]
METHODS: tuple[Method, ...] = ("euler", "midpoint")
GRIDS: tuple[Grid, ...] = ("uniform", "power", "sway", "epss")
MOST_STEPS = 32
USUAL_ALPHA = 2.0
USUAL_SWAY = -1.0
MOST_SWAY = 2.0 / (math.pi - 2.0)
"""Above it, and below -1, times would run backwards."""
_EPSS = {
    5: (0, 2, 4, 8, 16, 32),
    6: (0, 2, 4, 6, 8, 16, 32),
    7: (0, 2, 4, 6, 8, 16, 24, 32),
    10: (0, 2, 4, 6, 8, 12, 16, 20, 24, 28, 32),
    12: (0, 2, 4, 6, 8, 10, 12, 14, 16, 20, 24, 28, 32),
    16: (0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 32),
}
"""Which of 33 even times are kept, for so many steps; other numbers of steps stay even."""


def sway(u: float, s: float = USUAL_SWAY) -> float:
    """The cosine form; at ``s = -1`` it is ``1 - cos(pi u / 2)``.

    >>> round(sway(0.5), 4)
    0.2929
    """
    return u + s * (math.cos(math.pi * u / 2.0) - 1.0 + u)


def times(n_steps: int, grid: Grid = "sway", *, alpha: float = USUAL_ALPHA, s: float = USUAL_SWAY) -> list[float]:
    """``n_steps + 1`` rising times from 0 to 1; ``alpha`` is of the power form, ``s`` of the cosine form.

    >>> times(4, "power")
    [0.0, 0.0625, 0.25, 0.5625, 1.0]
    """
    if not 1 <= n_steps <= MOST_STEPS:
        raise BadUsage(f"{n_steps} steps are out of reach; choose from 1 to {MOST_STEPS}.")
    if not (math.isfinite(alpha) and alpha > 0.0):
        raise BadUsage(f"The power of a time grid has to be more than 0, not {alpha:g}.")
    if not -1.0 <= s <= MOST_SWAY:
        raise BadUsage(f"A sway of {s:g} is out of reach; choose from -1 to {MOST_SWAY:.2f}.")
    even = [i / n_steps for i in range(n_steps + 1)]
    if grid == "uniform":
        found = even
    elif grid == "power":
        found = [u**alpha for u in even]
    elif grid == "sway":
        found = [sway(u, s) for u in even]
    elif grid == "epss":
        kept = _EPSS.get(n_steps)
        found = [sway(u, s) for u in (even if kept is None else [k / 32 for k in kept])]
    else:
        raise BadUsage(f"There is no time grid “{grid}”; there are {', '.join(GRIDS)}.")
    return [0.0, *found[1:-1], 1.0]


def solve_steps(
    velocity: Velocity, x: Tensor, grid: list[float], method: Method = "euler"
) -> Generator[float, None, Tensor]:
    """Follow ``velocity`` from ``x`` at ``grid[0]`` to ``grid[-1]``; yields after each step what share is done.

    Euler asks for one velocity a step; the midpoint rule for two, and errs by the square of a step where Euler errs
    by the step.
    """
    if method not in METHODS:
        raise BadUsage(f"There is no solver “{method}”; there are {', '.join(METHODS)}.")
    for done, (here, there) in enumerate(pairwise(grid), 1):
        step = there - here
        v = velocity(x, here)
        if method == "midpoint":
            v = velocity(x + 0.5 * step * v, here + 0.5 * step)
        x = x + step * v
        yield done / (len(grid) - 1)
    return x


def solve(velocity: Velocity, x: Tensor, grid: list[float], method: Method = "euler") -> Tensor:
    """:func:`solve_steps` in one go."""
    steps = solve_steps(velocity, x, grid, method)
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            found: Tensor = stop.value
            return found


def guided(velocity: Callable[[Tensor, float, bool], Tensor], guidance: float) -> Velocity:
    """Classifier-free guidance (Ho and Salimans, arXiv 2207.12598): ``without + w (with - without)``.

    ``velocity`` takes rows ``[2 * batch, ...]``, the first half to be answered with the condition and the second
    without, where its last argument is true; else all with the condition. At ``w = 1`` nothing is asked twice.
    """
    if not math.isfinite(guidance):
        raise BadUsage("The guidance has to be a number.")

    def of(x: Tensor, t: float) -> Tensor:
        if guidance == 1.0:
            return velocity(x, t, False)
        aware, unaware = velocity(torch.cat([x, x]), t, True).chunk(2)
        return unaware + guidance * (aware - unaware)

    return of
