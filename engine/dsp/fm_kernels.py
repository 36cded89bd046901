"""Six operators of one note at work, a few milliseconds after the other, compiled by numba.

The numbers are those of ``engine.synths.fm_operators``, which computes all of a sound at once, with gradients; here a
note may be computed while its key is down, so the release, the wheels and the glide come as they come. Everything that
moves slowly is known at control points (:data:`engine.dsp.motion.STEP_S` apart) and goes straight between them.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.dsp import loop_kernels
from engine.dsp.compiled import FAST, njit
from engine.dsp.envelope_kernels import N_FACTS, NEVER_S, exponential, heights, lfo, loudness, plan, straight
from engine.dsp.envelopes import N_STAGES
from engine.dsp.loop_kernels import Real, wave
from engine.dsp.motion import STEP_S
from engine.params.fm import N_OPERATORS

N = N_OPERATORS
_ROUTES = N * N
_TERMS = N * N + N
"""Inside loops: what bends an operator by itself are two terms."""
STRETCH = 256
"""Frames that are computed at once at least, where nothing moves: control points lie closer at low rates."""
MOST_PAST = 64
"""Frames that operators look back at most, at 192 kHz and eight times that."""

_F, _I = np.float64, np.int64

NOTE = np.dtype(
    [
        ("hz", _F, N),
        ("strength", _F, N),
        ("output", _F, (2, N)),  # on the left and the right, or twice the same
        ("shape", _I, N),
        ("is_fixed", _I, N),
        ("nats", _F, (N, N_STAGES)),
        ("times_s", _F, (N, N_STAGES)),
        ("by_rate", _I, N),
        ("ceiling", _F, N),
        ("tremolo_nats", _F, N),
        # Groups in the order of computation: group g has the operators order[group[g]:group[g + 1]].
        ("n_groups", _I),
        ("group", _I, N + 1),
        ("order", _I, N),
        # What bends operator order[c] from earlier groups: the routes outer[c] to outer[c + 1], in turns.
        ("outer", _I, N + 1),
        ("outer_source", _I, _ROUTES),
        ("outer_lag", _I, _ROUTES),
        ("outer_turns", _F, _ROUTES),
        # The loops, as loop_kernels.run takes them: group g has the terms inner[g] to inner[g + 1].
        ("inner", _I, N + 1),
        ("inner_first", _I, (N, N + 1)),
        ("inner_source", _I, _TERMS),
        ("inner_lag", _I, _TERMS),
        ("inner_depth", _F, _TERMS),
        ("past", _I),
        # Movement.
        ("lfo_wave", _I),
        ("lfo_hz", _F),
        ("lfo_delay_s", _F),
        ("lfo_fade_s", _F),
        ("lfo_start", _F),
        ("seed", _I),
        ("vibrato_st", _F),
        ("slides", _I),
        ("pitch_st", _F, N_STAGES),
        ("pitch_s", _F, N_STAGES),
        ("pitch_by_rate", _I),
        ("pitch_span", _F),
        # Saturation.
        ("drives", _I),
        ("steep", _F),
        ("unsteep", _F),
    ]
)
"""A note of a patch at one rate, decoded: everything that does not change while it sounds."""

WHERE = np.dtype(
    [
        ("frame", _I),
        ("release_s", _F),
        ("turns", _F, N),  # phases at the last control point
        ("point", _I),
        ("factor", _F, 2),  # of pitch, at the last control point and the next one
        ("down", _F, 2),  # of the tremolo
        ("past", _F, (N, MOST_PAST)),
        ("glide_st", _F),
        ("glide_from_s", _F),
        ("glide_s", _F),
    ]
)
"""Where a note is."""


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def movement(note: Any, where: Any, point: int, bend_st: float, wheel_st: float) -> tuple[float, float]:
    """The pitch factor and how far the tremolo is down at a control point."""
    time_s = point * STEP_S
    swing = lfo(note.lfo_hz * time_s + note.lfo_start, note.lfo_wave, note.seed)
    full = min(max((time_s - note.lfo_delay_s) / note.lfo_fade_s, 0.0), 1.0)
    # The wheel's vibrato waits for no delay: it is there when the hand wants it.
    shift_st = (note.vibrato_st * full + wheel_st) * (2.0 * swing - 1.0) + bend_st
    if note.slides:
        shift_st += straight(time_s, note.pitch_st, note.pitch_s, where.release_s, note.pitch_by_rate, note.pitch_span)
    if where.glide_st != 0.0:
        shift_st += where.glide_st * min(max(1.0 - (time_s - where.glide_from_s) / where.glide_s, 0.0), 1.0)
    return 2.0 ** (shift_st / 12.0), (1.0 - swing) * full


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def strike(note: Any, where: Any, bend_st: float, wheel_st: float) -> None:
    """Before the first frame: what moves stands at its first control points."""
    where.factor[0], where.down[0] = movement(note, where, 0, bend_st, wheel_st)
    where.factor[1], where.down[1] = movement(note, where, 1, bend_st, wheel_st)


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def let_go(note: Any, where: Any, release_s: float, rate: float, bend_st: float, wheel_st: float) -> None:
    """The key goes up: between two control points the pitch turns towards what it then aims at, from where it is."""
    where.release_s = release_s
    if note.slides:
        share = where.frame * (1.0 / (rate * STEP_S)) - where.point
        turn(note, where, share, movement(note, where, where.point + 1, bend_st, wheel_st)[0])


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def turn(note: Any, where: Any, share: float, aim: float) -> None:
    """Aim at the pitch factor ``aim`` for the next control point, ``share`` of the way to it being done, without a jump
    in phase or pitch."""
    begin, end = where.factor[0], where.factor[1]
    if aim == end or share >= 1.0:
        return
    now = begin + share * (end - begin)
    start = (now - aim * share) / (1.0 - share)
    passed = share * (begin + 0.5 * share * (end - begin))
    anew = share * (start + 0.5 * share * (aim - start))
    for i in range(N):
        if not note.is_fixed[i]:
            where.turns[i] += note.hz[i] * STEP_S * (passed - anew)
    where.factor[0], where.factor[1] = start, aim


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def _go_on(note: Any, where: Any, bend_st: float, wheel_st: float) -> None:
    """On to the next control point."""
    passed = 0.5 * STEP_S * (where.factor[0] + where.factor[1])
    for i in range(N):
        turns = where.turns[i] + note.hz[i] * (STEP_S if note.is_fixed[i] else passed)
        where.turns[i] = turns - math.floor(turns)
    where.point += 1
    where.factor[0], where.down[0] = where.factor[1], where.down[1]
    where.factor[1], where.down[1] = movement(note, where, where.point + 1, bend_st, wheel_st)


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def _rests(note: Any, where: Any, bend_st: float, wheel_st: float) -> bool:
    """Whether pitch and tremolo stand still from here on."""
    if note.slides or note.vibrato_st != 0.0 or bend_st != 0.0 or wheel_st != 0.0 or where.glide_st != 0.0:
        return False
    for i in range(N):
        if note.tremolo_nats[i] > 0.0:
            return False
    return bool(where.factor[0] == 1.0 and where.factor[1] == 1.0)


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def _skip(note: Any, where: Any, point: int) -> None:
    """On to a later control point, while pitch and tremolo stand still."""
    passed = STEP_S * (point - where.point)
    for i in range(N):
        turns = where.turns[i] + note.hz[i] * passed
        where.turns[i] = turns - math.floor(turns)
    where.point = point
    where.factor[0], where.down[0] = movement(note, where, point, 0.0, 0.0)
    where.factor[1], where.down[1] = movement(note, where, point + 1, 0.0, 0.0)


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def operate(
    notes: NDArray[Any],
    wheres: NDArray[Any],
    rate: float,
    bend_st: float,
    wheel_st: float,
    first: int,
    n: int,
    out: Real,
) -> None:
    """The next ``n`` frames of ``notes[0]``, from where ``wheres[0]`` stands, written to ``out`` ``[channels, frames]``
    from frame ``first`` on."""
    note, where = notes[0], wheres[0]
    past = note.past
    per_frame = 1.0 / (rate * STEP_S)
    rests = _rests(note, where, bend_st, wheel_st)
    steps = max(int(STRETCH * per_frame), 1) if rests else 1
    most = math.ceil(steps * rate * STEP_S) + 1
    y = np.zeros((N, past + most))
    phase = np.empty((N, most))
    level = np.empty((N, most))
    place = np.empty(most)
    facts = np.empty((N, N_STAGES, N_FACTS))
    for c in range(note.group[note.n_groups]):
        i = note.order[c]
        plan(note.nats[i], note.times_s[i], note.by_rate[i], note.ceiling[i], where.release_s, facts[i])
        for j in range(past):
            y[i, j] = where.past[i, j]
    done = 0
    while done < n:
        here = where.frame * per_frame
        if rests and math.floor(here) > where.point:
            _skip(note, where, math.floor(here))
        while math.floor(here) > where.point:
            _go_on(note, where, bend_st, wheel_st)
        m = math.ceil((where.point + steps) / per_frame) - where.frame
        m = min(max(m, 1), most, n - done)
        share = here - where.point
        for j in range(m):
            place[j] = share + j * per_frame
        for g in range(note.n_groups):
            a, b = note.group[g], note.group[g + 1]
            terms = note.inner[g + 1] - note.inner[g]
            sounds = False
            for c in range(a, b):
                sounds = _loudness(note, where, note.order[c], rate, m, facts, place, level) or sounds
            for c in range(a, b):
                i = note.order[c]
                if sounds:
                    _phase(note, where, c, m, past, place, y, phase)
                    if terms == 0:
                        _waves(note.shape[i], phase[i], level[i], y[i], past, m)
                else:
                    y[i, past : past + m] = 0.0
            if terms > 0 and sounds:
                _loop(note, g, m, past, phase, level, y)
        for channel in range(out.shape[0]):
            _heard(note, channel, m, past, y, out[channel], first + done)
        for c in range(note.group[note.n_groups]):
            i = note.order[c]
            for j in range(past):
                y[i, j] = y[i, m + j]
        where.frame += m
        done += m
    if rests and math.floor(where.frame * per_frame) > where.point:
        # Whoever comes next may move.
        _skip(note, where, math.floor(where.frame * per_frame))
    for c in range(note.group[note.n_groups]):
        i = note.order[c]
        for j in range(past):
            where.past[i, j] = y[i, j]


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def _loudness(note: Any, where: Any, i: int, rate: float, m: int, facts: Real, place: Real, level: Real) -> bool:
    """Fill ``level[i]`` with how strong operator ``i`` is in ``m`` frames; says whether it is at all."""
    amplitude = level[i]
    rests = heights(facts[i], note.nats[i], note.ceiling[i], where.frame, m, rate, amplitude)
    sounds = loudness(amplitude, m, rests, note.strength[i])
    if sounds and note.tremolo_nats[i] > 0.0:
        down = -note.tremolo_nats[i] * where.down[0]
        step = -note.tremolo_nats[i] * (where.down[1] - where.down[0])
        for j in range(m):
            amplitude[j] *= exponential(down + step * place[j])
    return sounds


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def _phase(note: Any, where: Any, c: int, m: int, past: int, place: Real, y: Real, phase: Real) -> None:
    """Fill the phase of operator ``order[c]`` in ``m`` frames, in turns, bent by all that comes from outside its
    group."""
    i = note.order[c]
    turns = phase[i]
    begin, slope, curve = where.turns[i], note.hz[i] * STEP_S, 0.0
    if not note.is_fixed[i]:
        curve = 0.5 * slope * (where.factor[1] - where.factor[0])
        slope *= where.factor[0]
    for j in range(m):
        turns[j] = begin + place[j] * (slope + place[j] * curve)
    for k in range(note.outer[c], note.outer[c + 1]):
        depth = note.outer_turns[k]
        heard = y[note.outer_source[k], past - note.outer_lag[k] :]
        for j in range(m):
            turns[j] += depth * heard[j]


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def _waves(shape: int, turns: Real, level: Real, y: Real, past: int, m: int) -> None:
    if shape == 0:
        for j in range(m):
            y[past + j] = level[j] * wave(0, turns[j])
    else:
        for j in range(m):
            y[past + j] = level[j] * wave(shape, turns[j])


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def _loop(note: Any, g: int, m: int, past: int, phase: Real, level: Real, y: Real) -> None:
    """The operators of group ``g``, which bend each other in a circle."""
    a, b = note.group[g], note.group[g + 1]
    k, n_terms = note.inner[g], note.inner[g + 1] - note.inner[g]
    radians, loud, both = np.empty((1, b - a, m)), np.empty((1, b - a, m)), np.empty((1, b - a, past + m))
    shapes, terms = np.empty((1, b - a), np.int64), np.empty((1, n_terms))
    source, lag, first = np.empty(n_terms, np.int64), np.empty(n_terms, np.int64), np.empty(b - a + 1, np.int64)
    for c in range(b - a):
        i = note.order[a + c]
        shapes[0, c], first[c] = note.shape[i], note.inner_first[g, c]
        for j in range(m):
            radians[0, c, j], loud[0, c, j] = phase[i, j] * (2.0 * math.pi), level[i, j]
        for j in range(past):
            both[0, c, j] = y[i, j]
    first[b - a] = n_terms
    for t in range(n_terms):
        source[t], lag[t], terms[0, t] = note.inner_source[k + t], note.inner_lag[k + t], note.inner_depth[k + t]
    loop_kernels.run(radians, loud, terms, shapes, source, lag, first, both)
    for c in range(b - a):
        i = note.order[a + c]
        for j in range(past, past + m):
            y[i, j] = both[0, c, j]


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def _heard(note: Any, channel: int, m: int, past: int, y: Real, out: Real, first: int) -> None:
    """What is heard of all operators on one channel, driven."""
    out[first : first + m] = 0.0
    for c in range(note.group[note.n_groups]):
        i = note.order[c]
        share = note.output[channel, i]
        if share > 0.0:
            for j in range(m):
                out[first + j] += share * y[i, past + j]
    if note.drives:
        for j in range(m):
            x = out[first + j] * note.steep
            # Beyond ten, the hyperbolic tangent is one.
            e = exponential(-2.0 * min(abs(x), 10.0))
            t = note.unsteep * (1.0 - e) / (1.0 + e)
            out[first + j] = t if x >= 0.0 else -t


def start() -> NDArray[Any]:
    """Where a note is before its first frame ``[1]``."""
    where = np.zeros(1, WHERE)
    where["release_s"] = NEVER_S
    return where
