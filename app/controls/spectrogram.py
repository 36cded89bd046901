"""The spectrogram: tiles that the engine sends, drawn on a logarithmic, mel or linear axis."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from app import theme
from app.controls.colormap import is_on_paper, level_colours
from app.controls.freq_scale import FreqScale
from app.controls.images import indexed_pixmap
from app.controls.paint import colour
from app.controls.spectro_picture import Source, SpectroPicture, Stretch
from app.controls.tile_cache import TileCache
from app.controls.time_axis import Selection, TimeAxis
from app.controls.time_view import TimeView
from app.controls.words import db_text, hz_text, note_text, time_text
from engine.audio.spectral import TOP_DB
from engine.audio.tiles import COARSER, SpectrogramSettings, Tile, TileRequest, tile_cost_us, tile_steps
from engine.audio.values import ArraySource, Clip

DEFAULT_DB = (-90.0, -6.0)
GAP_PX = 1
"""Between two lanes."""
_ASK_EVERY_MS = 40
"""While a view moves, new requests go out this often: each replaces the one before and must get a little done."""
_LONG_S = 30.0
"""A stretch of a file longer than this takes noticeable time to read."""
_AT_ONCE_US = 6000.0
"""A rough picture of a short sound in memory that takes no longer than this is made here, with no way round."""


class Spectrogram(TimeView):
    """Draws what there is, best first: the right tiles, else those of other zooms stretched, else the sound before."""

    selection_alpha = 26
    tiles_wanted = Signal(object, object)
    """Clip and :class:`TileRequest`."""
    settings_changed = Signal()

    def __init__(self, axis: TimeAxis, scale: FreqScale, parent: QWidget | None = None) -> None:
        super().__init__(axis, parent)
        self.setAccessibleName("Spectrogram")
        self.setAccessibleDescription("Drag to select time and frequency, click to play from there, wheel to zoom.")
        self.scale = scale
        self.settings = SpectrogramSettings()
        self.map_name = "magma"
        self.low_db, self.high_db = DEFAULT_DB
        self.time_only = False
        self.rough_only = False
        """Ask for rough tiles only while a long stretch is visible: the engine has the waveform to read first."""
        self.clip: Clip | None = None
        self.cache = TileCache()
        self._before: Source | None = None
        self._drawn: Stretch | None = None
        self._composer = SpectroPicture(self.cache, scale)
        self._asked: set[tuple[Clip, SpectrogramSettings, int, int]] = set()
        self._ask = QTimer(self, singleShot=True, interval=_ASK_EVERY_MS)
        self._ask.timeout.connect(self._ask_again)
        self._ask_pending = False
        scale.changed.connect(self.redraw)
        axis.range_changed.connect(self.request_tiles)

    # -- what is shown -----------------------------------------------------------------------------

    def show_clip(self, clip: Clip | None, *, keep_picture: bool = False) -> None:
        """Show another sound. With ``keep_picture`` what was drawn stays until the new tiles are there."""
        keep = keep_picture and self.clip is not None and clip is not None
        if not keep:
            self._before = None
        elif self.clip is not None and self.cache.has_any(self.clip, self.settings):
            self._before = (self.clip, self.settings)
        self.clip = clip
        self._asked.clear()
        if clip is not None:
            self.cache.use(clip)
            if self._before is not None:
                self.cache.use(self._before[0])
                self.cache.use(clip)
            self.scale.set_nyquist(clip.sample_rate / 2)
        self.redraw()
        self.request_tiles()

    def add_tile(self, clip: Clip, tile: Tile) -> None:
        """Take a tile that was asked for; one of a sound that is no longer shown may still serve for a moment."""
        if self.cache.add(clip, tile, self._composer.used.values()):
            self.redraw()

    def set_settings(self, settings: SpectrogramSettings) -> None:
        """Compute differently; the picture stays until the new tiles are there."""
        if settings == self.settings:
            return
        if self.clip is not None and self.cache.has_any(self.clip, self.settings):
            self._before = (self.clip, self.settings)
        self.settings = settings
        self.redraw()
        self.request_tiles()
        self.settings_changed.emit()

    def set_rough_only(self, on: bool) -> None:
        """See :attr:`rough_only`."""
        self.rough_only = on
        if not on:
            self.request_tiles()

    def set_colours(self, map_name: str, low_db: float, high_db: float) -> None:
        """Another colour map or range: only the colours change, nothing is computed."""
        self.map_name, self.low_db, self.high_db = map_name, low_db, high_db
        self.redraw()

    @property
    def unknown(self) -> float:
        """Share of the picture of which nothing was known when it was last painted."""
        return self._composer.unknown

    @property
    def lanes(self) -> int:
        return self.settings.lanes(self.clip.channels) if self.clip is not None else 1

    def lane_rects(self) -> list[QRectF]:
        """Where each lane lies, top to bottom."""
        n = self.lanes
        height = (self.height() - GAP_PX * (n - 1)) / n
        return [QRectF(0, k * (height + GAP_PX), self.width(), height) for k in range(n)]

    def lane_at(self, y: float) -> int:
        """The lane at a height."""
        return min(max(int(y / max(self.height(), 1) * self.lanes), 0), self.lanes - 1)

    # -- asking for tiles --------------------------------------------------------------------------

    def request_tiles(self) -> None:
        """Ask for what is visible and not there; not more often than the engine can use."""
        if self._ask.isActive():
            self._ask_pending = True
            return
        self._ask_pending = False
        self._ask.start()
        self._ask_now()

    def _ask_again(self) -> None:
        if self._ask_pending:
            self.request_tiles()

    def _ask_now(self) -> None:
        clip = self.clip
        if clip is None or clip.n_frames == 0 or self.axis.span_s <= 0:
            return
        start, end = self.axis.start_s * clip.sample_rate, self.axis.end_s * clip.sample_rate
        level = self._level()
        visible = self.settings.tiles_between(level, start, end, clip.n_frames)
        missing = [index for index in visible if self._poor(level, index)]
        middle = (visible.start + visible.stop - 1) / 2
        missing.sort(key=lambda index: abs(index - middle))
        coarse: list[int] = []
        if missing:
            above = self.settings.tiles_between(level + COARSER, start, end, clip.n_frames)
            coarse = [i for i in above if self.cache.get(clip, self.settings, level + COARSER, i) is None]
            if coarse and self._draws_at_once(clip, level + COARSER):
                for index in coarse:
                    for tile in tile_steps(clip, self.settings, level + COARSER, index, coarse=True):
                        if tile is not None:
                            self.add_tile(clip, tile)
                coarse = []
        around = [i for i in (visible.stop, visible.start - 1) if self._exists(level, i) and self._poor(level, i)]
        held_back = self.rough_only and self.axis.span_s > _LONG_S
        wanted = [] if held_back else [*missing, *around]
        keys = {(clip, self.settings, level, i) for i in wanted}
        keys |= {(clip, self.settings, level + COARSER, i) for i in coarse}
        if keys <= self._asked:
            return
        self._asked = keys
        self.tiles_wanted.emit(clip, TileRequest(self.settings, level, tuple(wanted), tuple(coarse)))

    def is_complete(self) -> bool:
        """Whether everything visible is drawn as fine as it gets."""
        clip = self.clip
        if clip is None or clip.n_frames == 0 or self.axis.span_s <= 0:
            return True
        start, end = self.axis.start_s * clip.sample_rate, self.axis.end_s * clip.sample_rate
        level = self._level()
        return not any(self._poor(level, i) for i in self.settings.tiles_between(level, start, end, clip.n_frames))

    def _poor(self, level: int, index: int) -> bool:
        assert self.clip is not None
        tile = self.cache.get(self.clip, self.settings, level, index)
        return tile is None or tile.coarse

    def _exists(self, level: int, index: int) -> bool:
        assert self.clip is not None
        return index in self.settings.tiles_between(level, 0, self.clip.n_frames, self.clip.n_frames)

    def _draws_at_once(self, clip: Clip, level: int) -> bool:
        if not isinstance(clip.source, ArraySource):
            return False
        return tile_cost_us(clip, self.settings, level, coarse=True) <= _AT_ONCE_US

    def _level(self) -> int:
        assert self.clip is not None
        frames = self.axis.span_s * self.clip.sample_rate
        return self.settings.level_for(frames / max(self.width() * self.devicePixelRatioF(), 1))

    # -- painting ----------------------------------------------------------------------------------

    def overlay(self) -> theme.Theme:
        return theme.tokens() if is_on_paper(self.map_name) else theme.DARK

    def paint_picture(self, painter: QPainter, width: int, height: int, scale: float) -> None:
        tokens = theme.tokens()
        painter.fillRect(QRect(0, 0, width, height), colour(tokens.hairline))
        assert self.clip is not None
        lanes = self.lanes
        rects = self.lane_rects()
        rows = max(round(rects[0].height() * scale), 1)
        columns = round(width * scale)
        colours = level_colours(self.map_name, self.low_db, self.high_db)
        self._drawn = self._stretch(lanes, rows, columns)
        levels = self._composer.compose(self._drawn)
        for lane, rect in enumerate(rects):
            painter.drawPixmap(rect.topLeft(), indexed_pixmap(levels[lane], colours, scale))

    def _stretch(self, lanes: int, rows: int, width: int) -> Stretch:
        assert self.clip is not None
        sources = [(self.clip, self.settings), *([self._before] if self._before is not None else [])]
        return Stretch(sources, self.axis.start_s, self.axis.span_s, width, lanes, rows)

    # -- pointer -----------------------------------------------------------------------------------

    def band_at(self, y: float) -> float | None:
        if self.clip is None:
            return None
        rect = self.lane_rects()[self.lane_at(y)]
        share = 1 - (y - rect.top()) / max(rect.height(), 1)
        return float(self.scale.hz_at(min(max(share, 0.0), 1.0)))

    def band_rects(self, selection: Selection, left: float, right: float) -> list[QRectF]:
        if selection.low_hz is None or selection.high_hz is None:
            return super().band_rects(selection, left, right)
        boxes = []
        for rect in self.lane_rects():
            top = rect.bottom() - float(self.scale.share_of(selection.high_hz)) * rect.height()
            bottom = rect.bottom() - float(self.scale.share_of(selection.low_hz)) * rect.height()
            top, bottom = max(top, rect.top()), min(bottom, rect.bottom())
            if bottom > top:
                boxes.append(QRectF(left, top, right - left, bottom - top))
        return boxes

    def _swept(self, at: QPointF, keys: Qt.KeyboardModifier) -> Selection:
        swept = super()._swept(at, keys)
        hz, from_hz = self.band_at(at.y()), self._pressed_hz
        if self.time_only or keys & Qt.KeyboardModifier.ShiftModifier or hz is None or from_hz is None:
            return swept
        return Selection(swept.start_s, swept.end_s, min(hz, from_hz), max(hz, from_hz))

    def zoom_across(self, factor: float, at: QPointF) -> None:
        rect = self.lane_rects()[self.lane_at(at.y())]
        self.scale.zoom(factor, 1 - (at.y() - rect.top()) / max(rect.height(), 1))

    def pan_across(self, pixels: float) -> None:
        self.scale.pan(pixels / max(self.lane_rects()[0].height(), 1))

    def hover_stripes(self) -> list[QRect]:
        if self._pointer is None:
            return []
        return [QRect(0, self._pointer.y() - 1, self.width(), 3)]

    def paint_pointer(self, painter: QPainter) -> None:
        assert self._pointer is not None
        painter.fillRect(QRectF(0, self._pointer.y(), self.width(), 1), colour(self.overlay().playhead, 90))

    def level_at(self, at: QPoint) -> float | None:
        """The level in dB of what sounds at a place of the widget, or ``None`` where nothing is drawn.

        It is that of the loudest partial within a pixel, whose peak may be hard to hit; ``-inf`` is silence.
        """
        if self._drawn is None or self.clip is None or not self.rect().contains(at):
            return None
        lane = self.lane_at(at.y())
        rect = self.lane_rects()[lane]
        low, high = (1 - (at.y() + dy - rect.top()) / max(rect.height(), 1) for dy in (2, -1))
        low_hz, high_hz = (float(self.scale.hz_at(min(max(share, 0.0), 1.0))) for share in (low, high))
        return self._composer.level_db(self._drawn, lane, self.time_at(at.x() + 0.5), low_hz, high_hz)

    def read(self, time_s: float, at: QPoint) -> tuple[list[str], list[str]]:
        step = self.axis.span_s / max(self.width(), 1)
        hz = self.band_at(at.y()) or 0.0
        level = self.level_at(at)
        parts = [
            f"{time_text(time_s, step)} s",
            hz_text(hz),
            note_text(hz),
            "" if level is None else f"≥ {db_text(level)}" if level >= TOP_DB else db_text(level),
        ]
        longest = time_text(self.axis.duration_s, step)
        return parts, [f"{longest} s", "00.00 kHz", "C♯10 +50 ct", f"≥ {db_text(-100.5)}"]
