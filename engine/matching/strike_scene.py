"""Strikes as a recording asks for them: unit positions become mono sounds that are compared with it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from engine.dsp.log_mel import LogMelTarget
from engine.params.note import VELOCITY
from engine.synths.ending import faded_at_end
from engine.synths.impact import Strike
from engine.synths.impact_note import ImpactDecoder, ImpactNote

KEY = 60.0
"""What is fitted sounds as recorded at this key."""


@dataclass(frozen=True)
class StrikeScene:
    """Candidates struck once and heard for as long as ``target``, at its ``sample_rate``; ``seed`` decides chance."""

    target: LogMelTarget
    sample_rate: int
    seed: int
    decode: ImpactDecoder
    key: float = KEY

    @property
    def n_frames(self) -> int:
        return self.target.n_frames

    def note(self, units: Tensor, seed: int | None = None, key: float | None = None) -> ImpactNote:
        """``[batch, n_units]`` struck, with both ears as one."""
        rng = torch.Generator().manual_seed(self.seed if seed is None else seed)
        hold_s = self.n_frames / self.sample_rate + 1.0
        note = self.decode(units, self.key if key is None else key, VELOCITY.default, hold_s, rng)
        heard = note.heard.mean(1, keepdim=True)
        return replace(note, heard=heard, room=replace(note.room, is_mono=True))

    def mono(self, note: ImpactNote, like: Tensor) -> Tensor:
        """The sound of ``note`` ``[batch, frames]``: the mean of left and right, as ``like``'s type."""
        n = self.n_frames
        sound = Strike(note, n, self.sample_rate, like).take(n)
        return faded_at_end(sound, 0, n, self.sample_rate).mean(1)

    def sounds(self, units: Tensor, seed: int | None = None, key: float | None = None) -> Tensor:
        """``[batch, n_units]`` as they sound, ``[batch, frames]``, without gradients."""
        with torch.no_grad():
            return self.mono(self.note(units, seed, key), units)

    def errors_db(self, units: Tensor) -> Tensor:
        """The error of each candidate, ``[batch]``; infinite where its sound is not finite."""
        with torch.no_grad():
            found = self.target.errors_db(self.sounds(units))
        return torch.where(found.isfinite(), found, torch.inf)
