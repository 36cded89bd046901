"""Handing presets on: as preset files, or as voices and banks of a DX7 with a word on what a DX7 cannot keep."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from engine.audio.atomic import new_file
from engine.audio.names import free_path, safe_name
from engine.errors import AudioError, PatchError
from engine.jobs import Note
from engine.project.preset_index import SUFFIX, Entry
from engine.project.presets import Preset, read_preset

if TYPE_CHECKING:
    from engine.project.dx7 import Dx7Voice


@dataclass(frozen=True)
class Converted:
    """A preset as a DX7 voice. ``losses`` are sentences about what is not in it; ``as_it_came`` has every byte."""

    name: str
    voice: Dx7Voice
    losses: tuple[str, ...] = ()
    as_it_came: bool = False


def read_steps(entries: Sequence[Entry]) -> Generator[Note, None, list[Preset]]:
    """Read presets from their files; raises :class:`PatchError` for the first that cannot be used."""
    presets = []
    for number, entry in enumerate(entries):
        presets.append(read_preset(Path(entry.path)))
        yield Note(number / len(entries), f"Reading {entry.name}")
    return presets


def convert_steps(presets: Sequence[Preset]) -> Generator[Note, None, list[Converted]]:
    """Every preset as a DX7 voice, one a step; raises :class:`PatchError` for a patch of another synth."""
    from engine.project.dx7 import from_patch

    converted = []
    for number, preset in enumerate(presets):
        yield Note(number / len(presets), f"Making a DX7 voice of {preset.name}")
        voice = original_voice(preset)
        if voice is not None:
            converted.append(Converted(preset.name, voice, as_it_came=True))
        else:
            voice, losses = from_patch(preset.patch)
            converted.append(Converted(preset.name, voice, tuple(losses)))
    return converted


def original_voice(preset: Preset) -> Dx7Voice | None:
    """The DX7 voice that ``preset`` came from when nothing of it was changed since but its name; else ``None``."""
    if not preset.dx7:
        return None
    from engine.project.dx7 import to_patch

    try:
        voice = voice_of_bytes(preset.dx7)
    except PatchError:
        return None
    if to_patch(voice).values != preset.patch.values:
        return None
    if preset.name == voice.name or (not voice.name and preset.name.startswith("Voice ")):
        return voice
    plain = "".join(letter if 32 <= ord(letter) < 127 else "?" for letter in preset.name)[: len(voice.name_bytes)]
    return replace(voice, name_bytes=plain.ljust(len(voice.name_bytes)).encode("ascii"))


def voice_of_bytes(data: bytes) -> Dx7Voice:
    """The voice in the packed or the single form; raises :class:`PatchError` for any other length."""
    from engine.project.dx7 import Dx7Voice
    from engine.project.dx7.voice import PACKED_BYTES

    return Dx7Voice.from_packed(data) if len(data) == PACKED_BYTES else Dx7Voice.from_single(data)


def write_bank_steps(converted: Iterable[Converted], path: Path) -> Generator[Note, None, Path]:
    """Write DX7 voices (see :func:`engine.project.dx7.write_syx`); the person agreed to overwrite."""
    from engine.project.dx7 import write_syx

    yield Note(None, f"Writing {path.name}")
    try:
        return write_syx(path, [item.voice for item in converted], overwrite=True)
    except AudioError as error:
        raise PatchError(str(error)) from None


def write_file_steps(preset: Preset, path: Path) -> Generator[Note, None, Path]:
    """Write one preset file; the person agreed to overwrite."""
    yield Note(None, f"Writing {path.name}")
    _write(preset, path, overwrite=True)
    return path


def write_folder_steps(presets: Sequence[Preset], folder: Path) -> Generator[Note, None, Path]:
    """Write a file for each preset into ``folder``, beside whatever is there."""
    for number, preset in enumerate(presets):
        yield Note(number / len(presets), f"Writing {preset.name}")
        _write(preset, free_path(folder, safe_name(preset.name, "preset"), SUFFIX))
    return folder


def _write(preset: Preset, path: Path, *, overwrite: bool = False) -> None:
    try:
        with new_file(path.absolute(), overwrite=overwrite) as temporary:
            temporary.write_text(preset.dumps(), encoding="utf-8")
    except AudioError as error:
        raise PatchError(str(error)) from None
