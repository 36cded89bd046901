"""Unit positions to human values for a whole space at once, with gradients."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence

import torch
from torch import Tensor

from engine.errors import BadUsage
from engine.params import ParamSpace
from engine.params.param import Scale, from_unit


def check_finite(unit: Tensor, space: ParamSpace) -> None:
    """Raise :class:`BadUsage` when a position ``[batch, n_units]`` is no finite number."""
    # Of finite numbers between 0 and 1 the sum is finite too: one small pass, whatever the size of the batch.
    unit = unit.detach()
    if math.isfinite(float(unit.sum())):
        return
    bad = (~torch.isfinite(unit)).nonzero()
    if len(bad):
        row, place = bad[0].tolist()
        name = next(
            param.name for param in space if space.place(param.name).start <= place < space.place(param.name).stop
        )
        raise BadUsage(
            f"The {space.name} synth cannot play {float(unit[row, place])} as {name} (row {row} of the batch): "
            "give it positions from 0 to 1."
        )


class Decoder:
    """Maps ``[batch, space.n_units]`` in 0..1 to human values of the same shape.

    All parameters of one scale go through its formula together, which takes ten tensor operations where one by one
    would take hundreds. Those without a slope (steps and choices) pass no gradient.
    """

    def __init__(self, space: ParamSpace) -> None:
        self.space = space
        groups: defaultdict[Scale, list[int]] = defaultdict(list)
        low, high = torch.zeros(2, space.n_units, dtype=torch.float64)
        for param in space:
            places = space.place(param.name)
            groups[param.scale].extend(range(*places.indices(space.n_units)))
            low[places], high[places] = param.low, param.high
        self._groups = [(scale, torch.tensor(p), low[p], high[p]) for scale, p in groups.items()]
        self._back = torch.argsort(torch.cat([places for _, places, _, _ in self._groups]))

    def __call__(self, unit: Tensor) -> Tensor:
        """Human values ``[batch, n_units]``; positions outside 0..1 are taken as the nearer end."""
        if unit.ndim != 2 or unit.shape[1] != self.space.n_units:
            raise ValueError(
                f"The {self.space.name} synth renders from [batch, {self.space.n_units}], not {list(unit.shape)}."
            )
        check_finite(unit, self.space)
        unit = unit.clamp(0.0, 1.0)
        parts = []
        for scale, places, low, high in self._groups:
            positions = unit.index_select(1, places.to(unit.device))
            if scale == "step":
                positions = positions.detach()
            parts.append(from_unit(scale, low.to(unit), high.to(unit), positions))
        return torch.cat(parts, 1).index_select(1, self._back.to(unit.device))

    def places(self, names: Sequence[str]) -> Tensor:
        """Where the named parameters stand in the unit vector, ``[len(names)]``."""
        return torch.tensor([self.space.place(name).start for name in names])
