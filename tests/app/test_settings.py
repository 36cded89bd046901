"""What the window remembers comes back; what is damaged reads as the default and never stops a start."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.settings import SETTINGS, SETTINGS_VARIABLE, Settings


def test_every_value_comes_back_with_its_type(tmp_path: Path) -> None:
    values = {bytes: b"\x00\xff", bool: False, int: 150, float: -6.5, str: "light", list: ["a"], dict: {"fft": 2048}}
    first = Settings(tmp_path / "s.ini")
    wanted = {}
    for setting in SETTINGS:
        value = setting.choices[-1] if setting.choices else values[type(setting.default)]
        first.set(setting.name, value)
        wanted[setting.name] = value
    first.save()
    second = Settings(tmp_path / "s.ini")
    assert {s.name: second.get(s.name) for s in SETTINGS} == wanted


def test_a_first_start_reads_the_defaults(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "nothing.ini")
    assert {s.name: settings.get(s.name) for s in SETTINGS} == {s.name: s.default for s in SETTINGS}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "garbage \x00\x01",
        "[view]\ntheme=purple\nzoom_percent=7\nmotion=maybe\n",
        "[window]\ngeometry=12\nlayout=!!\n",
    ],
)
def test_damaged_settings_read_as_defaults(tmp_path: Path, text: str) -> None:
    path = tmp_path / "s.ini"
    path.write_text(text, encoding="utf-8")
    settings = Settings(path)
    assert {s.name: settings.get(s.name) for s in SETTINGS} == {s.name: s.default for s in SETTINGS}


def test_a_wrong_type_or_choice_is_refused_at_once(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "s.ini")
    for name, value in (("view/theme", "purple"), ("view/zoom_percent", "100"), ("view/motion", 1)):
        with pytest.raises(ValueError, match=name):
            settings.set(name, value)
    with pytest.raises(KeyError):
        settings.get("view/sparkle")


def test_another_file_can_be_named_in_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SETTINGS_VARIABLE, str(tmp_path / "other.ini"))
    assert Settings().path == tmp_path / "other.ini"


def test_a_folder_that_cannot_be_written_only_loses_the_memory(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "no" / "such" / "place" / "s.ini")
    settings.set("view/theme", "light")
    settings.save()
    assert settings.get("view/theme") == "light"
