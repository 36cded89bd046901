"""A limiter for sound whose near future is known: it is down before the peak comes, so that nothing is cut off flat.

What stays below full scale is left as it is, to the last bit: one note sounds as it was rendered. What goes beyond is
turned down to a little less, because between two samples a wave is higher than at them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from app.playback.channels import Frames

HEADROOM_DB = 1.0
"""So much below full scale is what was turned down."""
AHEAD_S = 0.005
FASTEST_S = 0.001
HOLD_S = 0.25
"""It comes up again when nothing was too loud for so long: between the beats of a chord it stays where it is."""
RELEASE_S = 0.25
"""How long it takes to come back to full level from half of it, about."""

_HEADROOM = float(10.0 ** (-HEADROOM_DB / 20.0))
_BACK = 1e-3
"""So near to full level it is back."""


class Limiter:
    """Turns one block after the other down where that is needed."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._gain = 1.0
        self._held = 0
        self.ahead_frames = round(AHEAD_S * rate)

    def limit(self, block: Frames, ahead: Frames, full: float = 1.0) -> Frames:
        """``block`` ``[n, 2]``, itself where it needs nothing. ``ahead`` is what comes next, as far as it is known.

        Nothing goes beyond ``full``.
        """
        n, start = len(block), self._gain
        ceiling = full * _HEADROOM
        here = _peak(block)
        peak = max(here, _peak(ahead))
        if start == 1.0 and peak <= full:
            return block
        end, glide = self._next(peak, ceiling, n), n
        if here * max(start, end) > ceiling and end < start:
            # Down by the time the peak comes; never at once, that would click.
            first = int(np.argmax(np.abs(block).max(axis=1) * start > ceiling))
            glide = min(n, max(first, round(FASTEST_S * self._rate)))
        self._gain = end
        gains: NDArray[np.float32] = np.full((n, 1), end, np.float32)
        gains[:glide, 0] = np.linspace(start, end, glide, dtype=np.float32)
        limited = block * gains
        return np.clip(limited, -ceiling, ceiling, out=limited)

    def _next(self, peak: float, ceiling: float, n: int) -> float:
        """The gain at the end of the next ``n`` frames."""
        wanted = ceiling / peak if peak > ceiling else 1.0
        if wanted < self._gain:
            self._held = round(HOLD_S * self._rate)
            return wanted
        self._held -= n
        if self._held > 0:
            return self._gain
        risen = self._gain + (1.0 - self._gain) * min(n / (RELEASE_S * self._rate), 1.0)
        return min(wanted, 1.0 if risen > 1.0 - _BACK else risen)


def _peak(frames: Frames) -> float:
    return float(np.abs(frames).max(initial=0.0))
