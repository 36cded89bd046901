"""How busy this program is: its share of the processors and its memory, measured only while something goes on."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtWidgets import QLabel, QWidget

INTERVAL_MS = 1000
_STATM = Path("/proc/self/statm")


def memory_bytes() -> int | None:
    """Memory that this process holds now, or ``None`` where the system has no simple way to tell."""
    try:
        pages = int(_STATM.read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return _windows_memory_bytes() if sys.platform == "win32" else None
    return pages * os.sysconf("SC_PAGE_SIZE")


def _windows_memory_bytes() -> int | None:
    import ctypes
    from ctypes import wintypes

    class Counters(ctypes.Structure):
        _fields_ = [("cb", wintypes.DWORD), ("faults", wintypes.DWORD)] + [
            (name, ctypes.c_size_t)
            for name in ("peak", "working", "peak_paged", "paged", "peak_pool", "pool", "pagefile", "peak_pagefile")
        ]

    counters = Counters()
    counters.cb = ctypes.sizeof(counters)
    kernel = ctypes.WinDLL("kernel32")
    kernel.GetCurrentProcess.restype = wintypes.HANDLE
    ask = kernel.K32GetProcessMemoryInfo
    ask.argtypes = [wintypes.HANDLE, ctypes.POINTER(Counters), wintypes.DWORD]
    return int(counters.working) if ask(kernel.GetCurrentProcess(), ctypes.byref(counters), counters.cb) else None


class LoadMeter(QLabel):
    """``CPU 12 %  430 MB`` while something is watched; a blank when all is quiet. 100 % is one whole processor."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "small")
        self.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.setToolTip("What this program uses: 100 % is one whole processor")
        self.setAccessibleName("Processor and memory")
        self._busy: set[str] = set()
        self._timer = QTimer(self, interval=INTERVAL_MS)
        self._timer.timeout.connect(self._measure)
        self._wall_s = self._cpu_s = 0.0

    def watch(self, who: str, busy: bool) -> None:
        """``who`` begins or ends something; measuring goes on while anybody is busy."""
        (self._busy.add if busy else self._busy.discard)(who)
        if self._busy and not self._timer.isActive():
            self._wall_s, self._cpu_s = time.monotonic(), time.process_time()
            self._timer.start()
        elif not self._busy and self._timer.isActive():
            self._timer.stop()
            self.clear()

    def sizeHint(self) -> QSize:
        # Room for the longest reading from the start, so that nothing in the header moves.
        hint = super().sizeHint()
        hint.setWidth(self.fontMetrics().horizontalAdvance("CPU 1600 %   99999 MB") + 8)
        return hint

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def _measure(self) -> None:
        wall_s, cpu_s = time.monotonic(), time.process_time()
        share = (cpu_s - self._cpu_s) / max(wall_s - self._wall_s, 1e-3)
        self._wall_s, self._cpu_s = wall_s, cpu_s
        held = memory_bytes()
        text = f"CPU {share * 100:.0f} %"
        self.setText(text if held is None else f"{text}   {held / 1e6:.0f} MB")
