"""Files that go back and forth between two states: as they are now, and as they lie in a folder beside.

A swap is its own opposite: what is there goes into the trash, what lay there comes back, and the next swap undoes
that. Nothing is ever overwritten or lost: a file that is no longer as it was left stays as it is, with a sentence.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from pathlib import Path

from engine.audio.names import free_path
from engine.jobs import Note

MOST_A_STEP = 16


@dataclass(frozen=True, slots=True)
class FilePair:
    """One file: the digest of what we left at ``path`` (``None``: nothing), and where its other state ``lies``."""

    path: Path
    now: bytes | None
    lies: Path | None


Change = tuple[FilePair, ...]
"""Files that belong together: all of them are swapped, or none."""


@dataclass(frozen=True, slots=True)
class Swapped:
    """What a swap came to: the changes to swap back, each beside what it was before, and why others were left alone."""

    done: tuple[tuple[Change, Change], ...]
    left: tuple[str, ...]


def digest_of(path: Path) -> bytes | None:
    """What tells whether a file is still the same; ``None`` when there is none."""
    try:
        return blake2b(path.read_bytes(), digest_size=16).digest()
    except FileNotFoundError:
        return None


def appeared(path: Path) -> Change:
    """A file that was just written where there was none."""
    return (FilePair(path, digest_of(path), None),)


def trash_place(trash: Path, path: Path) -> Path:
    """Where a file may lie in the trash: under its name and the time."""
    return free_path(trash, f"{datetime.now():%Y-%m-%d %H-%M-%S} {path.stem}", path.suffix)


def swap_steps(changes: Sequence[Change], trash: Path) -> Generator[Note, None, Swapped]:
    """Swap every one of ``changes`` that is as it was left (a job's body)."""
    done: list[tuple[Change, Change]] = []
    left: list[str] = []
    for number, change in enumerate(changes):
        if number % MOST_A_STEP == 0:
            yield Note(number / len(changes))
        try:
            if reason := next(filter(None, map(_in_the_way, change)), ""):
                left.append(reason)
            else:
                done.append((change, _swap(change, trash)))
        except OSError as error:
            left.append(f"“{change[0].path.stem}” stays as it is: {error.strerror or error}.")
    return Swapped(tuple(done), tuple(left))


def _in_the_way(pair: FilePair) -> str:
    """Why a file has to stay as it is, in a sentence; empty when nothing is in the way."""
    name, now = pair.path.stem, digest_of(pair.path)
    if pair.now is not None and now is None:
        return f"“{name}” was removed by another program meanwhile; it stays away."
    if now != pair.now and (pair.now is not None or pair.lies is None):
        return f"“{name}” was changed by another program meanwhile; it stays as it is."
    if pair.lies is not None and not pair.lies.exists():
        return f"“{name}” is not in {pair.lies.parent} any more and cannot be brought back."
    return ""


def _swap(change: Change, trash: Path) -> Change:
    swapped: list[FilePair] = []
    try:
        for pair in change:
            swapped.append(_swap_one(pair, trash))  # noqa: PERF401 - what was done is undone when one fails
    except OSError:
        for pair in reversed(swapped):
            with contextlib.suppress(OSError):
                _swap_one(pair, trash)
        raise
    return tuple(swapped)


def _swap_one(pair: FilePair, trash: Path) -> FilePair:
    away: Path | None = None
    if pair.now is not None:
        trash.mkdir(parents=True, exist_ok=True)
        away = trash_place(trash, pair.path)
        shutil.move(pair.path, away)
    if pair.lies is None:
        return FilePair(pair.path, None, away)
    pair.path.parent.mkdir(parents=True, exist_ok=True)
    try:
        path = _bring(pair.lies, pair.path)
    except OSError:
        if away is not None:
            _bring(away, pair.path)
        raise
    return FilePair(path, digest_of(path), away)


def _bring(lies: Path, path: Path) -> Path:
    """Put a file back, or beside what took its place meanwhile; where it is then."""
    while True:
        try:
            # A second name and then the first one away: fails where something is, in one indivisible act.
            os.link(lies, path)
            lies.unlink()
            return path
        except FileExistsError:
            path = free_path(path.parent, path.stem, path.suffix)
        except (OSError, AttributeError):
            # A disk without second names, or another disk.
            if path.exists():
                path = free_path(path.parent, path.stem, path.suffix)
            shutil.move(lies, path)
            return path
