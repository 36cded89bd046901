"""An FM note at one moment: what bends what, and how far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.params.fm import N_OPERATORS

Route = tuple[int, int]
"""Source and target, operators counted from 1."""


@dataclass(frozen=True)
class Moment:
    """An FM note at one moment: of each operator ``hz``, ``amplitude`` (level, key, velocity and envelope), ``output``
    (as amplitude) and ``shapes`` (its place in ``WAVES``), all ``[6]``; ``depths`` in radians by route. ``drift`` is
    how far pitches slide to each side meanwhile, as a share."""

    hz: tuple[float, ...]
    amplitude: tuple[float, ...]
    output: tuple[float, ...]
    shapes: tuple[int, ...]
    depths: Mapping[Route, float]
    drift: float = 0.0

    def index(self, route: Route) -> float:
        """How far a route bends now, in radians."""
        return self.depths.get(route, 0.0) * self.amplitude[route[0] - 1]

    def sources(self, target: int) -> list[int]:
        """The operators that bend ``target`` noticeably, itself aside."""
        others = (s for s in range(1, N_OPERATORS + 1) if s != target)
        return [s for s in others if self.index((s, target)) > 1e-4]

    def behind(self, target: int) -> set[int]:
        """All operators that bend ``target``, directly or through others."""
        found: set[int] = set()
        ahead = [target]
        while ahead:
            for source in self.sources(ahead.pop()):
                if source not in found:
                    found.add(source)
                    ahead.append(source)
        return found
