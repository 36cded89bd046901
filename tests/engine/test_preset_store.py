"""The person's presets on the disk: found, marked, renamed, deleted and brought back; nothing is ever lost."""

from __future__ import annotations

import errno
from dataclasses import replace
from pathlib import Path

import pytest

from engine.errors import PatchError
from engine.jobs import run_inline
from engine.params import Patch
from engine.project.preset_index import Entry, find, from_cache_steps, parse_query, scan_steps, tags_in_use, to_cache
from engine.project.preset_marks import Marks, read_marks
from engine.project.preset_store import PRESETS_VARIABLE, PresetStore
from engine.project.presets import Preset, read_preset


def preset(name: str, *tags: str, **values: float) -> Preset:
    return Preset(Patch("fm", values, name=name), tags, f"About {name}.", "Somebody")


@pytest.fixture
def store(tmp_path: Path) -> PresetStore:
    factory = tmp_path / "factory" / "fm"
    factory.mkdir(parents=True)
    (factory / "bell.json").write_text(preset("Bell", "bells", "bright").dumps())
    return PresetStore(tmp_path / "own", tmp_path / "factory")


def scan(store: PresetStore, known: dict[str, Entry] | None = None) -> tuple[Entry, ...]:
    return run_inline(lambda: scan_steps(store.places, known))


def test_what_was_added_is_found_again_beside_the_factory(store: PresetStore) -> None:
    added = store.add(preset("Round Bass", "bass"), "Mine/Deep")
    entries = scan(store)
    assert [(e.key, e.name, e.is_factory, e.folder, e.category) for e in entries] == [
        ("factory:fm/bell.json", "Bell", True, "", "bells"),
        ("user:Mine/Deep/Round Bass.json", "Round Bass", False, "Mine/Deep", "bass"),
    ]
    assert entries[1] == added
    assert read_preset(Path(added.path)).patch == Patch("fm", name="Round Bass")


def test_two_presets_of_one_name_are_two_files(store: PresetStore) -> None:
    one, other = store.add(preset("A/B: c")), store.add(preset("A/B: c"))
    assert one.path != other.path
    assert one.name == other.name == "A/B: c"
    assert {e.name for e in scan(store)} == {"Bell", "A/B: c"}


def test_a_file_that_cannot_be_used_is_listed_with_its_reason(store: PresetStore) -> None:
    store.folder.mkdir(parents=True)
    (store.folder / "odd.json").write_text('{"synth": "fm", "name": "Odd", "values": {"colour": 3}}')
    (store.folder / "torn.json").write_bytes(b'\xff{"sy')
    (store.folder / "empty.json").write_bytes(b"")
    (store.folder / "hot.json").write_text('{"synth": "fm", "name": "Hot", "values": {"gain_db": 900}}')
    troubles = {e.name: e.trouble for e in scan(store) if not e.is_factory}
    assert troubles.keys() == {"odd", "torn", "empty", "hot"}
    assert "'colour'" in troubles["odd"]
    assert "it is not text" in troubles["torn"]
    assert "no valid JSON" in troubles["empty"]
    assert "outside its range" in troubles["hot"]


def test_files_that_did_not_change_are_not_opened_again(store: PresetStore) -> None:
    kept, changed = store.add(preset("Kept")), store.add(preset("Changed"))
    known = {e.key: replace(e, about="from memory") for e in scan(store)}
    Path(changed.path).write_text(preset("Changed", "pads").dumps())
    now = {e.key: e for e in scan(store, known)}
    assert now[kept.key].about == "from memory"
    assert now[changed.key].tags == ("pads",)
    Path(kept.path).unlink()
    assert kept.key not in {e.key for e in scan(store, now)}


def test_the_memory_of_the_last_scan_survives_and_a_damaged_one_is_ignored(store: PresetStore) -> None:
    store.add(preset("Grüße", "bass", "warm"))
    entries = scan(store)
    text = to_cache(entries)
    assert tuple(run_inline(lambda: from_cache_steps(text)).values()) == entries
    for damaged in (
        "",
        "[]",
        text[:-9],
        text.replace("program", "progra"),
        text.replace('"bass"', "bass"),
        '{"program": "0", "entries": []}',
        "[" * 9**5,
    ):
        assert run_inline(lambda damaged=damaged: from_cache_steps(damaged)) == {}


def test_words_are_found_in_name_tags_author_and_folder_and_all_have_to_be(store: PresetStore) -> None:
    for name, tags, folder in (
        ("Round", ("bass", "warm"), "Mine"),
        ("Warm Wood", ("keys",), ""),
        ("Deep", ("bass",), ""),
    ):
        store.add(preset(name, *tags), folder)

    def names(text: str) -> set[str]:
        return {e.name for e in find(scan(store), parse_query(text))}

    assert names("") == {"Bell", "Round", "Warm Wood", "Deep"}
    assert names("WARM") == {"Round", "Warm Wood"}
    assert names("warm bass") == {"Round"}
    assert names("tag:warm") == {"Round"}
    assert names("tag:bass synth:fm") == {"Round", "Deep"}
    assert names('name:"warm wood"') == {"Warm Wood"}
    assert names("author:some mine") == {"Round"}
    assert names("folder:mine category:bass") == {"Round"}
    assert names("synth:impact") == set()
    assert names("tag: bass") == {"Round", "Deep"}


def test_tags_in_use_begin_with_the_kinds_of_sound(store: PresetStore) -> None:
    for n in range(2):
        store.add(preset(f"P{n}", "warm", "bass"))
    assert tags_in_use(scan(store)) == ["bass", "bells", "warm", "bright"]


def test_marks_are_kept_beside_the_presets_and_follow_a_new_name(store: PresetStore) -> None:
    entry = store.add(preset("Round", "bass"))
    marks = Marks().starred(entry.key, True).used(entry.key).used("factory:fm/bell.json")
    marks = marks.tagged("factory:fm/bell.json", [" My  Tag", "my tag", ""])
    store.write_marks(marks.dumps())
    assert read_marks(store.marks) == marks
    assert marks.recent == ("factory:fm/bell.json", entry.key)
    before = {path: path.read_bytes() for path in store.factory.rglob("*.json")}
    bell = next(e for e in marks.on(scan(store)) if e.is_factory)
    assert bell.own_tags == ("my tag",)
    assert find([bell], parse_query("tag:my")) == [bell]
    assert {path: path.read_bytes() for path in store.factory.rglob("*.json")} == before
    renamed, _ = store.rename(entry, "Square")
    moved = marks.moved(entry.key, renamed.key)
    assert renamed.key in moved.favourites
    assert moved.recent[1] == renamed.key
    assert moved.starred(renamed.key, False).favourites == frozenset()


def test_damaged_marks_are_set_aside_and_not_lost(store: PresetStore) -> None:
    assert read_marks(store.marks) == Marks()
    store.root.mkdir(parents=True)
    store.marks.write_text('{"favourites": 3}')
    with pytest.raises(PatchError, match="damaged"):
        read_marks(store.marks)
    aside = store.set_marks_aside()
    assert aside is not None
    assert aside.read_text() == '{"favourites": 3}'
    assert read_marks(store.marks) == Marks()


def test_a_renamed_preset_has_one_file_under_its_new_name(store: PresetStore) -> None:
    entry = store.add(preset("Round", "bass", gain_db=-3.0))
    store.add(preset("Taken"))
    renamed, _ = store.rename(entry, "  Taken ")
    assert renamed.name == "Taken"
    assert sorted(path.name for path in store.folder.iterdir()) == ["Taken 2.json", "Taken.json"]
    assert read_preset(Path(renamed.path)).patch.values["gain_db"] == -3.0
    lower, _ = store.rename(renamed, "taken")
    assert read_preset(Path(lower.path)).name == "taken"
    with pytest.raises(PatchError, match="needs a name"):
        store.rename(lower, "  ")


def test_the_factory_stays_as_it_is(store: PresetStore) -> None:
    bell = scan(store)[0]
    for change in (
        lambda: store.delete(bell),
        lambda: store.rename(bell, "Gong"),
        lambda: store.replace(bell, preset("Bell")),
    ):
        with pytest.raises(PatchError, match="came with the program"):
            change()
    assert store.duplicate(bell).name == "Bell copy"
    assert [e.name for e in scan(store)] == ["Bell", "Bell copy"]


@pytest.mark.parametrize("flush", [True, False])
def test_a_full_disk_is_said_and_leaves_nothing(
    store: PresetStore, monkeypatch: pytest.MonkeyPatch, flush: bool
) -> None:
    def full(path: Path, *_: object, **__: object) -> None:
        path.touch()
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(PatchError, match="no space left"):
        store.add(preset("Round"), flush=flush)
    assert list(store.folder.iterdir()) == []


def test_a_place_that_is_a_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "own").write_text("")
    with pytest.raises(PatchError, match=f"cannot be kept in .*own.*{PRESETS_VARIABLE}"):
        PresetStore(tmp_path / "own").add(preset("Round"))


def test_the_place_can_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert PresetStore().folder.parts[-2:] == ("tonewright", "presets")
    monkeypatch.setenv(PRESETS_VARIABLE, str(tmp_path))
    assert PresetStore().folder == tmp_path / "presets"
    assert PresetStore().index.parent == tmp_path
