"""An object, its room and the noise of its contact are as loud at every sample rate."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import torch
from live_and_render import both
from numpy.typing import NDArray
from steps import finished

from engine.audio import Audio, resample
from engine.matching.strike_match import match
from engine.params import Patch
from engine.params.impact import LEVEL_FLOOR_DB, MATERIALS, N_MODES
from engine.synths.impact import ImpactSynth

Floats = NDArray[np.float64]

USUAL = 48_000
SECONDS = 0.3
RATES = (8_000, 22_050, 44_100, 96_000, 192_000)
HEARD_HZ = (60.0, 3_500.0)
SYNTH = ImpactSynth()
DULL = {"material": float(MATERIALS.index("plastic")), "damping_low": 20.0, "striker_hardness": 1.0}
HISS = {"contact_db": 0.0, "contact_s": 0.2, "contact_oct": 5.0}
BESIDE = {"mode_level_db": (LEVEL_FLOOR_DB,) * N_MODES, "contact_into": 0.0, "contact_direct": 1.0}

PARTS: dict[str, tuple[dict[str, Any], dict[str, Any] | None, int]] = {
    "modes": ({}, None, 1),
    "room": ({"room": 1.0, "room_s": 0.5}, {"room": 0.0}, 4),
    "dark room": ({"room": 1.0, "room_s": 0.5, "room_damping": 1.0}, {"room": 0.0}, 4),
    "noise into": ({**HISS, "contact_into": 1.0, "contact_direct": 0.0}, {"contact_db": LEVEL_FLOOR_DB}, 8),
    "noise beside": ({**HISS, **BESIDE}, None, 4),
    "crackles": ({**HISS, **BESIDE, "contact_grain": 0.8}, None, 8),
    "banded": ({**HISS, **BESIDE, "contact_band_db": (0.0, -6.0, 6.0, 3.0) * 4}, None, 4),
}
"""What is listened to: a patch, what of it is to be left out, and how many seeds tell its level."""


def struck(values: Mapping[str, Any], rate: int, seed: int) -> Floats:
    """One strike ``[2, frames]``."""
    unit = torch.tensor([Patch("impact", values).unit()], dtype=torch.float64)
    asked = {"note": 60, "velocity": 100, "hold_s": 1.0, "duration_s": SECONDS, "sample_rate": rate}
    with torch.no_grad():
        found: Floats = SYNTH.render(unit, **asked, rng=torch.Generator().manual_seed(seed))[0].numpy()
    return found


def energy(sound: Floats, rate: int, band_hz: tuple[float, float] = HEARD_HZ) -> float:
    """Of the part of ``sound`` ``[sides, frames]`` in a band, in squared amplitude times seconds."""
    power = np.abs(np.fft.rfft(sound) / rate) ** 2
    hz = np.fft.rfftfreq(sound.shape[1], 1.0 / rate)
    return float(power[:, (hz > band_hz[0]) & (hz < band_hz[1])].sum()) * rate / sound.shape[1]


def level_db(part: str, rate: int) -> float:
    """How loud one part of the sound is, over several seeds."""
    whole, rest, n_seeds = PARTS[part]
    found = 0.0
    for seed in range(n_seeds):
        without = struck({**DULL, **whole, **rest}, rate, seed) if rest else 0.0
        found += energy(struck({**DULL, **whole}, rate, seed) - without, rate)
    return 10.0 * math.log10(found)


@pytest.mark.parametrize("part", PARTS)
def test_every_part_of_a_strike_is_as_loud_at_every_rate(part: str) -> None:
    usual = level_db(part, USUAL)
    for rate in RATES:
        assert level_db(part, rate) == pytest.approx(usual, abs=1.0), rate


def test_as_many_crackles_a_second_stand_out_at_every_rate() -> None:
    patch = {**HISS, **BESIDE, "contact_s": 4.0, "contact_grain": 1.0}
    peakedness = {}
    for rate in (USUAL, *RATES):
        # What all rates have: above, a low one would have fewer.
        low = [resample(Audio(struck(patch, rate, seed).astype(np.float32), rate), 8_000) for seed in range(3)]
        found = [float((one.samples**4).mean() / (one.samples**2).mean() ** 2) for one in low]
        peakedness[rate] = float(np.median(found))
    assert peakedness[USUAL] > 10.0
    for rate in RATES:
        assert peakedness[rate] == pytest.approx(peakedness[USUAL], rel=0.5), peakedness


@pytest.mark.parametrize("rate", RATES)
def test_a_rough_strike_in_a_room_is_played_as_it_is_rendered_at_every_rate(rate: int) -> None:
    patch = Patch("impact", {**DULL, **HISS, "contact_direct": 0.5, "contact_grain": 0.5, "room": 0.6}, 5)
    rendered, live = both(SYNTH, patch, hold=rate // 5, n=rate // 4, rate=rate, blocks=(441, 64), seed=5)
    loudest = np.abs(rendered).max()
    assert loudest > 1e-3
    assert np.abs(rendered - live).max() < 1e-5 * loudest


def test_what_is_found_for_a_recording_of_a_low_rate_is_as_loud_at_a_high_one() -> None:
    low = 16_000
    rng = np.random.default_rng(2)
    time_s = np.arange(low // 2) / low
    tone = 0.1 * np.sin(2.0 * math.pi * 700.0 * time_s) * np.exp(-20.0 * time_s)
    hiss = 0.2 * rng.standard_normal(time_s.size) * 1_000.0 ** (-time_s / 0.2)
    target = Audio((tone + hiss).astype(np.float32)[None], low)
    result, _ = finished(match(target, seconds=600.0, most_steps=6))
    best = result.candidates[0].patch
    levels = []
    for rate in (low, USUAL):
        sounds = (struck(best.values, rate, seed) for seed in range(4))
        levels.append(sum(energy(sound, rate, (900.0, 6_000.0)) for sound in sounds))
    assert 10.0 * math.log10(levels[1] / levels[0]) == pytest.approx(0.0, abs=1.0)
