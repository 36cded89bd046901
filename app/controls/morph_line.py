"""The way between two slots as a line with a handle, with the slots' letters at its ends to choose them by."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QMenu, QSizePolicy, QToolButton, QWidget

from app.controls.fader import HANDLE_PX, LINE_PX, Fader
from app.controls.menus import below, pop_up
from app.theme import GRID, tokens
from engine.params import Param

MORPH = Param("morph", 0.0, 1.0, 0.5, label="Morph", help="Between the two slots at its ends", step=0.1)


class MorphFader(Fader):
    """The line with its handle, hollow while the sound is none that lies on the line."""

    text_px, text_margin = 40, 0

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(MORPH, parent)
        self._attached = False

    def sizeHint(self) -> QSize:
        return QSize(148, 24)

    def minimumSizeHint(self) -> QSize:
        return QSize(96, 24)

    def line_rect(self) -> QRectF:
        line = super().line_rect()
        # Without a way there is no share to be read beside it.
        return line if self.isEnabled() else line.adjusted(0.0, 0.0, self.text_px, 0.0)

    def set_attached(self, on: bool) -> None:
        """Whether the sound lies where the handle stands."""
        if on != self._attached:
            self._attached = on
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, off = tokens(), not self.isEnabled()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        line = self.line_rect()
        on_line = (self._attached or self.gesture.busy) and not off
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.hairline))
        painter.drawRoundedRect(line, LINE_PX / 2, LINE_PX / 2)
        painter.setBrush(QColor(theme.disabled))
        painter.drawRect(QRectF(line.center().x() - 0.5, line.top() - GRID, 1.0, LINE_PX + 2 * GRID))
        if off:
            return
        at = QPointF(line.left() + line.width() * self.gesture.position, line.center().y())
        tone = QColor(theme.text if self._hovered else theme.accent if on_line else theme.secondary)
        painter.setPen(QPen(tone, 1.5))
        painter.setBrush(tone if on_line else QColor(theme.panel))
        painter.drawEllipse(at, HANDLE_PX / 2 - 0.5, HANDLE_PX / 2 - 0.5)
        self._paint_value(painter, QColor(theme.text if self._hovered else theme.secondary))


class MorphLine(QWidget):
    """Fader and ends. ``pair_chosen`` tells of new ends; the fader's signals are its own."""

    pair_chosen = Signal(int, int)

    def __init__(self, letters: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._letters = letters
        self._pair = (0, 1)
        self._filled: tuple[bool, ...] = (False,) * len(letters)
        self.fader = MorphFader()
        self.ends = (QToolButton(), QToolButton())
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        row.addWidget(self.ends[0])
        row.addWidget(self.fader, 1)
        row.addWidget(self.ends[1])
        for place, end in enumerate(self.ends):
            # One letter needs no air around it.
            end.setStyleSheet("QToolButton { padding: 0; }")
            end.setProperty("role", "chip")
            end.setFixedSize(22, 24)
            end.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            end.setAccessibleName("Slot at the left end" if place == 0 else "Slot at the right end")
            end.clicked.connect(lambda _=False, place=place: self._choose(place))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.show_state((0, 1), self._filled, None, can_morph=False)

    def show_state(
        self, pair: tuple[int, int], filled: tuple[bool, ...], share: float | None, *, can_morph: bool
    ) -> None:
        """Show the ends, which slots hold something, and where between the ends the sound lies, if it does."""
        self._pair, self._filled = pair, filled
        for slot, end in zip(pair, self.ends, strict=True):
            end.setText(self._letters[slot])
            end.setToolTip(f"Slot {self._letters[slot]} stands at this end; click to choose another")
        one, other = (self._letters[slot] for slot in pair)
        self.fader.setEnabled(can_morph)
        hint = (
            f"Between slot {one} and slot {other}" if can_morph else f"Fill slot {one} and slot {other} to go between"
        )
        self.fader.setToolTip(hint)
        self.fader.setAccessibleName(f"Morph {one} to {other}")
        self.fader.set_attached(share is not None)
        if share is not None and not self.fader.gesture.busy:
            self.fader.set_value(share)

    def end_menu(self, place: int) -> QMenu:
        """The slots that can stand at an end; the caller shows and deletes it."""
        menu = QMenu(self)
        for slot, letter in enumerate(self._letters):
            action = menu.addAction(f"Slot {letter}")
            action.setCheckable(True)
            action.setChecked(slot == self._pair[place])
            action.setEnabled(self._filled[slot])
            ends = (slot, self._pair[1]) if place == 0 else (self._pair[0], slot)
            action.triggered.connect(lambda _=False, ends=ends: self.pair_chosen.emit(*ends))
        return menu

    def _choose(self, place: int) -> None:
        pop_up(self.end_menu(place), below(self.ends[place]))
