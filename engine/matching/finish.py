"""Positions become patches: as loud as the target, with the distance of the sound as it will be heard."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.matching.contenders import Locks
from engine.matching.result import Candidate
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
        """The patch at ``unit`` with the target's level, as far as nothing clips, and its true distance."""
        with torch.no_grad():
            sounds = self.scene.sounds(unit[None])
            mono = self.scene.mono(sounds)
            db = float(self.scene.spectra.distances_db(mono)[0])
        gain = 10.0 * math.log10(self.scene.spectra.energy / max(float(mono.square().sum()), 1e-12))
        peak_db = 20.0 * math.log10(max(float(sounds.abs().max()), 1e-6))
        return self.candidate(unit, db if math.isfinite(db) else math.inf, min(gain, -peak_db))

    def candidate(self, unit: Tensor, db: float, gain_db: float = 0.0) -> Candidate:
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
