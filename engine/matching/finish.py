"""Positions become patches: as loud as the target, with the distance of the sound as it will be heard."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.matching.contenders import Locks
from engine.matching.result import HIGHEST_DB, Candidate
from engine.matching.scene import Scene
from engine.matching.target import Target
from engine.params import Patch
from engine.params.fm import FM_SPACE
from engine.params.note import HOLD, LENGTH, VELOCITY, NoteSettings


@dataclass(frozen=True)
class Finish:
    """What all candidates for ``target`` have in common; ``scene`` is played as it will be heard."""

    scene: Scene
    target: Target
    locks: Locks
    name: str

    def finished(self, unit: Tensor) -> Candidate:
        """The patch at ``unit`` with the target's level, as far as no key of it clips, and its true distance."""
        with torch.no_grad():
            sounds = self.scene.sounds(unit[None])
            db = float(self.scene.spectra.distances_db(self.scene.mono(sounds))[0])
            (gain_db,) = _gains_db(self.scene, unit[None], sounds)
        return self._candidate(unit, db if math.isfinite(db) else math.inf, gain_db)

    def drafted(self, units: Tensor, dbs: Sequence[float], draft: Scene) -> tuple[Candidate, ...]:
        """The patches at ``units`` ``[n, n_units]``, which are ``dbs`` away, as loud as well; ``draft`` tells how loud
        they are."""
        with torch.no_grad():
            gains_db = _gains_db(draft, units, draft.sounds(units))
        return tuple(self._candidate(*one) for one in zip(units, dbs, gains_db, strict=True))

    def _candidate(self, unit: Tensor, db: float, gain_db: float) -> Candidate:
        """The patch at ``unit``, ``gain_db`` louder, which is ``db`` away."""
        values = FM_SPACE.decode(unit.double().tolist())
        if bool(self.locks.free[FM_SPACE.place("gain_db")]):
            own = values["gain_db"]
            assert isinstance(own, float)
            values["gain_db"] = FM_SPACE["gain_db"].clamp(own + gain_db)
        target = self.target
        note = NoteSettings(
            target.note, round(VELOCITY.default), HOLD.clamp(target.hold_s), LENGTH.clamp(target.duration_s)
        )
        return Candidate(Patch(FM_SPACE.name, values, name=self.name), db, note)


def _gains_db(scene: Scene, units: Tensor, sounds: Tensor) -> list[float]:
    """How much louder each of ``sounds`` is to be: as loud as the target, and under full scale by the hardest key."""
    hardest = scene.sounds(units, VELOCITY.high).abs().amax((1, 2))
    energy = scene.mono(sounds).double().square().sum(1)
    gains = 10.0 * torch.log10(scene.spectra.energy / energy.clamp(min=1e-12))
    rooms = HIGHEST_DB - 20.0 * torch.log10(hardest.double().clamp(min=1e-6))
    found = torch.minimum(gains, rooms)
    return torch.where(found.isfinite(), found, 0.0).tolist()
