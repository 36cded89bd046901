"""The spectrum of the live sound: every partial says by which operators it comes about."""

from __future__ import annotations

import bisect

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent, QMouseEvent, QPaintEvent, QResizeEvent, QShowEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QToolButton, QWidget

from app.controls.freq_scale import FreqScale
from app.controls.spectrum_picture import AXIS_PX, GUTTER_PX, HEAD_PX, SpectrumPicture
from app.controls.words import MINUS, TIMES, db_text
from app.theme import PADDING
from engine.params.pictures import Partial, Peak, Spectrum

REACH_PX = 9.0
"""So far from a partial the pointer still means it; of several, the strongest."""
CLICK_PX = 3.0
TICK_UNITS, TICK_FACTOR = 120.0, 1.25
LOWEST_DB, HIGHEST_DB = -90.0, 6.0
HINT = (
    "Point at a partial to see which operators make it.\n"
    "Wheel zooms, drag moves, double-click shows everything. Left and Right go from partial to partial."
)


class SpectrumView(QWidget):
    """Draws a :class:`Spectrum` over a logarithmic frequency axis, with the predicted partials as fine ticks.

    Nothing is computed here but what lies under the pointer. The switch in the corner chooses the moment:
    ``playhead_wanted`` tells of it, and whoever makes the spectra obeys.
    """

    playhead_wanted = Signal(bool)
    """The person wants the spectrum where the playhead stands (true) or at the loudest moment."""
    watched = Signal(bool)
    """It came into sight (true) or went out of it: nobody needs spectra that are not seen."""
    hovered = Signal(object)
    """The :class:`Peak` that is pointed at, or ``None``."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.spectrum: Spectrum | None = None
        self.scale = FreqScale(self)
        self.scale.changed.connect(self._on_scale)
        self.peak: Peak | None = None
        """What is pointed at."""
        self._pointer: QPointF | None = None
        self._pressed: QPointF | None = None
        self._last = QPointF()
        self._dragging = False
        self._peak_hz: list[float] = []
        self._picture = SpectrumPicture(self)
        self.moment = QToolButton(self)
        self.moment.setText("At playhead")
        self.moment.setCheckable(True)
        self.moment.setToolTip("Follow the playhead instead of showing the loudest moment")
        self.moment.setObjectName("spectrumMoment")
        self.moment.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.moment.toggled.connect(self.playhead_wanted)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Spectrum of the live sound")
        self.setToolTip(HINT)
        self._describe()

    def sizeHint(self) -> QSize:
        return QSize(400, 168)

    def minimumSizeHint(self) -> QSize:
        return QSize(200, 96)

    # What it shows

    def set_spectrum(self, spectrum: Spectrum | None) -> None:
        """Show a spectrum; ``None`` while there is none. The zoom stays."""
        self.spectrum = spectrum
        self._peak_hz = [peak.hz for peak in spectrum.peaks] if spectrum is not None else []
        if spectrum is not None:
            self.scale.set_nyquist(spectrum.hz_per_bin * (spectrum.levels_db.size - 1))
        self._point()
        self.update()

    def plot(self) -> QRectF:
        """Where the curve is drawn."""
        return QRectF(self.rect()).adjusted(GUTTER_PX, HEAD_PX, -PADDING, -AXIS_PX)

    def x_of(self, hz: float) -> float:
        plot = self.plot()
        return plot.left() + float(self.scale.share_of(hz)) * plot.width()

    def y_of(self, level_db: float) -> float:
        plot = self.plot()
        share = (min(max(level_db, LOWEST_DB), HIGHEST_DB) - LOWEST_DB) / (HIGHEST_DB - LOWEST_DB)
        return plot.bottom() - share * plot.height()

    def words(self) -> str:
        """What stands in the corner: the partial that is pointed at, or what there is to see."""
        if self.spectrum is None:
            return "Play or turn something to see its spectrum"
        if self.peak is not None:
            return peak_words(self.peak, self.spectrum)
        loops = self.spectrum.noise_like
        if loops:
            return f"noise-like: {', '.join(loops)}"
        return f"At {self.spectrum.at_s:.2f} s; point at a partial"

    # Pointing

    def peak_at(self, x: float) -> Peak | None:
        """The strongest peak within reach of ``x`` pixels."""
        if self.spectrum is None:
            return None
        plot = self.plot()
        low, high = (float(self.scale.hz_at((x + d - plot.left()) / plot.width())) for d in (-REACH_PX, REACH_PX))
        near = self.spectrum.peaks[bisect.bisect_left(self._peak_hz, low) : bisect.bisect_right(self._peak_hz, high)]
        return max(near, key=lambda peak: peak.level_db, default=None)

    def _point(self) -> None:
        here = self._pointer
        self._show_peak(self.peak_at(here.x()) if here is not None and not self._dragging else None)

    def _show_peak(self, peak: Peak | None) -> None:
        if peak != self.peak:
            self.peak = peak
            self._describe()
            self.hovered.emit(peak)
            self.update()

    def _describe(self) -> None:
        self.setAccessibleDescription(self.words())

    def _on_scale(self) -> None:
        self._point()
        self.update()

    # Mouse and keys

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._pointer = event.position()
        if self._pressed is not None:
            moved = event.position() - self._pressed
            self._dragging = self._dragging or moved.manhattanLength() > CLICK_PX
            if self._dragging:
                self.setCursor(Qt.CursorShape.ClosedHandCursor)
                self.scale.pan((self._last.x() - event.position().x()) / max(self.plot().width(), 1.0))
        self._last = event.position()
        self._point()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed = self._last = event.position()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._pressed, self._dragging = None, False
        self.unsetCursor()
        self._point()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.scale.show_all()

    def leaveEvent(self, event: QEvent) -> None:
        self._pointer = None
        self._show_peak(None)
        super().leaveEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        turn = event.angleDelta()
        amount = (turn.y() or turn.x()) / TICK_UNITS
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.scale.pan(-amount * 0.1)
        else:
            plot = self.plot()
            share = (event.position().x() - plot.left()) / max(plot.width(), 1.0)
            self.scale.zoom(TICK_FACTOR**amount, min(max(share, 0.0), 1.0))
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        plain = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if step is None or not plain or self.spectrum is None or not self.spectrum.peaks:
            super().keyPressEvent(event)
            return
        peaks = self.spectrum.peaks
        loud = max(peak.level_db for peak in peaks) - 48.0
        strong = [peak for peak in peaks if peak.level_db >= loud]
        here = self.peak.hz if self.peak is not None else 0.0
        ahead = [p for p in strong if (p.hz - here) * step > 1e-6]
        if ahead:
            self._show_peak(ahead[0] if step > 0 else ahead[-1])

    # Picture

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        size = self.moment.sizeHint()
        self.moment.setGeometry(self.width() - size.width() - 3, 3, size.width(), HEAD_PX - 6)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.watched.emit(True)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.watched.emit(False)

    def paintEvent(self, event: QPaintEvent) -> None:
        self._picture.paint()

    def curve(self) -> tuple[np.ndarray, np.ndarray]:
        """Pixels ``x`` and ``y`` of the curve: the highest level of each column, or a line between sparse bins."""
        assert self.spectrum is not None
        plot, levels = self.plot(), self.spectrum.levels_db
        n = max(int(plot.width()), 2)
        hz = np.asarray(self.scale.hz_at(np.linspace(0.0, 1.0, n + 1)))
        edges = np.clip(hz / self.spectrum.hz_per_bin, 0.0, levels.size - 1.0)
        found = np.interp((edges[:-1] + edges[1:]) / 2.0, np.arange(levels.size), levels)
        # A column that has bins of its own shows the highest of them: no partial falls between two pixels.
        first = np.minimum(np.ceil(edges).astype(int), levels.size - 1)
        highest = np.maximum.reduceat(levels[: first[-1] + 1], first)[:-1]
        found = np.where(first[1:] > first[:-1], highest, found)
        heights = np.clip((found - LOWEST_DB) / (HIGHEST_DB - LOWEST_DB), 0.0, 1.0)
        return plot.left() + np.arange(n) + 0.5, plot.bottom() - heights * plot.height()


def peak_words(peak: Peak, spectrum: Spectrum) -> str:
    """``"1.76 kHz (4.00×), −18.0 dB: op 1 + 3 × op 2"``, with how many times the note's frequency it is."""
    words = _hz_words(peak.hz)
    if spectrum.note_hz > 0:
        words += f" ({peak.hz / spectrum.note_hz:.2f}{TIMES})"
    words += f", {db_text(peak.level_db)}"
    if peak.partial is not None:
        words += f": {formula_words(peak.partial)}"
    elif spectrum.noise_like:
        words += f": noise-like: {', '.join(spectrum.noise_like)}"
    elif spectrum.besides:
        words += f": {' or '.join(spectrum.besides)}"
    return words


def formula_words(partial: Partial) -> str:
    """The formula as it is painted: ``"op 1 − 2 × op 3"``."""
    return partial.formula.replace(" x ", f" {TIMES} ").replace("-", MINUS)


def _hz_words(hz: float) -> str:
    return f"{hz / 1000.0:.2f} kHz" if hz >= 1000.0 else f"{hz:.1f} Hz"
