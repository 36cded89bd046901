"""Project files and autosave folders: written atomically, read with care.

A ``.tonewright`` file is a zip archive of ``project.json`` and ``audio/<id>.wav`` for the sounds that exist nowhere
else; nothing in it is compressed that has to be read quickly. An autosave is a folder with the same names in it, so a
sound (takes never change) is written there once and not again with each autosave.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Generator, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import IO, Any

from engine.audio import Clip, open_clip, write_clip_steps
from engine.audio.atomic import new_file
from engine.audio.trouble import reason
from engine.errors import AudioError, ProjectError
from engine.jobs import Note, run_inline
from engine.project.describe import Loaded, describe, from_text, restore, to_text
from engine.project.project import Project
from engine.project.sources import owned_clip, temporary_path

SUFFIX = ".tonewright"
DESCRIPTION = "project.json"
CHUNK_BYTES = 1 << 22
DESCRIPTION_LIMIT_BYTES = 1 << 28
IN_MEMORY_BYTES = 8 << 20
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
    data, embedded = describe(project, view, path.absolute().parent)
    try:
        with (
            new_file(path.absolute(), overwrite=True) as temporary,
            zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive,
        ):
            archive.writestr(DESCRIPTION, to_text(data), zipfile.ZIP_DEFLATED)
            for number, (entry, clip) in enumerate(embedded.items()):
                # Delegated and not looped over: a cancel then closes the entry before the archive.
                yield from _pack(archive, entry, clip, number, len(embedded))
    except AudioError as error:
        raise ProjectError(f"{path.name} is not saved. {error}") from error
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
                # BadZipFile: the entry's checksum does not hold. RuntimeError: it wants a password.
                try:
                    if archive.getinfo(entry).compress_type != zipfile.ZIP_STORED:
                        # A few packed kilobytes can unpack to a full disk; this program never packs sounds.
                        raise ProjectError(f"{entry} in {path.name} was packed by another program.")
                    with archive.open(entry) as stream:
                        return (yield from _unpack(stream, name))
                except (KeyError, RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error, EOFError) as error:
                    raise ProjectError(f"{entry} in {path.name} is missing or damaged.") from error

            return (yield from restore(data, path.absolute().parent, open_entry))
    except (zipfile.BadZipFile, EOFError, UnicodeDecodeError) as error:
        raise ProjectError(f"{path.name} is no Tonewright project, or it is damaged.") from error
    except OSError as error:
        raise ProjectError(f"{path.name} could not be opened: {reason(error)}.") from error


def autosave_steps(project: Project, view: Mapping[str, Any], folder: Path) -> Generator[Note, None, Path]:
    """Keep a project in ``folder``: sounds not there yet are written, then the description is replaced in one move."""
    try:
        (folder / "audio").mkdir(exist_ok=True)
        data, embedded = describe(project, view, folder)
        new = {entry: clip for entry, clip in embedded.items() if not (folder / entry).exists()}
        for number, (entry, clip) in enumerate(new.items()):
            with closing(write_clip_steps(clip, folder / entry, subtype="FLOAT")) as steps:
                for share in steps:
                    yield Note((number + share) / len(new), "Keeping a safety copy")
        write_text(folder / DESCRIPTION, to_text(data))
    except (AudioError, OSError) as error:
        raise ProjectError(f"The safety copy in {folder} is not complete. {error}") from error
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
    """Replace a small text file in one move, once the new text is safe on the disk; raises :class:`ProjectError`."""
    try:
        with new_file(path, overwrite=True) as temporary:
            temporary.write_text(text, encoding="utf-8")
    except AudioError as error:
        raise ProjectError(str(error)) from error


def _pack(archive: zipfile.ZipFile, entry: str, clip: Clip, number: int, count: int) -> Generator[Note, None, None]:
    """Put clip ``number`` of ``count`` into the archive as float WAV, which loses nothing."""
    text = f"Saving {clip.name}"
    sound = temporary_path()
    try:
        with closing(write_clip_steps(clip, sound, subtype="FLOAT", overwrite=True)) as steps:
            for share in steps:
                yield Note((number + 0.5 * share) / count, text)
        with sound.open("rb") as source, archive.open(entry, "w", force_zip64=True) as target:
            while chunk := source.read(CHUNK_BYTES):
                target.write(chunk)
                yield Note((number + 0.5) / count, text)
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
        opened = open_clip(sound)
        audio = opened.read(0, opened.n_frames)
        opened.source.close()
        return Clip.of(audio, name, about=opened.about)
    finally:
        if not kept:
            with suppress(OSError):
                sound.unlink(missing_ok=True)


def _read_description(archive: zipfile.ZipFile, name: str) -> str:
    try:
        size = archive.getinfo(DESCRIPTION).file_size
        if size > DESCRIPTION_LIMIT_BYTES:
            raise ProjectError(f"{name} is damaged: its description claims {size} bytes.")
        return archive.read(DESCRIPTION).decode("utf-8")
    except (KeyError, RuntimeError, NotImplementedError):
        raise ProjectError(f"{name} is no Tonewright project.") from None
