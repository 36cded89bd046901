"""The starter patches: each one can be heard, fits, and is itself."""

import itertools

import numpy as np
import pytest

from engine.errors import PatchError
from engine.params import Patch
from engine.project.presets import (
    CATEGORIES,
    PRESET_FOLDER,
    Preset,
    factory_library,
    factory_presets,
    preset_named,
    read_preset,
)
from engine.studio import render_inline

PRESETS = factory_presets()
RATE = 48_000


def name_of(patch):
    return patch.name


@pytest.fixture(scope="module")
def sounds():
    return {p.name: render_inline(p, note=60, velocity=100, hold_s=1.0, duration_s=2.0).samples[0] for p in PRESETS}


def test_there_are_a_dozen_to_start_with():
    assert len(PRESETS) >= 12
    assert len({p.name for p in PRESETS}) == len(PRESETS)
    assert len(list(PRESET_FOLDER.glob("*/*.json"))) == len(PRESETS)


@pytest.mark.parametrize("patch", PRESETS, ids=name_of)
def test_a_preset_is_audible_and_does_not_clip(patch, sounds):
    peak_db = 20.0 * np.log10(np.abs(sounds[patch.name]).max())
    assert -12.0 < peak_db < -0.5
    loudest = max(render_inline(patch, note=n, velocity=127, duration_s=1.0).peak for n in (36, 60, 84))
    assert loudest < 1.0


@pytest.mark.parametrize("patch", PRESETS, ids=name_of)
def test_a_preset_has_no_direct_current(patch, sounds):
    assert abs(sounds[patch.name].mean()) < 0.001


@pytest.mark.parametrize("patch", PRESETS, ids=name_of)
def test_a_preset_starts_and_ends_without_a_click(patch, sounds):
    sound = sounds[patch.name]
    assert abs(sound[0]) < 0.001
    assert abs(sound[-1]) < 0.001
    # No step while it ends: the last 5 ms change from sample to sample less than the sound itself does.
    assert np.abs(np.diff(sound[-240:])).max() <= max(np.abs(np.diff(sound)).max() * 0.1, 1e-6)


@pytest.mark.parametrize("patch", PRESETS, ids=name_of)
def test_a_preset_falls_silent_some_time_after_the_key(patch):
    tail = render_inline(patch, hold_s=1.0, duration_s=8.0, sample_rate=24_000).samples[0][-2_400:]
    assert not tail.any()


def _fingerprint(sound):
    """Level in dB over 24 bands from 40 Hz to 18 kHz and 8 stretches of time, loudest 0, floored at -60."""
    edges = np.geomspace(40.0, 18_000.0, 25)
    hz = np.fft.rfftfreq(12_000, 1.0 / RATE)
    power = np.abs(np.fft.rfft(sound.reshape(8, 12_000) * np.hanning(12_000))) ** 2
    bands = np.stack([power[:, (hz >= a) & (hz < b)].sum(1) for a, b in itertools.pairwise(edges)])
    return np.maximum(10.0 * np.log10(bands / bands.max() + 1e-12), -60.0)


def test_each_preset_sounds_different_from_every_other(sounds):
    prints = {name: _fingerprint(sound) for name, sound in sounds.items()}
    for one, other in itertools.combinations(prints, 2):
        heard = (prints[one] > -60.0) | (prints[other] > -60.0)
        distance_db = float(np.sqrt(np.mean((prints[one] - prints[other])[heard] ** 2)))
        assert distance_db > 10.0, f"{one} and {other} are {distance_db:.1f} dB apart"


def test_a_preset_is_found_by_its_name_in_any_case():
    assert preset_named(" tubular BELL ").name == "Tubular Bell"
    assert preset_named("Tubular") is None


def test_a_broken_preset_is_named(tmp_path):
    folder = tmp_path / "fm"
    folder.mkdir()
    (folder / "odd.json").write_text('{"synth": "fm", "values": {"colour": 3}, "name": "Odd"}')
    with pytest.raises(PatchError, match=r"odd\.json cannot be used.*'colour'"):
        factory_presets(tmp_path)
    (folder / "odd.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(PatchError, match=r"odd\.json cannot be read"):
        factory_presets(tmp_path)
    (folder / "odd.json").write_text(Patch("fm").dumps())
    with pytest.raises(PatchError, match=r"odd\.json has no name"):
        factory_presets(tmp_path)


def test_two_presets_of_one_name_are_refused(tmp_path):
    folder = tmp_path / "fm"
    folder.mkdir()
    for file, name in (("a", "Same"), ("b", "same")):
        (folder / f"{file}.json").write_text(Patch("fm", name=name).dumps())
    with pytest.raises(PatchError, match="called 'Same'"):
        factory_presets(tmp_path)


def test_a_preset_keeps_what_is_said_about_it(tmp_path):
    preset = Preset(Patch("fm", {"gain_db": -3.0}, name="Soft"), ("keys", "warm"), "A soft one.", "Somebody")
    (tmp_path / "soft.json").write_text(preset.dumps(), encoding="utf-8")
    read = read_preset(tmp_path / "soft.json")
    assert (read.patch, read.tags, read.about, read.author) == (preset.patch, preset.tags, preset.about, preset.author)
    assert read.category == "keys"
    assert Patch.loads(preset.dumps()) == preset.patch


def test_tags_are_clean_words_each_once():
    text = '{"synth": "fm", "name": "T", "tags": [" Warm  Glass ", "BASS", "bass", ""]}'
    assert Preset.loads(text).tags == ("warm glass", "bass")
    assert Preset.loads('{"synth": "fm", "name": "T"}').tags == ()
    for odd in ('"bass"', "[3]", '{"bass": 1}', str([f"t{n}" for n in range(30)]).replace("'", '"')):
        with pytest.raises(PatchError, match="tags"):
            Preset.loads(f'{{"synth": "fm", "name": "T", "tags": {odd}}}')
    with pytest.raises(PatchError, match='"about" must be text'):
        Preset.loads('{"synth": "fm", "name": "T", "about": 3}')


def test_the_factory_says_what_kind_of_sound_each_preset_is():
    assert len(set(CATEGORIES)) == len(CATEGORIES)
    for preset in factory_library():
        assert preset.is_factory
        assert preset.path.is_file()
        assert sum(tag in CATEGORIES for tag in preset.tags) <= 1
