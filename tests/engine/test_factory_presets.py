"""The factory's presets, listened to by measuring: each can be heard, fits beside the others, and is itself."""

import itertools
import math
from collections import Counter
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from engine.bench import ear
from engine.bench.listening import DISTINCT_DB, RATE, closest, faults, listen
from engine.params import Patch
from engine.params.spaces import SPACES
from engine.project.presets import CATEGORIES, PRESET_FOLDER, Preset, factory_library

LIBRARY = factory_library()
FM = [p for p in LIBRARY if p.patch.synth == "fm"]


@cache
def heard(preset):
    """Each preset is listened to once, by whichever test comes first."""
    return listen(preset)


def test_every_kind_of_sound_has_its_presets():
    counts = Counter(p.category for p in FM)
    assert sum(counts.values()) >= 72
    assert set(counts) == set(CATEGORIES)
    assert min(counts.values()) >= 6


@pytest.mark.parametrize("preset", LIBRARY, ids=lambda p: p.name)
def test_a_preset_is_good(preset):
    assert faults(heard(preset)) == []


def test_each_preset_sounds_different_from_every_other():
    distance_db, one, other = closest([heard(p) for p in LIBRARY])[0]
    assert distance_db > DISTINCT_DB, f"{one} and {other} are {distance_db:.1f} dB apart"


@pytest.mark.parametrize("preset", LIBRARY, ids=lambda p: p.name)
def test_a_preset_can_be_found_and_says_what_it_is(preset):
    assert preset.tags[0] == preset.category
    assert len(preset.tags) >= 3
    assert len(preset.about) > 40
    assert preset.about.endswith(".")
    assert preset.path.name == preset.name.lower().replace(" ", "-") + ".json"


@pytest.mark.parametrize("path", sorted(PRESET_FOLDER.glob("*/*.json")), ids=lambda p: p.stem)
def test_a_preset_file_holds_what_differs_from_the_defaults(path):
    preset = Preset.loads(path.read_text(encoding="utf-8"))
    defaults = SPACES[preset.patch.synth].defaults()
    differing = {n: v for n, v in preset.patch.values.items() if v != defaults[n]}
    text = path.read_text(encoding="utf-8")
    assert all(f'"{name}"' in text for name in differing)
    assert not any(f'"{name}"' in text for name in defaults if name not in differing)


# -- the ear itself -----------------------------------------------------------------------------------

SUSTAIN = {"op1_env2_db": 0.0, "op1_env3_db": 0.0, "op1_velocity": 0.4, "op2_velocity": 0.9, "gain_db": -12.0}


def organ(**values):
    """A plain good preset: a held tone whose modulator answers to the key."""
    return Preset(Patch("fm", {**SUSTAIN, **values}, name="Organ"), tags=("organs",))


ORGAN = organ()


def of_sound(sound):
    """A good preset's figures with those of another sound in it."""
    return replace(
        heard(ORGAN),
        dc_db=ear.direct_current_db(sound),
        start_db=ear.start_db(sound),
        release_click_db=ear.click_db(sound, RATE, 1.0),
        tail_db=ear.tail_db(sound, RATE),
        band_share=ear.share_between(sound, RATE, 40.0, 8_000.0),
    )


def tone(hz=440.0, seconds=3.0):
    """A sine that fades in and out, ``[1, frames]``."""
    time_s = np.arange(round(seconds * RATE)) / RATE
    fade = np.minimum(np.minimum(time_s / 0.01, (seconds - time_s) / (0.2 * seconds)), 1.0) ** 2
    return (0.3 * fade * np.sin(2 * np.pi * hz * time_s)).astype(np.float32)[None]


def test_a_plain_good_patch_passes():
    assert faults(heard(ORGAN)) == []
    assert faults(of_sound(tone())) == []


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"op1_out_db": -72.0}, "silent"),
        ({"gain_db": 12.0}, "clips"),
        ({"gain_db": -30.0}, "loudness"),
        ({"op1_env4_s": 20.0}, "goes on"),
        ({"op1_velocity": 0.4, "op2_velocity": 0.0}, "colour"),
        ({"op1_detune_cents": 20.0, "op2_detune_cents": 20.0}, "out of tune by 2"),
        ({"transpose_st": 0.5}, None),
        ({"op1_ratio": 1.2, "op2_ratio": 1.2}, "out of tune by nan"),
    ],
)
def test_a_bad_patch_is_told(values, words):
    found = faults(listen(organ(**values)))
    assert found == [] if words is None else any(words in fault for fault in found), found


def test_four_keys_at_once_may_not_burst():
    assert any("four keys" in fault for fault in faults(replace(heard(ORGAN), chord_peak_db=9.0)))


def test_a_drum_that_nobody_hears_is_told():
    drum = Preset(Patch("fm", {**SUSTAIN, "gain_db": -26.0}, name="Tick"), tags=("drums",))
    assert any("too low" in fault for fault in faults(listen(drum)))


def test_samples_that_are_no_numbers_are_told():
    assert faults(replace(heard(ORGAN), is_finite=False)) == ["it has samples that are no numbers"]


def step(at_s, height):
    sound = tone()
    sound[:, round(at_s * RATE) :] += height
    return sound


@pytest.mark.parametrize(
    ("sound", "words"),
    [
        (tone() + 0.01, "direct current"),
        (np.concatenate([np.full((1, 1), 0.1, np.float32), tone()], 1), "starts with a step"),
        (step(1.0, 0.02), "clicks"),
        (tone()[:, : 2 * RATE], "goes on"),
        (tone(hz=12_000.0), "its power lies"),
        (tone(hz=25.0), "its power lies"),
    ],
    ids=["direct current", "step at the start", "click", "no end", "hiss", "rumble"],
)
def test_a_bad_sound_is_told(sound, words):
    assert any(words in fault for fault in faults(of_sound(sound)))


def test_a_copy_and_a_slightly_brighter_copy_are_too_near():
    names = ("Electric Piano", "Synth Brass", "Deep Snare")
    for preset in (p for p in FM if p.name in names):
        louder = preset.patch.with_values(gain_db=preset.patch.values["gain_db"] - 3.0)
        mods = {n: min(1.15 * v, 25.0) for n, v in preset.patch.values.items() if n.startswith("mod_")}
        prints = [listen(replace(preset, patch=p)).print for p in (preset.patch, louder, louder.with_values(**mods))]
        assert ear.print_distance_db(prints[0], prints[1]) < 0.5
        assert ear.print_distance_db(prints[0], prints[2]) < DISTINCT_DB


@pytest.mark.parametrize("cents", [-30.0, -4.0, 0.0, 7.0, 25.0])
@pytest.mark.parametrize("octave", [0.5, 1.0, 2.0])
def test_the_ear_hears_how_far_a_tone_is_off(cents, octave):
    sound = tone(220.0 * octave * 2.0 ** (cents / 1200.0))
    assert ear.cents_off(sound, RATE, 220.0, 0.15) == pytest.approx(cents, abs=0.3)


def test_two_voices_that_beat_are_heard_as_their_middle():
    pair = tone(440.0 * 2.0 ** (8.0 / 1200.0)) + tone(440.0 * 2.0 ** (-8.0 / 1200.0))
    assert abs(ear.cents_off(pair, RATE, 440.0, 0.15)) < 1.0


def test_noise_has_no_pitch_far_from_everything():
    assert math.isnan(ear.cents_off(tone(hz=3_000.0), RATE, 261.6, 0.15))


def test_the_loudest_moment_is_that_of_the_standard():
    # BS.1770: 997 Hz at full scale on one of two loudspeakers reads -3.01 LUFS; mono plays on both.
    sine = np.sin(2 * np.pi * 997.0 * np.arange(RATE) / RATE).astype(np.float32)[None]
    assert ear.loudest_lufs(sine, RATE) == pytest.approx(0.0, abs=0.05)
    assert ear.loudest_lufs(np.concatenate([sine, 0 * sine]), RATE) == pytest.approx(-3.01, abs=0.05)


def test_prints_of_different_tones_differ():
    prints = [ear.sound_print(tone(hz), RATE) for hz in (110.0, 440.0, 1_760.0)]
    assert all(ear.print_distance_db(a, b) > 20.0 for a, b in itertools.combinations(prints, 2))
    assert ear.print_distance_db(prints[0], prints[0]) == 0.0
