"""Write a sound to a file: block by block, complete or not at all, never over another one unasked.

What came in is the default of what goes out: a clip's sample format is kept where the container holds it, else the
smallest that loses nothing, else the best there is. Whole-number formats are copied bit by bit where source and target
allow it. What is known of how a clip came about is written with it (:mod:`engine.audio.texts`); markers and loops of a
source file are not carried over.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.audio.atomic import new_file
from engine.audio.chunks import count_aiff_frames
from engine.audio.formats import (
    INTEGER_BITS,
    Format,
    check_fits,
    container_for,
    format_for,
    kept_subtype,
    subtype_named,
    subtype_title,
)
from engine.audio.handles import shared_pool
from engine.audio.quantise import to_integers
from engine.audio.source import FileSource
from engine.audio.steps import Steps, finish
from engine.audio.texts import write_about
from engine.audio.trouble import reason
from engine.audio.values import Audio, Clip
from engine.errors import AudioUnwritable

BLOCK = 1 << 16
_QUALITY: dict[str, dict[str, Any]] = {
    "VORBIS": {"compression_level": 0.2},  # quality 8, about 256 kbit/s for stereo music
    "MPEG_LAYER_III": {"compression_level": 0.0, "bitrate_mode": "VARIABLE"},  # LAME's best, about 245 kbit/s
}
"""How lossy formats are written, in soundfile's terms: level 0 is the best, 1 the smallest."""


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a sound: where it is, how it is stored, and how many samples were louder than full scale."""

    path: Path
    format: str
    subtype: str
    n_clipped: int = 0

    @property
    def notice(self) -> str:
        """A sentence to show, or nothing."""
        if self.n_clipped == 0:
            return ""
        samples = "1 sample was" if self.n_clipped == 1 else f"{self.n_clipped} samples were"
        words = subtype_title(self.subtype)
        return f"{samples} louder than {words} can hold and got clipped; lower the level or write 32-bit float."


def write_clip(
    sound: Clip | Audio,
    path: str | os.PathLike[str],
    *,
    subtype: str | None = None,
    overwrite: bool = False,
    rng: np.random.Generator | None = None,
) -> Path:
    """Write ``sound`` to ``path`` and return it; everything is as for :func:`write_clip_steps`."""
    return finish(write_clip_steps(sound, path, subtype=subtype, overwrite=overwrite, rng=rng)).path


def write_clip_steps(
    sound: Clip | Audio,
    path: str | os.PathLike[str],
    *,
    subtype: str | None = None,
    overwrite: bool = False,
    rng: np.random.Generator | None = None,
) -> Steps[Written]:
    """Write ``sound`` in the format that the ending of ``path`` names, and yield the fraction done.

    ``subtype`` names a sample format (:data:`engine.audio.SUBTYPES` lists them; ``24`` and ``32f`` do, too); ``rng``
    makes the dither of 16-bit files (a fixed seed when left out: the same sound gives the same file). Closing the
    generator leaves nothing behind. Raises ``AudioExists`` when the file is there and ``overwrite`` is off,
    ``AudioUnwritable`` when format, channels, rate, length or place do not allow it or a sample is no number, and
    ``AudioUnreadable`` when the source fails.
    """
    clip = sound if isinstance(sound, Clip) else Clip.of(sound, "sound")
    target = Path(path)
    kind = format_for(target)
    chosen = kept_subtype(kind, target, clip.subtype, clip.sample_rate) if subtype is None else subtype_named(subtype)
    check_fits(kind, target, chosen, clip.channels, clip.sample_rate)
    container = container_for(kind, target, chosen, clip.channels, clip.n_frames)
    if clip.n_frames == 0:
        raise AudioUnwritable(f"{target.name} would hold no sound: its length is zero.")
    blocks = _Blocks(clip, target, chosen, np.random.default_rng(0) if rng is None else rng)
    with new_file(target, overwrite=overwrite) as temporary:
        yield from _write(temporary, container, chosen, clip, blocks.read, target)
        # Some systems do not let a file be replaced while it is open here.
        shared_pool().release(target.absolute())
    return Written(target, kind.name, chosen, blocks.n_clipped)


class _Blocks:
    """The clip's frames, ``[n, channels]``, in the numbers that the file is written with."""

    def __init__(self, clip: Clip, target: Path, subtype: str, rng: np.random.Generator) -> None:
        self.n_clipped = 0
        self._clip, self._target, self._rng = clip, target, rng
        self._bits = INTEGER_BITS.get(subtype)
        source_bits = INTEGER_BITS.get(clip.subtype)
        source = clip.source if isinstance(clip.source, FileSource) else None
        self._exact: FileSource | None = None
        self._is_double = subtype == "DOUBLE" and clip.subtype == "DOUBLE"
        holds_all = self._bits is not None and source_bits is not None and source_bits <= self._bits
        if source is not None and (holds_all or self._is_double):
            self._exact = source

    def read(self, start: int, n: int) -> NDArray[Any]:
        if self._exact is not None:
            first, n = self._clip.start + start, min(n, self._clip.n_frames - start)
            if not self._is_double:
                return self._exact.read_frames(first, n, "int32")
            frames = self._exact.read_frames(first, n, "float64")
            return np.where(np.isfinite(frames), frames, 0.0)
        samples = np.ascontiguousarray(self._clip.read(start, n).samples.T)
        if not np.isfinite(samples).all():
            at = (start + int(np.argmin(np.isfinite(samples).all(axis=1)))) / self._clip.sample_rate
            raise AudioUnwritable(
                f"{self._target.name} is not written: the sound holds a sample that is no number, at {at:.3f} s."
            )
        if self._bits is None:
            return samples
        whole, n_clipped = to_integers(samples, self._bits, self._rng)
        self.n_clipped += n_clipped
        return whole


def _write(
    temporary: Path, container: str, subtype: str, clip: Clip, read: Callable[[int, int], NDArray[Any]], target: Path
) -> Steps[None]:
    import soundfile

    quality = _QUALITY.get(subtype, {})
    try:
        with soundfile.SoundFile(
            str(temporary), "w", clip.sample_rate, clip.channels, subtype, format=container, **quality
        ) as file:
            write_about(file, clip.about)
            for start in range(0, clip.n_frames, BLOCK):
                block = read(start, BLOCK)
                file.write(block)
                yield min(1.0, (start + BLOCK) / clip.n_frames)
        if container == "AIFF":
            with temporary.open("r+b") as written:
                count_aiff_frames(written, clip.n_frames)
    except (soundfile.SoundFileError, AssertionError) as error:
        # An assertion: fewer frames than given were taken, which is how a full disk shows.
        words = "the disk is full or failed" if isinstance(error, AssertionError) else reason(error)
        raise AudioUnwritable(f"{target.name} cannot be written: {words}.") from error


def formats_for(clip: Clip) -> list[Format]:
    """The kinds of file that can hold ``clip`` as it is, for a menu."""
    from engine.audio.formats import FORMATS

    fitting = []
    for kind in FORMATS.values():
        path = Path(f"{clip.name}{kind.suffixes[0]}")
        try:
            check_fits(
                kind, path, kept_subtype(kind, path, clip.subtype, clip.sample_rate), clip.channels, clip.sample_rate
            )
        except AudioUnwritable:
            continue
        fitting.append(kind)
    return fitting
