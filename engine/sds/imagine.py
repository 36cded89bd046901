"""The prior's own drawing of words, as a sound."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import ExitStack

import torch

from engine.dsp.mel import RATE_HZ
from engine.jobs import Note
from engine.priors.base import Prompt
from engine.priors.choose import plan_of
from engine.sds.door import check_imagined
from engine.sds.hearing import sounds_of
from engine.sds.nets import borrowed_prior, terms_of
from engine.sds.result import OWN_PRIOR, Imagined
from engine.sds.telling import as_audio


def imagine(
    prompt: str, *, seconds: float, seed: int, negative: str = "", guidance: float | None = None, prior: str = OWN_PRIOR
) -> Generator[Note, None, Imagined]:
    """Draw a sound of that length; yields after each pass through the net."""
    check_imagined(prompt, negative, seconds, seed, guidance, prior)
    with ExitStack() as stack:
        yield Note(0.0, "Loading the prior")
        net = borrowed_prior(prior, stack)
        yield Note(0.0, plan_of(net) or "Drawing")
        rng = torch.Generator().manual_seed(seed)
        w = net.usual_guidance if guidance is None else guidance
        steps = net.sample(Prompt(prompt, negative, w), seconds, 1, rng, net.usual_steps)
        while True:
            try:
                done = next(steps)
            except StopIteration as end:
                z = end.value
                break
            yield Note(0.9 * done, "Drawing")
        yield Note(0.9, "Making it heard")
        sound = sounds_of(net, z)[0, : round(seconds * RATE_HZ)]
        return Imagined(as_audio(sound), prompt, seed, prior, terms_of(prior))
