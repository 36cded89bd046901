"""DX7 banks on the command line."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine import cli
from engine.project.dx7 import Dx7Operator, Dx7Voice, bank_bytes, voice_bytes


def organ(ratio: int, name: bytes) -> Dx7Voice:
    """One sine at ``ratio`` times the key."""
    return replace(
        Dx7Voice(operators=(Dx7Operator(level=99, coarse=ratio), *[Dx7Operator()] * 5)), name_bytes=name.ljust(10)
    )


@pytest.fixture
def bank(tmp_path: Path) -> Path:
    path = tmp_path / "organs.syx"
    path.write_bytes(bank_bytes([organ(1, b"LOW"), organ(4, b"HIGH")]))
    return path


def run(capsys: pytest.CaptureFixture[str], *argv: object) -> tuple[int, str, str]:
    code = cli.main([str(a) for a in argv])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_the_chosen_voice_is_heard_at_its_pitch(bank: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number, hz in ((1, 440.0), (2, 1760.0)):
        out = tmp_path / f"{number}.wav"
        code, _, _ = run(capsys, "render", bank, "--voice", number, "--note", 69, "--seconds", 1, "-o", out)
        sound, rate = soundfile.read(out)
        assert code == 0
        assert np.argmax(np.abs(np.fft.rfft(sound[: rate // 2]))) * 2 == pytest.approx(hz, abs=2.0)


def test_a_single_voice_needs_no_number(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "one.SYX"
    path.write_bytes(voice_bytes(organ(1, b"LOW")))
    code, _, _ = run(capsys, "render", path, "--seconds", 0.2, "-o", tmp_path / "out.wav")
    assert code == 0


def test_the_notice_about_a_damaged_bank_is_told(
    bank: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = bytearray(bank.read_bytes())
    data[-2] ^= 1
    bank.write_bytes(data)
    code, out, _ = run(capsys, "render", bank, "--voice", 1, "--seconds", 0.2, "-o", tmp_path / "out.wav", "--json")
    assert code == 0
    assert "wrong checksum" in json.loads(out)["notice"]
    assert "wrong checksum" in run(capsys, "info", bank)[1]


def test_info_lists_the_voices(bank: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "info", bank)
    assert code == 0
    assert out.splitlines()[0] == f"{bank}: DX7, 32 voices"
    assert out.splitlines()[2].split() == ["2", "HIGH", "algorithm", "1"]
    data = json.loads(run(capsys, "info", bank, "--json")[1])
    assert [voice["name"] for voice in data["voices"][:3]] == ["LOW", "HIGH", "INIT VOICE"]


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ([], "holds 32 voices; choose one with --voice"),
        (["--voice", 33], "There is no voice 33: there are 32 voices"),
        (["--voice", 0], "There is no voice 0"),
    ],
)
def test_a_voice_that_cannot_be_told_gets_one_sentence(
    bank: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], extra: list[object], words: str
) -> None:
    code, _, err = run(capsys, "render", bank, *extra, "-o", tmp_path / "out.wav")
    assert code == 2
    assert words in err
    assert err.count("\n") == 1


def test_a_number_for_something_else_than_a_bank_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "render", "some preset", "--voice", 2, "-o", tmp_path / "out.wav")
    assert code == 2
    assert "is no DX7 bank" in err


def test_a_file_that_is_no_bank_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "drum.syx"
    path.write_bytes(b"\xf0\x41\x10" + bytes(50) + b"\xf7")
    for command in (["render", path, "-o", tmp_path / "out.wav"], ["info", path]):
        code, _, err = run(capsys, *command)
        assert code == 2
        assert "drum.syx: This is a MIDI dump for an instrument of another maker" in err
