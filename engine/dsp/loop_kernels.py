"""The recursion of :mod:`engine.dsp.loops` and its adjoint, compiled by numba without the global lock.

Compiled code lies in the user's cache folder (:func:`engine.dsp.loops.load_kernels` sees to that), so that only the
first run on a machine compiles.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from engine.dsp.compiled import FAST, njit

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
def sine(t: float) -> float:
    """Sine of ``t`` turns; the products are grouped so that few wait for each other."""
    t = t - math.floor(t + 0.5)
    u = t * t
    v = u * u
    low = (_C0 + _C1 * u) + (_C2 + _C3 * u) * v
    high = (_C4 + _C5 * u) + (_C6 + _C7 * u) * v
    return t * (1.0 - 4.0 * u) * (low + high * (v * v))


@njit(inline="always")
def wave(shape: int, t: float) -> float:
    """Shape ``shape`` of :mod:`engine.dsp.waves` at ``t`` turns."""
    if shape == 0:
        return sine(t)
    s = sine(t)
    if shape == 1:
        return s * abs(s)
    if s <= 0.0:
        return 0.0
    if shape == 2:
        return s
    if shape == 3:
        return s * s
    d = sine(2.0 * t)
    if shape == 4:
        return d
    if shape == 5:
        return d * abs(d)
    if shape == 6:
        return abs(d)
    return d * d


@njit(inline="always")
def slope(shape: int, t: float) -> float:
    """Derivative of :func:`wave` by the phase in radians."""
    c = sine(t + 0.25)
    if shape == 0:
        return c
    s = sine(t)
    if shape == 1:
        return 2.0 * abs(s) * c
    if s <= 0.0:
        return 0.0
    if shape == 2:
        return c
    if shape == 3:
        return 2.0 * s * c
    d = sine(2.0 * t)
    c = 2.0 * sine(2.0 * t + 0.25)
    if shape == 4:
        return c
    if shape == 5:
        return 2.0 * abs(d) * c
    if shape == 6:
        return c if d > 0.0 else -c
    return 2.0 * d * c


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def run(phase: Real, amplitude: Real, terms: Real, shapes: Ints, source: Ints, lag: Ints, first: Ints, y: Real) -> None:
    """Fill ``y`` ``[rows, operators, past + n]``, whose first ``past`` frames are given.

    ``phase`` and ``amplitude`` are ``[rows, operators, n]``, ``shapes`` ``[rows, operators]``. What bends operator
    ``c`` is the sum of the terms ``k`` from ``first[c]`` to ``first[c + 1]``: ``terms[row, k]`` times what operator
    ``source[k]`` gave ``lag[k]`` frames ago.
    """
    rows, operators, n = phase.shape
    whole = y.shape[2]
    past = whole - n
    back = source * whole - lag
    for b in range(rows):
        weights = terms[b].astype(np.float64)
        heard = y[b].reshape(-1)
        for i in range(past, whole):
            for c in range(operators):
                bent = 0.0
                for k in range(first[c], first[c + 1]):
                    bent += weights[k] * heard[back[k] + i]
                turns = (phase[b, c, i - past] + bent) * _TURNS
                heard[c * whole + i] = amplitude[b, c, i - past] * wave(shapes[b, c], turns)


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def run_back(
    phase: Real,
    amplitude: Real,
    terms: Real,
    shapes: Ints,
    source: Ints,
    lag: Ints,
    first: Ints,
    y: Real,
    order: Ints,
    target: Ints,
    first_out: Ints,
    grad: Real,
    limit: float,
    grad_phase: Real,
    grad_amplitude: Real,
    grad_terms: Real,
) -> int:
    """The adjoint of :func:`run`: from ``grad`` ``[rows, operators, n]`` of the outputs to the gradients of its inputs.

    ``grad_phase`` ``[rows, operators, n + past]`` and ``grad_terms`` ``[rows, terms]`` come as zeros; the former keeps
    its last ``past`` frames. The terms that operator ``c`` is the source of are ``order[first_out[c]:first_out[c +
    1]]``, and term ``k`` bends operator ``target[k]``. What flows back through an output is held within ``limit``; the
    answer is how often it had to be.
    """
    rows, operators, n = phase.shape
    whole = y.shape[2]
    past = whole - n
    back = source * whole - lag + past
    ahead = target * whole + lag
    clipped = 0
    for b in range(rows):
        weights = terms[b].astype(np.float64)
        heard = y[b].reshape(-1)
        felt = grad_phase[b].reshape(-1)
        for i in range(n - 1, -1, -1):
            for c in range(operators - 1, -1, -1):
                flow = float(grad[b, c, i])
                for j in range(first_out[c], first_out[c + 1]):
                    k = order[j]
                    flow += weights[k] * felt[ahead[k] + i]
                if not abs(flow) <= limit:
                    clipped += 1
                    flow = limit if flow > 0.0 else -limit
                bent = 0.0
                for k in range(first[c], first[c + 1]):
                    bent += weights[k] * heard[back[k] + i]
                turns = (phase[b, c, i] + bent) * _TURNS
                grad_amplitude[b, c, i] = flow * wave(shapes[b, c], turns)
                flow *= amplitude[b, c, i] * slope(shapes[b, c], turns)
                felt[c * whole + i] = flow
                for k in range(first[c], first[c + 1]):
                    grad_terms[b, k] += flow * heard[back[k] + i]
    return clipped
