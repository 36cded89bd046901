"""Real sounds with words, read from folders, and shared out so that no take of one sound is on two sides.

A folder holds sound files and a ``metadata.csv``: with commas and the columns ``file caption class group`` (more are
welcome), or with bars, ``file|text|duration``, as voice data sets have it. A folder without one gives its file names as
captions and every file a group of its own.
"""

from __future__ import annotations

import csv
import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from engine.errors import BadUsage

Side = Literal["train", "embed", "test"]
"""``train``: what nets learn from; ``embed``: what only the embedding of the metrics learns from; ``test``: nobody."""
SIDES: tuple[Side, ...] = ("train", "test", "embed")
_SHARES = {"train": 0.7, "embed": 0.15, "test": 0.15}
_ENDINGS = {".ogg", ".wav", ".flac", ".mp3", ".aif", ".aiff"}
SPEECH = "speech"
"""The class of what a voice data set holds."""


@dataclass(frozen=True, slots=True)
class Recording:
    """One file: what it is called, its class (empty when nobody said), and which takes belong together."""

    path: Path
    caption: str
    klass: str
    group: str


def read_folders(folders: Iterable[Path]) -> list[Recording]:
    """All recordings in ``folders``; raises :class:`BadUsage` when one cannot be read or holds none."""
    found = []
    for folder in folders:
        table = folder / "metadata.csv"
        if not folder.is_dir():
            raise BadUsage(f"{folder} is no folder; give one that holds sound files.")
        rows = _with_table(table) if table.is_file() else _without_table(folder)
        if not rows:
            raise BadUsage(f"{folder} holds no sound files; give one that does.")
        found += rows
    return found


def _with_table(table: Path) -> list[Recording]:
    with table.open(newline="", encoding="utf-8") as file:
        first = file.readline()
        file.seek(0)
        if "|" in first:
            names = [line.split("|")[0] for line in file.read().splitlines()[1:] if "|" in line]
            return [Recording(table.parent / name, "a person speaking", SPEECH, _speech_group(name)) for name in names]
        rows = list(csv.DictReader(file))
    if rows and not {"file", "caption"} <= set(rows[0]):
        raise BadUsage(f"{table} has no columns `file` and `caption`.")
    return [
        Recording(table.parent / row["file"], row["caption"], row.get("class") or "", row.get("group") or row["file"])
        for row in rows
    ]


def _speech_group(name: str) -> str:
    """The text that is read: ``arctic_a0001_1592748574.ogg`` is a take of ``arctic_a0001``."""
    stem = Path(name).stem
    return stem.rpartition("_")[0] or stem


def _without_table(folder: Path) -> list[Recording]:
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in _ENDINGS)
    return [Recording(path, " ".join(path.stem.replace("_", " ").split()), "", str(path)) for path in files]


def share_out(recordings: Sequence[Recording]) -> dict[str, Side]:
    """The side of each group: 70 % of every class's files to learn from, and 15 % each for the two others.

    Groups come in the order of their hash, and each goes where most of its classes' files are still missing; so the
    same recordings are always shared out in the same way.
    """
    by_group: dict[str, Counter[str]] = {}
    for recording in recordings:
        by_group.setdefault(recording.group, Counter())[recording.klass] += 1
    whole = Counter(recording.klass for recording in recordings)
    have: dict[Side, Counter[str]] = {side: Counter() for side in SIDES}
    sides: dict[str, Side] = {}
    # The largest first: what cannot be divided has to be placed while there is room everywhere.
    for group in sorted(by_group, key=lambda g: (-sum(by_group[g].values()), _hash(g))):
        classes = by_group[group]

        def missing(side: Side, classes: Counter[str] = classes) -> float:
            share = _SHARES[side]
            return sum(n * (share - (have[side][k] + n) / whole[k]) / share for k, n in classes.items())

        side = max(SIDES, key=lambda s: (missing(s), _SHARES[s]))
        sides[group] = side
        have[side].update(classes)
    return sides


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
