"""Preset files: reading them, their names, tags and words."""

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

PRESETS = factory_presets()
RATE = 48_000


def name_of(patch):
    return patch.name


def test_there_are_a_dozen_to_start_with():
    assert len(PRESETS) >= 12
    assert len({p.name for p in PRESETS}) == len(PRESETS)
    assert len(list(PRESET_FOLDER.glob("*/*.json"))) == len(PRESETS)


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
    with pytest.raises(PatchError, match=r"odd\.json is no patch: it is not text"):
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
