"""Project files and autosave folders: written atomically, read with care.

A ``.tonewright`` file is a zip archive of ``project.json`` and ``audio/<id>.wav`` for the sounds that exist nowhere
else; nothing in it is compressed that has to be read quickly. An autosave is a folder with the same names in it, so a
sound (takes never change) is written there once and not again with each autosave.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import zipfile
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import IO, Any

from engine.audio import Clip
from engine.errors import ProjectError
from engine.jobs import Note, run_inline
from engine.project.describe import Loaded, describe, from_text, restore, to_text
from engine.project.project import Project
from engine.project.sources import owned_clip, temporary_path

SUFFIX = ".tonewright"
DESCRIPTION = "project.json"
CHUNK_BYTES = 1 << 22
DESCRIPTION_LIMIT_BYTES = 1 << 28
IN_MEMORY_BYTES = 32 << 20
"""Kept sounds up to this size are read into memory; longer ones stay in a temporary file."""


def save_project(project: Project, view: Mapping[str, Any], path: Path) -> Path:
    """Save on the calling thread; see :func:`save_steps`."""
    return run_inline(lambda: save_steps(project, view, path))


def load_project(path: Path) -> Loaded:
    """Open on the calling thread; see :func:`load_steps`."""
    return run_inline(lambda: load_steps(path))


def save_steps(project: Project, view: Mapping[str, Any], path: Path) -> Generator[Note, None, Path]:
    """Save a project and return where it went (with the suffix that project files have).

    The file that was there is replaced in one move once the new one is safe on the disk: a failure, a crash or a
    cancel at any moment leaves the old one whole. Sounds that came from files are referenced, not copied. ``view`` is
    any JSON table: what the window wants to find again. Raises :class:`ProjectError` when the place cannot be written.
    """
    path = path if path.suffix == SUFFIX else path.with_name(path.name + SUFFIX)
    part: Path | None = None
    try:
        data, embedded = describe(project, view, path.absolute().parent)
        handle, name = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=".part", dir=path.absolute().parent)
        part = Path(name)
        with os.fdopen(handle, "wb") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
                archive.writestr(DESCRIPTION, to_text(data), zipfile.ZIP_DEFLATED)
                for number, (entry, clip) in enumerate(embedded.items()):
                    for share in _pack(archive, entry, clip):
                        yield Note((number + share) / len(embedded), f"Saving {path.name}")
            file.flush()
            os.fsync(file.fileno())
        part.chmod(_usual_mode(path))
        part.replace(path)
    except OSError as error:
        raise ProjectError(f"{path.name} could not be saved to {path.parent}: {_reason(error)}.") from error
    finally:
        if part is not None:
            part.unlink(missing_ok=True)
    return path


def load_steps(path: Path) -> Generator[Note, None, Loaded]:
    """Open a project file.

    Files that are gone become takes marked missing, with a notice. Raises :class:`ProjectError` when the file is not
    there, is damaged, is something else or was written by a newer program.
    """
    path = Path(path)
    try:
        with zipfile.ZipFile(path) as archive:
            data = from_text(_read_description(archive, path.name), path.name)

            def open_entry(entry: str, name: str) -> Generator[Note, None, Clip]:
                try:
                    stream = archive.open(entry)
                except (KeyError, RuntimeError, NotImplementedError) as error:
                    raise ProjectError(f"{path.name} does not hold {entry}.") from error
                with stream:
                    return (yield from _unpack(stream, name))

            return (yield from restore(data, path.absolute().parent, open_entry))
    except (zipfile.BadZipFile, EOFError, UnicodeDecodeError) as error:
        raise ProjectError(f"{path.name} is no Tonewright project, or it is damaged.") from error
    except OSError as error:
        raise ProjectError(f"{path.name} could not be opened: {_reason(error)}.") from error


def autosave_steps(project: Project, view: Mapping[str, Any], folder: Path) -> Generator[Note, None, Path]:
    """Keep a project in ``folder``: sounds not there yet are written, then the description is replaced in one move."""
    from engine.audio import write_clip_steps

    try:
        (folder / "audio").mkdir(parents=True, exist_ok=True)
        data, embedded = describe(project, view, folder)
        new = {entry: clip for entry, clip in embedded.items() if not (folder / entry).exists()}
        for number, (entry, clip) in enumerate(new.items()):
            for share in write_clip_steps(clip, folder / entry, subtype="FLOAT"):
                yield Note((number + share) / len(new), "Keeping a safety copy")
        write_text(folder / DESCRIPTION, to_text(data))
    except OSError as error:
        raise ProjectError(f"The safety copy could not be written to {folder}: {_reason(error)}.") from error
    return folder


def recover_steps(folder: Path) -> Generator[Note, None, Loaded]:
    """Open what :func:`autosave_steps` kept; raises :class:`ProjectError` when it cannot be read."""
    data = autosave_description(folder)

    def open_entry(entry: str, name: str) -> Generator[Note, None, Clip]:
        with (folder / entry).open("rb") as stream:
            return (yield from _unpack(stream, name))

    return (yield from restore(data, folder, open_entry))


def autosave_description(folder: Path) -> dict[str, Any]:
    """The description in an autosave folder; raises :class:`ProjectError` when there is none that can be read."""
    try:
        return from_text((folder / DESCRIPTION).read_text(encoding="utf-8"), "The safety copy")
    except (OSError, UnicodeDecodeError) as error:
        raise ProjectError(f"The safety copy in {folder} cannot be read.") from error


def write_text(path: Path, text: str) -> None:
    """Replace a small text file in one move, once the new text is safe on the disk; raises ``OSError``."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}-", suffix=".part", dir=path.parent)
    part = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _pack(archive: zipfile.ZipFile, entry: str, clip: Clip) -> Generator[float, None, None]:
    """Put a clip into the archive as float WAV, which loses nothing; yields the share done."""
    sound = temporary_path()
    try:
        from engine.audio import write_clip_steps

        for share in write_clip_steps(clip, sound, subtype="FLOAT", overwrite=True):
            yield 0.5 * share
        size = max(sound.stat().st_size, 1)
        written = 0
        with sound.open("rb") as source, archive.open(entry, "w", force_zip64=True) as target:
            while chunk := source.read(CHUNK_BYTES):
                target.write(chunk)
                written += len(chunk)
                yield 0.5 + 0.5 * written / size
    finally:
        sound.unlink(missing_ok=True)


def _unpack(stream: IO[bytes], name: str) -> Generator[Note, None, Clip]:
    """A kept sound as a clip of its own, so that the container can be replaced or removed while it plays."""
    sound = temporary_path()
    kept = False
    try:
        with sound.open("wb") as target:
            while chunk := stream.read(CHUNK_BYTES):
                target.write(chunk)
                yield Note(None, f"Opening {name}")
        if sound.stat().st_size > IN_MEMORY_BYTES:
            clip = owned_clip(sound, name)
            kept = True
            return clip
        from engine.audio import open_clip

        opened = open_clip(sound)
        audio = opened.read(0, opened.n_frames)
        opened.source.close()
        return Clip.of(audio, name)
    finally:
        if not kept:
            with contextlib.suppress(OSError):
                sound.unlink(missing_ok=True)


def _read_description(archive: zipfile.ZipFile, name: str) -> str:
    try:
        size = archive.getinfo(DESCRIPTION).file_size
        if size > DESCRIPTION_LIMIT_BYTES:
            raise ProjectError(f"{name} is damaged: its description claims {size} bytes.")
        return archive.read(DESCRIPTION).decode("utf-8")
    except (KeyError, RuntimeError, NotImplementedError):
        raise ProjectError(f"{name} is no Tonewright project.") from None


def _usual_mode(path: Path) -> int:
    """The access rights a project file should have: those of the file it replaces, else what new files get."""
    try:
        return path.stat().st_mode & 0o777
    except OSError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask


def _reason(error: OSError) -> str:
    return (error.strerror or str(error) or type(error).__name__).lower()
