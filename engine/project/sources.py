"""Where the sounds of an opened project come from: files that open on first use, and sounds kept in a temporary file."""

from __future__ import annotations

import contextlib
import os
import tempfile
import threading
import weakref
from pathlib import Path

from engine.audio import Clip, FrameSource, Samples
from engine.errors import AudioUnreadable


class LateSource:
    """A sound file whose facts are known from the project and which is opened when it is first read.

    A project of three hundred takes opens at once this way. Raises :class:`AudioUnreadable` on the first read when the
    file has gone, or became another sound, since the project looked at it.
    """

    def __init__(self, path: Path, *, channels: int, sample_rate: int, n_frames: int) -> None:
        self.path = path
        self.channels = channels
        self.sample_rate = sample_rate
        self.n_frames = n_frames
        self._lock = threading.Lock()
        self._opened: FrameSource | None = None

    def read(self, start: int, n: int) -> Samples:
        """Frames ``start`` to ``start + n`` as ``[channels, n]``; opens the file the first time."""
        return self.opened().read(start, n)

    def opened(self) -> FrameSource:
        """The source behind this one, opened if it was not."""
        from engine.audio import open_clip

        with self._lock:
            if self._opened is None:
                source = open_clip(self.path).source
                if (source.channels, source.sample_rate, source.n_frames) != (
                    self.channels,
                    self.sample_rate,
                    self.n_frames,
                ):
                    source.close()
                    raise AudioUnreadable(f"{self.path.name} has changed since the project opened; open it again.")
                self._opened = source
            return self._opened

    def close(self) -> None:
        with self._lock:
            if self._opened is not None:
                self._opened.close()
                self._opened = None


class OwnedSource:
    """A sound in a temporary file that nobody else knows; the file goes when the source does."""

    def __init__(self, path: Path) -> None:
        from engine.audio import open_clip

        source = open_clip(path).source
        self._source = source
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
    return Clip(OwnedSource(path), name)


def temporary_path(suffix: str = ".wav") -> Path:
    """A new empty file in the system's temporary folder."""
    handle, name = tempfile.mkstemp(prefix="tonewright-", suffix=suffix)
    os.close(handle)
    return Path(name)


def _close_and_delete(source: FrameSource, path: Path) -> None:
    source.close()
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)
