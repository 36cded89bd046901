"""How well the prior's samples are what the words say, and how far they are as a set from recordings.

For every recording that nothing learned from, a sound of the same length is drawn for its caption. The judge says
whether it hears the class in it, beside how often it hears it in the recordings themselves. Distances between the sets
come with their floor (one half of the recordings from the other), an interval, and the ladders of ever worse sounds: a
distance that does not grow along them is told to be of no worth. The distance to the nearest sound that was learned
from, beside that of recordings, shows whether the prior only remembers.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from engine.audio import Audio, open_clip, resample
from engine.bench.frame import Row, Rows, data_folder, is_quick
from engine.dsp.mel import FRAMES_PER_S, LONGEST_S, RATE_HZ
from engine.jobs import Note
from engine.metrics.embedding import Embedding
from engine.metrics.judge import Judge
from engine.metrics.sets import FD_ROWS_PER_DIM, fd, inception_score, kad, paired_kl
from engine.metrics.trust import floor, grows, interval
from engine.metrics.worse import LADDERS, Worsen
from engine.priors.base import Prompt
from engine.priors.own import LEAST_S, OwnPrior
from engine.training.corpus import Recording, read_folders, share_out
from engine.training.shelf import frames_of
from engine.weights.shelf import shipped

Frames = NDArray[np.float16]
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
    yield from _agreement(judge, unseen, real, drawn)
    yield from _distances(ear, unseen, sounds, real, drawn)
    some = [learned[n] for n in rng.permutation(len(learned))[:_N_LEARNED]]
    known = ear(frames_of(_samples(one.path)) for one in some)
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


def _agreement(judge: Judge, unseen: Sequence[Recording], real: Sequence[Frames], drawn: Sequence[Frames]) -> Rows:
    place = torch.tensor([judge.classes.index(one.klass) for one in unseen])[:, None]
    heard = [torch.cat([judge.of_frames(torch.from_numpy(f).float()[None]) for f in set_]) for set_ in (drawn, real)]
    rng = torch.Generator().manual_seed(0)
    for k in (1, 3, 5):
        hits = [(p.argsort(1, descending=True)[:, :k] == place).any(1).double() for p in heard]
        low, high = interval(lambda sets: 100.0 * float(sets[0].mean()), hits[:1], rng)
        detail = f"of recordings {100.0 * float(hits[1].mean()):.1f} %; 95 % interval {low:.1f} to {high:.1f} %"
        yield Row.of("prior", f"class heard, top {k}", [100.0 * float(hits[0].mean())], "%", detail=detail)
    low, high = interval(lambda sets: inception_score(sets[0]), heard[:1], rng)
    detail = f"of recordings {inception_score(heard[1]):.2f}; spread of halves {low:.2f} to {high:.2f}"
    yield Row("prior", "IS[own judge]", inception_score(heard[0]), math.nan, "", n=len(unseen), detail=detail)
    low, high = interval(lambda sets: paired_kl(sets[0], sets[1]), [heard[1], heard[0]], rng, paired=True)
    others = heard[1][torch.randperm(len(unseen), generator=rng)]
    detail = f"of other recordings {paired_kl(heard[1], others):.2f}; 95 % interval {low:.2f} to {high:.2f}"
    yield Row("prior", "KL[own judge]", paired_kl(heard[1], heard[0]), math.nan, "nat", n=len(unseen), detail=detail)


def _distances(
    ear: Embedding,
    unseen: Sequence[Recording],
    sounds: Sequence[NDArray[np.float32]],
    real: Sequence[Frames],
    drawn: Sequence[Frames],
) -> Rows:
    reference, heard = ear(real), ear(drawn)
    worse = {name: [ear(_worse(sounds, step)) for step in steps] for name, steps in LADDERS.items()}
    rng = torch.Generator().manual_seed(0)
    order = torch.randperm(len(reference), generator=rng)
    one, other = order[: len(order) // 2], order[len(order) // 2 :]
    kinds = torch.tensor([sorted({r.klass for r in unseen}).index(r.klass) for r in unseen]) % 2 == 0
    # A sound beside itself made worse would be nearer than any two sounds are: one half beside the other half.
    ladders = {title: [kad(reference[one], step[other]) for step in steps] for title, steps in worse.items()}
    ladders["other classes"] = [kad(reference[kinds], reference[~kinds])]
    least = floor(kad, reference, rng)
    low, high = interval(lambda sets: kad(sets[0], sets[1]), [reference, heard], rng)
    detail = f"95 % interval {low:.2f} to {high:.2f}; floor {least:.2f}; {_told(ladders)}"
    yield _distance("KAD", ear, kad(reference, heard), ladders, least, len(real), detail)
    if len(real) >= FD_ROWS_PER_DIM * reference.shape[1]:
        ladders = {title: [fd(reference, step) for step in steps] for title, steps in worse.items()}
        yield _distance("FD", ear, fd(reference, heard), ladders, 0.0, len(real), _told(ladders))


def _told(ladders: Mapping[str, Sequence[float]]) -> str:
    return "; ".join(f"{title}: {', '.join(f'{d:.2f}' for d in steps)}" for title, steps in ladders.items())


def _distance(
    name: str, ear: Embedding, value: float, ladders: Mapping[str, Sequence[float]], least: float, n: int, detail: str
) -> Row:
    """The row of a distance, or the row that says why it is not told."""
    title = f"{name}[{ear.name}]"
    fails = [ladder for ladder, is_so in grows(ladders, least).items() if not is_so]
    if fails:
        return Row.skipped("prior", title, f"not told, for it does not grow along {', '.join(fails)}: {_told(ladders)}")
    return Row("prior", title, value, math.nan, "", n=n, detail=detail)


def _worse(sounds: Sequence[NDArray[np.float32]], step: Worsen) -> list[Frames]:
    rng = np.random.default_rng(0)
    return [frames_of(step(sound, RATE_HZ, rng)) for sound in sounds]
