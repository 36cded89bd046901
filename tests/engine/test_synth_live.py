"""Notes that are played while they sound are the notes that are rendered."""

import numpy as np
import pytest
import torch

from engine.params import Patch
from engine.params.fm import N_OPERATORS
from engine.project.presets import factory_presets
from engine.synths.fm import FmSynth

RATE = 48_000
FULL_SCALE_SHARE = 1e-4


@pytest.fixture(scope="module")
def fm():
    return FmSynth()


def both(fm, patch, *, note=60, velocity=100, hold=14_400, n=24_000, rate=RATE, blocks=(480,), seed=0):
    """A render and the joined blocks of the same note ``[channels, n]``; the key goes up at frame ``hold``."""
    rendered = fm.render(
        torch.tensor([patch.unit()], dtype=torch.float64),
        note=note,
        velocity=velocity,
        hold_s=hold / rate,
        duration_s=(n + 500) / rate,  # its end is faded out
        sample_rate=rate,
        rng=torch.Generator().manual_seed(seed),
    )[0, :, :n].numpy()
    voice = fm.live(patch.values, note=note, velocity=velocity, seed=seed, sample_rate=rate)
    parts, at = [], 0
    while at < n:
        m = min(blocks[len(parts) % len(blocks)], (hold if at < hold else n) - at)
        parts.append(voice.process(m, at < hold))
        at += m
    live = np.concatenate(parts, 1)
    assert live.shape == rendered.shape
    assert live.dtype == np.float32
    return rendered, live


@pytest.mark.parametrize("name", [patch.name for patch in factory_presets()])
def test_every_factory_preset_is_played_as_it_is_rendered(fm, name):
    (patch,) = [p for p in factory_presets() if p.name == name]
    rendered, live = both(fm, patch, blocks=(480, 441, 64))
    assert np.abs(rendered).max() > 0.01
    assert np.abs(rendered - live).max() < FULL_SCALE_SHARE


def test_notes_end(fm):
    patch = Patch("fm", {f"op{n}_env4_s": 0.05 for n in range(1, N_OPERATORS + 1)})
    voice = fm.live(patch.values, note=60, velocity=100)
    for _ in range(20):
        voice.process(480, True)
    assert not voice.ended
    for _ in range(20):
        voice.process(480, False)
    assert voice.ended
