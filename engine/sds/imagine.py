"""The prior's own drawing of words, as a sound."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import ExitStack
from dataclasses import replace

import numpy as np
import torch

from engine.audio.resample import resample
from engine.audio.values import Audio
from engine.jobs import Note
from engine.priors.base import Prompt
from engine.priors.choose import plan_of
from engine.sds.credit import imagined
from engine.sds.door import check_imagined
from engine.sds.hearing import heard
from engine.sds.nets import borrowed_prior, terms_of
from engine.sds.result import OWN_PRIOR, Imagined, PlanNote

MOST_PEAK_DB = -1.2
"""Of what is imagined, between the samples too: a device at another rate shows those peaks."""


def imagine(
    prompt: str, *, seconds: float, seed: int, negative: str = "", guidance: float | None = None, prior: str = OWN_PRIOR
) -> Generator[Note, None, Imagined]:
    """Draw a sound of that length; yields after each pass through the net."""
    check_imagined(prompt, negative, seconds, seed, guidance, prior)
    with ExitStack() as stack:
        yield Note(0.0, "Loading the prior")
        net = borrowed_prior(prior, stack)
        if plan := plan_of(net):
            yield PlanNote(0.0, plan)
        yield Note(0.0, "Drawing")
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
        sound = with_headroom(heard(net, z, seconds))
        # Memory may have run out on the way: what is told in the end is how it went.
        return Imagined(sound, prompt, seed, prior, terms_of(prior), imagined(prompt, prior, seed), plan_of(net))


def with_headroom(audio: Audio) -> Audio:
    """Soft enough that its peaks, between the samples too, stay below :data:`MOST_PEAK_DB` at every usual rate."""
    finer = resample(audio, 4 * audio.sample_rate).samples
    most = 10.0 ** (MOST_PEAK_DB / 20.0)
    peak = max(float(np.abs(samples).max(initial=0.0)) for samples in (audio.samples, finer))
    return audio if peak <= most else replace(audio, samples=(audio.samples * (most / peak)).astype(np.float32))
