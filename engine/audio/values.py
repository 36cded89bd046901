"""Sound as values: ``Audio`` is samples in memory, ``Clip`` is a sound that may be hours long and live in a file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from engine.about import NOTHING, About

Samples = NDArray[np.float32]
"""``[channels, frames]``, float32, nominally -1..1."""


@dataclass(frozen=True, eq=False)
class Audio:
    """A sound in memory: ``samples`` ``[channels, frames]`` float32 (made read-only), ``sample_rate`` in Hz.

    A one-dimensional array is taken as mono. Raises ``ValueError`` for any other shape or a rate that is not positive.
    """

    samples: Samples
    sample_rate: int

    def __post_init__(self) -> None:
        samples = np.asarray(self.samples, dtype=np.float32)
        if samples.ndim == 1:
            samples = samples[np.newaxis]
        if samples.ndim != 2 or samples.shape[0] < 1:
            raise ValueError(f"Audio wants [channels, frames], not shape {np.shape(self.samples)}.")
        if self.sample_rate <= 0:
            raise ValueError(f"A sample rate must be positive, not {self.sample_rate}.")
        # A read-only view: the caller's own array stays as it was.
        samples = samples.view()
        samples.flags.writeable = False
        object.__setattr__(self, "samples", samples)

    @property
    def channels(self) -> int:
        return int(self.samples.shape[0])

    @property
    def n_frames(self) -> int:
        return int(self.samples.shape[1])

    @property
    def duration_s(self) -> float:
        return self.n_frames / self.sample_rate

    @property
    def peak(self) -> float:
        """Largest magnitude of any sample; 0 for an empty sound."""
        return float(np.max(np.abs(self.samples))) if self.samples.size else 0.0


class FrameSource(Protocol):
    """Where a clip's samples come from: an open file, an array, a decoded temporary file.

    Every source seeks exactly: ``read(start, n)`` gives the very samples that reading from the first frame would give
    (Opus differs in the last bit of a float). Reads may come from several threads at once and do not wait for each
    other. What they cost, on one slow core: reading on from where a read ended decodes 20 to 50 million stereo frames
    a second (10 minutes of WAV, FLAC, MP3 or OGG in 0.6 to 1.3 s, Opus in 4 s; blocks of 65536 frames are a good size);
    a jump costs 0.1 ms for WAV, 0.4 to 0.8 ms for FLAC, OGG and MP3 and 5 ms for Opus, so a coarse look at a whole
    file is best made of some hundred short reads at equal distances.

    Samples that are no numbers (NaN, infinity) come out as silence. ``read`` raises ``AudioUnreadable`` when the file
    behind the source has gone or has changed since it was opened.
    """

    channels: int
    n_frames: int
    sample_rate: int

    def read(self, start: int, n: int) -> Samples:
        """Frames ``start`` to ``start + n`` as ``[channels, n]``; safe to call from several threads."""
        ...

    def close(self) -> None: ...


@dataclass(frozen=True, eq=False)
class Clip:
    """A sound that is read in parts: what takes, stems, the player, views and separators hold.

    ``path`` is the file it came from, or ``None`` for a sound made here. ``subtype`` is soundfile's name of the sample
    format (``"PCM_24"``, ``"FLOAT"``), the default for what is written from it; ``format`` is soundfile's name of the
    container (``"WAV"``). ``start`` and ``n_frames`` choose a part of the source, in frames. ``notice`` is a sentence
    to show when the file was opened although something is wrong with it (cut short, samples that are no numbers).
    ``about`` is what is known of how it came about; whatever is written from the clip says it too.
    """

    source: FrameSource
    name: str
    path: Path | None = None
    format: str = "WAV"
    subtype: str = "FLOAT"
    start: int = 0
    n_frames: int = -1
    notice: str = ""
    about: About = NOTHING

    def __post_init__(self) -> None:
        longest = self.source.n_frames - self.start
        if not 0 <= self.start <= self.source.n_frames:
            raise ValueError(f"A clip cannot start at frame {self.start} of {self.source.n_frames}.")
        n = longest if self.n_frames < 0 else min(self.n_frames, longest)
        object.__setattr__(self, "n_frames", n)

    @property
    def sample_rate(self) -> int:
        return self.source.sample_rate

    @property
    def channels(self) -> int:
        return self.source.channels

    @property
    def duration_s(self) -> float:
        return self.n_frames / self.sample_rate

    def read(self, start: int, n: int) -> Audio:
        """Frames ``start`` to ``start + n`` of the clip; the part beyond its ends is left out."""
        first = min(max(start, 0), self.n_frames)
        last = min(max(start + n, first), self.n_frames)
        return Audio(self.source.read(self.start + first, last - first), self.sample_rate)

    def part(self, start: int, n: int, name: str | None = None) -> Clip:
        """A clip of ``n`` frames from ``start``, sharing the same source."""
        first = min(max(start, 0), self.n_frames)
        n = min(max(n, 0), self.n_frames - first)
        first += self.start
        return Clip(self.source, name or self.name, self.path, self.format, self.subtype, first, n, about=self.about)

    @classmethod
    def of(cls, audio: Audio, name: str, *, subtype: str = "FLOAT", about: About = NOTHING) -> Clip:
        """A clip of a sound in memory."""
        return cls(ArraySource(audio), name, subtype=subtype, about=about)


class ArraySource:
    """The frames of a sound in memory."""

    def __init__(self, audio: Audio) -> None:
        self.audio = audio
        self.channels = audio.channels
        self.n_frames = audio.n_frames
        self.sample_rate = audio.sample_rate

    def read(self, start: int, n: int) -> Samples:
        return self.audio.samples[:, start : start + n]

    def close(self) -> None:
        """Nothing to release."""
