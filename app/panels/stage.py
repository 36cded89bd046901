"""The stage in the middle of the window: overview, ruler, waveform and spectrogram of one sound, on one time axis."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QSplitter, QStackedLayout, QVBoxLayout, QWidget

from app import theme
from app.actions import BY_ID, shortcut_text
from app.controls.freq_axis import WIDTH as AXIS_WIDTH
from app.controls.freq_axis import FreqAxis, LevelAxis
from app.controls.freq_scale import FreqScale
from app.controls.overview_strip import OverviewStrip
from app.controls.paint import colour
from app.controls.plain import plain_label
from app.controls.spectrogram import Spectrogram
from app.controls.time_axis import TimeAxis
from app.controls.time_ruler import TimeRuler
from app.controls.waveform import Waveform
from app.panels.stage_bar import StageBar, choose
from engine.audio.pyramid import Pyramid
from engine.audio.spectral import FFT_SIZES
from engine.audio.tiles import Detail, SpectrogramSettings, Tile
from engine.audio.values import Clip

_OPEN = shortcut_text(BY_ID["file.open"])
EMPTY_TEXT = f"Drop a sound here, open one with {_OPEN}, or turn a knob of an instrument"


class Stage(QWidget):
    """Shows one clip. Whoever composes the window answers the ``wanted`` signals through the engine:

    ``overview_wanted(clip)`` with :meth:`set_pyramid` (partial ones on the way), ``tiles_wanted(clip, request)`` with
    :meth:`add_tile` for each piece. Answers for a sound that is no longer shown do no harm.
    """

    overview_wanted = Signal(object)
    tiles_wanted = Signal(object, object)
    drag_out_likely = Signal(object)
    """The pointer went down where a drag of the :class:`~app.controls.time_axis.Selection` begins."""
    drag_out_requested = Signal(object)
    """The person pulls the :class:`~app.controls.time_axis.Selection` out of a view."""
    settings_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Stage")
        self.clip: Clip | None = None
        self.axis = TimeAxis(self)
        self.scale = FreqScale(self)
        self.overview = OverviewStrip(self.axis)
        self.ruler = TimeRuler(self.axis)
        self.waveform = Waveform(self.axis)
        self.spectrogram = Spectrogram(self.axis, self.scale)
        self.level_axis = LevelAxis(lambda: self.waveform.gain, self.waveform.set_gain, self.waveform.lane_rects)
        self.freq_axis = FreqAxis(self.scale, self.spectrogram.lane_rects)
        self.bar = StageBar()
        self._pyramids: WeakKeyDictionary[Clip, Pyramid] = WeakKeyDictionary()
        self._lay_out()
        self.bar.follow.setChecked(True)
        choose(self.bar.fft, self.spectrogram.settings.fft_size)
        self.bar.changed.connect(self._apply_bar)
        self.waveform.overview_wanted.connect(self.overview_wanted)
        self.waveform.detail_wanted.connect(self.tiles_wanted)
        self.waveform.gain_changed.connect(self.level_axis.update)
        self.waveform.drag_out_likely.connect(self.drag_out_likely)
        self.waveform.drag_out_requested.connect(self.drag_out_requested)
        self.spectrogram.tiles_wanted.connect(self.tiles_wanted)
        self.spectrogram.drag_out_likely.connect(self.drag_out_likely)
        self.spectrogram.drag_out_requested.connect(self.drag_out_requested)
        self.axis.playhead_changed.connect(self._follow)

    def _lay_out(self) -> None:
        self._empty = plain_label(EMPTY_TEXT)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        self._empty.setProperty("role", "secondary")
        self._empty.setContentsMargins(24, 24, 24, 24)
        self.splitter = QSplitter(Qt.Orientation.Vertical)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setHandleWidth(4)
        upper, lower = QWidget(), QWidget()
        above = _tight(QGridLayout(upper))
        above.addWidget(self.level_axis, 0, 0)
        above.addWidget(self.waveform, 0, 1)
        below = _tight(QGridLayout(lower))
        below.addWidget(self.bar, 0, 0, 1, 2)
        below.addWidget(self.freq_axis, 1, 0)
        below.addWidget(self.spectrogram, 1, 1)
        self.splitter.splitterMoved.connect(self.settings_changed)
        self.splitter.addWidget(upper)
        self.splitter.addWidget(lower)
        self.splitter.setStretchFactor(0, 2)
        self.splitter.setStretchFactor(1, 3)
        views = QWidget()
        page = QVBoxLayout(views)
        page.setContentsMargins(0, 0, 0, 0)
        page.setSpacing(0)
        head = _tight(QGridLayout())
        head.setColumnMinimumWidth(0, AXIS_WIDTH)
        head.addWidget(self.overview, 0, 1)
        head.addWidget(self.ruler, 1, 1)
        page.addLayout(head)
        page.addWidget(self.splitter, 1)
        self._pages = QStackedLayout(self)
        self._pages.addWidget(self._empty)
        self._pages.addWidget(views)
        self.setTabOrder(self.overview, self.waveform)
        self.setTabOrder(self.waveform, self.spectrogram)

    # -- what is shown -----------------------------------------------------------------------------

    def show_clip(self, clip: Clip | None, *, keep_range: bool = False) -> None:
        """Show another sound, or nothing.

        With ``keep_range`` it is a new version of the one before (a knob was turned): zoom and selection stay if it is
        as long, and the old picture stays until the new one is there.
        """
        before, self.clip = self.clip, clip
        if clip is None or clip.n_frames == 0:
            self.axis.reset(0.0)
            self.waveform.show_clip(None)
            self.spectrogram.show_clip(None)
            self.overview.set_pyramid(None)
            self._empty.setText(EMPTY_TEXT if clip is None else f"{clip.name} is empty")
            self._pages.setCurrentIndex(0)
            return
        self._pages.setCurrentIndex(1)
        # The views shall know the sound before the axis makes them ask for parts of it.
        self.axis.blockSignals(True)
        self.axis.reset(clip.duration_s, keep_range=keep_range)
        self.axis.blockSignals(False)
        self.waveform.show_clip(clip, self._pyramids.get(clip), keep_picture=keep_range)
        # The whole waveform comes before fine tiles of all of it: both read the file from end to end.
        self.spectrogram.rough_only = not self.waveform.whole
        self.spectrogram.show_clip(clip, keep_picture=keep_range)
        if self.waveform.pyramid is not None or not keep_range:
            self.overview.set_pyramid(self.waveform.pyramid)
        self.axis.selection_changed.emit()
        self.axis.range_changed.emit()
        self.bar.set_channels(clip.channels)
        for view in (self.waveform, self.spectrogram):
            view.point_again()
        if not keep_range or before is None or before.channels != clip.channels:
            # The scales stand beside each lane.
            self.level_axis.update()
            self.freq_axis.update()

    def set_pyramid(self, clip: Clip, pyramid: Pyramid) -> None:
        """What is known of the waveform by now."""
        if pyramid.complete:
            self._pyramids[clip] = pyramid
        if clip is self.clip:
            self.waveform.set_pyramid(pyramid)
            self.overview.set_pyramid(pyramid)
            if pyramid.complete and self.spectrogram.rough_only:
                self.spectrogram.set_rough_only(False)

    def add_tile(self, clip: Clip, tile: Tile | Detail | None) -> None:
        """A piece that was asked for; ``None`` (a step without one) is left out."""
        if isinstance(tile, Tile):
            self.spectrogram.add_tile(clip, tile)
        elif isinstance(tile, Detail) and clip is self.clip:
            self.waveform.set_detail(tile)

    def is_complete(self) -> bool:
        """Whether both views show all there is to see of the sound."""
        pyramid = self.waveform.pyramid
        if self.clip is None or self.clip.n_frames == 0:
            return True
        return pyramid is not None and pyramid.complete and self.spectrogram.is_complete()

    # -- settings ----------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """How the person set the views up, as plain values for a settings file."""
        return {
            "scale": self.scale.name,
            "fft_size": self.spectrogram.settings.fft_size,
            "mix": self.spectrogram.settings.mix,
            "map": self.spectrogram.map_name,
            "low_db": self.spectrogram.low_db,
            "high_db": self.spectrogram.high_db,
            "notes": self.freq_axis.note_names,
            "time_only": self.spectrogram.time_only,
            "follow": self.bar.follow.isChecked(),
            "splitter": self.splitter.sizes(),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Set the views up as :meth:`state` said; what is missing or makes no sense is left as it is."""
        bar = self.bar
        for box, key in ((bar.scale, "scale"), (bar.fft, "fft_size"), (bar.lanes, "mix"), (bar.map, "map")):
            if key in state:
                choose(box, state[key])
        for switch, key in ((bar.notes, "notes"), (bar.time_only, "time_only"), (bar.follow, "follow")):
            if isinstance(state.get(key), bool):
                switch.setChecked(state[key])
        low, high = state.get("low_db"), state.get("high_db")
        if isinstance(low, int | float) and isinstance(high, int | float):
            bar.levels.set_range(float(low), float(high))
        sizes = state.get("splitter")
        if isinstance(sizes, list) and len(sizes) == 2 and all(isinstance(s, int) and s >= 0 for s in sizes):
            self.splitter.setSizes(sizes)

    def step_fft(self, step: int) -> None:
        """The next larger (+1) or smaller (-1) FFT."""
        index = FFT_SIZES.index(self.spectrogram.settings.fft_size) + step
        if 0 <= index < len(FFT_SIZES):
            choose(self.bar.fft, FFT_SIZES[index])

    def _apply_bar(self) -> None:
        bar = self.bar
        if self.scale.name != bar.scale.currentData():
            self.scale.set_name(bar.scale.currentData())
        self.spectrogram.set_settings(SpectrogramSettings(bar.fft.currentData(), mix=bar.lanes.currentData()))
        wanted = (bar.map.currentData(), bar.levels.low_db, bar.levels.high_db)
        if wanted != (self.spectrogram.map_name, self.spectrogram.low_db, self.spectrogram.high_db):
            self.spectrogram.set_colours(*wanted)
            bar.levels.set_map(wanted[0])
        self.freq_axis.set_note_names(bar.notes.isChecked())
        self.spectrogram.time_only = bar.time_only.isChecked()
        self.settings_changed.emit()

    # -- the rest ----------------------------------------------------------------------------------

    def _follow(self, old: float, new: float) -> None:
        """Turn the page when the playhead runs out of the view; a jump from elsewhere leaves the view alone."""
        axis = self.axis
        follows = self.bar.follow.isChecked() and axis.turns_pages
        if follows and axis.start_s <= old <= axis.end_s < new < old + axis.span_s:
            axis.pan(new - axis.start_s)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        larger = event.key() == Qt.Key.Key_BracketRight or (
            shift and event.key() in (Qt.Key.Key_Plus, Qt.Key.Key_Asterisk)
        )
        smaller = event.key() == Qt.Key.Key_BracketLeft or (
            shift and event.key() in (Qt.Key.Key_Minus, Qt.Key.Key_Underscore)
        )
        if larger or smaller:
            self.step_fft(1 if larger else -1)
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = theme.tokens()
        QPainter(self).fillRect(event.rect(), colour(tokens.window if self.clip is None else tokens.panel))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.PaletteChange):
            for view in (self.overview, self.ruler, self.level_axis, self.freq_axis, self.waveform, self.spectrogram):
                view.update()
        super().changeEvent(event)


def _tight(grid: QGridLayout) -> QGridLayout:
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setSpacing(0)
    return grid
