"""DX7 voices as patches and back: numbers keep their meaning, and what cannot be kept is said."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.bench.dx7 import pairs
from engine.dsp.distance import log_spectral_distance_db
from engine.dsp.pitch import steady_pitch_hz
from engine.errors import PatchError
from engine.inline import render_inline
from engine.params import FM_SPACE, Patch
from engine.params.fm import LFO_WAVES, WAVES
from engine.project.dx7 import Dx7Operator, Dx7Voice, from_patch, tables, to_patch
from engine.project.dx7.voice import LFO_WAVES as DX7_WAVES
from engine.project.presets import preset_named

HELD = {"rates": (99, 99, 99, 99), "levels": (99, 99, 99, 0)}


def stack(*operators: Dx7Operator, **voice: object) -> Dx7Voice:
    """A voice of the given operators, 1 first; the others are silent."""
    return replace(Dx7Voice(operators=(*operators, *[Dx7Operator()] * (6 - len(operators)))), **voice)


def random_voice(seed: int) -> Dx7Voice:
    """A voice of possible values whose operators all sound and whose levels do not touch their lower ends."""
    rng = random.Random(seed)

    def quad(low: int, high: int) -> tuple[int, int, int, int]:
        return tuple(rng.randint(low, high) for _ in range(4))  # type: ignore[return-value]

    def operator() -> Dx7Operator:
        return Dx7Operator(
            rates=quad(3, 99),
            levels=quad(40, 99),
            break_point=rng.randint(0, 99),
            left_depth=rng.randint(1, 99),
            right_depth=rng.randint(1, 99),
            left_curve=rng.randint(0, 3),
            right_curve=rng.randint(0, 3),
            rate_scaling=rng.randint(0, 7),
            velocity=rng.randint(0, 7),
            amp_sensitivity=rng.randint(0, 3),
            level=rng.randint(40, 99),
            mode=rng.randint(0, 1),
            coarse=rng.randint(0, 31),
            fine=rng.randint(0, 99),
            detune=rng.randint(0, 14),
        )

    return Dx7Voice(
        tuple(operator() for _ in range(6)),
        pitch_rates=quad(2, 99),
        pitch_levels=quad(0, 99),
        lfo_speed=rng.randint(0, 99),
        lfo_delay=rng.randint(0, 99),
        lfo_pitch_depth=rng.randint(0, 99),
        lfo_amp_depth=rng.randint(0, 99),
        lfo_sync=rng.randint(0, 1),
        lfo_wave=rng.randint(0, 5),
        lfo_pitch_sensitivity=rng.randint(0, 7),
        algorithm=rng.randint(0, 31),
        feedback=rng.randint(1, 7),
        transpose=rng.randint(0, 48),
        name_bytes=b"RANDOM   .",
    )


def sound(patch: Patch, **key: float) -> np.ndarray:
    return render_inline(patch, **key).samples[0].astype(np.float64)  # type: ignore[arg-type]


def level_db(samples: np.ndarray) -> float:
    return 10.0 * math.log10(float(np.mean(samples**2)))


# -- the tables ---------------------------------------------------------------------------------------


def test_levels_are_those_that_were_measured() -> None:
    assert [tables.level_units(level) for level in (0, 1, 5, 19, 20, 50, 99, 127)] == [0, 5, 20, 46, 48, 78, 127, 127]
    assert tables.level_db(98) == pytest.approx(-0.7526, abs=1e-4)
    assert tables.level_db(99) == tables.stage_db(99) == 0.0
    assert tables.stage_db(50) == pytest.approx(-(63 - 39) * 1.5051, abs=1e-2)


def test_the_slowest_rate_falls_as_slowly_as_was_measured() -> None:
    # "0.2819 * 2 ** (q / 4) * (1 + 0.25 * (q mod 4)) dB/s", with q = rate * 41 / 64.
    assert tables.fall_octaves_per_s(0) * tables.OCTAVE_DB == pytest.approx(0.2819, rel=1e-3)
    assert tables.fall_octaves_per_s(50) * tables.OCTAVE_DB == pytest.approx(0.2819 * 2**8, rel=1e-3)


def test_fixed_frequencies_are_decades() -> None:
    assert tables.fixed_hz(0, 0, 7) == 1.0
    assert tables.fixed_hz(3, 99, 7) == pytest.approx(9772.0, abs=1.0)
    assert tables.fixed_hz(7, 0, 0) == 1000.0


def test_the_lfo_and_the_pitch_envelope_have_the_known_ends() -> None:
    assert tables.lfo_hz(0) == pytest.approx(1 / 15.5, rel=1e-3)
    assert 49.0 < tables.lfo_hz(99) < 52.0
    assert tables.lfo_delay_s(0) == (0.0, 0.0)
    assert tables.lfo_delay_s(99)[0] == pytest.approx(2.66, abs=0.01)
    assert (tables.pitch_st(0), tables.pitch_st(50), tables.pitch_st(99)) == (-48.0, 0.0, 47.625)
    for values in (
        [tables.lfo_hz(n) for n in range(100)],
        [tables.pitch_st(n) for n in range(100)],
        [tables.pitch_st_per_s(n) for n in range(100)],
        [tables.level_db(n) for n in range(100)],
        [tables.fall_octaves_per_s(n) for n in range(100)],
    ):
        assert values == sorted(values)


# -- a voice as a patch -------------------------------------------------------------------------------


@pytest.mark.parametrize(("coarse", "fine", "ratio"), [(0, 0, 0.5), (1, 0, 1.0), (2, 50, 3.0), (31, 99, 61.69)])
def test_a_carrier_sounds_at_its_ratio(coarse: int, fine: int, ratio: float) -> None:
    samples = sound(to_patch(stack(Dx7Operator(level=99, coarse=coarse, fine=fine))), note=57)
    spectrum = np.abs(np.fft.rfft(samples[:48_000] * np.hanning(48_000)))
    assert np.argmax(spectrum) == pytest.approx(220.0 * ratio, abs=1.0)


def test_a_fixed_operator_does_not_follow_the_key() -> None:
    patch = to_patch(stack(Dx7Operator(level=99, mode=1, coarse=3, fine=10)))
    for note in (40, 80):
        spectrum = np.abs(np.fft.rfft(sound(patch, note=note)[:48_000] * np.hanning(48_000)))
        assert np.argmax(spectrum) == pytest.approx(1259, abs=1)


def test_output_levels_are_as_far_apart_as_their_units() -> None:
    loud, soft = (sound(to_patch(stack(Dx7Operator(level=level)))) for level in (99, 75))
    assert level_db(loud[4800:40_000]) - level_db(soft[4800:40_000]) == pytest.approx(24 * 0.7526, abs=0.05)


def test_a_modulator_at_full_level_bends_by_four_pi() -> None:
    patch = to_patch(stack(Dx7Operator(level=99), Dx7Operator(level=99)))
    assert patch.values["mod_2_1_rad"] == pytest.approx(4.0 * math.pi)
    assert patch.values["op2_level_db"] == 0.0


def test_velocity_100_hardly_changes_the_level_and_softer_keys_fall_by_the_table() -> None:
    voice = stack(Dx7Operator(level=90, velocity=7))
    hundred, fifty, plain = (
        level_db(sound(to_patch(v), velocity=key)[4800:40_000])
        for v, key in ((voice, 100), (voice, 50), (stack(Dx7Operator(level=90)), 50))
    )
    # The table has 190 for velocity 50 and 240 for 100, which is one more than no change; the DX7 rounds
    # sensitivity / 8 of that to whole steps of 16 / 256 octaves: 42 down and 1 up.
    step_db = 16 / 256 * 6.0206
    assert hundred - plain == pytest.approx(1 * step_db, abs=0.1)
    assert plain - fifty == pytest.approx(42 * step_db, abs=0.4)


def test_a_decay_falls_at_the_speed_of_its_rate() -> None:
    operator = Dx7Operator(rates=(99, 50, 50, 50), levels=(99, 60, 0, 0), level=99)
    samples = sound(to_patch(stack(operator)), hold_s=1.0, duration_s=1.0)
    early, late = (level_db(samples[i : i + 960]) for i in (4_800, 24_000))
    assert (early - late) / 0.4 == pytest.approx(0.2819 * 2**8 * 1.0, rel=0.02)


def test_every_algorithm_connects_as_its_chart() -> None:
    for number in range(32):
        operators = tuple(Dx7Operator(level=99, **HELD) for _ in range(6))
        patch = to_patch(Dx7Voice(operators, algorithm=number, feedback=7))
        back, losses = from_patch(patch)
        assert (back.algorithm, losses) == (number, [])


def test_the_lfo_has_the_same_waves_in_the_same_order() -> None:
    assert len(LFO_WAVES) == len(DX7_WAVES)
    assert LFO_WAVES[:5] == DX7_WAVES[:5]


def test_vibrato_swings_and_the_pitch_envelope_slides_but_fixed_operators_stay() -> None:
    moving = {"pitch_levels": (75, 50, 50, 50), "pitch_rates": (99, 30, 99, 99)}
    for fixed in (False, True):
        operator = Dx7Operator(level=99, mode=int(fixed), coarse=3 if fixed else 4)
        still, slid = (sound(to_patch(stack(operator, **voice))) for voice in ({}, moving))
        assert (log_spectral_distance_db(still, slid) < 0.01) == fixed


def test_tremolo_lowers_operators_by_their_sensitivity() -> None:
    slow = {"lfo_amp_depth": 99, "lfo_wave": 3, "lfo_speed": 5}
    for sensitivity in range(4):
        voice = stack(Dx7Operator(level=99, amp_sensitivity=sensitivity), **slow)
        samples = sound(to_patch(voice), hold_s=3.0, duration_s=3.0)
        levels = [level_db(samples[i : i + 2400]) for i in range(4800, len(samples) - 4800, 2400)]
        depth_db = tables.lfo_amp_db(99, sensitivity)
        assert max(levels) - min(levels) == pytest.approx(min(depth_db, 48.0), abs=0.2)


def test_impossible_numbers_in_a_damaged_voice_still_make_a_patch() -> None:
    rng = random.Random(3)
    for _ in range(20):
        to_patch(Dx7Voice.from_packed(rng.randbytes(128)))
        to_patch(Dx7Voice.from_single(rng.randbytes(155)))


# -- a patch as a voice -------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(12))
def test_a_dx7_voice_comes_back_from_its_patch_without_a_loss(seed: int) -> None:
    patch = to_patch(random_voice(seed))
    back, losses = from_patch(patch)
    again = to_patch(back)
    assert losses == []
    assert dict(again.values) == pytest.approx(dict(patch.values), rel=1e-6, abs=1e-9)


def test_factory_presets_survive_the_export_within_the_ear() -> None:
    """The exported voice is near to its preset, and nearer than any other preset is."""
    # What a DX7 has all that it takes for.
    names = ("Deep Kick", "Electric Piano", "Finger Bass", "Marimba")
    presets = [preset for preset in map(preset_named, names) if preset is not None]
    assert len(presets) == len(names)
    sounds = [sound(p, velocity=100, hold_s=0.5, duration_s=1.0) for p in presets]
    for i, preset in enumerate(presets):
        voice, _ = from_patch(preset)
        exported = sound(to_patch(voice), velocity=100, hold_s=0.5, duration_s=1.0)
        nearest = min((log_spectral_distance_db(s, exported), j) for j, s in enumerate(sounds))
        assert nearest[1] == i
        assert nearest[0] < 2.0


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"op1_wave": float(WAVES.index("camel"))}, "Operator 1 becomes a sine."),
        ({"mod_3_1_rad": 3.0, "mod_3_2_rad": 3.0, "mod_2_1_rad": 3.0, "mod_4_2_rad": 2.0}, "no algorithm has room"),
        ({"mod_2_2_rad": 0.3, "mod_1_1_rad": 2.0}, "The route from operator 2 to itself is lost"),
        ({"op1_ratio": 1.234567, "op1_detune_cents": 50.0}, None),
        ({"op1_ratio": 0.125, "op2_ratio": 64.0}, "cents"),
        ({"transpose_st": 0.5}, "by +0 semitones instead of +0.50"),
        ({"transpose_st": 36.0}, "by +24 semitones"),
        ({"mod_2_1_rad": 25.0}, "Operator 2 is 6.0 dB softer"),
        ({"mod_2_2_rad": 2.0, "mod_2_1_rad": 12.0}, "seven steps"),
        ({"op1_velocity": 0.5}, "Velocity follows"),
        ({"op1_key_break": 5.0, "op1_key_left_db": 3.0}, "breaks at another key"),
        ({"op1_key_break": 5.0}, None),
        ({"vibrato_st": 20.0}, "The vibrato swings by 11.9 semitones"),
        ({"vibrato_st": 0.5, "lfo_delay_s": 0.1, "lfo_fade_s": 10.0}, "a DX7 ties the two"),
        ({"lfo_delay_s": 0.1, "lfo_fade_s": 10.0}, None),
        ({"pitch_env1_st": 45.0}, "cents off"),
        ({"tremolo_db": 12.0, "op1_tremolo": 1.0, "op2_tremolo": 0.7}, "three depths"),
    ],
)
def test_what_is_lost_is_said(values: dict[str, float], words: str | None) -> None:
    clocks = {f"op{n}_env_clock": 1.0 for n in range(1, 7)}
    _, losses = from_patch(Patch("fm", {"op1_velocity": 0.0, **clocks, **values}))
    if words is None:
        assert losses == []
    else:
        assert any(words in sentence for sentence in losses), losses


def test_a_voice_moved_down_by_an_octave_scales_from_the_same_key() -> None:
    values = {"op1_ratio": 0.25, "op1_env_clock": 1.0, "op1_key_break": 60.0, "op1_key_right_db": -12.0}
    patch = Patch("fm", {**values, "op1_velocity": 0.0, "mod_2_1_rad": 0.0, "op1_env3_db": -6.0})
    voice, _ = from_patch(patch)
    assert voice.transpose == 12
    exported = to_patch(voice)
    for note in (60, 84):
        both = [level_db(sound(p, note=note)[4800:40_000]) for p in (patch, exported)]
        assert both[0] - both[1] == pytest.approx(patch.values["gain_db"] - exported.values["gain_db"], abs=0.5)


def test_a_long_or_foreign_name_is_shortened_and_said() -> None:
    voice, losses = from_patch(Patch("fm", name="Größte Glocke"))
    assert voice.name == "Gr??te Glo"
    assert any("ten plain characters" in sentence for sentence in losses)


def test_a_muted_operator_is_silent_in_the_voice() -> None:
    values = {"op1_mute": 1.0, "op2_out_db": 0.0}
    voice, _ = from_patch(Patch("fm", values))
    levels = [operator.level for operator in voice.operators]
    assert sum(level > 0 for level in levels) == 1


def test_every_patch_becomes_a_voice_that_can_be_written() -> None:
    rng = random.Random(11)
    for _ in range(15):
        unit = [rng.random() for _ in range(FM_SPACE.n_units)]
        voice, losses = from_patch(Patch("fm", FM_SPACE.decode(unit)))
        assert Dx7Voice.from_packed(voice.to_packed()) == voice
        assert len(losses) == len(set(losses))
        assert all(sentence.endswith(".") for sentence in losses)


def test_only_fm_patches_are_taken() -> None:
    patch = Patch("fm")
    object.__setattr__(patch, "synth", "impact")
    with pytest.raises(PatchError, match="impact"):
        from_patch(patch)


# -- measuring ----------------------------------------------------------------------------------------


def test_the_distance_is_zero_for_the_same_sound_at_another_level_and_six_for_half_the_spectrum() -> None:
    noise = np.random.default_rng(1).normal(size=24_000)
    assert log_spectral_distance_db(noise, 0.1 * noise) == pytest.approx(0.0, abs=1e-9)
    assert log_spectral_distance_db(noise, noise[::-1]) > 3.0


def test_a_steady_tone_has_a_pitch_and_a_glide_or_noise_has_none() -> None:
    t = np.arange(48_000) / 48_000
    tone = np.sin(2 * np.pi * 233.08 * t) + 0.5 * np.sin(2 * np.pi * 466.16 * t)
    glide = np.sin(2 * np.pi * (200.0 * t + 20.0 * t**2))
    found = steady_pitch_hz(tone, 48_000)
    assert found is not None
    assert 1200.0 * abs(math.log2(found / 233.08)) < 0.5
    assert steady_pitch_hz(glide, 48_000) is None
    assert steady_pitch_hz(np.random.default_rng(2).normal(size=48_000), 48_000) is None


@pytest.mark.data
def test_reference_renders_sound_alike(shared_data: Path) -> None:
    wanted = {"plain-v05-n60-vel100", "plain-v11-n60-vel100", "plain-v32-n60-vel100", "full-v17-n40-vel70"}
    found = {pair.name: pair.distance_db() for pair in pairs(shared_data / "dx7") if pair.name in wanted}
    assert set(found) == wanted
    assert max(found.values()) < 2.0
