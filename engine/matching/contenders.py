"""What a search keeps in hand: candidates with their distances, and what may not be touched."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.params import ParamSpace, Patch
from engine.params.fm import FM_SPACE
from engine.params.held import held_with


@dataclass
class Contender:
    """A candidate under way: where it is, how far from the target, and which start it comes from."""

    unit: Tensor
    db: float
    origin: int


class Locks:
    """What must stay as it is in the current patch; the choices that give it its meaning stay with it."""

    def __init__(self, current: Patch | None, locked: Iterable[str], space: ParamSpace = FM_SPACE) -> None:
        locked = set(locked)
        self.names = sorted(locked | {name for name in held_with(locked) if name in space})
        self.places = [i for name in self.names for i in range(space.n_units)[space.place(name)]]
        self.patch = current if current is not None else Patch(space.name)
        self._kept = torch.tensor(self.patch.unit(), dtype=torch.float64)[self.places]
        self.free = torch.ones(space.n_units, dtype=torch.bool)
        self.free[self.places] = False

    def apply(self, units: Tensor) -> Tensor:
        units[:, self.places] = self._kept.to(units.dtype)
        return units


def diverse(found: Sequence[Contender], most: int, each: int) -> list[Contender]:
    """The best of ``found`` (best first), at most ``each`` from one start."""
    count: dict[int, int] = {}
    chosen = []
    for one in found:
        if count.get(one.origin, 0) < each and math.isfinite(one.db):
            count[one.origin] = count.get(one.origin, 0) + 1
            chosen.append(one)
            if len(chosen) == most:
                break
    return chosen or list(found[:1])
