"""Refine: patches go down the slope of what a prior wants to hear, several at once as one batch.

One turn looks at the state (:mod:`engine.sds.aim`), asks the prior what it wants instead, and takes one step of Adam
(:mod:`engine.sds.moving`) or more. A slope that is not finite is skipped and counted.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from engine.errors import BadUsage
from engine.params import ParamSpace
from engine.priors.base import Prior, Prompt
from engine.sds.aim import Aim
from engine.sds.moving import Moving, speeds
from engine.sds.scene import SynthScene as SynthScene
from engine.sds.schedule import Schedule as Schedule
from engine.sds.settings import SdsSettings as SdsSettings

_QUIET_ARROW = 0.05


@dataclass(frozen=True, eq=False)
class RefineStep:
    """Where a refinement is: the patches ``unit`` ``[batch, n_units]`` and, of exactly these, their ``loss``
    ``[batch]``, its ``gradient`` ``[batch, n_units]`` in unit positions and how they sound, levelled, ``sounds``
    ``[batch, frames]``; none of them has slopes. ``skipped`` steps of single patches were not made so far.

    A step ``is_new``; others tell of a pass through the net in between and repeat the last one (with a loss that is
    not a number, before the first). ``share`` (0..1) of the run is done.
    """

    unit: Tensor
    loss: Tensor
    gradient: Tensor
    sounds: Tensor
    skipped: int
    n_done: int
    share: float
    is_new: bool


def refine(
    scene: SynthScene,
    unit: Tensor,
    free: Tensor,
    prior: Prior,
    prompt: Prompt,
    settings: SdsSettings,
    rng: torch.Generator,
    *,
    low: Tensor | None = None,
    high: Tensor | None = None,
    wanted: Tensor | None = None,
) -> Generator[RefineStep, None, None]:
    """Refine the patches ``unit`` ``[batch, n_units]``; yields after every pass through the net and after every state,
    the start being the first and ``settings.n_steps`` more following.

    What is not ``free`` ``[n_units]`` keeps its bits; the rest stays from ``low`` to ``high`` (``[n_units]``, or with
    rows). ``wanted`` ``[n, ...]`` are samples of the prior, as it speaks, for what is to be fitted to. The same ``rng``
    gives the same run. Raises :class:`BadUsage` when the scene's rate is not the prior's, or nothing is there to fit.
    """
    if scene.sample_rate != prior.sample_rate:
        raise BadUsage(f"The prior hears {prior.sample_rate} Hz; render at that rate, not at {scene.sample_rate} Hz.")
    if settings.fit > 0.0 and (wanted is None or not len(wanted)):
        raise BadUsage("There is nothing to fit to; draw samples of the prior first.")
    moving = Moving(
        unit,
        free,
        scene.space,
        low=low,
        high=high,
        speed=settings.speed,
        clip=settings.clip,
        coordinates=settings.coordinates,
    )
    aim = Aim(scene, prior, prompt, settings, rng, wanted)
    state = _before(moving.unit)
    n_steps = settings.n_steps
    for n_done in range(n_steps + 1):
        share = n_done / max(n_steps, 1)
        seen = aim.look(moving.unit)
        if settings.sds > 0.0 and n_done % settings.reuse == 0:
            for done in aim.ask(seen, share):
                told = (n_done + done) / (n_steps + 1)
                yield replace(state, share=told, is_new=False)
        loss, gradient = aim.slope(seen)
        state = RefineStep(
            unit=moving.unit,
            loss=loss,
            gradient=gradient,
            sounds=seen.sounds.detach(),
            skipped=moving.skipped,
            n_done=n_done,
            share=(n_done + 1) / (n_steps + 1),
            is_new=True,
        )
        yield state
        if n_done < n_steps:
            moving.step(gradient, loss, 1.0 - share)


def _before(unit: Tensor) -> RefineStep:
    unknown = torch.full((unit.shape[0],), torch.nan)
    return RefineStep(unit, unknown, torch.zeros_like(unit), unit.new_zeros(unit.shape[0], 0), 0, 0, 0.0, False)


def arrows(gradient: Tensor, unit: Tensor, space: ParamSpace) -> dict[str, float]:
    """Which way each parameter would have to go for a smaller loss, -1 (all down) to 1, at ``unit`` ``[n_units]``.

    ``gradient`` ``[n_units]``, or ``[n, n_units]`` of several looks at the same patch: what they do not agree about
    counts less. Vectors go as a whole. The strongest is at 1 or -1; what has nothing to say or is at its stop is not
    in it. Positions are compared by what a share of their knobs' travel does, and square roots are told, so that a
    tenth of the strongest is still seen.
    """
    looks = torch.nan_to_num(gradient.reshape(-1, space.n_units).double(), 0.0, 0.0, 0.0)
    mean = looks.mean(0)
    agreed = mean * mean.abs() / looks.square().mean(0).sqrt().clamp(min=1e-30)
    # Slopes of pitches are steep and hold for a fraction of a semitone: they count as little as they may move.
    agreed = agreed * speeds(space)
    stuck = ((unit <= 0.0) & (agreed > 0.0)) | ((unit >= 1.0) & (agreed < 0.0))
    agreed = torch.where(stuck, torch.zeros_like(agreed), agreed)
    pulls = {param.name: -float(agreed[space.place(param.name)].sum()) for param in space if param.is_continuous}
    most = max(map(abs, pulls.values()), default=0.0)
    if most <= 0.0:
        return {}
    shares = {name: math.copysign(math.sqrt(abs(pull) / most), pull) for name, pull in pulls.items()}
    return {name: share for name, share in shares.items() if abs(share) >= _QUIET_ARROW}
