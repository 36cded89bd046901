"""Modes frame by frame, compiled: what a voice that is played live runs."""

from __future__ import annotations

import math
from typing import Any

from engine.dsp.compiled import FAST, njit


@njit(cache=True, fastmath=FAST, nogil=True)
def ring_on(
    state_re: Any,
    state_im: Any,
    turn_re: Any,
    turn_im: Any,
    left: Any,
    right: Any,
    rise_left: Any,
    rise_right: Any,
    drives: Any,
    drive_rises: Any,
    forces: Any,
    out_left: Any,
    out_right: Any,
) -> None:
    """Drive modes with ``forces`` ``[k, n]``, add what they give to left and right ``[n]``.

    Mode ``m`` has the state ``s`` (a complex number), which each frame turns by ``turn`` and adds each force times its
    ``drives`` ``[k, modes]`` to; it gives ``Im s`` times ``left[m]`` and ``right[m]``. All ``[modes]``. Levels and
    drives change by their rises with each frame.
    """
    n_modes = state_re.shape[0]
    for t in range(forces.shape[1]):
        sum_left = 0.0
        sum_right = 0.0
        for m in range(n_modes):
            re = turn_re[m] * state_re[m] - turn_im[m] * state_im[m]
            im = turn_re[m] * state_im[m] + turn_im[m] * state_re[m]
            state_re[m] = re
            state_im[m] = im
            sum_left += left[m] * im
            sum_right += right[m] * im
            left[m] += rise_left[m]
            right[m] += rise_right[m]
        for k in range(forces.shape[0]):
            push = forces[k, t]
            if push != 0.0:
                for m in range(n_modes):
                    state_re[m] += push * (drives[k, m] + t * drive_rises[k, m])
        out_left[t] += sum_left
        out_right[t] += sum_right


@njit(cache=True, nogil=True)
def push_on(starts: Any, lengths: Any, sizes: Any, out: Any) -> None:
    """Add contacts to ``out`` ``[n]``: from frame ``starts`` on (fractions allowed), as long as ``lengths`` in frames,
    of the sums ``sizes``; each frame has what was pushed since the one before. The shape is that of
    :meth:`engine.synths.impact_force.Contact.push`."""
    for i in range(starts.shape[0]):
        first = math.floor(starts[i])
        before = 0.0
        for t in range(first, min(math.ceil(starts[i] + lengths[i]) + 1, out.shape[0])):
            share = min(max((t + 1 - starts[i]) / lengths[i], 0.0), 1.0)
            sine = 0.5 * (1.0 - math.cos(math.pi * share))
            square = share - math.sin(2.0 * math.pi * share) / (2.0 * math.pi)
            done = 0.43 * sine + 0.57 * square
            out[t] += sizes[i] * (done - before)
            before = done


@njit(cache=True, fastmath=FAST, nogil=True)
def ring_out(
    state_re: Any,
    state_im: Any,
    turn_re: Any,
    turn_im: Any,
    left: Any,
    right: Any,
    rise_left: Any,
    rise_right: Any,
    out_left: Any,
    out_right: Any,
) -> None:
    """The same without any force."""
    n_modes = state_re.shape[0]
    for t in range(out_left.shape[0]):
        sum_left = 0.0
        sum_right = 0.0
        for m in range(n_modes):
            re = turn_re[m] * state_re[m] - turn_im[m] * state_im[m]
            im = turn_re[m] * state_im[m] + turn_im[m] * state_re[m]
            state_re[m] = re
            state_im[m] = im
            sum_left += left[m] * im
            sum_right += right[m] * im
            left[m] += rise_left[m]
            right[m] += rise_right[m]
        out_left[t] += sum_left
        out_right[t] += sum_right
