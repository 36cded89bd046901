"""``tonewright presets`` and the presets that ``render`` finds: factory and own, in words and as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import soundfile

from engine.cli import main
from engine.errors import PatchError
from engine.params import Patch
from engine.project.preset_library import all_entries
from engine.project.preset_marks import Marks
from engine.project.preset_store import PresetStore
from engine.project.presets import Preset, factory_presets, read_preset


@pytest.fixture
def own() -> PresetStore:
    store = PresetStore()
    store.add(Preset(Patch("fm", {"gain_db": -30.0}, name="Quiet Thing"), ("keys", "soft"), "Hardly there.", "Me"))
    return store


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(list(arguments))
    out, err = capsys.readouterr()
    return code, out, err


def test_the_list_names_factory_and_own_presets(own: PresetStore, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = answer(capsys, "presets", "list")
    assert code == 0
    for preset in factory_presets():
        assert preset.name in out
    assert "Quiet Thing" in out
    assert out.endswith(f"{len(factory_presets()) + 1} presets\n")


def test_the_list_is_narrowed_by_words_tag_and_synth(own: PresetStore, capsys: pytest.CaptureFixture[str]) -> None:
    for narrowed in (
        ["--search", "quiet thing"],
        ["--tag", "SOFT", "--search", "me"],
        ["--search", "tag:soft author:me"],
    ):
        code, out, _ = answer(capsys, "presets", "list", *narrowed, "--synth", "fm", "--json")
        (found,) = json.loads(out)["presets"]
        assert (code, found["name"], found["tags"], found["factory"]) == (0, "Quiet Thing", ["keys", "soft"], False)
    code, out, _ = answer(capsys, "presets", "list", "--search", "no such words")
    assert (code, out) == (0, "0 presets\n")
    code, _, err = answer(capsys, "presets", "list", "--synth", "organ")
    assert (code, err.count("\n")) == (2, 1)
    assert "no synth called 'organ'" in err


def test_favourites_and_unusable_files_are_told(own: PresetStore, capsys: pytest.CaptureFixture[str]) -> None:
    own.write_marks(Marks().starred("user:Quiet Thing.json", True).dumps())
    (own.folder / "torn.json").write_text('{"synth": "fm"')
    data = json.loads(answer(capsys, "presets", "--json", "list")[1])
    assert [p["name"] for p in data["presets"] if p["favourite"]] == ["Quiet Thing"]
    assert [Path(p["path"]).name for p in data["unusable"]] == ["torn.json"]
    assert "unusable: " in answer(capsys, "presets", "list")[1]


def test_one_preset_is_shown_with_what_was_set(own: PresetStore, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = answer(capsys, "presets", "show", "quiet thing")
    assert code == 0
    assert "Hardly there." in out
    assert "-30.0 dB" in out
    shown = json.loads(answer(capsys, "presets", "show", "Quiet Thing", "--json")[1])
    assert shown["values"]["gain_db"] == -30.0
    assert Path(shown["path"]).is_file()


def test_a_name_that_is_not_there_is_one_sentence_with_what_comes_near(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = answer(capsys, "presets", "show", "Tubular Bel")
    assert (code, out) == (2, "")
    assert err.startswith("tonewright: There is no preset called Tubular Bel; near it ")
    assert "Tubular Bell" in err
    assert err.endswith(".\n")
    assert len(err.splitlines()) == 1
    assert answer(capsys, "presets")[0] == 2
    assert answer(capsys, "presets", "show")[0] == 2
    assert answer(capsys, "presets", "sing")[0] == 2


def test_render_plays_an_own_preset_before_the_factorys(
    own: PresetStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.wav"
    assert main(["render", "quiet thing", "-o", str(out), "--seconds", "0.2"]) == 0
    assert 0.0 < abs(soundfile.read(out)[0]).max() < 0.05
    own.add(Preset(Patch("fm", {"gain_db": -30.0}, name="Marimba")))
    assert main(["render", "Marimba", "-o", str(out), "--seconds", "0.2", "--force"]) == 0
    assert abs(soundfile.read(out)[0]).max() < 0.05
    assert main(["render", "no such thing", "-o", str(out), "--force"]) == 2
    assert "no file and no preset called no such thing" in capsys.readouterr().err


def test_damaged_marks_and_a_damaged_memory_stop_nothing(own: PresetStore) -> None:
    before, _ = all_entries()
    own.index.write_text("{")
    own.marks.write_text("{")
    entries, marks = all_entries()
    assert entries == before
    assert marks == Marks()
    assert len(list(own.root.glob("preset-marks.*.damaged"))) == 1
    own.index.unlink()
    own.index.mkdir()
    assert all_entries()[0] == before


def test_a_file_that_is_too_large_for_a_preset_is_not_read(own: PresetStore) -> None:
    path = own.folder / "film.json"
    with path.open("wb") as file:
        file.truncate(8_000_000_000)
    with pytest.raises(PatchError, match=r"film\.json cannot be used\. It has more than 4 MB"):
        read_preset(path)


def test_the_memory_of_the_scan_is_written_beside_whoever_else_writes_it(own: PresetStore) -> None:
    own.index.unlink(missing_ok=True)
    own.index.with_suffix(".part").mkdir(parents=True)
    all_entries(own)
    assert "Quiet Thing" in own.index.read_text()
