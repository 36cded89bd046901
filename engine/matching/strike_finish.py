"""Positions become patches of a strike: as loud as the recording, with the error of the sound as it will be heard."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.matching.contenders import Locks
from engine.matching.result import HIGHEST_DB, Candidate
from engine.matching.strike_scene import KEY, StrikeScene
from engine.matching.strikes import Struck
from engine.params import Patch
from engine.params.impact import IMPACT_SPACE
from engine.params.note import HOLD, LENGTH, VELOCITY, NoteSettings
from engine.synths.impact import Strike
from engine.synths.impact_note import PART, n_present

_DIGITS = {"st": 4, "dB": 2, "oct": 3}
"""More of a mode is not heard."""
_N_STRIKES, _EARLY_S = 4, 0.2
"""So many strikes tell how high one may reach, and so early it does."""
_EXPORTED_HZ = (44_100, 48_000)


@dataclass(frozen=True)
class Heard:
    """A ``patch`` that sounds like ``mono`` ``[1, frames]``, which is ``db`` away."""

    patch: Patch
    mono: Tensor
    db: float


@dataclass(frozen=True)
class StrikeFinish:
    """What all candidates for ``struck`` have in common; ``scene`` is played as it will be heard."""

    scene: StrikeScene
    struck: Struck
    locks: Locks
    name: str

    def heard(self, unit: Tensor) -> Heard:
        """The patch at ``unit`` as it will be heard."""
        patch = self._plain(unit)
        mono = self.scene.sounds(torch.tensor([patch.unit()], dtype=torch.float32))
        db = float(self.scene.target.errors_db(mono)[0])
        return Heard(patch, mono, db if math.isfinite(db) else math.inf)

    def levelled(self, heard: Heard) -> Candidate:
        """What was ``heard`` with the recording's level, as far as nothing clips, and its true error."""
        return Candidate(self._levelled(heard.patch, heard.mono), heard.db, self.note)

    @property
    def note(self) -> NoteSettings:
        """How all are struck."""
        duration_s = self.struck.duration_s
        return NoteSettings(round(KEY), round(VELOCITY.default), HOLD.clamp(duration_s), LENGTH.clamp(duration_s))

    def candidate(self, unit: Tensor, db: float) -> Candidate:
        """The patch at ``unit``, whose error is ``db``, with the recording's level too."""
        patch = self._plain(unit)
        mono = self.scene.sounds(torch.tensor([patch.unit()], dtype=torch.float32))
        return Candidate(self._levelled(patch, mono, 1), db, self.note)

    def _levelled(self, patch: Patch, mono: Tensor, n_strikes: int = _N_STRIKES) -> Patch:
        """``patch``, which sounds like ``mono`` ``[1, frames]``, as loud as the recording: the hardest of
        ``n_strikes`` fits under full scale."""
        own = patch.values["gain_db"]
        if "gain_db" in self.locks.names or not bool(mono.isfinite().all()):
            return patch
        assert isinstance(own, float)
        gain = 10.0 * math.log10(self.scene.target.energy / max(float(mono.square().sum()), 1e-12))
        return patch.with_values(
            gain_db=IMPACT_SPACE["gain_db"].clamp(own + min(gain, HIGHEST_DB - self._peak_db(patch, n_strikes)))
        )

    def _peak_db(self, patch: Patch, n_strikes: int) -> float:
        """How high it reaches on either side, struck as hard as can be, so many times: each strike has a noise of its
        own, and so has an export at another rate."""
        scene, rate = self.scene, self.scene.sample_rate
        whole_s = scene.n_frames / rate
        plays = [(0, rate, whole_s)]
        if n_strikes > 1:
            early_s = min(whole_s, _EARLY_S)
            rates = {rate, *_EXPORTED_HZ}
            plays += [(strike, at, early_s) for at in sorted(rates) for strike in range(n_strikes)]
        peak = 1e-6
        with torch.no_grad():
            unit = torch.tensor([patch.unit()], dtype=torch.float32)
            for strike, at, seconds in plays:
                hardest = scene.decode(unit, KEY, VELOCITY.high, whole_s + 1.0, _rng(scene.seed), strike)
                peak = max(
                    peak, float(Strike(hardest, round(seconds * at), at, unit).take(round(seconds * at)).abs().max())
                )
        return 20.0 * math.log10(peak)

    def _plain(self, unit: Tensor) -> Patch:
        """The patch at ``unit`` at the level that it has there."""
        values = IMPACT_SPACE.decode(unit.double().tolist())
        for name, numbers in values.items():
            digits = _DIGITS.get(IMPACT_SPACE[name].unit)
            if isinstance(numbers, tuple) and digits is not None:
                values[name] = tuple(round(number, digits) for number in numbers)
        n = n_present(float(values["modes"]))  # type: ignore[arg-type]
        if abs(n - float(values["modes"])) < PART:  # type: ignore[arg-type]
            values["modes"] = float(n)
        for name in ("mode_pitch_st", "mode_damping_oct", "mode_level_db"):
            # What is not there keeps nothing of its own.
            numbers = values[name]
            assert isinstance(numbers, tuple)
            values[name] = (*numbers[:n], *(IMPACT_SPACE[name].default,) * (len(numbers) - n))
        values.update({name: self.locks.patch.values[name] for name in self.locks.names})
        return Patch(IMPACT_SPACE.name, values, self.scene.seed, name=self.name)


def _rng(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)
