"""The solvers of flows against what can be written down: exponentials, straight lines, and the published grids."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
import torch
from torch import Tensor

from engine.errors import BadUsage
from engine.speech.solvers import GRIDS, METHODS, MOST_STEPS, MOST_SWAY, Grid, Method, guided, solve, sway, times


def growth(x: Tensor, _t: float) -> Tensor:
    """``dx/dt = x``: e times as much at the end."""
    return x


@pytest.mark.parametrize("n", [1, 2, 6, 32])
def test_growth_is_what_the_rules_say(n: int) -> None:
    """On n even steps Euler makes (1 + h)^n of 1, the midpoint rule (1 + h + h^2 / 2)^n."""
    h, one = 1.0 / n, torch.ones(3, dtype=torch.float64)
    assert torch.allclose(solve(growth, one, times(n, "uniform")), one * (1.0 + h) ** n)
    midpoint = solve(growth, one, times(n, "uniform"), "midpoint")
    assert torch.allclose(midpoint, one * (1.0 + h + h * h / 2.0) ** n)


@pytest.mark.parametrize(("method", "order"), [("euler", 1), ("midpoint", 2)])
@pytest.mark.parametrize("grid", ["uniform", "power", "sway"])
def test_twice_the_steps_err_by_the_order_of_the_rule(method: Method, order: int, grid: Grid) -> None:
    one = torch.ones(1, dtype=torch.float64)
    errors = [abs(float(solve(growth, one, times(n, grid), method)) - math.e) for n in (16, 32)]
    assert math.log2(errors[0] / errors[1]) == pytest.approx(order, abs=0.15)


@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("n", [1, 2, 5, 7, 10, 32])
def test_a_straight_path_is_followed_exactly_on_any_grid(grid: Grid, method: Method, n: int) -> None:
    noise, sample = torch.randn(2, 4, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    arrived = solve(lambda x, t: sample - noise, noise, times(n, grid), method)
    assert torch.allclose(arrived, sample)


def test_the_flow_of_one_bell_curve_to_another_arrives_at_its_width() -> None:
    """From N(0, 1) to N(2, 0.3): straight lines between independent draws have a velocity that can be written down."""
    m, s = 2.0, 0.3

    def velocity(x: Tensor, t: float) -> Tensor:
        variance = (1.0 - t) ** 2 + (t * s) ** 2
        return m + (t * s * s - (1.0 - t)) / variance * (x - t * m)

    noise = torch.linspace(-2.0, 2.0, 9, dtype=torch.float64)
    exact = m + s * noise
    for method, grid in (("euler", "uniform"), ("midpoint", "uniform"), ("midpoint", "sway")):
        found = solve(velocity, noise, times(32, grid), method)  # type: ignore[arg-type]
        assert float((found - exact).abs().max()) < (0.08 if method == "euler" else 0.004), (method, grid)


@pytest.mark.parametrize("grid", GRIDS)
def test_times_rise_from_nothing_to_one(grid: Grid) -> None:
    for n in range(1, MOST_STEPS + 1):
        found = times(n, grid)
        assert len(found) == n + 1
        assert (found[0], found[-1]) == (0.0, 1.0)
        assert all(later > earlier for earlier, later in pairwise(found))


def test_the_published_grids() -> None:
    assert times(4, "power", alpha=3.0) == pytest.approx([0.0, 1 / 64, 1 / 8, 27 / 64, 1.0])
    for u in (0.1, 0.5, 0.9):
        assert sway(u, -1.0) == pytest.approx(1.0 - math.cos(math.pi * u / 2.0))
        assert sway(u, 0.0) == u
    assert times(7, "epss") == pytest.approx([0.0, 0.0048, 0.0192, 0.0431, 0.0761, 0.2929, 0.6173, 1.0], abs=5e-5)
    # Where nothing was published, the even grid is swayed.
    assert times(8, "epss") == times(8, "sway")


def test_guidance_mixes_with_and_without() -> None:
    asked = []

    def velocity(x: Tensor, t: float, both: bool) -> Tensor:
        asked.append(len(x))
        return (
            torch.cat([torch.full_like(x[:1], 3.0), torch.full_like(x[1:], 1.0)]) if both else torch.full_like(x, 3.0)
        )

    zero = torch.zeros(1, 2)
    for w, wanted in ((0.0, 1.0), (1.0, 3.0), (2.0, 5.0)):
        assert torch.allclose(solve(guided(velocity, w), zero, times(3)), torch.full((1, 2), wanted))
    assert asked == [2, 2, 2, 1, 1, 1, 2, 2, 2]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: times(0),
        lambda: times(MOST_STEPS + 1),
        lambda: times(4, "power", alpha=0.0),
        lambda: times(4, "sway", s=MOST_SWAY + 0.01),
        lambda: times(4, "zigzag"),  # type: ignore[arg-type]
        lambda: solve(growth, torch.ones(1), [0.0, 1.0], "heun"),  # type: ignore[arg-type]
        lambda: guided(lambda x, t, both: x, math.nan),
    ],
)
def test_what_cannot_be_is_said(wrong: object) -> None:
    assert callable(wrong)
    with pytest.raises(BadUsage):
        wrong()
