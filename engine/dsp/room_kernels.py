"""The room of :mod:`engine.dsp.reverb` around one sound, compiled by numba without the global lock."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.dsp.compiled import FAST, njit
from engine.dsp.loop_kernels import Real
from engine.dsp.reverb import N_LINES, SIGNS, lengths_at, line_gains

_F, _I = np.float64, np.int64

ROOM = np.dtype(
    [
        ("wet", _F),  # 0 where there is no room
        ("mix", _F),
        ("gains", _F, N_LINES),
        ("lengths", _I, N_LINES),
        ("at", _I, N_LINES),  # where in its ring each line is
        ("before", _F, N_LINES),
    ]
)
"""A room at one sample rate and where it is: how loud, how much of the frame before each line mixes in and how much it
keeps, its length, and what came out of it last."""

_SIGNS = np.array(SIGNS, np.float64)


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def add_answer(room: Any, lines: Real, sound: Real) -> None:
    """Add to ``sound`` ``[2, n]`` what comes back of the mean of its sides.

    ``lines`` ``[N_LINES, longest]`` are rings of what is under way; each frame that came out makes room for the one
    that goes in. No line is shorter than the pieces that are computed at once, so within one nothing depends on
    anything else in it.
    """
    n = sound.shape[1]
    most = min(n, room.lengths.min())
    sent, total, line = np.empty(most), np.empty(most), np.empty(most + 1)
    sides, heard = np.empty((2, most)), np.empty((N_LINES, most))
    done = 0
    while done < n:
        m = min(most, n - done)
        for j in range(m):
            sent[j] = 0.5 * (sound[0, done + j] + sound[1, done + j])
            total[j] = 0.0
        sides[:] = 0.0
        for i in range(N_LINES):
            at, length = room.at[i], room.lengths[i]
            first = min(m, length - at)
            line[0] = room.before[i]
            line[1 : first + 1] = lines[i, at : at + first]
            line[first + 1 : m + 1] = lines[i, : m - first]
            room.before[i] = line[m]
            gain, mix, sign, mine, side = room.gains[i], room.mix, 0.5 * room.wet * _SIGNS[i], heard[i], sides[i % 2]
            for j in range(m):
                x = (line[j + 1] + mix * (line[j] - line[j + 1])) * gain
                mine[j] = x
                total[j] += x
                side[j] += x * sign
        for j in range(m):
            sent[j] -= total[j] * (2.0 / N_LINES)
            sound[0, done + j] += sides[0, j]
            sound[1, done + j] += sides[1, j]
        for i in range(N_LINES):
            at, length, mine = room.at[i], room.lengths[i], heard[i]
            first = min(m, length - at)
            ring = lines[i]
            for j in range(first):
                ring[at + j] = mine[j] + sent[j]
            for j in range(m - first):
                ring[j] = mine[first + j] + sent[first + j]
            room.at[i] = (at + m) % length
        done += m


def room_at(rate: int, wet: float, decay_s: float, damping: float) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """An empty room ``[1]`` and its lines."""
    room = np.zeros(1, ROOM)
    lengths = lengths_at(rate)
    room["lengths"] = lengths
    if wet > 0.0:
        room["wet"], room["mix"], room["gains"] = wet, 0.5 * damping, line_gains(decay_s, rate)
        return room, np.zeros((N_LINES, max(lengths)))
    return room, np.zeros((N_LINES, 0))
