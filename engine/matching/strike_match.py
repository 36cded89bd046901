"""Fit the impact instrument to a recording of a strike.

Its modes are heard one by one, and what they leave is noise of the contact, and of a room where it outlasts the
contact. Patches made of that, with few modes or with many, with the room and without it, go down the slope of the
error. The nearest preset is among what is ranked in the end, so nothing worse is ever offered first.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator, Iterable, Sequence

import numpy as np
import torch
from torch import Tensor

from engine.audio.values import Audio
from engine.dsp.log_mel import LogMelTarget
from engine.jobs import Note
from engine.matching.budget import STRIKE_S, Budget
from engine.matching.contenders import Locks
from engine.matching.crew import Crew
from engine.matching.modes import Modes, modes_in_steps
from engine.matching.result import N_CANDIDATES, MatchResult
from engine.matching.strike_descent import StrikeDescent
from engine.matching.strike_finish import Heard, StrikeFinish
from engine.matching.strike_noise import with_near_noise
from engine.matching.strike_presets import Near, by_likeliness, heard_wholly, n_looked_at
from engine.matching.strike_room import hear_room, with_room
from engine.matching.strike_scene import StrikeScene
from engine.matching.strike_start import start
from engine.matching.strikes import Struck, hear_strike
from engine.params import Patch
from engine.params.impact import IMPACT_SPACE
from engine.synths.impact_note import ImpactDecoder

N_MODES_TRIED = (0, 16, 64, 256)
"""What is noise is taken for modes if it may be, so it is tried without them too."""
_N_SURVIVORS, _SURVIVED = 2, 0.25
"""So many go on after such a share of the way."""
_FEWEST_WITH_ROOM = 64
"""With fewer modes (unless there are no more) there is always much left that is no room."""
N_STEPS = 100
"""Down the slope, of a sound of :data:`_USUAL_S`; a longer one takes fewer."""
_USUAL_S = 1.0
_SURE = 0.85
"""What has at most such a share of the error of what seems the nearest preset is taken to be nearer than all are."""
_PREVIEW_EVERY_S = 0.8
_STRONG, _SAME_OCT = 0.1, 1.0 / 24.0
"""A partial with such a share of the strongest one's amplitude may be the pitch; so near to the pitch it is."""
_END, _END_WITHOUT_HOPE, _END_OF_LOOKING = 0.92, 0.7, 0.95
"""The ways down end at such a share of the budget; at the second one where they lead to nothing that is surely nearer
than the presets: the time until the third is better spent on those."""


def match(
    target: Audio,
    *,
    seed: int = 0,
    seconds: float = STRIKE_S,
    current: Patch | None = None,
    locked: Iterable[str] = (),
    presets: Sequence[Patch] = (),
    name: str = "",
    most_steps: int = N_STEPS,
    clock: Callable[[], float] = time.monotonic,
) -> Generator[Note, None, MatchResult]:
    """Find patches of the impact instrument that sound like ``target``.

    ``seconds`` on ``clock`` bound the work, and so do ``most_steps`` down the slope: where the steps end it, the
    result depends on ``seed`` alone.
    Parameters in ``locked`` keep the values of ``current``. Previews are tuples of :class:`Candidate`, best first.
    Raises :class:`AudioError` for a target without sound.
    """
    budget = Budget(seconds, None, clock)
    yield Note(0.0, "Listening")
    struck = hear_strike(target)
    yield Note(0.01, "Looking for the modes", notice=struck.notice)
    crew = Crew()
    try:
        fit = _Fit(struck, crew, budget, Locks(current, locked, IMPACT_SPACE), presets, seed, name, most_steps)
        return (yield from fit.run())
    finally:
        crew.close()


class _Fit:
    def __init__(
        self,
        struck: Struck,
        crew: Crew,
        budget: Budget,
        locks: Locks,
        presets: Sequence[Patch],
        seed: int,
        name: str,
        most_steps: int,
    ) -> None:
        self._struck, self._crew, self._budget, self._locks = struck, crew, budget, locks
        self._presets = [preset for preset in presets if preset.synth == IMPACT_SPACE.name]
        rate = struck.sample_rate
        reference = torch.from_numpy(struck.samples).float()
        decode = ImpactDecoder()
        self._full = StrikeScene(LogMelTarget(reference, rate), rate, seed, decode)
        self._rough = StrikeScene(LogMelTarget(reference, rate, overlap=2), rate, seed, decode)
        # A short strike is followed by silence, as it is where it is compared.
        self._sound = np.pad(struck.samples, (0, self._full.n_frames - len(struck.samples)))
        self._wanted = torch.from_numpy(self._sound).float()
        self._finish = StrikeFinish(self._full, struck, locks, name)
        self._n_steps = max(round(most_steps * min(_USUAL_S / struck.duration_s, 1.0)), min(most_steps, 12))
        self._shown_at = -1.0
        self._left: Sequence[Patch] = ()

    def run(self) -> Generator[Note, None, MatchResult]:
        modes = yield from self._budget.noted(
            modes_in_steps(self._struck.samples, self._struck.sample_rate, self._crew.map), "Looking for the modes"
        )
        near = yield from self._near(modes)
        work = self._crew.map(lambda n: self._starts(modes, n), self._counts(len(modes)))
        starts = yield from self._budget.noted(work, "Looking for the noise")
        found = yield from self._descended(starts, near[0].db if near else math.inf)
        return (yield from self._ranked(found, near, modes))

    def _near(self, modes: Modes) -> Generator[Note, None, list[Near]]:
        """The likely presets, best first; those left are kept in the order of their likeliness."""
        steps = by_likeliness(self._full, self._presets, self._struck, modes, self._locks, self._crew)
        ordered = yield from self._budget.noted(steps, "Comparing with presets")
        n = n_looked_at(self._struck.duration_s)
        self._left = ordered[n:]
        return (yield from self._heard_wholly(ordered[:n], modes, math.inf))

    def _heard_wholly(self, presets: Sequence[Patch], modes: Modes, end: float) -> Generator[Note, None, list[Near]]:
        """As many of ``presets`` as there is time for until ``end`` of the budget is used, best first."""
        steps = heard_wholly(
            self._full, presets, self._struck, modes, self._locks, self._crew, lambda: self._budget.used >= end
        )
        return (yield from self._budget.noted(steps, "Comparing with presets"))

    @staticmethod
    def _counts(n: int) -> list[int]:
        """With how many modes it is tried."""
        return sorted({min(n, most) for most in N_MODES_TRIED})

    def _starts(self, every: Modes, n: int) -> list[Tensor]:
        """What begins with ``n`` of the modes; and the same in a room, where one is heard and brings it nearer."""
        modes, rate, apart = every.strongest(n), self._struck.sample_rate, self._struck.apart
        left = self._sound - modes.sound(len(self._sound), rate)
        with torch.no_grad():
            dry, dry_db = self._nearer(start(self._full, modes, left, self._locks, apart))
            if "room" in self._locks.names or n < min(_FEWEST_WITH_ROOM, len(every)):
                return [dry]
            tail = hear_room(left, rate)
            if tail is None:
                return [dry]
            contact = start(self._full, modes, tail.contact, self._locks, apart)
            wet, wet_db = self._nearer(self._locks.apply(with_room(self._rough, contact, tail)[None])[0].float())
        # The room is asked for before the noise makes up for it.
        return [dry, wet] if wet_db < dry_db else [dry]

    def _nearer(self, unit: Tensor) -> tuple[Tensor, float]:
        return with_near_noise(self._rough, unit, self._wanted, self._locks.free)

    def _descended(self, starts: Sequence[Sequence[Tensor]], near_db: float) -> Generator[Note, None, list[Tensor]]:
        """Where the ways down end, best first; sooner where none leads far below ``near_db``."""
        alike = [[StrikeDescent(self._rough, unit, self._locks.free) for unit in units] for units in starts]
        ways = [way for few in alike for way in few]
        going = list(ways)
        begun = self._budget.used
        for i in range(self._n_steps):
            if self._budget.used > _END_WITHOUT_HOPE:
                hopeless = min(way.best_db for way in ways) > _SURE * near_db
                if hopeless or self._budget.used > _END:
                    break
            timed = (self._budget.used - begun) / (_END - begun)
            # Where time ends the way before its steps do, it says how far it is.
            gone = timed if timed > (i + 1) / self._n_steps else i / self._n_steps
            left = 1.0 - gone
            if len(going) > _N_SURVIVORS and gone >= _SURVIVED:
                going = _surviving(alike)
            yield from self._budget.noted(self._crew.map(lambda way: way.step(left), going), "Refining")  # noqa: B023
            share = max((i + 1) / self._n_steps, (self._budget.used - begun) / (_END - begun))
            yield self._note(begun + (0.97 - begun) * min(share, 1.0), ways)
        return [way.best for way in sorted(ways, key=lambda way: way.best_db)]

    def _note(self, fraction: float, ways: Sequence[StrikeDescent]) -> Note:
        now = time.monotonic()
        preview = None
        if now - self._shown_at > _PREVIEW_EVERY_S:
            self._shown_at = now
            # One alone: its level takes two strikes to tell.
            best = min(ways, key=lambda way: way.best_db)
            preview = (self._finish.candidate(best.best, best.best_db),)
        return Note(min(fraction, 0.99), "Refining", preview)

    def _ranked(
        self, found: Sequence[Tensor], near: Sequence[Near], modes: Modes
    ) -> Generator[Note, None, MatchResult]:
        """The best by the error of the sound as it will be heard; the nearest preset is always among them."""
        units = [*found[:N_CANDIDATES], *(one.unit for one in near[:1])]
        heard = yield from self._budget.noted(self._crew.map(self._finish.heard, units), "Comparing")
        if near and min(one.db for one in heard) > _SURE * near[0].db:
            # The nearest was chosen by how presets begin; now any of them may be nearer than all that was found.
            more = yield from self._heard_wholly(self._left, modes, _END_OF_LOOKING)
            near = sorted([*near, *more], key=lambda one: one.db)
            heard = [*heard, self._finish.heard(near[0].unit)]
        best: list[Heard] = []
        for one in sorted(heard, key=lambda one: one.db):
            if all(one.patch.values != other.patch.values for other in best):
                best.append(one)
        chosen = best[:N_CANDIDATES]
        ranked = yield from self._budget.noted(self._crew.map(self._finish.levelled, chosen), "Comparing")
        struck = self._struck
        preset, preset_db = (near[0].preset.name, near[0].db) if near else ("", float("inf"))
        return MatchResult(
            tuple(ranked),
            _partial_hz(struck.target.pitch_hz, modes),
            struck.start_s,
            struck.duration_s,
            struck.notice,
            preset,
            preset_db,
        )


def _surviving(alike: Sequence[Sequence[StrikeDescent]]) -> list[StrikeDescent]:
    """The best ways of those that began with each number of modes, and the best in a room where one was heard: noise
    comes near at once, a room and many modes come into their own late."""
    better = [min(few, key=lambda way: way.best_db) for few in alike]
    best = sorted(better, key=lambda way: way.best_db)[:_N_SURVIVORS]
    roomed = [way for few in alike for way in few[1:]]
    first = min(roomed, key=lambda way: way.best_db, default=None)
    return best if first is None or any(way in best for way in roomed) else [*best, first]


def _partial_hz(pitch_hz: float | None, modes: Modes) -> float | None:
    """What is said of the pitch where the ear hears ``pitch_hz``: the partial there, or the lowest strong one."""
    if pitch_hz is None or not len(modes):
        return pitch_hz
    strong = modes.hz[modes.amplitude >= _STRONG * modes.amplitude.max()]
    near = strong[np.abs(np.log2(strong / pitch_hz)) < _SAME_OCT]
    return float(near[0] if near.size else strong.min())
