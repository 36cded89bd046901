"""What is known of how a sound or a patch came about: the one value that every way out of the program keeps.

A patch that words found has it, a clip that was made from such a patch or drawn by a net has it, and whatever is
written from those holds it. Whoever lets something out of the program by a new way asks ``about`` of the clip or the
patch; whoever makes something in a new way gives it one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine import __version__

MOST_LETTERS = 2000
"""Of each of the texts; what a strange file says beyond is not read."""
SOFTWARE = f"Tonewright {__version__}"
"""What is written as the program that made a file."""


@dataclass(frozen=True, slots=True)
class About:
    """``made`` is a sentence about how it came about, ``licence`` under which terms what made it stands.

    Both are plain text in one line, empty where there is nothing to say.
    """

    made: str = ""
    licence: str = ""

    def __post_init__(self) -> None:
        for name in ("made", "licence"):
            object.__setattr__(self, name, _plain(getattr(self, name)))

    def __bool__(self) -> bool:
        return bool(self.made or self.licence)

    def to_json(self) -> dict[str, str]:
        """What there is, as a plain dictionary."""
        return {name: text for name, text in (("made", self.made), ("licence", self.licence)) if text}

    @classmethod
    def from_json(cls, data: Any) -> About:
        """Read what :meth:`to_json` wrote; nothing from anything else, for a note never stands in the way."""
        if not isinstance(data, Mapping):
            return NOTHING
        texts = [data.get(name, "") for name in ("made", "licence")]
        return cls(*(text if isinstance(text, str) else "" for text in texts))


def _plain(text: str) -> str:
    """One line of what can be shown: files hold all sorts of things, and terminals obey some of them."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text[:MOST_LETTERS]).split())


NOTHING = About()
"""Of what came from elsewhere, or was made by hand."""
