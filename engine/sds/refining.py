"""Refinement as a tuning uses it: the best few as one batch, and every state of theirs as contenders again."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from engine.params.note import HOLD, VELOCITY
from engine.priors.base import Prior, Prompt
from engine.sds.bounds import Bounds
from engine.sds.optimise import RefineStep, SynthScene, arrows, refine
from engine.sds.playing import Contender, Stage
from engine.sds.propose import Wanted
from engine.sds.settings import SdsSettings
from engine.synths.catalog import synth_of

USUAL = SdsSettings(sds=1.0, fit=1.0, draws=2, steps_back=2, reuse=3)
"""What the prior wants now and what it drew before, as one loss."""
STEPS_PER_S = {"fm": 0.9, "impact": 0.6}
_LOOKS = 3
"""So many states tell which way the arrows point."""


@dataclass(frozen=True, eq=False)
class Refined:
    """A state on the way: the patches, which way the first of them would have to go, and whether it is the last.

    Between two states there are some without patches: the prior is looking.
    """

    contenders: tuple[Contender, ...] = ()
    arrows: Mapping[str, float] | None = None
    is_last: bool = False


def usual_settings(synth: str, seconds: float) -> SdsSettings:
    """As many steps as belong to a tuning of so many seconds."""
    return replace(USUAL, n_steps=max(round(seconds * STEPS_PER_S[synth]), 1))


def refined(
    begin: Sequence[Contender],
    stage: Stage,
    bounds: Bounds,
    prior: Prior,
    prompt: Prompt,
    wanted: Wanted,
    settings: SdsSettings,
    seed: int,
) -> Generator[Refined, None, None]:
    """Refine ``begin`` as one batch; yields after every pass through the net and after every state."""
    scene = SynthScene(
        synth_of(stage.synth),
        note=torch.tensor([float(one.note) for one in begin]),
        velocity=VELOCITY.default,
        hold_s=torch.tensor([HOLD.clamp(one.hold_s) for one in begin]),
        duration_s=stage.length_s,
        sample_rate=prior.sample_rate,
        seeds=tuple(one.seed for one in begin),
    )
    units = torch.tensor(np.array([one.unit for one in begin]), dtype=torch.float32)
    steps = refine(
        scene,
        units,
        torch.from_numpy(bounds.free),
        prior,
        prompt,
        settings,
        torch.Generator().manual_seed(seed),
        low=torch.from_numpy(bounds.low).float(),
        high=torch.from_numpy(bounds.high).float(),
        wanted=wanted.together(),
    )
    looks: list[torch.Tensor] = []
    for step in steps:
        if not step.is_new:
            yield Refined()
            continue
        pointing = None
        if len(looks) < _LOOKS:
            looks.append(step.gradient[0])
            free = torch.from_numpy(bounds.free)
            looked = torch.where(free, torch.stack(looks), torch.zeros(1))
            pointing = arrows(looked, step.unit[0], bounds.space)
        yield Refined(_contenders(begin, step, bounds), pointing, step.n_done >= settings.n_steps)


def _contenders(begin: Sequence[Contender], step: RefineStep, bounds: Bounds) -> tuple[Contender, ...]:
    units = bounds.apply(step.unit.double().numpy())
    return tuple(
        Contender(unit, one.note, one.hold_s, one.seed, one.origin, "refined")
        for one, unit in zip(begin, units, strict=True)
    )
