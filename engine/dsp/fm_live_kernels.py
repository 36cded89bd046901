"""A block of a sounding FM note, from its operators to what leaves its filter, in one compiled call."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.dsp import fm_kernels, live_kernels
from engine.dsp.compiled import FAST, njit
from engine.dsp.envelope_kernels import N_FACTS, NEVER_S, is_silent, plan
from engine.dsp.envelopes import N_STAGES
from engine.dsp.loop_kernels import Real
from engine.dsp.motion import STEP_S


@njit(cache=True, error_model="numpy", fastmath=FAST)
def block(
    notes: NDArray[Any],
    wheres: NDArray[Any],
    chains: NDArray[Any],
    flows: NDArray[Any],
    rate: int,
    halvings: int,
    past: Real,
    wide: Real,
    sharp: Real,
    gate: bool,
    bend_st: float,
    wheel_st: float,
    width: int,
    out: NDArray[np.float32],
) -> tuple[bool, float]:
    """Fill ``out`` ``[channels, n]`` with the next frames; says whether all that makes sound is down for good, and how
    high it came.

    The operators are computed on ``width`` channels at ``rate`` doubled ``halvings`` times; ``wide`` and ``sharp`` are
    the taps of the filters down from there. Those look ahead, into frames that are computed twice: now as if nothing
    changed, and by the next call as they are. ``past`` ``[2, frames]`` holds what they look back at. The interpreter
    stays locked: see :mod:`engine.dsp.mix_kernels`.
    """
    note, where, flow = notes[0], wheres[0], flows[0]
    fine = float(rate << halvings)
    if not gate and where.release_s >= NEVER_S:
        release_s = flow.frame / rate
        fm_kernels.let_go(note, where, release_s, fine, bend_st, wheel_st)
        live_kernels.let_go(chains, flows, release_s, rate)
    n = out.shape[1]
    over = is_over(note, where, chains[0], flow.frame / rate)
    back = past.shape[1]
    m = n << halvings
    x = np.empty((width, back + m + back))
    x[:, :back] = past[:width]
    if over:
        x[:, back:] = 0.0
        where.frame += m
    else:
        fm_kernels.operate(notes, wheres, fine, bend_st, wheel_st, back, m, x)
        if back > 0:
            fm_kernels.operate(notes, wheres.copy(), fine, bend_st, wheel_st, back + m, back, x)
    if back > 0:
        past[:width] = x[:, m : m + back]
    sound = np.empty(out.shape)
    for channel in range(width):
        down(x[channel], flow.frame, halvings, n, wide, sharp, sound[channel])
    if out.shape[0] > width:
        sound[1] = sound[0]
    live_kernels.flow_on(chains, flows, float(rate), sound)
    top = 0.0
    for channel in range(out.shape[0]):
        for j in range(n):
            out[channel, j] = sound[channel, j]
            top = max(top, abs(sound[channel, j]))
    return over, top


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def down(x: Real, first: int, halvings: int, n: int, wide: Real, sharp: Real, out: Real) -> None:
    """Bring ``x`` down to the rate of ``out`` ``[n]``, which begins with frame ``first``."""
    if halvings == 0:
        out[:] = x
        return
    reach = sharp.size // 2
    for left in range(halvings, 1, -1):
        ahead = reach
        for _ in range(left - 2):
            ahead = 2 * ahead + wide.size // 2
        m = (n << (left - 1)) + 2 * ahead
        y = np.empty(m)
        live_kernels.halve(x, wide, m, y)
        # Before the note there is silence; what a filter rings ahead of it is dropped, at every step.
        y[: max(ahead - (first << (left - 1)), 0)] = 0.0
        x = y
    live_kernels.halve(x, sharp, n, out)


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def is_over(note: Any, where: Any, chain: Any, time_s: float) -> bool:
    """Whether the operators that are heard and the noise are silent from ``time_s`` on, whatever the key does."""
    facts = np.empty((N_STAGES, N_FACTS))
    if chain.noise_level > 0.0:
        plan(chain.noise_nats, chain.noise_s, 0, 0.0, where.release_s, facts)
        if not is_silent(facts, chain.noise_nats, time_s):
            return False
    for c in range(note.group[note.n_groups]):
        i = note.order[c]
        if note.strength[i] > 0.0 and (note.output[0, i] > 0.0 or note.output[1, i] > 0.0):
            plan(note.nats[i], note.times_s[i], note.by_rate[i], note.ceiling[i], where.release_s, facts)
            if not is_silent(facts, note.nats[i], time_s):
                return False
    return True


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def strike(
    notes: NDArray[Any],
    wheres: NDArray[Any],
    chains: NDArray[Any],
    flows: NDArray[Any],
    bend_st: float,
    wheel_st: float,
) -> None:
    """Before the first block: everything that moves stands where it begins."""
    fm_kernels.strike(notes[0], wheres[0], bend_st, wheel_st)
    live_kernels.open_up(chains, flows)


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def carry_over(
    olds: NDArray[Any],
    news: NDArray[Any],
    wheres: NDArray[Any],
    old_rate: int,
    rate: int,
    chains: NDArray[Any],
    flows: NDArray[Any],
    sample_rate: int,
) -> None:
    """``wheres[0]``, where a note of ``olds[0]`` stood at ``old_rate``, becomes where one of ``news[0]`` stands at
    ``rate``: no phase jumps."""
    old, new, where = olds[0], news[0], wheres[0]
    share = where.frame / (old_rate * STEP_S) - where.point
    passed = share * (where.factor[0] + 0.5 * share * (where.factor[1] - where.factor[0]))
    for i in range(fm_kernels.N):
        done = old.hz[i] * (share if old.is_fixed[i] else passed)
        anew = new.hz[i] * (share if new.is_fixed[i] else passed)
        where.turns[i] += (done - anew) * STEP_S
    where.frame = where.frame * rate // old_rate
    if new.past != old.past:
        before = where.past.copy()
        for i in range(fm_kernels.N):
            for j in range(new.past):
                age = (new.past - 1 - j) * old.past // new.past
                where.past[i, j] = before[i, old.past - 1 - age]
    live_kernels.turn_cutoff(chains[0], flows[0], float(sample_rate))


def look_back(halvings: int, wide: int, sharp: int) -> int:
    """Frames at the fine rate that filters of so much reach look to each side together."""
    back = 0
    for left in range(1, halvings + 1):
        back = 2 * back + (sharp if left == 1 else wide)
    return back
