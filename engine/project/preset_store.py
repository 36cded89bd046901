"""The person's own presets on the disk: one JSON file each, in folders, written whole or not at all.

::

    presets/             Basses/Round.json ...        what the list shows
    preset-trash/        2026-11-21 10-30-05 ...      what was deleted or replaced; nothing here goes by itself
    preset-marks.json                                 favourites, recent ones and own tags (engine.project.preset_marks)
"""

from __future__ import annotations

import contextlib
import os
import secrets
from dataclasses import replace
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Final

from engine.audio.atomic import new_file
from engine.audio.names import free_path, safe_name
from engine.audio.trouble import unwritable
from engine.errors import AudioError, PatchError
from engine.params import Patch
from engine.project.file_swap import Change, FilePair, digest_of, trash_place
from engine.project.preset_index import SUFFIX, Entry, Place, broken_entry, entry_of, stamp_of
from engine.project.presets import PRESET_FOLDER, Preset, read_preset

PRESETS_VARIABLE: Final = "TONEWRIGHT_PRESETS"
"""Environment variable that names another folder for the person's presets and marks."""
MOST_NAME: Final = 120


class PresetStore:
    """The presets below ``root``; by default in the person's data folder.

    What it changes comes back as a :data:`Change`, with which :func:`engine.project.file_swap.swap_steps` undoes it.
    ``index`` is the memory of the last scan; that file may be removed at any time.
    """

    def __init__(self, root: Path | None = None, factory: Path = PRESET_FOLDER) -> None:
        self.factory = factory
        named = root if root is not None else _named_root()
        if named is None:
            from platformdirs import user_cache_path, user_data_path

            self.root = user_data_path("tonewright", appauthor=False)
            self.index = user_cache_path("tonewright", appauthor=False) / "presets.json"
        else:
            self.root = named
            self.index = named / "preset-index.json"

    @property
    def folder(self) -> Path:
        return self.root / "presets"

    @property
    def trash(self) -> Path:
        return self.root / "preset-trash"

    @property
    def marks(self) -> Path:
        return self.root / "preset-marks.json"

    @property
    def places(self) -> tuple[Place, Place]:
        return Place(self.factory, "factory"), Place(self.folder, "user")

    def key_of(self, path: Path) -> str:
        """The key of a file of the person's own."""
        return f"user:{PurePosixPath(path.relative_to(self.folder))}"

    def entry(self, preset: Preset, path: Path) -> Entry:
        """The entry of a preset that has just been written to ``path``."""
        return entry_of(preset, self.key_of(path), path, stamp_of(path.stat()))

    def look_at(self, path: Path) -> tuple[Entry, Preset | None]:
        """What a file of the person's own holds, and its entry; no preset, and an entry that says why, when damaged."""
        key, stamp = self.key_of(path), stamp_of(path.stat())
        try:
            preset = read_preset(path)
        except PatchError as error:
            return broken_entry(key, path, stamp, error), None
        return entry_of(preset, key, path, stamp), preset

    def add(
        self, preset: Preset, folder: str = "", *, flush: bool = True, taken: dict[Path, set[str]] | None = None
    ) -> Entry:
        """Write a preset under its name, or the next free one, and return its entry.

        ``folder`` is below the person's presets and is made when it is missing; ``flush`` waits until it is safe on
        the disk (an import of thousands does not); ``taken`` remembers the names in each folder from one call to the
        next. Raises :class:`PatchError` when it has no name or the place cannot be written.
        """
        preset = _named(preset, preset.name)
        place = self.folder.joinpath(*(safe_name(part, "presets") for part in PurePosixPath(folder).parts))
        _make(place)
        path = _free(place, safe_name(preset.name, "preset"), {} if taken is None else taken)
        _write(path, preset.dumps(), flush=flush)
        return self.entry(preset, path)

    def replace(self, entry: Entry, preset: Preset) -> tuple[Entry, Change]:
        """Write ``preset`` over the file of ``entry``; what was there goes to the trash."""
        path = self._own(entry)
        lies = self._discard(path, copy=True) if path.exists() else None
        _make(path.parent)
        _write(path, _named(preset, preset.name).dumps())
        return self.entry(preset, path), (FilePair(path, digest_of(path), lies),)

    def rename(self, entry: Entry, name: str) -> tuple[Entry, Change]:
        """Call a preset something else, and its file too; as it was, it lies in the trash."""
        path = self._own(entry)
        preset = _named(read_preset(path), name)
        wanted = safe_name(preset.name, "preset")
        same = wanted.casefold() == path.stem.casefold()
        target = path.with_name(wanted + SUFFIX) if same else free_path(path.parent, wanted, SUFFIX)
        # The new file is safe before the old one goes; on a disk without upper and lower case they may be one file.
        lies = self._discard(path, copy=True)
        _write(target, preset.dumps())
        is_other = target != path and path.exists() and not path.samefile(target)
        if is_other:
            with contextlib.suppress(OSError):
                path.unlink()
        new = digest_of(target)
        if is_other:
            return self.entry(preset, target), (FilePair(path, None, lies), FilePair(target, new, None))
        return self.entry(preset, target), (FilePair(target, new, lies),)

    def duplicate(self, entry: Entry) -> Entry:
        """A copy of any preset among the person's own."""
        preset = read_preset(Path(entry.path))
        return self.add(_named(preset, f"{preset.name[: MOST_NAME - 5]} copy"), entry.folder)

    def delete(self, entry: Entry) -> Change:
        """Move a preset to the trash."""
        path = self._own(entry)
        return (FilePair(path, None, self._discard(path)),)

    def write_marks(self, text: str) -> None:
        """Keep the marks; raises :class:`PatchError` when the place cannot be written."""
        _make(self.root)
        _write(self.marks, text)

    def set_marks_aside(self) -> Path | None:
        """Move damaged marks out of the way, so that nothing of them is lost; where they lie, ``None`` if they stay."""
        aside = self.marks.with_suffix(f".{datetime.now():%Y%m%d-%H%M%S}.damaged")
        try:
            return self.marks.rename(aside)
        except OSError:
            return None

    def _own(self, entry: Entry) -> Path:
        if entry.is_factory:
            raise PatchError(f"“{entry.name}” came with the program and stays as it is; save it under another name.")
        return Path(entry.path)

    def _discard(self, path: Path, *, copy: bool = False) -> Path:
        _make(self.trash)
        lies = trash_place(self.trash, path)
        try:
            if copy:
                lies.write_bytes(path.read_bytes())
            else:
                path.rename(lies)
        except OSError as error:
            raise PatchError(f"{path.name} cannot be moved to the trash: {error.strerror or error}.") from None
        return lies


def _named_root() -> Path | None:
    named = os.environ.get(PRESETS_VARIABLE)
    return Path(named) if named else None


def _named(preset: Preset, name: str) -> Preset:
    name = " ".join(name.split())[:MOST_NAME]
    if not name:
        raise PatchError("A preset needs a name.")
    return replace(preset, patch=renamed(preset.patch, name))


def renamed(patch: Patch, name: str) -> Patch:
    """The same patch under another name."""
    return patch if patch.name == name else replace(patch, name=name)


def _free(folder: Path, stem: str, taken: dict[Path, set[str]]) -> Path:
    """A path for a new file, as :func:`free_path` gives; every folder is listed only once for one ``taken``."""
    if folder not in taken:
        taken[folder] = {item.name.casefold() for item in folder.iterdir()}
    names = taken[folder]
    number = 1
    while (name := f"{stem} {number}{SUFFIX}" if number > 1 else stem + SUFFIX).casefold() in names:
        number += 1
    names.add(name.casefold())
    return folder / name


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        words = (
            f"Presets cannot be kept in {folder}: {error.strerror or error}. Free the place or set {PRESETS_VARIABLE}."
        )
        raise PatchError(words) from None


def _write(path: Path, text: str, *, flush: bool = True) -> None:
    if flush:
        try:
            with new_file(path, overwrite=True) as temporary:
                temporary.write_text(text, encoding="utf-8")
        except AudioError as error:
            raise PatchError(str(error)) from None
        return
    temporary = path.with_name(f".{secrets.token_hex(6)}.part")
    try:
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise PatchError(str(unwritable(error, path))) from None
