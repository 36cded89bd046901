"""How well the prior's samples are what the words say, and how far they are as a set from recordings.

For every recording that nothing learned from, a sound of the same length is drawn for its caption. The judge says
whether it hears the class in it, beside how often it hears it in the recordings themselves. Distances between the sets
come with their floor, an interval, and the ladders of ever worse sounds (:mod:`engine.bench.prior_sets`): one that does
not grow along them is told to be of no worth. The distance to the nearest sound that was learned
from, beside that of recordings, shows whether the prior only remembers.
"""

from __future__ import annotations

import sys
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from engine.audio import Audio, open_clip, resample
from engine.bench.frame import Row, Rows, data_folder, is_quick
from engine.bench.prior_sets import Frames, Sets, agreement, distances
from engine.dsp.mel import FRAMES_PER_S, LONGEST_S, RATE_HZ
from engine.jobs import Note
from engine.metrics.embedding import Embedding
from engine.metrics.judge import Judge
from engine.metrics.worse import LADDERS, Worsen
from engine.priors.base import Prompt
from engine.priors.own import LEAST_S, OwnPrior
from engine.training.corpus import Recording, read_folders, share_out
from engine.training.shelf import frames_of
from engine.weights.shelf import shipped

T = TypeVar("T")

N_QUICK = 64
_BATCH = 16
_N_LEARNED = 800


def rows() -> Rows:
    """Agreement, scores of the set, and what they are worth."""
    folder = data_folder()
    if folder is None or not (folder / "sounds").is_dir():
        yield Row.skipped("prior", "recordings", "TONEWRIGHT_DATA names no folder with sounds")
        return
    judge, ear, prior = Judge.load(shipped("judge")), Embedding.load(shipped("ear")), OwnPrior.load(shipped("prior"))
    everything = [one for one in read_folders([folder / "sounds"]) if one.klass in judge.classes]
    sides = share_out(everything)
    rng = np.random.default_rng(0)
    unseen = [one for one in everything if sides[one.group] == "test"]
    learned = [one for one in everything if sides[one.group] == "train"]
    if is_quick():
        unseen = [unseen[n] for n in rng.permutation(len(unseen))[:N_QUICK]]
    sounds = [_samples(one.path) for one in unseen]
    real = [frames_of(sound) for sound in sounds]
    drawn = _drawn(prior, unseen, real)
    worse = {title: [_worse(sounds, step) for step in steps] for title, steps in LADDERS.items()}
    sets = Sets(unseen, real, drawn, worse)
    yield from agreement(judge, sets)
    some = [learned[n] for n in rng.permutation(len(learned))[:_N_LEARNED]]
    known = ear(frames_of(_samples(one.path)) for one in some)
    yield from distances(ear, sets, known, [one.klass for one in some])
    near = [torch.cdist(ear(frames), known).amin(1) for frames in (drawn, real)]
    yield Row(
        "prior",
        "nearest sound learned from, beside that of recordings",
        float(near[0].median() / near[1].median()),
        float((near[0] / near[1].median()).quantile(0.05)),
        "x",
        n=len(drawn),
        detail="middle and 5th percentile; far below 1 would be memory",
    )


def _samples(path: Path) -> NDArray[np.float32]:
    clip = open_clip(path)
    audio = clip.read(0, min(clip.n_frames, round(LONGEST_S * clip.sample_rate)))
    mono = Audio(audio.samples.mean(0, keepdims=True), audio.sample_rate)
    found: NDArray[np.float32] = resample(mono, RATE_HZ).samples[0]
    return found


def _drawn(prior: OwnPrior, recordings: Sequence[Recording], real: Sequence[Frames]) -> list[Frames]:
    """A sample of the prior for each recording's caption, as long as the recording."""
    found = []
    rng = torch.Generator().manual_seed(0)
    for n, (one, frames) in enumerate(zip(recordings, real, strict=True)):
        seconds = min(max(len(frames) / FRAMES_PER_S, LEAST_S), LONGEST_S)
        z = _ended(prior.sample(Prompt(one.caption), seconds, 1, rng))
        found.append(prior.frames(z)[0, : len(frames)].numpy().astype(np.float16))
        if sys.stderr.isatty() and n % _BATCH == 0:
            print(f"  {n} of {len(real)} sounds drawn", file=sys.stderr, flush=True)
    return found


def _ended(steps: Generator[float | Note, None, T]) -> T:
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            found: T = stop.value
            return found


def _worse(sounds: Sequence[NDArray[np.float32]], step: Worsen) -> list[Frames]:
    rng = np.random.default_rng(0)
    return [frames_of(step(sound, RATE_HZ, rng)) for sound in sounds]
