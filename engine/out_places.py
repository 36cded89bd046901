"""Where a command is to write: what can be known to fail is said before the work begins, which may take an hour."""

from __future__ import annotations

from pathlib import Path

from engine.errors import AudioExists, BadUsage


def check_sound_place(path: Path, *, force: bool) -> None:
    """Raise an error that says it when no sound can be written there: the ending, the folder, what is there already."""
    from engine.audio.formats import format_for

    check_file_place(path, force=force)
    format_for(path)


def check_file_place(path: Path | None, *, force: bool) -> None:
    """The same for any file; ``None`` is none."""
    if path is None:
        return
    if not force and path.exists():
        raise AudioExists(f"{path} is already there; choose another name, or replace it with --force.")
    if not path.absolute().parent.is_dir():
        raise BadUsage(f"{path} cannot be written: there is no folder {path.parent}.")
    from engine.audio.atomic import check_place

    check_place(path.absolute(), overwrite=force)


def check_future_place(path: Path) -> None:
    """The same for a file that replaces what is there, in a folder that may have to be made."""
    from engine.audio.atomic import check_place

    folder = path.absolute().parent
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    check_place(path if folder == path.absolute().parent else folder / path.name, overwrite=True)
