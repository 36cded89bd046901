"""The frame of an instrument's panel: its name and what to do with the sound, tools, a scrolling body, and a piano.

From top to bottom: the header; a row of small tools for the whole patch (slots, chance, locks); what stays in sight;
the body, the only part that scrolls; a row of tools for playing; the piano. Rows without widgets take no room. What an
instrument itself has comes from its subclass.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Protocol

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from app.actions import BY_ID, shortcut_text
from app.controls.piano import Piano
from app.controls.plain import ElidedLabel
from app.controls.scroll import CalmScrollArea
from app.icons import icon
from app.theme import BUTTON_PX, GRID, PADDING, PADDING_WIDE, SMALL_BUTTON_PX, tokens
from engine.params import Patch
from engine.params.note import NoteSettings

WIDE_PX = 820
"""From this width on a panel has its parts side by side."""
ICONS_FROM_PX = 500
"""From this width on the words of the header's buttons have icons beside them."""
DENSE_BELOW_PX = 740
"""A panel lower than this moves everything closer together."""
TIGHT_BELOW_PX = 640
"""A panel lower than this has a lower header and lower keys too."""
TIGHT_PIANO_PX = 40
LOW_BELOW_PX = 560
"""A panel lower than this lets the less important parts go out of sight."""


class PatchDocument(Protocol):
    """What an instrument's panel needs of :class:`app.document.Document`."""

    patch: Patch
    patch_changed: Signal

    def patch_of(self, synth: str) -> Patch: ...

    def use_synth(self, synth: str) -> None: ...

    note: NoteSettings
    note_changed: Signal
    locked: frozenset[str]

    def locked_in(self, synth: str) -> frozenset[str]: ...

    locks_changed: Signal
    history_changed: Signal

    def audition(self, name: str, value: float) -> None: ...

    def audition_note(self, note: NoteSettings) -> None: ...

    def set_note(self, note: NoteSettings, label: str, *, merge: str | None = None) -> None: ...

    def audition_values(self, values: Mapping[str, float], why: str = ...) -> None: ...

    def set_locked(self, names: Iterable[str], on: bool = True) -> None: ...

    def replace_locks(self, names: Iterable[str]) -> None: ...

    def set_patch(self, patch: Patch, label: str) -> None: ...

    def commit(self, label: str) -> None: ...

    def revert(self) -> None: ...


class InstrumentPanel(QWidget):
    """What every instrument's panel has around its own controls.

    A subclass fills :attr:`body` (and :meth:`add_fixed`), and shares out the room in :meth:`fit`.
    """

    audition_requested = Signal()
    """The person wants to hear the patch now, with the document's note."""
    keep_requested = Signal()
    """The person wants the sound in the library as it is now."""
    match_requested = Signal()
    """The person wants to choose a recording that the instrument is to sound like."""

    def __init__(self, document: PatchDocument, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.document = document
        self.name = ElidedLabel()
        self.match = QPushButton("Match…")
        self.keep = QPushButton("Keep")
        self.audition = QPushButton("Audition")
        self.piano = Piano()
        self.body = QWidget()
        self._tools, self._play_tools = QHBoxLayout(), QHBoxLayout()
        self._arrange()
        self.audition.clicked.connect(self.audition_requested)
        self.keep.clicked.connect(self.keep_requested)
        self.match.clicked.connect(self.match_requested)

    def sizeHint(self) -> QSize:
        return QSize(440, 720)

    def minimumSizeHint(self) -> QSize:
        return QSize(414, 360)

    # What others use

    def add_tool(self, widget: QWidget, stretch: int = 0) -> None:
        """A small tool for the whole patch, in the row under the header; the row appears with its first tool."""
        self._put(self._tools, widget, stretch)

    def add_play_tool(self, widget: QWidget, stretch: int = 0) -> None:
        """A tool for playing, in the row above the piano."""
        self._put(self._play_tools, widget, stretch)

    # What a subclass uses

    @property
    def wide(self) -> bool:
        """Whether there is room for two columns."""
        return self.width() >= WIDE_PX

    @property
    def dense(self) -> bool:
        """Whether height is scarce."""
        return self.height() < DENSE_BELOW_PX

    @property
    def tight(self) -> bool:
        """Whether height is very scarce."""
        return self.height() < TIGHT_BELOW_PX

    @property
    def low(self) -> bool:
        """Whether there is not height enough for everything."""
        return self.height() < LOW_BELOW_PX

    def add_fixed(self, widget: QWidget) -> None:
        """Something that stays in sight above the body."""
        self._put(self._fixed, widget)

    def order_focus(self) -> None:
        """Let Tab go from top to bottom, whatever was added when. For a subclass that builds parts later."""
        parts = [self.match, self.keep, self.audition]
        for line in (self._tools, self._fixed):
            parts += _widgets_of(line)
        parts += [self.body, *_widgets_of(self._play_tools), self.piano]
        stops = [stop for part in dict.fromkeys(parts) for stop in _stops_in(part)]
        for before, after in pairwise(stops):
            QWidget.setTabOrder(before, after)

    def fit(self, room_px: int) -> None:
        """Share out the height of what can be seen of the body. Called whenever it changes."""

    # Inside

    def _arrange(self) -> None:
        self.name.setProperty("role", "title")
        # A long name gives way and makes the panel no wider.
        self.name.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.match.setAccessibleName("Match a recording")
        self.match.setToolTip("Choose a recording, and this instrument is fitted to it; or drop a sound here")
        self.keep.setAccessibleName("Keep as take")
        keys = shortcut_text(BY_ID["take.keep"])
        self.keep.setToolTip(f"Put this sound and its patch into the library ({keys})")
        self.audition.setIcon(icon("play"))
        self.audition.setToolTip("Play the patch with this note")
        head = QHBoxLayout()
        head.setSpacing(PADDING)
        head.addWidget(self.name, 1)
        head.addWidget(self.match)
        head.addWidget(self.keep)
        head.addWidget(self.audition)
        scroll = CalmScrollArea()
        scroll.setWidget(self.body)
        # The panel's own colour shows through.
        scroll.viewport().setAutoFillBackground(False)
        self.body.setAutoFillBackground(False)
        self._fixed = fixed = QVBoxLayout()
        fixed.addLayout(head)
        for line in (self._tools, self._play_tools):
            line.setSpacing(GRID)
        fixed.addLayout(self._tools)
        self._keys = keys = QVBoxLayout()
        keys.addLayout(self._play_tools)
        keys.addWidget(self.piano)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(fixed)
        whole.addWidget(scroll, 1)
        whole.addSpacing(1)
        whole.addLayout(keys)
        self._space_out()
        scroll.resized.connect(self._fit)
        scroll.verticalScrollBar().rangeChanged.connect(self._align_edges)
        self._scroll = scroll

    def _space_out(self) -> None:
        """Half the air between the rows where height is scarce."""
        gap, edge = GRID if self.dense else PADDING, GRID if self.tight else PADDING
        if (gap, edge) != (self._fixed.spacing(), self._fixed.contentsMargins().top()):
            self._fixed.setContentsMargins(PADDING_WIDE, edge, PADDING_WIDE, gap)
            self._fixed.setSpacing(gap)
            self._keys.setContentsMargins(PADDING_WIDE, gap, PADDING_WIDE, PADDING)
            self._keys.setSpacing(gap)

    def _put(self, line: QBoxLayout, widget: QWidget, stretch: int = 0) -> None:
        line.addWidget(widget, stretch)
        self.order_focus()

    def _align_edges(self, _low: int, high: int) -> None:
        """Let the scroll bar stand in the margin, so that the right edges stay in line with what does not scroll."""
        bar = self._scroll.verticalScrollBar().sizeHint().width() if high > 0 else 0
        layout = self.body.layout()
        if layout is not None:
            layout.setContentsMargins(PADDING_WIDE, 0, max(PADDING_WIDE - bar, 0), GRID)

    def _fit(self) -> None:
        hint = self.piano.minimumSizeHint() if self.dense else self.piano.sizeHint()
        self.piano.setFixedHeight(TIGHT_PIANO_PX if self.tight else hint.height())
        for button in (self.match, self.keep, self.audition):
            button.setFixedHeight(SMALL_BUTTON_PX if self.tight else BUTTON_PX)
        self._show_icons(self.width() >= ICONS_FROM_PX)
        self._space_out()
        self.fit(self._scroll.height() - GRID)

    def _show_icons(self, on: bool) -> None:
        """Where width is scarce the room is the name's."""
        if on == self.keep.icon().isNull():
            for button, name in ((self.match, "match"), (self.keep, "keep")):
                button.setIcon(icon(name) if on else QIcon())

    def paintEvent(self, event: QPaintEvent) -> None:
        # Where the middle can be scrolled, a hairline says that it goes on.
        if self._scroll.verticalScrollBar().maximum() > 0:
            edge = self._scroll.geometry()
            painter = QPainter(self)
            painter.setPen(QColor(tokens().hairline))
            for y in (edge.top() - 1, edge.bottom() + 1):
                painter.drawLine(0, y, self.width(), y)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()


def _widgets_of(line: QBoxLayout) -> list[QWidget]:
    found = [item.widget() for item in (line.itemAt(place) for place in range(line.count())) if item is not None]
    return [widget for widget in found if widget is not None]


def _stops_in(part: QWidget) -> list[QWidget]:
    """The widgets at which Tab stops, in the order in which they were made."""
    tab = Qt.FocusPolicy.TabFocus
    # What pops up is a window of its own.
    inside = [part, *(w for w in part.findChildren(QWidget) if w.window() is part.window())]
    return [w for w in inside if w.focusPolicy() & tab]
