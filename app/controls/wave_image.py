"""Extremes and mean square of columns into pixels, with soft edges: numpy draws it faster than a painter would."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor

UNIT = 15
"""Parts of a pixel in which edges are placed: coverage 0..15 of two layers makes one byte."""
_TALLEST = 2000


def joined(low: NDArray[np.float32], high: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Stretch each column until it meets the one before, so that a steep wave stays one line. Shapes ``[columns]``."""
    low, high = low.copy(), high.copy()
    low[1:], high[1:] = np.minimum(low[1:], high[:-1]), np.maximum(high[1:], low[:-1])
    return low, high


def draw_wave(
    columns: NDArray[np.float32],
    height: int,
    *,
    gain: float = 1.0,
    thickness: float = 1.0,
    dim: NDArray[np.bool_] | None = None,
) -> NDArray[np.uint8]:
    """One lane: ``columns`` ``[3, n]`` (lowest, highest, mean square) as ``[height, n]`` of :func:`wave_colours`.

    Full scale fills the height; ``thickness`` is the least height of a column in pixels; ``dim`` columns are fainter.
    """
    height = min(height, _TALLEST)
    low, high = joined(columns[0], columns[1])
    rms = np.sqrt(columns[2])
    half = (height - 1) / 2
    centre = height / 2

    def place(values: NDArray[np.float32]) -> NDArray[np.float32]:
        placed: NDArray[np.float32] = centre - np.clip(values * gain, -1, 1) * half
        return placed

    top, bottom = place(high), place(low)
    thin = np.maximum(thickness - (bottom - top), 0) / 2
    peak = _coverage(top - thin, bottom + thin, height)
    body = _coverage(place(np.minimum(rms, high)), place(np.maximum(-rms, low)), height)
    if dim is not None and dim.any():
        peak[:, dim] //= 2
        body[:, dim] //= 2
    return (peak * (UNIT + 1) + body).astype(np.uint8)


def _coverage(top: NDArray[np.float32], bottom: NDArray[np.float32], height: int) -> NDArray[np.int16]:
    """How much of each pixel lies between ``top`` and ``bottom`` (rows, ``[n]``), 0..15, as ``[height, n]``."""
    rows = (np.arange(height) * UNIT).astype(np.int16)[:, np.newaxis]
    first = np.round(top * UNIT).astype(np.int16)
    last = np.round(bottom * UNIT).astype(np.int16)
    covered = np.minimum(last, rows + np.int16(UNIT))
    covered -= np.maximum(first, rows)
    np.clip(covered, 0, UNIT, out=covered)
    return covered


def wave_colours(canvas: str, wave: str, body: str) -> list[int]:
    """The 256 colours of a drawn wave: its peaks over the canvas, its body (mean square) over both."""
    ground, outer, inner = (np.array(QColor(c).getRgb()[:3], np.float64) for c in (canvas, wave, body))
    covered = np.arange(256) // (UNIT + 1) / UNIT
    filled = np.arange(256) % (UNIT + 1) / UNIT
    mixed = ground + (outer - ground) * covered[:, np.newaxis]
    mixed += (inner - mixed) * filled[:, np.newaxis]
    rgb = mixed.round().astype(np.uint32)
    return [int(v) for v in 0xFF000000 | rgb[:, 0] << 16 | rgb[:, 1] << 8 | rgb[:, 2]]
