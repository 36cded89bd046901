"""The prompts of ``bench tune``, as they are fixed in ``prompts.toml``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).with_name("prompts.toml")


@dataclass(frozen=True)
class Asked:
    """Words, the class that the judge should hear in what they become, and the instrument."""

    text: str
    klass: str
    synth: str
    paraphrase: bool = False
    ablation: bool = False


def all_asked() -> list[Asked]:
    """Every prompt, in the order of the file."""
    rows = tomllib.loads(FILE.read_text(encoding="utf-8"))["prompt"]
    return [
        Asked(row["text"], row["class"], row["synth"], row.get("paraphrase", False), row.get("ablation", False))
        for row in rows
    ]
