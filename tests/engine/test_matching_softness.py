"""A strike that was fitted is played softer and harder than it was recorded: it is then duller and brighter too."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from steps import finished

from engine.audio import Audio
from engine.cli import main
from engine.matching.modes import Modes
from engine.matching.result import MatchResult
from engine.matching.strike_contact import suited
from engine.matching.strike_match import match
from engine.params import IMPACT_SPACE, Patch
from engine.synths.impact import ImpactSynth
from engine.synths.impact_force import Contact, push_spectrum
from engine.synths.impact_note import ImpactDecoder

RATE = 44_100
HZ = np.array([331.7, 812.3, 1_487.9, 2_913.0, 5_177.7, 7_420.0])
POT = Modes(HZ, np.array([6.0, 9.0, 14.0, 25.0, 60.0, 80.0]), np.array([0.2, 0.25, 0.1, 0.1, 0.05, 0.02]), np.zeros(6))


@pytest.fixture(scope="module")
def fitted() -> MatchResult:
    rng = np.random.default_rng(3)
    n = RATE // 2
    sound = POT.sound(n, RATE) + 0.1 * rng.standard_normal(n) * np.exp(-np.arange(n) / (0.02 * RATE))
    sound *= 0.95 / np.abs(sound).max()
    found, _ = finished(match(Audio(sound.astype(np.float32)[None], RATE), most_steps=20, seconds=600.0))
    assert isinstance(found, MatchResult)
    return found


def struck(patch: Patch, velocity: int, strike: int = 0, rate: int = 48_000) -> np.ndarray:
    unit = torch.tensor([patch.unit()], dtype=torch.float64)
    rng = torch.Generator().manual_seed(patch.seed)
    how = {"note": 60, "velocity": velocity, "hold_s": 0.5, "duration_s": 0.5, "sample_rate": rate}
    return ImpactSynth().render(unit, rng=rng, strike=strike, **how)[0].numpy()  # type: ignore[arg-type]


def centroid_hz(patch: Patch, velocity: int) -> float:
    sound = struck(patch, velocity).mean(0)
    power = np.abs(np.fft.rfft(sound * np.hanning(2 * sound.size)[sound.size :])) ** 2
    return float((power * np.fft.rfftfreq(sound.size, 1.0 / 48_000)).sum() / power.sum())


def test_what_was_fitted_is_duller_when_it_is_struck_softly(fitted: MatchResult) -> None:
    for candidate in fitted.candidates:
        soft, middle, hard = (centroid_hz(candidate.patch, velocity) for velocity in (30, 80, 120))
        assert soft < middle < hard
        assert hard > 1.15 * soft


def test_no_strike_of_what_was_fitted_exceeds_full_scale(fitted: MatchResult) -> None:
    patch = fitted.candidates[0].patch
    peaks = [np.abs(struck(patch, 127, strike, rate)).max() for rate in (44_100, 48_000) for strike in range(4)]
    assert 0.3 < max(peaks) < 10.0 ** (-0.5 / 20.0)


def test_what_was_fitted_has_a_whole_number_of_modes_and_computes_no_more(fitted: MatchResult) -> None:
    for candidate in fitted.candidates:
        modes = candidate.patch.values["modes"]
        assert isinstance(modes, float)
        assert modes == round(modes)
        unit = torch.tensor([candidate.patch.unit()], dtype=torch.float32)
        assert ImpactDecoder()(unit, 60, 100, 1.0).hz.shape[1] == modes


def test_the_pitch_that_is_said_is_that_of_a_partial() -> None:
    # 1300, 1950 and 2600 Hz: the ear hears 650 Hz, where there is nothing.
    hz = np.array([1_300.0, 1_950.0, 2_600.0])
    bell = Modes(hz, np.full(3, 4.0), np.array([0.2, 0.25, 0.2]), np.zeros(3))
    found, _ = finished(
        match(Audio(bell.sound(RATE, RATE).astype(np.float32)[None], RATE), most_steps=2, seconds=600.0)
    )
    assert found.pitch_hz == pytest.approx(1_300.0, rel=0.005)


@pytest.mark.parametrize("high", [0.5, 1.0, 2.0, 3.0])
def test_a_contact_suits_what_it_strikes(high: float) -> None:
    values = Patch("impact", {"shape": 6.0}).values
    modes = Modes(POT.hz * high, POT.damping, POT.amplitude, POT.phase)
    found = suited(modes, values, ())
    assert all(IMPACT_SPACE[name].low <= number <= IMPACT_SPACE[name].high for name, number in found.items())  # type: ignore[operator]
    unit = torch.tensor([IMPACT_SPACE.encode({**values, **found})])
    soft_s, usual_s = ImpactDecoder().contacts(unit, torch.tensor([30.0, 100.0], dtype=torch.float64))[0].tolist()
    # Below the first gap of its spectrum for the highest mode, and much longer when soft.
    assert usual_s < 1.75 / modes.hz.max()
    assert soft_s > 1.5 * usual_s


def test_what_is_locked_of_a_striker_stays() -> None:
    values = Patch("impact", {"striker_kg": 0.0777, "contact_stretch": 2.5}).values
    found = suited(POT, values, ("striker_kg", "contact_stretch"))
    assert (found["striker_kg"], found["contact_stretch"]) == (0.0777, 2.5)


def test_the_spectrum_of_a_push_is_that_of_its_samples() -> None:
    rate, seconds = 1_000_000, 0.001
    one = torch.ones(1, dtype=torch.float64)
    contact = Contact(seconds * one, *(0.0 * one for _ in range(9)), 0.0 * one, seed=0)
    push = contact.push(1_100, rate)[0].numpy()
    periods = np.array([0.0, 0.4, 0.5, 0.9, 1.0, 1.3, 2.6])
    turns = np.exp(-2j * np.pi * periods[:, None] * (np.arange(push.size) + 0.0) / (rate * seconds))
    assert np.abs(push_spectrum(periods)) == pytest.approx(np.abs((turns * push).sum(1)), abs=0.002)


def test_what_is_left_out_is_said_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rate = 11_025
    n = 8 * rate
    sound = 0.1 * np.random.default_rng(1).standard_normal(n) * np.exp(-np.arange(n) / (3.0 * rate))
    soundfile.write(tmp_path / "long.wav", sound, rate)
    arguments = ["match", str(tmp_path / "long.wav"), "--synth", "impact", "-o", str(tmp_path / "out.wav")]
    assert main([*arguments, "--seconds-budget", "0.5"]) == 0
    said = capsys.readouterr()
    assert (said.out + said.err).count("sounding seconds are matched") == 1
