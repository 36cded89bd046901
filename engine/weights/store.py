"""Public nets on this machine: find one, check one, name one's own folder, remove one."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Generator
from dataclasses import dataclass, replace
from pathlib import Path

from engine.errors import WeightError
from engine.jobs import Note
from engine.weights import hub
from engine.weights.catalog import Weight, find
from engine.weights.hashes import hash_steps, sha256_of
from engine.weights.memory import in_words
from engine.weights.places import (
    Place,
    Record,
    arrived_bytes,
    installed,
    lock_of,
    name_folder,
    named_folders,
    on_its_way,
    place_of,
    stamp_of,
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What :func:`verify` found: what is wrong, and what is worth knowing."""

    weight: Weight
    place: Place
    problems: tuple[str, ...]
    remarks: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """What is wrong and what to do; empty when nothing is."""
        if not self.problems:
            return ""
        begin = f"{self.weight.title} is not what it should be ({', '.join(self.problems)}); "
        if self.place.origin == "hub":
            return f"{begin}another program fetched it, so delete {self.place.path} and fetch it again."
        return f"{begin}`tonewright models fetch {self.weight.id}` fetches it anew."


def located(weight_id: str) -> Path:
    """The folder of a public net that is on this machine; raises :class:`WeightError` with the way to get it.

    Its files are there and have the right length. Of what we fetched, a file that was touched since is hashed again.
    """
    return located_of(find(weight_id))


def located_of(weight: Weight) -> Path:
    """The same for a net that was found in the catalogue."""
    place = place_of(weight)
    if place is None:
        raise WeightError(_how_to_get(weight))
    if place.origin == "fetched":
        _check_touched(weight, place.path)
    return place.path


def verify(weight: Weight) -> Generator[Note, None, Verdict]:
    """Read every file of a net that is here and compare it with what it should be; raises :class:`WeightError` when
    it is not here."""
    place = place_of(weight)
    if place is None:
        raise WeightError(_how_to_get(weight))
    record = Record.read(place.path) if place.origin == "fetched" else None
    problems, remarks, trusted, damaged = [], [], [], set()
    whole, before = max(weight.size_bytes, 1), 0
    for file in weight.files:
        path = place.path / file.path
        if not path.is_file():
            remarks.append(f"{file.path} is not there")
            continue
        known = record.files.get(file.path) if record is not None else None
        wanted = file.sha256 or (known.sha256 if known is not None else hub.blob_name(path))
        if not file.sha256:
            trusted.append(file.path)
        if not wanted:
            continue
        reading = hash_steps(path, wanted)
        try:
            while True:
                yield Note(min((before + next(reading)) / whole, 1.0), f"Reading {file.path}")
        except StopIteration as stop:
            found = stop.value
        before += path.stat().st_size
        if found != wanted and place.origin == "folder":
            remarks.append(f"{file.path} is not the published one")
        elif found != wanted:
            problems.append(f"{file.path} is damaged")
            damaged.add(file.path)
    if record is not None and damaged:
        _forget(record, damaged, place.path)
    if trusted:
        remarks.append(f"{len(trusted)} of {len(weight.files)} files had no hash that was known before they came")
    return Verdict(weight, place, tuple(problems), tuple(remarks))


def add(weight: Weight, folder: Path) -> None:
    """Use a folder of the person's own for ``weight`` from now on; raises :class:`BadUsage` when it is not in there."""
    name_folder(weight, folder)


def remove(weight: Weight) -> tuple[int, str]:
    """Delete what was fetched of ``weight`` and forget a folder that was named; what others fetched stays.

    How many bytes became free, and what happened in a sentence. Raises :class:`WeightError` when it cannot be deleted
    or there is nothing to delete.
    """
    lock = lock_of(weight)
    named = named_folders().get(weight.id)
    folders = [folder for folder in (installed(weight), on_its_way(weight)) if folder.is_dir()]
    if not folders and named is None:
        place = place_of(weight)
        if place is not None:
            raise WeightError(f"{weight.title} was fetched by another program into {place.path}; it is left there.")
        raise WeightError(f"{weight.title} is not on this machine.")
    if named is not None:
        name_folder(weight, None)
        if not folders:
            return 0, f"{weight.title} is no longer looked for in {named}; the folder itself stays as it is."
    try:
        if not lock.take():
            raise WeightError(f"{weight.title} is being fetched by another Tonewright; stop that first.")
        n_bytes = sum(path.stat().st_size for folder in folders for path in folder.rglob("*") if path.is_file())
        for folder in folders:
            shutil.rmtree(folder)
    except OSError as error:
        raise WeightError(f"{error.filename or folders[0]} cannot be deleted ({error.strerror or error}).") from error
    finally:
        lock.release()
    return n_bytes, f"{weight.title} is removed; {in_words(n_bytes)} are free again."


def _check_touched(weight: Weight, folder: Path) -> None:
    """Hash what was changed since it was fetched; raises :class:`WeightError` when that was no good."""
    record = Record.read(folder)
    if record is None:
        return
    touched = {}
    for name, known in record.files.items():
        stamp = stamp_of(folder / name)
        if stamp == (known.n_bytes, known.mtime_ns):
            continue
        if sha256_of(folder / name) != known.sha256:
            _forget(record, {name}, folder)
            raise WeightError(
                f"{folder / name} is damaged (its hash differs); `tonewright models fetch {weight.id}` fetches it anew."
            )
        touched[name] = replace(known, mtime_ns=stamp[1])
    if touched:
        with contextlib.suppress(OSError):
            replace(record, files={**record.files, **touched}).write(folder)


def _forget(record: Record, names: set[str], folder: Path) -> None:
    """Take files for good no longer, so that they are fetched again."""
    with contextlib.suppress(OSError):
        replace(record, files={name: file for name, file in record.files.items() if name not in names}).write(folder)


def _how_to_get(weight: Weight) -> str:
    named = named_folders().get(weight.id)
    if named is not None:
        return (
            f"{named}, where {weight.title} was to be found, does not hold it any more; name another folder with "
            f"`tonewright models add {weight.id} FOLDER`, or fetch it with `tonewright models fetch {weight.id}`."
        )
    if installed(weight).is_dir():
        return f"{weight.title} is not whole; `tonewright models fetch {weight.id}` fetches what is missing."
    arrived = arrived_bytes(weight)
    begin = f"{weight.title} is not on this machine"
    if arrived:
        begin = f"Of {weight.title} only {in_words(arrived)} of {in_words(weight.size_bytes)} are on this machine"
    return (
        f"{begin}; `tonewright models fetch {weight.id}` fetches it ({in_words(weight.size_bytes)}), or "
        f"`tonewright models add {weight.id} FOLDER` names a folder that holds it."
    )
