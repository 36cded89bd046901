"""The strip of a match: how far it is, how near it has come, candidates to choose from, and what to do with them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF, QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QButtonGroup,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.controls.curve_paint import paint_paper
from app.controls.plain import ElidedLabel, plain_label, plain_tip
from app.theme import BUTTON_PX, GRID, PADDING, SMALL_BUTTON_PX, tokens

HEAR_TARGET, HEAR_MATCH = "Hear target", "Hear match"
WAITING, STARTING = "Waiting", "Starting"
EQUAL = "equally loud"
CURVE_PX = QSize(104, 28)
WIDE_PX = 760
"""From this width on everything stands in one row."""
SPACIOUS_PX = 460
"""From this width on candidates say how near they are."""


class DistanceCurve(QWidget):
    """The distance over the course of a match: from left to right as it goes on, falling as it comes nearer."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.points: list[tuple[float, float]] = []
        """Fraction done and distance in dB, in the order of time."""
        self.fraction = 0.0
        self.setFixedSize(CURVE_PX)
        self.setAccessibleName("Distance over time")
        self.setToolTip("How near the match has come, from left to right; lower is nearer")

    def clear(self) -> None:
        self.points, self.fraction = [], 0.0
        self.update()

    def add(self, fraction: float, distance_db: float | None = None) -> None:
        """The match is so far, and so near; it does not go away again."""
        self.fraction = max(self.fraction, fraction)
        if distance_db is not None and math.isfinite(distance_db):
            nearest = min(distance_db, self.points[-1][1]) if self.points else distance_db
            self.points.append((self.fraction, nearest))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_paper(painter, self)
        painter.setPen(Qt.PenStyle.NoPen)
        width, height = self.width() - 2.0 * GRID, self.height() - 2.0 * GRID
        done = QColor(theme.accent)
        done.setAlphaF(0.18)
        painter.setBrush(done)
        painter.drawRect(int(GRID), self.height() - GRID, round(width * self.fraction), 2)
        if not self.points:
            return
        top = max(db for _, db in self.points) * 1.05
        line = QPolygonF()
        for fraction, db in [*self.points, (self.fraction, self.points[-1][1])]:
            line.append(QPointF(GRID + width * fraction, GRID + height * (1.0 - db / max(top, 1e-9))))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(theme.accent), 1.5))
        painter.drawPolyline(line)
        painter.setBrush(QColor(theme.accent))
        painter.drawEllipse(line.last(), 2.0, 2.0)


class MatchBar(QWidget):
    """Hidden while there is no match. Shows what :class:`app.matching.Matching` tells it.

    It stands under the stage, so that nothing on the instrument's panel moves when it comes or goes.
    """

    accepted = Signal()
    ended = Signal()
    """Cancel while it runs, discard when it is over."""
    compared = Signal(bool)
    """Whether the target is to be heard (``True``), or what was found."""
    chosen = Signal(int)
    """The place of a candidate, counted from 0."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("matchBar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        # So high as its rows need; whatever else there is gives way.
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._about = ""
        """What is said of what was found, besides how far the chosen one is away."""
        self._distances_db: tuple[float, ...] = ()
        self.curve = DistanceCurve()
        self.title = ElidedLabel()
        self.words = ElidedLabel(mode=Qt.TextElideMode.ElideRight)
        self.compare = QPushButton(HEAR_TARGET)
        self.equal = plain_label(EQUAL)
        self.accept = QPushButton("Accept")
        self.end = QPushButton("Cancel")
        self.choices = QButtonGroup(self)
        self.chips = QWidget()
        self._arrange()
        self._connect()
        self.hide()

    # What others use

    def begin(self, name: str, instrument: str) -> None:
        """A match of an instrument with the sound called ``name`` has begun."""
        self.curve.clear()
        self.title.setText(f"{instrument} like “{name}”")
        self.setToolTip(plain_tip(name))
        self.words.setText(WAITING)
        self._show_ended(False)
        self._enable(False)
        self.show_candidates(())
        self.show_compared(True)
        self.show()

    def show_progress(self, fraction: float | None, text: str, distance_db: float | None = None) -> None:
        """Where it stands; ``distance_db`` of the best so far."""
        if fraction is not None:
            self.curve.add(fraction, distance_db)
        share = "" if fraction is None else f" {100 * fraction:.0f} %"
        nearest = f" · {self.curve.points[-1][1]:.1f} dB" if self.curve.points else ""
        self.words.setText(f"{text or STARTING}{share}{nearest}")
        self._enable(bool(self.curve.points))
        self._share_out()

    def show_result(self, about: str, distances_db: Sequence[float], chosen: int = 0) -> None:
        """It is over: what there is to choose from, and something about all of it."""
        self.curve.add(1.0, min(distances_db, default=None))
        self._about = about
        self._enable(bool(distances_db))
        self.show_candidates(distances_db, chosen)
        self._show_ended(True)
        self._tell_chosen()

    def show_candidates(self, distances_db: Sequence[float], chosen: int = 0) -> None:
        """Buttons for candidates, of which one is chosen."""
        self._distances_db = tuple(distances_db)
        buttons = self.choices.buttons()
        for place, button in enumerate(buttons):
            there = place < len(distances_db)
            button.setVisible(there)
            if there:
                button.setToolTip(f"Candidate {place + 1}: {distances_db[place]:.2f} dB from the target")
        buttons[chosen].setChecked(True)
        self.chips.setHidden(len(distances_db) < 2)
        self._share_out()

    def show_compared(self, is_target: bool) -> None:
        """Say what the button for comparing would play: the other one of target and match."""
        self.compare.setText(HEAR_MATCH if is_target else HEAR_TARGET)

    def show_equal(self, on: bool) -> None:
        """Whether target and candidates are played equally loud."""
        self.equal.setVisible(on)
        also = ", both equally loud" if on else ""
        self.compare.setToolTip(f"Play the target; pressed again, the match{also}")

    # Inside

    def _tell_chosen(self) -> None:
        """How near the chosen candidate is."""
        place = self.choices.checkedId()
        if 0 <= place < len(self._distances_db):
            self.words.setText(f"{self._distances_db[place]:.1f} dB away; {self._about}")

    def _share_out(self) -> None:
        """Show what there is room for: a curve when there is one, until candidates stand in its place."""
        self.curve.setHidden(not self.curve.points or not self.chips.isHidden())
        spacious = self.width() >= SPACIOUS_PX
        for place, button in enumerate(self.choices.buttons()):
            says = spacious and place < len(self._distances_db)
            button.setText(f"{place + 1}: {self._distances_db[place]:.1f} dB" if says else str(place + 1))

    def _enable(self, found: bool) -> None:
        """Whether there is anything to accept and to compare with."""
        self.accept.setEnabled(found)
        self.compare.setEnabled(found)

    def _show_ended(self, over: bool) -> None:
        self.end.setText("Discard" if over else "Cancel")
        self.end.setToolTip("Leave the patch as it was (Esc)" if over else "Stop and leave the patch as it was (Esc)")

    def _arrange(self) -> None:
        self.words.setProperty("role", "small")
        self.equal.setProperty("role", "small")
        for label in (self.title, self.words):
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.accept.setProperty("primary", True)
        self.accept.setToolTip("Take over the patch and its note as one step")
        for wide in (self.compare, self.accept, self.end):
            wide.setFixedHeight(BUTTON_PX)
        chips = QHBoxLayout(self.chips)
        chips.setContentsMargins(0, 0, 0, 0)
        chips.setSpacing(GRID // 2)
        for place in range(4):
            button = QToolButton()
            button.setText(str(place + 1))
            button.setCheckable(True)
            button.setProperty("role", "chip")
            button.setFixedHeight(SMALL_BUTTON_PX)
            button.setAccessibleName(f"Candidate {place + 1}")
            self.choices.addButton(button, place)
            chips.addWidget(button)
        text = QVBoxLayout()
        text.setSpacing(0)
        text.addWidget(self.title)
        text.addWidget(self.words)
        above = QHBoxLayout()
        above.setSpacing(PADDING)
        above.addLayout(text, 1)
        above.addWidget(self.curve)
        above.addWidget(self.chips)
        below = QHBoxLayout()
        below.setSpacing(GRID)
        below.addWidget(self.compare)
        below.addWidget(self.equal)
        below.addStretch(1)
        below.addWidget(self.accept)
        # What throws away stands a little apart from what takes over.
        below.addSpacing(GRID)
        below.addWidget(self.end)
        self._rows = QBoxLayout(QBoxLayout.Direction.TopToBottom, self)
        self._rows.setContentsMargins(PADDING, GRID + 2, PADDING, GRID + 2)
        self._rows.setSpacing(GRID + 2)
        self._rows.addLayout(above, 1)
        self._rows.addLayout(below)
        self._share_out()

    def _connect(self) -> None:
        self.accept.clicked.connect(self.accepted)
        self.end.clicked.connect(self.ended)
        self.compare.clicked.connect(lambda: self.compared.emit(self.compare.text() == HEAR_TARGET))
        self.choices.idClicked.connect(self.chosen)
        self.choices.idToggled.connect(lambda _place, on: self._tell_chosen() if on else None)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        ways, wide = QBoxLayout.Direction, event.size().width() >= WIDE_PX
        self._rows.setDirection(ways.LeftToRight if wide else ways.TopToBottom)
        self._rows.setSpacing(PADDING if wide else GRID + 2)
        self._share_out()
