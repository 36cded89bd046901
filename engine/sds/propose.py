"""Propose: what a prior draws for the words, who in the bank sounds like it, and what evolution makes of those.

Pitch and ratios have no useful slope in a spectrum, so the search does not go down one: several samples of the prior
are drawn, at lengths that sounds have; the listener keeps those that fit the words best, and so says how long the
sound should be. The bank is ranked by its distance to them, the best are crossed and varied, and a separable CMA-ES
(Ros and Hansen, PPSN 2008) takes the last steps.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass

import cmaes
import numpy as np
import torch
from torch import Tensor

from engine.dsp.mel import FRAMES_PER_S
from engine.errors import EngineError
from engine.matching.crew import Crew
from engine.priors.base import Prior, Prompt
from engine.sds.bank import Bank
from engine.sds.bounds import Bounds
from engine.sds.children import Births
from engine.sds.hearing import frames_of
from engine.sds.playing import Contender, Stage
from engine.sds.prints import distances_db, nearest_db, prints_of_frames
from engine.sds.rank import Ranker

LENGTHS_S = (0.6, 2.0)
"""A prior is asked for sounds of these lengths; what fits better decides."""
EACH = 9
"""So many samples of each length at most."""
_SAMPLES_PER_S, _LEAST_EACH = 0.2, 3
STEPS = 12
N_WANTED = 5
"""So many samples of all are kept."""
_BATCHES = (1, 2)
"""Of what is drawn for each length: the first is small, so that there is something where time is short. More at once
than :data:`_MOST_AT_ONCE` is no faster."""
_MOST_AT_ONCE = 3
SHORTEST_S, LONGEST_S = 0.5, 3.2
N_RERENDERED = 256
"""Of the bank, when something is locked."""
_BATCH = 8
_ALIVE_NATS = 9.2
"""40 dB: what lies further below the loudest frame is over."""


@dataclass(frozen=True, eq=False)
class Wanted:
    """What the prior drew: ``z`` as it speaks, best first, with log-mel ``frames`` ``[n, bands]``, ``prints``
    ``[m, slots, pairs]``, the ``scores`` of the listener, and how long the sounds are."""

    z: tuple[Tensor, ...]
    frames: tuple[Tensor, ...]
    prints: Tensor
    scores: tuple[float, ...]
    length_s: float

    def together(self) -> Tensor:
        """All of ``z`` as one batch; what is shorter ends as it ends."""
        sizes = [max(one.shape[axis] for one in self.z) for axis in range(self.z[0].ndim)]
        return torch.cat([_as_large(one, sizes) for one in self.z])


def samples_in(seconds: float) -> int:
    """How many samples of each length belong to a tuning of so many seconds."""
    return min(max(round(seconds * _SAMPLES_PER_S), _LEAST_EACH), EACH)


def _never() -> bool:
    return False


def draw_wanted(
    prior: Prior,
    prompt: Prompt,
    ranker: Ranker,
    crew: Crew,
    seed: int,
    stop: threading.Event,
    each: int = EACH,
    is_over: Callable[[], bool] = _never,
) -> Generator[None, None, Wanted]:
    """Ask the prior for samples, ``each`` of every length, and keep those that the listener likes best.

    When the time ``is_over`` those that are not drawn yet are left out, except for one of each length.
    """

    def drawn(part: tuple[int, int, float]) -> list[tuple[Tensor, Tensor]]:
        number, count, seconds = part
        is_needed = number < len(LENGTHS_S)
        rng = torch.Generator().manual_seed((seed * 1009 + number) % 2**62)
        steps = prior.sample(prompt, seconds, count, rng, min(STEPS, prior.usual_steps))
        z = _through(steps, stop, _never if is_needed else is_over)
        return [] if z is None else [(row[None], one) for row, one in zip(z, frames_of(prior, z), strict=True)]

    counts = _batches(each)
    work = [(count, seconds) for count in counts for seconds in LENGTHS_S]
    parts = yield from crew.map(drawn, [(number, *one) for number, one in enumerate(work)])
    found = [one for part in parts for one in part]
    (scores,) = yield from crew.map(ranker.scores, [[frames for _, frames in found]])
    best = sorted(range(len(found)), key=lambda i: -scores[i])[:N_WANTED]
    lengths = [_alive_s(found[i][1]) for i in best]
    length_s = float(np.clip(max(lengths) + 0.15, SHORTEST_S, LONGEST_S))
    prints = torch.cat([prints_of_frames(found[i][1][None]) for i in best])
    return Wanted(
        tuple(found[i][0] for i in best),
        tuple(found[i][1] for i in best),
        prints,
        tuple(scores[i] for i in best),
        length_s,
    )


def draw_wanted_now(prior: Prior, prompt: Prompt, ranker: Ranker, seed: int) -> Wanted:
    """The same here and now."""
    crew = Crew()
    steps = draw_wanted(prior, prompt, ranker, crew, seed, threading.Event())
    try:
        while True:
            next(steps)
    except StopIteration as end:
        found: Wanted = end.value
        return found
    finally:
        crew.close()


def _as_large(z: Tensor, sizes: Sequence[int]) -> Tensor:
    """``z`` ``[1, ...]`` with what is last in an axis repeated."""
    for axis in range(1, z.ndim):
        short = sizes[axis] - z.shape[axis]
        if short:
            last = z.narrow(axis, z.shape[axis] - 1, 1)
            z = torch.cat([z, last.repeat_interleave(short, axis)], axis)
    return z


def _batches(each: int) -> list[int]:
    """How many are drawn at a time, together ``each``."""
    counts: list[int] = []
    while sum(counts) < each:
        most = _BATCHES[len(counts)] if len(counts) < len(_BATCHES) else _MOST_AT_ONCE
        counts.append(min(most, each - sum(counts)))
    return counts


def _through(
    steps: Generator[float, None, Tensor], stop: threading.Event, is_over: Callable[[], bool]
) -> Tensor | None:
    """What ``steps`` come to, or nothing when the time is over before."""
    try:
        while not is_over():
            if stop.is_set():
                raise EngineError("The tuning was cancelled.")
            next(steps)
    except StopIteration as end:
        found: Tensor = end.value
        return found
    finally:
        steps.close()
    return None


def _alive_s(frames: Tensor) -> float:
    """How long it is until nothing more is heard."""
    level = (2.0 * frames).exp().sum(1).log()
    alive = (level > level.max() - _ALIVE_NATS).nonzero()
    return float(alive.max() + 1) / FRAMES_PER_S if len(alive) else SHORTEST_S


def nearest_in(bank: Bank, wanted: Wanted, bounds: Bounds, most: int, seed: int) -> list[Contender]:
    """The patches of the bank that sound most like what is wanted, as far as the bounds allow them."""
    far = nearest_db(distances_db(bank.prints, wanted.prints))
    order = torch.argsort(far, stable=True)[:most].tolist()
    found = []
    for place in order:
        hold_s = float(bank.holds_s[place])
        # What is held long in the bank is held as long as the words' sound lasts.
        hold_s = max(hold_s, wanted.length_s - 0.2) if hold_s > 1.0 else hold_s
        unit = bounds.reached(bank.units[place].double().numpy())
        one = Contender(unit, int(bank.notes[place]), hold_s, seed, place, "bank", float(far[place]))
        found.append(one)
    return found


class Evolution:
    """Generations of children of the best, heard by the hands of ``crew``."""

    def __init__(self, stage: Stage, bounds: Bounds, crew: Crew, rng: np.random.Generator) -> None:
        self._stage, self._bounds, self._crew, self._rng = stage, bounds, crew, rng
        self._births = Births(bounds, rng)

    def heard(
        self, batch: Sequence[Contender], *, full: bool = False, is_over: Callable[[], bool] = _never
    ) -> Generator[None, None, list[Contender]]:
        """``batch`` with distances; without those that were not played before the time ``is_over``, except for the
        first few."""
        parts = list(enumerate(batch[i : i + _BATCH] for i in range(0, len(batch), _BATCH)))

        def work(part: tuple[int, Sequence[Contender]]) -> Sequence[Contender]:
            number, some = part
            return [] if number and is_over() else self._stage.hear(some, full=full)

        found = yield from self._crew.map(work, parts)
        return [one for some in found for one in some]

    def generation(
        self, parents: Sequence[Contender], n_born: int, is_over: Callable[[], bool] = _never
    ) -> Generator[None, None, list[Contender]]:
        """``n_born`` children, or as many of them as there is time for."""
        return (yield from self.heard([self._births.child(parents) for _ in range(n_born)], is_over=is_over))

    def polished(
        self, one: Contender, generations: int, seed: int, is_over: Callable[[], bool]
    ) -> Generator[None, None, Contender]:
        """``one`` moved by CMA-ES in what it uses; itself where nothing is nearer."""
        bounds = self._bounds
        rest = np.array(bounds.space.encode({}))
        places = np.flatnonzero(self._births.moved & ((one.unit != rest) | (self._rng.random(len(rest)) < 0.02)))
        if len(places) < 2:
            return one
        limits = np.stack([bounds.low[places], bounds.high[places]], 1)
        strategy = cmaes.SepCMA(
            mean=one.unit[places].clip(limits[:, 0], limits[:, 1]),
            sigma=0.05,
            bounds=limits,
            n_max_resampling=4,
            seed=seed,
            population_size=2 * _BATCH,
        )
        best = one
        for _ in range(generations):
            if is_over():
                break
            asked = [strategy.ask() for _ in range(strategy.population_size)]
            batch = []
            for positions in asked:
                unit = one.unit.copy()
                unit[places] = positions
                batch.append(Contender(bounds.apply(unit), one.note, one.hold_s, one.seed, one.origin, "evolved"))
            yield from self.heard(batch)
            strategy.tell([(x, c.far_db) for x, c in zip(asked, batch, strict=True)])
            nearest = min(batch, key=lambda c: c.far_db)
            best = nearest if nearest.far_db < best.far_db else best
        return best


def kept(found: Sequence[Contender], most: int, each: int) -> list[Contender]:
    """The nearest of ``found``, at most ``each`` from one start, so that no family crowds out the others."""
    count: dict[int, int] = {}
    chosen: list[Contender] = []
    for one in sorted(found, key=lambda c: c.far_db):
        if count.get(one.origin, 0) < each:
            count[one.origin] = count.get(one.origin, 0) + 1
            chosen.append(one)
            if len(chosen) == most:
                break
    return chosen
