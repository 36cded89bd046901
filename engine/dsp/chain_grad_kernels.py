"""What follows the operators of a whole FM note, with what a gradient needs, and the adjoint of it, compiled without
the global lock. The numbers are those of :mod:`engine.dsp.live_kernels` and :mod:`engine.dsp.room_kernels`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.dsp.compiled import FAST, njit
from engine.dsp.envelope_back_kernels import heights_back, plan_back
from engine.dsp.envelope_kernels import N_FACTS, chance, exponential, heights, plan
from engine.dsp.envelopes import N_STAGES
from engine.dsp.live_kernels import halve
from engine.dsp.loop_kernels import Ints, Real
from engine.dsp.point_kernels import CHUNK, between, between_back
from engine.dsp.reverb import N_LINES, SIGNS
from engine.dsp.svf_kernels import step

_SIGNS = np.array(SIGNS, np.float64)


@njit(inline="always")
def _saturated(x: float) -> float:
    """The hyperbolic tangent; near 0, where differences of it matter, as exactly as anywhere."""
    u = x * x
    if u < 0.01:
        return x * (1.0 + u * (-1.0 / 3.0 + u * (2.0 / 15.0 + u * (-17.0 / 315.0 + u * (62.0 / 2835.0)))))
    # Beyond ten, it is one.
    e = exponential(-2.0 * min(abs(x), 10.0))
    t = (1.0 - e) / (1.0 + e)
    return t if x >= 0.0 else -t


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def drive(steep: float, after: float, x: Real) -> None:
    """Saturate ``x`` in place."""
    for j in range(x.size):
        x[j] = after * _saturated(x[j] * steep)


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def drive_back(steep: float, after: float, x: Real, grad: Real, is_on: bool) -> tuple[float, float]:
    """The gradients of ``steep`` and ``after``; ``grad`` becomes that of ``x``, unless the drive only might be on."""
    to_steep, to_after = 0.0, 0.0
    for j in range(x.size):
        t = _saturated(x[j] * steep)
        g = grad[j] * after * (1.0 - t * t)
        to_steep += g * x[j]
        to_after += grad[j] * t
        if is_on:
            grad[j] = g * steep
    return to_steep, to_after


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def come_down(x: Real, taps: Real, out: Real) -> None:
    """Half the rate of a whole note: ``x`` ``[2 n + reach]``, before which there was silence, to ``out`` ``[n]``."""
    reach = taps.size // 2
    piece = np.empty(2 * CHUNK + 2 * reach)
    for first in range(0, out.size, CHUNK):
        m = min(CHUNK, out.size - first)
        begin = 2 * first - reach
        skipped = max(-begin, 0)
        piece[:skipped] = 0.0
        piece[skipped : 2 * m + 2 * reach] = x[begin + skipped : begin + 2 * m + 2 * reach]
        halve(piece, taps, m, out[first:])


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def come_down_back(grad: Real, taps: Real, out: Real) -> None:
    """The adjoint of :func:`come_down`: ``grad`` ``[n]`` to ``out`` ``[2 n + reach]``, with an odd reach."""
    reach = taps.size // 2
    before, whole = (reach - 1) // 2, grad.size + (reach + 1) // 2
    piece, odd = np.empty(CHUNK + reach), np.empty(CHUNK)
    for first in range(0, whole, CHUNK):
        m = min(CHUNK, whole - first)
        begin = first - before
        low = min(max(-begin, 0), m + reach)
        high = min(max(grad.size - begin, low), m + reach)
        piece[:low], piece[high : m + reach] = 0.0, 0.0
        piece[low:high] = grad[begin + low : begin + high]
        # Every other tap of a half-band but the middle one is nothing; those on both sides of it weigh the same, and
        # four are done at a time.
        odd[:] = 0.0
        for t in range(0, reach, 4):
            a, b = taps[t], taps[t + 2] if t + 2 < reach else 0.0
            far, near = t // 2, min(t // 2 + 1, reach // 2)
            one, two, three, four = piece[far:], piece[near:], piece[reach - near :], piece[reach - far :]
            for k in range(m):
                odd[k] += a * (one[k] + four[k]) + b * (two[k] + three[k])
        even, tap, here = piece[before:], taps[reach], out[2 * first :]
        for k in range(min(m, here.size // 2)):
            here[2 * k], here[2 * k + 1] = tap * even[k], odd[k]
        if here.size < 2 * m:
            here[2 * m - 2] = tap * even[m - 1]


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def block_dc(pole: float, x: Real) -> None:
    """What is no sound is taken out of ``x``, in place."""
    last, blocked = 0.0, 0.0
    for j in range(x.size):
        now = x[j]
        blocked = now - last + pole * blocked
        x[j] = blocked
        last = now


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def block_dc_back(pole: float, grad: Real) -> None:
    """The adjoint, in place."""
    later = 0.0
    for j in range(grad.size - 1, -1, -1):
        now = grad[j] + pole * later
        grad[j] = now - later
        later = now


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def noise_back(
    chains: NDArray[Any],
    release_s: float,
    rate: float,
    grad: Real,
    apart: int,
    found: Real,
    grad_nats: Real,
    grad_times: Real,
) -> float:
    """The adjoint of the noise: from ``grad`` ``[channels, n]`` of the sound that it was added to.

    ``found`` ``[3]`` are the gradients of its level, of the cut-off and of the damping, those of its envelope are added
    to ``grad_nats`` and ``grad_times``, and the answer is that of the release. Noise is computed again, with what it
    would be at other settings: nothing of it has to be kept. Channel ``c`` has the noise ``c * apart``.
    """
    chain = chains[0]
    n = grad.shape[1]
    cutoff, damping, level = chain.noise_cutoff, chain.noise_damping, chain.noise_level
    facts, grad_facts = np.empty((N_STAGES, N_FACTS)), np.zeros((N_STAGES, N_FACTS))
    plan(chain.noise_nats, chain.noise_s, 0, 0.0, release_s, facts)
    a = 1.0 / (1.0 + cutoff * (cutoff + damping))
    b = cutoff * a
    c = cutoff * b
    # The same by the cut-off and by the damping.
    a_1, a_2 = -a * a * (2.0 * cutoff + damping), -a * a * cutoff
    b_1, b_2 = a + cutoff * a_1, cutoff * a_2
    c_1, c_2 = b + cutoff * b_1, cutoff * b_2
    states = np.zeros((2, 6))
    white, band, band_1, band_2 = np.empty(CHUNK), np.empty(CHUNK), np.zeros(CHUNK), np.zeros(CHUNK)
    steep, rest, to_nats = np.empty(CHUNK), np.empty(CHUNK), np.empty(CHUNK)
    for first in range(0, n, CHUNK):
        m = min(CHUNK, n - first)
        heights(facts, chain.noise_nats, 0.0, first, m, rate, steep)
        for j in range(m):
            rest[j] = min(steep[j], 1.0)
        for j in range(m):
            # The slope of the level in nats, as of the operators'.
            steep[j] = exponential(max(steep[j], 1.0))
        to_nats[:] = 0.0
        for channel in range(grad.shape[0]):
            state, seed = states[channel], chain.seed + 7919 * (channel * apart + 1)
            for j in range(m):
                white[j] = chance(first + j, seed) * 2.0 - 1.0
            one, two, one_1, two_1, one_2, two_2 = state[0], state[1], state[2], state[3], state[4], state[5]
            if level > 0.0:
                for j in range(m):
                    left = white[j] - two
                    x = a * one + b * left
                    x_1 = a_1 * one + b_1 * left + a * one_1 - b * two_1
                    x_2 = a_2 * one + b_2 * left + a * one_2 - b * two_2
                    low = two + b * one + c * left
                    low_1 = two_1 + b_1 * one + c_1 * left + b * one_1 - c * two_1
                    low_2 = two_2 + b_2 * one + c_2 * left + b * one_2 - c * two_2
                    one, one_1, one_2 = 2.0 * x - one, 2.0 * x_1 - one_1, 2.0 * x_2 - one_2
                    two, two_1, two_2 = 2.0 * low - two, 2.0 * low_1 - two_1, 2.0 * low_2 - two_2
                    band[j], band_1[j], band_2[j] = x, x_1, x_2
            else:
                for j in range(m):
                    _, band[j], one, two = step(white[j], one, two, a, b, c)
            state[0], state[1], state[2], state[3], state[4], state[5] = one, two, one_1, two_1, one_2, two_2
            here = grad[channel, first:]
            to_level, to_cutoff, to_damping = 0.0, 0.0, 0.0
            for j in range(m):
                heard = steep[j] * rest[j] * here[j]
                to_level += heard * band[j]
                to_cutoff += heard * band_1[j]
                to_damping += heard * band_2[j]
            found[0] += damping * to_level
            found[1] += level * damping * to_cutoff
            found[2] += level * (to_level + damping * to_damping)
            for j in range(m):
                to_nats[j] += level * damping * steep[j] * here[j] * band[j]
        if level > 0.0:
            heights_back(facts, 0.0, first, m, rate, to_nats, grad_facts, grad_nats)
    _, to_release = plan_back(
        chain.noise_nats, chain.noise_s, 0, 0.0, release_s, facts, grad_facts, grad_nats, grad_times
    )
    return float(to_release)


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def sweep(kind: int, cutoffs: Real, damping: float, rate: float, sound: Real, kept: Real) -> None:
    """Filter ``sound`` ``[n]`` in place; ``kept`` ``[3, n]`` is what came in and where the integrators stood."""
    n = sound.size
    one, two = 0.0, 0.0
    moved, first, second, third = np.empty(CHUNK), np.empty(CHUNK), np.empty(CHUNK), np.empty(CHUNK)
    for begin in range(0, n, CHUNK):
        m = min(CHUNK, n - begin)
        between(cutoffs, begin, m, rate, moved)
        _coefficients(moved, damping, m, first, second, third)
        for j in range(m):
            x = sound[begin + j]
            kept[0, begin + j], kept[1, begin + j], kept[2, begin + j] = x, one, two
            low, band, one, two = step(x, one, two, first[j], second[j], third[j])
            if kind == 1:
                y = low
            elif kind == 2:
                y = band * damping
            elif kind == 3:
                y = x - band * damping - low
            else:
                y = x - band * damping
            sound[begin + j] = y


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def _coefficients(cutoff: Real, damping: float, m: int, first: Real, second: Real, third: Real) -> None:
    for j in range(m):
        first[j] = 1.0 / (1.0 + cutoff[j] * (cutoff[j] + damping))
        second[j] = cutoff[j] * first[j]
        third[j] = cutoff[j] * second[j]


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def sweep_back(
    kind: int, cutoffs: Real, damping: float, rate: float, kept: Real, grad: Real, grad_cutoffs: Real
) -> float:
    """The adjoint of :func:`sweep`, in place of ``grad``; adds to ``grad_cutoffs`` and gives that of the damping."""
    n = grad.size
    next_one, next_two, found = 0.0, 0.0, 0.0
    moved, first, second, third = np.empty(CHUNK), np.empty(CHUNK), np.empty(CHUNK), np.empty(CHUNK)
    to_first, to_second, to_third = np.empty(CHUNK), np.empty(CHUNK), np.empty(CHUNK)
    # How much of the input, of the low-pass and of the damped band-pass comes out.
    dry, lows, bands = _shares(kind)
    for begin in range((n - 1) // CHUNK * CHUNK, -1, -CHUNK):
        m = min(CHUNK, n - begin)
        between(cutoffs, begin, m, rate, moved)
        _coefficients(moved, damping, m, first, second, third)
        for j in range(m - 1, -1, -1):
            g, one, two = grad[begin + j], float(kept[1, begin + j]), float(kept[2, begin + j])
            rest = kept[0, begin + j] - two
            to_band = g * bands * damping + 2.0 * next_one
            to_low = g * lows + 2.0 * next_two
            to_rest = second[j] * to_band + third[j] * to_low
            to_first[j] = to_band * one
            to_second[j] = to_band * rest + to_low * one
            to_third[j] = to_low * rest
            next_one = -next_one + first[j] * to_band + second[j] * to_low
            next_two = -next_two + to_low - to_rest
            found += g * bands * (first[j] * one + second[j] * rest)
            grad[begin + j] = g * dry + to_rest
        for j in range(m):
            cutoff, square = moved[j], -first[j] * first[j]
            both = to_first[j] + cutoff * (to_second[j] + cutoff * to_third[j])
            found += both * square * cutoff
            moved[j] = both * square * (2.0 * cutoff + damping) + first[j] * (to_second[j] + 2.0 * cutoff * to_third[j])
        between_back(moved, begin, m, rate, grad_cutoffs)
    return float(found)


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def _shares(kind: int) -> tuple[float, float, float]:
    if kind == 1:
        return 0.0, 1.0, 0.0
    if kind == 2:
        return 0.0, 0.0, 1.0
    return (1.0, -1.0, -1.0) if kind == 3 else (1.0, 0.0, -1.0)


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def fill_room(gains: Real, mix: float, wet: float, lengths: Ints, sound: Real, fed: Real) -> None:
    """Add to ``sound`` ``[2, n]`` what comes back of the mean of its sides; ``fed`` ``[N_LINES, n]`` is what went into
    the lines."""
    n = sound.shape[1]
    most = min(CHUNK, lengths.min())
    total, heard, line = np.empty(most), np.empty((N_LINES, most)), np.zeros(most + 1)
    sides = np.empty((2, most))
    for first in range(0, n, most):
        m = min(most, n - first)
        total[:], sides[:] = 0.0, 0.0
        for i in range(N_LINES):
            _line(fed[i], first - lengths[i], m, line)
            gain, sign, mine, side, late = gains[i], 0.5 * wet * _SIGNS[i], heard[i], sides[i % 2], line[1:]
            for j in range(m):
                mine[j] = (late[j] + mix * (line[j] - late[j])) * gain
            for j in range(m):
                total[j] += mine[j]
            for j in range(m):
                side[j] += mine[j] * sign
        left, right = sound[0, first:], sound[1, first:]
        for j in range(m):
            total[j] = 0.5 * (left[j] + right[j]) - total[j] * (2.0 / N_LINES)
        left[:m] += sides[0, :m]
        right[:m] += sides[1, :m]
        for i in range(N_LINES):
            mine, line_in = heard[i], fed[i, first:]
            for j in range(m):
                line_in[j] = mine[j] + total[j]


@njit(inline="always")
def _line(fed: Real, begin: int, m: int, line: Real) -> None:
    """What comes out of a line that was ``fed``, from the frame before ``begin`` on: ``line`` ``[m + 1]``."""
    silent = min(max(1 - begin, 0), m + 1)
    line[:silent] = 0.0
    line[silent : m + 1] = fed[begin - 1 + silent : begin + m]


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def fill_room_back(
    gains: Real, mix: float, wet: float, lengths: Ints, fed: Real, grad: Real, grad_gains: Real
) -> tuple[float, float]:
    """The adjoint of :func:`fill_room`, in place of ``grad`` ``[2, n]``; adds to ``grad_gains`` and gives those of the
    mix and of ``wet``."""
    n = grad.shape[1]
    most = min(CHUNK, lengths.min())
    # What the lines' ends are worth at frame t lies at t - base, as far back as anyone asks; after the last frame there
    # is silence. Where there is no more room, it moves to the end.
    reach = lengths.max() + most + 1
    worth = np.zeros((N_LINES, 4 * reach if wet > 0.0 else 0))
    base = (n - 1) // most * most + most - 3 * reach
    line, heard, sent, back = np.zeros(most + 1), np.empty(most), np.empty(most), np.empty((N_LINES, most))
    to_mix, to_wet = 0.0, 0.0
    for first in range((n - 1) // most * most, -1, -most):
        m = min(most, n - first)
        sent[:] = 0.0
        if wet > 0.0:
            if first < base:
                for i in range(N_LINES):
                    worth[i, 3 * reach :] = worth[i, :reach]
                base -= 3 * reach
            for i in range(N_LINES):
                # Frames that enter a line now are heard when its length has passed.
                mine, ahead, gain = back[i], worth[i, first + lengths[i] - base :], gains[i]
                later = ahead[1:]
                for j in range(m):
                    mine[j] = gain * (ahead[j] + mix * (later[j] - ahead[j]))
                for j in range(m):
                    sent[j] += mine[j]
        for i in range(N_LINES):
            _line(fed[i], first - lengths[i], m, line)
            late = line[1:]
            gain, sign, side = gains[i], 0.5 * _SIGNS[i], grad[i % 2, first:]
            for j in range(m):
                heard[j] = late[j] + mix * (line[j] - late[j])
            total = 0.0
            for j in range(m):
                total += side[j] * heard[j]
            to_wet += total * sign * gain
            if wet > 0.0:
                mine, here, loud = back[i], worth[i, first - base :], wet * sign
                for j in range(m):
                    mine[j] += loud * side[j] - sent[j] * (2.0 / N_LINES)
                here[:m] = mine[:m]
                felt, blend = 0.0, 0.0
                for j in range(m):
                    felt += mine[j] * heard[j]
                    blend += mine[j] * line[j]
                grad_gains[i] += felt
                # What the mix adds is the difference between the frame before and what is heard without it.
                for j in range(m):
                    blend -= mine[j] * late[j]
                to_mix += gain * blend
        for j in range(m):
            sent[j] *= 0.5
        grad[0, first : first + m] += sent[:m]
        grad[1, first : first + m] += sent[:m]
    return to_mix, to_wet
