"""Every engine area of the benchmark, by name."""

from __future__ import annotations

from collections.abc import Mapping

from engine.bench import jobs
from engine.bench.frame import Area

AREAS: dict[str, Area] = {
    "jobs": jobs.rows,
}


def merged(*groups: Mapping[str, Area]) -> dict[str, Area]:
    """All areas of several groups in one table; raises ``ValueError`` when two areas share a name."""
    together: dict[str, Area] = {}
    for group in groups:
        for name, area in group.items():
            if name in together:
                raise ValueError(f"Two areas of the benchmark are called {name!r}.")
            together[name] = area
    return together
