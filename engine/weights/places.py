"""Where public nets lie on this machine: what we fetched, what the hub's programs fetched, and what a person names.

Ours are in the person's data folder, or in the one that ``TONEWRIGHT_MODELS`` names: a folder for each net with its
files and ``weight.json``, which says what they are and under which licence they were fetched. What is on its way is in
a folder that begins with a dot.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Generator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from engine.errors import BadUsage, WeightError
from engine.weights import hub
from engine.weights.catalog import Weight
from engine.weights.lock import FileLock

MODELS_VARIABLE = "TONEWRIGHT_MODELS"
"""Environment variable that names another folder for nets that are fetched."""
RECORD = "weight.json"
_FOLDERS = "folders.json"
_PIPELINE = "model_index.json"
Origin = Literal["fetched", "hub", "folder"]


@dataclass(frozen=True, slots=True)
class Place:
    """A net on this machine: where, and who put it there."""

    origin: Origin
    path: Path


@dataclass(frozen=True, slots=True)
class FileRecord:
    """A file as it was when its hash was found right; ``mtime_ns`` tells whether it was touched since."""

    n_bytes: int
    sha256: str
    was_known: bool
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Record:
    """What ``weight.json`` says."""

    id: str
    title: str
    source: str
    revision: str
    licence: Mapping[str, str]
    accepted: str
    files: Mapping[str, FileRecord] = field(default_factory=dict)
    commit: str = ""

    def write(self, folder: Path) -> None:
        """All at once, into ``folder``."""
        temporary = folder / f".{RECORD}.{os.getpid()}"
        temporary.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")
        temporary.replace(folder / RECORD)

    @classmethod
    def read(cls, folder: Path) -> Record | None:
        """What is there, ``None`` when nothing is or nothing that makes sense."""
        try:
            found: dict[str, Any] = json.loads((folder / RECORD).read_text("utf-8"))
            files = {name: FileRecord(**values) for name, values in found.pop("files").items()}
            return cls(**found, files=files)
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return None


def home() -> Path:
    """The folder of all that we fetch."""
    if named := os.environ.get(MODELS_VARIABLE):
        return Path(named).expanduser().absolute()
    from platformdirs import user_data_path

    return user_data_path("tonewright", appauthor=False) / "models"


def installed(weight: Weight) -> Path:
    """Where a fetched net lies, or would."""
    return home() / weight.id


def on_its_way(weight: Weight) -> Path:
    """Where a net lies while it is being fetched."""
    return home() / f".{weight.id}.part"


def lock_of(weight: Weight) -> FileLock:
    """Held by whoever changes what was fetched of ``weight``."""
    return FileLock(home() / f".{weight.id}.lock")


def place_of(weight: Weight) -> Place | None:
    """Where ``weight`` is, looked at only from outside: every file is there and has the right length."""
    named = named_folders().get(weight.id)
    if named is not None and lacking(weight, named) is None:
        return Place("folder", named)
    folder = installed(weight)
    if _is_whole(weight, folder):
        return Place("fetched", folder)
    for snapshot in hub.snapshots(weight):
        if all(_has(snapshot, file.path, file.n_bytes) for file in weight.files):
            return Place("hub", snapshot)
    return None


def arrived_bytes(weight: Weight) -> int:
    """How much of a net that is on its way is here already."""
    try:
        paths = [path for path in on_its_way(weight).rglob("*") if path.suffix != ".json" and path.is_file()]
        return sum(path.stat().st_size for path in paths)
    except OSError:
        return 0


def lacking(weight: Weight, folder: Path) -> str | None:
    """What is missing in a folder that a person names; ``None`` when it can be used.

    Either every file of the net is there, of any content, or a pipeline as diffusers saves it.
    """
    if is_pipeline(folder):
        return None
    return next((file.path for file in weight.files if not (folder / file.path).is_file()), None)


def is_pipeline(folder: Path) -> bool:
    """Whether it is what diffusers saves and loads."""
    return (folder / _PIPELINE).is_file()


def named_folders() -> dict[str, Path]:
    """The folders that the person has named, by the net's id."""
    try:
        found = json.loads((home() / _FOLDERS).read_text("utf-8"))
        return {str(name): Path(folder) for name, folder in found.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def name_folder(weight: Weight, folder: Path | None) -> None:
    """Remember a person's own folder for a net, or forget it with ``None``.

    Raises :class:`BadUsage` for a folder that does not hold it, :class:`WeightError` when it cannot be remembered.
    """
    folders = {name: str(path) for name, path in named_folders().items()}
    folders.pop(weight.id, None)
    if folder is not None:
        folder = folder.expanduser().absolute()
        missing = lacking(weight, folder)
        if not folder.is_dir():
            raise BadUsage(f"There is no folder {folder}.")
        if missing is not None:
            raise BadUsage(f"{folder} does not hold {weight.title}: there is no {missing} in it.")
        folders[weight.id] = str(folder)
    target = home() / _FOLDERS
    temporary = target.with_name(f".{_FOLDERS}.{os.getpid()}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(json.dumps(folders, indent=1) + "\n", encoding="utf-8")
        temporary.replace(target)
    except OSError as error:
        raise WeightError(f"{target} cannot be written ({error.strerror or error}).") from error


def _is_whole(weight: Weight, folder: Path) -> bool:
    record = Record.read(folder)
    if record is None or not {file.path for file in weight.files} <= record.files.keys():
        return False
    return all(_has(folder, name, file.n_bytes) for name, file in record.files.items())


def _has(folder: Path, name: str, n_bytes: int) -> bool:
    try:
        size = (folder / name).stat().st_size
    except OSError:
        return False
    return size == n_bytes or not n_bytes


def stamp_of(path: Path) -> tuple[int, int]:
    """Length and time of a file, which tell whether it was touched; -1 for what is not there."""
    try:
        state = path.stat()
    except OSError:
        return -1, -1
    return state.st_size, state.st_mtime_ns


@contextlib.contextmanager
def saying(folder: Path) -> Generator[None, None, None]:
    """Troubles with files in ``folder`` become sentences."""
    try:
        yield
    except OSError as error:
        raise WeightError(f"{error.filename or folder} cannot be written ({error.strerror or error}).") from error
