"""All presets there are, in one call: what ``tonewright presets`` and ``render`` ask, without a window.

The same memory of the last scan serves the window's browser, so thousands of files cost a look at their times.
"""

from __future__ import annotations

import contextlib
import difflib
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import Any

from engine.audio.atomic import new_file
from engine.errors import AudioError, PatchError
from engine.jobs import Note, run_inline
from engine.params import SPACES
from engine.params.text import format_value
from engine.project.preset_index import Entry, Query, find, from_cache_steps, parse_query, scan_steps, to_cache
from engine.project.preset_marks import Marks, read_marks
from engine.project.preset_store import PresetStore
from engine.project.presets import Preset, read_preset


def index_steps(
    store: PresetStore, known: dict[str, Entry] | None = None
) -> Generator[Note, None, tuple[tuple[Entry, ...], Marks, str]]:
    """Every preset with its own tags, the marks, and a sentence when the marks had to be set aside.

    Without ``known`` the memory of the last scan serves; what is new is remembered.
    """
    if known is None:
        text = ""
        with contextlib.suppress(OSError, UnicodeDecodeError):
            text = store.index.read_text(encoding="utf-8")
        known = yield from from_cache_steps(text)
    entries = yield from scan_steps(store.places, known)
    if len(entries) != len(known) or any(known.get(entry.key) is not entry for entry in entries):
        yield Note(None, "Remembering presets")
        _remember(store.index, entries)
    yield Note(None, "Reading favourites")
    notice = ""
    try:
        marks = read_marks(store.marks)
    except PatchError as error:
        aside = store.set_marks_aside()
        notice = f"{error} It is set aside as {aside}, and a new one begins." if aside is not None else str(error)
        marks = Marks()
    return marks.on(entries), marks, notice


def _remember(cache: Path, entries: Iterable[Entry]) -> None:
    """Without it everything works, only more slowly: no reason to complain."""
    # The window and a command may do this at the same time: each writes a file of its own first.
    with contextlib.suppress(OSError, AudioError):
        cache.parent.mkdir(parents=True, exist_ok=True)
        with new_file(cache, overwrite=True) as part:
            part.write_text(to_cache(entries), encoding="utf-8")


def all_entries(store: PresetStore | None = None) -> tuple[tuple[Entry, ...], Marks]:
    """Every preset, here and now."""
    entries, marks, _ = run_inline(lambda: index_steps(store or PresetStore()))
    return entries, marks


def entry_named(name: str, entries: Iterable[Entry]) -> Entry | None:
    """The preset of that name in any case of letters, one of the person's own first; ``None`` when there is none."""
    wanted = name.strip().casefold()
    named = [entry for entry in entries if entry.name.casefold() == wanted and not entry.trouble]
    return min(named, key=lambda entry: entry.is_factory, default=None)


def find_preset(name: str) -> Preset:
    """The preset of that name; raises :class:`PatchError` with the names that come near when there is none."""
    entries, _ = all_entries()
    entry = entry_named(name, entries)
    if entry is None:
        raise PatchError(f"There is no preset called {name}{_near(name, entries)}.")
    return read_preset(Path(entry.path))


def _near(name: str, entries: Iterable[Entry]) -> str:
    names = {entry.name.casefold(): entry.name for entry in entries if not entry.trouble}
    close = difflib.get_close_matches(name.casefold(), names, n=3, cutoff=0.5)
    if close:
        *first, last = (names[word] for word in close)
        return f"; near it {'are' if first else 'is'} {' and '.join(filter(None, (', '.join(first), last)))}"
    return '; "tonewright presets list" names them all'


# -- for people and machines -------------------------------------------------------------------------------------


def listing(search: str = "", tag: str = "", synth: str = "") -> tuple[str, dict[str, Any]]:
    """What there is as lines and as plain values; raises :class:`PatchError` for a synth that does not exist."""
    if synth and synth not in SPACES:
        raise PatchError(f"There is no synth called {synth!r}; there is {' and '.join(sorted(SPACES))}.")
    entries, marks = all_entries()
    query = parse_query(search)
    tags = (("tag", tag.casefold().strip()),) if tag.strip() else ()
    found = find(entries, Query(query.words, query.fields + tags))
    found = [entry for entry in found if entry.synth == synth or not synth]
    good = sorted((e for e in found if not e.trouble), key=lambda e: (e.synth, e.name.casefold(), e.key))
    bad = [entry for entry in found if entry.trouble]
    width = min(max((len(entry.name) for entry in good), default=0), 32)
    lines = [_line(entry, width, entry.key in marks.favourites) for entry in good]
    lines += [f"unusable: {entry.path}: {entry.trouble}" for entry in bad]
    lines.append("1 preset" if len(good) == 1 else f"{len(good)} presets")
    data = {
        "presets": [_facts(entry, marks) for entry in good],
        "unusable": [{"path": entry.path, "reason": entry.trouble} for entry in bad],
    }
    return "\n".join(lines), data


def _line(entry: Entry, width: int, is_favourite: bool) -> str:
    star = "*" if is_favourite else " "
    return f"{star} {entry.name:<{width}}  {entry.synth}  {', '.join(entry.all_tags)}".rstrip()


def _facts(entry: Entry, marks: Marks) -> dict[str, Any]:
    return {
        "name": entry.name,
        "synth": entry.synth,
        "category": entry.category,
        "tags": list(entry.all_tags),
        "author": entry.author,
        "about": entry.about,
        "factory": entry.is_factory,
        "favourite": entry.key in marks.favourites,
        "folder": entry.folder,
        "path": entry.path,
    }


def showing(name: str) -> tuple[str, dict[str, Any]]:
    """One preset: what is known about it and every value that is not the default."""
    preset = find_preset(name)
    space = SPACES[preset.patch.synth]
    lines = [preset.name, preset.about, f"author: {preset.author}" if preset.author else ""]
    lines += [f"tags: {', '.join(preset.tags)}" if preset.tags else "", f"synth: {preset.patch.synth}"]
    lines += [f"file: {preset.path}"]
    for param in space:
        value = preset.patch.values[param.name]
        if param.count == 1 and value != param.default and isinstance(value, float | int):
            label = f"{param.section}, {param.label}" if param.section else param.label
            lines.append(f"  {label:<32} {format_value(param, value)}")
    return "\n".join(line for line in lines if line), {**preset.to_json(), "path": str(preset.path)}
