"""Refinement as a tuning uses it: the best few as one batch, and every state of theirs as contenders again."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.priors.base import Prior, Prompt
from engine.sds.bounds import Bounds
from engine.sds.playing import Contender, Stage
from engine.sds.propose import Wanted
from engine.sds.result import TuneRequest


@dataclass(frozen=True, eq=False)
class Refined:
    """A state on the way: the patches, which way the first of them would have to go, and whether it is the last."""

    contenders: tuple[Contender, ...] = ()
    arrows: Mapping[str, float] | None = None
    is_last: bool = False


def refined(
    begin: Sequence[Contender],
    stage: Stage,
    bounds: Bounds,
    prior: Prior,
    prompt: Prompt,
    wanted: Wanted,
    request: TuneRequest,
    settings: Any = None,
) -> Generator[Refined, None, None]:
    """Nothing yet."""
    yield from ()
