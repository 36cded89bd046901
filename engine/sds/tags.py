"""The presets whose names and tags share words with a prompt: what there is to hear before any net was asked."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from engine.project.presets import Preset
from engine.sds.bounds import Bounds
from engine.sds.playing import Contender
from engine.sds.result import N_CANDIDATES, TuneRequest

_WORDS = re.compile(r"[a-z0-9]+")
_EMPTY = frozenset({"a", "an", "the", "of", "and", "on", "in", "with", "sound", "something", "like", "to"})


def words_of(text: str) -> list[str]:
    """The words of ``text`` in small letters, without those that say nothing."""
    return [word for word in _WORDS.findall(text.casefold()) if word not in _EMPTY]


def alike(word: str, other: str) -> bool:
    """Whether two words begin alike: "drum" and "drums", "pluck" and "plucked"."""
    short, long = sorted((word, other), key=len)
    return len(short) >= 3 and long.startswith(short) and len(long) - len(short) <= 3


def hits(prompt: str, preset: Preset) -> float:
    """How many of the words are in a preset's name (twice), its tags or what is said about it (half)."""
    name, about = words_of(preset.name), words_of(preset.about)
    tags = [word for tag in preset.tags for word in words_of(tag)]
    total = 0.0
    for word in set(words_of(prompt)):
        for weight, own in ((2.0, name), (1.0, tags), (0.5, about)):
            total += weight * any(alike(word, other) for other in own)
    return total


def by_tags(
    request: TuneRequest, presets: Sequence[Preset], bounds: Bounds, most: int = N_CANDIDATES
) -> list[Contender]:
    """The presets with the most hits, as far as the bounds allow them; what comes first wins a draw."""
    own = [preset for preset in presets if preset.patch.synth == request.synth]
    order = sorted(range(len(own)), key=lambda n: -hits(request.prompt, own[n]))[:most]
    return [
        Contender(bounds.reached(np.array(own[n].patch.unit())), 60, 0.7, own[n].patch.seed, -2 - n, "bank")
        for n in order
    ]
