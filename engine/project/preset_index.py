"""What there is to choose from: one light entry for each preset file, found on the disk and searched in memory.

An entry holds no parameters, so thousands of them are small; the patch is read when somebody wants to hear it. Files
that were looked at before are known again by their time and size and not opened. A file that cannot be used is an
entry too, with the sentence that says why.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections import Counter
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any, Final

from engine import __version__
from engine.errors import PatchError
from engine.jobs import Note
from engine.project.presets import CATEGORIES, Preset, category_of, read_preset

NAMES_A_STEP: Final = 250
READ_A_STEP: Final = 8
"""Files looked at, and files opened, between two yields."""
SUFFIX: Final = ".json"


@dataclass(frozen=True, slots=True)
class Place:
    """A folder of presets. ``origin`` begins the keys of what is in it: ``factory`` or ``user``."""

    folder: Path
    origin: str


@dataclass(frozen=True, slots=True)
class Entry:
    """What the list shows of a preset.

    ``key`` names it for good (``user:Basses/Round.json``), also on another computer. ``stamp`` is the file's time in
    nanoseconds and its size. ``trouble`` is the sentence about a file that cannot be used. ``own_tags`` were put on by
    the person and are kept beside the file, not in it. ``category`` is the kind of sound, as far as somebody said.
    """

    key: str
    name: str
    path: str
    synth: str = ""
    tags: tuple[str, ...] = ()
    about: str = ""
    author: str = ""
    stamp: tuple[int, int] = (0, 0)
    trouble: str = ""
    own_tags: tuple[str, ...] = ()
    category: str = ""
    hay: str = ""

    @property
    def is_factory(self) -> bool:
        return self.key.startswith("factory:")

    @property
    def folder(self) -> str:
        """The folder below the person's presets, as words; empty at the top and for the factory."""
        return "" if self.is_factory else self.key.partition(":")[2].rpartition("/")[0]

    @property
    def all_tags(self) -> tuple[str, ...]:
        if not self.own_tags:
            return self.tags
        return (*self.tags, *(tag for tag in self.own_tags if tag not in self.tags))

    def searchable(self) -> Entry:
        """The same entry with its kind of sound and the words by which it is found, its name first."""
        words = (self.name, *self.all_tags, self.author, self.synth, self.folder)
        kind = category_of(self.own_tags) or category_of(self.tags)
        return replace(self, category=kind, hay="\n".join(words).casefold())


def entry_of(preset: Preset, key: str, path: Path, stamp: tuple[int, int]) -> Entry:
    """The entry of a preset that was read from, or written to, ``path``."""
    return Entry(
        key, preset.name, str(path), preset.patch.synth, preset.tags, preset.about, preset.author, stamp
    ).searchable()


def broken_entry(key: str, path: Path, stamp: tuple[int, int], error: PatchError) -> Entry:
    """The entry of a file that cannot be used."""
    return Entry(key, path.stem, str(path), stamp=stamp, trouble=str(error)).searchable()


def stamp_of(status: os.stat_result) -> tuple[int, int]:
    return status.st_mtime_ns, status.st_size


# -- finding the files -----------------------------------------------------------------------------------------


def scan_steps(
    places: Sequence[Place], known: Mapping[str, Entry] | None = None
) -> Generator[Note, None, tuple[Entry, ...]]:
    """Every preset in ``places``, in the order of their keys; files that ``known`` has unchanged are not opened.

    A folder that is not there or cannot be listed holds nothing. Hidden files and links to folders are left out.
    """
    known = known or {}
    found: list[Entry] = []
    seen = n_read = 0
    for place in places:
        root = str(place.folder)
        # Folders wait as their path and the part of the key that leads to them.
        waiting = [(root, "")]
        while waiting:
            folder, inside = waiting.pop()
            for item in _listed(folder):
                if item.name.startswith("."):
                    continue
                seen += 1
                if seen % NAMES_A_STEP == 0:
                    yield Note(None, f"Looking at presets: {len(found)}")
                with contextlib.suppress(OSError):
                    if item.is_dir(follow_symlinks=False):
                        waiting.append((item.path, f"{inside}{item.name}/"))
                    elif item.name.lower().endswith(SUFFIX):
                        key = f"{place.origin}:{inside}{item.name}"
                        stamp = stamp_of(item.stat())
                        same = known.get(key)
                        if same is None or same.stamp != stamp or same.path != item.path:
                            same = _read(key, Path(item.path), stamp)
                            n_read += 1
                            if n_read % READ_A_STEP == 0:
                                yield Note(None, f"Reading presets: {len(found)}")
                        found.append(same)
    found.sort(key=lambda entry: entry.key)
    return tuple(found)


def _listed(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as items:
            return list(items)
    except OSError:
        return []


def _read(key: str, path: Path, stamp: tuple[int, int]) -> Entry:
    try:
        return entry_of(read_preset(path), key, path, stamp)
    except PatchError as error:
        return broken_entry(key, path, stamp, error)


# -- remembering what was found ----------------------------------------------------------------------------------

_FIELDS = ("key", "name", "path", "synth", "tags", "about", "author", "stamp", "trouble")


def to_cache(entries: Iterable[Entry]) -> str:
    """The entries for the next start: the program's version, then an entry a line, all as JSON.

    Not one document: to read that would be one long step that no other thread comes between.
    """
    lines = [json.dumps({"program": __version__})]
    lines += [json.dumps([getattr(entry, name) for name in _FIELDS], ensure_ascii=False) for entry in entries]
    return "\n".join(lines)


def from_cache_steps(text: str) -> Generator[Note, None, dict[str, Entry]]:
    """What :func:`to_cache` kept, by key; nothing when another version of the program wrote it or it is damaged."""
    known: dict[str, Entry] = {}
    try:
        first, *lines = text.split("\n")
        if json.loads(first) != {"program": __version__}:
            return {}
        for number, line in enumerate(lines):
            if number % NAMES_A_STEP == 0:
                yield Note(None, "Looking at presets")
            entry = _from_row(json.loads(line))
            known[entry.key] = entry
    except (ValueError, KeyError, TypeError, RecursionError):
        return {}
    return known


def _from_row(row: Any) -> Entry:
    key, name, path, synth, tags, about, author, (time_ns, size), trouble = row
    return Entry(key, name, path, synth, tuple(tags), about, author, (time_ns, size), trouble).searchable()


# -- searching ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Query:
    """What was typed: every one of ``words`` has to be found somewhere, every one of ``fields`` in its own place.

    >>> parse_query("warm tag:bass synth:fm")
    Query(words=('warm',), fields=(('tag', 'bass'), ('synth', 'fm')))
    """

    words: tuple[str, ...] = ()
    fields: tuple[tuple[str, str], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.words or self.fields)


FIELDS: Final = ("tag", "author", "synth", "folder", "category", "name")


def parse_query(text: str) -> Query:
    """Split what was typed into words and fields; quotes hold words together (``tag:"warm glass"``)."""
    words: list[str] = []
    fields: list[tuple[str, str]] = []
    for part in _parts(text.casefold()):
        field, colon, word = part.partition(":")
        if colon and field in FIELDS:
            if word:
                fields.append((field, word))
        else:
            words.append(part)
    return Query(tuple(words), tuple(fields))


def find(entries: Iterable[Entry], query: Query) -> list[Entry]:
    """The entries that ``query`` finds, in their order."""
    found = list(entries)
    # What a field has is among all words too, and those are looked through faster.
    for word in (*query.words, *(word for _, word in query.fields)):
        found = [entry for entry in found if word in entry.hay]
    for field, word in query.fields:
        found = [entry for entry in found if _has(entry, field, word)]
    return found


def tags_in_use(entries: Iterable[Entry]) -> list[str]:
    """Every tag of these: the kinds of sound in their own order, then all others by how often they are used."""
    counts = Counter(chain.from_iterable(entry.all_tags for entry in entries))
    kinds = [tag for tag in CATEGORIES if tag in counts]
    others = sorted((tag for tag in counts if tag not in CATEGORIES), key=lambda tag: (-counts[tag], tag))
    return kinds + others


def _parts(text: str) -> list[str]:
    parts: list[str] = []
    for number, piece in enumerate(text.split('"')):
        # Every second piece stands between quotes; what stands right before the first quote belongs to it.
        if number % 2:
            lead = parts.pop() if parts and parts[-1].endswith(":") else ""
            parts.append(lead + piece.strip())
        else:
            parts.extend(piece.split())
    return [part for part in parts if part]


def _has(entry: Entry, field: str, word: str) -> bool:
    if field == "tag":
        return any(tag.startswith(word) for tag in entry.all_tags)
    if field == "category":
        return entry.category.startswith(word)
    if field == "name":
        return word in entry.name.casefold()
    # The last three of the words by which it is found.
    return word in entry.hay.rsplit("\n", 3)[_LAST_WORDS[field]]


_LAST_WORDS: Final = {"author": 1, "synth": 2, "folder": 3}
