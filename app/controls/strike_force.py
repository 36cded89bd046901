"""How hard a strike is: from how fast the pointer is when it lands, or how hard a pen presses."""

from __future__ import annotations

import math
from collections import deque
from itertools import pairwise

from PySide6.QtCore import QPointF, Qt

SOFTEST, MEDIUM, HARDEST = 1, 80, 127
SOFT, HARD = 30, 120
"""What Shift and Ctrl strike with."""
STILL_PX_S, FLICK_PX_S = 60.0, 4_000.0
"""Below the first a click counts as still, at the second nothing strikes harder."""
WINDOW_MS = 70
"""So far back the pointer's way counts."""
MOVE_MS = 16
"""A pointer tells where it is at least so often while it moves: a leap after a rest took no longer."""


class PointerSpeed:
    """Follows a pointer by its events' own times, so that a busy window does not change the force."""

    def __init__(self) -> None:
        self._way: deque[tuple[int, QPointF]] = deque(maxlen=32)

    def forget(self) -> None:
        """The pointer has gone; where it comes back, it has not leapt to."""
        self._way.clear()

    def note(self, time_ms: int, place: QPointF) -> None:
        """The pointer moved there. A finger or a pen that comes down elsewhere has not."""
        if self._way and time_ms < self._way[-1][0]:
            self._way.clear()
        self._way.append((time_ms, QPointF(place)))

    def at(self, time_ms: int) -> float:
        """Pixels a second just before ``time_ms``."""
        recent = [(t, p) for t, p in self._way if time_ms - WINDOW_MS <= t <= time_ms]
        rested = [p for t, p in self._way if t < time_ms - WINDOW_MS]
        if rested and recent:
            # While it rested it told nothing; then it leapt.
            recent = [(recent[0][0] - MOVE_MS, rested[-1]), *recent]
        if len(recent) < 2 or recent[-1][0] == recent[0][0]:
            return 0.0
        px = sum(math.hypot((b - a).x(), (b - a).y()) for (_, a), (_, b) in pairwise(recent))
        # Counted up to now: a pointer that came fast and then rested is slow.
        return px * 1000.0 / max(time_ms - recent[0][0], 1)


def velocity_of_speed(px_per_s: float) -> int:
    """A still click is medium; a flick is harder, up to :data:`HARDEST`."""
    if px_per_s <= STILL_PX_S:
        return MEDIUM
    share = math.log(px_per_s / STILL_PX_S) / math.log(FLICK_PX_S / STILL_PX_S)
    return min(MEDIUM + round(share * (HARDEST - MEDIUM)), HARDEST)


def velocity_of_pressure(pressure: float) -> int:
    """A pen's pressure, 0 to 1."""
    return min(
        max(round(SOFTEST + (HARDEST - SOFTEST) * math.pow(min(max(pressure, 0.0), 1.0), 0.8)), SOFTEST), HARDEST
    )


def velocity_of_keys(modifiers: Qt.KeyboardModifier) -> int | None:
    """Shift is soft and Ctrl hard, whatever the hand does; None without either."""
    if modifiers & Qt.KeyboardModifier.ShiftModifier:
        return SOFT
    if modifiers & Qt.KeyboardModifier.ControlModifier:
        return HARD
    return None
