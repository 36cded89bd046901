"""Time that passes while there is no device: the transport moves on, unheard."""

from __future__ import annotations

import numpy as np

from app.playback.mixer import Mixer

LONGEST_S = 0.5
"""So much at the most is made up for at once."""


class SilentClock:
    """Takes from the mixer what a device would have taken."""

    def __init__(self, mixer: Mixer) -> None:
        self._mixer = mixer
        self._block = np.zeros((1024, 2), np.float32)
        self._ticked_at = 0.0
        self._rests = True

    def set(self, now_s: float) -> None:
        """Until ``now_s`` somebody else moved the transport."""
        self._ticked_at = now_s

    def tick(self, now_s: float) -> None:
        """Move the transport on by the time that has passed."""
        mixer = self._mixer
        if not mixer.busy:
            self._rests = True
            return
        if self._rests:
            # What begins to sound now begins now, however long nothing sounded before.
            self._rests, self._ticked_at = False, now_s
        n = min(int((now_s - self._ticked_at) * mixer.rate), int(LONGEST_S * mixer.rate))
        if n <= 0:
            return
        self._ticked_at = now_s
        heard_at = now_s
        while n > 0:
            block = self._block[: min(n, len(self._block))]
            mixer.fill(block, heard_at)
            heard_at += len(block) / mixer.rate
            n -= len(block)
