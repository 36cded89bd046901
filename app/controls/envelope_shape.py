"""The curve of a four-stage envelope as the engine plays it, and where it lies on paper. No Qt.

It starts at level 4. Envelopes of levels in dB fall straight; how they rise depends on the clock (see
:mod:`engine.params.fm`): under ``time`` they hurry at first and ease into their target, ``1 - (1 - u)**4``; under
``rate`` they jump to 50 dB below full scale and approach a ceiling above it exponentially, as the DX7's do. Envelopes
of pitch and of shares are straight. Under ``rate`` a stage's time is what it needs for a certain distance, so how long
it lasts depends on its levels.

There are two ways to lay out time. *Even*: each stage as wide as its knob is turned up, so that 2 ms and 2 s can be
grabbed equally well. *True*: in proportion to the time. Either fills the width until somebody zooms in.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from engine.params import Param
from engine.params.fm import PITCH_SPAN_ST, RATE_SPAN_DB, RISE_FROM_DB, RISE_TO_DB

N_STAGES = 4
HOLD_PX = 52.0
"""Width of the sustained part: a key may be held for any time."""
MIN_STAGE_PX = 10.0
"""No stage is narrower, so that its handle can be told from its neighbour's."""
SHORTEST_S = 1e-5
MAX_ZOOM = 400.0


def rise(share: float) -> float:
    """How much of a rising stage's way is done when ``share`` of its time is over (both 0 to 1)."""
    return 1.0 - (1.0 - share) ** 4


@dataclass(frozen=True)
class EnvelopeShape:
    """Four ``times_s`` as the parameters hold them and four ``levels`` within ``low`` to ``high``.

    ``span`` is 0 under the ``time`` clock; under ``rate`` a stage moves so far in its time. ``straight`` envelopes
    never bend. ``full`` is how far the operator's own level lies below full scale, as a number of dB up to 0.
    """

    times_s: tuple[float, ...]
    levels: tuple[float, ...]
    low: float
    high: float
    straight: bool = False
    span: float = 0.0
    full: float = 0.0

    @classmethod
    def of(
        cls,
        levels: Sequence[Param],
        values: Sequence[float],
        *,
        by_rate: bool = False,
        full_db: float = 0.0,
        reach: float | None = None,
    ) -> EnvelopeShape:
        """From ``values``: four times and then four levels, of the parameters ``levels``.

        ``reach`` is how far the paper goes to either side where levels go both ways; by default as far as it takes.
        """
        first = levels[0]
        in_db = first.unit == "dB"
        span = (RATE_SPAN_DB if in_db else PITCH_SPAN_ST) if by_rate else 0.0
        times, at = tuple(values[:N_STAGES]), tuple(values[N_STAGES:])
        low, high = first.low, first.high
        if low == -high:
            high = reach or reach_of(first, at)
            low = -high
        return cls(times, at, low, high, not in_db, span, max(full_db, first.low))

    @property
    def origin(self) -> float:
        """The level from which the drawn area grows: zero where levels go both ways."""
        return 0.0 if self.low < 0.0 < self.high else self.low

    def height(self, level: float) -> float:
        """0 at the lowest level, 1 at the highest."""
        return (level - self.low) / (self.high - self.low)

    def start(self, stage: int) -> float:
        """The level at which a stage begins; the first begins at level 4, the last at the one that is held."""
        return self.levels[stage - 1]

    def factor(self, stage: int) -> float:
        """How many times its parameter a stage lasts: 1 under the ``time`` clock."""
        if self.span <= 0.0:
            return 1.0
        begin, target = self.start(stage), self.levels[stage]
        if target > begin and not self.straight:
            return self._ratio(begin, target)
        return abs(target - begin) / self.span

    def lasts_s(self, stage: int) -> float:
        return max(self.times_s[stage] * self.factor(stage), SHORTEST_S)

    def level_at(self, stage: int, share: float) -> float:
        """The level when ``share`` of a stage is over."""
        begin, target = self.start(stage), self.levels[stage]
        if self.straight or target <= begin:
            return begin + (target - begin) * share
        if self.span <= 0.0:
            return begin + (target - begin) * rise(share)
        return self._ceiling - (self._ceiling - target) * math.exp((1.0 - share) * self._ratio(begin, target))

    def bends(self, stage: int) -> bool:
        return not self.straight and self.levels[stage] > self.start(stage)

    def curve(self, stage: int, n_points: int = 32) -> list[tuple[float, float]]:
        """``(share of the stage, level)``: a straight line, or ``n_points`` along the bend where it rises."""
        if not self.bends(stage):
            return [(0.0, self.start(stage)), (1.0, self.levels[stage])]
        shares = [n / (n_points - 1) for n in range(n_points)]
        # The jump at the beginning of a rise is drawn as one.
        return [(0.0, self.start(stage)), *((share, self.level_at(stage, share)) for share in shares)]

    @property
    def _ceiling(self) -> float:
        return RISE_TO_DB - self.full

    def _ratio(self, begin: float, target: float) -> float:
        jumped = min(max(begin, self._ceiling - RISE_TO_DB + RISE_FROM_DB), target)
        return math.log((self._ceiling - jumped) / (self._ceiling - target))


def reach_of(level: Param, levels: Sequence[float]) -> float:
    """How far the paper goes to either side of zero: a quarter of the range, half or all of it."""
    most = max(abs(value) for value in levels)
    return next(r for r in (level.high / 4, level.high / 2, level.high) if most <= r or r == level.high)


class EnvelopeLayout:
    """Where the stages lie, in pixels from the left edge of the plot.

    ``weights`` say how much of the free width each stage takes; at zoom 1 and with a sum of 1 they fill it.
    ``start_px`` is how far the paper is pulled to the left.
    """

    def __init__(self, width_px: float, weights: Sequence[float], zoom: float = 1.0, start_px: float = 0.0) -> None:
        self.room_px = max(width_px - N_STAGES * MIN_STAGE_PX - HOLD_PX, 16.0) * zoom
        """What a weight of 1 takes."""
        self.widths = [MIN_STAGE_PX + self.room_px * weight for weight in weights]
        self.start_px = min(max(start_px, 0.0), max(N_STAGES * MIN_STAGE_PX + HOLD_PX + self.room_px - width_px, 0.0))

    def x(self, stage: int, share: float = 1.0) -> float:
        """Where ``share`` of a stage lies; the fourth begins where the key goes up."""
        before = sum(self.widths[:stage]) + (HOLD_PX if stage == N_STAGES - 1 else 0.0)
        return before + share * self.widths[stage] - self.start_px

    def at(self, x: float) -> tuple[int, float]:
        """The stage at ``x`` and how much of it lies to the left, over 1 in the sustained part."""
        for stage in range(N_STAGES):
            if x < self.x(stage) or stage == N_STAGES - 1:
                begin = self.x(stage, 0.0)
                if stage == N_STAGES - 1 and x < begin:
                    return stage - 1, 1.0 + (x - self.x(stage - 1)) / self.widths[stage - 1]
                return stage, (x - begin) / self.widths[stage]
        raise AssertionError("There is always a last stage.")


def even_weights(times: Sequence[Param], shape: EnvelopeShape) -> list[float]:
    """Each stage by how far its knob is turned up."""
    return [param.to_unit(value) for param, value in zip(times, shape.times_s, strict=True)]


def true_weights(shape: EnvelopeShape) -> list[float]:
    """Each stage by how long it lasts, in seconds."""
    return [shape.lasts_s(stage) for stage in range(N_STAGES)]
