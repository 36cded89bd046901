"""Unit positions to human values for a whole space at once, with gradients."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import torch
from torch import Tensor

from engine.params import Param, ParamSpace


class Decoder:
    """Maps ``[batch, space.n_units]`` in 0..1 to human values of the same shape.

    The formulas are :meth:`Param.from_unit`; parameters of one scale and range go through it together, which takes
    ten tensor operations where one by one would take hundreds.
    """

    def __init__(self, space: ParamSpace) -> None:
        self.space = space
        groups: defaultdict[tuple[str, float, float], list[int]] = defaultdict(list)
        self._params: dict[tuple[str, float, float], Param] = {}
        for param in space:
            key = (param.scale, param.low, param.high)
            self._params[key] = param
            groups[key].extend(range(*space.place(param.name).indices(space.n_units)))
        self._groups = {key: torch.tensor(places) for key, places in groups.items()}
        order = torch.cat(list(self._groups.values()))
        self._back = torch.argsort(order)

    def __call__(self, unit: Tensor) -> Tensor:
        """Human values ``[batch, n_units]``; positions outside 0..1 are taken as the nearer end."""
        if unit.ndim != 2 or unit.shape[1] != self.space.n_units:
            raise ValueError(
                f"The {self.space.name} synth renders from [batch, {self.space.n_units}], not {list(unit.shape)}."
            )
        unit = unit.clamp(0.0, 1.0)
        parts = [
            self._params[key].from_unit(unit.index_select(1, places.to(unit.device)))
            for key, places in self._groups.items()
        ]
        return torch.cat(parts, 1).index_select(1, self._back.to(unit.device))

    def places(self, names: Sequence[str]) -> Tensor:
        """Where the named parameters stand in the unit vector, ``[len(names)]``."""
        return torch.tensor([self.space.place(name).start for name in names])
