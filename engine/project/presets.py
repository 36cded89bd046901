"""Presets: patches with a name, tags and a word about them; and the ones that come with the program.

A preset file is a patch's JSON with more keys, each of which may be left out: ``"tags"`` (a list of words), ``"about"``
(a sentence), ``"author"``, and ``"dx7"``, the bytes in hexadecimal of the DX7 voice that the patch was made from. One
of the tags may say what kind of sound it is (:data:`CATEGORIES`); all others are free. The factory's files are in
``resources/presets``, one folder for each synth.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, TypeVar

from engine.errors import PatchError
from engine.params import Patch
from engine.project.plain_file import plain_file

T = TypeVar("T")

PRESET_FOLDER = Path(__file__).resolve().parents[2] / "resources" / "presets"
CATEGORIES: Final = (
    "drums",
    "bass",
    "keys",
    "organs",
    "bells",
    "mallets",
    "plucks",
    "strings",
    "pads",
    "brass",
    "winds",
    "voices",
    "leads",
    "effects",
)
"""What kind of sound a preset is, in the order in which they are shown."""
MAX_TAGS, MAX_TAG_LENGTH, MAX_ABOUT_LENGTH, MAX_AUTHOR_LENGTH = 24, 32, 2000, 120
MAX_PRESET_BYTES: Final = 4_000_000
"""No preset is larger; a film with the wrong ending is not read into memory."""


@dataclass(frozen=True)
class Preset:
    """A patch that can be found again. ``path`` is its file, where it has one; ``dx7`` the voice that it came from."""

    patch: Patch
    tags: tuple[str, ...] = ()
    about: str = ""
    author: str = ""
    path: Path | None = None
    is_factory: bool = False
    dx7: bytes = b""

    @property
    def name(self) -> str:
        return self.patch.name

    @property
    def category(self) -> str:
        """The first of its tags that is one of :data:`CATEGORIES`; empty when there is none."""
        return category_of(self.tags)

    def to_json(self) -> dict[str, Any]:
        """The patch's dictionary with what is known about it in front of the values."""
        data = self.patch.to_json()
        values = data.pop("values")
        more = {"tags": list(self.tags), "about": self.about, "author": self.author, "dx7": self.dx7.hex()}
        return {**data, **{key: value for key, value in more.items() if value}, "values": values}

    def dumps(self) -> str:
        """JSON text, one value a line."""
        return json.dumps(self.to_json(), indent=1, ensure_ascii=False)

    @classmethod
    def loads(cls, text: str) -> Preset:
        """Read a preset or a plain patch from JSON text; raises :class:`PatchError` with the reason."""
        try:
            data = json.loads(text)
        except (ValueError, RecursionError):
            data = None
        # What is no JSON is read again only for the sentence that says so.
        patch = Patch.from_json(data) if isinstance(data, dict) else Patch.loads(text)
        return cls(
            patch,
            read_tags(data.get("tags", ())),
            _words(data, "about", MAX_ABOUT_LENGTH),
            _words(data, "author", MAX_AUTHOR_LENGTH),
            dx7=_bytes(data, "dx7"),
        )


def category_of(tags: Iterable[str]) -> str:
    """The first tag that is one of :data:`CATEGORIES`; empty when there is none."""
    return next((tag for tag in tags if tag in CATEGORIES), "")


def clean_tag(words: str) -> str:
    """A tag as it is stored: small letters, single spaces, no comma; empty when nothing is left."""
    return " ".join(words.replace(",", " ").replace(":", " ").casefold().split())[:MAX_TAG_LENGTH].strip()


def read_tags(stored: object) -> tuple[str, ...]:
    """The tags of a file, clean and each once; raises :class:`PatchError` when they are no list of words."""
    if not isinstance(stored, list | tuple) or not all(isinstance(tag, str) for tag in stored):
        raise PatchError('"tags" must be a list of words, such as ["bass", "warm"].')
    if len(stored) > MAX_TAGS:
        raise PatchError(f"A preset has at most {MAX_TAGS} tags; this one has {len(stored)}.")
    return tuple(dict.fromkeys(tag for tag in map(clean_tag, stored) if tag))


def factory_presets(folder: Path = PRESET_FOLDER) -> list[Patch]:
    """The patch of every preset below ``folder``; see :func:`factory_library`."""
    return [preset.patch for preset in factory_library(folder)]


def factory_library(folder: Path = PRESET_FOLDER) -> list[Preset]:
    """Every preset below ``folder``, by synth and then by name.

    Raises :class:`PatchError` naming the file that cannot be read, and for two presets of one synth with one name.
    """
    steps = factory_steps(folder)
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            presets: list[Preset] = stop.value
            return presets


def factory_steps(folder: Path = PRESET_FOLDER) -> Generator[None, None, list[Preset]]:
    """:func:`factory_library`, one file a step, for whoever must not keep others waiting."""
    presets = []
    for path in sorted(folder.glob("*/*.json")):
        presets.append(replace(read_preset(path), is_factory=True))
        yield
    presets.sort(key=lambda p: (p.patch.synth, p.name.casefold()))
    for one, other in pairwise(presets):
        if (one.patch.synth, one.name.casefold()) == (other.patch.synth, other.name.casefold()):
            raise PatchError(f"Two presets of the {one.patch.synth} synth are called {one.name!r}; rename one of them.")
    return presets


def preset_named(name: str, folder: Path = PRESET_FOLDER) -> Patch | None:
    """The preset of that name, in any case of letters; ``None`` when there is none."""
    wanted = name.strip().casefold()
    return next((p for p in factory_presets(folder) if p.name.casefold() == wanted), None)


def read_preset(path: Path, *, needs_name: bool = True) -> Preset:
    """The preset in a file; raises :class:`PatchError` naming the file and what is wrong with it."""
    preset = _read(path, Preset.loads)
    if needs_name and not preset.name:
        raise PatchError(f'{path.name} has no name; add a "name" to it.')
    return replace(preset, path=path)


def read_patch(path: Path) -> Patch:
    """The patch in a patch's or a preset's file; raises :class:`PatchError` as :func:`read_preset` does."""
    return _read(path, Patch.loads)


def _read(path: Path, loads: Callable[[str], T]) -> T:
    try:
        if plain_file(path).st_size > MAX_PRESET_BYTES:
            raise PatchError(f"It has more than {MAX_PRESET_BYTES // 1_000_000} MB; no patch is that large.")
        return loads(path.read_text(encoding="utf-8"))
    except PatchError as error:
        raise PatchError(f"{path.name} cannot be used. {error}") from None
    except OSError as error:
        raise PatchError(f"{path.name} cannot be read: {error.strerror or error}.") from None
    except ValueError:
        # Its bytes are no text, or its very name is none.
        raise PatchError(f"{path.name} is no patch: it is not text.") from None


def _words(data: Mapping[str, Any], key: str, limit: int) -> str:
    words = data.get(key, "")
    if not isinstance(words, str):
        raise PatchError(f'"{key}" must be text.')
    return words.strip()[:limit]


def _bytes(data: Mapping[str, Any], key: str) -> bytes:
    try:
        return bytes.fromhex(data.get(key, ""))
    except (TypeError, ValueError):
        raise PatchError(f'"{key}" must be bytes in hexadecimal.') from None
