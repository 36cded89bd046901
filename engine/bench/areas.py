"""Every engine area of the benchmark, by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.bench import audio, dx7, factory, fm, impact, jobs, live, match, pictures, prior, strike, tune, vocoder
from engine.bench.frame import Area
from engine.errors import BadUsage

AREAS: dict[str, Area] = {
    "audio": audio.rows,
    "dx7": dx7.rows,
    "factory": factory.rows,
    "fm": fm.rows,
    "impact": impact.rows,
    "jobs": jobs.rows,
    "live": live.rows,
    "match": match.rows,
    "pictures": pictures.rows,
    "prior": prior.rows,
    "strike": strike.rows,
    "tune": tune.rows,
    "vocoder": vocoder.rows,
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


def chosen(areas: Mapping[str, Area], names: Sequence[str]) -> dict[str, Area]:
    """The areas of those names, in that order, or all of them; raises :class:`BadUsage` for an unknown name."""
    for name in names:
        if name not in areas:
            raise BadUsage(f"There is no area called {name!r} in the benchmark; there is {', '.join(areas)}.")
    return {name: areas[name] for name in names or areas}
