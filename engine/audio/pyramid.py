"""The waveform at every zoom: smallest, largest and mean square value of blocks of frames, in ever coarser levels.

Level 0 holds blocks of :data:`BASE` frames, each further level joins :data:`FACTOR` blocks of the one below, so a view
never looks at more than a few blocks for each pixel. An hour of 48 kHz stereo takes about 22 MB.

A long file is read once, in parts. The partial pyramids on the way share their arrays with the final one: the builder
only ever writes behind what a partial pyramid shows, so each of them is a value that does not change. Where seeking is
quick a sparse pass comes first: short probes all over the file stand in for what has not been read yet.
"""

from __future__ import annotations

import itertools
from collections.abc import Generator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from engine.audio.values import ArraySource, Audio, Clip, Samples

BASE = 256
"""Frames in a block of level 0."""
FACTOR = 4
"""Blocks of one level that make a block of the next."""

Blocks = NDArray[np.float32]
"""``[channels, 3, blocks]``: smallest value, largest value, mean square."""

_STEP_SAMPLES = 1 << 18
"""Samples (frames times channels) that one step reads: about 2 ms of PCM and 6 ms of a compressed file."""
_PROBES = 512
_PROBE_FRAMES = 1024
_ROUGH_FROM_FRAMES = 3_000_000
"""Shorter files are read faster than probed."""


@dataclass(frozen=True, eq=False)
class Pyramid:
    """What the waveform view draws from.

    ``levels[k]`` are :data:`Blocks` of ``BASE * FACTOR**k`` frames and cover the first ``filled`` of ``n_frames``
    frames; ``rough`` are equally long blocks over the whole sound, known from a few frames each, or ``None``.
    """

    sample_rate: int
    n_frames: int
    channels: int
    levels: tuple[Blocks, ...] = field(repr=False)
    filled: int
    rough: Blocks | None = field(default=None, repr=False)

    @property
    def fraction(self) -> float:
        """Share of the sound that has been read, 0..1."""
        return self.filled / self.n_frames if self.n_frames else 1.0

    @property
    def complete(self) -> bool:
        return self.filled >= self.n_frames

    def columns(self, edges: NDArray[np.float64]) -> Blocks:
        """Extremes and mean square between neighbours of ``edges`` (frames, rising, ``[n + 1]``): ``[channels, 3, n]``.

        Columns reach out to whole blocks of the level that fits their width. What is not known yet, or lies outside
        the sound, is silent.
        """
        n = len(edges) - 1
        out = np.zeros((self.channels, 3, max(n, 0)), np.float32)
        if n < 1 or self.n_frames == 0:
            return out
        width = max((edges[-1] - edges[0]) / n, 1e-9)
        inside = (edges[1:] > 0) & (edges[:-1] < self.n_frames)
        known = inside & (edges[1:] <= self.filled) if not self.complete else inside
        if known.any():
            level = self._level_for(width)
            _reduce(self.levels[level], edges, BASE * FACTOR**level, known, out)
        unknown = inside & ~known
        if self.rough is not None and unknown.any():
            _reduce(self.rough, edges, self.n_frames / self.rough.shape[2], unknown, out)
        return out

    def _level_for(self, frames_per_column: float) -> int:
        level = 0
        while level + 1 < len(self.levels) and BASE * FACTOR ** (level + 1) <= frames_per_column:
            level += 1
        # A partial pyramid may have no block yet at the level that would fit.
        while level > 0 and self.levels[level].shape[2] == 0:
            level -= 1
        return level


def _reduce(
    blocks: Blocks, edges: NDArray[np.float64], block_frames: float, wanted: NDArray[np.bool_], out: Blocks
) -> None:
    """Join ``blocks`` into the ``wanted`` columns of ``out``."""
    n_blocks = blocks.shape[2]
    if n_blocks == 0:
        return
    first = np.clip(np.floor(edges[:-1][wanted] / block_frames).astype(np.intp), 0, n_blocks - 1)
    last = np.clip(np.ceil(edges[1:][wanted] / block_frames).astype(np.intp), first + 1, n_blocks)
    # reduceat joins [start, next start); every second result is the gap between two columns and is dropped. The
    # doubled last block makes n_blocks a valid end.
    ends = np.empty(2 * len(first), np.intp)
    ends[0::2], ends[1::2] = first, last
    low, high = ends[0], ends[-1]
    part = blocks[:, :, low:high]
    part = np.concatenate([part, part[:, :, -1:]], axis=2)
    ends -= low
    out[:, 0, wanted] = np.minimum.reduceat(part[:, 0], ends, axis=1)[:, ::2]
    out[:, 1, wanted] = np.maximum.reduceat(part[:, 1], ends, axis=1)[:, ::2]
    out[:, 2, wanted] = np.add.reduceat(part[:, 2], ends, axis=1)[:, ::2] / (last - first)


def sample_columns(samples: Samples, first_frame: int, edges: NDArray[np.float64]) -> Blocks:
    """The same as :meth:`Pyramid.columns`, from the samples themselves: for columns of a few frames.

    ``samples`` ``[channels, frames]`` begin at ``first_frame``; columns that they do not reach are silent.
    """
    n = len(edges) - 1
    out = np.zeros((samples.shape[0], 3, max(n, 0)), np.float32)
    inside = (edges[1:] > first_frame) & (edges[:-1] < first_frame + samples.shape[1])
    if n > 0 and inside.any():
        blocks = np.stack([samples, samples, np.square(samples)], axis=1)
        _reduce(blocks, edges - first_frame, 1.0, inside, out)
    return out


def pyramid_of(audio: Audio) -> Pyramid:
    """The whole pyramid of a sound in memory, at once: 0.2 ms for 2 s and 2 ms for 20 s of 48 kHz stereo."""
    levels = _allocate(audio.channels, audio.n_frames)
    _fill_base(levels[0], 0, audio.samples)
    _fill_above(levels, 0, levels[0].shape[2])
    return _snapshot(audio.sample_rate, audio.n_frames, levels, audio.n_frames, None)


def build_pyramid(clip: Clip) -> Generator[tuple[float, Pyramid], None, Pyramid]:
    """Read a clip once and return its pyramid; yields the share done and a partial one after each short step.

    Raises what reading the clip raises.
    """
    if isinstance(clip.source, ArraySource):
        step_frames = _whole_blocks(4 * _STEP_SAMPLES // clip.channels)
    else:
        step_frames = _whole_blocks(_STEP_SAMPLES // clip.channels)
    levels = _allocate(clip.channels, clip.n_frames)
    rough: Blocks | None = None
    if clip.n_frames >= _ROUGH_FROM_FRAMES and not seeks_at_once(clip):
        for rough in _probe(clip):
            yield 0.0, _snapshot(clip.sample_rate, clip.n_frames, levels, 0, rough)
    for start in range(0, clip.n_frames, step_frames):
        samples = clip.read(start, step_frames).samples
        first = start // BASE
        _fill_base(levels[0], first, samples)
        filled = min(start + step_frames, clip.n_frames)
        _fill_above(levels, first, levels[0].shape[2] if filled == clip.n_frames else filled // BASE)
        yield filled / clip.n_frames, _snapshot(clip.sample_rate, clip.n_frames, levels, filled, rough)
    return _snapshot(clip.sample_rate, clip.n_frames, levels, clip.n_frames, None)


def seeks_at_once(clip: Clip) -> bool:
    """Whether reading anywhere costs no more than reading on: sounds in memory and plain sample files."""
    return isinstance(clip.source, ArraySource) or clip.format in _PLAIN_FORMATS


_PLAIN_FORMATS = frozenset({"WAV", "WAVEX", "RF64", "W64", "AIFF", "CAF", "AU", "RAW"})


def _probe(clip: Clip) -> Generator[Blocks, None, None]:
    """Short reads all over the clip, closer and closer; each yield is a rough picture of the whole."""
    cell = clip.n_frames / _PROBES
    cells = np.arange(_PROBES)
    found = np.zeros((clip.channels, 3, _PROBES), np.float32)
    picture = found.copy()
    coarsest = 16
    for stride in (coarsest, 8, 4, 2, 1):
        # Every second one was probed in the round before.
        fresh = cells[::stride] if stride == coarsest else cells[stride :: 2 * stride]
        for count, number in enumerate(fresh):
            middle = int((number + 0.5) * cell)
            samples = clip.read(middle - _PROBE_FRAMES // 2, _PROBE_FRAMES).samples
            if samples.shape[1]:
                found[:, :, number] = _extremes(samples)
            if count % 8 == 7:
                yield picture
        picture = _read_only(found[:, :, cells - cells % stride])
        yield picture


def _extremes(samples: Samples) -> NDArray[np.float32]:
    return np.stack([samples.min(1), samples.max(1), np.square(samples).mean(1)], axis=1)


def _whole_blocks(frames: int) -> int:
    """A number of frames that fills whole blocks of level 0 and of level 1."""
    unit = BASE * FACTOR
    return max(frames // unit, 1) * unit


def _allocate(channels: int, n_frames: int) -> tuple[Blocks, ...]:
    levels = []
    n_blocks = -(-n_frames // BASE)
    while True:
        levels.append(np.zeros((channels, 3, n_blocks), np.float32))
        if n_blocks <= FACTOR * 16:
            return tuple(levels)
        n_blocks = -(-n_blocks // FACTOR)


def _fill_base(level: Blocks, first: int, samples: Samples) -> None:
    whole = samples.shape[1] // BASE
    blocks = samples[:, : whole * BASE].reshape(samples.shape[0], whole, BASE)
    target = level[:, :, first : first + whole]
    if whole:
        blocks.min(axis=2, out=target[:, 0])
        blocks.max(axis=2, out=target[:, 1])
        np.einsum("cbf,cbf->cb", blocks, blocks, out=target[:, 2])
        target[:, 2] /= BASE
    rest = samples[:, whole * BASE :]
    if rest.shape[1]:
        level[:, :, first + whole] = _extremes(rest)


def _fill_above(levels: tuple[Blocks, ...], first: int, last: int) -> None:
    """Blocks ``first`` to ``last`` of level 0 are new: bring the levels above up to date with them."""
    for below, level in itertools.pairwise(levels):
        whole_below = last == below.shape[2]
        first //= FACTOR
        last = level.shape[2] if whole_below else last // FACTOR
        whole = min(last, below.shape[2] // FACTOR)
        if whole > first:
            shape = (below.shape[0], whole - first, FACTOR)
            parts = below[:, :, first * FACTOR : whole * FACTOR]
            parts[:, 0].reshape(shape).min(axis=2, out=level[:, 0, first:whole])
            parts[:, 1].reshape(shape).max(axis=2, out=level[:, 1, first:whole])
            parts[:, 2].reshape(shape).mean(axis=2, out=level[:, 2, first:whole])
        if last > whole:
            rest = below[:, :, whole * FACTOR :]
            level[:, 0, whole] = rest[:, 0].min(axis=1)
            level[:, 1, whole] = rest[:, 1].max(axis=1)
            level[:, 2, whole] = rest[:, 2].mean(axis=1)


def _snapshot(
    sample_rate: int, n_frames: int, levels: tuple[Blocks, ...], filled: int, rough: Blocks | None
) -> Pyramid:
    views = []
    for number, level in enumerate(levels):
        n = level.shape[2] if filled >= n_frames else filled // (BASE * FACTOR**number)
        views.append(_read_only(level[:, :, :n]))
    return Pyramid(sample_rate, n_frames, levels[0].shape[0], tuple(views), filled, rough)


def _read_only(blocks: Blocks) -> Blocks:
    view = blocks.view()
    view.flags.writeable = False
    return view
