"""Envelopes that are linked: what is changed on one is changed on all of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from engine.params.fm import FM_SPACE, N_OPERATORS

OPERATORS = tuple(f"op{n}" for n in range(1, N_OPERATORS + 1))
"""Whose envelopes can be linked, as their parameters' names begin."""


def envelope_names(owner: str) -> tuple[str, ...]:
    """Storage names of everything that belongs to the envelope of ``owner``: ``"op1"``, ``"noise"``."""
    return tuple(param.name for param in FM_SPACE if param.name.startswith(f"{owner}_env"))


@dataclass(frozen=True)
class EnvelopeLinks:
    """Groups of operators, each of at least two and without one in common.

    >>> links = EnvelopeLinks().linked("op1", "op3")
    >>> links.spread({"op1_env2_s": 0.5})
    {'op1_env2_s': 0.5, 'op3_env2_s': 0.5}
    """

    groups: tuple[frozenset[str], ...] = ()

    def of(self, owner: str) -> frozenset[str]:
        """Those linked to ``owner``, itself aside."""
        return next((group - {owner} for group in self.groups if owner in group), frozenset())

    def linked(self, owner: str, other: str) -> EnvelopeLinks:
        """With ``other``, and all that it was linked to, in the group of ``owner``."""
        joined = self.of(owner) | self.of(other) | {owner, other}
        return EnvelopeLinks((*(g for g in self.groups if not g & joined), frozenset(joined)))

    def unlinked(self, owner: str) -> EnvelopeLinks:
        """Without ``owner``; the others of its group stay together."""
        groups = (group - {owner} for group in self.groups)
        return EnvelopeLinks(tuple(group for group in groups if len(group) > 1))

    def among(self, values: Mapping[str, Any], locked: Iterable[str] = ()) -> EnvelopeLinks:
        """Without what is linked no more in ``values``: only equal envelopes are; ``locked`` values do not count."""
        locked = frozenset(locked)
        groups: list[frozenset[str]] = []
        for group in self.groups:
            rests = {name.partition("_env")[2] for name in envelope_names(min(group))}
            rests -= {name.partition("_env")[2] for name in locked if name.partition("_env")[0] in group}
            alike: dict[tuple[Any, ...], set[str]] = {}
            for owner in sorted(group):
                shape = tuple(values.get(f"{owner}_env{rest}") for rest in sorted(rests))
                alike.setdefault(shape, set()).add(owner)
            groups += (frozenset(owners) for owners in alike.values() if len(owners) > 1)
        return self if tuple(groups) == self.groups else EnvelopeLinks(tuple(groups))

    def spread(self, values: Mapping[str, Any], locked: Iterable[str] = ()) -> dict[str, Any]:
        """``values`` by storage name, and for each that belongs to a linked envelope the same on the others.

        What is named itself, or ``locked``, is left alone.
        """
        found = dict(values)
        locked = frozenset(locked)
        for name, value in values.items():
            owner, mark, rest = name.partition("_env")
            for other in sorted(self.of(owner)) if mark else ():
                twin = f"{other}_env{rest}"
                if twin not in values and twin not in locked:
                    found[twin] = value
        return found

    def to_json(self) -> list[list[str]]:
        return [sorted(group) for group in self.groups]

    @classmethod
    def read(cls, data: Any) -> EnvelopeLinks:
        """What :meth:`to_json` wrote; whatever makes no sense is left out."""
        links = cls()
        for group in data if isinstance(data, list) else ():
            names = [n for n in group if n in OPERATORS] if isinstance(group, list) else []
            for other in names[1:]:
                links = links.linked(names[0], other)
        return links
