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
