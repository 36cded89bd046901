"""Other ways to ask for a sound, written by hand for every caption and class of the recordings.

``resources/training/paraphrases.tsv`` holds a line for each: a caption, or ``class:`` and a class, then a tab and the
phrase. They say it in other words, by what moves what, by the place where it is heard, or by how it sounds; so that
what people type need not be what a data set happens to call it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

FILE = Path(__file__).resolve().parents[2] / "resources" / "training" / "paraphrases.tsv"
_CLASS = "class:"


def of_caption(caption: str) -> tuple[str, ...]:
    """What may be said instead of ``caption``; nothing for a caption that is not in the file."""
    return _all().get(caption, ())


def of_class(klass: str) -> tuple[str, ...]:
    """What may be said of nearly every sound of ``klass``."""
    return _all().get(_CLASS + klass, ())


def every_phrase() -> list[str]:
    """All phrases of the file."""
    return [phrase for phrases in _all().values() for phrase in phrases]


@cache
def _all() -> Mapping[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for line in FILE.read_text(encoding="utf-8").splitlines():
        of, phrase = line.split("\t")
        found.setdefault(of, []).append(phrase)
    return {of: tuple(phrases) for of, phrases in found.items()}
