"""The recursions of :mod:`engine.dsp.loops` and :mod:`engine.dsp.svf` and their adjoints for a GPU, in triton.

Each program takes ``BLOCK`` rows, one in each lane of a warp, through all frames one after the other. Arrays have the
frames first and the rows last, so that the lanes read neighbours: ``[n, operators, rows]`` where the compiled kernels
have ``[rows, operators, n]``. Sums are in float64 as there; only the shape of a wave is computed in the sound's own
type.

What a lane reads was written by itself a few frames ago. The barriers make sure of it even if the compiler gives a row
to more than one lane.

Counters are tensors and loops are ``while``: so the same source runs in triton's interpreter on the CPU, where it is
compared with the compiled kernels; it is also compiled for the cards there. It has not run on a card yet.
"""

# mypy: disable-error-code="no-untyped-def, untyped-decorator"

from __future__ import annotations

import math
from typing import Any

import triton
import triton.language as tl

# triton has no types, and reads those of arguments as its own.
jit: Any = triton.jit

_TURNS = tl.constexpr(1.0 / (2.0 * math.pi))

# The sine of engine.dsp.loop_kernels.
_C0 = tl.constexpr(6.283185307178341)
_C1 = tl.constexpr(-16.20896101104382)
_C2 = tl.constexpr(16.769405175740296)
_C3 = tl.constexpr(-9.628237116988846)
_C4 = tl.constexpr(3.545711510524866)
_C5 = tl.constexpr(-0.911455795506855)
_C6 = tl.constexpr(0.17209145309551382)
_C7 = tl.constexpr(-0.022542945991774036)


@jit
def _sine(t):
    """Sine of ``t`` turns."""
    t = t - tl.floor(t + 0.5)
    u = t * t
    v = u * u
    low = (_C0 + _C1 * u) + (_C2 + _C3 * u) * v
    high = (_C4 + _C5 * u) + (_C6 + _C7 * u) * v
    return t * (1.0 - 4.0 * u) * (low + high * (v * v))


@jit
def _wave(shape, t, PLAIN: tl.constexpr):
    """Shape ``shape`` of :mod:`engine.dsp.waves` at ``t`` turns; with ``PLAIN`` all are sines."""
    s = _sine(t)
    found = s
    if not PLAIN:
        d = _sine(2.0 * t)
        half = tl.where(shape == 2, s, s * s)
        half = tl.where(shape == 4, d, half)
        half = tl.where(shape == 5, d * tl.abs(d), half)
        half = tl.where(shape == 6, tl.abs(d), half)
        half = tl.where(shape == 7, d * d, half)
        half = tl.where(s > 0.0, half, 0.0)
        found = tl.where(shape == 0, s, tl.where(shape == 1, s * tl.abs(s), half))
    return found


@jit
def _slope(shape, t, PLAIN: tl.constexpr):
    """Derivative of :func:`_wave` by the phase in radians."""
    c = _sine(t + 0.25)
    found = c
    if not PLAIN:
        s, d, e = _sine(t), _sine(2.0 * t), 2.0 * _sine(2.0 * t + 0.25)
        half = tl.where(shape == 2, c, 2.0 * s * c)
        half = tl.where(shape == 4, e, half)
        half = tl.where(shape == 5, 2.0 * tl.abs(d) * e, half)
        half = tl.where(shape == 6, tl.where(d > 0.0, e, -e), half)
        half = tl.where(shape == 7, 2.0 * d * e, half)
        half = tl.where(s > 0.0, half, 0.0)
        found = tl.where(shape == 0, c, tl.where(shape == 1, 2.0 * tl.abs(s) * c, half))
    return found


@jit
def _turns(phase, bent):
    """A bent phase in turns from -1/2 to 1/2."""
    turns = (phase.to(tl.float64) + bent) * _TURNS
    return turns - tl.floor(turns + 0.5)


@jit
def run(
    phase,
    amplitude,
    terms,
    shapes,
    source,
    lag,
    first,
    y,
    rows,
    operators,
    n,
    past,
    PLAIN: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """Fill ``y`` ``[past + n, operators, rows]``, whose first ``past`` frames are given.

    ``phase`` and ``amplitude`` are ``[n, operators, rows]``, ``terms`` ``[terms, rows]``, ``shapes`` ``[operators,
    rows]``; ``source``, ``lag`` and ``first`` are those of :func:`engine.dsp.loop_kernels.run`.
    """
    row = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = row < rows
    kind = y.dtype.element_ty
    i = tl.full([], 0, tl.int64)
    while i < n:
        c = tl.full([], 0, tl.int64)
        while c < operators:
            bent = tl.zeros([BLOCK], tl.float64)
            k = tl.load(first + c)
            last = tl.load(first + c + 1)
            while k < last:
                at = (past + i - tl.load(lag + k)) * operators + tl.load(source + k)
                heard = tl.load(y + at * rows + row, mask=inside, other=0.0).to(tl.float64)
                bent += tl.load(terms + k * rows + row, mask=inside, other=0.0) * heard
                k += 1
            here = (i * operators + c) * rows + row
            turns = _turns(tl.load(phase + here, mask=inside, other=0.0), bent).to(kind)
            shape = tl.load(shapes + c * rows + row, mask=inside, other=0)
            loud = tl.load(amplitude + here, mask=inside, other=0.0)
            tl.store(y + past * operators * rows + here, loud * _wave(shape, turns, PLAIN), mask=inside)
            tl.debug_barrier()
            c += 1
        i += 1


@jit
def run_back(
    phase,
    amplitude,
    terms,
    shapes,
    source,
    lag,
    first,
    y,
    order,
    target,
    first_out,
    grad,
    limit,
    grad_phase,
    grad_amplitude,
    clipped,
    rows,
    operators,
    n,
    past,
    PLAIN: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """The adjoint of :func:`run`; see :func:`engine.dsp.loop_kernels.run_back`.

    ``grad_phase`` ``[n + past, operators, rows]`` comes as zeros and keeps its last ``past`` frames; ``limit`` ``[1]``
    is in float64, ``clipped`` ``[rows]`` receives how often each row had to be clipped. The terms' own gradients are
    products of what is known then, and no recursion.
    """
    row = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = row < rows
    kind = y.dtype.element_ty
    most = tl.load(limit)
    count = tl.zeros([BLOCK], tl.int64)
    i = tl.full([], 0, tl.int64) + n - 1
    while i >= 0:
        c = tl.full([], 0, tl.int64) + operators - 1
        while c >= 0:
            here = (i * operators + c) * rows + row
            flow = tl.load(grad + here, mask=inside, other=0.0).to(tl.float64)
            j = tl.load(first_out + c)
            last = tl.load(first_out + c + 1)
            while j < last:
                k = tl.load(order + j)
                at = (i + tl.load(lag + k)) * operators + tl.load(target + k)
                felt = tl.load(grad_phase + at * rows + row, mask=inside, other=0.0).to(tl.float64)
                flow += tl.load(terms + k * rows + row, mask=inside, other=0.0) * felt
                j += 1
            # What is no number compares as false and is held too.
            held = tl.abs(flow) <= most
            count += tl.where(held, 0, 1).to(tl.int64)
            flow = tl.where(held, flow, tl.where(flow > 0.0, most, -most))
            bent = tl.zeros([BLOCK], tl.float64)
            k = tl.load(first + c)
            last = tl.load(first + c + 1)
            while k < last:
                at = (past + i - tl.load(lag + k)) * operators + tl.load(source + k)
                heard = tl.load(y + at * rows + row, mask=inside, other=0.0).to(tl.float64)
                bent += tl.load(terms + k * rows + row, mask=inside, other=0.0) * heard
                k += 1
            turns = _turns(tl.load(phase + here, mask=inside, other=0.0), bent).to(kind)
            shape = tl.load(shapes + c * rows + row, mask=inside, other=0)
            loud = tl.load(amplitude + here, mask=inside, other=0.0)
            tl.store(grad_amplitude + here, flow * _wave(shape, turns, PLAIN), mask=inside)
            tl.store(grad_phase + here, flow * (loud * _slope(shape, turns, PLAIN)), mask=inside)
            tl.debug_barrier()
            c -= 1
        i -= 1
    tl.store(clipped + row, count, mask=inside)


@jit
def filter_run(
    x,
    coefficients,
    state,
    states,
    low,
    band,
    rows,
    n,
    BLOCK: tl.constexpr,
):
    """:func:`engine.dsp.svf_kernels.run` with ``x``, ``low`` and ``band`` ``[n, rows]``, ``coefficients`` ``[n, 3,
    rows]``, ``state`` ``[2, rows]`` in float64 and ``states`` ``[n, 2, rows]``."""
    row = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = row < rows
    one = tl.load(state + row, mask=inside, other=0.0)
    two = tl.load(state + rows + row, mask=inside, other=0.0)
    i = tl.full([], 0, tl.int64)
    while i < n:
        at = i * rows + row
        first = coefficients + 3 * i * rows + row
        a = tl.load(first, mask=inside, other=0.0).to(tl.float64)
        b = tl.load(first + rows, mask=inside, other=0.0).to(tl.float64)
        c = tl.load(first + 2 * rows, mask=inside, other=0.0).to(tl.float64)
        rest = tl.load(x + at, mask=inside, other=0.0).to(tl.float64) - two
        tl.store(states + 2 * i * rows + row, one, mask=inside)
        tl.store(states + (2 * i + 1) * rows + row, two, mask=inside)
        middle = a * one + b * rest
        deep = two + b * one + c * rest
        tl.store(low + at, deep, mask=inside)
        tl.store(band + at, middle, mask=inside)
        one = 2.0 * middle - one
        two = 2.0 * deep - two
        i += 1
    tl.store(state + row, one, mask=inside)
    tl.store(state + rows + row, two, mask=inside)


@jit
def filter_back(
    x,
    coefficients,
    states,
    grad_low,
    grad_band,
    grad_x,
    grad_coefficients,
    rows,
    n,
    BLOCK: tl.constexpr,
):
    """The adjoint of :func:`filter_run`, as :func:`engine.dsp.svf_kernels.run_back`."""
    row = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = row < rows
    next_one = tl.zeros([BLOCK], tl.float64)
    next_two = tl.zeros([BLOCK], tl.float64)
    i = tl.full([], 0, tl.int64) + n - 1
    while i >= 0:
        at = i * rows + row
        first = 3 * i * rows + row
        a = tl.load(coefficients + first, mask=inside, other=0.0).to(tl.float64)
        b = tl.load(coefficients + first + rows, mask=inside, other=0.0).to(tl.float64)
        c = tl.load(coefficients + first + 2 * rows, mask=inside, other=0.0).to(tl.float64)
        one = tl.load(states + 2 * i * rows + row, mask=inside, other=0.0).to(tl.float64)
        two = tl.load(states + (2 * i + 1) * rows + row, mask=inside, other=0.0).to(tl.float64)
        rest = tl.load(x + at, mask=inside, other=0.0).to(tl.float64) - two
        to_band = tl.load(grad_band + at, mask=inside, other=0.0).to(tl.float64) + 2.0 * next_one
        to_low = tl.load(grad_low + at, mask=inside, other=0.0).to(tl.float64) + 2.0 * next_two
        to_rest = b * to_band + c * to_low
        tl.store(grad_coefficients + first, to_band * one, mask=inside)
        tl.store(grad_coefficients + first + rows, to_band * rest + to_low * one, mask=inside)
        tl.store(grad_coefficients + first + 2 * rows, to_low * rest, mask=inside)
        tl.store(grad_x + at, to_rest, mask=inside)
        next_one = -next_one + a * to_band + b * to_low
        next_two = -next_two + to_low - to_rest
        i -= 1
