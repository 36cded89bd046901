"""Titles become file names that every system accepts and that are still free."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.audio import free_path, safe_name


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Bell", "Bell"),
        ("Glöckchen 鐘 🔔", "Glöckchen 鐘 🔔"),
        ("kick/snare", "kick - snare"),
        ('a<b>c"d?e*f', "abcdef"),
        ("E:\\loops\\kick.wav", "E - loops - kick.wav"),
        ("../../etc/passwd", "etc - passwd"),
        ("  spaces \t and\nlines  ", "spaces and lines"),
        ("hidden", "hidden"),
        (".hidden", "hidden"),
        ("ends with dot.", "ends with dot"),
        ("CON", "CON_"),
        ("con.backup", "con_.backup"),
        ("LPT9", "LPT9_"),
        ("console", "console"),
        ("null\0byte", "null byte"),
        ("e\u0301", "é"),
        ("", "sound"),
        ("///", "sound"),
        ("\ud800", "sound"),
    ],
)
def test_a_title_becomes_a_file_name(tmp_path: Path, title: str, name: str) -> None:
    assert safe_name(title) == name
    (tmp_path / f"{name}.wav").write_bytes(b"")


def test_a_long_title_is_cut_between_letters(tmp_path: Path) -> None:
    for letter in ("x", "ä", "鐘", "🔔", "x\u0323"):
        name = safe_name(letter * 300)
        assert 150 < len(name.encode()) <= 180
        assert set(name) <= set(letter)
        (tmp_path / f"{name} 12.flac").write_bytes(b"")


def test_names_stay_as_they_are_when_made_safe_again() -> None:
    for title in ("kick/snare: deep?", "CON", "...a...", "x" * 400, "a/./b"):
        assert safe_name(safe_name(title)) == safe_name(title)


def test_a_taken_name_gets_a_number(tmp_path: Path) -> None:
    assert free_path(tmp_path, "Bell", ".wav") == tmp_path / "Bell.wav"
    for expected in ("Bell.wav", "Bell 2.wav", "Bell 3.wav"):
        path = free_path(tmp_path, "Bell", ".wav")
        assert path.name == expected
        path.write_bytes(b"")
    assert free_path(tmp_path, "Bell", ".flac").name == "Bell.flac"
    assert free_path(tmp_path, "bell", ".wav").name == "bell 4.wav"


def test_a_folder_that_is_not_there_has_every_name_free(tmp_path: Path) -> None:
    assert free_path(tmp_path / "new", "a/b", ".wav") == tmp_path / "new" / "a - b.wav"
