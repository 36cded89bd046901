"""Tiles into pixels: bins to rows once for each tile, columns to pixels for each picture.

Where rows are denser than bins a row lies between two bins and takes their mixture; where several bins fall into one
row it takes the loudest. Columns of time are treated alike.

On the way a picture lies on its side, ``[columns, lanes, rows]``: choosing columns then copies whole stretches of
memory, which is ten times as fast.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.controls.freq_scale import FreqScale
from engine.audio.tiles import COLUMNS, Tile

Levels = NDArray[np.uint8]


@dataclass(frozen=True)
class RowMap:
    """Which bins make which row: ``mixed`` rows (from the low end) lie between bins, the others join several.

    ``below`` and ``part`` ``[mixed]`` are the lower bin and the upper one's share in 1/16; ``first`` ``[rest]`` are the
    bins where each of the other rows begins, ``last_bin`` ends the uppermost.
    """

    rows: int
    below: NDArray[np.intp]
    part: NDArray[np.uint16]
    first: NDArray[np.intp]
    last_bin: int

    @classmethod
    def of(cls, scale: FreqScale, rows: int, bins: int) -> RowMap:
        """The map for ``rows`` rows of the visible part of ``scale``, for a spectrum of ``bins`` bins."""
        top = bins - 1
        edges = scale.hz_at(np.linspace(0.0, 1.0, rows + 1)) / scale.nyquist_hz * top
        wide = np.diff(edges) > 1.0
        # Rows become taller towards high frequencies on every scale (equally tall on the linear one).
        mixed = rows if not wide.any() else int(np.argmax(wide))
        middles = np.clip((edges[:-1] + edges[1:]) / 2, 0, top)[:mixed]
        below = np.minimum(middles.astype(np.intp), max(top - 1, 0))
        part = np.round((middles - below) * 16).astype(np.uint16)
        first = np.clip(np.ceil(edges[mixed:-1] - 0.5), 0, top).astype(np.intp)
        last = int(np.clip(np.ceil(edges[-1] - 0.5), first[-1] + 1 if len(first) else 0, bins))
        return cls(rows, below, part, first, last)

    def apply(self, db: Levels) -> Levels:
        """``[lanes, bins, columns]`` to ``[columns, lanes, rows]``, the highest frequency first."""
        lanes, bins, columns = db.shape
        out = np.empty((lanes, self.rows, columns), np.uint8)
        mixed = len(self.below)
        if mixed:
            low = db[:, self.below].astype(np.uint16)
            high = db[:, np.minimum(self.below + 1, bins - 1)].astype(np.uint16)
            part = self.part[np.newaxis, :, np.newaxis]
            out[:, :mixed] = (low * (16 - part) + high * part + 8) >> 4
        if len(self.first):
            start = int(self.first[0])
            out[:, mixed:] = np.maximum.reduceat(db[:, start : self.last_bin], self.first - start, axis=1)
        return np.ascontiguousarray(out[:, ::-1].transpose(2, 0, 1))


@dataclass(frozen=True)
class Strip:
    """A run of neighbouring tiles of one level, already in rows: ``levels`` ``[columns, lanes, rows]``."""

    start_frame: int
    hop: int
    levels: Levels

    @property
    def end_frame(self) -> int:
        return self.start_frame + self.levels.shape[0] * self.hop


def strips_of(tiles: list[Tile], rows: dict[int, Levels]) -> list[Strip]:
    """Neighbouring tiles of one level joined; ``rows`` holds the mapped levels by ``id`` of the tile."""
    strips: list[Strip] = []
    run: list[Tile] = []
    for tile in [*sorted(tiles, key=lambda t: t.index), None]:
        if run and (tile is None or tile.index != run[-1].index + 1 or run[-1].columns < COLUMNS):
            levels = np.concatenate([rows[id(t)] for t in run]) if len(run) > 1 else rows[id(run[0])]
            strips.append(Strip(run[0].start_frame, run[0].settings.hop(run[0].level), levels))
            run = []
        if tile is not None:
            run.append(tile)
    return strips


def draw_strip(
    strip: Strip, picture: Levels, empty: NDArray[np.bool_], first_frame: float, frames_per_pixel: float
) -> None:
    """Fill the ``empty`` columns of ``picture`` ``[width, lanes, rows]`` that the strip reaches, and mark them full.

    The middle of pixel 0 lies half a pixel behind ``first_frame``.
    """
    width = picture.shape[0]
    left = max(int(np.ceil((strip.start_frame - first_frame) / frames_per_pixel - 0.5)), 0)
    right = min(int(np.ceil((strip.end_frame - first_frame) / frames_per_pixel - 0.5)), width)
    if right <= left or not empty[left:right].any():
        return
    pixels = np.flatnonzero(empty[left:right]) + left
    whole = len(pixels) == right - left
    target = slice(left, right) if whole else pixels
    n = strip.levels.shape[0]
    wide = frames_per_pixel / strip.hop
    places = (first_frame + (pixels + 0.5) * frames_per_pixel - strip.start_frame) / strip.hop
    if wide < 0.95:
        # Columns are wider than pixels: between the middles of two columns their mixture.
        places = np.clip(places - 0.5, 0, n - 1)
        below = np.minimum(places.astype(np.intp), max(n - 2, 0))
        part = np.round((places - below) * 16).astype(np.uint16)[:, np.newaxis, np.newaxis]
        low = strip.levels[below].astype(np.uint16)
        high = strip.levels[np.minimum(below + 1, n - 1)].astype(np.uint16)
        high *= part
        low *= 16 - part
        low += high
        low += 8
        low >>= 4
        picture[target] = low
    elif wide <= 1.05:
        picture[target] = strip.levels[np.clip(places.astype(np.intp), 0, n - 1)]
    else:
        before = np.clip((places - wide / 4).astype(np.intp), 0, n - 1)
        after = np.clip((places + wide / 4).astype(np.intp), 0, n - 1)
        picture[target] = np.maximum(strip.levels[before], strip.levels[after])
    empty[left:right] = False
