"""The recursion of :mod:`engine.dsp.svf` and its adjoint, compiled by numba without the global lock."""

from __future__ import annotations

from engine.dsp.compiled import FAST, njit
from engine.dsp.loop_kernels import Real


@njit(inline="always")
def step(x: float, one: float, two: float, a: float, b: float, c: float) -> tuple[float, float, float, float]:
    """One frame: from the input, where the two integrators stand and the three coefficients of
    :class:`engine.dsp.svf.Svf` to low-pass and band-pass and where the integrators stand then."""
    rest = x - two
    band = a * one + b * rest
    low = two + b * one + c * rest
    return low, band, 2.0 * band - one, 2.0 * low - two


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def run(x: Real, coefficients: Real, state: Real, states: Real, low: Real, band: Real) -> None:
    """Fill ``low`` and ``band`` ``[rows, n]`` from ``x`` ``[rows, n]`` and ``coefficients`` ``[rows, 3, n]``.

    ``state`` ``[rows, 2]`` is where the two integrators stand, before and after; ``states`` ``[rows, 2, n]`` is where
    they stood before each frame.
    """
    rows, n = x.shape
    for r in range(rows):
        one, two = float(state[r, 0]), float(state[r, 1])
        for i in range(n):
            states[r, 0, i], states[r, 1, i] = one, two
            low[r, i], band[r, i], one, two = step(
                x[r, i], one, two, coefficients[r, 0, i], coefficients[r, 1, i], coefficients[r, 2, i]
            )
        state[r, 0], state[r, 1] = one, two


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def run_back(
    x: Real, coefficients: Real, states: Real, grad_low: Real, grad_band: Real, grad_x: Real, grad_coefficients: Real
) -> None:
    """The adjoint of :func:`run`: from the gradients of its outputs to those of ``x`` and ``coefficients``."""
    rows, n = x.shape
    for r in range(rows):
        next_one, next_two = 0.0, 0.0
        for i in range(n - 1, -1, -1):
            one, two = states[r, 0, i], states[r, 1, i]
            rest = x[r, i] - two
            to_band = grad_band[r, i] + 2.0 * next_one
            to_low = grad_low[r, i] + 2.0 * next_two
            to_rest = coefficients[r, 1, i] * to_band + coefficients[r, 2, i] * to_low
            grad_coefficients[r, 0, i] = to_band * one
            grad_coefficients[r, 1, i] = to_band * rest + to_low * one
            grad_coefficients[r, 2, i] = to_low * rest
            grad_x[r, i] = to_rest
            next_one = -next_one + coefficients[r, 0, i] * to_band + coefficients[r, 1, i] * to_low
            next_two = -next_two + to_low - to_rest
