"""What follows the operators of a note that sounds, compiled by numba: the way down to the sample rate, DC blocker,
noise, filter and room. The rules are those of ``engine.synths.fm_chain`` and of what it is built from."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.dsp.compiled import FAST, njit
from engine.dsp.envelope_kernels import N_FACTS, NEVER_S, chance, heights, loudness, plan, straight
from engine.dsp.envelopes import N_STAGES
from engine.dsp.loop_kernels import Real
from engine.dsp.motion import STEP_S
from engine.dsp.reverb import N_LINES, SIGNS
from engine.dsp.svf import HIGHEST
from engine.dsp.svf_kernels import step

_F, _I = np.float64, np.int64

CHAIN = np.dtype(
    [
        ("dc_pole", _F),  # 0 where nothing is blocked
        ("noise_level", _F),  # 0 where there is none
        ("noise_cutoff", _F),
        ("noise_damping", _F),
        ("noise_nats", _F, N_STAGES),
        ("noise_s", _F, N_STAGES),
        ("seed", _I),
        ("filter", _I),  # a place in FILTERS
        ("cutoff", _F),  # in cycles per frame, before the envelope
        ("damping", _F),
        ("filter_env_st", _F),
        ("filter_levels", _F, N_STAGES),
        ("filter_s", _F, N_STAGES),
    ]
)
"""The settings of the chain at one sample rate."""

FLOW = np.dtype(
    [
        ("frame", _I),
        ("release_s", _F),
        ("before", _F, (2, 2)),  # of the DC blocker on each channel: what came in and what went out
        ("noise", _F, (2, 2)),
        ("filter", _F, (2, 2)),
        ("point", _I),
        ("cutoff", _F, 2),  # warped, at the last control point and the next one
    ]
)
"""Where the chain is."""


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def halve(x: Real, taps: Real, n: int, out: Real) -> None:
    """:func:`engine.dsp.filters.halve_rate` of one row: ``x`` ``[2 n + 2 reach]`` to ``out`` ``[n]``."""
    reach = taps.size // 2
    m = n + reach
    even, odd = np.empty(m), np.empty(m)
    for k in range(m):
        even[k], odd[k] = x[2 * k], x[2 * k + 1]
    # Those on both sides of the middle weigh the same, and four are done at a time: what comes out waits for memory.
    middle = even if reach % 2 == 0 else odd
    shift, tap = reach // 2, taps[reach]
    for k in range(n):
        out[k] = tap * middle[k + shift]
    for t in range((reach + 1) % 2, reach, 4):
        # Every other one of a half-band is nothing.
        sides = even if t % 2 == 0 else odd
        a, b = taps[t], taps[t + 2] if t + 2 < reach else 0.0
        first, second = sides[t // 2 :], sides[min(t + 2, reach) // 2 :]
        last, third = sides[(2 * reach - t) // 2 :], sides[(2 * reach - min(t + 2, reach)) // 2 :]
        for k in range(n):
            out[k] += a * (first[k] + last[k]) + b * (second[k] + third[k])


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def _cutoff(chain: Any, flow: Any, point: int) -> float:
    """The filter's cut-off at a control point, as the filter takes it."""
    moved = 0.0
    if chain.filter_env_st != 0.0:
        moved = straight(point * STEP_S, chain.filter_levels, chain.filter_s, flow.release_s, 0, 1.0)
    cycles = chain.cutoff * 2.0 ** (chain.filter_env_st * moved / 12.0)
    return math.tan(math.pi * min(max(cycles, 1e-5), HIGHEST))


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def open_up(chains: NDArray[Any], flows: NDArray[Any]) -> None:
    """Before the first frame: the filter stands at its first control points."""
    chain, flow = chains[0], flows[0]
    flow.cutoff[0], flow.cutoff[1] = _cutoff(chain, flow, 0), _cutoff(chain, flow, 1)


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def let_go(chains: NDArray[Any], flows: NDArray[Any], release_s: float, rate: float) -> None:
    """The key goes up: between two control points the cut-off turns towards what it then aims at."""
    flows[0].release_s = release_s
    turn_cutoff(chains[0], flows[0], rate)


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def turn_cutoff(chain: Any, flow: Any, rate: float) -> None:
    """Aim anew for the next control point, from where the cut-off is."""
    share = flow.frame * (1.0 / (rate * STEP_S)) - flow.point
    if share < 1.0:
        now = flow.cutoff[0] + share * (flow.cutoff[1] - flow.cutoff[0])
        flow.cutoff[1] = _cutoff(chain, flow, flow.point + 1)
        flow.cutoff[0] = (now - flow.cutoff[1] * share) / (1.0 - share)


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def flow_on(chains: NDArray[Any], flows: NDArray[Any], rate: float, sound: Real) -> None:
    """Block DC in the next ``n`` frames of ``sound`` ``[channels, n]``, add the noise and filter, all in place."""
    chain, flow = chains[0], flows[0]
    if chain.dc_pole > 0.0:
        for channel in range(sound.shape[0]):
            last, blocked = flow.before[channel, 0], flow.before[channel, 1]
            for j in range(sound.shape[1]):
                x = sound[channel, j]
                blocked = x - last + chain.dc_pole * blocked
                sound[channel, j] = blocked
                last = x
            flow.before[channel, 0], flow.before[channel, 1] = last, blocked
    if chain.noise_level > 0.0:
        add_noise(chain, flow, rate, sound)
    if chain.filter > 0:
        _filter(chain, flow, rate, sound)
    flow.frame += sound.shape[1]


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def add_noise(chain: Any, flow: Any, rate: float, sound: Real) -> None:
    """Add the next ``n`` frames of the noise to ``sound`` ``[channels, n]``, each channel's own."""
    n = sound.shape[1]
    facts, level = np.empty((N_STAGES, N_FACTS)), np.empty(n)
    plan(chain.noise_nats, chain.noise_s, 0, 0.0, flow.release_s, facts)
    rests = heights(facts, chain.noise_nats, 0.0, flow.frame, n, rate, level)
    loudness(level, n, rests, chain.noise_level * chain.noise_damping)
    first = 1.0 / (1.0 + chain.noise_cutoff * (chain.noise_cutoff + chain.noise_damping))
    second = chain.noise_cutoff * first
    third = chain.noise_cutoff * second
    for channel in range(sound.shape[0]):
        one, two = flow.noise[channel, 0], flow.noise[channel, 1]
        seed = chain.seed + 7919 * (channel + 1)
        for j in range(n):
            white = chance(flow.frame + j, seed) * 2.0 - 1.0
            _, band, one, two = step(white, one, two, first, second, third)
            sound[channel, j] += band * level[j]
        flow.noise[channel, 0], flow.noise[channel, 1] = one, two


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def _filter(chain: Any, flow: Any, rate: float, sound: Real) -> None:
    n = sound.shape[1]
    per_frame = 1.0 / (rate * STEP_S)
    damping, kind = chain.damping, chain.filter
    done = 0
    while done < n:
        here = (flow.frame + done) * per_frame
        while math.floor(here) > flow.point:
            flow.point += 1
            flow.cutoff[0] = flow.cutoff[1]
            flow.cutoff[1] = _cutoff(chain, flow, flow.point + 1)
        m = math.ceil((flow.point + 1) / per_frame) - (flow.frame + done)
        m = min(max(m, 1), n - done)
        share, way = here - flow.point, flow.cutoff[1] - flow.cutoff[0]
        for channel in range(sound.shape[0]):
            one, two = flow.filter[channel, 0], flow.filter[channel, 1]
            for j in range(done, done + m):
                cutoff = flow.cutoff[0] + way * (share + (j - done) * per_frame)
                first = 1.0 / (1.0 + cutoff * (cutoff + damping))
                second = cutoff * first
                x = sound[channel, j]
                low, band, one, two = step(x, one, two, first, second, cutoff * second)
                if kind == 1:
                    y = low
                elif kind == 2:
                    y = band * damping
                elif kind == 3:
                    y = x - band * damping - low
                else:
                    y = x - band * damping
                sound[channel, j] = y
            flow.filter[channel, 0], flow.filter[channel, 1] = one, two
        done += m


_SIGNS = np.array(SIGNS, np.float64)


@njit(cache=True, error_model="numpy", fastmath=FAST)
def send(lines: Real, lengths: NDArray[np.int64], first: int, x: Real) -> None:
    """Sound ``x`` ``[n]`` enters the room at frame ``first``; ``lines`` ``[N_LINES, power of two]`` are rings of what
    will come out of the delay lines at each frame."""
    mask = lines.shape[1] - 1
    for i in range(N_LINES):
        line, at = lines[i], first + lengths[i]
        for j in range(x.size):
            line[(at + j) & mask] += x[j]


@njit(cache=True, error_model="numpy", fastmath=FAST)
def answer(
    lines: Real,
    lengths: NDArray[np.int64],
    before: Real,
    first: int,
    gains: Real,
    gain_steps: Real,
    mix: float,
    mix_step: float,
    wet: float,
    wet_step: float,
    out: NDArray[np.float32],
) -> float:
    """What comes back of the room at ``n`` frames from ``first`` on, into ``out`` ``[n, 2]``, and how high that is.

    What it was sent for them must have been sent. ``before`` ``[N_LINES]`` is what came out of the lines last;
    ``gains``, ``mix`` and ``wet`` move by their steps with each frame. See :class:`engine.dsp.reverb.Reverb`.
    """
    mask = lines.shape[1] - 1
    heard = np.empty(N_LINES)
    top = 0.0
    for j in range(out.shape[0]):
        at = (first + j) & mask
        total = 0.0
        blend = mix + mix_step * j
        for i in range(N_LINES):
            end = lines[i, at]
            lines[i, at] = 0.0
            heard[i] = (end + blend * (before[i] - end)) * (gains[i] + gain_steps[i] * j)
            before[i] = end
            total += heard[i]
        back = total * (2.0 / N_LINES)
        left, right = 0.0, 0.0
        for i in range(N_LINES):
            lines[i, (at + lengths[i]) & mask] += heard[i] - back
            if i % 2 == 0:
                left += heard[i] * _SIGNS[i]
            else:
                right += heard[i] * _SIGNS[i]
        loud = 0.5 * (wet + wet_step * (j + 1))
        out[j, 0], out[j, 1] = left * loud, right * loud
        top = max(top, abs(left * loud), abs(right * loud))
    return top


def begin() -> NDArray[Any]:
    """Where a chain is before its first frame ``[1]``."""
    flow = np.zeros(1, FLOW)
    flow["release_s"] = NEVER_S
    return flow
