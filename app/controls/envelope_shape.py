"""The geometry of a four-stage envelope: from levels and times to a curve on paper, and back. No Qt.

The curve is the one the FM engine plays (see :mod:`engine.params.fm`): it starts at level 4, falling stages are
straight in dB, rising ones hurry at first and ease into their target, ``1 - (1 - u)**4``.

There are two ways to lay out time. *Stages*: each stage has the width of its knob's travel, so that 2 ms and 2 s can be
grabbed equally well. *Time*: true proportions, fitted to the width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.params import Param

N_STAGES = 4
HOLD_SHARE = 0.14
"""Width of the sustained part, as a share of the whole: a key may be held for any time."""
MIN_STAGE_SHARE = 0.02
"""No stage is narrower than this, so that its handle can be told from its neighbour's."""


def rise(share: float) -> float:
    """How much of a rising stage's way is done when ``share`` of its time is over (both 0 to 1)."""
    return 1.0 - (1.0 - share) ** 4


@dataclass(frozen=True)
class EnvelopeShape:
    """Where an envelope's nodes and curve lie; x and y from 0 to 1, y growing upwards with the level.

    ``times_s`` and ``levels_db`` are the four stages' ``[4]``; ``widths`` are the stages' shares of the x axis ``[4]``.
    """

    times_s: tuple[float, ...]
    levels_db: tuple[float, ...]
    widths: tuple[float, ...]
    floor_db: float
    top_db: float

    @classmethod
    def by_stages(cls, times: Sequence[Param], levels: Sequence[Param], values: Sequence[float]) -> EnvelopeShape:
        """Each stage as wide as its knob is turned up; ``values`` are four times and then four levels."""
        full = (1.0 - HOLD_SHARE) / N_STAGES
        shares = [p.to_unit(v) for p, v in zip(times, values[:N_STAGES], strict=True)]
        widths = tuple(MIN_STAGE_SHARE + (full - MIN_STAGE_SHARE) * share for share in shares)
        return cls(tuple(values[:N_STAGES]), tuple(values[N_STAGES:]), widths, levels[0].low, levels[0].high)

    @classmethod
    def by_time(cls, levels: Sequence[Param], values: Sequence[float], span_s: float | None = None) -> EnvelopeShape:
        """True proportions; ``span_s`` seconds fill the width (by default the four stages together)."""
        times = tuple(values[:N_STAGES])
        span = span_s or sum(times)
        room = 1.0 - HOLD_SHARE - N_STAGES * MIN_STAGE_SHARE
        widths = tuple(MIN_STAGE_SHARE + room * t / span for t in times)
        return cls(times, tuple(values[N_STAGES:]), widths, levels[0].low, levels[0].high)

    @property
    def release_x(self) -> float:
        """Where the key goes up."""
        return sum(self.widths[:3]) + HOLD_SHARE

    def height(self, level_db: float) -> float:
        return (level_db - self.floor_db) / (self.top_db - self.floor_db)

    def node(self, stage: int) -> tuple[float, float]:
        """The end of a stage (0 to 3) as ``(x, y)``."""
        x = sum(self.widths[: stage + 1]) + (HOLD_SHARE if stage == 3 else 0.0)
        return x, self.height(self.levels_db[stage])

    def stage_start(self, stage: int) -> tuple[float, float]:
        """The beginning of a stage; the first begins at level 4, the last where the key goes up."""
        if stage == 0:
            return 0.0, self.height(self.levels_db[3])
        x, y = self.node(stage - 1)
        return (self.release_x, y) if stage == 3 else (x, y)

    def curve(self, stage: int, n_points: int = 24) -> list[tuple[float, float]]:
        """Points of one stage: a straight line where it falls, ``n_points`` along the bend where it rises."""
        (x0, y0), (x1, y1) = self.stage_start(stage), self.node(stage)
        if y1 <= y0:
            return [(x0, y0), (x1, y1)]
        shares = [n / (n_points - 1) for n in range(n_points)]
        return [(x0 + (x1 - x0) * u, y0 + (y1 - y0) * rise(u)) for u in shares]
