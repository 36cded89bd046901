"""What a tuning says while it goes: candidates as they are offered, the moments of the way, and how far it is."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np
from torch import Tensor

from engine.audio.values import Audio
from engine.dsp.mel import RATE_HZ
from engine.jobs import Note
from engine.params.note import HOLD, LENGTH, VELOCITY, NoteSettings
from engine.sds.bounds import Bounds
from engine.sds.nets import terms_of
from engine.sds.playing import Contender
from engine.sds.rank import fit
from engine.sds.result import Candidate, Moment, TuneRequest, TuneState

MOST_MOMENTS = 200
_EVERY_S = 0.35


class Teller:
    """Turns contenders into what people see; ``clock`` says how far the seconds of ``request`` are used up."""

    def __init__(
        self, request: TuneRequest, bounds: Bounds, bank_full: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._request, self._bounds, self._clock = request, bounds, clock
        self._began: float | None = None
        self._held: float | None = None
        self._every_s = max(_EVERY_S, request.seconds / (MOST_MOMENTS - 20))
        self._last_s = -1.0
        self._made: dict[int, tuple[Contender, Candidate]] = {}
        self._gain = bounds.space["gain_db"]
        place = bounds.space.place("gain_db").start
        self._place = place if bounds.free[place] else None
        self.moments: list[Moment] = []
        self.wanted: tuple[Audio, ...] = ()
        self.arrows: Mapping[str, float] = MappingProxyType({})
        self.length_s = 1.0
        self.bank_size, self._bank_full = 0, bank_full
        self.licence = terms_of(request.prior)

    def begin(self) -> None:
        """From now on the time counts: what is waited for before is not of the search."""
        self._began, self._last_s = self._clock(), -1.0

    def hold(self) -> None:
        """The time stands still until :meth:`go_on`: what is made once is not of the search either."""
        self._held = self._clock()

    def go_on(self) -> None:
        if self._began is not None and self._held is not None:
            self._began += self._clock() - self._held
        self._held = None

    @property
    def seconds(self) -> float:
        now = self._clock() if self._held is None else self._held
        return 0.0 if self._began is None else now - self._began

    @property
    def used(self) -> float:
        """The share of the time that is used up; may pass 1."""
        return self.seconds / self._request.seconds

    @property
    def is_due(self) -> bool:
        return self.seconds - self._last_s >= self._every_s

    def note(self, text: str) -> Note:
        """Where it stands, without anything new."""
        return Note(min(self.used, 0.99), text)

    def told(self, best: Sequence[Contender], stage: str, text: str, *, asked: bool = True) -> Note:
        """``best``, which were rendered as they are offered, best first. Before the listener was ``asked`` they are no
        moment of the way."""
        candidates = self.candidates(best)
        self._last_s = self.seconds
        if asked and candidates and len(self.moments) < MOST_MOMENTS:
            first = candidates[0]
            self.moments.append(Moment(self.seconds, stage, text, first.patch, first.note, first.loss, first.score))
        state = TuneState(
            candidates,
            tuple(self.moments),
            self.wanted,
            self.arrows,
            self.bank_size,
            self._bank_full,
            self.licence,
        )
        return Note(min(self.used, 0.99), text, state)

    def candidates(self, best: Sequence[Contender]) -> tuple[Candidate, ...]:
        found = []
        for one in best:
            known = self._made.get(id(one))
            # By identity, with the contender itself kept so that no other takes its place in memory.
            if known is None or known[1].score != fit(one):
                known = self._made[id(one)] = (one, self._candidate(one))
            found.append(known[1])
        return tuple(found)

    def _candidate(self, one: Contender) -> Candidate:
        assert one.sound is not None
        unit = one.unit
        if self._place is not None:
            unit = unit.copy()
            unit[self._place] = self._gain.to_unit(self._gain.from_unit(float(unit[self._place])) + one.gain_db)
        patch = self._bounds.patch(unit, self._request.name or self._request.prompt, one.seed)
        note = NoteSettings(
            one.note,
            round(VELOCITY.default),
            HOLD.clamp(one.hold_s),
            LENGTH.clamp(one.sound.shape[0] / RATE_HZ),
        )
        return Candidate(patch, note, fit(one), one.far_db, as_audio(one.sound), one.stage)


def as_audio(sound: Tensor) -> Audio:
    """``[n]`` at :data:`RATE_HZ`."""
    return Audio(np.array(sound.numpy(), dtype=np.float32), RATE_HZ)
