"""A file, or a folder of files, that appears under its name all at once, complete, or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.audio.trouble import exists, unwritable
from engine.errors import AudioExists, AudioUnwritable


@contextmanager
def new_file(target: Path, *, overwrite: bool = False) -> Iterator[Path]:
    """The path of a temporary file beside ``target``; when the block ends well, it is flushed to disk and renamed.

    When the block raises (or its generator is closed), the temporary file is removed and ``target`` is as it was.
    Raises ``AudioExists`` when ``target`` is there and ``overwrite`` is off, at the start and, if somebody was faster,
    at the end; ``AudioUnwritable`` when the folder is missing, may not be changed or is full.
    """
    _check_door(target, overwrite)
    if overwrite and target.is_symlink():
        # The file behind the link is what people mean; the link stays a link.
        target = target.resolve()
    temporary = _temporary(target)
    try:
        try:
            # Created here so that a folder that cannot be written is known at the door, with the rights of a new file.
            os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
            if overwrite and target.exists():
                temporary.chmod(target.stat().st_mode & 0o777)
            yield temporary
            _flush(temporary)
            _publish(temporary, target, overwrite)
        except OSError as error:
            raise unwritable(error, target) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()
    _flush_folder(target.parent)


def check_place(target: Path, *, overwrite: bool = False) -> None:
    """Raise what :func:`new_file` would raise at its start; nothing is left behind."""
    _check_door(target, overwrite)
    if overwrite and target.is_symlink():
        target = target.resolve()
    temporary = _temporary(target)
    try:
        # Who may write where is known for sure only by doing it.
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        temporary.unlink()
    except OSError as error:
        raise unwritable(error, target) from error


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """The path of a temporary folder beside ``target``; when the block ends well, it is renamed.

    Nothing is ever replaced: ``AudioExists`` is raised when ``target`` is there and not an empty folder, at the start
    and, if somebody was faster, at the end. When the block raises, everything is as it was.
    """
    temporary = target.with_name(f".{target.name[:40]}-{secrets.token_hex(6)}.part")
    try:
        if target.is_dir():
            if any(target.iterdir()):
                raise AudioExists(f"The folder {target} is already there and holds files; choose a new one.")
        elif os.path.lexists(target):
            raise exists(target)
        temporary.mkdir()
        yield temporary
        if os.name == "nt" and target.is_dir():
            target.rmdir()
        temporary.rename(target)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            raise AudioExists(f"The folder {target} is already there and holds files; choose a new one.") from error
        raise unwritable(error, target) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    _flush_folder(target.parent)


def _check_door(target: Path, overwrite: bool) -> None:
    """Refuse what can be known to fail before any work is done."""
    try:
        status = target.lstat()
        if target.is_dir():
            raise unwritable(IsADirectoryError(errno.EISDIR, "is a folder"), target)
        if not overwrite:
            raise exists(target)
        if not stat.S_ISREG(status.st_mode) and not target.is_file():
            raise AudioUnwritable(f"{target} is no file but a device or a pipe, or a link that leads nowhere.")
    except FileNotFoundError:
        return
    except OSError as error:
        raise unwritable(error, target) from error


def _temporary(target: Path) -> Path:
    return target.with_name(f".{target.stem[:40]}-{secrets.token_hex(6)}.part")


def _flush(path: Path) -> None:
    """Wait until the file's bytes are on the disk."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _publish(temporary: Path, target: Path, overwrite: bool) -> None:
    if overwrite:
        temporary.replace(target)
        return
    try:
        # A second name for the finished file: fails if the name is taken, in one indivisible act.
        os.link(temporary, target)
    except FileExistsError:
        raise
    except (OSError, AttributeError):
        # A disk without second names (FAT, some network folders): reserve the name, then rename over it.
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        try:
            temporary.replace(target)
        except OSError:
            target.unlink(missing_ok=True)
            raise


def _flush_folder(folder: Path) -> None:
    """Make the new name itself survive a power cut, where the system lets folders be flushed."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
