"""Children of contenders for both instruments: small changes, sections of another, other keys, choices and gestures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.matching import evolve
from engine.params.fm import FM_SPACE
from engine.params.note import HOLD
from engine.params.space import ParamSpace
from engine.sds.bounds import Bounds, Units
from engine.sds.playing import Contender, clamped_key

_STEPS_ST = (-12, -7, -5, -3, -2, -1, 1, 2, 3, 5, 7, 12)
_SIZES = (0.015, 0.05, 0.14)
_LOUDNESS = ("gain_db", "pan", "spread", "width", "velocity")
_GESTURES = ("transpose", "pitch_env", "lfo", "vibrato", "tremolo", "reverb", "drive", "noise", "filter")


class Births:
    """Draws children for patches of one space within ``bounds``."""

    def __init__(self, bounds: Bounds, rng: np.random.Generator) -> None:
        self._bounds, self._rng = bounds, rng
        space = bounds.space
        self._is_fm = space.name == FM_SPACE.name
        self.moved = np.concatenate([[_moves(space, p.name)] * p.count for p in space]) & bounds.free
        """What small steps may change ``[n_units]``: what has a slope and is no mode of its own."""
        self._steps = np.concatenate([[not p.is_continuous and _is_shape(p.name)] * p.count for p in space])
        self._sections = [
            np.concatenate([np.arange(space.n_units)[space.place(name)] for name in space.names_in(section)])
            for section in space.sections
        ]
        gestures = [p.name for p in space if p.name.startswith(_GESTURES) and p.is_continuous]
        self._gestures = np.concatenate([[p.name in gestures] * p.count for p in space])
        self._rest: Units = np.array(space.encode({}))

    def child(self, parents: Sequence[Contender]) -> Contender:
        """A child of one of ``parents``, best first."""
        rng = self._rng
        first = parents[min(int(rng.exponential(len(parents) / 3.0)), len(parents) - 1)]
        if self._is_fm and rng.random() < 0.5:
            others = [first.unit, *(one.unit for one in parents)]
            born = evolve.child(others, (), (), self._bounds.free, rng)
            if rng.random() < 0.3:
                self._vary(born, self._gestures & self.moved)
        else:
            born = first.unit.copy()
            if rng.random() < 0.3 and len(parents) > 1:
                other = parents[int(rng.integers(len(parents)))]
                for section in rng.choice(len(self._sections), size=int(rng.integers(1, 4)), replace=False):
                    born[self._sections[section]] = other.unit[self._sections[section]]
            if rng.random() < 0.85:
                self._vary(born, self.moved)
            if rng.random() < 0.12:
                self._choose(born)
        note, hold_s = first.note, first.hold_s
        if rng.random() < 0.25:
            note = clamped_key(note + int(rng.choice(_STEPS_ST)))
        if rng.random() < 0.2:
            hold_s = HOLD.clamp(float(hold_s * np.exp(rng.normal(0.0, 0.4))))
        return Contender(self._bounds.apply(born), note, min(hold_s, 4.0), first.seed, first.origin, "evolved")

    def _vary(self, born: Units, allowed: np.ndarray) -> None:
        """Small steps of some values; mostly of those in use, now and then one that rests is woken."""
        rng = self._rng
        in_use = born != self._rest
        chosen = allowed & (rng.random(len(born)) < rng.choice([0.06, 0.15, 0.4]))
        chosen &= in_use | (rng.random(len(born)) < 0.15)
        born[chosen] += rng.normal(0.0, float(rng.choice(_SIZES)), int(chosen.sum()))

    def _choose(self, born: Units) -> None:
        places = np.flatnonzero(self._steps & self._bounds.free)
        if len(places):
            born[places[int(self._rng.integers(len(places)))]] = self._rng.random()


def _moves(space: ParamSpace, name: str) -> bool:
    param = space[name]
    return param.is_continuous and param.count <= 16 and not name.startswith(_LOUDNESS)


def _is_shape(name: str) -> bool:
    """Whether a choice is one of sound, and not of how other values are read or whether something is muted."""
    return name in ("shape", "material", "material_2", "filter_type", "lfo_wave", "release") or name.endswith("_wave")
