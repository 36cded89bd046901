"""What of a patch may move, and how far: locks, narrowed ranges and the reach around a start, as unit positions."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.params import ParamSpace, Patch
from engine.params.held import held_with
from engine.params.spaces import SPACES
from engine.sds.credit import tuned
from engine.sds.result import TuneRequest

Units = npt.NDArray[np.float64]

_CHOICES_FROM = 0.5
"""From this reach on choices may become others: between two of them there is nothing."""


class Bounds:
    """What ``request`` allows.

    ``free`` ``[n_units]`` says what may move, ``low`` and ``high`` between which positions. :attr:`base` is the patch
    that everything begins with. A reach shrinks the whole space around it: every position goes that share of its way.
    """

    def __init__(self, request: TuneRequest) -> None:
        self.space: ParamSpace = SPACES[request.synth]
        self.base = request.start if request.start is not None else Patch(request.synth)
        self._about = tuned(request.prompt, request.prior, request.seed, self.base.about)
        self.base_unit: Units = np.array(self.base.unit())
        self.names = frozenset(name for name in held_with(request.locked) if name in self.space)
        """What is locked, with the choices that give it its meaning."""
        self._narrowed = {name: span for name, span in request.narrowed.items() if name not in self.names}
        self._share = self._shares(request.reach)
        self.low: Units = self.base_unit * (1.0 - self._share)
        self.high: Units = self.low + self._share
        for name, span in self._narrowed.items():
            place, (low, high) = self.space.place(name), map(self.space[name].to_unit, span)
            # A narrowed range that lies beyond the reach holds all the same.
            self.low[place] = np.clip(self.low[place], low, high)
            self.high[place] = np.clip(self.high[place], low, high)
        self.free = self.high > self.low
        self.is_open = bool(self.free.all()) and not self._narrowed and request.reach >= 1.0
        """Whether anything is allowed."""

    def _shares(self, reach: float) -> Units:
        share = np.full(self.space.n_units, reach)
        for param in self.space:
            if param.name in self.names:
                share[self.space.place(param.name)] = 0.0
            elif not param.is_continuous:
                share[self.space.place(param.name)] = float(reach >= _CHOICES_FROM)
        return share

    def reached(self, units: Units) -> Units:
        """``units`` ``[..., n_units]`` brought as near to the start as the reach asks, and within all bounds."""
        return self.apply(self.base_unit + self._share * (units - self.base_unit))

    def apply(self, units: Units) -> Units:
        """The nearest ``[..., n_units]`` that are allowed."""
        found: Units = np.clip(units, self.low, self.high)
        return found

    def patch(self, unit: Units, name: str, seed: int) -> Patch:
        """The patch at ``unit`` ``[n_units]``. What is locked has the very values of the start, and what is narrowed
        lies within its range to the last bit."""
        values = self.space.decode(self.apply(unit).tolist())
        held = ~self.free
        for param in self.space:
            place = self.space.place(param.name)
            if held[place].all() and param.name not in self._narrowed:
                values[param.name] = self.base.values[param.name]
            elif param.name in self._narrowed:
                low, high = self._narrowed[param.name]
                value = values[param.name]
                if isinstance(value, tuple):
                    values[param.name] = tuple(min(max(one, low), high) for one in value)
                else:
                    values[param.name] = min(max(value, low), high)
        return Patch(self.space.name, values, seed, name=name, about=self._about)
