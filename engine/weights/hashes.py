"""Whether a file is the one that it should be."""

from __future__ import annotations

import hashlib
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import WeightError

if TYPE_CHECKING:
    from hashlib import _Hash as Digest

_PIECE_BYTES = 8 << 20
"""Read in one go: hashing it takes a few hundredths of a second."""


def sha256_of(path: Path) -> str:
    """The sha256 of a file, as 64 hexadecimal figures; raises :class:`WeightError` when it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise WeightError(f"{path} cannot be read ({error.strerror or error}).") from error


def hash_steps(path: Path, like: str) -> Generator[int, None, str]:
    """The hash of a file of the kind that ``like`` is, a sha256 or git's; yields how many bytes were read."""
    try:
        with path.open("rb") as file:
            size = path.stat().st_size
            digest = hashlib.sha256() if len(like) == 64 else _git_digest(size)
            done = 0
            while piece := file.read(_PIECE_BYTES):
                digest.update(piece)
                done += len(piece)
                yield done
    except OSError as error:
        raise WeightError(f"{path} cannot be read ({error.strerror or error}).") from error
    return digest.hexdigest()


def git_blob_hash(path: Path) -> str:
    """Git's name for the contents of a file, 40 hexadecimal figures: how the hub names small files."""
    steps = hash_steps(path, "git")
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            found: str = stop.value
            return found


def _git_digest(size: int) -> Digest:
    return hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
