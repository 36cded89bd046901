"""The sound of a selection: a stretch of time, and of a stretch only a band of frequency when one was drawn."""

from __future__ import annotations

import math
import threading

import numpy as np
from numpy.typing import NDArray

from engine.audio import Clip, Samples
from engine.audio.source import FileSource, Opening

STOP_DB = 80.0
"""How far below the band everything outside it lies."""
WIDEST_EDGE_HZ, NARROWEST_EDGE_HZ = 200.0, 5.0
"""The filter's edges go from passing to stopping within this many hertz."""
BLOCK = 1 << 16
"""Frames filtered at a time."""


def part_of(
    clip: Clip,
    start_s: float,
    end_s: float,
    low_hz: float | None = None,
    high_hz: float | None = None,
    *,
    whole: str | None = None,
) -> Clip:
    """The part of ``clip`` from ``start_s`` to ``end_s``, and of it only ``low_hz`` to ``high_hz`` when given.

    The part is named after ``whole``, by default the clip's name (see :func:`part_name`).
    Returns at once: a band is filtered while it is read, from what surrounds the part, so its ends do not ring. The
    filter's phase is linear and its delay taken out: nothing moves in time. A limit at or beyond the ends of what the
    sample rate holds cuts nothing, and the shortest part is one sample. Raises ``ValueError`` when the part or the band
    is empty.
    """
    rate = clip.sample_rate
    first = min(max(round(start_s * rate), 0), max(clip.n_frames - 1, 0))
    last = min(max(round(end_s * rate), first + 1), clip.n_frames)
    if end_s <= start_s or last <= first:
        raise ValueError("Nothing is selected: the part holds no samples.")
    low = None if low_hz is None or low_hz <= NARROWEST_EDGE_HZ / 2 else low_hz
    high = None if high_hz is None or high_hz >= rate / 2 - NARROWEST_EDGE_HZ / 2 else high_hz
    title = part_name(whole or clip.name, first / rate, last / rate, low, high)
    if low is None and high is None:
        return clip.part(first, last - first, title)
    if (low or 0.0) >= (rate / 2 if high is None else high):
        raise ValueError("Nothing is selected: the band holds no frequency of this sound.")
    source, n = BandSource(clip, low, high), last - first
    return Clip(source, title, None, "WAV", clip.subtype, first, n, about=clip.about)


def part_name(name: str, start_s: float, end_s: float, low_hz: float | None, high_hz: float | None) -> str:
    """What a part is called: ``Bell (0.50-1.25 s)``, ``Bell (0.50-1.25 s, 200-4000 Hz)``."""
    places = 2 if end_s - start_s >= 0.1 else 4
    words = f"{start_s:.{places}f}-{end_s:.{places}f} s"
    if low_hz is not None and high_hz is not None:
        words += f", {low_hz:.0f}-{high_hz:.0f} Hz"
    elif low_hz is not None:
        words += f", above {low_hz:.0f} Hz"
    elif high_hz is not None:
        words += f", below {high_hz:.0f} Hz"
    return f"{name} ({words})"


def band_taps(rate: int, low_hz: float | None, high_hz: float | None) -> NDArray[np.float64]:
    """A linear-phase band filter ``[2 * half + 1]``: an ideal band times a Kaiser window.

    Its edges (6 dB down at ``low_hz`` and ``high_hz``) take a quarter of the lower limit, half of the band or half of
    the room above it, whatever is least; everything further out is :data:`STOP_DB` down. Kaiser's formulas: Oppenheim
    and Schafer, Discrete-Time Signal Processing, 7.5.3.
    """
    room_hz = [WIDEST_EDGE_HZ, min(f for f in (low_hz, high_hz) if f is not None) / 4]
    if high_hz is not None:
        room_hz += [(high_hz - (low_hz or 0.0)) / 2, (rate / 2 - high_hz) / 2]
    width_hz = max(min(room_hz), NARROWEST_EDGE_HZ)
    half = math.ceil((STOP_DB - 7.95) / (2.285 * 2 * math.pi * width_hz / rate) / 2)
    n = np.arange(-half, half + 1)

    def low_pass(edge_hz: float) -> NDArray[np.float64]:
        share = 2 * edge_hz / rate
        taps: NDArray[np.float64] = share * np.sinc(share * n)
        return taps

    top = low_pass(rate / 2 if high_hz is None else high_hz)
    taps = top if low_hz is None else top - low_pass(low_hz)
    window: NDArray[np.float64] = np.kaiser(2 * half + 1, 0.1102 * (STOP_DB - 8.7))
    return np.asarray(taps * window, dtype=np.float64)


class BandSource:
    """All of a clip, with only a band of its frequencies; filtered block by block while it is read."""

    def __init__(self, clip: Clip, low_hz: float | None, high_hz: float | None) -> None:
        self._clip = clip
        self.channels = clip.channels
        self.sample_rate = clip.sample_rate
        self.n_frames = clip.n_frames
        self._band = (low_hz, high_hz)
        self._lock = threading.Lock()
        self._designed: tuple[int, int, NDArray[np.complex128]] | None = None

    def read(self, start: int, n: int) -> Samples:
        """Frames ``start`` to ``start + n`` of the filtered clip as ``[channels, n]``."""
        first = min(max(start, 0), self.n_frames)
        last = min(max(start + n, first), self.n_frames)
        out = np.empty((self.channels, last - first), dtype=np.float32)
        for at in range(first, last, BLOCK):
            out[:, at - first : min(at + BLOCK, last) - first] = self._block(at, min(BLOCK, last - at))
        return out

    def _block(self, start: int, n: int) -> Samples:
        half, size, response = self._filter()
        # What the filter needs on both sides; beyond the ends of the clip there is silence.
        around = np.zeros((self.channels, size))
        begin = start - half
        real = self._clip.read(max(begin, 0), start + n + half - max(begin, 0)).samples
        offset = max(begin, 0) - begin
        around[:, offset : offset + real.shape[1]] = real
        filtered = np.fft.irfft(np.fft.rfft(around) * response, size)
        # Tap 0 of the circular convolution lies ``half`` late; only frames that nothing wrapped into are kept.
        kept: Samples = filtered[:, 2 * half : 2 * half + n].astype(np.float32)
        return kept

    def _filter(self) -> tuple[int, int, NDArray[np.complex128]]:
        with self._lock:
            if self._designed is None:
                taps = band_taps(self.sample_rate, *self._band)
                half = len(taps) // 2
                size = 1 << math.ceil(math.log2(BLOCK + 2 * half))
                self._designed = half, size, np.fft.rfft(taps, size)
            return self._designed

    def close(self) -> None:
        """The clip belongs to its take."""


def is_whole_file(clip: Clip) -> bool:
    """Whether the clip is all of the file it came from."""
    return clip.path is not None and clip.start == 0 and clip.n_frames == clip.source.n_frames


def opening_of(clip: Clip) -> Opening | None:
    """What a clip that is all of a file was opened from: two clips with the same one are the same sound.

    ``None`` for parts, for sounds made here and for those that were decoded to a temporary file.
    """
    return clip.source.opening if is_whole_file(clip) and isinstance(clip.source, FileSource) else None
