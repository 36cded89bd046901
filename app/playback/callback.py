"""What a device calls for each of its blocks: it takes them from the mixer, and tells when it was last asked."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from app.playback.mixer import Mixer

PRIMING_BLOCKS = 8
"""A device that has just been opened fills its buffer with silence first: if it runs dry while it does so, because the
machine is busy, that costs no attack."""
RESERVE_S = 0.01
"""A device that has more than this left to play can wait for what is not ready yet."""
PATIENCE_S = 0.08
"""It never waits longer."""


class DeviceCallback:
    """One for each opening of a device. Only while it :attr:`drives` does it move the mixer on; else it gives silence.

    The device calls it on a thread of its own; the clock thread reads what it left.
    """

    def __init__(self, mixer: Mixer, usual_s: float, wake: Callable[[], None]) -> None:
        self._mixer = mixer
        self._usual_s = usual_s
        self._wake = wake
        self._stereo = np.zeros((8192, 2), np.float32)
        self._calls = 0
        self.drives = False
        self.called_at = 0.0
        self.has_ended = False
        self.fault: Exception | None = None

    def begin(self, at_s: float) -> None:
        """Drive the mixer from now on; the device is not late before ``at_s``."""
        self.called_at = at_s
        self.drives = True

    def end(self) -> None:
        """The device has stopped, whether it was asked to or not."""
        self.has_ended = True
        self._wake()

    def take_fault(self) -> Exception | None:
        """What went wrong since somebody asked."""
        fault, self.fault = self.fault, None
        return fault

    def __call__(self, out: Any, n: int, times: Any, status: Any) -> None:
        try:
            if not self.drives:
                out.fill(0)
                return
            now = time.perf_counter()
            self.called_at = now
            self._calls += 1
            ahead_s = times.outputBufferDacTime - times.currentTime
            patience_s = 0.0
            if 0.0 <= ahead_s < 2.0:
                patience_s = min(max(ahead_s - RESERVE_S, 0.0), PATIENCE_S)
            else:
                ahead_s = self._usual_s
            if self._calls <= PRIMING_BLOCKS and ahead_s < self._usual_s / 2:
                out.fill(0)
                return
            underflow = bool(status) and bool(status.output_underflow) and self._calls > PRIMING_BLOCKS + 1
            if out.shape[1] == 2:
                self._mixer.fill(out, now + ahead_s, underflow, patience_s)
                return
            if len(self._stereo) < n:
                self._stereo = np.zeros((n, 2), np.float32)
            self._mixer.fill(self._stereo[:n], now + ahead_s, underflow, patience_s)
            out[:, 0] = self._stereo[:n].mean(axis=1)
        except Exception as error:  # noqa: BLE001 - an exception here would end the stream; silence does not
            out.fill(0)
            self.fault = error
