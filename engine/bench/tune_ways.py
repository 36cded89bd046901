"""The ways from words to a sound that ``bench tune`` compares."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from engine.audio.values import Audio
from engine.bench.tune_prompts import Asked
from engine.dsp.mel import RATE_HZ
from engine.priors.base import Prompt
from engine.project.presets import factory_library
from engine.sds.bounds import Bounds
from engine.sds.draws import random_entry
from engine.sds.nets import Nets
from engine.sds.playing import Contender, Stage, no_print
from engine.sds.propose import draw_wanted_now
from engine.sds.rank import Ranker, worth
from engine.sds.result import TuneRequest, TuneState
from engine.sds.settings import SdsSettings
from engine.sds.tags import by_tags
from engine.sds.tune import Parts, tune

_BATCH = 16
DISTILL = SdsSettings(sds=1.0, fit=0.0, n_steps=120, draws=2, steps_back=2)
FIT = SdsSettings(sds=0.0, fit=1.0, n_steps=300)


@dataclass(frozen=True)
class Found:
    """What a way came to: the sound, what the listener makes of it, and when there was something to hear."""

    audio: Audio
    score: float
    first_s: float = 0.0


@dataclass(frozen=True)
class Way:
    """``find(asked, seed, seconds, nets)`` goes it."""

    name: str
    find: Callable[[Asked, int, float, Nets], Found]


def _tuned(parts: Parts) -> Callable[[Asked, int, float, Nets], Found]:
    def find(asked: Asked, seed: int, seconds: float, nets: Nets) -> Found:
        begun, first_s = time.perf_counter(), 0.0
        request = TuneRequest(asked.text, asked.synth, seed=seed, seconds=seconds)
        steps = tune(request, factory_library(), nets=nets, parts=parts)
        while True:
            try:
                note = next(steps)
            except StopIteration as end:
                best = end.value.candidates[0]
                return Found(best.audio, best.score, first_s)
            if isinstance(note.preview, TuneState) and not first_s:
                first_s = time.perf_counter() - begun

    return find


def _best_preset(asked: Asked, seed: int, seconds: float, nets: Nets) -> Found:
    request = TuneRequest(asked.text, asked.synth, seed=seed)
    (best,) = by_tags(request, factory_library(), Bounds(request), 1)
    Stage(asked.synth, 2.0, no_print()).hear([best], full=True)
    return _as_found(best, nets, asked)


def _random_search(asked: Asked, seed: int, seconds: float, nets: Nets) -> Found:
    """Patches drawn at random for as long as a tuning takes, chosen as tuning chooses."""
    begun = time.perf_counter()
    ranker = Ranker(nets.listener, asked.text)
    wanted = draw_wanted_now(nets.prior, Prompt(asked.text), ranker, seed)
    stage = Stage(asked.synth, wanted.length_s, wanted.prints)
    best: Contender | None = None
    number = seed * 1_000_003
    while best is None or time.perf_counter() - begun < seconds:
        batch = []
        for _ in range(_BATCH):
            one, number = random_entry(asked.synth, number), number + 1
            batch.append(Contender(np.array(one.patch.unit()), one.note, one.hold_s, 0, number, "bank"))
        ranker.ask(stage.hear(batch))
        best = max([*batch, *([best] if best else [])], key=worth)
    stage.hear([best], full=True)
    return _as_found(best, nets, asked)


def _as_found(one: Contender, nets: Nets, asked: Asked) -> Found:
    assert one.sound is not None
    one.score = None
    Ranker(nets.listener, asked.text).ask([one])
    return Found(Audio(np.array(one.sound.numpy()), RATE_HZ), one.score or 0.0)


def _alone(settings: SdsSettings) -> Parts:
    return Parts(bank=False, evolve=False, settings=settings, only_refined=True)


WAYS = (
    Way("tuned", _tuned(Parts())),
    Way("best preset by tags", _best_preset),
    Way("random search", _random_search),
    Way("distillation alone", _tuned(_alone(DISTILL))),
    Way("generate and fit", _tuned(_alone(FIT))),
)

_PAPER = replace(DISTILL, place="decoder")
ABLATIONS = (
    Way("decoder, 2 steps, spectrogram", _tuned(_alone(_PAPER))),
    Way("encoder instead of decoder", _tuned(_alone(DISTILL))),
    Way("1 step", _tuned(_alone(replace(_PAPER, steps_back=1)))),
    Way("10 steps", _tuned(_alone(replace(_PAPER, steps_back=10)))),
    Way("l2 instead of spectrogram", _tuned(_alone(replace(_PAPER, emphasis="l2")))),
)
"""From random starts each, so that what differs is the switch alone."""
