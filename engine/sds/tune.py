"""Words turn the knobs: propose, refine, rank (:mod:`engine.sds.propose`, ``optimise``, ``rank``), told on the way.

How much each stage does is counted, and follows from the seconds that are given; the clock only cuts a stage short
that would take longer than its share. So on a machine that is fast enough the same seed gives the same result (from as
large a bank), and on a slow one it gives what there was time for. What is done once is not counted: to load the nets,
and to make the first part of the bank.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any, TypeVar

import numpy as np
import torch

from engine.hurry import is_hurried
from engine.jobs import Note
from engine.matching.crew import Crew
from engine.params.note import HOLD
from engine.priors.base import Prior, Prompt
from engine.priors.choose import plan_of
from engine.project.presets import Preset
from engine.sds.bank import N_FULL, PART, fill_steps, is_begun, read_bank
from engine.sds.bounds import Bounds
from engine.sds.door import check_request
from engine.sds.draws import random_entry
from engine.sds.hearing import sounds_of
from engine.sds.nets import Nets, borrowed
from engine.sds.playing import Contender, Stage, no_print
from engine.sds.propose import N_RERENDERED, Evolution, Wanted, draw_wanted, kept, nearest_in, samples_in
from engine.sds.rank import APART_DB, Ranker, fit, offered, worth
from engine.sds.refining import Refined, refined, usual_settings
from engine.sds.result import N_CANDIDATES, PlanNote, TuneRequest, TuneResult
from engine.sds.settings import SdsSettings
from engine.sds.tags import by_tags
from engine.sds.telling import Teller, as_audio

R = TypeVar("R")

DRAWING_END, BANK_END, EVOLUTION_END, POLISH_END, REFINE_END = 0.3, 0.4, 0.52, 0.62, 0.93
"""Shares of the time at which the stages end at the latest. Where the bank took longer the others share the rest."""
_TOO_LATE = 0.8
"""For evolution to begin."""
_N_HEARD, _N_PARENTS, _N_KEPT, _N_BORN = 64, 24, 128, 32
_GENERATIONS_PER_S = {"fm": 3.6, "impact": 1.0}
_POLISH_PER_S = {"fm": 0.7, "impact": 0.25}
_N_LIKED, _N_ASKED = 8, 12
_N_REFINED = 4
_N_HEARD_WANTED = 3
_N_ASKED_LATE = 8
"""When time is short."""
DRAWING = "Drawing what it should sound like"


@dataclass(frozen=True)
class Parts:
    """Which stages there are: the benchmark leaves some out."""

    bank: bool = True
    """Whether starts come from the bank; if not, they are drawn at random."""
    evolve: bool = True
    refine: bool = True
    settings: SdsSettings | None = None
    """Of the refinement; ``None`` for the usual."""
    only_refined: bool = False
    """Whether what was there before the refinement is not offered in the end: to see what it does by itself."""


ALL = Parts()


def tune(
    request: TuneRequest,
    presets: Sequence[Preset],
    *,
    nets: Nets | None = None,
    parts: Parts = ALL,
    clock: Callable[[], float] = time.monotonic,
) -> Generator[Note, None, TuneResult]:
    """Find patches that sound like the words of ``request``; ``presets`` are what there is to begin with.

    Previews are values of :class:`TuneState`. Without ``nets`` those that come with the program are used. Raises
    :class:`WeightError` when one of them is missing or damaged.
    """
    notice = check_request(request)
    crew = Crew()
    stop = threading.Event()
    try:
        with ExitStack() as stack:
            run = _Tuning(request, crew, stop, parts, clock, notice)
            first = by_tags(request, presets, run.bounds)
            if first and request.start_note is None:
                # Something to hear at once: the nets that would say how well it fits take seconds to load.
                yield from run.noted(crew.map(run.heard_first, [first]), "Comparing with the presets")
                yield run.teller.told(first, "bank", "Comparing with the presets", asked=False)
            if nets is None:
                lending = crew.map(lambda name: borrowed(name, stack), [request.prior])
                (nets,) = yield from run.noted(lending, "Loading the prior")
            run.teller.begin()
            return (yield from run.run(nets, first))
    finally:
        stop.set()
        crew.close()


class _Tuning:
    def __init__(
        self,
        request: TuneRequest,
        crew: Crew,
        stop: threading.Event,
        parts: Parts,
        clock: Callable[[], float],
        notice: str,
    ) -> None:
        self._request, self._crew, self._stop, self._parts = request, crew, stop, parts
        self._notice = notice
        self.bounds = Bounds(request)
        self.teller = Teller(request, self.bounds, N_FULL if parts.bank else 0, clock)
        # Until the prior has drawn, everything is as far from it.
        self.stage_one = Stage(request.synth, 1.5, no_print())
        self._rng = np.random.default_rng(request.seed)
        self._found: list[Contender] = []
        self._seen: list[Contender] = []
        """Everything that was offered at some time."""
        self._begun: Contender | None = None
        """The patch that it began with, as it is offered."""
        self._late = BANK_END
        """When the bank was done, if that was late."""
        self._missed: list[str] = []
        """The stages that there was no time for."""

    def heard_first(self, first: Sequence[Contender]) -> None:
        self.stage_one.hear(first, full=True)

    def noted(self, steps: Generator[Any, None, R], text: str) -> Generator[Note, None, R]:
        """Run ``steps`` to their end, with a note for each."""
        try:
            while True:
                next(steps)
                yield self.teller.note(text)
        except StopIteration as stop:
            result: R = stop.value
            return result
        finally:
            steps.close()

    def run(self, nets: Nets, first: list[Contender]) -> Generator[Note, None, TuneResult]:
        request, teller = self._request, self.teller
        self._ranker = Ranker(nets.listener, request.prompt, request.negative)
        if first and request.start_note is None:
            yield from self.noted(self._crew.map(self._ranker.ask, [first]), "Comparing with the presets")
            yield teller.told(offered(first), "bank", "Comparing with the presets")
        w = nets.prior.usual_guidance if request.guidance is None else request.guidance
        prompt = Prompt(request.prompt, request.negative, w)
        each = samples_in(request.seconds)
        drawing = draw_wanted(
            nets.prior, prompt, self._ranker, self._crew, request.seed, self._stop, each, self._after(DRAWING_END)
        )
        plan = plan_of(nets.prior)
        if plan:
            yield PlanNote(0.0, plan)
        drawn_by = f"{DRAWING} · {plan}" if plan else DRAWING
        wanted = yield from self.noted(drawing, drawn_by)
        self._stage = Stage(request.synth, wanted.length_s, wanted.prints)
        self._evolution = Evolution(self._stage, self.bounds, self._crew, self._rng)
        yield from self._hear_wanted(nets.prior, wanted)
        yield from self._starts(first, wanted)
        may_move = bool(self.bounds.free.any())
        if self._parts.evolve and may_move:
            yield from self._evolve()
        if self._parts.refine and may_move:
            yield from self._refine(nets.prior, prompt, wanted)
        return (yield from self._ended())

    # -- stages ----------------------------------------------------------------------------------------------------

    def _hear_wanted(self, prior: Prior, wanted: Wanted) -> Generator[Note, None, None]:
        def heard(z: torch.Tensor) -> Any:
            return as_audio(sounds_of(prior, z)[0])

        most = 1 if self._is_past(DRAWING_END) else _N_HEARD_WANTED
        sounds = yield from self.noted(self._crew.map(heard, wanted.z[:most]), DRAWING)
        self.teller.wanted = tuple(sounds)

    def _starts(self, first: Sequence[Contender], wanted: Wanted) -> Generator[Note, None, None]:
        """What the bank has, the presets that were named, and the patch that it began with."""
        request = self._request
        begin: list[Contender] = []
        if self._parts.bank:
            begin += [_copy(one) for one in first]
            if not is_begun(request.synth):
                self.teller.hold()
                text = "Listening to patches for the first time"
                yield from self.noted(fill_steps(request.synth, PART), text)
                self.teller.go_on()
            asking = self._crew.map(self._from_bank, [wanted])
            (nearest,) = yield from self.noted(asking, "Comparing with the bank")
            begin += nearest
        if not begin:
            begin = [self._random(n) for n in range(_N_REFINED)]
        if request.start is not None:
            yield from self._hear_start()
            begin.insert(0, self._at_start())
        # The nearest come first: of a long list those are left out that promise least.
        hearing = self._evolution.heard(begin, is_over=self._after(BANK_END))
        heard = yield from self.noted(hearing, "Comparing with the bank")
        self._found = kept(heard, _N_HEARD, each=2)
        yield from self._offer("bank", "Comparing with the bank", BANK_END)
        self._late = max(BANK_END, self.teller.used)

    def _hear_start(self) -> Generator[Note, None, None]:
        """The listener is asked about the patch that it began with, wherever it ranks: what is offered is no worse."""
        self._begun = self._at_start()
        yield from self.noted(self._evolution.heard([self._begun], full=True), "Comparing with the start")
        yield from self.noted(self._crew.map(self._ranker.ask, [[self._begun]]), "Comparing with the start")
        self._seen = [self._begun]

    def _from_bank(self, wanted: Wanted) -> list[Contender]:
        bank = read_bank(self._request.synth)
        if bank is None:
            return []
        self.teller.bank_size = bank.size
        most = _N_HEARD if self.bounds.is_open else N_RERENDERED
        return nearest_in(bank, wanted, self.bounds, most, self._request.seed)

    def _evolve(self) -> Generator[Note, None, None]:
        seconds, synth = self._request.seconds, self._request.synth
        is_over = self._after(self._end(EVOLUTION_END))
        if self._late > _TOO_LATE:
            self._missed.append("evolution")
            return
        for _ in range(max(round(seconds * _GENERATIONS_PER_S[synth]), 1)):
            if is_over():
                break
            bearing = self._evolution.generation(self._parents(), _N_BORN, is_over)
            born = yield from self.noted(bearing, "Evolving")
            self._found = kept([*self._found, *born], _N_KEPT, each=10)
            if self.teller.is_due:
                yield from self._offer("evolved", "Evolving", self._end(POLISH_END))
        generations = max(round(seconds * _POLISH_PER_S[synth]), 1)
        best = [*offered(self._seen, 2), *kept(self._found, 1, each=1)]
        for n, one in enumerate(best):
            until = self._end(EVOLUTION_END + (POLISH_END - EVOLUTION_END) * (n + 1) / len(best))
            if n and self._is_past(until):
                break
            polishing = self._evolution.polished(
                one, generations, self._request.seed % 2**31 + n + 1, self._after(until)
            )
            better = yield from self.noted(polishing, "Evolving")
            if better is not one:
                self._found = kept([better, *self._found], _N_KEPT, each=10)
            yield from self._offer("evolved", "Evolving", self._end(POLISH_END))

    def _refine(self, prior: Prior, prompt: Prompt, wanted: Wanted) -> Generator[Note, None, None]:
        """The best go down the slope of what the prior wants; every state that is told is ranked with all others."""
        best = offered(self._seen, _N_REFINED)
        settings = self._parts.settings or usual_settings(self._request.synth, self._request.seconds)
        steps = refined(best, self._stage, self.bounds, prior, prompt, wanted, settings, self._request.seed)
        busy = threading.Lock()
        n_states, longest = 0, 0.0

        def next_state(_: int) -> Refined | None:
            with busy:
                return next(steps, None)

        try:
            # What takes long is not begun when it would pass the end.
            while (used := self.teller.used) <= min(self._end(REFINE_END), 1.0 - longest):
                # A state takes long; on a hand of the crew it does not hold up other jobs.
                (state,) = yield from self.noted(self._crew.map(next_state, [0]), "Refining")
                if state is None:
                    break
                if state.arrows is not None:
                    self.teller.arrows = MappingProxyType(dict(state.arrows))
                if state.contenders and (self.teller.is_due or state.is_last):
                    heard = yield from self.noted(self._evolution.heard(state.contenders), "Refining")
                    self._found = kept([*self._found, *heard], _N_KEPT, each=10)
                    yield from self._offer("refined", "Refining", also=heard)
                n_states += bool(state.contenders)
                longest = max(longest, self.teller.used - used)
            if n_states < 2 <= settings.n_steps + 1:
                self._missed.append("refinement")
        finally:
            if not is_hurried():
                # The step that a hand is at has to end first.
                with busy:
                    steps.close()

    def _ended(self) -> Generator[Note, None, TuneResult]:
        if not (self._seen and self._is_past(1.0)):
            yield from self._offer("refined" if self._parts.refine else "evolved", "Comparing")
        start_score = None if self._begun is None else fit(self._begun)
        left_out = f"There was no time for {' and '.join(self._missed)}; more seconds come nearer to the words."
        notice = " ".join(filter(None, (self._notice, left_out if self._missed else "")))
        teller = self.teller
        seen = [one for one in self._seen if one.stage == "refined"] if self._parts.only_refined else []
        return TuneResult(
            teller.candidates(offered(seen or self._seen, apart_db=APART_DB)),
            tuple(teller.moments),
            teller.wanted,
            teller.arrows,
            start_score,
            self._request.prior,
            teller.licence,
            teller.seconds,
            notice,
        )

    def _is_past(self, share: float) -> bool:
        return self.teller.used > share

    def _end(self, share: float) -> float:
        """When a stage ends that should end at ``share``."""
        return self._late + (share - BANK_END) * (1.0 - self._late) / (1.0 - BANK_END)

    def _after(self, share: float) -> Callable[[], bool]:
        return partial(self._is_past, share)

    # -- inside ----------------------------------------------------------------------------------------------------

    def _offer(
        self, stage: str, text: str, until: float = 1.0, also: Sequence[Contender] = ()
    ) -> Generator[Note, None, None]:
        """Ask the listener about the nearest, play the best of them as they are offered, ask again, and tell.

        After ``until`` (a share of the time) it is asked about few, and only the best of all is played.
        """
        worth_asking = self._worth_asking()
        nearest = [*(worth_asking[:_N_ASKED_LATE] if self._is_past(until) else worth_asking), *also]
        yield from self.noted(self._crew.map(self._ranker.ask, [nearest]), text)
        most = 1 if self._is_past(until) else N_CANDIDATES
        ready = [one for one in offered(nearest, most) if one.sound is None]
        if ready:
            # As it is offered it sounds a little different; only that counts.
            again = [_copy(one) for one in ready]
            yield from self.noted(self._evolution.heard(again, full=True), text)
            yield from self.noted(self._crew.map(self._ranker.ask, [again]), text)
            for one, other in zip(ready, again, strict=True):
                one.sound = other.sound
            self._seen = _best_of([*self._seen, *again])
        yield self.teller.told(offered(self._seen, apart_db=APART_DB), stage, text)

    def _parents(self) -> list[Contender]:
        """The nearest, and between them what ranks highest so far: families that the listener prefers go on too."""
        nearest = kept(self._found, _N_PARENTS, each=4)
        liked = offered(self._seen, _N_LIKED)
        mixed = [one for pair in zip(nearest, liked, strict=False) for one in pair]
        return [*mixed, *nearest[len(liked) :], *liked[len(nearest) :]]

    def _worth_asking(self) -> list[Contender]:
        """The nearest of all, and the nearest of each family that ranks high."""
        families = {one.origin for one in offered(self._seen, _N_LIKED)}
        of_families = [one for one in self._found if one.origin in families]
        both = [*kept(self._found, _N_ASKED, each=3), *kept(of_families, _N_ASKED, each=2)]
        return list({id(one): one for one in both}.values())

    def _at_start(self) -> Contender:
        start = self._request.start
        assert start is not None
        unit = self.bounds.apply(self.bounds.base_unit)
        note = self._request.start_note
        if note is not None:
            return Contender(unit, note.note, note.hold_s, start.seed, -1, "bank")
        length_s = self._stage.length_s
        return Contender(unit, 60, HOLD.clamp(max(length_s - 0.2, 0.1)), start.seed, -1, "bank")

    def _random(self, number: int) -> Contender:
        one = random_entry(self._request.synth, self._request.seed * 1_000_003 + number)
        unit = self.bounds.reached(np.array(one.patch.unit()))
        return Contender(unit, one.note, one.hold_s, self._request.seed, number, "bank")


def _copy(one: Contender) -> Contender:
    return Contender(one.unit, one.note, one.hold_s, one.seed, one.origin, one.stage)


def _best_of(found: Sequence[Contender], most: int = 64) -> list[Contender]:
    """What may still be offered: the rest is forgotten."""
    return sorted(found, key=worth, reverse=True)[:most]
