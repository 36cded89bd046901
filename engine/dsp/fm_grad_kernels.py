"""A whole FM note's six operators with what a gradient needs, and their adjoint, compiled without the global lock.

The numbers are those of :mod:`engine.dsp.fm_kernels`. With ``m`` how far an envelope is out of its floor (1 from 8.7
dB above it, see :func:`engine.dsp.units.nats_to_amplitude`) and ``d`` the rest of it, an operator gives ``y = strength
* m * d * wave(phase)``; ``kept`` ``[2, operators, frames]`` holds ``d * wave`` and ``d * wave'`` of each, from which
all gradients follow: the slope of ``m * d`` in nats is ``d`` above the floor and below.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.dsp.compiled import FAST, njit
from engine.dsp.envelope_back_kernels import heights_back, plan_back
from engine.dsp.envelope_kernels import N_FACTS, STRAIGHT, exponential, heights, plan
from engine.dsp.envelopes import N_STAGES
from engine.dsp.fm_kernels import N
from engine.dsp.loop_kernels import Ints, Real, slope, wave
from engine.dsp.motion import STEP_S
from engine.dsp.point_kernels import (
    CHUNK,
    add,
    between,
    between_back,
    dot,
    multiply,
    passed_by,
    powers,
    scale,
    times,
    times_back,
)

TWO_PI = 2.0 * math.pi

# cos(2 pi t) / (1 - 16 t**2) on |t| <= 1/2 in powers of t**2, fitted in Chebyshev's sense; cos is then 3e-12 exact.
_D0 = 0.9999999999990584
_D1 = -3.7392088016956553
_D2 = 5.11205314714175
_D3 = -3.6639648964829132
_D4 = 1.62116154569227
_D5 = -0.4871655953779508
_D6 = 0.10521161067393694
_D7 = -0.015359935532132787


@njit(inline="always")
def cosine(t: float) -> float:
    """Cosine of ``t`` turns."""
    t = t - math.floor(t + 0.5)
    u = t * t
    v = u * u
    low = (_D0 + _D1 * u) + (_D2 + _D3 * u) * v
    high = (_D4 + _D5 * u) + (_D6 + _D7 * u) * v
    return (1.0 - 16.0 * u) * (low + high * (v * v))


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def _strengths(
    note: Any, facts: Real, i: int, first: int, m: int, rate: float, sink: Real, out: Real, rest: Real
) -> None:
    """Fill ``out`` with ``d`` of operator ``i`` at ``m`` frames, and ``rest`` with ``m``, as the module has it."""
    is_straight, level, step = _straight(facts, first, m, rate)
    if is_straight:
        rest[:m] = 1.0
        powers(math.exp(level), math.exp(step), m, out)
    elif heights(facts, note.nats[i], note.ceiling[i], first, m, rate, out):
        level = out[0]
        out[:m], rest[:m] = math.exp(max(level, 1.0)), min(level, 1.0)
    else:
        for j in range(m):
            rest[j] = min(out[j], 1.0)
        for j in range(m):
            out[j] = exponential(max(out[j], 1.0))
    if note.tremolo_nats[i] > 0.0:
        for j in range(m):
            out[j] *= exponential(-note.tremolo_nats[i] * sink[j])


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def _straight(facts: Real, first: int, m: int, rate: float) -> tuple[bool, float, float]:
    """Whether an envelope is all exponential in ``m`` frames; where in nats it begins, and its step."""
    time_s = first / rate
    at = -1
    for i in range(N_STAGES):
        if facts[i, 0] <= time_s:
            at = i
    if at < 0 or facts[at, 4] != STRAIGHT:
        return False, 0.0, 0.0
    end_s = facts[at, 0] + facts[at, 1]
    if at < N_STAGES - 1:
        end_s = min(end_s, facts[N_STAGES - 1, 0])
    if end_s * rate < first + m:
        return False, 0.0, 0.0
    level = facts[at, 2] + facts[at, 3] * (time_s - facts[at, 0]) / facts[at, 1]
    step = facts[at, 3] / (rate * facts[at, 1])
    return min(level, level + step * m) >= 1.0, level, step


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def play(
    notes: NDArray[Any], release_s: float, rate: float, factor: Real, down: Real, felt: Ints, kept: Real, out: Real
) -> None:
    """Fill ``out`` ``[channels, n]`` with the sum of what is heard of all operators, and ``kept``.

    ``factor`` (of pitch) and ``down`` (of the tremolo) are given at the control points; empty where nothing moves.
    Operators that are ``felt`` reach an output; of the others only what they give is kept.
    """
    note = notes[0]
    past, n = note.past, out.shape[1]
    passed = passed_by(factor)
    facts = _plans(note, release_s)
    y, turns = np.zeros((N, past + CHUNK)), np.empty((N, CHUNK))
    loud, rest, sink = np.empty((N, CHUNK)), np.empty((N, CHUNK)), np.zeros(CHUNK)
    straight, bent, ones = np.empty(CHUNK), np.empty(CHUNK), np.ones(CHUNK)
    spare = np.empty(CHUNK, kept.dtype)
    table, steady, lone = _tables(note, factor, rate, felt)
    for first in range(0, n, CHUNK):
        m = min(CHUNK, n - first)
        times(factor, passed, first, m, rate, straight, bent)
        if down.size > 0:
            between(down, first, m, rate, sink)
        for g in range(note.n_groups):
            a, b = note.group[g], note.group[g + 1]
            for c in range(a, b):
                i = note.order[c]
                if lone[i]:
                    continue
                _strengths(note, facts[i], i, first, m, rate, sink, loud[i], rest[i])
                if steady[i]:
                    continue
                multiply(note.hz[i], straight if factor.size == 0 or note.is_fixed[i] else bent, ones, m, turns[i])
                for k in range(note.outer[c], note.outer[c + 1]):
                    add(note.outer_turns[k], y[note.outer_source[k], past - note.outer_lag[k] :], m, turns[i])
            if note.inner[g + 1] > note.inner[g]:
                _circle(note, g, m, past, loud, rest, turns, y)
            for c in range(a, b):
                i = note.order[c]
                if lone[i]:
                    continue
                strength, mine = note.strength[i], y[i, past:]
                slopes = kept[1, i, first:] if felt[i] else spare
                if steady[i]:
                    _steady(note.hz[i] * (first / rate), table[i], loud[i], m, mine, slopes)
                else:
                    _waves(note.shape[i], turns[i], loud[i], m, mine, slopes)
                kept[0, i, first : first + m] = mine[:m]
                scale(strength, rest[i], m, mine)
        for channel in range(out.shape[0]):
            _mix(note, channel, m, past, y, out[channel, first:])
        for c in range(note.group[note.n_groups]):
            i = note.order[c]
            for j in range(past):
                y[i, j] = y[i, m + j]


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def _plans(note: Any, release_s: float) -> Real:
    facts = np.zeros((N, N_STAGES, N_FACTS))
    for c in range(note.group[note.n_groups]):
        i = note.order[c]
        plan(note.nats[i], note.times_s[i], note.by_rate[i], note.ceiling[i], release_s, facts[i])
    return facts


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def _waves(shape: int, turns: Real, loud: Real, m: int, out: Real, slopes: Real) -> None:
    """``loud`` times the wave at ``turns``, and times its slope."""
    if shape == 0:
        for j in range(m):
            out[j] = loud[j] * wave(0, turns[j])
            slopes[j] = loud[j] * cosine(turns[j])
    else:
        for j in range(m):
            out[j] = loud[j] * wave(shape, turns[j])
        for j in range(m):
            slopes[j] = loud[j] * slope(shape, turns[j])


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def _steady(turns: float, table: Real, loud: Real, m: int, out: Real, slopes: Real) -> None:
    """The same of a sine that nothing bends, from where it stands: ``table`` is how it goes on from 0."""
    sines, cosines = table[0], table[1]
    s, c = math.sin(TWO_PI * turns), math.cos(TWO_PI * turns)
    for j in range(m):
        out[j] = loud[j] * (s * cosines[j] + c * sines[j])
        slopes[j] = loud[j] * (c * cosines[j] - s * sines[j])


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def _tables(note: Any, factor: Real, rate: float, felt: Ints) -> tuple[Real, NDArray[np.bool_], NDArray[np.bool_]]:
    """Sine and cosine of a chunk's frames, and those before it, for each operator that goes on steadily
    ``[operators, 2, frames]``; which do; and which of these nobody hears or is bent by: the way back is soon enough for
    them."""
    frames = CHUNK + note.past
    moves = False
    for p in range(factor.size):
        moves = moves or factor[p] != 1.0
    table, steady, lone = np.empty((N, 2, frames)), np.zeros(N, np.bool_), np.zeros(N, np.bool_)
    for g in range(note.n_groups):
        for c in range(note.group[g], note.group[g + 1]):
            i = note.order[c]
            is_alone = note.inner[g + 1] == note.inner[g] and note.outer[c + 1] == note.outer[c]
            steady[i] = is_alone and note.shape[i] == 0 and (not moves or note.is_fixed[i] == 1)
            lone[i] = steady[i] and not felt[i] and note.tremolo_nats[i] == 0.0
            if steady[i]:
                step = note.hz[i] / rate
                for j in range(frames):
                    table[i, 0, j], table[i, 1, j] = wave(0, step * j), cosine(step * j)
            for k in range(note.outer[c], note.outer[c + 1]):
                lone[note.outer_source[k]] = False
    return table, steady, lone


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def _circle(note: Any, g: int, m: int, past: int, loud: Real, rest: Real, turns: Real, y: Real) -> None:
    """The operators of group ``g`` bend each other: their phases as they come to be are left in ``turns``."""
    a, k, whole = note.group[g], note.group[g + 1] - note.group[g], past + m
    n_terms = note.inner[g + 1] - note.inner[g]
    heard, bare, level = np.empty(k * whole), np.empty((k, m)), np.empty((k, m))
    back, depth, first = np.empty(n_terms, np.int64), np.empty(n_terms), np.empty(k + 1, np.int64)
    shapes = np.empty(k, np.int64)
    for c in range(k):
        i = note.order[a + c]
        shapes[c], first[c] = note.shape[i], note.inner_first[g, c]
        for j in range(past):
            heard[c * whole + j] = y[i, j]
        for j in range(m):
            bare[c, j], level[c, j] = turns[i, j], note.strength[i] * rest[i, j] * loud[i, j]
    first[k] = n_terms
    for t in range(n_terms):
        at = note.inner[g] + t
        back[t] = note.inner_source[at] * whole - note.inner_lag[at] + past
        depth[t] = note.inner_depth[at] / TWO_PI
    for j in range(m):
        for c in range(k):
            bent = bare[c, j]
            for t in range(first[c], first[c + 1]):
                bent += depth[t] * heard[back[t] + j]
            bare[c, j] = bent
            heard[c * whole + past + j] = level[c, j] * wave(shapes[c], bent)
    for c in range(k):
        turns[note.order[a + c], :m] = bare[c]


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def _mix(note: Any, channel: int, m: int, past: int, y: Real, out: Real) -> None:
    out[:m] = 0.0
    for c in range(note.group[note.n_groups]):
        i = note.order[c]
        share = note.output[channel, i]
        if share > 0.0:
            add(share, y[i, past:], m, out)


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def play_back(
    notes: NDArray[Any],
    release_s: float,
    rate: float,
    factor: Real,
    down: Real,
    is_felt: Ints,
    kept: Real,
    grad: Real,
    wanted: Ints,
    limit: float,
    grad_output: Real,
    grad_depths: Real,
    grad_operators: Real,
    grad_nats: Real,
    grad_times: Real,
    grad_factor: Real,
    grad_down: Real,
) -> tuple[int, float]:
    """The adjoint of :func:`play`: from ``grad`` ``[channels, n]`` to what comes as zeros.

    Those are the gradients of ``output`` ``[channels, operators]``, of the depths in radians of the ``wanted`` routes
    ``[routes, 3]`` (source, target, how many frames it looks back), of ``hz``, strength, ceiling and tremolo
    ``[4, operators]``, of the envelopes ``[operators, 4]`` and of the control points. What flows back through a loop is
    held within ``limit``; the answer is how often it had to be, and the gradient of the release.
    """
    note = notes[0]
    past, n = note.past, grad.shape[1]
    moves, sinks = factor.size > 0, down.size > 0
    passed, facts = passed_by(factor), _plans(note, release_s)
    grad_facts, grad_passed = np.zeros(facts.shape), np.zeros(factor.size)
    y, flow = np.zeros((N, past + CHUNK)), np.zeros((N, CHUNK))
    felt = np.zeros((N, CHUNK + past))
    rest, spare = np.ones((N, past + CHUNK)), np.empty(past + CHUNK)
    straight, bent, to_time = np.empty(CHUNK), np.empty(CHUNK), np.empty(CHUNK)
    sink, to_sink, to_nats = np.zeros(CHUNK), np.zeros(CHUNK), np.empty(CHUNK)
    table, _, lone = _tables(note, factor, rate, is_felt)
    clipped = 0
    for first in range((n - 1) // CHUNK * CHUNK, -1, -CHUNK):
        m = min(CHUNK, n - first)
        times(factor, passed, first, m, rate, straight, bent)
        to_time[:], to_sink[:] = 0.0, 0.0
        if sinks:
            between(down, first, m, rate, sink)
        before = min(first, past)
        for c in range(note.group[note.n_groups]):
            i = note.order[c]
            begin, whole, shift = first - before, before + m, past - before
            if lone[i]:
                y[i, :shift] = 0.0
                _alone(note, facts[i], i, begin, whole, rate, table[i], spare, rest[i, shift:], y[i, shift:])
            else:
                _again(note, facts[i], i, begin, whole, rate, kept[0, i], spare, rest[i], y[i], shift)
            flow[i, :m] = 0.0
            for channel in range(grad.shape[0]):
                share = note.output[channel, i]
                here = grad[channel, first:]
                grad_output[channel, i] += dot(here, y[i, past:], m)
                if share > 0.0:
                    add(share, here, m, flow[i])
        for g in range(note.n_groups - 1, -1, -1):
            a, b = note.group[g], note.group[g + 1]
            if note.inner[g + 1] > note.inner[g]:
                clipped += _circle_back(note, g, m, past, rest, kept[1, :, first:], flow, felt, limit)
            for c in range(b - 1, a - 1, -1):
                i = note.order[c]
                if not is_felt[i]:
                    continue
                strength, waves, mine, full = note.strength[i], kept[0, i, first:], flow[i], rest[i, past:]
                multiply(strength, mine, waves, m, to_nats)
                heights_back(facts[i], note.ceiling[i], first, m, rate, to_nats, grad_facts[i], grad_nats[i])
                scale(1.0, full, m, mine)
                multiply(strength, mine, kept[1, i, first:], m, felt[i])
                grad_operators[1, i] += dot(mine, waves, m)
                if sinks:
                    scale(-1.0, full, m, to_nats)
                    grad_operators[3, i] += dot(to_nats, sink, m)
                    if note.tremolo_nats[i] > 0.0:
                        add(note.tremolo_nats[i], to_nats, m, to_sink)
                bends = moves and not note.is_fixed[i]
                grad_operators[0, i] += TWO_PI * dot(felt[i], bent if bends else straight, m)
                if bends:
                    add(TWO_PI * note.hz[i], felt[i], m, to_time)
                for k in range(note.outer[c], note.outer[c + 1]):
                    depth = note.outer_turns[k] * TWO_PI
                    add(depth, felt[i, note.outer_lag[k] :], m, flow[note.outer_source[k]])
        for r in range(wanted.shape[0]):
            source, target, lag = wanted[r]
            grad_depths[r] += dot(felt[target], y[source, past - lag :], m)
        if moves:
            times_back(factor, to_time, first, m, rate, grad_passed, grad_factor)
        if sinks:
            between_back(to_sink, first, m, rate, grad_down)
        for i in range(N):
            for j in range(past - 1, -1, -1):
                felt[i, CHUNK + j] = felt[i, j]
    # Time that has passed is a sum of what passed before.
    total = 0.0
    for p in range(factor.size - 1, 0, -1):
        total += grad_passed[p]
        grad_factor[p] += 0.5 * STEP_S * total
        grad_factor[p - 1] += 0.5 * STEP_S * total
    to_release = 0.0
    for c in range(note.group[note.n_groups]):
        i = note.order[c]
        found = plan_back(
            note.nats[i],
            note.times_s[i],
            note.by_rate[i],
            note.ceiling[i],
            release_s,
            facts[i],
            grad_facts[i],
            grad_nats[i],
            grad_times[i],
        )
        grad_operators[2, i] += found[0]
        to_release += found[1]
    return clipped, to_release


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def _alone(
    note: Any, facts: Real, i: int, first: int, m: int, rate: float, table: Real, loud: Real, rest: Real, out: Real
) -> None:
    """What operator ``i``, a steady sine that nobody has heard yet, gives in ``m`` frames; ``loud`` and ``rest`` are
    used for it."""
    strength, turns = note.strength[i], note.hz[i] * (first / rate)
    s, c = strength * math.sin(TWO_PI * turns), strength * math.cos(TWO_PI * turns)
    sines, cosines = table[0], table[1]
    _strengths(note, facts, i, first, m, rate, loud, loud, rest)
    for j in range(m):
        out[j] = loud[j] * (s * cosines[j] + c * sines[j])
    if not _straight(facts, first, m, rate)[0]:
        scale(1.0, rest, m, out)


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def _again(
    note: Any,
    facts: Real,
    i: int,
    first: int,
    m: int,
    rate: float,
    waves: Real,
    spare: Real,
    rest: Real,
    y: Real,
    shift: int,
) -> None:
    """What operator ``i`` gave in ``m`` frames goes to ``y`` from ``shift`` on, how far it was out of its floor to
    ``rest``; silence came before."""
    y[:shift] = 0.0
    full = rest[shift:]
    if _straight(facts, first, m, rate)[0]:
        full[:m] = 1.0
    else:
        heights(facts, note.nats[i], note.ceiling[i], first, m, rate, spare)
        for j in range(m):
            full[j] = min(spare[j], 1.0)
    multiply(note.strength[i], full, waves[first:], m, y[shift:])


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def _circle_back(
    note: Any, g: int, m: int, past: int, rest: Real, slopes: Real, flow: Real, felt: Real, limit: float
) -> int:
    """The adjoint of a loop: ``flow`` of its operators grows by what comes round."""
    a, k, whole = note.group[g], note.group[g + 1] - note.group[g], m + past
    n_terms = note.inner[g + 1] - note.inner[g]
    mine, steep, wants = np.empty((k, m)), np.empty((k, m)), np.empty(k * whole)
    # The terms by their sources, the targets' frames that they reach.
    ahead, depth, first = np.empty(n_terms, np.int64), np.empty(n_terms), np.zeros(k + 1, np.int64)
    found = 0
    for c in range(k):
        first[c] = found
        for target in range(k):
            end = n_terms if target == k - 1 else note.inner_first[g, target + 1]
            for t in range(note.inner_first[g, target], end):
                at = note.inner[g] + t
                if note.inner_source[at] == c:
                    ahead[found], depth[found] = target * whole + note.inner_lag[at], note.inner_depth[at]
                    found += 1
    first[k] = found
    for c in range(k):
        i = note.order[a + c]
        for j in range(m):
            mine[c, j], steep[c, j] = flow[i, j], note.strength[i] * rest[i, past + j] * slopes[i, j]
        for j in range(past):
            wants[c * whole + m + j] = felt[i, m + j]
    clipped = 0
    for j in range(m - 1, -1, -1):
        for c in range(k - 1, -1, -1):
            total = mine[c, j]
            for t in range(first[c], first[c + 1]):
                total += depth[t] * wants[ahead[t] + j]
            if not abs(total) <= limit:
                clipped += 1
                total = limit if total > 0.0 else -limit
            mine[c, j] = total
            wants[c * whole + j] = total * steep[c, j]
    for c in range(k):
        flow[note.order[a + c], :m] = mine[c]
    return clipped
