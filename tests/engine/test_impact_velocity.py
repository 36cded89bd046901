"""A soft strike is softer and duller than a hard one, whatever is struck."""

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


def brightness_oct(sound, seconds=0.2):
    """Where its loudness lies, in octaves: thirds of octaves count by a power of their energy, as they do to the ear.
    How loud the whole is says nothing."""
    n = round(seconds * RATE)
    power = np.abs(np.fft.rfft(sound[:n] * np.hanning(2 * n)[n:])) ** 2
    octave = np.log2(np.fft.rfftfreq(n, 1.0 / RATE)[1:])
    thirds = np.floor(3.0 * octave).astype(int)
    energy = np.bincount(thirds, power[1:])[17:]
    loud = np.maximum(energy / energy.max() - 1e-7, 0.0) ** 0.25
    return float((loud * (np.arange(17, 17 + energy.size) + 0.5)).sum() / loud.sum() / 3.0)


def test_brightness_does_not_ask_how_loud_a_sound_is():
    noise = np.random.default_rng(0).standard_normal(RATE)
    assert brightness_oct(0.01 * noise) == pytest.approx(brightness_oct(noise), abs=1e-9)
    smooth = np.convolve(noise, np.ones(8) / 8.0)
    assert brightness_oct(smooth) < brightness_oct(noise) - 0.2


@pytest.mark.parametrize("patch", PRESETS, ids=lambda p: p.name)
def test_a_softer_strike_of_a_preset_is_softer_and_duller(patch):
    sounds = [struck(ImpactSynth(), patch, velocity) for velocity in LAYERS]
    levels_db = [10.0 * np.log10((sound**2).mean()) for sound in sounds]
    assert np.diff(levels_db).min() > 2.0
    bright = [brightness_oct(sound) for sound in sounds]
    assert np.diff(bright).min() > 0.005
    assert bright[-1] > bright[0] + 0.1


@pytest.mark.parametrize("patch", PRESETS, ids=lambda p: p.name)
def test_the_energy_of_a_soft_strike_lies_lower_and_not_in_its_first_instant_alone(patch):
    soft, middle, hard = (centroid_hz(struck(ImpactSynth(), patch, velocity)) for velocity in (30, 80, 120))
    assert soft < middle < hard
    assert hard > 1.08 * soft


def test_a_hard_striker_on_a_hard_object_is_dull_when_it_falls_softly():
    steel = Patch("impact", {"shape": 1.0, "material": 5.0, "striker_hardness": 1.0, "modes": 300.0})
    soft, hard = (centroid_hz(struck(ImpactSynth(), steel, velocity)) for velocity in (10, 127))
    assert hard > 1.2 * soft


def test_the_noise_of_a_contact_is_lower_when_it_is_soft():
    rough = Patch("impact", {"contact_db": 6.0, "contact_direct": 1.0, "damping_low": 8.0, "striker_hardness": 1.0})
    soft, hard = (centroid_hz(struck(ImpactSynth(), rough, velocity)) for velocity in (30, 120))
    assert hard > 1.3 * soft
