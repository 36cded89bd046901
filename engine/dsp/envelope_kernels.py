"""The envelopes, the slow movement and the chance of a note that sounds while its key is still down, compiled by numba.

The rules are those of :mod:`engine.dsp.envelopes` and :mod:`engine.dsp.motion`; here they are asked for a few frames at
a time, of one note, and the key may go up between two questions (until then its ``release_s`` is :data:`NEVER_S`).
"""

from __future__ import annotations

import math

from engine.dsp.compiled import FAST, njit
from engine.dsp.envelopes import JUMP, N_STAGES, OCTAVE, SHORTEST_S
from engine.dsp.loop_kernels import Real, sine
from engine.dsp.motion import HASH_FACTORS, HASH_MASK, HASH_STEP

NEVER_S = 1e30
"""Later than any note lasts."""

N_FACTS = 6
"""Of each stage of an envelope: begin and length in seconds, level at the begin, the way to go, the kind of way, and
what a way towards a ceiling needs: the logarithm of the ratio of its rooms."""
STRAIGHT, EASED, CEILED = 0.0, 1.0, 2.0

_FACTOR_1, _FACTOR_2 = HASH_FACTORS


@njit(inline="always")
def exponential(x: float) -> float:
    """``e**x`` for -21 to 7 within 1e-8 of itself, in steps that many frames can take at once."""
    y = x * (1.0 / 32.0)
    u = y * y
    v = u * u
    low = (1.0 + y) + (0.5 + y * (1.0 / 6.0)) * u
    high = (1.0 / 24.0 + y * (1.0 / 120.0)) + (1.0 / 720.0 + y * (1.0 / 5040.0)) * u
    top = (1.0 / 40320.0 + y * (1.0 / 362880.0)) + (1.0 / 3628800.0) * u
    e = low + v * (high + v * top)
    e *= e
    e *= e
    e *= e
    e *= e
    return e * e


@njit(inline="always")
def chance(count: int, seed: int) -> float:
    """:func:`engine.dsp.motion.chance` of one number."""
    x = (count * HASH_STEP + seed) & HASH_MASK
    x = ((x ^ (x >> 15)) * _FACTOR_1) & HASH_MASK
    x = ((x ^ (x >> 15)) * _FACTOR_2) & HASH_MASK
    return ((x ^ (x >> 13)) & HASH_MASK) / HASH_MASK


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def lfo(phase: float, shape: int, seed: int) -> float:
    """:func:`engine.dsp.motion.lfo` at one moment."""
    turns = math.floor(phase)
    share = phase - turns
    if shape == 0:
        return abs(1.0 - 2.0 * share)
    if shape == 1:
        return 1.0 - share
    if shape == 2:
        return share
    if shape == 3:
        return 1.0 if share >= 0.5 else 0.0
    if shape == 4:
        return 0.5 - 0.5 * sine(share)
    return chance(int(turns), seed)


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def straight(time_s: float, levels: Real, times_s: Real, release_s: float, by_rate: int, span: float) -> float:
    """:func:`engine.dsp.motion.straight_envelope` at one moment."""
    start_s = 0.0
    reached = levels[N_STAGES - 1]
    level: float = reached
    for i in range(N_STAGES):
        length_s = times_s[i]
        if by_rate:
            length_s = max(length_s * abs(levels[i] - reached) / span, 1e-6)
        most = 1.0
        if i == N_STAGES - 1:
            start_s = release_s
        else:
            most = min(max((release_s - start_s) / length_s, 0.0), 1.0)
        over = min(max((time_s - start_s) / length_s, 0.0), most)
        level += (levels[i] - level) * over
        reached += (levels[i] - reached) * most
        start_s += length_s
    return level


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def plan(nats: Real, times_s: Real, by_rate: int, ceiling: float, release_s: float, facts: Real) -> None:
    """Fill ``facts`` ``[4, N_FACTS]`` of one envelope (``nats`` and ``times_s`` ``[4]``); stages that the key's release
    cuts off begin never."""
    start_s = 0.0
    begin = nats[N_STAGES - 1]
    for i in range(N_STAGES):
        is_last = i == N_STAGES - 1
        if is_last:
            start_s = release_s
        elif start_s >= release_s:
            facts[i, 0] = NEVER_S
            continue
        target = nats[i]
        rises = target > begin
        time_s, kind, ratio = times_s[i], EASED if rises else STRAIGHT, 0.0
        if by_rate:
            if rises:
                begin = min(max(begin, ceiling - JUMP), target)
                kind, ratio = CEILED, math.log((ceiling - begin) / (ceiling - target))
                time_s = max(time_s * ratio, SHORTEST_S)
            else:
                time_s = max(time_s * (begin - target) / OCTAVE, SHORTEST_S)
        facts[i, 0], facts[i, 1], facts[i, 2], facts[i, 3] = start_s, time_s, begin, target - begin
        facts[i, 4], facts[i, 5] = kind, ratio
        if not is_last:
            if start_s + time_s > release_s:  # the key goes up on the way
                begin = level(facts[i], ceiling, (release_s - start_s) / time_s)
            else:
                begin = target
            start_s += time_s


@njit(inline="always")
def level(stage: Real, ceiling: float, over: float) -> float:
    begin, way = float(stage[2]), float(stage[3])
    if stage[4] == CEILED:
        return begin + way + (ceiling - begin - way) * (1.0 - math.exp((1.0 - over) * stage[5]))
    if stage[4] == EASED:
        left = (1.0 - over) * (1.0 - over)
        over = 1.0 - left * left
    return begin + way * over


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def heights(facts: Real, nats: Real, ceiling: float, first: int, n: int, rate: float, out: Real) -> bool:
    """Fill ``out`` ``[n]`` with the level in nats at frames ``first`` to ``first + n``; says whether it rests there, at
    ``out[0]`` in all of them."""
    done = 0
    rests = True
    while done < n:
        time_s = (first + done) / rate
        at = -1
        for i in range(N_STAGES):
            if facts[i, 0] <= time_s:
                at = i
        if at < 0 or time_s >= facts[at, 0] + facts[at, 1]:
            level = nats[max(at, 0)]
            # A stage that the release cut off is followed by the last one; before it, rest is at the third.
            end_s = facts[N_STAGES - 1, 0] if at < N_STAGES - 1 else NEVER_S
            end = frames_until(end_s, first, done, n, rate)
            rests = rests and done == 0 and end == n
            for j in range(done, end):
                out[j] = level
        else:
            rests = False
            end_s = facts[at, 0] + facts[at, 1]
            if at < N_STAGES - 1:
                end_s = min(end_s, facts[N_STAGES - 1, 0])
            end = frames_until(end_s, first, done, n, rate)
            begin, way, kind, ratio = facts[at, 2], facts[at, 3], facts[at, 4], facts[at, 5]
            step = 1.0 / (rate * facts[at, 1])
            offset = (first / rate - facts[at, 0]) / facts[at, 1]
            if kind == STRAIGHT:
                for j in range(done, end):
                    out[j] = begin + way * (offset + step * j)
            elif kind == EASED:
                for j in range(done, end):
                    left = 1.0 - (offset + step * j)
                    left = left * left
                    out[j] = begin + way * (1.0 - left * left)
            else:
                room = ceiling - begin - way
                for j in range(done, end):
                    out[j] = begin + way + room * (1.0 - exponential((1.0 - (offset + step * j)) * ratio))
        done = end
    return rests


@njit(inline="always")
def frames_until(end_s: float, first: int, done: int, n: int, rate: float) -> int:
    """How many of ``n`` frames from ``first`` on lie before ``end_s``; more than ``done``, so that all goes on."""
    if end_s * rate >= first + n:
        return n
    return min(max(math.ceil(end_s * rate) - first, done + 1), n)


@njit(inline="always")
def is_silent(facts: Real, nats: Real, time_s: float) -> bool:
    """Whether an envelope is over and down for good at ``time_s``, whatever the key does next."""
    if nats[N_STAGES - 1] > 0.0:
        return False
    if facts[N_STAGES - 1, 0] < NEVER_S:
        return bool(time_s >= facts[N_STAGES - 1, 0] + facts[N_STAGES - 1, 1])
    last = N_STAGES - 2
    return bool(nats[last] <= 0.0 and time_s >= facts[last, 0] + facts[last, 1])


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def loudness(level: Real, n: int, rests: bool, gain: float) -> bool:
    """Turn levels in nats above the floor into amplitudes times ``gain``, in place; says whether any is not 0.

    See :func:`engine.dsp.units.nats_to_amplitude`.
    """
    if gain == 0.0 or (rests and level[0] <= 0.0):
        level[:n] = 0.0
        return False
    if rests:
        level[:n] = gain * math.exp(max(level[0], 1.0)) * min(level[0], 1.0)
        return True
    for j in range(n):
        x = level[j]
        level[j] = gain * exponential(max(x, 1.0)) * min(x, 1.0)
    return True
