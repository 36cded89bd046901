"""Fit the FM instrument to a recording: look, retrieve, evolve, descend, and rank by the true distance.

What is known about the target (its pitch, partials, envelopes) gives starts; the bank and the presets give more. All
are played in drafts and compared. The best are crossed and varied, the best of those go down the slope of a smooth form
of the distance in the drafts, then at the target's own length and rate. In the end everything that was any good is
rendered as it will be heard, and the distance itself ranks it. A start that nothing improved stays as it is.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor

from engine.audio.values import Audio
from engine.errors import BadUsage
from engine.jobs import Note
from engine.matching.bank import resembling
from engine.matching.budget import GRADIENT_WORK, MATCH_S, Budget
from engine.matching.contenders import Contender, Locks, diverse
from engine.matching.crew import Crew
from engine.matching.descend import Descent, speeds
from engine.matching.evolve import child
from engine.matching.partials import partials_of
from engine.matching.result import N_CANDIDATES, Candidate, MatchResult
from engine.matching.scene import Scene, scene_of
from engine.matching.starts import encode, starts
from engine.matching.target import Target, listen
from engine.params import Patch
from engine.params.fm import FM_SPACE
from engine.params.keys import key_to_hz
from engine.params.note import HOLD, LENGTH, VELOCITY, NoteSettings
from engine.synths.catalog import synth_of
from engine.synths.fm import FmSynth

R = TypeVar("R")

SEARCH_S = 2.5
"""Evolution, and the first part of the descent, look at so much of the beginning."""
_N_FROM_BANK = 64
_BATCH = 8
_PREVIEW_EVERY_S = 0.4

# Shares of the budget at which the stages end.
_EVOLUTION_END, _FIRST_DESCENT_END, _END = 0.22, 0.62, 0.92
_N_PARENTS, _N_KEPT, _N_BORN = 24, 256, 16
_SURVIVORS = ((0.3, 11), (0.6, 6), (1.0, 3))
"""Until such a share of the first descent, so many candidates take part."""
_N_FINE = 3
_STRIDE = 2
"""Steps down the slope between two looks at the clock."""


def match(
    target: Audio,
    *,
    synth: str = "fm",
    seed: int = 0,
    seconds: float = MATCH_S,
    work: int | None = None,
    current: Patch | None = None,
    locked: Iterable[str] = (),
    presets: Sequence[Patch] = (),
    name: str = "",
    clock: Callable[[], float] = time.monotonic,
) -> Generator[Note, None, MatchResult]:
    """Find patches of ``synth`` that sound like ``target``.

    ``seconds`` on ``clock`` bound the work; ``work`` bounds it in renders instead, and makes the result depend on
    ``seed`` alone. Parameters in ``locked`` keep the values of ``current``. Previews are tuples of :class:`Candidate`,
    best first. Raises :class:`AudioError` for a target without sound.
    """
    if synth != FM_SPACE.name:
        raise BadUsage(f"Matching knows the synth {FM_SPACE.name}, not {synth!r}.")
    budget = Budget(seconds, work, clock)
    yield Note(0.0, "Listening")
    heard = listen(target)
    crew = Crew()
    try:
        search = _Search(heard, crew, budget, Locks(current, locked), np.random.default_rng(seed), presets, name)
        return (yield from search.run())
    finally:
        crew.close()


class _Search:
    def __init__(
        self,
        target: Target,
        crew: Crew,
        budget: Budget,
        locks: Locks,
        rng: np.random.Generator,
        presets: Sequence[Patch],
        name: str,
    ) -> None:
        self._target, self._crew, self._budget, self._locks, self._rng = target, crew, budget, locks, rng
        self._presets, self._name = presets, name
        synth = synth_of(FM_SPACE.name)
        # What is shut is opened by evolution; on the way down it would cost a third of the time.
        shut = FmSynth(may_open=False)
        self._rough = scene_of(shut, target, at_most_s=SEARCH_S, lost_share=0.04)
        self._fine = scene_of(shut, target, lost_share=0.02)
        self._full = scene_of(synth, target, full=True)
        self._free = speeds() * locks.free
        self._found: list[Contender] = []
        self._best_presets: list[Contender] = []
        self._n_starts = self._n_presets = 0
        self._preset_db: list[float] = []
        self._shown_at = -1.0

    def run(self) -> Generator[Note, None, MatchResult]:
        yield Note(0.01, "Looking for the pitch and the partials")
        units = yield from self._starts()
        found = yield from self._scored(units, self._rough)
        presets = found[self._n_starts : self._n_starts + self._n_presets]
        self._preset_db = [one.db for one in presets]
        self._best_presets = sorted(presets, key=lambda one: one.db)
        self._found = sorted(found, key=lambda one: one.db)
        yield self._note("Comparing with the bank", force=True)
        yield from self._evolve()
        chosen = diverse(self._found, _SURVIVORS[0][1], each=2)
        chosen = yield from self._descend(self._rough, chosen, _FIRST_DESCENT_END, _SURVIVORS, 0.025)
        yield self._note("Refining", chosen, force=True)
        pool = chosen + diverse(self._found, 3, each=1) + self._best_presets[:2]
        again = yield from self._scored(torch.stack([one.unit for one in pool]), self._fine)
        for one, old in zip(again, pool, strict=True):
            one.origin = old.origin
        again.sort(key=lambda one: one.db)
        best = yield from self._descend(self._fine, again[:_N_FINE], _END, ((1.0, _N_FINE),), 0.02)
        return (yield from self._ranked(sorted(best + again, key=lambda one: one.db)))

    # -- stages ------------------------------------------------------------------------------------

    def _starts(self) -> Generator[Note, None, Tensor]:
        """Positions of all starts ``[n, n_units]``: what analysis suggests, presets, the bank."""
        target = self._target
        rows = []
        for values in starts(target, self._rng):
            rows.append(encode(values))
            if len(rows) % 16 == 0:
                yield Note(0.02, "Looking for the pitch and the partials")
        shift = target.transpose_st
        transpose = FM_SPACE["transpose_st"]
        others: list[dict[str, Any]] = [dict(p.values) for p in self._presets if p.synth == FM_SPACE.name]
        bank = resembling(target, _N_FROM_BANK)
        n_bank = len(bank)
        others += [dict(values) for values in bank]
        for values in others:
            own = values.get("transpose_st", 0.0)
            rows.append(encode({**values, "transpose_st": transpose.clamp(own + shift)}))
        n = len(others) - n_bank
        self._n_starts, self._n_presets = len(rows) - len(others), n
        return self._locks.apply(torch.tensor(rows, dtype=torch.float32))

    def _scored(self, units: Tensor, scene: Scene) -> Generator[Note, None, list[Contender]]:
        distances: list[Tensor] = []
        parts = torch.split(units, _BATCH)
        for first in range(0, len(parts), 2 * self._crew.n_hands):
            sent = parts[first : first + 2 * self._crew.n_hands]
            distances += yield from self._waiting(self._crew.map(scene.distances_db, sent), "Comparing with the bank")
            self._budget.spend(sum(map(len, sent)))
        db = torch.cat(distances).tolist()
        return [Contender(unit, d, i) for i, (unit, d) in enumerate(zip(units, db, strict=True))]

    def _evolve(self) -> Generator[Note, None, None]:
        """Generations of children, as long as the budget says."""
        base_hz = key_to_hz(self._target.key)
        ratios = [min(max(p.hz / base_hz, 0.125), 64.0) for p in partials_of(self._target, 16)]
        free = self._locks.free.numpy()
        while self._budget.used < _EVOLUTION_END:
            parents = diverse(self._found, _N_PARENTS, each=3)
            rows = [one.unit.double().numpy() for one in parents]
            born = [child(rows, ratios, free, self._rng) for _ in range(_N_BORN)]
            units = torch.tensor(np.array(born), dtype=torch.float32)
            steps = self._crew.map(self._rough.distances_db, torch.split(units, _BATCH))
            distances = torch.cat((yield from self._waiting(steps, "Evolving"))).tolist()
            self._budget.spend(_N_BORN)
            for unit, db in zip(units, distances, strict=True):
                near = min(parents, key=lambda one: float((one.unit - unit).abs().sum()))
                self._found.append(Contender(unit, db, near.origin))
            self._found.sort(key=lambda one: one.db)
            # No start's family may crowd out the others.
            self._found = diverse(self._found, _N_KEPT, each=12)
            yield self._note("Evolving")

    def _descend(
        self,
        scene: Scene,
        begin: Sequence[Contender],
        until: float,
        survivors: Sequence[tuple[float, int]],
        step: float,
    ) -> Generator[Note, None, list[Contender]]:
        """Send candidates down the slope until the budget's share ``until``; the weakest stop on the way."""
        start = min(self._budget.used, until)
        ways = [(Descent(scene, one.unit, self._free, step), one) for one in begin]
        going = list(ways)
        while going and (used := self._budget.used) < until:
            done = (used - start) / max(until - start, 1e-6)
            most = next(n for share, n in survivors if done < share or share >= 1.0)
            if len(going) > most:
                going = sorted(going, key=lambda way: way[0].best_db)[:most]
            steps = self._crew.map(partial(_walk, left=1.0 - done), [way for way, _ in going])
            yield from self._waiting(steps, "Refining")
            self._budget.spend(_STRIDE * GRADIENT_WORK * len(going))
            going = [way for way in going if not way[0].is_stuck]
            yield self._note("Refining")
        # The loss has a soft floor; the distance itself decides what was gained.
        steps_back = self._crew.map(lambda way: float(scene.distances_db(way[0].best[None])[0]), ways)
        found = []
        for (way, one), db in zip(ways, (yield from self._waiting(steps_back, "Refining")), strict=True):
            found.append(Contender(way.best, db, one.origin) if db < one.db else one)
        found.sort(key=lambda one: one.db)
        self._found = sorted([*found, *self._found], key=lambda one: one.db)
        return found

    def _ranked(self, pool: Sequence[Contender]) -> Generator[Note, None, MatchResult]:
        """The best of ``pool`` by the distance of the sound as it will be heard."""
        chosen = diverse(pool, N_CANDIDATES + 2, each=1) + list(pool[:2])
        steps = self._crew.map(self._finished, [one.unit for one in chosen])
        done = yield from self._waiting(steps, "Comparing")
        ranked: list[Candidate] = []
        for candidate in sorted(done, key=lambda c: c.distance_db):
            if all(candidate.patch.values != other.patch.values for other in ranked):
                ranked.append(candidate)
        preset, preset_db = yield from self._nearest_preset()
        target = self._target
        return MatchResult(
            tuple(ranked[:N_CANDIDATES]),
            target.pitch_hz,
            target.start_s,
            target.duration_s,
            target.notice,
            preset,
            preset_db,
        )

    def _nearest_preset(self) -> Generator[Note, None, tuple[str, float]]:
        """The preset that is nearest as it comes (nothing locked, no level changed), and how far away it is."""
        presets = [p for p in self._presets if p.synth == FM_SPACE.name]
        order = sorted(range(len(presets)), key=lambda i: self._preset_db[i])[:6]
        if not order:
            return "", math.inf
        scene = replace(self._full, note=self._target.key)
        units = [torch.tensor([presets[i].unit()], dtype=torch.float32) for i in order]
        steps = self._crew.map(lambda unit: float(scene.distances_db(unit)[0]), units)
        db = yield from self._waiting(steps, "Comparing")
        best = int(np.argmin(db))
        return presets[order[best]].name, db[best]

    # -- candidates --------------------------------------------------------------------------------

    def _finished(self, unit: Tensor) -> Candidate:
        """The patch at ``unit`` with the target's level, and its true distance."""
        with torch.no_grad():
            sound = self._full.render(unit[None])
        db = float(self._full.spectra.distances_db(sound)[0])
        gain = 10.0 * math.log10(self._full.spectra.energy / max(float(sound.square().sum()), 1e-12))
        return self._candidate(unit, db if math.isfinite(db) else math.inf, gain)

    def _candidate(self, unit: Tensor, db: float, gain_db: float = 0.0) -> Candidate:
        values = FM_SPACE.decode(unit.double().tolist())
        if bool(self._locks.free[FM_SPACE.place("gain_db")]):
            own = values["gain_db"]
            assert isinstance(own, float)
            values["gain_db"] = FM_SPACE["gain_db"].clamp(own + gain_db)
        target = self._target
        note = NoteSettings(
            target.note,
            round(VELOCITY.default),
            HOLD.clamp(target.hold_s),
            LENGTH.clamp(target.duration_s),
        )
        return Candidate(Patch(FM_SPACE.name, values, name=self._name), db, note)

    def _note(self, text: str, found: Sequence[Contender] = (), *, force: bool = False) -> Note:
        now = time.monotonic()
        preview = None
        if force or now - self._shown_at > _PREVIEW_EVERY_S:
            self._shown_at = now
            best = diverse(found or self._found, N_CANDIDATES, each=1)
            preview = tuple(self._candidate(one.unit, one.db) for one in best)
        return Note(min(self._budget.used, 0.99), text, preview)

    def _waiting(self, steps: Generator[None, None, R], text: str) -> Generator[Note, None, R]:
        """Run ``steps`` to their end, with a note for each."""
        try:
            while True:
                next(steps)
                yield Note(min(self._budget.used, 0.99), text)
        except StopIteration as stop:
            result: R = stop.value
            return result
        finally:
            steps.close()


def _walk(way: Descent, left: float) -> None:
    way.run(_STRIDE, left)
