"""File names that every system accepts, and that are still free."""

from __future__ import annotations

import unicodedata
from pathlib import Path

_FORBIDDEN = set('<>:"/\\|?*')
_RESERVED = {"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"} | {
    f"{port}{digit}" for port in ("COM", "LPT") for digit in "0123456789¹²³"
}
_MAX_BYTES = 180
"""Room is left for a suffix and a number below the 255 bytes that file systems allow."""


def safe_name(text: str, fallback: str = "sound") -> str:
    """A file name (without suffix) from any title: letters of every script are kept, what a system forbids is not.

    >>> safe_name('Kick / "deep": 50 Hz?')
    'Kick - deep - 50 Hz'
    >>> safe_name("nul")
    'nul_'
    >>> safe_name("...")
    'sound'
    """
    kept = []
    for letter in unicodedata.normalize("NFC", text):
        if letter in "/\\|:":
            kept.append(" - ")
        elif letter.isspace() or unicodedata.category(letter) in ("Cc", "Zl", "Zp"):
            kept.append(" ")
        elif letter not in _FORBIDDEN and unicodedata.category(letter) not in ("Cs", "Cn"):
            kept.append(letter)
    name = " ".join("".join(kept).split())
    while " - - " in name:
        name = name.replace(" - - ", " - ")
    # Leading dots hide a file, trailing dots and spaces vanish on Windows.
    name = _shortened(name.strip(" .-")).rstrip(" .-")
    if name.split(".")[0].strip().upper() in _RESERVED:
        stem, dot, rest = name.partition(".")
        name = f"{stem.strip()}_{dot}{rest}"
    return name or fallback


def free_path(folder: Path, stem: str, suffix: str) -> Path:
    """A path in ``folder`` that nothing has yet: ``Bell.wav``, else ``Bell 2.wav``, ``Bell 3.wav`` ...

    Names that differ only in case count as taken, because some systems take them for one. A writer must still refuse
    to overwrite: between this look and the writing somebody else may be faster.
    """
    try:
        taken = {entry.name.casefold() for entry in folder.iterdir()}
    except OSError:
        taken = set()
    stem = safe_name(stem)
    number = 1
    while True:
        name = f"{stem}{suffix}" if number == 1 else f"{stem} {number}{suffix}"
        if name.casefold() not in taken:
            return folder / name
        number += 1


def _shortened(name: str) -> str:
    """At most ``_MAX_BYTES`` of UTF-8, cut between characters and, if possible, not before a combining mark."""
    if len(name.encode()) <= _MAX_BYTES:
        return name
    cut = name.encode()[:_MAX_BYTES].decode(errors="ignore")
    while cut and unicodedata.combining(name[len(cut)]):
        cut = cut[:-1]
    return cut
