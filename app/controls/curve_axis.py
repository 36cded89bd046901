"""A logarithmic axis of a curve: values to shares of its length and back, and where its labels stand."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from app.controls.mode_set import Array


@dataclass(frozen=True)
class LogAxis:
    low: float
    high: float

    def share(self, value: float) -> float:
        """Where a value lies, 0 to 1 within the axis."""
        return math.log(max(value, 1e-9) / self.low) / math.log(self.high / self.low)

    def shares(self, values: Array) -> Array:
        return np.asarray(np.log(np.maximum(values, 1e-9) / self.low) / math.log(self.high / self.low))

    def at(self, share: float) -> float:
        return self.low * math.pow(self.high / self.low, share)

    def decades(self) -> list[float]:
        """Powers of ten within."""
        first, last = math.ceil(math.log10(self.low) - 1e-9), math.floor(math.log10(self.high) + 1e-9)
        return [10.0**power for power in range(first, last + 1)]


def seconds_label(seconds: float) -> str:
    """A time for an axis: ``10 ms``, ``1 s``."""
    return f"{seconds:g} s" if seconds >= 1.0 else f"{seconds * 1000:g} ms"


def hz_words(hz: float) -> str:
    """A frequency to about three figures: ``62.5 Hz``, ``11 kHz``."""
    hz = float(f"{hz:.3g}")
    return f"{hz / 1000:g} kHz" if hz >= 1000 else f"{hz:g} Hz"
