"""The best picture that the known tiles make of a stretch of sound, and the level at a place of it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.controls.freq_scale import FreqScale
from app.controls.spectro_image import RowMap, draw_strip, strips_of
from app.controls.tile_cache import TileCache
from engine.audio.spectral import peak_db
from engine.audio.tiles import SpectrogramSettings, Tile
from engine.audio.values import Clip

_LEVELS_UP, _LEVELS_DOWN = 8, 3
"""How far from the right zoom a stretched picture may come."""
_MOST_ROWS = 64
"""Tiles kept as rows of pixels beyond those that are drawn."""

Source = tuple[Clip, SpectrogramSettings]


@dataclass(frozen=True, slots=True)
class Stretch:
    """What is to be drawn: ``span_s`` from ``start_s``, ``width`` pixels wide, in ``lanes`` of ``rows`` pixels each.

    Of several ``sources`` the first that knows anything of a pixel is drawn there.
    """

    sources: Sequence[Source]
    start_s: float
    span_s: float
    width: int
    lanes: int
    rows: int

    def levels_of(self, source: Source) -> Iterator[int]:
        """Zoom levels of a source, best first: the right one, coarser ones, finer ones."""
        clip, settings = source
        if settings.lanes(clip.channels) != self.lanes and clip is not self.sources[0][0]:
            return
        ideal = settings.level_for(self.span_s * clip.sample_rate / self.width)
        yield from range(ideal, ideal + _LEVELS_UP + 1)
        yield from range(ideal - 1, max(ideal - _LEVELS_DOWN, 0) - 1, -1)


class SpectroPicture:
    """Composes tiles of a cache into pixels; keeps them as rows of pixels from one picture to the next."""

    def __init__(self, cache: TileCache, scale: FreqScale) -> None:
        self._cache = cache
        self._scale = scale
        self._rows: dict[int, tuple[Tile, NDArray[np.uint8]]] = {}
        self._row_maps: dict[int, RowMap] = {}
        self._rows_for: tuple[object, ...] = ()
        self.used: dict[int, Tile] = {}
        """The tiles of the last picture, by ``id``."""
        self.unknown = 1.0
        """Share of the last picture of which nothing was known."""

    def compose(self, stretch: Stretch) -> NDArray[np.uint8]:
        """The levels of all pixels, ``[lanes, rows, width]``; what nothing is known of is silent."""
        scale, width = self._scale, stretch.width
        rows_for = (stretch.rows, scale.name, scale.low_hz, scale.high_hz, scale.nyquist_hz)
        if rows_for != self._rows_for:
            self._rows_for = rows_for
            self._rows.clear()
            self._row_maps.clear()
        used: dict[int, Tile] = {}
        picture = np.zeros((width, stretch.lanes, stretch.rows), np.uint8)
        empty = np.ones(width, bool)
        for source in stretch.sources:
            clip, settings = source
            per_pixel = stretch.span_s * clip.sample_rate / width
            # Pixels keep their place in the sound while the view pans, so that the picture does not shimmer.
            first = round(stretch.start_s * clip.sample_rate / per_pixel) * per_pixel
            for level in stretch.levels_of(source):
                between = settings.tiles_between(level, first, first + width * per_pixel, clip.n_frames)
                tiles = [t for t in (self._cache.get(clip, settings, level, i) for i in between) if t is not None]
                if not tiles or tiles[0].db.shape[0] not in (1, stretch.lanes):
                    continue
                mapped = {id(t): self._mapped(t, stretch.rows) for t in tiles}
                used |= {id(t): t for t in tiles}
                for strip in strips_of(tiles, mapped):
                    draw_strip(strip, picture, empty, first, per_pixel)
                if not empty.any():
                    break
            if not empty.any():
                break
        self.used = used
        self.unknown = float(empty.mean())
        if len(self._rows) > _MOST_ROWS:
            self._rows = {key: value for key, value in self._rows.items() if key in used}
        return np.ascontiguousarray(picture.transpose(1, 2, 0))

    def level_db(self, stretch: Stretch, lane: int, time_s: float, low_hz: float, high_hz: float) -> float | None:
        """The level at a time, of the loudest partial from ``low_hz`` to ``high_hz``; ``None`` where nothing is known.

        A partial that lies between two bins reads as loud as one that meets a bin.
        """
        for source in stretch.sources:
            clip, settings = source
            frame = time_s * clip.sample_rate
            for level in stretch.levels_of(source):
                for index in settings.tiles_between(level, frame, frame + 1, clip.n_frames):
                    tile = self._cache.get(clip, settings, level, index)
                    if tile is not None:
                        per_pixel = stretch.span_s * clip.sample_rate / stretch.width
                        return _loudest_db(
                            tile, lane, frame, per_pixel, low_hz / clip.sample_rate, high_hz / clip.sample_rate
                        )
        return None

    def _mapped(self, tile: Tile, rows: int) -> NDArray[np.uint8]:
        known = self._rows.get(id(tile))
        if known is None:
            bins = tile.db.shape[1]
            if bins not in self._row_maps:
                self._row_maps[bins] = RowMap.of(self._scale, rows, bins)
            # The tile is kept with its rows, so that its id stays its own.
            known = self._rows[id(tile)] = (tile, self._row_maps[bins].apply(tile.db))
        return known[1]


def _loudest_db(tile: Tile, lane: int, frame: float, per_pixel: float, low: float, high: float) -> float:
    """The level of a tile in the pixel around ``frame``; ``low`` and ``high`` are frequencies over the sample rate."""
    size, hop = tile.settings.fft_size, tile.settings.hop(tile.level)
    lanes, bins, columns = tile.db.shape
    first = min(max(int((frame - per_pixel / 2 - tile.start_frame) / hop), 0), columns - 1)
    last = min(max(math.ceil((frame + per_pixel / 2 - tile.start_frame) / hop), first + 1), columns)
    spectrum = tile.db[min(lane, lanes - 1), :, first:last].max(axis=1)
    nearest = min(max(round((low + high) / 2 * size), 0), bins - 1)
    lowest = min(max(math.ceil(low * size), 0), nearest)
    highest = max(min(math.floor(high * size), bins - 1), nearest)
    loudest = lowest + int(np.argmax(spectrum[lowest : highest + 1]))
    return peak_db(spectrum, loudest, tile.settings.window)
