"""What the voice's nets learn from, shared out by text: no text that a voice is tested on was learned in any take."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from engine.errors import BadUsage

VoiceSide = Literal["train", "validation", "test"]
N_HELD_OUT = 40
"""How many texts each of the two other sides has; of few texts, a tenth."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """One take: its file and what is said."""

    path: Path
    text: str


def read_voice(folders: Iterable[Path]) -> list[Spoken]:
    """All takes in ``folders``, from their ``metadata.csv`` (``file|text|...``); raises :class:`BadUsage`."""
    found: list[Spoken] = []
    for folder in folders:
        table = folder / "metadata.csv"
        if not table.is_file():
            raise BadUsage(f"{folder} holds no metadata.csv; a voice needs one with the columns file|text.")
        lines = table.read_text("utf-8").splitlines()
        if not lines or lines[0].split("|")[:2] != ["file", "text"]:
            raise BadUsage(f"{table} has to begin with the line `file|text`.")
        for number, line in enumerate(lines[1:], 2):
            if not line.strip():
                continue
            name, bar, rest = line.partition("|")
            text = rest.split("|")[0].strip()
            if not (bar and name and text):
                raise BadUsage(f"Line {number} of {table} names no file with a text.")
            found.append(Spoken(folder / name, text))
    if not found:
        raise BadUsage("There are no recordings of a voice in these folders.")
    return found


def side_of_texts(takes: Sequence[Spoken]) -> dict[str, VoiceSide]:
    """The side of each text, by the order of their hashes: the same texts are always shared out in the same way.

    The first :data:`N_HELD_OUT` are tested on, the next are looked at while training. Keys are of :func:`text_key`.
    """
    keys = sorted({text_key(take.text) for take in takes}, key=lambda key: hashlib.sha256(key.encode()).hexdigest())
    n = min(N_HELD_OUT, len(keys) // 10)
    sides: dict[str, VoiceSide] = dict.fromkeys(keys, "train")
    sides.update(dict.fromkeys(keys[:n], "test"))
    sides.update(dict.fromkeys(keys[n : 2 * n], "validation"))
    return sides


def takes_of(takes: Sequence[Spoken], side: VoiceSide, *, once: bool = False) -> list[Spoken]:
    """The takes of one side; ``once`` keeps one take of each text, the first by file name."""
    sides = side_of_texts(takes)
    mine = [take for take in takes if sides[text_key(take.text)] == side]
    if not once:
        return mine
    first: dict[str, Spoken] = {}
    for take in sorted(mine, key=lambda take: take.path.name):
        first.setdefault(text_key(take.text), take)
    return list(first.values())


def text_key(text: str) -> str:
    """What two texts share that are read alike: letters, digits and apostrophes in small letters."""
    return " ".join(re.findall(r"[\w']+", text.lower()))
