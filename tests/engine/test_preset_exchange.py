"""Presets from elsewhere and to elsewhere: files, DX7 voices and banks, folders. Untouched voices keep every byte."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from engine.errors import PatchError
from engine.jobs import run_inline
from engine.params import Patch
from engine.project.dx7 import Dx7Operator, Dx7Voice, bank_bytes, read_syx, voice_bytes
from engine.project.preset_export import (
    convert_steps,
    original_voice,
    read_steps,
    write_bank_steps,
    write_file_steps,
    write_folder_steps,
)
from engine.project.preset_import import Import, guess_kind, preset_of_voice, read_presets
from engine.project.preset_index import scan_steps
from engine.project.preset_store import PresetStore
from engine.project.presets import Preset, read_preset


def voice(seed: int, name: str) -> Dx7Voice:
    draw = random.Random(seed)
    operators = tuple(
        Dx7Operator(
            rates=tuple(draw.randrange(100) for _ in range(4)),
            levels=tuple(draw.randrange(100) for _ in range(4)),
            level=draw.randrange(100),
            coarse=draw.randrange(32),
            fine=draw.randrange(100),
            detune=draw.randrange(15),
            velocity=draw.randrange(8),
        )
        for _ in range(6)
    )
    return Dx7Voice(
        operators, algorithm=draw.randrange(32), feedback=draw.randrange(8), name_bytes=name.ljust(10).encode()
    )


BANK = [voice(n, f"VOICE {n}") for n in range(32)]


@pytest.fixture
def store(tmp_path: Path) -> PresetStore:
    return PresetStore(tmp_path / "own", tmp_path / "no factory")


def imported(store: PresetStore, *paths: Path) -> Import:
    known = run_inline(lambda: scan_steps(store.places))
    return run_inline(Import.of(store, paths, known).steps)


def converted(presets: list[Preset]) -> list:
    return run_inline(lambda: convert_steps(presets))


def test_each_voice_of_a_bank_becomes_a_preset_and_goes_back_byte_for_byte(store: PresetStore, tmp_path: Path) -> None:
    data = bank_bytes(BANK)
    (tmp_path / "Rom 1A.syx").write_bytes(data)
    run = imported(store, tmp_path / "Rom 1A.syx")
    assert run.sentence == "Imported 32 presets from 1 file."
    assert {entry.folder for entry in run.entries} == {"Rom 1A"}
    assert [entry.name for entry in run.entries] == [f"VOICE {n}" for n in range(32)]
    presets = run_inline(lambda: read_steps(run.entries))
    items = converted(presets)
    assert all(item.as_it_came and not item.losses for item in items)
    run_inline(lambda: write_bank_steps(items, tmp_path / "out.syx"))
    assert (tmp_path / "out.syx").read_bytes() == data


@pytest.mark.data
@pytest.mark.parametrize("name", ["plain.syx", "full.syx"])
def test_banks_of_others_go_in_and_out_byte_for_byte(
    store: PresetStore, tmp_path: Path, shared_data: Path, name: str
) -> None:
    run = imported(store, shared_data / "dx7" / name)
    assert not run.skipped
    items = converted(run_inline(lambda: read_steps(run.entries)))
    assert all(item.as_it_came for item in items)
    run_inline(lambda: write_bank_steps(items, tmp_path / name))
    was, now = read_syx(shared_data / "dx7" / name), read_syx(tmp_path / name)
    assert [v.to_packed() for v in now.voices[: len(was.voices)]] == [v.to_packed() for v in was.voices]


def test_bits_without_a_meaning_and_single_voices_come_back_too(tmp_path: Path) -> None:
    packed = bytearray(BANK[0].to_packed())
    packed[11] |= 0xF0 & 0x7F
    packed[116] |= 0x00
    preset = preset_of_voice(bytes(packed))
    assert original_voice(preset).to_packed() == bytes(packed)
    (tmp_path / "one.syx").write_bytes(voice_bytes(BANK[3]))
    presets, notices = read_presets(tmp_path / "one.syx")
    assert (len(presets), notices) == (1, ())
    run_inline(lambda: write_bank_steps(converted(presets), tmp_path / "again.syx"))
    assert (tmp_path / "again.syx").read_bytes() == voice_bytes(BANK[3])


def test_a_new_name_changes_only_the_name_and_an_edit_is_converted_anew() -> None:
    preset = preset_of_voice(BANK[1].to_packed())
    renamed = replace(preset, patch=replace(preset.patch, name="Größer als zehn"))
    assert original_voice(renamed) == replace(BANK[1], name_bytes=b"Gr??er als")
    turned = replace(preset, patch=preset.patch.with_values(filter_hz=500.0))
    assert original_voice(turned) is None
    (item,) = converted([turned])
    assert not item.as_it_came
    assert any("Filter" in loss for loss in item.losses)
    assert original_voice(replace(preset, dx7=b"no voice")) is None


def test_a_preset_that_is_there_already_is_not_imported_twice(store: PresetStore, tmp_path: Path) -> None:
    (tmp_path / "Bank.syx").write_bytes(bank_bytes(BANK))
    imported(store, tmp_path / "Bank.syx")
    again = imported(store, tmp_path / "Bank.syx")
    assert again.sentence == "32 were there already."
    assert len(list(store.folder.rglob("*.json"))) == 32


def test_a_folder_is_searched_and_every_refusal_has_its_reason(store: PresetStore, tmp_path: Path) -> None:
    root = tmp_path / "Collection"
    (root / "Basses").mkdir(parents=True)
    (root / ".hidden").mkdir()
    (root / ".hidden" / "no.syx").write_bytes(bank_bytes(BANK))
    (root / "Basses" / "round.json").write_text(Preset(Patch("fm", name="Round"), ("bass",)).dumps())
    (root / "Basses" / "plain.json").write_text(Patch("fm", {"gain_db": -2.0}).dumps())
    (root / "bank.SYX").write_bytes(bank_bytes(BANK))
    (root / "tx81z.syx").write_bytes(b"\xf0\x43\x00\x03\x00\x5d" + bytes(93) + b"\x00\xf7")
    (root / "empty.syx").write_bytes(b"")
    (root / "hot.json").write_text('{"synth": "fm", "values": {"gain_db": 900}}')
    (root / "notes.txt").write_text("not looked at")
    run = imported(store, root)
    assert (len(run.entries), run.files, run.there) == (34, 3, 0)
    assert dict(run.skipped).keys() == {"tx81z.syx", "empty.syx", "hot.json"}
    assert "four-operator Yamaha" in dict(run.skipped)["tx81z.syx"]
    assert "empty" in dict(run.skipped)["empty.syx"]
    assert "outside its range" in dict(run.skipped)["hot.json"]
    assert run.sentence.startswith("Imported 34 presets from 3 files. 3 files were skipped: ")
    assert {e.folder for e in run.entries} == {"Collection/bank", "Collection/Basses"}
    assert {e.name for e in run.entries} >= {"Round", "plain"}


def test_nothing_to_import_is_one_sentence(store: PresetStore, tmp_path: Path) -> None:
    (tmp_path / "bare").mkdir()
    assert imported(store, tmp_path / "bare").sentence == "bare holds no presets (.json) and no DX7 files (.syx)."
    (tmp_path / "song.mid").write_bytes(b"MThd")
    assert "neither a preset" in imported(store, tmp_path / "song.mid").sentence
    assert "cannot be read" in imported(store, tmp_path / "gone.syx").sentence


def test_a_stopped_import_keeps_and_counts_what_it_took(store: PresetStore, tmp_path: Path) -> None:
    (tmp_path / "bank.syx").write_bytes(bank_bytes(BANK))
    run = Import.of(store, [tmp_path / "bank.syx"], ())
    steps = run.steps()
    while len(run.entries) < 5:
        next(steps)
    steps.close()
    assert len(list(store.folder.rglob("*.json"))) == 5
    assert not list(store.folder.rglob("*.part"))


def test_presets_are_written_as_files_that_read_back(tmp_path: Path) -> None:
    presets = [Preset(Patch("fm", {"gain_db": -1.0 * n}, name="Same"), ("keys",)) for n in range(3)]
    run_inline(lambda: write_folder_steps(presets, tmp_path))
    back = [read_preset(path) for path in sorted(tmp_path.iterdir())]
    assert {p.patch.values["gain_db"] for p in back} == {0.0, -1.0, -2.0}
    run_inline(lambda: write_file_steps(presets[2], tmp_path / "one.json"))
    assert read_preset(tmp_path / "one.json").patch == presets[2].patch
    with pytest.raises(PatchError, match="there is no folder"):
        run_inline(lambda: write_file_steps(presets[0], tmp_path / "no" / "one.json"))


def test_forty_voices_are_two_banks(tmp_path: Path) -> None:
    items = converted([preset_of_voice(v.to_packed()) for v in (*BANK, *BANK[:8])])
    run_inline(lambda: write_bank_steps(items, tmp_path / "two.syx"))
    assert [len(dump.voices) for dump in read_syx(tmp_path / "two.syx").dumps] == [32, 32]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("BASS    1", "bass"),
        ("E.PIANO 1", "keys"),
        ("TUB BELLS", "bells"),
        ("FLUTE   1", "winds"),
        ("LUTE", "plucks"),
        ("INIT VOICE", ""),
        ("XQ-7", ""),
    ],
)
def test_the_kind_of_a_voice_is_guessed_from_its_name(name: str, kind: str) -> None:
    assert guess_kind(name) == kind
