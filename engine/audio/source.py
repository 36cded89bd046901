"""Samples from an open file, and from a temporary file for formats that cannot seek."""

from __future__ import annotations

import itertools
import tempfile
import threading
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from engine.audio.handles import Handle, HandlePool, shared_pool
from engine.audio.patch import Patch, PatchedFile
from engine.audio.trouble import reason, unreadable
from engine.audio.values import Samples
from engine.errors import AudioUnreadable

FLOATS = frozenset({"FLOAT", "DOUBLE"})
"""Subtypes that can hold samples which are no numbers."""

FRESH_JUMPS = frozenset({"VORBIS", "OPUS"})
PREROLL_FRAMES = {"MPEG_LAYER_III": 10 * 1152, "MPEG_LAYER_II": 10 * 1152, "MPEG_LAYER_I": 10 * 1152}
"""How a jump is made exact where the decoder's own is not.

Lossy decoders carry sound over from one block to the next, and libsndfile 1.2.2 does not clear it when a seek stays
near: up to 1000 wrong samples in a quarter of such jumps (measured). An Ogg file is opened anew for each jump,
which takes no longer than the jump. An MP3 would have to be searched from its beginning again; a jump in it lands ten
frames early (a frame may borrow bits from the nine before) and decodes up to its goal. A jump into the last page of an
Ogg file misses its goal when the encoder trimmed the end; it lands before that page and decodes on (``last_jump``).
"""

OPUS_TAIL_FRAMES = 2880
"""The end of an Opus file comes out right only when it is read in one go (one packet is at most 60 ms long)."""
_SKIP_FRAMES = 1 << 16

_owners = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Opening:
    """How to open a file again and know that it is still the same: ``stamp`` is its size and time of change."""

    path: Path
    stamp: tuple[int, int]
    patch: Patch | None = None

    @classmethod
    def of(cls, path: Path) -> Opening:
        """Raises ``OSError`` when there is no such file."""
        return cls(path, _stamp(path))

    def check_unchanged(self) -> None:
        """Raise ``AudioUnreadable`` when the file has gone or is no longer what it was."""
        try:
            now = _stamp(self.path)
        except OSError as error:
            raise unreadable(error, self.path) from error
        if now != self.stamp:
            raise AudioUnreadable(f"{self.path.name} has changed since it was opened; open it again.")

    def open(self) -> Handle:
        """A new handle at frame 0; raises ``AudioUnreadable``."""
        import soundfile

        self.check_unchanged()
        patched: PatchedFile | None = None
        try:
            patched = None if self.patch is None else PatchedFile(self.path, self.patch)
            return Handle(soundfile.SoundFile(str(self.path) if patched is None else patched), self.path, patched)
        except OSError as error:
            raise unreadable(error, self.path) from error
        except (soundfile.SoundFileError, TypeError, ValueError) as error:
            # TypeError: a ".raw" file, whose rate and channels nobody has told.
            if patched is not None:
                patched.close()
            raise AudioUnreadable(not_sound(self.path, error)) from error


def not_sound(path: Path, error: BaseException) -> str:
    """The sentence for a file that the decoder refuses."""
    words = reason(error)
    if isinstance(error, TypeError) or "not recognised" in words:
        return f"{path.name} is no sound file of a kind known here (WAV, FLAC, Ogg, MP3, AIFF or CAF)."
    if "unimplemented" in words or "unsupported encoding" in words:
        return f"{path.name} uses an encoding that is not known here; convert it to WAV or FLAC."
    return f"{path.name} is damaged: no sound can be read from it."


class FileSource:
    """The frames of a sound file, decoded when they are read; nothing is kept in memory.

    Reads from several threads run side by side. ``subtype`` is soundfile's name of the sample format; ``last_jump`` is
    the last frame that the decoder can jump to exactly, when it cannot go anywhere.
    """

    def __init__(
        self,
        opening: Opening,
        first: Handle,
        n_frames: int | None = None,
        *,
        last_jump: int | None = None,
        pool: HandlePool | None = None,
    ) -> None:
        self.opening = opening
        self.channels: int = first.file.channels
        self.sample_rate: int = first.file.samplerate
        self.subtype: str = first.file.subtype
        self.n_frames: int = first.file.frames if n_frames is None else n_frames
        self._last_jump = self.n_frames if last_jump is None else last_jump
        self._pool = shared_pool() if pool is None else pool
        self._owner = next(_owners)
        # Handing the first handle to the pool saves opening the file twice.
        with self._pool.lend(self._owner, 0, lambda: first):
            pass
        weakref.finalize(self, self._pool.drop, self._owner)

    @property
    def path(self) -> Path:
        return self.opening.path

    def read(self, start: int, n: int) -> Samples:
        """Frames ``start`` to ``start + n`` as ``[channels, n]`` float32; what is no number is silence."""
        frames = self.read_frames(start, n, "float32")
        if self.subtype in FLOATS and not (finite := np.isfinite(frames)).all():
            frames = np.where(finite, frames, np.float32(0.0))
        return np.ascontiguousarray(frames.T, dtype=np.float32)

    def read_frames(self, start: int, n: int, dtype: Literal["float32", "float64", "int32"]) -> NDArray[Any]:
        """Frames as they are in the file, ``[n, channels]``; ``int32`` is left-justified and exact for integer formats.

        Raises ``AudioUnreadable`` when the file has gone, has changed or is damaged at that place.
        """
        start = min(max(start, 0), self.n_frames)
        n = min(max(n, 0), self.n_frames - start)
        tail = max(0, self.n_frames - OPUS_TAIL_FRAMES)
        if self.subtype == "OPUS" and n > 0 and start + n > tail and (start > tail or start + n < self.n_frames):
            first = min(start, tail)
            return self.read_frames(first, self.n_frames - first, dtype)[start - first : start - first + n]
        out = np.zeros((n, self.channels), dtype=dtype)
        if n == 0:
            return out
        import soundfile

        try:
            with self._pool.lend(self._owner, start, self.opening.open) as handle:
                if handle.position != start:
                    self._jump(handle, start)
                got = len(handle.file.read(out=out))
                handle.position = start + got
        except (soundfile.SoundFileError, OSError, ValueError) as error:
            self.opening.check_unchanged()
            at = start / self.sample_rate
            raise AudioUnreadable(f"{self.path.name} is damaged and cannot be read from {at:.1f} s on.") from error
        if got < n:
            # Either somebody cut the file, or its length was a little off: then silence fills it up.
            self.opening.check_unchanged()
        return out

    def _jump(self, handle: Handle, start: int) -> None:
        """Bring the handle to ``start`` so that what is read there is exact."""
        preroll = PREROLL_FRAMES.get(self.subtype, 0)
        landing = min(start - preroll, self._last_jump)
        if not landing <= handle.position <= start:
            if self.subtype in FRESH_JUMPS or landing < 0:
                # Near the beginning there is no room to land early, and a decoder that was just opened needs none.
                handle.renew(self.opening.open())
            landing = max(0, landing)
            if handle.position != landing:
                handle.file.seek(landing)
                handle.position = landing
        while handle.position < start:
            skipped = len(handle.file.read(min(start - handle.position, _SKIP_FRAMES), dtype="float32"))
            handle.position += skipped
            if skipped == 0:
                break

    def close(self) -> None:
        """Let go of the open file; a later read opens it again."""
        self._pool.drop(self._owner)


class TemporarySource:
    """The frames of a file whose format cannot seek, decoded once to a temporary file that lives as long as this does.

    ``write`` takes frames ``[n, channels]`` while it is being filled.
    """

    def __init__(self, channels: int, sample_rate: int, subtype: str) -> None:
        self.channels, self.sample_rate, self.subtype = channels, sample_rate, subtype
        self.n_frames = 0
        self._lock = threading.Lock()
        file = tempfile.TemporaryFile(prefix="tonewright-")  # noqa: SIM115 - it lives as long as the source
        self._file = file
        self._finalizer = weakref.finalize(self, file.close)

    def write(self, frames: NDArray[np.float32]) -> None:
        """Append ``[n, channels]``."""
        with self._lock:
            self._file.seek(self.n_frames * self._frame_bytes)
            self._file.write(frames.astype(np.float32, copy=False).tobytes())
            self.n_frames += len(frames)

    def read(self, start: int, n: int) -> Samples:
        """Frames ``start`` to ``start + n`` as ``[channels, n]`` float32."""
        start = min(max(start, 0), self.n_frames)
        n = min(max(n, 0), self.n_frames - start)
        with self._lock:
            if self._file.closed:
                raise AudioUnreadable("This sound was closed; open its file again.")
            self._file.seek(start * self._frame_bytes)
            data = self._file.read(n * self._frame_bytes)
        return np.ascontiguousarray(np.frombuffer(data, dtype=np.float32).reshape(-1, self.channels).T)

    def close(self) -> None:
        """Delete the temporary file; nothing can be read any more."""
        self._finalizer()

    @property
    def _frame_bytes(self) -> int:
        return 4 * self.channels


def _stamp(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns
