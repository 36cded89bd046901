"""What of an envelope lies under the pointer: a handle, the curve of a stage, or the paper."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from PySide6.QtCore import QPointF

from app.controls.envelope_picture import EnvelopePicture
from app.controls.envelope_shape import N_STAGES

HANDLE_REACH_PX = 15.0
CURVE_REACH_PX = 7.0
DECIDE_PX = 4.0
"""After so many pixels a drag of the curve goes up and down, or sideways, for good."""


@dataclass(frozen=True)
class Grip:
    """``stage`` 0 to 3, or 4 for the curve of the sustained part; ``way`` is which way a curve is dragged."""

    kind: Literal["handle", "curve", "paper"]
    stage: int = 0
    way: Literal["levels", "time"] | None = None

    @property
    def levels(self) -> tuple[int, ...]:
        """The stages whose levels move with it. Level 4 moves by its own handle only: a note that does not end, or that
        does not begin in silence, is nothing to come by on the way."""
        if self.kind == "handle":
            return (self.stage,)
        if self.kind == "paper":
            return ()
        return {0: (0,), 1: (0, 1), 2: (1, 2)}.get(self.stage, (2,))

    @property
    def moves_levels(self) -> bool:
        return self.kind == "handle" or self.way == "levels"

    @property
    def moves_time(self) -> bool:
        return self.kind == "handle" or self.way == "time"

    def decided(self, step: QPointF) -> Grip:
        """With its way, once the hand has gone far enough to tell."""
        if max(abs(step.x()), abs(step.y())) < DECIDE_PX:
            return self
        # The sustained part has no time.
        sideways = abs(step.x()) > abs(step.y()) and self.stage < N_STAGES
        return replace(self, way="time" if sideways else "levels")


def grip_at(picture: EnvelopePicture, point: QPointF) -> Grip:
    """What the hand would take at ``point``; of two handles on one spot the later one, if the pointer is to its
    right."""
    places = [picture.node(stage) for stage in range(N_STAGES)]
    distances = [math.hypot(p.x() - point.x(), p.y() - point.y()) for p in places]
    best = min(range(N_STAGES), key=lambda s: (round(distances[s]), -s if point.x() > places[s].x() else s))
    if distances[best] <= HANDLE_REACH_PX:
        return Grip("handle", best)
    for stage in (*range(N_STAGES), N_STAGES):
        line = picture.line(stage)
        if any(_distance(point, a, b) <= CURVE_REACH_PX for a, b in pairwise(line)):
            return Grip("curve", stage)
    return Grip("paper")


def _distance(point: QPointF, a: QPointF, b: QPointF) -> float:
    """From a point to a stretch of line."""
    along, off = b - a, point - a
    length = along.x() ** 2 + along.y() ** 2
    share = 0.0 if length == 0.0 else min(max((off.x() * along.x() + off.y() * along.y()) / length, 0.0), 1.0)
    return math.hypot(off.x() - share * along.x(), off.y() - share * along.y())
