"""``tonewright match``: a sound file in, a sound file and a patch out, and one sentence when that cannot be."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.cli import main
from engine.dsp.distance import log_spectral_distance_db
from engine.matching.result import Candidate, MatchResult
from engine.params import Patch
from engine.params.note import NoteSettings

RATE = 22_050


@pytest.fixture
def pluck(tmp_path: Path) -> Path:
    t = np.arange(round(0.5 * RATE)) / RATE
    sound = 0.5 * np.exp(-t / 0.15) * np.sin(2 * math.pi * 220.0 * t + 2.0 * np.sin(2 * math.pi * 440.0 * t))
    path = tmp_path / "pluck.wav"
    soundfile.write(path, np.concatenate([np.zeros(RATE // 10), sound]), RATE, subtype="FLOAT")
    return path


def test_a_recording_becomes_a_patch_and_a_sound_in_time_with_it(
    pluck: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, patch = tmp_path / "out.wav", tmp_path / "patch.json"
    arguments = ["match", str(pluck), "--synth", "fm", "-o", str(out), "--save-patch", str(patch)]
    assert main([*arguments, "--seconds-budget", "3", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    target, _ = soundfile.read(pluck)
    sound, rate = soundfile.read(out)
    assert rate == RATE
    assert len(sound) == pytest.approx(len(target), abs=2)
    # From the first sample on, with the silence before the note.
    assert log_spectral_distance_db(target, sound) < told["preset_db"]
    assert told["distance_db"] < told["preset_db"]
    assert told["note"] == 57
    assert Patch.loads(patch.read_text()).name == "Like pluck"


def test_nothing_is_written_over_a_file_unasked(pluck: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = pluck.read_bytes()
    assert main(["match", str(pluck), "-o", str(pluck)]) == 2
    assert "already there" in capsys.readouterr().err
    assert pluck.read_bytes() == before


def test_a_silent_and_an_unreadable_target_get_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    silent, broken = tmp_path / "silent.wav", tmp_path / "broken.wav"
    soundfile.write(silent, np.zeros(RATE), RATE)
    broken.write_bytes(b"RIFF and nothing else")
    for path, words in ((silent, "silent"), (broken, "broken.wav")):
        assert main(["match", str(path), "-o", str(tmp_path / "out.wav")]) == 2
        said = capsys.readouterr().err
        assert words in said
        assert said.count("\n") == 1
    assert not (tmp_path / "out.wav").exists()


@pytest.mark.parametrize(("at", "words"), [((3000,), "1 sample is NaN"), ((3000, 4001), "2 samples are NaN")])
def test_samples_that_are_no_numbers_are_said_and_matched_as_silence(
    pluck: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], at: tuple[int, ...], words: str
) -> None:
    sound, rate = soundfile.read(pluck)
    sound[list(at)] = np.nan
    soundfile.write(pluck, sound, rate, subtype="FLOAT")
    arguments = ["match", str(pluck), "-o", str(tmp_path / "out.wav"), "--seconds-budget", "1"]
    assert main(arguments) == 0
    said = capsys.readouterr().out
    assert f"pluck: {words} or infinite, from 0.136 s on, and w" in said
    assert said.count("matched as silence.") == 1
    assert np.isfinite(soundfile.read(tmp_path / "out.wav")[0]).all()


@pytest.mark.parametrize("other", ["out.wav", "../{folder}/out.wav", "pluck.wav"])
def test_the_patch_is_never_written_over_a_sound(
    pluck: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], other: str
) -> None:
    before = pluck.read_bytes()
    out, patch = tmp_path / "out.wav", tmp_path / other.format(folder=tmp_path.name)
    assert main(["match", str(pluck), "-o", str(out), "--save-patch", str(patch), "--force"]) == 2
    said = capsys.readouterr().err
    assert "give the patch one of its own" in said
    assert said.count("\n") == 1
    assert not out.exists()
    assert pluck.read_bytes() == before


@pytest.mark.parametrize(("preset_db", "words"), [(math.inf, "(no pitch)\n"), (0.0, "is the very sound\n")])
def test_figures_that_are_no_numbers_stay_out_of_the_answer(
    pluck: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    preset_db: float,
    words: str,
) -> None:
    found = MatchResult((Candidate(Patch("fm"), math.inf, NoteSettings()),), None, 0.0, 0.5, "", "Bell", preset_db)
    monkeypatch.setattr("engine.inline.match_inline", lambda *_, **__: found)
    patch = tmp_path / "patch.json"
    arguments = ["match", str(pluck), "-o", str(tmp_path / "out.wav"), "--save-patch", str(patch), "--force"]
    assert main([*arguments, "--json"]) == 0
    told = json.loads(capsys.readouterr().out, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    assert told["preset_db"] == (None if math.isinf(preset_db) else preset_db)
    assert (told["distance_db"], told["candidates_db"]) == (None, [None])
    assert main(arguments) == 0
    assert words in capsys.readouterr().out
    assert Patch.loads(patch.read_text()).values == Patch("fm").values
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.wav", "patch.json", "pluck.wav"]
