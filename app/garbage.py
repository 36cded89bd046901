"""Cycles of Python objects are collected on the window's thread, and only there.

Python runs its cyclic collector on whichever thread happens to allocate. When that is an engine or player thread and
the garbage holds Qt objects, they are destroyed on the wrong thread: their timers and queued events stay behind, and Qt
then calls an object that is gone (seen as a crash in ``QTimerInfoList::activateTimers``). So the automatic collector is
off while a window is open, and a timer here does its work by the same thresholds.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

CHECK_MS = 100


class Garbage(QObject):
    """Collects on the thread that made it until :meth:`close`."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._was_enabled = gc.isenabled()
        gc.disable()
        self._timer = QTimer(self, interval=CHECK_MS)
        self._timer.timeout.connect(self.collect_if_due)
        self._timer.start()

    def collect_if_due(self) -> None:
        """Collect the oldest generation that has reached its threshold, as the automatic collector would."""
        due = [g for g, (n, most) in enumerate(zip(gc.get_count(), gc.get_threshold(), strict=True)) if n > most > 0]
        if due:
            gc.collect(due[-1])

    def forget_what_is_loaded(self) -> None:
        """Never look again at what exists by now: libraries are large, stay, and would make each collection slow."""
        gc.freeze()

    def close(self) -> None:
        """Give the work back to the automatic collector."""
        self._timer.stop()
        if self._was_enabled:
            gc.enable()
