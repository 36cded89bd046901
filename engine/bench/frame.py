"""The benchmark's values: a mark, a row, and how samples become a row."""

from __future__ import annotations

import math
import os
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Direction = Literal["at most", "at least"]


@dataclass(frozen=True, slots=True)
class Mark:
    """What a row should reach, in the row's unit; ``None`` leaves that figure free.

    ``direction`` says on which side of the limits the good values lie.
    """

    median: float | None = None
    p95: float | None = None
    direction: Direction = "at most"

    def met(self, median: float, p95: float) -> bool:
        """Whether both figures lie on the good side of their limits (the limit itself is good)."""
        sign = 1.0 if self.direction == "at most" else -1.0
        pairs = ((self.median, median), (self.p95, p95))
        return all(limit is None or sign * value <= sign * limit for limit, value in pairs)

    def __str__(self) -> str:
        parts = [
            f"{name} {self.direction} {limit:g}"
            for name, limit in (("median", self.median), ("p95", self.p95))
            if limit is not None
        ]
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class Row:
    """One measured line of an area: ``n`` samples with their ``median`` and ``p95`` in ``unit``.

    ``p95`` is the 95th percentile on the bad side: for a mark that asks for "at least", the 5th. A skipped row has
    ``n == 0``, figures that are not numbers, and says why in ``detail``.
    """

    area: str
    name: str
    median: float
    p95: float
    unit: str
    mark: Mark | None = None
    n: int = 1
    detail: str = ""

    @classmethod
    def of(
        cls, area: str, name: str, samples: Sequence[float], unit: str, mark: Mark | None = None, *, detail: str = ""
    ) -> Row:
        """The row of some measured values (at least one), in ``unit``."""
        bad_side = 0.05 if mark is not None and mark.direction == "at least" else 0.95
        return cls(
            area, name, statistics.median(samples), percentile(samples, bad_side), unit, mark, len(samples), detail
        )

    @classmethod
    def skipped(cls, area: str, name: str, why: str) -> Row:
        """A row that cannot be measured on this machine."""
        return cls(area, name, math.nan, math.nan, "", None, 0, why)

    @property
    def met(self) -> bool | None:
        """Whether the mark is met; ``None`` when there is no mark or nothing was measured."""
        return None if self.mark is None or self.n == 0 else self.mark.met(self.median, self.p95)

    def to_json(self) -> dict[str, Any]:
        """A plain dictionary; figures of a skipped row are ``None`` (JSON knows no NaN)."""
        mark = None
        if self.mark is not None:
            mark = {"median": self.mark.median, "p95": self.mark.p95, "direction": self.mark.direction}
        return {
            "area": self.area,
            "name": self.name,
            "median": None if math.isnan(self.median) else self.median,
            "p95": None if math.isnan(self.p95) else self.p95,
            "unit": self.unit,
            "mark": mark,
            "met": self.met,
            "n": self.n,
            "detail": self.detail,
        }


Rows = Iterator[Row]
Area = Callable[[], Rows]
"""An area of the benchmark: yields its rows as they are measured."""


def percentile(samples: Sequence[float], share: float) -> float:
    """The smallest sample that at least ``share`` (0..1) of all samples do not exceed (nearest rank).

    Raises ``ValueError`` when there are no samples.
    """
    if not samples:
        raise ValueError("A percentile needs at least one sample.")
    rank = max(1, math.ceil(share * len(samples)))
    return sorted(samples)[rank - 1]


def timed_ms(action: Callable[[], object], n: int, *, warm_up: int = 1) -> list[float]:
    """Call ``action`` ``n`` times and return how long each took, in milliseconds; warm-up calls are not counted."""
    for _ in range(warm_up):
        action()
    samples = []
    for _ in range(n):
        start = time.perf_counter()
        action()
        samples.append((time.perf_counter() - start) * 1e3)
    return samples


def ratios(plain: Callable[[], object], more: Callable[[], object], n: int) -> tuple[list[float], float]:
    """How many times as long ``more`` takes as ``plain``, which run in turns, ``n`` times; and the middle of the same
    by the processor's time."""
    found, busy = [], []
    for _ in range(2):
        plain(), more()
    for _ in range(n):
        at = []
        for action in (plain, more):
            begin = time.perf_counter(), time.process_time()
            action()
            at.append((time.perf_counter() - begin[0], time.process_time() - begin[1]))
        found.append(at[1][0] / at[0][0])
        busy.append(at[1][1] / max(at[0][1], 1e-6))
    return found, statistics.median(busy)


def data_folder() -> Path | None:
    """The folder of recordings named by ``TONEWRIGHT_DATA``, or ``None`` when it is not set or not there."""
    named = os.environ.get("TONEWRIGHT_DATA", "")
    folder = Path(named)
    return folder if named and folder.is_dir() else None


def is_quick() -> bool:
    """Whether long areas measure a part only (``TONEWRIGHT_BENCH_QUICK``, which ``bench --quick`` sets)."""
    return bool(os.environ.get("TONEWRIGHT_BENCH_QUICK"))
