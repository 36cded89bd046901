"""The bytes of a file as if they were in memory, read in blocks.

A memory map would do the same, but whoever shortens a mapped file ends every program that looks behind its new end.
"""

from __future__ import annotations

from typing import BinaryIO

BLOCK_BYTES = 1 << 20
_BACK_BYTES = 1 << 13
"""Kept in front of what was asked for: a look ahead is often followed by one step back."""


class FileBytes:
    """The ``size`` bytes of ``file``, or fewer: slices come back shorter where somebody has cut it meanwhile."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self._size = size
        self._start = 0
        self._block = b""

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, part: slice) -> bytes:
        start, stop = part.start or 0, min(part.stop, self._size)
        first = start - self._start
        if first < 0 or stop > self._start + len(self._block):
            if start >= stop:
                return b""
            self._load(start, stop)
            first = start - self._start
        return self._block[first : first + stop - start]

    def find(self, byte: bytes, start: int, stop: int) -> int:
        """Where ``byte`` stands first in ``start`` to ``stop``; -1 when it does not."""
        stop = min(stop, self._size)
        while start < stop:
            end = min(stop, start + BLOCK_BYTES // 2)
            found = self[start:end].find(byte)
            if found >= 0:
                return start + found
            start = end
        return -1

    def _load(self, start: int, stop: int) -> None:
        self._start = max(start - _BACK_BYTES, 0)
        wanted = max(BLOCK_BYTES, stop - self._start)
        self._file.seek(self._start)
        self._block = self._file.read(wanted)
        if len(self._block) < wanted:
            self._size = min(self._size, self._start + len(self._block))
