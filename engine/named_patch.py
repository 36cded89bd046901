"""Which patch a word on the command line means: a file, a preset, or a voice of a DX7 bank."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import BadUsage, PatchError

if TYPE_CHECKING:
    from engine.params import Patch


def find_sound(name: str, voice: int | None = None) -> tuple[Patch, tuple[str, ...]]:
    """The patch of that name (see :func:`find_patch`), or voice number ``voice`` of a DX7 bank, and what was odd in it.

    Raises :class:`PatchError` when there is none, :class:`BadUsage` when the number is missing or out of place.
    """
    if not is_dx7(name):
        if voice is not None:
            raise BadUsage(f"{name} is no DX7 bank, so --voice says nothing; leave it out.")
        return find_patch(name), ()
    from engine.project.dx7 import read_syx, to_patch

    bank = read_syx(name)
    if voice is None and len(bank.voices) > 1:
        raise BadUsage(f"{name} holds {len(bank.voices)} voices; choose one with --voice (info lists them).")
    try:
        return to_patch(bank.voice(1 if voice is None else voice)), bank.notices
    except PatchError as error:
        raise PatchError(f"{name}: {error}") from None


def is_dx7(name: str) -> bool:
    """Whether a file's name says that it is a MIDI dump."""
    return Path(name).suffix.lower() == ".syx"


def find_patch(name: str) -> Patch:
    """The patch in the file of that name, else the preset of that name; raises :class:`PatchError`."""
    from engine.project.preset_library import find_preset
    from engine.project.presets import read_patch

    path = Path(name)
    if _is_there(path):
        return read_patch(path)
    try:
        return find_preset(name).patch
    except PatchError as error:
        if path.suffix.lower() == ".json" or path.name != name:
            raise PatchError(f"There is no file {name}; give a patch file that is there, or a preset's name.") from None
        # "There is no preset called ..." becomes one sentence with what was looked for first.
        raise PatchError(str(error).replace("no preset", "no file and no preset", 1)) from None


def _is_there(path: Path) -> bool:
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except (OSError, ValueError):
        pass  # Whoever reads it says what is wrong with it.
    return True
