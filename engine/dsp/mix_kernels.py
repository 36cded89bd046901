"""Voices added up, compiled by numba.

They keep the interpreter's lock, as do the other entries that voices are played through: a block of a voice takes 0.2
ms, and to let others in after each one would cost up to 0.5 ms every time while somebody computes in Python.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from engine.dsp.compiled import FAST, njit

Frames = NDArray[np.float32]


@njit(cache=True, error_model="numpy", fastmath=FAST)
def mix(sound: Frames, left: int, fade: int, out: Frames, mono: NDArray[np.float64]) -> None:
    """Add ``sound`` ``[channels, n]`` to ``out`` ``[frames, 2]`` and write the mean of both sides to ``mono`` ``[n]``.

    ``left`` frames are left of a fade over ``fade`` frames; with -1 nothing fades.
    """
    last = sound.shape[0] - 1
    for j in range(sound.shape[1]):
        share = np.float32(1.0)
        if left >= 0:
            share = np.float32(0.5 - 0.5 * math.cos(math.pi * (left - 1 - j) / fade))
        one, two = sound[0, j] * share, sound[last, j] * share
        out[j, 0] += one
        out[j, 1] += two
        mono[j] = 0.5 * (one + two)
