"""A soft strike is softer and duller than a hard one, whatever is struck."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from engine.params import Patch
from engine.project.presets import factory_presets
from engine.synths.impact import ImpactSynth

RATE = 48_000
PRESETS = [p for p in factory_presets() if p.synth == "impact"]
LAYERS = (16, 48, 80, 112)


def struck(synth, patch, velocity, seconds=0.5):
    unit = torch.tensor([patch.unit()], dtype=torch.float64)
    rng = torch.Generator().manual_seed(patch.seed)
    settings = {"note": 60, "velocity": velocity, "hold_s": seconds, "duration_s": seconds, "sample_rate": RATE}
    return synth.render(unit, rng=rng, **settings)[0].mean(0).numpy()


def centroid_hz(sound):
    """Middle of the energy over frequency."""
    power = np.abs(np.fft.rfft(sound * np.hanning(2 * sound.size)[sound.size :])) ** 2
    return float((power * np.fft.rfftfreq(sound.size, 1.0 / RATE)).sum() / power.sum())


@pytest.mark.parametrize("patch", PRESETS, ids=lambda p: p.name)
def test_a_softer_strike_of_a_preset_is_softer_and_duller(patch):
    sounds = [struck(ImpactSynth(), patch, velocity) for velocity in LAYERS]
    levels_db = [10.0 * np.log10((sound**2).mean()) for sound in sounds]
    assert np.diff(levels_db).min() > 2.0
    middles = [centroid_hz(sound) for sound in sounds]
    # Of a mallet on a bar hardly more than its lowest mode is heard, which no softness makes lower.
    assert all(hard > 0.99 * soft for soft, hard in pairwise(middles))
    assert middles[-1] > 1.02 * middles[0]


def test_a_hard_striker_on_a_hard_object_is_dull_when_it_falls_softly():
    steel = Patch("impact", {"shape": 1.0, "material": 5.0, "striker_hardness": 1.0, "modes": 300.0})
    soft, hard = (centroid_hz(struck(ImpactSynth(), steel, velocity)) for velocity in (10, 127))
    assert hard > 1.2 * soft


def test_the_noise_of_a_contact_is_lower_when_it_is_soft():
    rough = Patch("impact", {"contact_db": 6.0, "contact_direct": 1.0, "damping_low": 8.0, "striker_hardness": 1.0})
    soft, hard = (centroid_hz(struck(ImpactSynth(), rough, velocity)) for velocity in (30, 120))
    assert hard > 1.3 * soft
