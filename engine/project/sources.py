"""Kept sounds of an opened project that are too long for memory: temporary files that go with their clips."""

from __future__ import annotations

import contextlib
import os
import tempfile
import weakref
from pathlib import Path

from engine.audio import Clip, FrameSource, Samples, open_clip


class OwnedSource:
    """A sound in a temporary file that nobody else knows; the file goes when the source does."""

    def __init__(self, path: Path) -> None:
        opened = open_clip(path)
        self.about = opened.about
        self._source = source = opened.source
        self.channels = source.channels
        self.sample_rate = source.sample_rate
        self.n_frames = source.n_frames
        self._end = weakref.finalize(self, _close_and_delete, source, path)

    def read(self, start: int, n: int) -> Samples:
        """Frames ``start`` to ``start + n`` as ``[channels, n]``."""
        return self._source.read(start, n)

    def close(self) -> None:
        self._end()


def owned_clip(path: Path, name: str) -> Clip:
    """A clip of the temporary sound file ``path``, which is deleted with it."""
    source = OwnedSource(path)
    return Clip(source, name, about=source.about)


def temporary_path(suffix: str = ".wav") -> Path:
    """A new empty file in the system's temporary folder."""
    handle, name = tempfile.mkstemp(prefix="tonewright-", suffix=suffix)
    os.close(handle)
    return Path(name)


def _close_and_delete(source: FrameSource, path: Path) -> None:
    source.close()
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)
