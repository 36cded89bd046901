"""How a sound stops that is cut off before it is over."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.params.note import END_FADE_S


def faded_at_end(sound: Tensor, first: int, n_frames: int, rate: int) -> Tensor:
    """``sound`` ``[..., n]``, the frames from ``first`` on of a note of ``n_frames``, with a raised cosine at its
    end."""
    n = sound.shape[-1]
    fade = _fade_frames(n_frames, rate)
    if first + n <= n_frames - fade:
        return sound
    left = torch.arange(n_frames - 1 - first, n_frames - 1 - first - n, -1, dtype=sound.dtype, device=sound.device)
    return sound * (0.5 - 0.5 * torch.cos((left / fade).clamp(max=1.0) * math.pi))


def last_frames(n_frames: int, rate: int) -> NDArray[np.float64]:
    """What :func:`faded_at_end` multiplies the last frames of a note by."""
    fade = _fade_frames(n_frames, rate)
    return 0.5 - 0.5 * np.cos(np.arange(fade - 1, -1, -1) / fade * math.pi)


def _fade_frames(n_frames: int, rate: int) -> int:
    return max(min(round(END_FADE_S * rate), n_frames), 1)
