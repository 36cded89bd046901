"""From floats to whole numbers: rounding, dither and clipping."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

DITHER_BITS = 16
"""Down to so many bits dither is added; at 24 bits the rounding error is below every converter's own noise."""


def to_integers(frames: NDArray[np.float32], bits: int, rng: np.random.Generator) -> tuple[NDArray[np.int32], int]:
    """``frames`` (any shape, nominal -1..1) as ``bits``-bit numbers, left-justified in 32 bits, and how many clipped.

    At 16 bits or fewer, triangular dither of one step to either side (Lipshitz, Wannamaker and Vanderkooy,
    "Quantization and dither", 1992) turns the rounding error into a steady hiss. Samples that already lie on the steps
    of the target need none: a block of such samples (silence, 16-bit material) passes unchanged.
    """
    steps = frames.astype(np.float64) * 2.0 ** (bits - 1)
    rounded = np.rint(steps)
    if bits <= DITHER_BITS and not np.array_equal(rounded, steps):
        rounded = np.rint(steps + rng.random(steps.shape) - rng.random(steps.shape))
    n_clipped = int(np.count_nonzero(np.abs(frames) > 1.0))
    top = 2 ** (bits - 1)
    whole = np.clip(rounded, -top, top - 1).astype(np.int64) << (32 - bits)
    return whole.astype(np.int32), n_clipped
