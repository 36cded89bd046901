"""A patch of the impact instrument is found for a strike: its modes, its noise and its level are heard, and nothing
locked is touched."""

from __future__ import annotations

import json
import math
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from steps import finished

from engine.audio import Audio, Clip, resample
from engine.cli import main
from engine.dsp.log_mel import LogMelTarget, log_mel_error_db
from engine.errors import AudioError, BadUsage, PatchError
from engine.inline import match_inline, matched_sound, render_inline
from engine.jobs import Note
from engine.matching.modes import Modes, find_modes
from engine.matching.result import MatchResult
from engine.matching.strike_match import match
from engine.matching.strike_presets import pitches_hz, shifts_st
from engine.matching.strike_scene import StrikeScene
from engine.matching.strikes import hear_strike, is_single
from engine.params import IMPACT_SPACE, Patch
from engine.project.presets import factory_presets
from engine.synths.impact_note import ImpactDecoder

RATE = 44_100
PRESETS = [patch for patch in factory_presets() if patch.synth == "impact"][::12]
LONG = {"seconds": 600.0}
"""What ends these matches are their steps, however busy the machine."""


def pot(seconds: float = 0.5, noise: float = 0.0, seed: int = 3) -> Audio:
    """Five modes, and the noise of the contact, after a little silence."""
    rng = np.random.default_rng(seed)
    hz, damping = np.array([331.7, 812.3, 1_487.9, 2_913.0, 5_177.7]), np.array([6.0, 9.0, 14.0, 25.0, 60.0])
    modes = Modes(hz, damping, np.array([0.2, 0.25, 0.1, 0.1, 0.05]), np.zeros(5))
    n = round(seconds * RATE)
    sound = modes.sound(n, RATE) + noise * rng.standard_normal(n) * np.exp(-np.arange(n) / (0.02 * RATE))
    return Audio(np.pad(sound, (RATE // 10, 0)).astype(np.float32)[None], RATE)


def quick(target: Audio, **options: object) -> tuple[MatchResult, list[Note]]:
    return finished(match(target, most_steps=10, **{**LONG, **options}))  # type: ignore[arg-type]


def mono(result: MatchResult, rate: int = RATE) -> np.ndarray:
    return matched_sound(result, rate).read(0, 10 * rate).samples.mean(0).astype(np.float64)


def test_the_modes_of_a_strike_become_the_modes_of_the_patch() -> None:
    result, _ = finished(match(pot(), most_steps=40, **LONG))
    note = ImpactDecoder()(torch.tensor([result.candidates[0].patch.unit()], dtype=torch.float64), 60, 100, 1.0)
    level = note.amplitude[0, 0].abs().numpy()
    for hz, damping in ((331.7, 6.0), (812.3, 9.0), (1_487.9, 14.0), (2_913.0, 25.0)):
        near = np.abs(1_200.0 * np.log2(note.hz[0].numpy() / hz)) < 30.0
        loudest = int(np.argmax(np.where(near, level, 0.0)))
        assert 1_200.0 * math.log2(float(note.hz[0, loudest]) / hz) == pytest.approx(0.0, abs=1.5)
        assert float(note.damping[0, loudest]) == pytest.approx(damping, rel=0.1)


def test_what_is_found_is_as_loud_begins_at_the_strike_and_is_much_nearer_than_any_preset() -> None:
    target = pot(noise=0.02)
    result, _ = quick(target, presets=PRESETS, name="Pot")
    best = result.candidates[0]
    assert result.start_s == pytest.approx(0.1, abs=0.001)
    assert best.distance_db < 0.5 * result.preset_db
    assert best.patch.name == "Pot"
    sound, wanted = mono(result), target.samples[0].astype(np.float64)
    assert 10.0 * math.log10(np.square(sound).sum() / np.square(wanted).sum()) == pytest.approx(0.0, abs=0.5)
    first = round(result.start_s * RATE)
    # What is told is what is heard.
    assert log_mel_error_db(wanted[first:], sound[first:], RATE) == pytest.approx(best.distance_db, abs=0.1)


def test_the_noise_of_a_contact_lasts_as_long_as_the_recordings() -> None:
    rng = np.random.default_rng(2)
    time_s = np.arange(RATE // 2) / RATE
    sound = 0.3 * rng.standard_normal(time_s.size) * 1_000.0 ** (-time_s / 0.25)
    result, _ = quick(Audio(sound.astype(np.float32)[None], RATE))
    energy = np.cumsum(np.square(mono(result)))
    assert np.searchsorted(energy, 0.9 * energy[-1]) / RATE == pytest.approx(0.25 / 6.0, rel=0.3)


def test_noise_that_does_not_fall_goes_on() -> None:
    steady = 0.1 * np.random.default_rng(2).standard_normal((1, 2 * RATE)).astype(np.float32)
    result, _ = quick(Audio(steady, RATE))
    sound = mono(result)
    early, late = (float(np.square(part).mean()) for part in (sound[: RATE // 2], sound[-RATE // 2 : -100]))
    assert 10.0 * math.log10(late / early) == pytest.approx(0.0, abs=3.0)
    assert result.candidates[0].distance_db < 4.0


def test_what_is_locked_keeps_its_value_exactly() -> None:
    current = Patch("impact", {"size_m": 0.123456, "material": 5.0, "contact_s": 0.0777, "modes": 20.0, "shape": 1.0})
    locked = ("size_m", "material", "contact_s", "modes", "shape", "mode_pitch_st")
    result, notes = quick(pot(), current=current, locked=locked, presets=PRESETS)
    previews = [candidate for note in notes for candidate in note.preview or ()]
    assert previews
    for candidate in (*result.candidates, *previews):
        for name in locked:
            assert candidate.patch.values[name] == current.values[name]


def test_the_same_seed_gives_the_same_patch() -> None:
    one, again = (quick(pot(noise=0.1), seed=4)[0] for _ in range(2))
    assert [c.patch for c in one.candidates] == [c.patch for c in again.candidates]
    assert one.candidates[0].patch.seed == 4


def test_what_comes_is_never_worse_than_the_nearest_preset() -> None:
    preset = PRESETS[0]
    audio = render_inline(preset, note=60, hold_s=1.0, duration_s=0.6, sample_rate=RATE)
    result, _ = finished(match(audio, most_steps=1, presets=[preset], **LONG))  # type: ignore[arg-type]
    assert result.preset_name == preset.name
    assert result.preset_db < 0.5
    assert result.candidates[0].distance_db <= result.preset_db + 0.01


@pytest.mark.parametrize("looked_at", [12, 1])
def test_where_nothing_else_is_near_the_best_of_the_presets_at_its_best_pitch_comes(
    monkeypatch: pytest.MonkeyPatch, looked_at: int
) -> None:
    target = pot(0.4, noise=0.3)
    struck = hear_strike(target)
    scene = StrikeScene(LogMelTarget(torch.from_numpy(struck.samples).float(), RATE), RATE, 0, ImpactDecoder())
    wanted_hz = pitches_hz(struck, find_modes(struck.samples, RATE))
    wanted_db = math.inf
    for preset in PRESETS:
        place, own = IMPACT_SPACE["transpose_st"], float(preset.values["transpose_st"])  # type: ignore[arg-type]
        shifted = [
            preset.with_values(transpose_st=place.clamp(own + shift)).unit() for shift in shifts_st(preset, wanted_hz)
        ]
        wanted_db = min(wanted_db, float(scene.errors_db(torch.tensor(shifted)).min()))
    hum = torch.tensor(Patch("impact", {"transpose_st": -48.0, "room": 0.0}).unit())
    for name in ("_MOST_LOOKED_AT", "_FEWEST_LOOKED_AT"):
        monkeypatch.setattr(f"engine.matching.strike_presets.{name}", looked_at)
    monkeypatch.setattr("engine.matching.strike_match._Fit._starts", lambda fit, modes, n: [hum])
    result, _ = finished(match(target, most_steps=1, presets=PRESETS, **LONG))  # type: ignore[arg-type]
    assert result.candidates[0].distance_db == pytest.approx(wanted_db, abs=0.01)
    assert result.preset_db == pytest.approx(wanted_db, abs=0.01)


@pytest.mark.parametrize(("rate", "seconds"), [(8_000, 0.2), (48_000, 0.038)])
def test_a_strike_that_is_shorter_than_a_window_is_matched(rate: int, seconds: float) -> None:
    time_s = np.arange(round(seconds * rate)) / rate
    sound = 0.5 * np.sin(2.0 * np.pi * 900.0 * time_s) * np.exp(-4.0 / seconds * time_s)
    target = Audio(sound.astype(np.float32)[None], rate)
    result, _ = finished(match(target, most_steps=2, presets=PRESETS[:2], **LONG))  # type: ignore[arg-type]
    assert result.duration_s == pytest.approx(seconds, abs=0.001)
    assert result.candidates[0].distance_db < result.preset_db
    assert result.preset_name in [preset.name for preset in PRESETS[:2]]
    spectrum = np.abs(np.fft.rfft(mono(result, rate), n=10 * rate))
    assert spectrum.argmax() / 10.0 == pytest.approx(900.0, rel=0.02)


def test_once_its_time_is_over_no_more_presets_are_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    hum = torch.tensor(Patch("impact", {"transpose_st": -48.0, "room": 0.0}).unit())
    for name in ("_MOST_LOOKED_AT", "_FEWEST_LOOKED_AT"):
        monkeypatch.setattr(f"engine.matching.strike_presets.{name}", 1)
    monkeypatch.setattr("engine.matching.strike_match._Fit._starts", lambda fit, modes, n: [hum])
    heard: list[StrikeScene] = []
    errors_db = StrikeScene.errors_db
    monkeypatch.setattr(StrikeScene, "errors_db", lambda scene, units: heard.append(scene) or errors_db(scene, units))
    target = pot(0.1, noise=0.3)
    counts = []
    for seconds in (600.0, 1e-3):
        heard.clear()
        result, _ = finished(match(target, most_steps=1, presets=PRESETS, seconds=seconds))
        counts.append(len(heard))
        assert result.candidates[0].distance_db <= result.preset_db + 0.01
    assert counts[0] - counts[1] == len(PRESETS) - 1


def test_of_several_strikes_the_first_is_matched_and_that_is_said() -> None:
    one = pot(0.5, noise=0.1).samples
    result, _ = quick(Audio(np.concatenate([one, one], axis=1), RATE))
    assert result.duration_s == pytest.approx(0.55, abs=0.06)
    assert "first one" in result.notice


def test_both_sides_of_a_stereo_recording_are_heard() -> None:
    left = pot(noise=0.1).samples[0]
    stereo, narrow = Audio(np.stack([left, 0.5 * left]), RATE), Audio(np.stack([left, left]), RATE)
    found = [quick(audio)[0] for audio in (stereo, narrow)]
    assert found[0].candidates[0].distance_db < 3.0
    sides = [matched_sound(result, RATE).read(0, RATE).samples for result in found]
    apart = [np.square(left - right).sum() / np.square(left + right).sum() for left, right in sides]
    assert 0.01 < apart[0] < 0.3
    assert apart[1] < 1e-6


@pytest.mark.parametrize(
    ("sound", "words"),
    [(np.zeros(RATE), "silent"), (np.zeros(0), "empty"), (np.ones(200), "30 ms"), (np.full(RATE, np.nan), "finite")],
)
def test_what_is_no_strike_gets_one_sentence(sound: np.ndarray, words: str) -> None:
    with pytest.raises(AudioError, match=words) as refused:
        quick(Audio(sound.astype(np.float32)[None], RATE))
    assert str(refused.value).count(".") == 1


def test_a_recording_of_a_high_rate_is_matched_as_well() -> None:
    high = resample(pot(0.3), 192_000)
    result, _ = quick(high)
    assert result.start_s == pytest.approx(0.1, abs=0.001)
    assert result.candidates[0].distance_db < 2.0


def test_a_click_alone_is_matched() -> None:
    sound = np.zeros(RATE // 4)
    sound[1_000] = 0.8
    result, _ = quick(Audio(sound.astype(np.float32)[None], RATE))
    assert math.isfinite(result.candidates[0].distance_db)


def test_of_ten_minutes_the_first_seconds_are_matched_and_that_is_said() -> None:
    long = np.zeros((1, 600 * 8_000), np.float32)
    rng = np.random.default_rng(1)
    long[0, 80_000:] = (
        0.1 * rng.standard_normal(long.shape[1] - 80_000) * np.exp(-np.arange(long.shape[1] - 80_000) / 8e5)
    )
    said: list[tuple[float, str]] = []
    result = match_inline(
        Clip.of(Audio(long, 8_000), "long"),
        synth="impact",
        seconds=0.5,
        on_note=lambda note: said.append((note.fraction or 0.0, note.notice)),
    )
    assert [words for fraction, words in said if fraction <= 0.01 and words] == [result.notice], "before the work"
    assert result.duration_s <= 6.0
    assert "first 6" in result.notice


def test_a_match_that_is_given_up_ends_at_once_and_leaves_no_threads() -> None:
    before = threading.active_count()
    steps = match(pot(noise=0.1), presets=PRESETS, **LONG)  # type: ignore[arg-type]
    for _ in range(20):
        next(steps)
    begun = time.process_time()
    steps.close()
    assert time.process_time() - begun < 5.0
    assert threading.active_count() == before


def test_an_unknown_synth_a_foreign_patch_and_an_unknown_lock_are_refused() -> None:
    clip = Clip.of(pot(), "pot")
    with pytest.raises(BadUsage, match="fm and impact, not 'drum'"):
        match_inline(clip, synth="drum")
    with pytest.raises(BadUsage, match="no values that the impact synth could keep"):
        match_inline(clip, synth="impact", current=Patch("fm"), locked=("gain_db",))
    with pytest.raises(PatchError, match="op1_ratio"):
        match_inline(clip, synth="impact", locked=("op1_ratio",))


def test_a_recording_becomes_an_impact_patch_on_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out, patch = tmp_path / "pot.wav", tmp_path / "out.wav", tmp_path / "patch.json"
    soundfile.write(source, pot(0.3).samples[0], RATE, subtype="FLOAT")
    arguments = ["match", str(source), "--synth", "impact", "-o", str(out), "--save-patch", str(patch)]
    assert main([*arguments, "--seconds-budget", "4", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["distance_db"] < told["preset_db"]
    found = Patch.loads(patch.read_text())
    assert (found.synth, found.name) == ("impact", "Like pot")
    sound, rate = soundfile.read(out)
    assert rate == RATE
    assert len(sound) == pytest.approx(0.4 * RATE, abs=60)


def test_one_strike_that_decays_is_told_from_what_is_none() -> None:
    def single(samples: np.ndarray) -> bool:
        return is_single(samples.astype(np.float64), RATE)

    one = hear_strike(pot(0.6, noise=0.1)).samples
    assert single(one)
    assert not single(np.concatenate([one, one]))
    assert not single(np.random.default_rng(0).standard_normal(RATE))


@pytest.mark.data
@pytest.mark.parametrize(
    "name",
    [
        "glass_impact__glass_clink_005",
        "wood_impact__axe_chopping_a_tree_001",
        "rock_impact__chipping_ice_001",
    ],
)
def test_real_strikes_come_much_nearer_than_the_nearest_preset(shared_data: Path, name: str) -> None:
    samples, rate = soundfile.read(shared_data / "sounds" / f"{name}.ogg", dtype="float32", always_2d=True)
    target = Audio(np.ascontiguousarray(samples.T), rate)
    result, _ = finished(match(target, most_steps=30, presets=PRESETS, **LONG))  # type: ignore[arg-type]
    assert result.candidates[0].distance_db < 0.5 * result.preset_db


def test_every_parameter_that_descends_is_there() -> None:
    from engine.matching.strike_descent import SPEEDS

    assert all(IMPACT_SPACE[name].is_continuous for name in SPEEDS)


def test_the_best_so_far_is_as_loud_as_the_recording_and_the_hardest_strike_fits_under_full_scale() -> None:
    target = pot(noise=0.02)
    loud = Audio(target.samples * (0.85 / float(np.abs(target.samples).max())), RATE)
    result, notes = quick(loud)
    previews = [candidate for note in notes for candidate in (note.preview or ())[:1]]
    assert previews
    for candidate in (previews[0], previews[-1], *result.candidates):
        for velocity, highest in ((candidate.note.velocity, 0.9), (127, 10 ** (-1.0 / 20.0))):
            sound = render_inline(candidate.patch, note=60, velocity=velocity, duration_s=0.6, sample_rate=RATE)
            assert 0.05 < sound.peak < highest
