"""What is selected, in figures: start, end, length, and the band of frequencies with its notes. A click copies it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QGuiApplication, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QToolButton, QWidget

from app import style
from app.controls.time_axis import Selection, TimeAxis
from app.controls.words import hz_text, note_text, time_text
from app.theme import PADDING, SMALL_TEXT_PX

STEP_S = 0.001
DASH = "\N{EN DASH}"


class SelectionReadOut(QToolButton):
    """Follows the selection of ``axis``; takes the room that is left and says as much as fits into it."""

    copied = Signal(str)
    """A sentence for the status line."""

    def __init__(self, axis: TimeAxis, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._axis = axis
        self.setAccessibleName("Selection")
        self.setAutoRaise(True)
        self.setFont(style.font(SMALL_TEXT_PX))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        axis.selection_changed.connect(self.refresh)
        self.clicked.connect(self.copy)
        self.refresh()

    def refresh(self) -> None:
        """Show the selection as it is now; hidden while there is none."""
        selection = self._axis.selection
        self.setVisible(selection is not None)
        if selection is None:
            return
        fullest = wordings(selection)[0]
        self.setMaximumWidth(self._width_of(fullest))
        self.setAccessibleName(f"Selection: {fullest}")
        self.setToolTip(f"{fullest}\nClick to copy")
        self._fit(selection)

    def copy(self) -> None:
        """Put all of it on the clipboard."""
        selection = self._axis.selection
        if selection is not None:
            QGuiApplication.clipboard().setText(wordings(selection)[0])
            self.copied.emit("Copied the figures of the selection")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._axis.selection is not None:
            self._fit(self._axis.selection)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self.refresh()

    def minimumSizeHint(self) -> QSize:
        return QSize(0, super().minimumSizeHint().height())

    def _fit(self, selection: Selection) -> None:
        fitting = (words for words in wordings(selection) if self._width_of(words) <= self.width())
        self.setText(next(fitting, ""))

    def _width_of(self, words: str) -> int:
        return self.fontMetrics().horizontalAdvance(words) + 2 * PADDING


def wordings(selection: Selection) -> tuple[str, ...]:
    """The selection in words, from all that is known of it to its bare length."""
    start, end = (time_text(s, STEP_S) for s in (selection.start_s, selection.end_s))
    span, length = f"{start} {DASH} {end}", f"{selection.duration_s:.3f} s"
    band, notes = _band(selection, notes=False), _band(selection, notes=True)
    everything = (f"{span}   {length}   {notes}", f"{span}   {length}   {band}", f"{length}   {band}", length)
    return tuple(dict.fromkeys(words.rstrip() for words in everything))


def _band(selection: Selection, *, notes: bool) -> str:
    def limit(hz: float) -> str:
        note = note_text(hz) if notes else ""
        return f"{hz_text(hz)} ({note})" if note else hz_text(hz)

    low, high = selection.low_hz, selection.high_hz
    if low is not None and high is not None:
        return f"{limit(low)} {DASH} {limit(high)}"
    if low is not None:
        return f"above {limit(low)}"
    return f"below {limit(high)}" if high is not None else ""
