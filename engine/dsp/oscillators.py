"""Phases that stay exact for as long as a note lasts, and what keeps a tone below the Nyquist frequency."""

from __future__ import annotations

import math

import torch
from torch import Tensor

PHASE_BLOCK = 32
"""Frames between two exactly known phases. Within it a phase grows by at most 16 cycles, so float32 keeps it to
4e-6 rad (-108 dB), however late in the note."""

TWO_PI = 2.0 * math.pi


def phase_radians(cycles_per_frame: Tensor, first: int, n_frames: int, dtype: torch.dtype) -> Tensor:
    """Phase of a steady tone at frames ``first`` to ``first + n_frames``, zero at frame 0, up to whole turns.

    ``cycles_per_frame`` ``[rows]`` in float64 gives ``[rows, n_frames]`` in ``dtype``. A float32 product of frequency
    and frame number is off by 0.03 cycles after 20 s at 10 kHz; here every 32nd phase is taken modulo one cycle in
    float64 and the frames between add a short ramp. Gradients reach ``cycles_per_frame``.
    """
    n_blocks = -(-n_frames // PHASE_BLOCK)
    starts = torch.arange(n_blocks, dtype=torch.float64, device=cycles_per_frame.device) * PHASE_BLOCK + first
    within = torch.arange(PHASE_BLOCK, dtype=torch.float64, device=cycles_per_frame.device)
    anchors = torch.frac(cycles_per_frame[:, None] * starts) * TWO_PI
    ramp = cycles_per_frame[:, None] * (within * TWO_PI)
    phase = anchors.to(dtype)[:, :, None] + ramp.to(dtype)[:, None, :]
    return phase.flatten(1)[:, :n_frames]


def below_nyquist(cycles_per_frame: Tensor, width: float = 0.05) -> Tensor:
    """Weight 1 for tones that the sample rate can hold, falling to 0 over the last ``width`` cycles per frame.

    >>> [round(w, 6) for w in below_nyquist(torch.tensor([0.1, 0.475, 0.5, 3.0])).tolist()]
    [1.0, 0.5, 0.0, 0.0]
    """
    return ((0.5 - cycles_per_frame) / width).clamp(0.0, 1.0)
