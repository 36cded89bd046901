"""Predicted partials: what is measured in the sound stands where they say, as strong as they say."""

from __future__ import annotations

import math

import numpy as np
import pytest
from steps import finished

from engine.audio.momentary import levels_at, peaks_of
from engine.inline import render_inline
from engine.params import Patch
from engine.params.fm import N_OPERATORS, WAVES
from engine.params.fm_loops import loops_of, one_period, settled
from engine.params.fm_moment import Moment
from engine.params.fm_partials import named, predict
from engine.params.pictures import Partial
from engine.project.presets import preset_named
from engine.synths.fm_pictures import look, moment_of

RATE = 48_000
HELD = {f"op{n}_env{i}_db": 0.0 for n in range(1, 7) for i in (1, 2, 3)}


def moment(hz: dict[int, float], depths: dict[tuple[int, int], float], heard: tuple[int, ...] = (1,), **more) -> Moment:
    """Operators at full level; those without a frequency are silent."""
    numbers = range(1, N_OPERATORS + 1)
    return Moment(
        hz=tuple(hz.get(n, 100.0) for n in numbers),
        amplitude=tuple(1.0 if n in hz else 0.0 for n in numbers),
        output=tuple(1.0 if n in heard else 0.0 for n in numbers),
        shapes=more.get("shapes", (0,) * N_OPERATORS),
        depths=depths,
    )


def level_at(partials: tuple[Partial, ...], hz: float) -> float:
    found = [p for p in partials if abs(p.hz - hz) < 0.5]
    assert len(found) == 1
    return found[0].level_db


def seen(values: dict[str, float], at_s: float = 1.0, note: int = 60):
    """The spectrum of a held note of a patch with these values, at a moment."""
    patch = Patch("fm", values)
    audio = render_inline(patch, note=note, velocity=127, hold_s=2.0, duration_s=2.0, sample_rate=RATE)
    return finished(look(audio, patch, note, 127, 2.0, at_s))[0]


def strongest(spectrum, most: int = 10, depth_db: float = 50.0):
    peaks = sorted((p for p in spectrum.peaks if p.hz > 20), key=lambda peak: -peak.level_db)[:most]
    return [peak for peak in peaks if peak.level_db > peaks[0].level_db - depth_db]


def test_one_modulator_gives_bessel_functions_beside_the_carrier():
    bessel = {0: 0.2238907791, 1: 0.5767248078, 2: 0.3528340286, 3: 0.1289432495, 4: 0.0339957198}  # J_n(2)
    partials = predict(moment({1: 3000.0, 2: 401.0}, {(2, 1): 2.0})).partials
    for n, height in bessel.items():
        for side in (-1, 1):
            assert level_at(partials, 3000 + side * n * 401) == pytest.approx(20 * math.log10(height), abs=0.01)


def test_partials_below_zero_come_back_and_add_up_with_their_sign():
    # f_c - 2 f_m = -f_c for a ratio of 1: J_0 and J_2 meet, with opposite signs of the sine.
    partials = predict(moment({1: 500.0, 2: 500.0}, {(2, 1): 1.0})).partials
    j0, j2 = 0.7651976866, 0.1149034849
    assert level_at(partials, 500) == pytest.approx(20 * math.log10(j0 - j2), abs=0.01)
    first = next(p for p in partials if abs(p.hz - 500) < 0.5)
    assert first.formula == "op 1"


def test_formulas_read_as_sums_of_operators():
    assert Partial(1.0, 0.0, 1, ((1, 1), (3, 2))).formula == "op 1 + 2 x op 3"
    assert Partial(1.0, 0.0, 4, ((4, 1), (5, -1), (6, -3))).formula == "op 4 - op 5 - 3 x op 6"


def test_a_chain_has_the_sums_of_all_its_operators():
    partials = predict(moment({1: 2000.0, 2: 307.0, 3: 53.0}, {(2, 1): 1.0, (3, 2): 1.0})).partials
    j1, j0, j2 = 0.4400505857, 0.7651976866, 0.1149034849  # of 1
    assert level_at(partials, 2307) == pytest.approx(20 * math.log10(j1 * j0), abs=0.05)
    # The second sideband of a sideband of first order: exp(i k m y) bends its own modulator k times as far.
    assert level_at(partials, 2307 + 53) == pytest.approx(20 * math.log10(j1 * j1), abs=0.05)
    assert level_at(partials, 2307 + 106) == pytest.approx(20 * math.log10(j1 * j2), abs=0.05)
    assert next(p for p in partials if abs(p.hz - 2360) < 0.5).formula == "op 1 + op 2 + op 3"


@pytest.mark.parametrize("shape", range(len(WAVES)))
def test_waves_are_those_that_the_engine_plays(shape):
    import torch

    from engine.dsp.waves import shaped

    phase = torch.arange(256, dtype=torch.float64) * (2 * math.pi / 256)
    played = shaped(phase[None], [shape])[0].numpy()
    assert np.abs(played - one_period(shape)).max() < 1e-9


CASES = {
    "one modulator": {"mod_2_1_rad": 3.0, "op2_ratio": 1.41},
    "as far as it goes": {"mod_2_1_rad": 25.0, "op2_ratio": 1.41},
    "a fixed modulator": {"mod_2_1_rad": 2.0, "op2_mode": 1.0, "op2_fixed_hz": 333.0},
    "two carriers": {"mod_2_1_rad": 1.0, "op3_out_db": -6.0, "op3_ratio": 2.01, "mod_4_3_rad": 2.0, "op4_ratio": 3.5},
    "a fork": {"mod_3_1_rad": 1.0, "mod_3_2_rad": 1.0, "op2_out_db": 0.0, "op2_ratio": 2.7, "op3_ratio": 0.5},
    "a stack of four": {
        "mod_2_1_rad": 2.0,
        "mod_3_2_rad": 1.0,
        "mod_4_3_rad": 1.0,
        "op2_ratio": 1.41,
        "op3_ratio": 3.0,
    },
    "other waves": {"mod_2_1_rad": 2.0, "op2_ratio": 1.5, "op1_wave": 2.0, "op2_wave": 5.0},
    "feedback": {"mod_1_1_rad": 1.2, "mod_2_1_rad": 0.0},
    "strong feedback": {"mod_1_1_rad": 2.0, "mod_2_1_rad": 0.0},
    "feedback of the modulator": {"mod_2_2_rad": 1.0, "mod_2_1_rad": 2.0, "op2_ratio": 1.41},
    "feedback of a bent one": {"mod_1_1_rad": 0.8, "mod_2_1_rad": 1.0, "op2_ratio": 1.41},
    "a loop of two": {"mod_2_1_rad": 1.0, "mod_1_2_rad": 1.0, "op2_ratio": 2.1},
    "upwards without a loop": {"mod_1_2_rad": 2.0, "op1_out_db": -72.0, "op2_out_db": 0.0, "op2_ratio": 1.41},
}
ROUGH = {"a stack of four", "two carriers"}
"""Where two partials lie within a window's lobe, what is measured is their sum; what is faint is left out."""


@pytest.mark.parametrize("name", CASES)
def test_the_strongest_peaks_of_a_held_sound_are_where_and_as_strong_as_predicted(name):
    spectrum = seen({"mod_2_1_rad": 0.0, **HELD, **CASES[name]})
    peaks = strongest(spectrum)
    assert len(peaks) >= 2
    assert spectrum.noise_like == ()
    for peak in peaks:
        assert peak.partial is not None, f"{peak.hz:.1f} Hz"
        assert abs(peak.partial.hz - peak.hz) <= spectrum.hz_per_bin
    errors_db = [abs(peak.level_db - peak.partial.level_db) for peak in peaks]
    assert np.median(errors_db) < (1.0 if name in ROUGH else 0.2)
    assert max(errors_db) < (3.0 if name in ROUGH else 1.0)


def test_the_formula_of_a_peak_adds_up_to_its_frequency():
    values = {**HELD, "mod_2_1_rad": 3.0, "op2_ratio": 1.41, "mod_3_2_rad": 1.0, "op3_ratio": 0.27}
    spectrum = seen(values)
    ratios = {1: 1.0, 2: 1.41, 3: 0.27}
    for peak in strongest(spectrum):
        hz = sum(times * ratios[operator] for operator, times in peak.partial.order) * spectrum.note_hz
        assert abs(abs(hz) - peak.hz) <= spectrum.hz_per_bin


PRESETS = (
    "Brass Section",
    "Drawbar Organ",
    "Electric Piano",
    "Glass Pad",
    "Growl",
    "Metal Hit",
    "Nylon Pluck",
    "Solo Lead",
    "Tubular Bell",
)


@pytest.mark.parametrize("name", PRESETS)
def test_the_ten_strongest_peaks_of_a_preset_are_named_within_a_bin(name):
    patch = preset_named(name)
    audio = render_inline(patch, note=60, velocity=100, hold_s=1.0, duration_s=2.0, sample_rate=RATE)
    spectrum, _ = finished(look(audio, patch, 60, 100, 1.0, 0.5))
    peaks = strongest(spectrum)
    assert peaks
    assert [f"{peak.hz:.1f} Hz" for peak in peaks if peak.partial is None] == []
    assert np.median([abs(peak.level_db - peak.partial.level_db) for peak in peaks]) < 3.0


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"mod_1_1_rad": 12.0, "mod_2_1_rad": 0.0}, ("loop 1 > 1",)),
        ({"mod_2_1_rad": 6.0, "mod_1_2_rad": 6.0, "op2_ratio": 2.0}, ("loop 1 > 2 > 1",)),
    ],
)
def test_a_loop_that_never_settles_is_called_noise_like(values, words):
    spectrum = seen({**HELD, **values})
    assert spectrum.noise_like == words
    assert spectrum.partials == ()


def test_noise_in_a_loop_that_nobody_hears_is_not_spoken_of():
    spectrum = seen({**HELD, "mod_2_1_rad": 0.0, "mod_5_5_rad": 12.0, "op5_out_db": -72.0})
    assert spectrum.noise_like == ()
    assert [p.formula for p in spectrum.partials] == ["op 1"]


def test_what_a_noisy_loop_does_not_reach_is_still_told():
    spectrum = seen({**HELD, "mod_2_1_rad": 0.0, "mod_5_5_rad": 12.0, "op5_out_db": -30.0})
    assert spectrum.noise_like == ("loop 5 > 5",)
    assert strongest(spectrum)[0].partial.formula == "op 1"


def test_a_stack_too_dense_to_tell_says_so():
    hot = {f"mod_{n + 1}_{n}_rad": 8.0 for n in range(1, 6)}
    ratios = {f"op{n}_ratio": r for n, r in zip(range(1, 7), (1.0, 1.41, 3.03, 0.51, 7.1, 1.33), strict=True)}
    spectrum = seen({**HELD, **hot, **ratios})
    assert spectrum.noise_like == ("op 1 with what bends it",)


def test_what_no_operator_makes_is_laid_to_what_else_is_on():
    plain = seen({**HELD, "mod_2_1_rad": 0.0})
    assert plain.besides == ()
    driven = seen({**HELD, "mod_2_1_rad": 0.0, "drive_db": 24.0})
    assert driven.besides == ("drive",)
    third = min(driven.peaks, key=lambda peak: abs(peak.hz - 3 * driven.note_hz))
    assert third.level_db > -40, "saturation makes a third harmonic"
    assert third.partial is None


def test_partials_are_known_again_while_the_pitch_swings():
    spectrum = seen({**HELD, "mod_2_1_rad": 0.0, "vibrato_st": 0.3, "lfo_hz": 2.0}, at_s=0.9)
    assert strongest(spectrum)[0].partial is not None
    assert strongest(spectrum)[0].partial.formula == "op 1"


def test_levels_are_those_of_the_window_while_a_sound_dies():
    values = {"mod_2_1_rad": 0.0, "op1_env1_s": 0.001, "op1_env2_s": 0.5, "op1_env2_db": -36.0}
    spectrum = seen(values, at_s=0.25)
    (peak,) = strongest(spectrum, most=1)
    assert peak.partial.level_db == pytest.approx(peak.level_db, abs=1.0)


def test_loops_are_named_along_their_routes():
    whole = moment({1: 100.0, 2: 200.0, 3: 300.0, 4: 400.0}, {(3, 1): 1.0, (1, 2): 1.0, (2, 3): 1.0, (4, 4): 1.0})
    assert loops_of(whole) == [(1, 2, 3), (4,)]


def test_a_gentle_loop_settles_into_one_wave_whatever_it_began_from():
    wave = settled(moment({1: 220.0}, {(1, 1): 0.9}), (1,))
    assert wave is not None
    # Feedback leans a sine over: what falls, falls faster than it rose, and the harmonics fall off evenly.
    heights = np.abs(np.fft.rfft(wave))[1:6]
    assert (np.diff(heights) < 0).all()


def test_a_peak_is_named_after_the_strongest_partial_within_reach():
    partials = (
        Partial(99.0, -40.0, 1, ((1, 1),)),
        Partial(101.0, -10.0, 2, ((2, 1),)),
        Partial(110.0, 0.0, 3, ((3, 1),)),
    )
    peaks = named([(100.0, -9.0), (105.0, -50.0)], partials, 3.0)
    assert peaks[0].partial is partials[1]
    assert peaks[1].partial is None


def test_the_moment_knows_envelope_velocity_and_pitch():
    values = {"op1_env1_s": 0.5, "op1_velocity": 1.0, "pitch_env1_st": 12.0, "pitch_env1_s": 1.0, "op2_level_db": -6.0}
    soft, loud = (moment_of(Patch("fm", values), 69, velocity, 2.0, 0.25) for velocity in (64, 127))
    assert loud.hz[0] == pytest.approx(440 * 2**0.25, rel=1e-3)
    assert loud.amplitude[0] / soft.amplitude[0] == pytest.approx((127 / 64) ** 2, rel=1e-3)
    end = moment_of(Patch("fm", values), 69, 127, 2.0, 0.5)
    assert end.amplitude[0] == pytest.approx(1.0, rel=1e-3)
    assert loud.amplitude[0] < 0.9
    assert loud.depths[2, 1] == pytest.approx(1.5)


def test_a_full_sine_reads_zero_decibels_and_its_exact_frequency():
    t = np.arange(RATE) / RATE
    sound = np.sin(2 * np.pi * 1234.5 * t).astype(np.float32)[None]
    levels, hz_per_bin = levels_at(sound, RATE, 0.5)
    (peak,) = peaks_of(levels, hz_per_bin)
    assert peak[0] == pytest.approx(1234.5, abs=0.05 * hz_per_bin)
    assert peak[1] == pytest.approx(0.0, abs=0.05)


def test_silence_has_no_peaks():
    levels, hz_per_bin = levels_at(np.zeros((2, 2000), np.float32), 44_100, 0.01)
    assert peaks_of(levels, hz_per_bin) == []
