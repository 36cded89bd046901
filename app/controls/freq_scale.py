"""The frequency axis as a value that widgets share: which part is visible, and how Hz become height."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from engine.params.keys import hz_to_key, key_to_hz

ScaleName = Literal["log", "mel", "linear"]
SCALES: tuple[ScaleName, ...] = ("log", "mel", "linear")

LOWEST_LOG_HZ = 20.0
"""Where the logarithmic axis ends below."""
_SMALLEST_SHARE = 0.01
"""The closest zoom: this share of the whole axis."""

Hz = NDArray[np.float64]
_T = TypeVar("_T")


def _to_scale(name: ScaleName, hz: float | Hz) -> Hz:
    values = np.asarray(hz, np.float64)
    if name == "log":
        return np.log2(np.maximum(values, 1e-3))
    if name == "mel":
        # O'Shaughnessy 1987: 1000 mel at 1000 Hz, nearly linear below 500 Hz.
        return 1127.0 * np.log1p(np.maximum(values, 0.0) / 700.0)
    return values


def _from_scale(name: ScaleName, place: float | Hz) -> Hz:
    values = np.asarray(place, np.float64)
    if name == "log":
        return np.exp2(values)
    if name == "mel":
        return 700.0 * np.expm1(values / 1127.0)
    return values


class FreqScale(QObject):
    """Heights are shares of the visible part: 0 at its lower end, 1 at its upper end."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.name: ScaleName = "log"
        self.nyquist_hz = 24_000.0
        self.low_hz = LOWEST_LOG_HZ
        self.high_hz = self.nyquist_hz

    @property
    def floor_hz(self) -> float:
        """The lowest frequency that the axis can show."""
        return min(LOWEST_LOG_HZ, self.nyquist_hz / 2) if self.name == "log" else 0.0

    def set_name(self, name: ScaleName) -> None:
        """Change the scale; what was wholly visible stays so, a zoomed part keeps its Hz."""
        if name not in SCALES:
            raise ValueError(f"There is no frequency scale called {name!r}; there are {', '.join(SCALES)}.")
        whole = self.is_whole
        self.name = name
        self._show(*((self.floor_hz, self.nyquist_hz) if whole else (self.low_hz, self.high_hz)))
        self.changed.emit()

    def set_nyquist(self, hz: float) -> None:
        """A sound of another sample rate: show all of it, or the same part if that was zoomed and still fits."""
        if hz == self.nyquist_hz:
            return
        keep = not self.is_whole and self.high_hz <= hz
        self.nyquist_hz = hz
        self._show(*((self.low_hz, self.high_hz) if keep else (self.floor_hz, hz)))
        self.changed.emit()

    @property
    def is_whole(self) -> bool:
        return self.low_hz <= self.floor_hz * 1.0001 and self.high_hz >= self.nyquist_hz * 0.9999

    def hz_at(self, share: float | Hz) -> Hz:
        """Frequency at a share of the visible height; an array or a scalar."""
        low, high = self._ends()
        return _from_scale(self.name, low + np.asarray(share, np.float64) * (high - low))

    def share_of(self, hz: float | Hz) -> Hz:
        """Share of the visible height at which a frequency lies; outside 0..1 when it is not visible."""
        low, high = self._ends()
        return (_to_scale(self.name, hz) - low) / (high - low)

    def zoom(self, factor: float, at_share: float) -> None:
        """Divide the visible part by ``factor``; the frequency at ``at_share`` keeps its height."""
        low, high = self._ends()
        size = high - low
        wanted = size / factor
        at = low + at_share * size
        self._show_places(at - at_share * wanted, wanted)

    def pan(self, delta_share: float) -> None:
        """Move the visible part up by a share of its height."""
        low, high = self._ends()
        self._show_places(low + delta_share * (high - low), high - low)

    def show_all(self) -> None:
        self._show(self.floor_hz, self.nyquist_hz)
        self.changed.emit()

    def ticks(self, height: float, spacing: float = 26.0) -> list[float]:
        """Frequencies for labels, at least about ``spacing`` apart on a height of ``height``, lowest first."""
        if height < spacing:
            return []
        if self.name == "linear":
            return self._even_ticks(height, spacing)
        if self.name == "mel":
            # Crowded at both ends in decades: round numbers from 100 Hz on, as many as have room.
            found = [hz for hz in self._decade_ticks((1.0, 2.0, 5.0)) if hz >= 100]
            if len(found) < 3:
                return self._even_ticks(height, spacing)
            return _thinned(found, lambda hz: float(self.share_of(hz)) * height, spacing)
        for digits in ((1.0, 2.0, 5.0), (1.0, 3.0), (1.0,)):
            found = self._decade_ticks(digits)
            if len(found) < 3:
                # Zoomed in to less than a decade: even steps say more.
                return self._even_ticks(height, spacing)
            if self._apart(found, height) >= spacing:
                return found
        return _thinned(found, lambda hz: float(self.share_of(hz)) * height, spacing)

    def note_ticks(self, height: float, spacing: float = 16.0) -> list[int]:
        """MIDI numbers for labels: every note where there is room, else every C that has room, lowest first."""
        low = max(math.ceil(hz_to_key(max(self.low_hz, 16.0))), 12)
        high = min(math.floor(hz_to_key(self.high_hz)), 135)
        notes = list(range(low, high + 1))
        if len(notes) > 1 and self._apart([key_to_hz(n) for n in notes], height) >= spacing:
            return notes
        cs = [n for n in notes if n % 12 == 0]
        return _thinned(cs, lambda n: float(self.share_of(key_to_hz(n))) * height, spacing)

    def _even_ticks(self, height: float, spacing: float) -> list[float]:
        least = (self.high_hz - self.low_hz) * spacing / height
        if self.name != "linear":
            # The upper end is the most crowded one: steps that fit there fit everywhere.
            least = float(self.hz_at(1.0) - self.hz_at(1.0 - spacing / height))
        power = 10.0 ** math.floor(math.log10(least))
        step = next(m * power for m in (1, 2, 5, 10) if m * power >= least * 0.999)
        first = math.ceil(self.low_hz / step - 1e-9)
        return [round(k * step, 6) for k in range(first, math.floor(self.high_hz / step + 1e-9) + 1)]

    def _decade_ticks(self, digits: tuple[float, ...]) -> list[float]:
        found = [m * 10.0**power for power in range(1, 6) for m in digits]
        return [hz for hz in found if self.low_hz * 0.999 <= hz <= self.high_hz * 1.001]

    def _apart(self, values: list[float], height: float) -> float:
        places = [float(self.share_of(hz)) * height for hz in values]
        return min((b - a for a, b in pairwise(places)), default=math.inf)

    def _ends(self) -> tuple[float, float]:
        return float(_to_scale(self.name, self.low_hz)), float(_to_scale(self.name, self.high_hz))

    def _show_places(self, low: float, size: float) -> None:
        bottom, top = float(_to_scale(self.name, self.floor_hz)), float(_to_scale(self.name, self.nyquist_hz))
        size = min(max(size, (top - bottom) * _SMALLEST_SHARE), top - bottom)
        low = min(max(low, bottom), top - size)
        ends = float(_from_scale(self.name, low)), float(_from_scale(self.name, low + size))
        if ends != (self.low_hz, self.high_hz):
            self.low_hz, self.high_hz = ends
            self.changed.emit()

    def _show(self, low_hz: float, high_hz: float) -> None:
        low = min(max(low_hz, self.floor_hz), self.nyquist_hz)
        high = min(high_hz, self.nyquist_hz)
        if high <= low * 1.001:
            low, high = self.floor_hz, self.nyquist_hz
        self.low_hz, self.high_hz = low, high


def _thinned(values: list[_T], place: Callable[[_T], float], spacing: float) -> list[_T]:
    """The values, from the lowest on, that keep their distance from the one kept before."""
    kept: list[_T] = []
    for value in values:
        if not kept or place(value) - place(kept[-1]) >= spacing:
            kept.append(value)
    return kept
