"""Project files: what goes in comes out, what is gone is named, and what is damaged never costs more than itself."""

from __future__ import annotations

import json
import os
import shutil
import sys
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from engine.audio import Audio, Clip, open_clip
from engine.errors import ProjectError
from engine.jobs import run_inline
from engine.params import Patch
from engine.params.note import NOTE_PARAMS, NoteSettings
from engine.project import store
from engine.project.project import Project
from engine.project.store import (
    autosave_steps,
    load_project,
    load_steps,
    recover_steps,
    save_project,
    save_steps,
)
from engine.project.take import Take

RATE = 22050


def noise(seconds: float = 0.1, *, channels: int = 2, seed: int = 0, loud: float = 0.3) -> Audio:
    rng = np.random.default_rng(seed)
    return Audio((loud * rng.normal(size=(channels, round(seconds * RATE)))).astype(np.float32), RATE)


def rendered(name: str = "Bell", **more: Any) -> Take:
    return Take.of(Clip.of(noise(loud=1.5), name), origin="render", patch=Patch("fm", {"gain_db": -3.0}), **more)


def sound_file(path: Path, *, seconds: float = 0.1, subtype: str = "PCM_24") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, 0.5 * noise(seconds).samples.T, RATE, subtype=subtype)
    return path


def samples(take: Take) -> np.ndarray:
    return take.clip.read(0, take.clip.n_frames).samples


def rewritten(path: Path, change: Any) -> Path:
    """The project file with its description changed."""
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    data = json.loads(entries["project.json"])
    change(data)
    entries["project.json"] = json.dumps(data).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return path


def test_everything_of_a_rendered_take_survives(tmp_path: Path) -> None:
    made = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
    bell = rendered("Glocke “groß”", prompt="a small bell", settings={"note": 60, "tags": ["x"]}, created=made)
    project = Project((bell,), Patch("fm", {"gain_db": -1.5}, seed=7, name="Live"), bell.id)
    path = save_project(project, {"theme": "light"}, tmp_path / "song")
    assert path == tmp_path / "song.tonewright"
    loaded = load_project(path)
    (back,) = loaded.project.takes
    assert loaded.notices == ()
    assert loaded.view == {"theme": "light"}
    assert loaded.project.patch == project.patch
    assert loaded.project.selection == bell.id
    assert (back.id, back.name, back.origin, back.prompt, back.created) == (
        bell.id,
        bell.name,
        "render",
        "a small bell",
        made,
    )
    assert back.patch == bell.patch
    assert dict(back.settings) == dict(bell.settings)
    # Louder than full scale and still the same: kept as float.
    np.testing.assert_array_equal(samples(back), samples(bell))
    assert back.clip.path is None
    assert back.clip.subtype == "FLOAT"


def test_the_note_that_plays_the_patch_survives(tmp_path: Path) -> None:
    project = Project().with_note(NoteSettings(48, 90, 0.5, 1.5))
    path = save_project(project, {}, tmp_path / "song")
    assert load_project(path).project.note == NoteSettings(48, 90, 0.5, 1.5)
    assert not project.same_content(Project())


@pytest.mark.parametrize(
    "note",
    [
        None,
        [60, 100, 1.0, 2.0],
        {"note": 60},
        {"note": "x", "velocity": None, "hold_s": 1, "duration_s": 2},
        {"note": 1e300, "velocity": -5, "hold_s": 1e9, "duration_s": 0.0},
    ],
)
def test_a_note_that_another_program_wrote_does_no_harm(tmp_path: Path, note: object) -> None:
    path = rewritten(save_project(Project(), {}, tmp_path / "song"), lambda data: data.update(note=note))
    for param, value in zip(NOTE_PARAMS, load_project(path).project.note, strict=True):
        assert param.low <= value <= param.high


def test_a_sound_file_is_pointed_at_and_not_copied(tmp_path: Path) -> None:
    wav = sound_file(tmp_path / "sounds" / "rain.wav", seconds=20)
    take = Take.of(open_clip(wav))
    path = save_project(Project((take,)), {}, tmp_path / "song.tonewright")
    assert path.stat().st_size < 10_000 < wav.stat().st_size
    (back,) = load_project(path).project.takes
    assert back.clip.path == wav
    assert back.clip.subtype == "PCM_24"
    np.testing.assert_array_equal(samples(back), samples(take))


def test_a_part_of_a_file_stays_that_part(tmp_path: Path) -> None:
    clip = open_clip(sound_file(tmp_path / "rain.wav"))
    take = Take.of(clip.part(500, 700, "Drop"), origin="part")
    (back,) = load_project(save_project(Project((take,)), {}, tmp_path / "p.tonewright")).project.takes
    assert (back.name, back.clip.start, back.clip.n_frames) == ("Drop", 500, 700)
    np.testing.assert_array_equal(samples(back), samples(take))


def test_a_folder_that_moved_with_its_project_still_opens(tmp_path: Path) -> None:
    wav = sound_file(tmp_path / "old" / "sounds" / "rain.wav")
    save_project(Project((Take.of(open_clip(wav)),)), {}, tmp_path / "old" / "p.tonewright")
    (tmp_path / "old").rename(tmp_path / "new")
    loaded = load_project(tmp_path / "new" / "p.tonewright")
    assert loaded.notices == ()
    assert loaded.project.takes[0].clip.path == tmp_path / "new" / "sounds" / "rain.wav"


def test_a_project_that_moved_alone_finds_its_sounds_where_they_were(tmp_path: Path) -> None:
    wav = sound_file(tmp_path / "sounds" / "rain.wav")
    path = save_project(Project((Take.of(open_clip(wav)),)), {}, tmp_path / "p.tonewright")
    other = sound_file(tmp_path / "elsewhere" / "sounds" / "rain.wav", seconds=0.3)  # another sound of that name
    shutil.move(path, tmp_path / "elsewhere" / "p.tonewright")
    loaded = load_project(tmp_path / "elsewhere" / "p.tonewright")
    assert loaded.project.takes[0].clip.path == wav != other


def test_a_missing_file_is_a_take_that_waits_for_it(tmp_path: Path) -> None:
    wav = sound_file(tmp_path / "rain.wav")
    bell = rendered()
    path = save_project(Project((Take.of(open_clip(wav)), bell)), {}, tmp_path / "p.tonewright")
    away = wav.rename(tmp_path / "gone.wav")
    loaded = load_project(path)
    rain, still = loaded.project.takes
    assert rain.missing
    assert not still.missing
    assert rain.clip.n_frames == 0
    assert len(loaded.notices) == 1
    assert "rain.wav" in loaded.notices[0]
    assert str(tmp_path) in loaded.notices[0]
    # Saved while it is missing, the project forgets nothing.
    save_project(loaded.project, {}, path)
    away.rename(wav)
    again = load_project(path)
    assert again.notices == ()
    assert not again.project.takes[0].missing
    assert again.project.takes[0].clip.n_frames == round(0.1 * RATE)


@pytest.mark.parametrize("key", ["path", "relative"])
@pytest.mark.parametrize(
    "place", ["//far.away/share/rain.wav", r"\\far.away\share\rain.wav", r"\\?\UNC\far.away\s\rain.wav"]
)
def test_a_project_calls_no_other_computer_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, key: str
) -> None:
    wav = sound_file(tmp_path / "rain.wav")
    path = save_project(Project((Take.of(open_clip(wav)),)), {}, tmp_path / "p.tonewright")
    wav.unlink()
    rewritten(path, lambda data: data["takes"][0]["sound"].update({key: place}))
    asked: list[str] = []
    look = os.stat
    monkeypatch.setattr(os, "stat", lambda path, **how: (asked.append(str(path)), look(path, **how))[1])
    loaded = load_project(path)
    assert str(wav) in asked, "a look is noticed"
    assert not any("far.away" in name for name in asked)
    assert loaded.project.takes[0].missing
    assert len(loaded.notices) == 1
    assert ("another computer" in loaded.notices[0]) == (key == "path")


def test_a_file_that_changed_is_shown_as_it_is_now(tmp_path: Path) -> None:
    wav = sound_file(tmp_path / "rain.wav")
    path = save_project(Project((Take.of(open_clip(wav)),)), {}, tmp_path / "p.tonewright")
    sound_file(wav, seconds=0.25)
    loaded = load_project(path)
    assert "changed" in loaded.notices[0]
    assert loaded.project.takes[0].clip.duration_s == pytest.approx(0.25, abs=1e-4)


def test_a_damaged_sound_costs_only_itself(tmp_path: Path) -> None:
    bell, drum = rendered("Bell"), rendered("Drum")
    path = save_project(Project((bell, drum)), {}, tmp_path / "p.tonewright")
    with zipfile.ZipFile(path) as archive:
        offset = archive.getinfo(f"audio/{bell.id}.wav").header_offset
    content = bytearray(path.read_bytes())
    content[offset + 200 : offset + 240] = b"\xff" * 40  # the checksum of the entry no longer holds
    path.write_bytes(content)
    loaded = load_project(path)
    assert loaded.project.takes[0].missing
    assert "Bell" in loaded.notices[0]
    np.testing.assert_array_equal(samples(loaded.project.takes[1]), samples(drum))


def test_unknown_settings_of_a_patch_leave_the_sound(tmp_path: Path) -> None:
    path = save_project(Project((rendered(),)), {}, tmp_path / "p.tonewright")

    def change(data: dict[str, Any]) -> None:
        data["takes"][0]["patch"]["values"]["wobble"] = 3
        data["patch"] = {"synth": "theremin"}

    loaded = load_project(rewritten(path, change))
    assert loaded.project.takes[0].patch is None
    assert loaded.project.takes[0].clip.n_frames > 0
    assert loaded.project.patch == Patch("fm")
    assert len(loaded.notices) == 2


@pytest.mark.parametrize(
    "item", [None, 5, {}, {"id": "x", "name": "y"}, {"id": 1, "name": "a", "sound": {"path": 3}}, {"sound": "no"}]
)
def test_a_take_that_makes_no_sense_is_left_out(tmp_path: Path, item: object) -> None:
    path = save_project(Project((rendered(),)), {}, tmp_path / "p.tonewright")
    loaded = load_project(rewritten(path, lambda data: data["takes"].insert(0, item)))
    assert [take.name for take in loaded.project.takes] == ["Bell"]
    assert "left out" in loaded.notices[0]


def test_nothing_is_ever_unpacked_outside(tmp_path: Path) -> None:
    path = save_project(Project((rendered(),)), {}, tmp_path / "p.tonewright")
    target = tmp_path / "evil.wav"

    def change(data: dict[str, Any]) -> None:
        data["takes"][0]["id"] = "../../evil"
        data["takes"][0]["sound"]["entry"] = str(target)

    rewritten(path, change)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("audio/../../evil.wav", b"RIFF")
    loaded = load_project(path)
    assert loaded.project.takes[0].missing
    assert "/" not in loaded.project.takes[0].id
    assert not target.exists()
    assert not list(tmp_path.glob("**/evil*"))


def test_a_packed_sound_cannot_fill_the_disk(tmp_path: Path) -> None:
    path = save_project(Project((rendered(),)), {}, tmp_path / "p.tonewright")
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content if name.endswith(".json") else bytes(50_000_000))
    loaded = load_project(path)
    assert loaded.project.takes[0].missing
    assert "Bell" in " ".join(loaded.notices)


def test_a_description_nested_without_end_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "p.tonewright"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("project.json", "[" * 200_000)
    with pytest.raises(ProjectError, match="damaged"):
        load_project(path)


@pytest.mark.parametrize("cut", [0, 10, 200, -30])
def test_a_truncated_project_is_one_sentence(tmp_path: Path, cut: int) -> None:
    path = save_project(Project((rendered(),)), {}, tmp_path / "p.tonewright")
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(ProjectError, match=r"p\.tonewright .*(damaged|no Tonewright)"):
        load_project(path)


def test_a_foreign_zip_and_a_text_are_no_project(tmp_path: Path) -> None:
    foreign = tmp_path / "x.tonewright"
    with zipfile.ZipFile(foreign, "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(ProjectError, match="no Tonewright project"):
        load_project(foreign)
    with zipfile.ZipFile(foreign, "w") as archive:
        archive.writestr("project.json", '{"format": "other"}')
    with pytest.raises(ProjectError, match="no Tonewright project"):
        load_project(foreign)
    with zipfile.ZipFile(foreign, "w") as archive:
        archive.writestr("project.json", b"\xff\xfe{")
    with pytest.raises(ProjectError, match="damaged"):
        load_project(foreign)


def test_a_newer_project_asks_for_an_update(tmp_path: Path) -> None:
    path = save_project(Project(), {}, tmp_path / "p.tonewright")
    rewritten(path, lambda data: data.update(version=99))
    with pytest.raises(ProjectError, match=r"newer Tonewright.*update"):
        load_project(path)


def test_a_project_that_is_not_there_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"no\.tonewright"):
        load_project(tmp_path / "no.tonewright")
    with pytest.raises(ProjectError, match="could not be opened"):
        load_project(tmp_path)


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"not saved.*no folder"):
        save_project(Project(), {}, tmp_path / "nowhere" / "p.tonewright")


def test_a_setting_that_is_no_json_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="cannot be stored"):
        save_project(Project(), {"when": datetime.now(UTC)}, tmp_path / "p.tonewright")


def test_saving_again_replaces_the_file_and_keeps_its_rights(tmp_path: Path) -> None:
    path = save_project(Project((rendered("A"),)), {}, tmp_path / "p.tonewright")
    if os.name == "posix":
        path.chmod(0o640)
    save_project(Project((rendered("B"),)), {}, path)
    assert [take.name for take in load_project(path).project.takes] == ["B"]
    if os.name == "posix":
        assert path.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("steps_taken", range(1, 8))
def test_a_save_that_is_cancelled_anywhere_leaves_the_old_file(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, steps_taken: int
) -> None:
    scratch = tmp_path_factory.mktemp("scratch")
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    path = save_project(Project((rendered("Old"),)), {}, tmp_path / "p.tonewright")
    before = path.read_bytes()
    project = Project(tuple(Take.of(Clip.of(noise(4.0, seed=i), f"New {i}")) for i in range(3)))
    job = save_steps(project, {}, path)
    for _ in range(steps_taken):
        next(job)
    job.close()
    assert list(scratch.iterdir()) == []
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["p.tonewright"]


def test_a_save_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save_project(Project((rendered("Old"),)), {}, tmp_path / "p.tonewright")
    before = path.read_bytes()

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(zipfile.ZipFile, "open", full)
    with pytest.raises(ProjectError, match="no space left"):
        save_project(Project((rendered("New"),)), {}, path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["p.tonewright"]


def test_a_long_kept_sound_is_not_read_into_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "IN_MEMORY_BYTES", 1000)
    bell = rendered()
    path = save_project(Project((bell,)), {}, tmp_path / "p.tonewright")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (back,) = load_project(path).project.takes
    kept = list(tmp_path.glob("tonewright-*"))
    assert len(kept) == 1
    np.testing.assert_array_equal(samples(back), samples(bell))
    # It can be saved over its own project, and its file goes with it.
    again = save_project(Project((back,)), {}, path)
    np.testing.assert_array_equal(samples(load_project(again).project.takes[0]), samples(bell))
    back.clip.source.close()
    assert not kept[0].exists()


def test_an_empty_sound_survives(tmp_path: Path) -> None:
    take = Take.of(Clip.of(Audio(np.zeros((1, 0)), RATE), "Nothing"))
    (back,) = load_project(save_project(Project((take,)), {}, tmp_path / "p.tonewright")).project.takes
    assert back.clip.n_frames == 0
    assert not back.missing


def test_opening_tells_how_far_it_is(tmp_path: Path) -> None:
    takes = tuple(Take.of(open_clip(sound_file(tmp_path / f"{i}.wav"))) for i in range(4))
    path = save_project(Project(takes), {}, tmp_path / "p.tonewright")
    notes = []
    run_inline(lambda: load_steps(path), notes.append)
    assert [n.text for n in notes if n.text.startswith("Opening take")] == [
        f"Opening take {i} of 4" for i in range(1, 5)
    ]


def test_a_safety_copy_writes_each_sound_once(tmp_path: Path) -> None:
    bell, drum = rendered("Bell"), rendered("Drum")
    run_inline(lambda: autosave_steps(Project((bell,)), {}, tmp_path))
    first = tmp_path / "audio" / f"{bell.id}.wav"
    written = first.stat().st_mtime_ns
    run_inline(lambda: autosave_steps(Project((bell, drum)), {"a": 1}, tmp_path))
    assert first.stat().st_mtime_ns == written
    loaded = run_inline(lambda: recover_steps(tmp_path))
    assert [take.name for take in loaded.project.takes] == ["Bell", "Drum"]
    np.testing.assert_array_equal(samples(loaded.project.takes[1]), samples(drum))
    assert loaded.view == {"a": 1}


def test_a_recovered_sound_outlives_the_safety_copy(tmp_path: Path) -> None:
    bell = rendered()
    folder = tmp_path / "session"
    folder.mkdir()
    run_inline(lambda: autosave_steps(Project((bell,)), {}, folder))
    loaded = run_inline(lambda: recover_steps(folder))
    shutil.rmtree(folder)
    np.testing.assert_array_equal(samples(loaded.project.takes[0]), samples(bell))


def test_a_damaged_safety_copy_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "project.json").write_text("{", encoding="utf-8")
    with pytest.raises(ProjectError, match="damaged"):
        run_inline(lambda: recover_steps(tmp_path))


@pytest.mark.data
def test_real_recordings_of_every_kind_come_back(shared_data: Path, tmp_path: Path) -> None:
    files = sorted(p for p in (shared_data / "sounds").rglob("*") if p.suffix in {".wav", ".flac", ".ogg", ".mp3"})[:12]
    assert files, sys.platform
    takes = tuple(Take.of(open_clip(file)) for file in files)
    loaded = load_project(save_project(Project(takes), {}, tmp_path / "p.tonewright"))
    assert loaded.notices == ()
    for take, back in zip(takes, loaded.project.takes, strict=True):
        assert back.clip.path == take.clip.path
        np.testing.assert_array_equal(back.clip.read(1000, 500).samples, take.clip.read(1000, 500).samples)
