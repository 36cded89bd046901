"""A take: one sound in the library, with everything that is known about where it came from."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from engine.audio import Clip, Samples
from engine.params import Patch

ORIGINS: dict[str, str] = {
    "file": "Opened from a file",
    "render": "Rendered from a patch",
    "part": "Cut from another take",
    "gesture": "Drawn on an object",
    "tune": "Tuned by words",
    "imagine": "Imagined from words",
}
"""What a take can come from, in words. Unknown origins (from newer programs) are kept as they are."""


def new_id() -> str:
    """A fresh identity: 32 hexadecimal digits."""
    return uuid.uuid4().hex


def now() -> datetime:
    """The present moment, aware of its time zone (UTC), to the second."""
    return datetime.now(UTC).replace(microsecond=0)


@dataclass(frozen=True, eq=False)
class Take:
    """An accepted sound; immutable, known by ``id``.

    ``clip`` is what is heard. ``patch`` is the recipe when a synth made it, ``prompt`` the words when words did.
    ``origin`` is a key of :data:`ORIGINS`, ``settings`` holds whatever else made it what it is (plain JSON values), and
    ``created`` is the moment it was made.
    """

    id: str
    name: str
    clip: Clip
    patch: Patch | None = None
    origin: str = "file"
    prompt: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    created: datetime = field(default_factory=now)

    def __post_init__(self) -> None:
        object.__setattr__(self, "settings", MappingProxyType(dict(self.settings)))

    @classmethod
    def of(cls, clip: Clip, *, origin: str = "file", name: str | None = None, **more: Any) -> Take:
        """A new take of ``clip``, called after it unless ``name`` says otherwise."""
        return cls(new_id(), clip.name if name is None else name, clip, origin=origin, **more)

    @property
    def missing(self) -> bool:
        """Whether its file was not found when the project was opened; its clip is empty then."""
        return isinstance(self.clip.source, MissingSource)

    def renamed(self, name: str) -> Take:
        return replace(self, name=name)


class MissingSource:
    """Stands in for a file that was not there when the project was opened: no frames, but all that was known of it.

    ``stored`` is the description that the project held, so that saving again loses nothing and the file is found once
    it is back in its place.
    """

    n_frames = 0

    def __init__(self, path: Path | None, reason: str, stored: Mapping[str, Any], channels: int, rate: int) -> None:
        self.path = path
        self.reason = reason
        self.stored = MappingProxyType(dict(stored))
        self.channels = channels
        self.sample_rate = rate

    def read(self, start: int, n: int) -> Samples:
        return np.zeros((self.channels, 0), dtype=np.float32)

    def close(self) -> None:
        """Nothing to release."""
