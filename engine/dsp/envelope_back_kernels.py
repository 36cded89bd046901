"""The adjoint of the envelopes of :mod:`engine.dsp.envelope_kernels`: from gradients of levels, frame by frame, to
those of the four levels, the four times, the ceiling and the moment of the release."""

from __future__ import annotations

import numpy as np

from engine.dsp.compiled import FAST, njit
from engine.dsp.envelope_kernels import EASED, NEVER_S, STRAIGHT, exponential, frames_until, level
from engine.dsp.envelopes import JUMP, N_STAGES, OCTAVE, SHORTEST_S
from engine.dsp.loop_kernels import Real

_LAST = N_STAGES - 1


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def heights_back(
    facts: Real, ceiling: float, first: int, n: int, rate: float, grad: Real, grad_facts: Real, grad_nats: Real
) -> None:
    """Add what ``grad`` ``[n]`` of the levels at frames ``first`` to ``first + n`` makes of ``grad_facts``, the
    gradients of ``facts`` (that of the ceiling in the place of the kind), and of ``grad_nats`` of the levels at
    rest."""
    done = 0
    while done < n:
        time_s = (first + done) / rate
        at = -1
        for i in range(N_STAGES):
            if facts[i, 0] <= time_s:
                at = i
        if at < 0 or time_s >= facts[at, 0] + facts[at, 1]:
            end_s = facts[_LAST, 0] if at < _LAST else NEVER_S
            end = frames_until(end_s, first, done, n, rate)
            total = 0.0
            for j in range(done, end):
                total += grad[j]
            grad_nats[max(at, 0)] += total
        else:
            end_s = facts[at, 0] + facts[at, 1]
            if at < _LAST:
                end_s = min(end_s, facts[_LAST, 0])
            end = frames_until(end_s, first, done, n, rate)
            step = 1.0 / (rate * facts[at, 1])
            offset = (first / rate - facts[at, 0]) / facts[at, 1]
            _stage_back(facts[at], ceiling, offset, step, done, end, grad, grad_facts[at])
        done = end


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def _stage_back(
    stage: Real, ceiling: float, offset: float, step: float, begin: int, end: int, grad: Real, found: Real
) -> None:
    """The frames ``begin`` to ``end``, of which all lie in one stage."""
    length, low, way, kind, ratio = stage[1], stage[2], stage[3], stage[4], stage[5]
    total, moved, slope, bent = 0.0, 0.0, 0.0, 0.0
    if kind == STRAIGHT:
        for j in range(begin, end):
            over = offset + step * j
            total += grad[j]
            moved += grad[j] * over
        found[2] += total
        found[3] += moved
        slope, bent = way * total, way * moved
    elif kind == EASED:
        for j in range(begin, end):
            over = offset + step * j
            left = 1.0 - over
            cube = left * left * left
            total += grad[j]
            moved += grad[j] * (1.0 - cube * left)
            slope += grad[j] * cube
            bent += grad[j] * cube * over
        found[2] += total
        found[3] += moved
        slope, bent = 4.0 * way * slope, 4.0 * way * bent
    else:
        room = ceiling - low - way
        late = 0.0
        for j in range(begin, end):
            over = offset + step * j
            far = exponential((1.0 - over) * ratio)
            total += grad[j]
            moved += grad[j] * (1.0 - far)
            slope += grad[j] * far
            bent += grad[j] * far * over
            late += grad[j] * far * (1.0 - over)
        found[2] += total - moved
        found[3] += total - moved
        found[4] += moved
        found[5] -= room * late
        slope, bent = room * ratio * slope, room * ratio * bent
    found[0] -= slope / length
    found[1] -= bent / length


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def plan_back(
    nats: Real,
    times_s: Real,
    by_rate: int,
    ceiling: float,
    release_s: float,
    facts: Real,
    grad_facts: Real,
    grad_nats: Real,
    grad_times: Real,
) -> tuple[float, float]:
    """The adjoint of :func:`engine.dsp.envelope_kernels.plan`: add to ``grad_nats`` and ``grad_times`` ``[4]``; the
    answer is the gradients of the ceiling and of the release. ``grad_facts`` is used up."""
    # Where each stage begins before a rate clock makes it jump, and which one the release cuts off.
    begins = np.empty(N_STAGES)
    cut = -1
    begin = nats[_LAST]
    for i in range(N_STAGES):
        begins[i] = begin
        if i < _LAST and facts[i, 0] < NEVER_S:
            if facts[i, 0] + facts[i, 1] > release_s:
                cut = i
                begin = level(facts[i], ceiling, (release_s - facts[i, 0]) / facts[i, 1])
            else:
                begin = nats[i]
    to_ceiling, to_release = 0.0, grad_facts[_LAST, 0]
    to_next, to_start = 0.0, 0.0
    for i in range(_LAST, -1, -1):
        if facts[i, 0] >= NEVER_S:
            continue
        found = grad_facts[i]
        if i == cut:
            over = (release_s - facts[i, 0]) / facts[i, 1]
            before = found[0]
            one = np.empty(1)
            one[0] = to_next
            _stage_back(facts[i], ceiling, over, 0.0, 0, 1, one, found)
            # A later release is what an earlier begin is.
            to_release -= found[0] - before
            to_target = 0.0
        else:
            to_target = to_next if i < _LAST else 0.0
        if i < _LAST:
            found[0] += to_start
            found[1] += to_start
            to_start = found[0]
        to_ceiling += found[4]
        to_target += found[3]
        to_begin = found[2] - found[3]
        target = nats[i]
        if not by_rate:
            grad_times[i] += found[1]
        elif target > begins[i]:
            low, ratio = facts[i, 2], facts[i, 5]
            if times_s[i] * ratio > SHORTEST_S:
                grad_times[i] += found[1] * ratio
                found[5] += found[1] * times_s[i]
            to_ceiling += found[5] * (1.0 / (ceiling - low) - 1.0 / (ceiling - target))
            to_begin -= found[5] / (ceiling - low)
            to_target += found[5] / (ceiling - target)
            if begins[i] <= ceiling - JUMP:
                if ceiling - JUMP < target:
                    to_ceiling += to_begin
                else:
                    to_target += to_begin
                to_begin = 0.0
        else:
            if times_s[i] * (begins[i] - target) / OCTAVE > SHORTEST_S:
                grad_times[i] += found[1] * (begins[i] - target) / OCTAVE
                to_begin += found[1] * times_s[i] / OCTAVE
                to_target -= found[1] * times_s[i] / OCTAVE
        grad_nats[i] += to_target
        to_next = to_begin
    grad_nats[_LAST] += to_next
    return to_ceiling, to_release
