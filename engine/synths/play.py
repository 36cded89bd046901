"""A patch and a key to a sound in memory, step by step: what a render job runs."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
import torch
from numpy.typing import NDArray

from engine.audio.values import Audio
from engine.params import Patch
from engine.synths.catalog import synth_of

BLOCK_S = 1.0
"""Length of sound between two yields: about 5 ms of work."""


def play_patch(
    patch: Patch, *, note: float, velocity: float, hold_s: float, duration_s: float, sample_rate: int
) -> Generator[float, None, Audio]:
    """Play one note of ``patch``: yields the fraction done, returns the sound in float32."""
    blocks = synth_of(patch.synth).render_blocks(
        torch.tensor([patch.unit()], dtype=torch.float32),
        note=note,
        velocity=velocity,
        hold_s=hold_s,
        duration_s=duration_s,
        sample_rate=sample_rate,
        rng=torch.Generator().manual_seed(patch.seed),
        strike=patch.strike,
        block_frames=round(BLOCK_S * sample_rate),
    )
    n_frames = round(duration_s * sample_rate)
    parts: list[NDArray[np.float32]] = []
    done = 0
    for block in blocks:
        parts.append(block[0].numpy())
        done += block.shape[2]
        if done < n_frames:
            yield done / n_frames
    return Audio(np.concatenate(parts, axis=1), sample_rate)
