"""A note rendered and the same note played block by block, for every synth."""

from __future__ import annotations

import numpy as np
import torch

RATE = 48_000


def both(synth, patch, *, note=60, velocity=100, hold=14_400, n=24_000, rate=RATE, blocks=(480,), seed=0):
    """A render and the joined blocks of the same note ``[channels, n]``; the key goes up at frame ``hold``."""
    rendered = synth.render(
        torch.tensor([patch.unit()], dtype=torch.float64),
        note=note,
        velocity=velocity,
        hold_s=hold / rate,
        duration_s=(n + 500) / rate,  # its end is faded out
        sample_rate=rate,
        rng=torch.Generator().manual_seed(seed),
    )[0, :, :n].numpy()
    voice = synth.live(patch.values, note=note, velocity=velocity, seed=seed, sample_rate=rate)
    parts, at = [], 0
    while at < n:
        m = min(blocks[len(parts) % len(blocks)], (hold if at < hold else n) - at)
        parts.append(voice.process(m, at < hold))
        at += m
    live = np.concatenate(parts, 1)
    assert live.shape == rendered.shape
    assert live.dtype == np.float32
    return rendered, live
