"""What refinement moves, and how: Adam on the positions of many patches at once, each for itself.

Locked positions keep their bits, and no position leaves its bounds. What hardly matters hardly moves: Adam alone would
take a knob that no one hears as far as any other, only by noise.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from engine.matching.descend import speeds as fm_speeds
from engine.matching.strike_descent import SPEEDS as STRIKE_SPEEDS
from engine.params import ParamSpace
from engine.params.fm import FM_SPACE, loop_routes, mod_name
from engine.params.impact import IMPACT_SPACE
from engine.sds.settings import Coordinates

_BETAS = (0.8, 0.95)
_DEAF = 0.02
"""Beside the strongest slope of a patch: much weaker ones are slowed."""
_WARM_STEPS = 4
_LAST = 0.15
"""How large the last step is beside the first."""
_EDGE = 1e-3
"""How near to its ends a position is bent by logits."""
_IMPACT_HELD = ("gain_db", "velocity", "width", "release")
_IMPACT_SLOW: Mapping[str, float] = {
    # One number that shifts all modes crosses gaps in the spectrum that no mode alone does (arXiv 2608.05145).
    "transpose_st": 0.15,
    "modes": 0.3,
    "size_m": 0.15,
    "thickness_m": 0.15,
    "proportion": 0.15,
    "room_delay_s": 0.1,
    "room_band_st": 0.1,
}
_SHIFT_SPEED = 0.1


def speeds(space: ParamSpace) -> Tensor:
    """How fast each position may move beside the others, ``[n_units]``; 0 for what slopes have no say in."""
    if space is not IMPACT_SPACE:
        return fm_speeds()
    found = torch.zeros(space.n_units)
    for param in space:
        if param.is_continuous and param.name not in _IMPACT_HELD:
            found[space.place(param.name)] = STRIKE_SPEEDS.get(param.name, _IMPACT_SLOW.get(param.name, 1.0))
    return found


class Moving:
    """The patches ``unit`` ``[batch, n_units]``, of which ``free`` ``[n_units]`` may move from ``low`` to ``high``
    (numbers for each position, or for each of each row).

    With ``logit`` coordinates a position is ``low + (high - low) / (1 + exp(-y))`` and ``y`` moves: ends are never hit
    but come nearer and nearer. The modes of a strike have one shift in common, beside their own.
    """

    def __init__(
        self,
        unit: Tensor,
        free: Tensor,
        space: ParamSpace,
        *,
        low: Tensor | None,
        high: Tensor | None,
        speed: float,
        clip: float,
        coordinates: Coordinates = "unit",
    ) -> None:
        self._start = unit.detach().clone()
        self._low = torch.zeros_like(self._start) if low is None else low.to(unit).expand_as(unit)
        self._high = torch.ones_like(self._start) if high is None else high.to(unit).expand_as(unit)
        self._speeds = speeds(space).to(unit) * free.to(unit)
        # Loops that are shut stay shut: an open one costs an exact recursion, and many are noise.
        self._free = (self._speeds > 0.0) & ~(_loops(space).to(unit.device) & (self._start <= 0.0))
        self._size, self._clip, self._logit = speed, clip, coordinates == "logit"
        self._span = (self._high - self._low).clamp(min=0.0)
        inside = torch.minimum(torch.maximum(self._start, self._low), self._high)
        # Free ones begin within their bounds, also those that never move.
        self.unit = torch.where(free.to(unit.device, torch.bool), inside, self._start)
        self._y = self._as_logits(self.unit) if self._logit else self.unit
        self._first, self._second = torch.zeros_like(self.unit), torch.zeros_like(self.unit)
        self._n = torch.zeros(unit.shape[0], 1, device=unit.device)
        self._usual = torch.zeros(unit.shape[0], 1, device=unit.device)
        self._modes = _shifted_together(space, self._speeds > 0.0)
        self._shift = torch.zeros(2, unit.shape[0], device=unit.device)
        self.skipped = 0
        """Steps of single patches that were not made because a slope was not finite."""

    def _as_logits(self, unit: Tensor) -> Tensor:
        share = (unit - self._low) / self._span.clamp(min=1e-9)
        return torch.logit(share.clamp(_EDGE, 1.0 - _EDGE).double()).to(unit)

    def step(self, slope: Tensor, loss: Tensor, left: float) -> None:
        """One step against ``slope`` ``[batch, n_units]``; ``left`` (1..0) is how much of the way is left.

        Rows whose ``loss`` ``[batch]`` or slope is not finite stay where they are and are counted.
        """
        slope = torch.where(self._free, slope, torch.zeros_like(slope))
        good = (torch.isfinite(slope).all(1) & torch.isfinite(loss))[:, None]
        self.skipped += int((~good).sum())
        slope = torch.where(good, slope, torch.zeros_like(slope))
        if self._logit:
            share = torch.sigmoid(self._y)
            slope = slope * self._span * share * (1.0 - share)
        slope = self._clipped(slope, good)
        self._n = self._n + good.to(self._n)
        n = self._n.clamp(min=1.0)
        self._first = torch.where(good, torch.lerp(slope, self._first, _BETAS[0]), self._first)
        self._second = torch.where(good, torch.lerp(slope.square(), self._second, _BETAS[1]), self._second)
        first, second = self._first / (1.0 - _BETAS[0] ** n), (self._second / (1.0 - _BETAS[1] ** n)).sqrt()
        deaf = _DEAF * second.amax(1, keepdim=True)
        size = self._size * (_LAST + (1.0 - _LAST) * 0.5 * (1.0 - math.cos(math.pi * left)))
        reach = size * (n / _WARM_STEPS).clamp(max=1.0) * good
        move = reach * self._speeds * first / (second + deaf + 1e-20)
        self._together(move, slope, reach, n, good)
        self._go(move)

    def _clipped(self, slope: Tensor, good: Tensor) -> Tensor:
        """``slope`` of each row, at most ``clip`` times as long as it has been on average."""
        length = slope.square().sum(1, keepdim=True).sqrt()
        usual = torch.where(self._n > 0.0, self._usual, length)
        short = torch.minimum(length, self._clip * usual)
        self._usual = torch.where(good, torch.lerp(short, usual, 0.9), self._usual)
        return slope * (short / length.clamp(min=1e-30)).clamp(max=1.0)

    def _together(self, move: Tensor, slope: Tensor, reach: Tensor, n: Tensor, good: Tensor) -> None:
        """Adds to ``move`` by how much all modes move together: one more coordinate, with a slope that is the sum of
        theirs."""
        if not len(self._modes):
            return
        sums = slope[:, self._modes].sum(1)
        first = torch.lerp(sums, self._shift[0], _BETAS[0])
        second = torch.lerp(sums.square(), self._shift[1], _BETAS[1])
        self._shift = torch.where(good[:, 0], torch.stack([first, second]), self._shift)
        first, second = self._shift[0] / (1.0 - _BETAS[0] ** n[:, 0]), self._shift[1] / (1.0 - _BETAS[1] ** n[:, 0])
        common = reach[:, 0] * _SHIFT_SPEED * first / (second.sqrt() + 1e-12)
        # Modes that are not heard have no slope and stay where they are.
        move[:, self._modes] += common[:, None] * (slope[:, self._modes] != 0.0)

    def _go(self, move: Tensor) -> None:
        if not self._logit:
            unit = torch.minimum(torch.maximum(self.unit - move, self._low), self._high)
        else:
            # A step of a logit is as long as that of a position in the middle.
            self._y = torch.where(self._span > 0.0, self._y - 4.0 * move, self._y)
            bent = self._low + self._span * torch.sigmoid(self._y)
            unit = torch.minimum(torch.maximum(bent, self._low), self._high)
        self.unit = torch.where(self._free & (move != 0.0), unit, self.unit)


def _loops(space: ParamSpace) -> Tensor:
    """Which positions are routes of FM that look back, ``[n_units]``."""
    found = torch.zeros(space.n_units, dtype=torch.bool)
    for source, target in loop_routes() if space is FM_SPACE else []:
        found[space.place(mod_name(source, target))] = True
    return found


def _shifted_together(space: ParamSpace, free: Tensor) -> Tensor:
    """Places of the modes' pitches that may move, where nothing else shifts them all."""
    if space is not IMPACT_SPACE or bool(free[space.place("transpose_st")].any()):
        return torch.zeros(0, dtype=torch.long)
    places = range(space.n_units)[space.place("mode_pitch_st")]
    return torch.tensor([i for i in places if free[i]], dtype=torch.long, device=free.device)
