"""The panel in which words turn the knobs: a line to say what is wanted, and below it what is being found.

It stands under the stage, so that the knobs, the sound and the candidates are in sight together. At rest it is one row;
while something is found or waits to be decided it opens.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from app.controls.plain import SentenceLabel
from app.controls.search_line import Point, SearchLine
from app.controls.sound_tile import SoundTile
from app.panels.dream_ask import AskForm
from app.theme import GRID, PADDING

N_TILES = 6
BEFORE, WANTED = "before", "wanted"
"""Names of the tiles that are no candidates."""
TILES_PX, LINE_PX = 96, 58
LOW_TILES_PX, LOW_LINE_PX = 58, 36

REST_LINES = 4
"""A sentence that stands alone, or says what went wrong, has so many lines; beside the buttons it has one."""
WIDE_PX = 560
"""From this width on buttons have all their words."""

Key = int | str
"""A candidate's place, counted from 0, or the name of another tile."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a candidate's tile says."""

    score: float
    stage: str
    levels: NDArray[np.uint8] | None


class DreamPanel(QWidget):
    """Shows what :class:`app.dreaming.Dreaming` tells it and hands on what is done to it."""

    accepted = Signal()
    discarded = Signal()
    branched = Signal()
    scrubbed = Signal(int)
    """To that moment of the search; -1 for the newest."""
    pointed = Signal(object, bool)
    """Whether a tile is pointed at, by its :data:`Key`."""
    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("dreamPanel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.ask = AskForm()
        self.before, self.wanted = SoundTile("Before"), SoundTile("Prior")
        self.before.short = "Old"
        self.tiles = [SoundTile(str(n + 1)) for n in range(N_TILES)]
        self.line = SearchLine()
        self.words = SentenceLabel(REST_LINES)
        self.branch = QPushButton("Branch")
        self.branch.setAccessibleName("Branch from here")
        self.accept = QPushButton("Accept")
        self.discard = QPushButton("Discard")
        self.body = QWidget()
        self._low = False
        self._arrange()
        self._connect()
        self.clear()

    # -- what others use -------------------------------------------------------------------------------------------

    def clear(self) -> None:
        """Nothing is being found: one row."""
        for tile in (self.before, self.wanted, *self.tiles):
            tile.clear()
        self.line.show_way((), 1.0)
        self.line.go_to(-1)
        self.accept.setEnabled(False)
        self.branch.setEnabled(False)
        self.body.hide()

    def say(self, words: str, *, is_error: bool = False) -> None:
        """One sentence about where it stands, or what went wrong."""
        role = "error" if is_error else "secondary"
        if self.words.property("role") != role:
            self.words.setProperty("role", role)
            self.words.style().polish(self.words)
        self._fit_words()
        self.words.setText(words)
        self.foot.setVisible(bool(words) or not self.body.isHidden())

    def open_up(self) -> None:
        """A search begins, or waits to be decided."""
        self.body.show()
        self.foot.show()
        self._show_buttons(True)
        self._fit()

    def close_up(self) -> None:
        """It is over."""
        self.clear()
        self._show_buttons(False)
        self.say("")
        self._fit()

    @property
    def is_open(self) -> bool:
        return not self.body.isHidden()

    def show_candidates(self, shown: Sequence[Shown | None]) -> None:
        """What is found, by place."""
        for place, tile in enumerate(self.tiles):
            one = shown[place] if place < len(shown) else None
            if one is None:
                tile.clear()
                continue
            words = (
                f"Candidate {place + 1}: fits the words by {one.score:.2f} of 1, {one.stage}\n"
                f"Point to hear it, click or press {place + 1} to let the knobs show it"
            )
            tile.show_sound(str(place + 1), f"{one.score:.2f}", max(one.score, 0.0), words)
            tile.set_picture(one.levels)
        self.accept.setEnabled(any(one is not None for one in shown))

    def show_other(self, key: str, levels: NDArray[np.uint8] | None, name: str, words: str) -> None:
        """The sound from before, or what the prior wants."""
        tile = self.before if key == BEFORE else self.wanted
        tile.show_sound(name, words=words)
        tile.set_picture(levels)

    def show_chosen(self, key: Key | None) -> None:
        """Which tile the knobs show; none while they show a moment of the search."""
        for n, tile in enumerate(self.tiles):
            tile.set_checked(key == n)
        self.before.set_checked(key == BEFORE)
        self.wanted.set_checked(key == WANTED)

    def show_way(self, points: Sequence[Point], span_s: float) -> None:
        self.line.show_way(points, span_s)

    def show_place(self, place: int) -> None:
        """The knobs show that moment of the search, or the newest for -1."""
        self.line.go_to(place)
        self.branch.setEnabled(bool(self.line.points))

    def set_map(self, name: str) -> None:
        """The colours of the pictures."""
        for tile in (self.before, self.wanted, *self.tiles):
            if tile.map_name != name:
                tile.map_name = name
                tile.update()

    @property
    def is_pointed_at(self) -> bool:
        """Whether a pointer or the keyboard is at the tiles, so that they should stay where they are."""
        return self._tile_row.underMouse() or any(tile.hasFocus() or tile.underMouse() for tile in self.tiles)

    def set_low(self, on: bool) -> None:
        """As low as possible."""
        if on != self._low:
            self._low = on
            self._fit()

    # -- inside ----------------------------------------------------------------------------------------------------

    def _fit(self) -> None:
        self._tile_row.setFixedHeight(LOW_TILES_PX if self._low else TILES_PX)
        self.line.setFixedHeight(LOW_LINE_PX if self._low else LINE_PX)
        self.ask.set_low(self._low and self.is_open)
        self.updateGeometry()

    def _show_buttons(self, on: bool) -> None:
        for button in (self.branch, self.accept, self.discard):
            button.setVisible(on)
        self._fit_words()

    def _fit_words(self) -> None:
        """What went wrong is read whole, and with it what to do; where it stands is one line beside the buttons."""
        is_error = self.words.property("role") == "error"
        self.words.set_most_lines(REST_LINES if is_error or not self.is_open else 1)

    def _arrange(self) -> None:
        self.words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.accept.setProperty("primary", True)
        self.accept.setToolTip("Take over the patch as one step, and keep its sound as a take")
        self.discard.setToolTip("Leave the patch as it was (Esc)")
        self.branch.setToolTip("Search again, beginning at the moment that is shown and staying near it")
        self._tile_row = QWidget()
        tiles = QHBoxLayout(self._tile_row)
        tiles.setContentsMargins(0, 0, 0, 0)
        tiles.setSpacing(GRID)
        for tile in (self.before, self.wanted):
            tiles.addWidget(tile, 1)
        tiles.addSpacing(GRID)
        for tile in self.tiles:
            tiles.addWidget(tile, 1)
        inside = QVBoxLayout(self.body)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(GRID)
        inside.addWidget(self._tile_row)
        inside.addWidget(self.line)
        self.foot = QWidget()
        foot = QHBoxLayout(self.foot)
        foot.setContentsMargins(0, 0, 0, 0)
        foot.setSpacing(GRID)
        foot.addWidget(self.words, 1)
        foot.addWidget(self.branch)
        foot.addSpacing(GRID)
        foot.addWidget(self.discard)
        # Where the button was that began it: a second click finds what makes no sense yet.
        foot.addWidget(self.accept)
        column = QVBoxLayout(self)
        column.setContentsMargins(PADDING, GRID + 2, PADDING, GRID + 2)
        column.setSpacing(GRID + 2)
        column.addWidget(self.ask)
        column.addWidget(self.body)
        column.addWidget(self.foot)
        self._show_buttons(False)
        self.foot.hide()
        self._fit()

    def _connect(self) -> None:
        self.accept.clicked.connect(self.accepted)
        self.discard.clicked.connect(self.discarded)
        self.branch.clicked.connect(self.branched)
        self.line.went.connect(self.scrubbed)
        named: Mapping[Key, SoundTile] = {BEFORE: self.before, WANTED: self.wanted, **dict(enumerate(self.tiles))}
        for key, tile in named.items():
            tile.pointed.connect(partial(self.pointed.emit, key))
            tile.chosen.connect(partial(self.chosen.emit, key))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.branch.setText("Branch from here" if event.size().width() >= WIDE_PX else "Branch")

    def minimumSizeHint(self) -> QSize:
        return QSize(260, super().minimumSizeHint().height())
