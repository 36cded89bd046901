"""The waveform: from the pyramid, and from the samples themselves when zoomed in beyond it."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from app import theme
from app.controls.images import indexed_pixmap
from app.controls.paint import colour, pen
from app.controls.time_axis import TimeAxis
from app.controls.time_view import TimeView
from app.controls.wave_image import draw_wave, wave_colours
from app.controls.words import db_text, time_text
from engine.audio.pyramid import BASE, Pyramid, pyramid_of, sample_columns
from engine.audio.tiles import Detail, DetailRequest
from engine.audio.values import ArraySource, Clip

GAP_PX = 1
AT_ONCE_FRAMES = 1_000_000
"""Sounds in memory up to this length get their pyramid at once: 2 ms."""
_DOTS_FROM_PX = 6.0
_CLIPPED = 0.9999
_GRID = ((0.0, 150), (0.5, 90), (-0.5, 90), (0.25, 50), (-0.25, 50))
"""Lines at these levels (the middle, −6 and −12 dB at plain height), and how strong they are."""
_MOST_GAIN = 64.0
_MOST_DETAIL_FRAMES = 1 << 20


class Waveform(TimeView):
    """One lane for each channel; Alt or Ctrl and the wheel make quiet sounds taller."""

    overview_wanted = Signal(object)
    detail_wanted = Signal(object, object)
    """Clip and :class:`DetailRequest`."""
    gain_changed = Signal()

    def __init__(self, axis: TimeAxis, parent: QWidget | None = None) -> None:
        super().__init__(axis, parent)
        self.setAccessibleName("Waveform")
        self.setAccessibleDescription("Drag to select time, click to play from there, wheel to zoom.")
        self.clip: Clip | None = None
        self.pyramid: Pyramid | None = None
        self.whole = False
        """Whether the pyramid is that of this sound and complete."""
        self.gain = 1.0
        self._detail: Detail | None = None
        self._asked: DetailRequest | None = None
        self._columns: NDArray[np.float32] | None = None
        axis.range_changed.connect(self.request_detail)

    # -- what is shown -----------------------------------------------------------------------------

    def show_clip(self, clip: Clip | None, pyramid: Pyramid | None = None, *, keep_picture: bool = False) -> None:
        """Show another sound; without its ``pyramid`` a short one in memory is measured here, a longer one asked for.

        With ``keep_picture`` the wave before stays until there is something to draw.
        """
        self.clip = clip
        self._detail = self._asked = None
        if clip is not None and pyramid is None and self.in_memory and clip.n_frames <= AT_ONCE_FRAMES:
            pyramid = pyramid_of(clip.read(0, clip.n_frames))
        if pyramid is not None or clip is None or not keep_picture:
            self.pyramid = pyramid
        self.whole = pyramid is not None and pyramid.complete
        self.redraw()
        if clip is not None and not self.whole:
            self.overview_wanted.emit(clip)
        self.request_detail()

    def set_pyramid(self, pyramid: Pyramid) -> None:
        """More of the sound is known."""
        self.pyramid = pyramid
        self.whole = pyramid.complete
        self.redraw()

    def set_detail(self, detail: Detail) -> None:
        """The samples that were asked for."""
        self._detail = detail
        self.redraw()

    def set_gain(self, gain: float) -> None:
        """Draw ``gain`` times as tall; never less than full scale."""
        gain = min(max(gain, 1.0), _MOST_GAIN)
        if gain != self.gain:
            self.gain = gain
            self.redraw()
            self.gain_changed.emit()

    @property
    def in_memory(self) -> bool:
        return self.clip is not None and isinstance(self.clip.source, ArraySource)

    @property
    def channels(self) -> int:
        return self.clip.channels if self.clip is not None else 1

    def lane_rects(self) -> list[QRectF]:
        """Where each channel lies, top to bottom."""
        n = self.channels
        height = (self.height() - GAP_PX * (n - 1)) / n
        return [QRectF(0, k * (height + GAP_PX), self.width(), height) for k in range(n)]

    def request_detail(self) -> None:
        """Ask for samples when the view is closer than the pyramid and the sound lies in a file."""
        clip = self.clip
        if clip is None or self.in_memory or self._frames_per_pixel() >= BASE:
            return
        start, end = self._visible_frames()
        if self._covers(start, end) or (
            self._asked is not None and self._asked.start <= start and end <= self._asked.start + self._asked.n_frames
        ):
            return
        margin = end - start
        first = max(start - margin, 0)
        self._asked = DetailRequest(first, min(end + margin - first, _MOST_DETAIL_FRAMES))
        self.detail_wanted.emit(clip, self._asked)

    def _visible_frames(self) -> tuple[int, int]:
        assert self.clip is not None
        rate = self.clip.sample_rate
        start = max(math.floor(self.axis.start_s * rate) - 1, 0)
        return start, min(math.ceil(self.axis.end_s * rate) + 2, self.clip.n_frames)

    def _frames_per_pixel(self) -> float:
        assert self.clip is not None
        return self.axis.span_s * self.clip.sample_rate / max(self.width() * self.devicePixelRatioF(), 1)

    def _covers(self, start: int, end: int) -> bool:
        detail = self._detail
        return detail is not None and detail.start <= start and end <= detail.start + detail.samples.shape[1]

    # -- painting ----------------------------------------------------------------------------------

    def paint_picture(self, painter: QPainter, width: int, height: int, scale: float) -> None:
        tokens = theme.tokens()
        painter.fillRect(QRectF(0, 0, width, height), colour(tokens.canvas))
        if self.clip is None:
            return
        columns = round(width * scale)
        per_pixel = self.axis.span_s * self.clip.sample_rate / max(columns, 1)
        samples = self._samples() if per_pixel < BASE else None
        if samples is not None and per_pixel < 1:
            self._columns = None
            self._paint_grid(painter)
            for lane, rect in enumerate(self.lane_rects()):
                self._paint_line(painter, rect, samples[0], samples[1][lane])
            return
        # Columns keep their place in the sound while the view pans, so that the picture does not shimmer.
        first = round(self.axis.start_s * self.clip.sample_rate / per_pixel)
        edges = (first + np.arange(columns + 1)) * per_pixel
        if samples is not None:
            measured = sample_columns(samples[1], samples[0], edges)
        elif self.pyramid is not None and self.pyramid.channels == self.channels:
            measured = self.pyramid.columns(edges)
        else:
            measured = np.zeros((self.channels, 3, columns), np.float32)
        self._columns = measured
        colours = wave_colours(tokens.canvas, tokens.wave, tokens.wave_rms)
        dim = self._unread(edges) if samples is None else None
        for lane, rect in enumerate(self.lane_rects()):
            rows = max(round(rect.height() * scale), 1)
            entries = draw_wave(measured[lane], rows, gain=self.gain, thickness=scale, dim=dim)
            painter.drawPixmap(QRectF(0, rect.top(), width, rows / scale), indexed_pixmap(entries, colours, scale),
                               QRectF(0, 0, columns, rows))  # fmt: skip
            self._paint_clipping(painter, rect, measured[lane], scale)
        self._paint_grid(painter)

    def _samples(self) -> tuple[int, NDArray[np.float32]] | None:
        """First frame and samples of what is visible, or ``None`` while they are not here."""
        assert self.clip is not None
        start, end = self._visible_frames()
        if self.in_memory:
            return start, self.clip.read(start, end - start).samples
        if self._covers(start, end):
            assert self._detail is not None
            return start, self._detail.samples[:, start - self._detail.start : end - self._detail.start]
        return None

    def _unread(self, edges: NDArray[np.float64]) -> NDArray[np.bool_] | None:
        if self.pyramid is None or self.pyramid.complete:
            return None
        return edges[1:] > self.pyramid.filled

    def _paint_line(self, painter: QPainter, rect: QRectF, start: int, samples: NDArray[np.float32]) -> None:
        """Single samples, joined; with dots where they are far apart."""
        assert self.clip is not None
        rate = self.clip.sample_rate
        xs = ((start + np.arange(len(samples))) / rate - self.axis.start_s) / self.axis.span_s * self.width()
        half = (rect.height() - 1) / 2
        ys = rect.center().y() - np.clip(samples * self.gain, -1, 1) * half
        points = [QPointF(x, y) for x, y in zip(xs.tolist(), ys.tolist(), strict=True)]
        tokens = theme.tokens()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(pen(tokens.wave, width=1.25))
        painter.drawPolyline(points)
        if self.width() / max(self.axis.span_s * rate, 1e-9) >= _DOTS_FROM_PX:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour(tokens.wave_rms))
            for point in points:
                painter.drawEllipse(point, 2.0, 2.0)
        painter.restore()

    def _paint_grid(self, painter: QPainter) -> None:
        tokens = theme.tokens()
        for number, rect in enumerate(self.lane_rects()):
            if number:
                painter.fillRect(QRectF(0, rect.top() - GAP_PX, self.width(), GAP_PX), colour(tokens.hairline))
            half = (rect.height() - 1) / 2
            for level, alpha in _GRID:
                y = rect.center().y() - level * half
                painter.fillRect(QRectF(0, round(y), self.width(), 1), colour(tokens.hairline, alpha))

    def _paint_clipping(self, painter: QPainter, rect: QRectF, columns: NDArray[np.float32], scale: float) -> None:
        """A mark at the edge of the lane where the sound reaches full scale."""
        role = colour(theme.tokens().error)
        for values, top in ((columns[1] >= _CLIPPED, rect.top()), (columns[0] <= -_CLIPPED, rect.bottom() - 3)):
            if not values.any():
                continue
            steps = np.flatnonzero(np.diff(np.concatenate([[False], values, [False]]).astype(np.int8)))
            for first, last in steps.reshape(-1, 2).tolist():
                painter.fillRect(QRectF(first / scale, top, max((last - first) / scale, 1.0), 3), role)

    # -- pointer -----------------------------------------------------------------------------------

    def zoom_across(self, factor: float, at: QPointF) -> None:
        self.set_gain(self.gain * factor)

    def peak_at(self, time_s: float, lane: int) -> float | None:
        """The largest magnitude drawn in the pixel column of a time."""
        assert self.clip is not None
        rate = self.clip.sample_rate
        # Columns may still be those of the sound before, which had other channels.
        if self._columns is not None and lane < len(self._columns):
            n = self._columns.shape[2]
            column = int((time_s - self.axis.start_s) / self.axis.span_s * n)
            return float(np.abs(self._columns[lane, :2, min(max(column, 0), n - 1)]).max())
        samples = self._samples()
        if samples is None or samples[1].shape[1] == 0 or lane >= len(samples[1]):
            return None
        nearest = min(max(round(time_s * rate) - samples[0], 0), samples[1].shape[1] - 1)
        return abs(float(samples[1][lane, nearest]))

    def read(self, time_s: float, at: QPoint) -> tuple[list[str], list[str]]:
        step = self.axis.span_s / max(self.width(), 1)
        lane = min(int(at.y() / max(self.height(), 1) * self.channels), self.channels - 1)
        peak = self.peak_at(time_s, lane)
        level = "" if peak is None else db_text(20 * math.log10(peak) if peak > 4e-7 else -200.0)
        longest = time_text(self.axis.duration_s, step)
        return [f"{time_text(time_s, step)} s", level], [f"{longest} s", db_text(-100.5)]
