"""Modes frame by frame, compiled: what a voice that is played live runs."""

from __future__ import annotations

from typing import Any

from engine.dsp.compiled import FAST, njit


@njit(cache=True, fastmath=FAST, nogil=True)
def ring_on(
    state_re: Any, state_im: Any, turn_re: Any, turn_im: Any, left: Any, right: Any, force: Any, out: Any
) -> None:
    """Drive modes with ``force`` ``[n]``, add what they give to ``out`` ``[2, n]``.

    Mode ``m`` has the state ``s`` (a complex number), which each frame turns by ``turn`` and adds the force to; it
    gives ``Im s`` times ``left[m]`` and ``right[m]``. All ``[modes]``.
    """
    n_modes = state_re.shape[0]
    for t in range(force.shape[0]):
        push = force[t]
        sum_left = 0.0
        sum_right = 0.0
        for m in range(n_modes):
            re = turn_re[m] * state_re[m] - turn_im[m] * state_im[m] + push
            im = turn_re[m] * state_im[m] + turn_im[m] * state_re[m]
            state_re[m] = re
            state_im[m] = im
            sum_left += left[m] * im
            sum_right += right[m] * im
        out[0, t] += sum_left
        out[1, t] += sum_right


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
    out: Any,
) -> None:
    """The same without a force; the levels change by ``rise_left`` and ``rise_right`` with each frame."""
    n_modes = state_re.shape[0]
    for t in range(out.shape[1]):
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
        out[0, t] += sum_left
        out[1, t] += sum_right
