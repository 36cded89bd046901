"""What a person thinks of presets: favourites, the ones used last, and tags of their own.

Kept in one small file beside the presets and never written into them, so the factory's can be marked too.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Final

from engine.errors import PatchError
from engine.project.preset_index import Entry
from engine.project.presets import clean_tag, read_tags

MOST_RECENT: Final = 50


@dataclass(frozen=True)
class Marks:
    """``favourites`` and ``recent`` (the newest first) are keys of entries; ``tags`` the person's own, by key."""

    favourites: frozenset[str] = frozenset()
    recent: tuple[str, ...] = ()
    tags: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))

    def starred(self, key: str, on: bool) -> Marks:
        """With or without ``key`` among the favourites."""
        return replace(self, favourites=self.favourites | {key} if on else self.favourites - {key})

    def used(self, key: str) -> Marks:
        """With ``key`` as the one used last."""
        rest = (other for other in self.recent if other != key)
        return replace(self, recent=(key, *rest)[:MOST_RECENT])

    def tagged(self, key: str, tags: Iterable[str]) -> Marks:
        """With exactly these own tags on ``key``."""
        clean = tuple(dict.fromkeys(tag for tag in map(clean_tag, tags) if tag))
        others = {k: v for k, v in self.tags.items() if k != key}
        return replace(self, tags=MappingProxyType({**others, key: clean} if clean else others))

    def moved(self, old: str, new: str) -> Marks:
        """With everything that was said about ``old`` said about ``new``."""
        favourites = frozenset(new if key == old else key for key in self.favourites)
        recent = tuple(new if key == old else key for key in self.recent)
        tags = MappingProxyType({new if key == old else key: tags for key, tags in self.tags.items()})
        return Marks(favourites, recent, tags)

    def on(self, entries: Iterable[Entry]) -> tuple[Entry, ...]:
        """The entries with the own tags that belong to them."""
        return tuple(
            entry
            if entry.own_tags == (own := self.tags.get(entry.key, ()))
            else replace(entry, own_tags=own).searchable()
            for entry in entries
        )

    def dumps(self) -> str:
        data = {
            "favourites": sorted(self.favourites),
            "recent": list(self.recent),
            "tags": {key: list(tags) for key, tags in sorted(self.tags.items())},
        }
        return json.dumps(data, indent=1, ensure_ascii=False)

    @classmethod
    def loads(cls, text: str) -> Marks:
        """Read what :meth:`dumps` wrote; raises :class:`PatchError` when it is something else."""
        try:
            data = json.loads(text)
            favourites = frozenset(map(str, data["favourites"]))
            recent = tuple(map(str, data["recent"]))[:MOST_RECENT]
            tags = {str(key): read_tags(tags) for key, tags in data["tags"].items()}
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise PatchError("The list of favourites and tags is damaged.") from None
        return cls(favourites, recent, MappingProxyType(tags))


def read_marks(path: Path) -> Marks:
    """The marks in a file, none when there is no file; raises :class:`PatchError` when it cannot be used."""
    try:
        return Marks.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return Marks()
    except (OSError, UnicodeDecodeError) as error:
        raise PatchError(f"The list of favourites and tags cannot be read: {error}.") from None
