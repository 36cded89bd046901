"""How well words turn the knobs: what a judge hears in the patches that are found, beside simpler ways to find them.

The judge (``tonewright train judge``) was trained on labelled recordings only and takes no part in tuning. A patch hits
when its class is among the judge's first three. The judge's own rate on recordings that no net has learned from is what
can be expected. Beside tuning stand the best preset by its name and tags, random search that lasts as long and chooses
with the same listener, distillation alone, and generating and fitting alone, both from random starts; and the switches
of the paper on four of the prompts. Intervals are bootstrapped over prompts.

What was measured is kept until the program changes, so that a full run (about two hours) may be taken up again.
"""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from engine.audio.values import Audio
from engine.bench.frame import Mark, Row, Rows, data_folder, is_quick
from engine.bench.kept import Kept
from engine.bench.tune_prompts import Asked, all_asked
from engine.bench.tune_ways import ABLATIONS, WAYS, Way
from engine.errors import WeightError
from engine.metrics.judge import Judge
from engine.sds.nets import Nets, borrowed
from engine.sds.result import OWN_PRIOR, TUNE_S
from engine.training.corpus import read_folders, share_out
from engine.training.shelf import read_frames
from engine.weights.shelf import shipped

N_SEEDS = 3
QUICK_S = 12.0
QUICK_PROMPTS = 4
TOP = 3
SHARE_OF_REAL = 0.9
POINTS_ABOVE = 15.0
FIRST_S, WHOLE_S = Mark(p95=5.0), Mark(p95=45.0)
_RESAMPLED = 4000


@dataclass(frozen=True)
class Measured:
    """What came of one prompt: the place and the probability of its class, and the times that it took."""

    name: str
    way: str
    prompt: str
    klass: str
    seed: int
    place: int
    probability: float
    score: float
    first_s: float
    seconds: float

    @property
    def hit(self) -> bool:
        return self.place <= TOP


def rows() -> Rows:
    """The judge on real sounds, tuning and what it is compared with, times, and the switches."""
    folder = data_folder()
    if folder is None or not (folder / "sounds").is_dir():
        yield Row.skipped("tune", "prompts", "TONEWRIGHT_DATA names no folder with sounds")
        return
    try:
        judge = Judge.load(shipped("judge"))
        with ExitStack() as stack:
            yield from _rows(folder / "sounds", judge, borrowed(OWN_PRIOR, stack))
    except WeightError as error:
        yield Row.skipped("tune", "prompts", str(error))


def _rows(folder: Path, judge: Judge, nets: Nets) -> Rows:
    asked = all_asked()[:: -(-len(all_asked()) // QUICK_PROMPTS)] if is_quick() else all_asked()
    real = real_hits(judge, folder, {one.klass for one in asked})
    rate = 100.0 * float(np.mean(real))
    yield Row.of("tune", "judge on real sounds, top 3", [rate], "%", detail=f"{len(real)} recordings")
    kept = Kept("tune", Measured)
    stamp = _stamp()
    runs: dict[str, list[Measured]] = {}
    for way in WAYS:
        seeds = range(1 if way.name != "tuned" or is_quick() else N_SEEDS)
        found = [_measured(way, one, seed, judge, nets, kept, stamp) for one in asked for seed in seeds]
        runs[way.name] = found
        mark = Mark(median=SHARE_OF_REAL * rate, direction="at least") if way.name == "tuned" else None
        yield Row.of("tune", f"{way.name}, top 3", [hit_rate(found)], "%", mark, detail=_detail(found))
    for other in ("best preset by tags", "random search"):
        points, low, high = difference(runs["tuned"], runs[other])
        detail = f"95 % from {low:.0f} to {high:.0f}"
        mark = Mark(median=POINTS_ABOVE, direction="at least")
        yield Row.of("tune", f"tuned above {other}", [points], "points", mark, detail=detail)
    yield Row.of("tune", "first candidate", [one.first_s for one in runs["tuned"]], "s", FIRST_S)
    yield Row.of("tune", "whole tuning", [one.seconds for one in runs["tuned"]], "s", WHOLE_S)
    for one in asked:
        own = [m for m in runs["tuned"] if m.prompt == one.text]
        places = ", ".join(str(m.place) for m in own)
        shares = [100.0 * m.probability for m in own]
        yield Row.of("tune", f"{one.klass} ({one.synth})", shares, "%", detail=f"“{one.text}”: places {places}")
    switched = [one for one in asked if one.ablation][: 1 if is_quick() else None]
    for way in ABLATIONS:
        found = [_measured(way, one, 0, judge, nets, kept, stamp) for one in switched]
        shares = [100.0 * m.probability for m in found]
        scores = float(np.mean([m.score for m in found]))
        yield Row.of("tune", f"switch: {way.name}", shares, "%", detail=f"mean score {scores:.3f}")


def _measured(
    way: Way, asked: Asked, seed: int, judge: Judge, nets: Nets, kept: Kept[Measured], stamp: str
) -> Measured:
    seconds = QUICK_S if is_quick() else TUNE_S
    name = f"{stamp} {seconds:g} {way.name} {asked.klass} {seed}"
    one = kept.get(name)
    if one is None:
        begun = time.perf_counter()
        found = way.find(asked, seed, seconds, nets)
        taken = time.perf_counter() - begun
        place, probability = heard_as(judge, found.audio, asked.klass)
        one = Measured(
            name, way.name, asked.text, asked.klass, seed, place, probability, found.score, found.first_s, taken
        )
        kept.add(one)
    if sys.stderr.isatty():
        words = f"{asked.klass} {one.probability:.2f} (place {one.place}), score {one.score:.2f}, {one.seconds:.0f} s"
        print(f"  {way.name}: {words}", file=sys.stderr, flush=True)
    return one


def heard_as(judge: Judge, audio: Audio, klass: str) -> tuple[int, float]:
    """The place of ``klass`` among what the judge hears in a sound at 24 kHz, 1 the first, and its probability."""
    samples = torch.from_numpy(audio.samples.mean(0, dtype=np.float64).astype(np.float32))
    shares = judge.probabilities(samples[None])[0]
    own = float(shares[judge.classes.index(klass)])
    return int((shares > own).sum()) + 1, own


def real_hits(judge: Judge, folder: Path, classes: set[str]) -> list[bool]:
    """Whether the judge has the class of each recording of ``classes`` that nobody learned from among its first three.

    A class of which none was held back says nothing.
    """
    recordings = read_folders([folder])
    sides = share_out(recordings)
    hits = []
    for recording in recordings:
        if recording.klass in classes and sides[recording.group] == "test":
            frames = torch.from_numpy(read_frames(recording.path).astype(np.float32))
            shares = judge.of_frames(frames[None])[0]
            hits.append(bool(int((shares > shares[judge.classes.index(recording.klass)]).sum()) < TOP))
    return hits


def hit_rate(found: Sequence[Measured]) -> float:
    """In per cent: the mean over prompts of the share of seeds that hit."""
    return 100.0 * float(np.mean(list(_by_prompt(found).values())))


def interval(found: Sequence[Measured]) -> tuple[float, float]:
    """Between which rates 95 % of resampled sets of prompts lie."""
    return _interval(np.array(list(_by_prompt(found).values())))


def difference(found: Sequence[Measured], other: Sequence[Measured]) -> tuple[float, float, float]:
    """How many points the one rate is above the other, and the interval of that over prompts."""
    one, two = _by_prompt(found), _by_prompt(other)
    both = np.array([one[prompt] - two[prompt] for prompt in one])
    return 100.0 * float(both.mean()), *_interval(both)


def _by_prompt(found: Sequence[Measured]) -> dict[str, float]:
    prompts = dict.fromkeys(one.prompt for one in found)
    return {prompt: float(np.mean([one.hit for one in found if one.prompt == prompt])) for prompt in prompts}


def _interval(values: np.ndarray) -> tuple[float, float]:
    rng = np.random.default_rng(0)
    means = rng.choice(values, (_RESAMPLED, len(values))).mean(1)
    low, high = np.percentile(means, (2.5, 97.5))
    return 100.0 * float(low), 100.0 * float(high)


def _detail(found: Sequence[Measured]) -> str:
    low, high = interval(found)
    mean = 100.0 * float(np.mean([one.probability for one in found]))
    return f"95 % from {low:.0f} to {high:.0f}; mean probability {mean:.0f} %; {len(found)} tunings"


def _stamp() -> str:
    """A name for the nets that take part."""
    digest = hashlib.sha256()
    for kind in ("prior", "listener", "judge"):
        digest.update(shipped(kind).read_bytes())
    return digest.hexdigest()[:8]
