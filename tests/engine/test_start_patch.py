"""The first sound of the impact instrument answers hands: one hears where and how hard it is struck; nothing clips."""

import numpy as np
import pytest
import torch

from engine.bench import ear
from engine.params import SPACES, Patch
from engine.project.project import start_patch
from engine.synths.impact import ImpactSynth

RATE = 48_000
START = start_patch("impact")
HARDEST = 127.0


def struck(patch, velocity=100.0, key=60.0):
    """``[2, frames]``"""
    with torch.no_grad():
        sound = ImpactSynth().render(
            torch.tensor([patch.unit()], dtype=torch.float64),
            note=key,
            velocity=velocity,
            hold_s=0.5,
            duration_s=0.5,
            sample_rate=RATE,
            rng=torch.Generator().manual_seed(patch.seed),
        )
    return sound[0].numpy()


def centroid_hz(sound):
    mono = sound.mean(0)
    power = np.abs(np.fft.rfft(mono * np.hanning(2 * mono.size)[mono.size :])) ** 2
    return float((power * np.fft.rfftfreq(mono.size, 1.0 / RATE)).sum() / power.sum())


def test_every_instrument_begins_with_a_patch_of_its_own():
    for synth in SPACES:
        assert start_patch(synth).synth == synth
    assert start_patch("fm") == Patch("fm")
    assert Patch("impact") != START


def test_the_first_strike_is_as_loud_as_a_preset():
    sound = struck(START)
    assert 20.0 * np.log10(np.abs(sound).max()) > -11.0
    assert ear.loudest_lufs(sound, RATE) > -22.0


def test_where_it_is_struck_is_heard():
    places = [centroid_hz(struck(START.with_values(strike_x=x))) for x in (0.04, 0.1, 0.2, 0.3, 0.5)]
    assert max(places) > 2.0 * min(places)
    across = [centroid_hz(struck(START.with_values(strike_y=y))) for y in (0.02, 0.5)]
    assert across[0] > 1.15 * across[1]


def test_how_hard_it_is_struck_is_heard():
    soft, middle, hard = (struck(START, velocity) for velocity in (30.0, 80.0, HARDEST))
    assert 1.4 * centroid_hz(soft) < 1.2 * centroid_hz(middle) < 1.1 * centroid_hz(hard)
    assert np.abs(hard).max() > 5.0 * np.abs(soft).max()


@pytest.mark.parametrize("key", [36.0, 60.0, 84.0])
def test_even_its_loudest_corner_does_not_clip(key):
    for x, y in ((0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0), (0.04, 0.25)):
        assert np.abs(struck(START.with_values(strike_x=x, strike_y=y), HARDEST, key)).max() < 1.0
