"""``tonewright tune`` and ``tonewright imagine``: files come out, and what cannot be is told in one sentence."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tiny_nets import write_tiny_nets

from engine.audio import open_clip
from engine.cli import main
from engine.params import Patch
from engine.sds import bank


@pytest.fixture
def nets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Small nets, and a bank that is soon made."""
    folder = write_tiny_nets(tmp_path / "nets")
    monkeypatch.setenv("TONEWRIGHT_WEIGHTS", str(folder))
    monkeypatch.setattr(bank, "N_FULL", 64)
    monkeypatch.setattr(bank, "PART", 32)
    monkeypatch.setattr("engine.sds.tune.PART", 32)
    monkeypatch.setattr("engine.sds.tune.N_FULL", 64)
    bank.state.cache_clear()
    yield folder
    bank.state.cache_clear()


def test_words_become_a_sound_and_a_patch(nets: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, saved, start = tmp_path / "bell.wav", tmp_path / "bell.json", tmp_path / "start.json"
    start.write_text(Patch("fm", {"op1_ratio": 3.3}).dumps(), encoding="utf-8")
    line = ["tune", "a bell", "-o", str(out), "--save-patch", str(saved), "--seconds-budget", "1", "--json"]
    line += ["--patch", str(start), "--lock", "op1_ratio", "--seed", "4"]
    assert main(line) == 0
    said = json.loads(capsys.readouterr().out)
    patch = Patch.loads(saved.read_text(encoding="utf-8"))
    assert patch.values["op1_ratio"] == 3.3
    assert patch.name == "a bell"
    assert patch.about.made == "Tuned to the words “a bell” with Tonewright's own prior, seed 4"
    clip = open_clip(out)
    assert clip.about == patch.about
    assert clip.duration_s == pytest.approx(said["duration_s"], abs=0.01)
    assert 0.01 < clip.read(0, clip.n_frames).peak <= 1.0
    assert said["prior"] == "own"
    assert said["start_score"] is not None
    assert "32 of 64" in said["notice"]
    assert main(line) == 2
    assert "already there" in capsys.readouterr().err


def test_words_can_be_heard_by_themselves(nets: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sounds = []
    for name, seed in (("one.wav", "3"), ("two.wav", "3"), ("three.wav", "4")):
        line = ["imagine", "glass breaking", "-o", str(tmp_path / name), "--seconds", "0.5", "--seed", seed, "--json"]
        assert main(line) == 0
        said = json.loads(capsys.readouterr().out)
        assert (said["n_frames"], said["sample_rate"], said["channels"]) == (12_000, 24_000, 1)
        clip = open_clip(tmp_path / name)
        made = f"Imagined from the words “glass breaking” by Tonewright's own prior, seed {seed}"
        assert (clip.about.made, said["about"]["made"]) == (made, made)
        sounds.append(clip.read(0, clip.n_frames).samples)
    assert (sounds[0] == sounds[1]).all()
    assert not (sounds[0] == sounds[2]).all()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (["tune", ""], "There are no words to go by"),
        (["tune", "звон колокола"], "knows English"),
        (["imagine", "鐘"], "no words in other scripts"),
        (["tune", "a bell", "--prior", "nobody"], "no prior called 'nobody'"),
        (["imagine", "a bell", "--prior", "nobody"], "no prior called 'nobody'"),
        (["imagine", "a bell", "--seconds", "60"], "out of reach"),
        (["imagine", "a bell", "--seconds", "0"], "from 0.05 to 4 s"),
        (["imagine", "a bell", "--seconds", "nan"], "out of reach"),
        (["imagine", "a bell \udcff ringing"], "holds bytes that are no letters"),
        (["tune", "a bell \udcff ringing"], "The prompt holds bytes"),
        (["tune", "a bell", "--negative", "a \udcf6 hum"], "The negative prompt holds bytes"),
        (["tune", "a bell", "--lock", "nothing"], "no parameter called 'nothing'"),
        (["tune", "a bell", "--seconds-budget", "0"], "cannot take 0 s"),
        (["tune", "a bell", "--patch", "No Such Preset"], "no file and no preset"),
        (["tune", "a bell", "--patch", "/nowhere/no.json"], "There is no file /nowhere/no.json;"),
    ],
)
def test_what_cannot_be_is_one_sentence(
    nets: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], line: list[str], words: str
) -> None:
    out = tmp_path / "out.wav"
    assert main([*line, "-o", str(out)]) == 2
    told = capsys.readouterr().err
    assert words in told
    assert len(told.strip().splitlines()) == 1
    assert not out.exists()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (["tune", "a bell", "-o", "x.unknown"], "does not say its format by .unknown"),
        (["imagine", "a bell", "-o", "x"], "has no ending"),
        (["imagine", "a bell", "-o", "/proc/x.wav"], "the folder /proc may not be changed"),
        (["tune", "a bell", "-o", "x.wav", "--save-patch", "/proc/x.json"], "the folder /proc may not be changed"),
        (["tune", "a bell", "-o", "x.wav", "--save-patch", "nowhere/x.json"], "there is no folder nowhere"),
    ],
)
def test_what_cannot_be_written_is_said_before_any_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], line: list[str], words: str
) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("the work began")

    monkeypatch.setattr("engine.tuning.tune_inline", never)
    monkeypatch.setattr("engine.tuning.imagine_inline", never)
    monkeypatch.chdir(tmp_path)
    assert main(line) == 2
    assert words in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("command", "net"), [("tune", "listener"), ("tune", "prior"), ("imagine", "prior")])
def test_a_corrupt_or_missing_weight_file_is_one_sentence(
    nets: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str, net: str
) -> None:
    path = nets / f"{net}.safetensors"
    path.write_bytes(path.read_bytes()[:1000])
    assert main([command, "a bell", "-o", str(tmp_path / "out.wav")]) == 2
    damaged = capsys.readouterr().err
    assert "damaged" in damaged
    path.unlink()
    assert main([command, "a bell", "-o", str(tmp_path / "out.wav")]) == 2
    missing = capsys.readouterr().err
    assert "train" in missing
    assert len((damaged + missing).strip().splitlines()) == 2
