"""The spectrogram in tiles: what is visible, at the resolution that is visible, the rough picture first.

Time is cut the same way at every zoom. A column of level L stands for ``hop(0) * 2**L`` frames, where ``hop(0)`` is an
eighth of the FFT; :data:`COLUMNS` columns make a tile. A column that stands for more than one FFT can see holds, for
each bin, the loudest of several FFTs spread over its stretch: a click does not vanish because the view is zoomed out.

A request names the tiles of one level. Before them come ``coarse`` tiles two levels up, made of one FFT for each
column: a quarter of the columns and far less to read, so that something is there at once.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from engine.audio.pyramid import seeks_at_once
from engine.audio.spectral import FFT_SIZES, WINDOWS, Levels, Power, WindowName, fft_cost_us, power, to_levels
from engine.audio.values import Clip, Samples

COLUMNS = 256
COARSER = 2
"""How many levels up the coarse tiles lie."""
MAX_LEVEL = 24

_MOST_FFTS = 8
"""FFTs that a column at most looks at, however long its stretch is."""
_STEP_US = 8000.0
_STEP_SAMPLES = 1 << 18
_SEEK_FRAMES = 60_000
"""A seek in a compressed file costs about as much as decoding this many frames."""


@dataclass(frozen=True, slots=True)
class SpectrogramSettings:
    """How the picture is computed. ``mix`` joins the channels into one lane; otherwise each has its own."""

    fft_size: int = 2048
    window: WindowName = "hann"
    mix: bool = False

    def __post_init__(self) -> None:
        if self.fft_size not in FFT_SIZES:
            raise ValueError(f"The FFT size must be one of {', '.join(map(str, FFT_SIZES))}, not {self.fft_size}.")
        if self.window not in WINDOWS:
            raise ValueError(f"There is no window called {self.window!r}; there are {', '.join(WINDOWS)}.")

    @property
    def bins(self) -> int:
        return self.fft_size // 2 + 1

    def hop(self, level: int) -> int:
        """Frames that a column of ``level`` stands for."""
        return (self.fft_size // 8) << level

    def lanes(self, channels: int) -> int:
        return 1 if self.mix else channels

    def level_for(self, frames_per_pixel: float) -> int:
        """The level whose columns are closest to one pixel wide."""
        ratio = max(frames_per_pixel, 1e-9) / self.hop(0)
        return min(max(round(math.log2(ratio)), 0), MAX_LEVEL)

    def tiles_between(self, level: int, start: float, end: float, n_frames: int) -> range:
        """Indices of the tiles that frames ``start`` to ``end`` of a sound of ``n_frames`` touch."""
        span = self.hop(level) * COLUMNS
        first = math.floor(max(start, 0) / span)
        return range(first, max(math.ceil(min(end, n_frames) / span), first))


@dataclass(frozen=True, eq=False, slots=True)
class Tile:
    """One piece of the picture: ``db`` ``[lanes, bins, columns]`` in half decibels (see :mod:`engine.audio.spectral`).

    Column ``c`` is centred on frame ``(index * COLUMNS + c + 0.5) * settings.hop(level)``. The last tile of a sound
    has only the columns that the sound reaches.
    """

    level: int
    index: int
    settings: SpectrogramSettings
    db: Levels = field(repr=False)
    coarse: bool = False

    @property
    def columns(self) -> int:
        return int(self.db.shape[2])

    @property
    def start_frame(self) -> int:
        return self.index * COLUMNS * self.settings.hop(self.level)

    @property
    def end_frame(self) -> int:
        return self.start_frame + self.columns * self.settings.hop(self.level)


@dataclass(frozen=True, slots=True)
class TileRequest:
    """Tiles that a view wants, the most visible ones first; a newer request of the same ``key`` replaces this one."""

    settings: SpectrogramSettings
    level: int
    indices: tuple[int, ...]
    coarse: tuple[int, ...] = ()
    """Indices, ``COARSER`` levels up, of the coarse tiles to send first."""
    key: str = "tiles"


@dataclass(frozen=True, slots=True)
class DetailRequest:
    """The samples themselves, for a waveform zoomed in beyond the pyramid: ``n_frames`` from ``start``."""

    start: int
    n_frames: int
    key: str = "detail"


@dataclass(frozen=True, eq=False, slots=True)
class Detail:
    """What a :class:`DetailRequest` asked for: ``samples`` ``[channels, frames]`` from frame ``start``."""

    start: int
    samples: Samples = field(repr=False)


Piece = Tile | Detail
Request = TileRequest | DetailRequest


def compute_tiles(clip: Clip, request: Request) -> Generator[tuple[float, Piece | None], None, None]:
    """Serve a request in short steps: yields the share done, and a finished piece or ``None``.

    Raises what reading the clip raises.
    """
    if isinstance(request, DetailRequest):
        yield 1.0, Detail(max(request.start, 0), clip.read(request.start, request.n_frames).samples)
        return
    level, settings = request.level, request.settings
    work = [(level + COARSER, index, True) for index in request.coarse]
    work += [(level, index, False) for index in request.indices]
    for done, (at_level, index, coarse) in enumerate(work):
        for tile in tile_steps(clip, settings, at_level, index, coarse=coarse):
            yield (done if tile is None else done + 1) / len(work), tile


def tile_steps(
    clip: Clip, settings: SpectrogramSettings, level: int, index: int, *, coarse: bool = False
) -> Iterator[Tile | None]:
    """Compute one tile: yields ``None`` after each step but the last, which yields the tile.

    Nothing is yielded for a tile behind the end of the sound.
    """
    hop = settings.hop(level)
    first = index * COLUMNS
    n_columns = min(COLUMNS, math.ceil(clip.n_frames / hop) - first)
    if n_columns <= 0:
        return
    lanes = settings.lanes(clip.channels)
    # FFTs of which half overlaps see every frame; more would show nothing new at this zoom.
    per_column = 1 if coarse else min(max(math.ceil(2 * hop / settings.fft_size), 1), _MOST_FFTS)
    levels = np.zeros((lanes, settings.bins, n_columns), np.uint8)
    apart = _read_apart(clip, hop / per_column, settings.fft_size)
    at_once = _columns_per_step(clip, settings, hop, per_column, apart)
    for start in range(0, n_columns, at_once):
        end = min(start + at_once, n_columns)
        centres = (np.arange((end - start) * per_column) + 0.5) * (hop / per_column) + (first + start) * hop
        frames = _frames(clip, settings, centres.astype(np.int64), apart)
        loudest = _loudest(frames, settings.window, per_column)
        levels[:, :, start:end] = to_levels(loudest).transpose(0, 2, 1)
        if end < n_columns:
            yield None
    levels.flags.writeable = False
    yield Tile(level, index, settings, levels, coarse)


def tile_cost_us(clip: Clip, settings: SpectrogramSettings, level: int, *, coarse: bool) -> float:
    """About how long the tiles of a whole sound in memory take at ``level``, in microseconds."""
    hop = settings.hop(level)
    per_column = 1 if coarse else min(max(math.ceil(2 * hop / settings.fft_size), 1), _MOST_FFTS)
    ffts = math.ceil(clip.n_frames / hop) * per_column * settings.lanes(clip.channels)
    return ffts * fft_cost_us(settings.fft_size)


def _loudest(frames: NDArray[np.float32], window: WindowName, per_column: int) -> Power:
    """``frames`` ``[lanes, columns * per_column, size]`` to power ``[lanes, columns, bins]``."""
    values = power(frames, window)
    if per_column == 1:
        return values
    lanes, n, bins = values.shape
    loudest: Power = values.reshape(lanes, n // per_column, per_column, bins).max(axis=2)
    return loudest


def _read_apart(clip: Clip, distance: float, size: int) -> bool:
    """Whether to read each FFT's frames for themselves: when more lies between two of them than a seek costs."""
    gap = distance - size
    return gap > (size if seeks_at_once(clip) else _SEEK_FRAMES)


def _columns_per_step(clip: Clip, settings: SpectrogramSettings, hop: int, per_column: int, apart: bool) -> int:
    """How many columns fit into one short step."""
    ffts = _STEP_US / fft_cost_us(settings.fft_size)
    if apart and not seeks_at_once(clip):
        ffts = min(ffts, 8)
    by_work = ffts / (per_column * settings.lanes(clip.channels))
    by_reading = math.inf if apart else _STEP_SAMPLES / (hop * clip.channels)
    return max(int(min(by_work, by_reading)), 1)


def _frames(clip: Clip, settings: SpectrogramSettings, centres: NDArray[np.int64], apart: bool) -> NDArray[np.float32]:
    """The frames around each centre, ``[lanes, centres, size]``; silence beyond the ends of the sound."""
    size = settings.fft_size
    starts = centres - size // 2
    if apart:
        return np.stack([_read_padded(clip, int(start), size, settings.mix) for start in starts], axis=1)
    block = _read_padded(clip, int(starts[0]), int(starts[-1] - starts[0]) + size, settings.mix)
    windows = np.lib.stride_tricks.sliding_window_view(block, size, axis=1)
    picked: NDArray[np.float32] = windows[:, starts - starts[0]]
    return picked


def _read_padded(clip: Clip, start: int, n: int, mix: bool) -> Samples:
    samples = clip.read(max(start, 0), n + min(start, 0)).samples
    if mix and samples.shape[0] > 1:
        samples = samples.mean(axis=0, keepdims=True)
    before = max(-start, 0)
    after = n - before - samples.shape[1]
    return np.pad(samples, ((0, 0), (before, after))) if before or after else samples
