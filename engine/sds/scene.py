"""How patches are played while words work on them."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from engine.params import ParamSpace
from engine.synths.base import Number, Quality, Synth


@dataclass(frozen=True, eq=False)
class SynthScene:
    """How patches are played while they are refined: all rows for ``duration_s`` at ``sample_rate``, with a key, a
    velocity and a hold for all or for each. ``seeds`` decide all chance, one for all or one for each row."""

    synth: Synth
    note: Number = 60.0
    velocity: Number = 100.0
    hold_s: Number = 1.0
    duration_s: float = 2.0
    sample_rate: int = 24_000
    seeds: int | tuple[int, ...] = 0
    quality: Quality = "draft"

    @property
    def space(self) -> ParamSpace:
        return self.synth.space

    def sounds(self, units: Tensor) -> Tensor:
        """``[batch, n_units]`` as mono sounds ``[batch, frames]``, differentiable."""
        if isinstance(self.seeds, int):
            return self._played(units, self.seeds, slice(None))
        if len(self.seeds) != units.shape[0]:
            raise ValueError(f"{len(self.seeds)} seeds are not one for each of {units.shape[0]} patches.")
        if len(set(self.seeds)) == 1:
            return self._played(units, self.seeds[0], slice(None))
        return torch.cat([self._played(units[i : i + 1], seed, slice(i, i + 1)) for i, seed in enumerate(self.seeds)])

    def _played(self, units: Tensor, seed: int, rows: slice) -> Tensor:
        def of(number: Number) -> Number:
            return number[rows] if isinstance(number, Tensor) and number.ndim else number

        found = self.synth.render(
            units,
            note=of(self.note),
            velocity=of(self.velocity),
            hold_s=of(self.hold_s),
            duration_s=self.duration_s,
            sample_rate=self.sample_rate,
            rng=torch.Generator().manual_seed(seed),
            quality=self.quality,
        )
        return found[:, 0] if found.shape[1] == 1 else found.mean(1)
