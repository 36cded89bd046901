"""Steps that the kernels with gradients are made of, compiled without the global lock: sums and products of a few
arrays at a time, which is how the compiler takes many frames at once, and what lies between two control points, with
its adjoint."""

from __future__ import annotations

import math

import numpy as np

from engine.dsp.compiled import FAST, njit
from engine.dsp.loop_kernels import Real
from engine.dsp.motion import STEP_S

CHUNK = 512
"""Frames that are computed at once: what they need of all operators stays in the nearest cache."""


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def dot(a: Real, b: Real, m: int) -> float:
    """The sum of the products of the first ``m`` frames."""
    total = 0.0
    for j in range(m):
        total += a[j] * b[j]
    return total


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def add(share: float, a: Real, m: int, out: Real) -> None:
    """Add ``share`` of ``a`` to ``out``."""
    for j in range(m):
        out[j] += share * a[j]


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def multiply(share: float, a: Real, b: Real, m: int, out: Real) -> None:
    """Fill ``out``, which is neither of the two, with ``share`` of the product: where arrays may be one, the compiler
    takes frame after frame."""
    for j in range(m):
        out[j] = share * a[j] * b[j]


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def scale(share: float, a: Real, m: int, out: Real) -> None:
    """Multiply ``out`` by ``share`` of ``a``."""
    for j in range(m):
        out[j] *= share * a[j]


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def between(points: Real, first: int, n: int, rate: float, out: Real) -> None:
    """Fill ``out`` with what ``points``, which lie :data:`STEP_S` apart, are at frames ``first`` to ``first + n``."""
    per_frame = 1.0 / (rate * STEP_S)
    done = 0
    while done < n:
        point, end = _step(first, done, n, per_frame)
        begin, way = points[point], points[point + 1] - points[point]
        for j in range(done, end):
            out[j] = begin + way * ((first + j) * per_frame - point)
        done = end


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def between_back(grad: Real, first: int, n: int, rate: float, found: Real) -> None:
    """The adjoint of :func:`between`: add ``grad`` ``[n]`` to ``found``, the gradients of the points."""
    per_frame = 1.0 / (rate * STEP_S)
    done = 0
    while done < n:
        point, end = _step(first, done, n, per_frame)
        total, late = 0.0, 0.0
        for j in range(done, end):
            total += grad[j]
            late += grad[j] * ((first + j) * per_frame - point)
        found[point] += total - late
        found[point + 1] += late
        done = end


@njit(inline="always")
def _step(first: int, done: int, n: int, per_frame: float) -> tuple[int, int]:
    """The control point before frame ``first + done``, and how many of ``n`` frames come before the next one."""
    point = math.floor((first + done) * per_frame)
    return point, min(max(math.ceil((point + 1) / per_frame) - first, done + 1), n)


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def times(factor: Real, passed: Real, first: int, n: int, rate: float, straight: Real, bent: Real) -> None:
    """Fill ``straight`` with the time at each frame and ``bent`` with that which the pitch bends."""
    per_frame = 1.0 / (rate * STEP_S)
    for j in range(n):
        straight[j] = (first + j) * (1.0 / rate)
    done = 0
    while factor.size > 0 and done < n:
        point, end = _step(first, done, n, per_frame)
        begin, pace, curve = passed[point], STEP_S * factor[point], 0.5 * STEP_S * (factor[point + 1] - factor[point])
        for j in range(done, end):
            share = (first + j) * per_frame - point
            bent[j] = begin + share * (pace + share * curve)
        done = end


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def times_back(factor: Real, grad: Real, first: int, n: int, rate: float, grad_passed: Real, grad_factor: Real) -> None:
    """The adjoint of :func:`times`, from the gradients of ``bent``."""
    per_frame = 1.0 / (rate * STEP_S)
    done = 0
    while done < n:
        point, end = _step(first, done, n, per_frame)
        total, late, later = 0.0, 0.0, 0.0
        for j in range(done, end):
            share = (first + j) * per_frame - point
            total += grad[j]
            late += grad[j] * share
            later += grad[j] * share * share
        grad_passed[point] += total
        grad_factor[point] += STEP_S * (late - 0.5 * later)
        grad_factor[point + 1] += STEP_S * 0.5 * later
        done = end


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def passed_by(factor: Real) -> Real:
    """How much bent time has passed at each control point."""
    passed = np.zeros(factor.size)
    for p in range(1, factor.size):
        passed[p] = passed[p - 1] + 0.5 * STEP_S * (factor[p - 1] + factor[p])
    return passed


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def powers(begin: float, factor: float, m: int, out: Real) -> None:
    """Fill ``out`` with ``begin`` times the powers of ``factor`` from 0 on, each time as many again as there are."""
    out[0] = begin
    done = 1
    while done < m:
        n, more = min(done, m - done), out[done:]
        for j in range(n):
            more[j] = out[j] * factor
        factor *= factor
        done += n
