"""Fit the FM instrument to a recording: look, retrieve, evolve, descend, and rank by the true distance.

What is known about the target (its pitch, partials, envelopes) gives starts; the bank and the presets give more. All
are played in drafts of the beginning and compared. The best are crossed and varied. What came of it, and all presets,
are then played at the target's whole length. The best go down the slope of a smooth form of the distance, are crossed
and varied again, and go down again. In the end they are varied as they will be heard, and that distance ranks them. The
nearest preset is among them, so nothing worse is ever offered first.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

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
from engine.matching.finish import Finish
from engine.matching.grafts import Graft, grafts_of
from engine.matching.partials import partials_of
from engine.matching.result import N_CANDIDATES, Candidate, MatchResult
from engine.matching.scene import Scene, scene_of
from engine.matching.starts import encode, starts
from engine.matching.target import Target, listen
from engine.params import Patch
from engine.params.fm import FM_SPACE
from engine.params.keys import key_to_hz
from engine.synths.catalog import synth_of
from engine.synths.fm import FmSynth

SEARCH_S = 2.5
"""The first evolution looks at so much of the beginning."""
_N_FROM_BANK = 64
_BATCH = 8
_PREVIEW_EVERY_S = 0.4

# Shares of the budget at which the stages end.
_EVOLUTION_END, _FIRST_DESCENT_END, _SECOND_EVOLUTION_END, _DESCENT_END, _END = 0.17, 0.58, 0.73, 0.83, 0.94
_N_PARENTS, _N_KEPT, _N_BORN = 24, 256, 32
_SURVIVORS = ((0.25, 10), (0.55, 5), (1.0, 3))
"""Until such a share of the first descent, so many candidates take part."""
_N_AT_LENGTH, _N_AS_HEARD = 48, 48
_N_FINE = 2
_N_PRESETS = 4
"""So many presets are compared as they will be heard."""
_OTHER_KEYS_ST = (-24.0, -12.0, 12.0)
_N_AT_OTHER_KEYS = 12
"""Where no pitch says how high a preset is to be played, so many are tried so much higher."""
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
    yield Note(0.01, "Looking for the pitch and the partials", notice=heard.notice)
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
        self._presets = [preset for preset in presets if preset.synth == FM_SPACE.name]
        synth = synth_of(FM_SPACE.name)
        # What is shut is opened by evolution; on the way down it would cost a third of the time.
        shut = FmSynth(may_open=False)
        self._rough = scene_of(shut, target, at_most_s=SEARCH_S, lost_share=0.02)
        self._fine = scene_of(shut, target, lost_share=0.008)
        self._full = scene_of(synth, target, full=True)
        self._finish = Finish(self._full, target, locks, name)
        self._free = speeds() * locks.free
        self._found: list[Contender] = []
        self._first_preset = 0
        self._ratios: list[float] = []
        self._grafts: list[Graft] = []
        self._shown_at = -1.0

    def run(self) -> Generator[Note, None, MatchResult]:
        yield Note(0.01, "Looking for the pitch and the partials")
        units = yield from self._starts()
        found = yield from self._scored(units, self._rough)
        if self._target.pitch_hz is None and self._presets:
            found += yield from self._at_other_keys(found[self._first_preset :][: len(self._presets)])
        self._found = sorted(found, key=_far)
        yield self._note("Comparing with the bank", force=True)
        yield from self._evolve(self._rough, _EVOLUTION_END)
        presets = yield from self._at_length()
        yield self._note("Refining", force=True)
        chosen = diverse(self._found, _SURVIVORS[0][1], each=2)
        yield from self._descend(self._fine, chosen, _FIRST_DESCENT_END, _SURVIVORS, 0.025)
        yield from self._evolve(self._fine, _SECOND_EVOLUTION_END)
        yield from self._descend(
            self._fine, diverse(self._found, _N_FINE, each=1), _DESCENT_END, ((1.0, _N_FINE),), 0.02
        )
        if self._budget.used < _END:
            yield from self._as_heard()
            yield from self._evolve(self._full, _END)
        return (yield from self._ranked(presets))

    # -- stages ------------------------------------------------------------------------------------

    def _starts(self) -> Generator[Note, None, Tensor]:
        """Positions of all starts ``[n, n_units]``: what analysis suggests, presets, the bank."""
        target = self._target
        rows = []
        for values in starts(target, self._rng):
            rows.append(encode(values))
            if len(rows) % 16 == 0:
                yield Note(0.02, "Looking for the pitch and the partials")
        base_hz = key_to_hz(target.key)
        self._ratios = [min(max(p.hz / base_hz, 0.125), 64.0) for p in partials_of(target, 16)]
        self._grafts = grafts_of(target)
        units = [self._locks.apply(torch.tensor(rows, dtype=torch.float32)), self._preset_units()]
        self._first_preset = len(rows)
        bank = [self._tuned(values) for values in resembling(target, _N_FROM_BANK)]
        if bank:
            units.append(self._locks.apply(torch.tensor(bank, dtype=torch.float32)))
        return torch.cat(units)

    def _at_other_keys(self, presets: Sequence[Contender]) -> Generator[Note, None, list[Contender]]:
        """The nearest of all ``presets``, played lower and higher."""
        near = sorted(range(len(presets)), key=lambda i: presets[i].db)[:_N_AT_OTHER_KEYS]
        units = torch.cat([self._preset_units(shift)[near] for shift in _OTHER_KEYS_ST])
        again = yield from self._scored(units, self._rough)
        for i, one in enumerate(again):
            one.origin = presets[near[i % len(near)]].origin
        return again

    def _preset_units(self, shift_st: float = 0.0) -> Tensor:
        """Positions of all presets at the target's pitch, ``[n, n_units]``."""
        rows = [self._tuned(dict(preset.values), shift_st) for preset in self._presets]
        units = torch.tensor(rows, dtype=torch.float32).reshape(-1, FM_SPACE.n_units)
        return self._locks.apply(units)

    def _tuned(self, values: dict[str, Any], shift_st: float = 0.0) -> list[float]:
        own = float(values.get("transpose_st", 0.0)) + self._target.transpose_st + shift_st
        return encode({**values, "transpose_st": FM_SPACE["transpose_st"].clamp(own)})

    def _at_length(self) -> Generator[Note, None, list[Contender]]:
        """Compare the best and all presets with the whole target; returns the presets."""
        most = _N_AT_LENGTH if self._budget.used < _FIRST_DESCENT_END else _N_PARENTS
        pool = diverse(self._found, most, each=3)
        again = yield from self._scored(torch.stack([one.unit for one in pool]), self._fine)
        for one, old in zip(again, pool, strict=True):
            one.origin = old.origin
        presets: list[Contender] = []
        if self._presets:
            presets = yield from self._scored(self._preset_units(), self._fine)
        for place, one in enumerate(presets):
            # Each is a family of its own.
            one.origin = -1 - place
        self._found = sorted([*again, *presets], key=_far)
        return sorted(presets, key=_far)

    def _scored(self, units: Tensor, scene: Scene) -> Generator[Note, None, list[Contender]]:
        distances: list[Tensor] = []
        parts = torch.split(units, _BATCH)
        for first in range(0, len(parts), 2 * self._crew.n_hands):
            sent = parts[first : first + 2 * self._crew.n_hands]
            distances += yield from self._budget.noted(
                self._crew.map(scene.distances_db, sent), "Comparing with the bank"
            )
            self._budget.spend(sum(map(len, sent)))
        db = torch.cat(distances).tolist()
        return [Contender(unit, d, i) for i, (unit, d) in enumerate(zip(units, db, strict=True))]

    def _as_heard(self) -> Generator[Note, None, None]:
        """Compare the best anew as they will be heard: what a draft leaves out may tell them apart."""
        pool = diverse(self._found, _N_AS_HEARD, each=10)
        again = yield from self._scored(torch.stack([one.unit for one in pool]), self._full)
        for one, old in zip(again, pool, strict=True):
            one.origin = old.origin
        self._found = sorted(again, key=_far)

    def _evolve(self, scene: Scene, until: float) -> Generator[Note, None, None]:
        """Generations of children in ``scene``, until the budget's share ``until``."""
        free = self._locks.free.numpy()
        while self._budget.used < until:
            parents = diverse(self._found, _N_PARENTS, each=3)
            rows = torch.stack([one.unit for one in parents])
            doubles = list(rows.double().numpy())
            n_born = _N_BORN // 2 if scene is self._full else _N_BORN
            born = [child(doubles, self._ratios, self._grafts, free, self._rng) for _ in range(n_born)]
            units = torch.tensor(np.array(born), dtype=torch.float32)
            steps = self._crew.map(scene.distances_db, torch.split(units, _BATCH))
            distances = torch.cat((yield from self._budget.noted(steps, "Evolving"))).tolist()
            self._budget.spend(n_born)
            nearest = torch.cdist(units, rows, p=1.0).argmin(1).tolist()
            for unit, db, near in zip(units, distances, nearest, strict=True):
                self._found.append(Contender(unit, db, parents[near].origin))
            self._found.sort(key=_far)
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
            yield from self._budget.noted(steps, "Refining")
            self._budget.spend(_STRIDE * GRADIENT_WORK * len(going))
            going = [way for way in going if not way[0].is_stuck]
            yield self._note("Refining", [Contender(way.best, way.best_db, one.origin) for way, one in ways])
        # The loss has a soft floor; the distance itself decides what was gained.
        steps_back = self._crew.map(lambda way: float(scene.distances_db(way[0].best[None])[0]), ways)
        found = []
        for (way, one), db in zip(ways, (yield from self._budget.noted(steps_back, "Refining")), strict=True):
            found.append(Contender(way.best, db, one.origin) if db < one.db else one)
        found.sort(key=_far)
        self._found = sorted([*found, *self._found], key=_far)
        return found

    def _ranked(self, presets: Sequence[Contender]) -> Generator[Note, None, MatchResult]:
        """The best by the distance of the sound as it will be heard; ``presets`` are best first."""
        chosen = diverse(self._found, N_CANDIDATES + 2, each=1) + self._found[:2] + list(presets[:2])
        steps = self._crew.map(self._finish.finished, [one.unit for one in chosen])
        done = yield from self._budget.noted(steps, "Comparing")
        ranked: list[Candidate] = []
        for candidate in sorted(done, key=lambda c: c.distance_db):
            if all(candidate.patch.values != other.patch.values for other in ranked):
                ranked.append(candidate)
        preset, preset_db = yield from self._nearest_preset([-1 - one.origin for one in presets[:_N_PRESETS]])
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

    def _nearest_preset(self, likely: Sequence[int]) -> Generator[Note, None, tuple[str, float]]:
        """Of the presets at ``likely``, the nearest as it comes (nothing locked, no level changed): name, distance."""
        if not likely:
            return "", math.inf
        scene = replace(self._full, note=self._target.key)
        units = [torch.tensor([self._presets[i].unit()], dtype=torch.float32) for i in likely]
        steps = self._crew.map(lambda unit: float(scene.distances_db(unit)[0]), units)
        db = yield from self._budget.noted(steps, "Comparing")
        best = int(np.argmin(db))
        return self._presets[likely[best]].name, db[best]

    # -- notes -------------------------------------------------------------------------------------

    def _note(self, text: str, found: Sequence[Contender] = (), *, force: bool = False) -> Note:
        now = time.monotonic()
        preview = None
        if force or now - self._shown_at > _PREVIEW_EVERY_S:
            self._shown_at = now
            best = diverse(sorted(found or self._found, key=_far), N_CANDIDATES, each=1)
            units = torch.stack([one.unit for one in best])
            preview = self._finish.drafted(units, [one.db for one in best], self._fine)
        return Note(min(self._budget.used, 0.99), text, preview)


def _far(one: Contender) -> float:
    return one.db


def _walk(way: Descent, left: float) -> None:
    way.run(_STRIDE, left)
