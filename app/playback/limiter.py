"""A limiter for sound whose near future is known: it is down before the peak comes, so that nothing is cut off flat."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from app.playback.channels import Frames

AHEAD_S = 0.005
FASTEST_S = 0.001
RELEASE_S = 0.25
"""How long it takes to come back to full level from half of it, about."""


class Limiter:
    """Gains for one block after the other. Below the ceiling the gain is exactly 1 and the sound is left as it is."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._gain = 1.0
        self.ahead_frames = round(AHEAD_S * rate)

    def gains(self, block: Frames, ahead: Frames, ceiling: float = 1.0) -> float | NDArray[np.float32]:
        """What to multiply ``block`` ``[n, 2]`` by: one number, or ``[n, 1]`` while it moves.

        ``ahead`` is what comes next, as far as it is known.
        """
        n = len(block)
        here = _peak(block)
        peak = max(here, _peak(ahead))
        wanted = ceiling / peak if peak > ceiling else 1.0
        start = self._gain
        if start == 1.0 and wanted == 1.0:
            return 1.0
        if wanted < start:
            end, glide = wanted, n
            if here * start > ceiling:
                # Down by the time the peak comes; never at once, that would click.
                first = int(np.argmax(np.abs(block).max(axis=1) * start > ceiling))
                glide = min(n, max(first, round(FASTEST_S * self._rate)))
        else:
            end, glide = min(wanted, start + (1.0 - start) * min(n / (RELEASE_S * self._rate), 1.0) + 1e-4), n
        self._gain = end
        gains = np.full((n, 1), end, np.float32)
        gains[:glide, 0] = np.linspace(start, end, glide, dtype=np.float32)
        return gains


def _peak(frames: Frames) -> float:
    return float(np.abs(frames).max(initial=0.0))
