"""The time axis that the waveform, the spectrogram, the overview strip and the player share."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

MIN_SPAN_S = 0.0005
"""The closest zoom, in seconds across the view."""


@dataclass(frozen=True, slots=True)
class Selection:
    """A stretch of time, and on the spectrogram a band of frequency too (``None`` means all frequencies)."""

    start_s: float
    end_s: float
    low_hz: float | None = None
    high_hz: float | None = None

    @property
    def duration_s(self) -> float:
        return self.end_s - self.start_s


class TimeAxis(QObject):
    """What part of the sound is visible, what is selected and where the playhead stands; all in seconds.

    Views listen and draw; gestures call the methods. The visible span never leaves the sound.
    """

    range_changed = Signal()
    selection_changed = Signal()
    playhead_changed = Signal(float, float)
    """Old and new position: a view repaints only these two stripes."""
    hover_changed = Signal(object, object)
    """Old and new time under the pointer, ``None`` where there is none: all views draw the same thin line."""
    seek_requested = Signal(float)
    """The person pointed at a time to play from."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.duration_s = 0.0
        self.start_s = 0.0
        self.end_s = 0.0
        self.selection: Selection | None = None
        self.playhead_s = 0.0
        self.turns_pages = True
        """Whether a view may follow the playhead: whoever shapes an attack looks at it while the rest is heard."""
        self.hover_s: float | None = None

    @property
    def span_s(self) -> float:
        return self.end_s - self.start_s

    def reset(self, duration_s: float, *, keep_range: bool = False) -> None:
        """Show another sound: everything visible and nothing selected, unless ``keep_range`` and it still fits."""
        same = keep_range and self.duration_s > 0 and abs(self.duration_s - duration_s) < 1e-6
        self.duration_s = max(duration_s, 0.0)
        if not same:
            self.start_s, self.end_s = 0.0, self.duration_s
            self.selection = None
            self.selection_changed.emit()
        self.range_changed.emit()

    def show_range(self, start_s: float, end_s: float) -> None:
        """Show ``start_s`` to ``end_s``, moved and limited so that it stays inside the sound."""
        span = min(max(end_s - start_s, MIN_SPAN_S), self.duration_s)
        start = min(max(start_s, 0.0), self.duration_s - span)
        if (start, start + span) != (self.start_s, self.end_s):
            self.start_s, self.end_s = start, start + span
            self.range_changed.emit()

    def zoom(self, factor: float, at_s: float) -> None:
        """Divide the visible span by ``factor``; the time ``at_s`` keeps its place on the screen."""
        if self.span_s <= 0:
            return
        span = min(max(self.span_s / factor, MIN_SPAN_S), self.duration_s)
        share = (at_s - self.start_s) / self.span_s
        start = at_s - share * span
        self.show_range(start, start + span)

    def pan(self, delta_s: float) -> None:
        """Move the visible span by ``delta_s``, keeping its length."""
        span = self.span_s
        start = min(max(self.start_s + delta_s, 0.0), self.duration_s - span)
        self.show_range(start, start + span)

    def show_all(self) -> None:
        self.show_range(0.0, self.duration_s)

    def show_selection(self) -> None:
        """Fill the view with the selection, if there is one."""
        if self.selection is not None:
            self.show_range(self.selection.start_s, self.selection.end_s)

    def clamped(self, time_s: float) -> float:
        """The nearest time that lies inside the sound."""
        return min(max(time_s, 0.0), self.duration_s)

    def select(self, selection: Selection | None) -> None:
        """Select a stretch (cut to the sound; an empty one means none)."""
        if selection is not None:
            start = min(max(min(selection.start_s, selection.end_s), 0.0), self.duration_s)
            end = min(max(max(selection.start_s, selection.end_s), 0.0), self.duration_s)
            selection = None if end <= start else Selection(start, end, selection.low_hz, selection.high_hz)
        if selection != self.selection:
            self.selection = selection
            self.selection_changed.emit()

    def move_playhead(self, position_s: float) -> None:
        old, self.playhead_s = self.playhead_s, position_s
        if old != position_s:
            self.playhead_changed.emit(old, position_s)

    def move_hover(self, position_s: float | None) -> None:
        old, self.hover_s = self.hover_s, position_s
        if old != position_s:
            self.hover_changed.emit(old, position_s)
