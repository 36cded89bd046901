"""What a sound file is, in words and numbers, from one pass over it."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.about import NOTHING, About
from engine.audio.files import not_numbers, open_clip_steps
from engine.audio.formats import INTEGER_BITS, format_title, subtype_title
from engine.audio.loudness import LoudnessMeter
from engine.audio.source import FLOATS, FileSource
from engine.audio.steps import Steps, finish
from engine.audio.values import Clip

SHORTEST_S = 0.4
"""BS.1770 knows no loudness of less than one block."""
_BLOCK = 1 << 16
_CHANNEL_WORDS = {1: "mono", 2: "stereo"}


@dataclass(frozen=True, slots=True)
class ClipInfo:
    """The facts about a sound; ``peak_dbfs`` and ``loudness_lufs`` are ``-inf`` for silence.

    ``loudness_lufs`` is ``None`` under :data:`SHORTEST_S`: the standard measures blocks of that length.
    """

    path: Path | None
    name: str
    format: str
    subtype: str
    sample_rate: int
    channels: int
    n_frames: int
    duration_s: float
    peak_dbfs: float
    loudness_lufs: float | None
    notice: str = ""
    about: About = NOTHING

    @property
    def bits(self) -> int | None:
        """Bits of a sample; ``None`` for lossy and float formats."""
        return INTEGER_BITS.get(self.subtype)

    def to_json(self) -> dict[str, Any]:
        """Plain data; silence has ``None`` for its levels, because JSON knows no infinity."""
        return {
            "path": None if self.path is None else str(self.path.resolve()),
            "name": self.name,
            "format": self.format,
            "subtype": self.subtype,
            "bits": self.bits,
            "sample_rate": self.sample_rate,
            "channels": self.channels,
            "n_frames": self.n_frames,
            "duration_s": self.duration_s,
            "peak_dbfs": _finite(self.peak_dbfs),
            "loudness_lufs": None if self.loudness_lufs is None else _finite(self.loudness_lufs),
            "notice": self.notice,
            "about": self.about.to_json(),
        }

    def __str__(self) -> str:
        """One fact a line, as a person reads it."""
        channels = _CHANNEL_WORDS.get(self.channels, f"{self.channels} channels")
        rows = [
            ("File", str(self.path) if self.path is not None else self.name),
            ("Format", f"{format_title(self.format)}, {subtype_title(self.subtype)}"),
            ("Rate", f"{self.sample_rate} Hz"),
            ("Channels", channels),
            ("Length", f"{duration_words(self.duration_s)} ({self.n_frames} frames)"),
            ("Peak", _level(self.peak_dbfs, "dBFS")),
            ("Loudness", "too short" if self.loudness_lufs is None else _level(self.loudness_lufs, "LUFS")),
        ]
        rows += [(label, text) for label, text in (("Made", self.about.made), ("Licence", self.about.licence)) if text]
        if self.notice:
            rows.append(("Note", self.notice))
        return "\n".join(f"{label + ':':<10}{value}" for label, value in rows)


def describe(path: str | os.PathLike[str]) -> ClipInfo:
    """Read a file from beginning to end, in blocks, and say what it is; raises ``AudioUnreadable``."""
    return finish(describe_steps(path))


def describe_steps(path: str | os.PathLike[str]) -> Steps[ClipInfo]:
    """The same, yielding the fraction done."""
    clip = yield from open_clip_steps(path)
    return (yield from describe_clip_steps(clip))


def describe_clip_steps(clip: Clip) -> Steps[ClipInfo]:
    """What an open clip is; counts samples that are no numbers as it goes."""
    meter = LoudnessMeter(clip.sample_rate, clip.channels)
    peak, n_bad, first_bad = 0.0, 0, 0
    raw = clip.source if isinstance(clip.source, FileSource) and clip.source.subtype in FLOATS else None
    for start in range(0, clip.n_frames, _BLOCK):
        if raw is None:
            samples = clip.read(start, _BLOCK).samples
        else:
            # As they are in the file: what is no number is counted here.
            n = min(_BLOCK, clip.n_frames - start)
            samples = raw.read_frames(clip.start + start, n, "float32").T
            finite = np.isfinite(samples)
            if not finite.all():
                first_bad = first_bad if n_bad else start + int(np.argmin(finite.all(axis=0)))
                n_bad += int(finite.size - np.count_nonzero(finite))
                samples = np.where(finite, samples, np.float32(0.0))
        peak = max(peak, float(np.max(np.abs(samples))))
        meter.add(samples)
        yield min(1.0, (start + _BLOCK) / clip.n_frames)
    notice = clip.notice
    if n_bad and raw is not None and "no number" not in notice:
        notice = f"{notice} {not_numbers(raw.path, n_bad, first_bad / clip.sample_rate)}".strip()
    loudness = meter.lufs() if clip.duration_s >= SHORTEST_S else None
    return ClipInfo(
        clip.path, clip.name, clip.format, clip.subtype, clip.sample_rate, clip.channels, clip.n_frames,
        clip.duration_s, 20.0 * math.log10(peak) if peak > 0.0 else -math.inf, loudness, notice, clip.about,
    )  # fmt: skip


def duration_words(seconds: float) -> str:
    """``0.250 s``, ``1:05.300``, ``2:03:04.500``."""
    if seconds < 60.0:
        return f"{seconds:.3f} s"
    milliseconds = round(seconds * 1000.0)
    minutes, rest = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    tail = f"{rest / 1000.0:06.3f}"
    return f"{hours}:{minutes:02d}:{tail}" if hours else f"{minutes}:{tail}"


def _level(value: float, unit: str) -> str:
    return f"{value:.1f} {unit}" if math.isfinite(value) else "silent"


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
