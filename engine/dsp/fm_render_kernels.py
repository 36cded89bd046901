"""A whole FM note that is known beforehand, from its operators to the room, in compiled calls without the global lock.

The numbers are those of :mod:`engine.dsp.fm_live_kernels`; here the key's release is known from the first frame on, so
nothing has to be computed as if it stayed down. The work goes in chunks that lie where they lie, however many frames
are asked for at a time: the same note gives the same bits, even where a loop makes a large difference of a small one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.dsp import fm_kernels, fm_live_kernels, live_kernels, room_kernels
from engine.dsp.compiled import FAST, njit
from engine.dsp.filters import SHARP, WIDE
from engine.dsp.loop_kernels import Real

CHUNK_STEPS = 15
"""Control points in a chunk: 20 ms."""


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def run(
    notes: NDArray[Any],
    chains: NDArray[Any],
    wheres: NDArray[Any],
    flows: NDArray[Any],
    rooms: NDArray[Any],
    lines: Real,
    past: Real,
    rate: int,
    halvings: int,
    wide: Real,
    sharp: Real,
    width: int,
    flowing: int,
    chunk: int,
    out: Real,
) -> None:
    """Fill ``out`` ``[channels, n]`` with the next ``n`` frames, a whole number of chunks of ``chunk`` frames.

    The operators are computed on ``width`` channels at ``rate`` doubled ``halvings`` times; ``wide`` and ``sharp`` are
    the taps of the filters down from there, and ``past`` ``[width, frames]`` is what those have not done with. What
    follows is computed on the ``flowing`` first channels.
    """
    note, where, chain, flow = notes[0], wheres[0], chains[0], flows[0]
    channels, n = out.shape
    both = past.shape[1]
    m = chunk << halvings
    fine = float(rate << halvings)
    x = np.empty((width, both + m))
    sound = np.empty((channels, chunk))
    if flow.frame == 0:
        fm_kernels.strike(note, where, 0.0, 0.0)
        live_kernels.open_up(chains, flows)
        if both > 0:
            fm_kernels.operate(notes, wheres, fine, 0.0, 0.0, both // 2, both // 2, past)
    for begin in range(0, n, chunk):
        x[:, :both] = past
        if fm_live_kernels.is_over(note, where, chain, flow.frame / rate):
            x[:, both:] = 0.0
            where.frame += m
        else:
            fm_kernels.operate(notes, wheres, fine, 0.0, 0.0, both, m, x)
        past[:] = x[:, m:]
        for channel in range(width):
            fm_live_kernels.down(x[channel], flow.frame, halvings, chunk, wide, sharp, sound[channel])
        for channel in range(width, flowing):
            sound[channel] = sound[0]
        live_kernels.flow_on(chains, flows, float(rate), sound[:flowing])
        for channel in range(flowing, channels):
            sound[channel] = sound[0]
        if rooms[0].wet > 0.0:
            room_kernels.add_answer(rooms[0], lines, sound)
        out[:, begin : begin + chunk] = sound


def begin(
    hold_s: float, rate: int, room: tuple[float, float, float], halvings: int, width: int
) -> tuple[NDArray[Any], ...]:
    """Where a note whose key goes up after ``hold_s`` is before its first frame: :func:`run`'s arguments from
    ``wheres`` to ``past``. ``room`` is how loud it is, its decay in seconds and its damping."""
    where, flow = fm_kernels.start(), live_kernels.begin()
    where["release_s"] = flow["release_s"] = hold_s
    back = fm_live_kernels.look_back(halvings, WIDE.reach, SHARP.reach)
    return where, flow, *room_kernels.room_at(rate, *room), np.zeros((width, 2 * back))
