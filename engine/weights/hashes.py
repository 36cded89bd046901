"""Whether a file is the one that it should be."""

from __future__ import annotations

import hashlib
from pathlib import Path

from engine.errors import WeightError


def sha256_of(path: Path) -> str:
    """The sha256 of a file, as 64 hexadecimal figures; raises :class:`WeightError` when it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise WeightError(f"{path} cannot be read ({error.strerror or error}).") from error


def git_blob_hash(path: Path) -> str:
    """Git's name for the contents of a file, 40 hexadecimal figures: how the hub names small files."""
    try:
        with path.open("rb") as file:
            digest = hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
            while piece := file.read(1 << 20):
                digest.update(piece)
    except OSError as error:
        raise WeightError(f"{path} cannot be read ({error.strerror or error}).") from error
    return digest.hexdigest()
