"""The synthesizers by name, each built when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from engine.errors import PatchError
from engine.synths.base import Synth


def _fm() -> Synth:
    from engine.synths.fm import FmSynth

    return FmSynth()


def _impact() -> Synth:
    from engine.synths.impact import ImpactSynth

    return ImpactSynth()


SYNTHS: dict[str, Callable[[], Synth]] = {"fm": _fm, "impact": _impact}


@cache
def synth_of(name: str) -> Synth:
    """The synthesizer of that name, built once; raises :class:`PatchError` when there is none."""
    if name not in SYNTHS:
        raise PatchError(f"There is no synth called {name!r}; there is {' and '.join(sorted(SYNTHS))}.")
    return SYNTHS[name]()
