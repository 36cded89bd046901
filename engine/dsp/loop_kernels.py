"""The recursion of :mod:`engine.dsp.loops` and its adjoint, compiled by numba without the global lock.

Compiled code lies in the user's cache folder (:func:`engine.dsp.loops.load_kernels` sees to that), so that only the first
run on a machine compiles.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

Real = NDArray[np.floating]
Ints = NDArray[np.int64]

_TURNS = 1.0 / (2.0 * math.pi)

# sin(2 pi t) / (t (1 - 4 t**2)) on |t| <= 1/2 in powers of t**2, fitted in Chebyshev's sense; sin is then 3e-13 exact.
_C0 = 6.283185307178341
_C1 = -16.20896101104382
_C2 = 16.769405175740296
_C3 = -9.628237116988846
_C4 = 3.545711510524866
_C5 = -0.911455795506855
_C6 = 0.17209145309551382
_C7 = -0.022542945991774036


@njit(inline="always")
def _sine(t: float) -> float:
    """Sine of ``t`` turns; the products are grouped so that few wait for each other."""
    t = t - math.floor(t + 0.5)
    u = t * t
    v = u * u
    low = (_C0 + _C1 * u) + (_C2 + _C3 * u) * v
    high = (_C4 + _C5 * u) + (_C6 + _C7 * u) * v
    return t * (1.0 - 4.0 * u) * (low + high * (v * v))


@njit(inline="always")
def _wave(shape: int, t: float) -> float:
    """Shape ``shape`` of :mod:`engine.dsp.waves` at ``t`` turns."""
    if shape == 0:
        return _sine(t)
    s = _sine(t)
    if shape == 1:
        return s * abs(s)
    if s <= 0.0:
        return 0.0
    if shape == 2:
        return s
    if shape == 3:
        return s * s
    d = _sine(2.0 * t)
    if shape == 4:
        return d
    if shape == 5:
        return d * abs(d)
    if shape == 6:
        return abs(d)
    return d * d


@njit(inline="always")
def _slope(shape: int, t: float) -> float:
    """Derivative of :func:`_wave` by the phase in radians."""
    c = _sine(t + 0.25)
    if shape == 0:
        return c
    s = _sine(t)
    if shape == 1:
        return 2.0 * abs(s) * c
    if s <= 0.0:
        return 0.0
    if shape == 2:
        return c
    if shape == 3:
        return 2.0 * s * c
    d = _sine(2.0 * t)
    c = 2.0 * _sine(2.0 * t + 0.25)
    if shape == 4:
        return c
    if shape == 5:
        return 2.0 * abs(d) * c
    if shape == 6:
        return c if d > 0.0 else -c
    return 2.0 * d * c


@njit(inline="always")
def _bent(
    depths: Real, source: Ints, lags: Ints, into: Ints, first: int, last: int, y: Real, b: int, at: int
) -> float:
    """How far the edges ``into[first:last]`` bend a phase at frame ``at`` of ``y``, in radians."""
    bent = 0.0
    for k in range(first, last):
        e = into[k]
        s = source[e]
        bent += 0.5 * depths[b, e] * (y[b, s, at - lags[e, 0]] + y[b, s, at - lags[e, 1]])
    return bent


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract", "nsz"})
def run(
    phase: Real,
    amplitude: Real,
    depths: Real,
    shapes: Ints,
    source: Ints,
    target: Ints,
    lags: Ints,
    into: Ints,
    first_into: Ints,
    y: Real,
) -> None:
    """Fill ``y`` ``[rows, operators, past + n]``, whose first ``past`` frames are given.

    ``phase`` and ``amplitude`` ``[rows, operators, n]``, ``depths`` ``[rows, edges]``, ``shapes`` ``[rows, operators]``.
    Edge ``e`` leads from operator ``source[e]``, as it was ``lags[e, 0]`` and ``lags[e, 1]`` frames ago, to ``target[e]``.
    The edges that end in operator ``c`` are ``into[first_into[c]:first_into[c + 1]]``.
    """
    rows, operators, n = phase.shape
    past = y.shape[2] - n
    for b in range(rows):
        for i in range(n):
            at = past + i
            for c in range(operators):
                bent = _bent(depths, source, lags, into, first_into[c], first_into[c + 1], y, b, at)
                y[b, c, at] = amplitude[b, c, i] * _wave(shapes[b, c], (phase[b, c, i] + bent) * _TURNS)


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract", "nsz"})
def run_back(
    phase: Real,
    amplitude: Real,
    depths: Real,
    shapes: Ints,
    source: Ints,
    target: Ints,
    lags: Ints,
    into: Ints,
    first_into: Ints,
    out_of: Ints,
    first_out_of: Ints,
    y: Real,
    grad: Real,
    limit: float,
    grad_phase: Real,
    grad_amplitude: Real,
    grad_depths: Real,
) -> int:
    """The adjoint of :func:`run`: from ``grad`` ``[rows, operators, n]`` of the outputs to the gradients of its inputs.

    ``grad_phase`` ``[rows, operators, n + past]`` comes as zeros and keeps its last ``past`` frames; ``grad_depths``
    ``[rows, edges]`` comes as zeros. The edges that begin in operator ``c`` are
    ``out_of[first_out_of[c]:first_out_of[c + 1]]``. What flows back through an output is held within ``limit``; the answer
    is how often it had to be.
    """
    rows, operators, n = phase.shape
    past = y.shape[2] - n
    clipped = 0
    for b in range(rows):
        for i in range(n - 1, -1, -1):
            at = past + i
            for c in range(operators - 1, -1, -1):
                back = float(grad[b, c, i])
                for k in range(first_out_of[c], first_out_of[c + 1]):
                    e = out_of[k]
                    t = target[e]
                    back += 0.5 * depths[b, e] * (grad_phase[b, t, i + lags[e, 0]] + grad_phase[b, t, i + lags[e, 1]])
                if not abs(back) <= limit:
                    clipped += 1
                    back = limit if back > 0.0 else -limit
                bent = _bent(depths, source, lags, into, first_into[c], first_into[c + 1], y, b, at)
                turns = (phase[b, c, i] + bent) * _TURNS
                grad_amplitude[b, c, i] = back * _wave(shapes[b, c], turns)
                through = back * amplitude[b, c, i] * _slope(shapes[b, c], turns)
                grad_phase[b, c, i] = through
                for k in range(first_into[c], first_into[c + 1]):
                    e = into[k]
                    s = source[e]
                    grad_depths[b, e] += 0.5 * through * (y[b, s, at - lags[e, 0]] + y[b, s, at - lags[e, 1]])
    return clipped
