"""What ``resources/weights.toml`` says of each public net: its files and hashes, its licence, what it takes."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from engine.errors import BadUsage, WeightError
from engine.weights.shelf import CATALOG

HUB = "hf:"
LAYOUTS = frozenset({"diffusers", "stable-audio-3", "vocos", "f5-tts", "demucs"})


@dataclass(frozen=True, slots=True)
class Licence:
    """Under which terms a net may be used; kept with everything that it made.

    ``id`` is SPDX's name, ``terms`` what matters most of it, in a sentence.
    """

    id: str
    title: str
    url: str
    terms: str = ""

    def to_json(self) -> dict[str, str]:
        return {"id": self.id, "title": self.title, "url": self.url}


@dataclass(frozen=True, slots=True)
class WeightFile:
    """One file of a net, ``path`` from its folder; ``n_bytes`` 0 and ``sha256`` empty where they are not known."""

    path: str
    n_bytes: int = 0
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Weight:
    """One public net.

    ``source`` is ``hf:OWNER/NAME`` at ``revision``, or an address to which a file's path is added. ``layout`` tells
    how its files are read, ``base`` which other net is needed beside it; ``vram_gib`` is what it takes at 16 bits.
    ``longest_s`` is how long the sounds are that a prior draws, at most; 0 for what is none.
    """

    id: str
    title: str
    purpose: str
    source: str
    revision: str
    layout: str
    files: tuple[WeightFile, ...]
    licence: Licence
    size_bytes: int
    vram_gib: float
    base: str = ""
    gated: bool = False
    longest_s: float = 0.0

    @property
    def repository(self) -> str:
        """``OWNER/NAME`` on the hub; empty for what lies elsewhere."""
        return self.source.removeprefix(HUB) if self.source.startswith(HUB) else ""

    @property
    def page(self) -> str:
        """Where a person reads about it and agrees to its conditions."""
        return f"{hub_address()}/{self.repository}" if self.repository else self.licence.url


OWN_LICENCE = Licence("Apache-2.0", "Apache License 2.0", "https://www.apache.org/licenses/LICENSE-2.0")
"""Of the nets that come with the program."""


@cache
def hub_address() -> str:
    """Of the hub's own pages; raises :class:`WeightError` as :func:`catalogue` does."""
    try:
        return str(_read_file()["hub"]["address"])
    except (KeyError, TypeError) as error:
        raise WeightError(f"{CATALOG} does not name the hub; install Tonewright again.") from error


@cache
def catalogue() -> Mapping[str, Weight]:
    """All public nets by id, in the order of the file; raises :class:`WeightError` when it makes no sense."""
    try:
        weights = [_read(row) for row in _read_file()["weight"]]
    except (ValueError, KeyError, TypeError) as error:
        raise WeightError(f"{CATALOG} cannot be read ({error}); install Tonewright again.") from error
    found = {weight.id: weight for weight in weights}
    if len(found) != len(weights):
        raise WeightError(f"{CATALOG} names a net twice.")
    return found


def find(weight_id: str) -> Weight:
    """The public net of that id; raises :class:`BadUsage` for one that nobody knows."""
    try:
        return catalogue()[weight_id]
    except KeyError:
        raise BadUsage(f"There is no net called {weight_id}; there are {', '.join(catalogue())}.") from None


def _read_file() -> dict[str, Any]:
    try:
        return tomllib.loads(CATALOG.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise WeightError(f"{CATALOG} cannot be read ({error}); install Tonewright again.") from error


def _read(row: Mapping[str, Any]) -> Weight:
    files = tuple(WeightFile(file["path"], file.get("bytes", 0), file.get("sha256", "")) for file in row["files"])
    weight = Weight(
        id=row["id"],
        title=row["title"],
        purpose=row["purpose"],
        source=row["source"],
        revision=row.get("revision", ""),
        layout=row["layout"],
        files=files,
        licence=Licence(row["licence_id"], row["licence"], row["licence_url"], row.get("terms", "")),
        size_bytes=row.get("size_bytes", 0) or sum(file.n_bytes for file in files),
        vram_gib=float(row["vram_gib"]),
        base=row.get("base", ""),
        gated=row.get("gated", False),
        longest_s=float(row.get("longest_s", 0.0)),
    )
    if weight.layout not in LAYOUTS:
        raise ValueError(f"{weight.id} has no layout that is known")
    if not (weight.repository or weight.source.startswith("https://")):
        raise ValueError(f"{weight.id} has no source that is known")
    return weight
