"""A file is described in words and in numbers, from one pass in blocks."""

from __future__ import annotations

import json
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.audio import Audio, describe, describe_steps, duration_words, loudness_lufs, write_clip
from engine.errors import AudioUnreadable

RATE = 48_000


def tone(seconds: float = 2.0, level: float = 0.5) -> Audio:
    wave = level * np.sin(2 * np.pi * 1000 * np.arange(round(seconds * RATE)) / RATE)
    return Audio(np.stack([wave, wave]).astype(np.float32), RATE)


def test_a_file_is_described_in_words(tmp_path: Path) -> None:
    path = write_clip(tone(), tmp_path / "tone.wav", subtype="PCM_24")
    text = str(describe(path))
    for words in ("WAV, 24-bit", "48000 Hz", "stereo", "2.000 s (96000 frames)", "-6.0 dBFS", "-6.0 LUFS"):
        assert words in text
    assert "Note" not in text


def test_a_file_is_described_in_numbers_that_json_holds(tmp_path: Path) -> None:
    path = write_clip(tone(), tmp_path / "tone.flac", subtype="PCM_24")
    data = json.loads(json.dumps(describe(path).to_json(), allow_nan=False))
    assert data["path"] == str(path)
    assert (data["format"], data["subtype"], data["bits"]) == ("FLAC", "PCM_24", 24)
    assert (data["sample_rate"], data["channels"], data["n_frames"], data["duration_s"]) == (RATE, 2, 96_000, 2.0)
    assert data["peak_dbfs"] == pytest.approx(-6.02, abs=0.01)
    assert data["loudness_lufs"] == pytest.approx(loudness_lufs(tone()), abs=0.01)
    assert data["notice"] == ""


def test_silence_has_no_level(tmp_path: Path) -> None:
    path = write_clip(Audio(np.zeros((1, 48_000), np.float32), RATE), tmp_path / "silence.wav")
    info = describe(path)
    assert "silent" in str(info)
    assert info.to_json()["peak_dbfs"] is None
    assert info.to_json()["loudness_lufs"] is None


def test_a_click_is_too_short_for_a_loudness(tmp_path: Path) -> None:
    path = tmp_path / "click.wav"
    soundfile.write(path, np.full(4_000, 0.5), 48_000)
    info = describe(path)
    assert info.loudness_lufs is None
    assert "too short" in str(info)
    assert info.to_json()["loudness_lufs"] is None


def test_a_long_float_file_has_its_bad_samples_counted(tmp_path: Path) -> None:
    samples = np.zeros(5_000_000, np.float32)  # too long to be searched when it is opened
    samples[:1000] = 0.25
    samples[[4_320_000, 4_800_000]] = np.nan
    path = tmp_path / "long.wav"
    soundfile.write(path, samples, RATE, subtype="FLOAT")
    info = describe(path)
    assert "2 samples that are no numbers (NaN or infinite, from 90.000 s on)" in info.notice
    assert info.peak_dbfs == pytest.approx(-12.04, abs=0.01)
    assert "Note:" in str(info)


def test_a_short_file_with_nan_says_so_once(tmp_path: Path) -> None:
    samples = tone().samples.copy()
    samples[0, 100] = np.nan
    soundfile.write(tmp_path / "nan.wav", samples.T, RATE, subtype="FLOAT")
    assert describe(tmp_path / "nan.wav").notice.count("no number") == 1


def test_what_cannot_be_read_is_not_described(tmp_path: Path) -> None:
    with pytest.raises(AudioUnreadable, match="There is no file"):
        describe(tmp_path / "gone.wav")


def test_describing_takes_a_fraction_of_the_memory_that_the_sound_would(tmp_path: Path) -> None:
    path = write_clip(tone(30.0), tmp_path / "half-minute.flac", subtype="PCM_16")
    describe(path)  # what is imported on first use does not count
    tracemalloc.start()
    steps = describe_steps(path)
    fractions = list(steps)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert fractions[-1] == 1.0
    assert peak < 30 * RATE * 2 * 4 / 2


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.25, "0.250 s"), (59.9, "59.900 s"), (65.3, "1:05.300"), (7384.5, "2:03:04.500"), (119.9999, "2:00.000")],
)
def test_lengths_are_said_as_people_say_them(seconds: float, words: str) -> None:
    assert duration_words(seconds) == words


@pytest.mark.data
def test_real_recordings_are_described(shared_data: Path) -> None:
    for file in sorted((shared_data / "sounds").glob("*.ogg"))[:3]:
        info = describe(file)
        assert info.subtype == "VORBIS"
        assert -40.0 < info.loudness_lufs < 0.0
        assert info.loudness_lufs < info.peak_dbfs + 4.0


def test_importing_the_package_loads_no_heavy_library() -> None:
    heavy = "{'torch', 'scipy', 'soundfile', 'soxr', 'sounddevice', 'PySide6'}"
    code = f"import engine.audio, sys; print(sorted({heavy} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert ran.stdout.strip() == "[]"
