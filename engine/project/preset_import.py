"""Taking over presets that lie elsewhere: preset files, DX7 voices and banks, whole folders of them.

What can be read becomes a preset of the person's own; what cannot is left out with its reason, and stops nothing.
"""

from __future__ import annotations

import os
import re
from collections.abc import Generator, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from engine.errors import EngineError, PatchError
from engine.jobs import Note
from engine.project.file_swap import Change, appeared
from engine.project.preset_index import Entry
from engine.project.preset_store import PresetStore, renamed
from engine.project.presets import Preset, read_preset

PRESET_SUFFIX, BANK_SUFFIX = ".json", ".syx"
SUFFIXES: Final = frozenset({PRESET_SUFFIX, BANK_SUFFIX})
MOST_REASONS: Final = 3
"""So many files are named with their reasons in one sentence; the others are counted."""

_KINDS: Final = {
    "drums": ("drum", "kick", "snare", "tom", "cymbal", "hihat", "hi-hat", "perc", "timpani", "cowbell", "conga"),
    "bass": ("bass", "bss"),
    "organs": ("organ", "pipes", "drawbar"),
    "bells": ("bell", "chime", "gong", "glock", "celest"),
    "mallets": ("marimba", "vibe", "xylo", "log drum", "kalimba", "steel"),
    "keys": ("piano", "clav", "harpsi", "e.p", "rhodes", "wurl", "tine"),
    "plucks": ("guitar", "harp", "koto", "sitar", "pluck", "banjo", "lute", "pizz"),
    "strings": ("string", "violin", "viola", "cello", "orch", "strg"),
    "pads": ("pad", "warm", "sweep", "atmos"),
    "brass": ("brass", "brs", "trumpet", "trombone", "horn", "tuba"),
    "winds": ("flute", "sax", "clarinet", "oboe", "bassoon", "recorder", "harmonica", "pan"),
    "voices": ("voice", "choir", "vox", "voc", "aah"),
    "leads": ("lead", "solo", "syn-ld"),
    "effects": ("fx", "wind", "storm", "train", "laser", "noise", "water", "thunder", "siren"),
}

# At the beginning of a word: a flute is no lute.
_PATTERNS: Final = {
    kind: re.compile("(?<![a-z])(?:" + "|".join(map(re.escape, marks)) + ")") for kind, marks in _KINDS.items()
}


@dataclass
class Import:
    """One run: :meth:`steps` does it (a job's body), the rest tells how far it came, also when it was stopped."""

    store: PresetStore
    paths: tuple[Path, ...]
    known: dict[tuple[str, str], list[Entry]] = field(default_factory=dict)
    taken: dict[Path, set[str]] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    there: int = 0
    files: int = 0
    skipped: list[tuple[str, str]] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, store: PresetStore, paths: Iterable[Path], known: Iterable[Entry]) -> Import:
        """``known`` are the presets there are: the same one is not imported twice into one folder."""
        by_name: dict[tuple[str, str], list[Entry]] = {}
        for entry in known:
            if not entry.is_factory and not entry.trouble:
                by_name.setdefault((entry.folder, entry.name), []).append(entry)
        return cls(store, tuple(paths), by_name)

    def steps(self) -> Generator[Note, None, Import]:
        found: list[tuple[Path, str]] = []
        for path in self.paths:
            yield from self._find(path, found)
        for number, (path, folder) in enumerate(found):
            yield Note(number / len(found), f"Importing {path.name}")
            try:
                yield from self._take(path, folder, number / len(found))
            except EngineError as error:
                self.skipped.append((path.name, str(error)))
            except OSError as error:
                self.skipped.append((path.name, f"{path.name} cannot be read: {error.strerror or error}."))
        return self

    @property
    def sentence(self) -> str:
        """What came of it, in one or two sentences."""
        said = []
        if self.entries:
            what = "1 preset" if len(self.entries) == 1 else f"{len(self.entries)} presets"
            said.append(f"Imported {what} from {'1 file' if self.files == 1 else f'{self.files} files'}.")
        if self.there:
            said.append("1 was there already." if self.there == 1 else f"{self.there} were there already.")
        if len(self.skipped) == 1:
            said.append(self.skipped[0][1])
        elif self.skipped:
            names = ", ".join(name for name, _ in self.skipped[:MOST_REASONS])
            more = f" and {len(self.skipped) - MOST_REASONS} more" if len(self.skipped) > MOST_REASONS else ""
            said.append(f"{len(self.skipped)} files were skipped: {names}{more}. {self.skipped[0][1]}")
        return " ".join(said) or "There was nothing to import."

    @property
    def label(self) -> str:
        """What the step is called that takes it back."""
        return f"Import “{self.entries[0].name}”" if len(self.entries) == 1 else f"Import {len(self.entries)} presets"

    def _find(self, path: Path, found: list[tuple[Path, str]]) -> Generator[Note, None, None]:
        if not path.is_dir():
            if path.suffix.lower() in SUFFIXES:
                found.append((path, ""))
            else:
                self.skipped.append((path.name, f"{path.name} is neither a preset (.json) nor a DX7 file (.syx)."))
            return
        before = len(found)
        for place, folders, names in os.walk(path):
            folders[:] = sorted((name for name in folders if not name.startswith(".")), key=str.casefold)
            inside = Path(place).relative_to(path.parent).as_posix()
            wanted = (n for n in names if not n.startswith(".") and Path(n).suffix.lower() in SUFFIXES)
            found.extend((Path(place) / name, inside) for name in sorted(wanted, key=str.casefold))
            yield Note(None, f"Searching {path.name}: {len(found)} files")
        if len(found) == before:
            self.skipped.append((path.name, f"{path.name} holds no presets (.json) and no DX7 files (.syx)."))

    def _take(self, path: Path, folder: str, fraction: float) -> Generator[Note, None, None]:
        presets, notices = read_presets(path)
        self.notices.extend(f"{path.name}: {notice}" for notice in notices)
        if len(presets) > 1:
            folder = f"{folder}/{path.stem}".lstrip("/")
        took = 0
        for preset in presets:
            if not self._is_there(preset, folder):
                entry = self.store.add(preset, folder, flush=False, taken=self.taken)
                self.entries.append(entry)
                self.changes.append(appeared(Path(entry.path)))
                took += 1
            yield Note(fraction, f"Importing {path.name}")
        self.there += len(presets) - took
        self.files += took > 0

    def _is_there(self, preset: Preset, folder: str) -> bool:
        for entry in self.known.get((folder, preset.name), ()):
            try:
                if read_preset(Path(entry.path)).patch == preset.patch:
                    return True
            except PatchError:
                continue
        return False


def read_presets(path: Path) -> tuple[list[Preset], tuple[str, ...]]:
    """Every preset in a preset file or a DX7 file, and what was odd in it; raises :class:`PatchError`."""
    if path.suffix.lower() == BANK_SUFFIX:
        from engine.project.dx7 import read_syx

        file = read_syx(path)
        forms = [v.to_single() if dump.is_single else v.to_packed() for dump in file.dumps for v in dump.voices]
        return [preset_of_voice(form, number) for number, form in enumerate(forms, 1)], file.notices
    preset = read_preset(path, needs_name=False)
    return [replace(preset, patch=renamed(preset.patch, preset.name or path.stem))], ()


def preset_of_voice(data: bytes, number: int = 1) -> Preset:
    """The preset of a DX7 voice in its packed or its single form; ``number`` names it when it has no name."""
    from engine.project.dx7 import to_patch
    from engine.project.preset_export import voice_of_bytes

    voice = voice_of_bytes(data)
    patch = renamed(to_patch(voice), voice.name or f"Voice {number}")
    kind = guess_kind(patch.name)
    return Preset(patch, (kind, "dx7") if kind else ("dx7",), dx7=data)


def guess_kind(name: str) -> str:
    """What kind of sound a DX7 voice probably is, by its name; empty when that says nothing.

    >>> guess_kind("E.PIANO 1"), guess_kind("INIT VOICE")
    ('keys', '')
    """
    words = name.casefold()
    if words == "init voice":
        return ""
    return next((kind for kind, pattern in _PATTERNS.items() if pattern.search(words)), "")
