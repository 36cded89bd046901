"""Four slots in a row: which hold something, which is in use, which were changed; drag one onto another to copy it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QContextMenuEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QApplication, QHBoxLayout, QSizePolicy, QWidget

from app.controls.knob_paint import figures, focus_ring, wash
from app.controls.plain import plain_tip
from app.theme import GRID, TEXT_PX, tokens

BUTTON = QSize(28, 24)
DOT_PX = 5.0


@dataclass(frozen=True, slots=True)
class SlotState:
    """What one slot's button shows; ``name`` is its patch's, empty for an empty slot."""

    name: str = ""
    is_current: bool = False
    is_changed: bool = False

    @property
    def is_filled(self) -> bool:
        return bool(self.name)


class SlotButton(QAbstractButton):
    """One slot. It is dragged by its row."""

    menu_wanted = Signal(QPoint)

    def __init__(self, letter: str, keys: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.letter, self._keys = letter, keys
        self.state = SlotState()
        self._is_target = False
        self.setFixedSize(BUTTON)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._describe()

    def set_state(self, state: SlotState) -> None:
        if state != self.state:
            self.state = state
            self._describe()
            self.update()

    def set_target(self, on: bool) -> None:
        """Whether another slot would be copied here."""
        if on != self._is_target:
            self._is_target = on
            self.update()

    def _describe(self) -> None:
        state = self.state
        words = f"“{state.name}”" if state.is_filled else "empty: click to begin it with what is heard"
        words += ", in use" if state.is_current else ""
        words += ", changed since it was stored" if state.is_changed else ""
        self.setAccessibleName(f"Slot {self.letter}")
        self.setAccessibleDescription(words)
        keys = f" ({self._keys})" if self._keys else ""
        self.setToolTip(plain_tip(f"Slot {self.letter}{keys}: {words}\nDrag it onto another slot to copy it there."))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        keyboard = event.reason() == QContextMenuEvent.Reason.Keyboard
        self.menu_wanted.emit(self.mapToGlobal(self.rect().center()) if keyboard else event.globalPos())

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, state = tokens(), self.state
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        edge = QPen(QColor(theme.accent if state.is_current or self._is_target else theme.hairline))
        if not state.is_filled:
            edge.setStyle(Qt.PenStyle.DotLine if not self._is_target else Qt.PenStyle.SolidLine)
        painter.setPen(edge)
        if state.is_current or self._is_target:
            painter.setBrush(wash(theme.accent, 0.16))
        elif self.underMouse():
            painter.setBrush(QColor(theme.hover))
        else:
            painter.setBrush(QColor(theme.control) if state.is_filled else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(box, GRID, GRID)
        painter.setFont(figures(self, TEXT_PX, strong=state.is_current))
        tone = theme.accent if state.is_current else theme.text if state.is_filled else theme.secondary
        painter.setPen(QColor(tone))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.letter)
        if state.is_changed:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.accent if state.is_current else theme.secondary))
            painter.drawEllipse(QRectF(self.width() - DOT_PX - 3, 3, DOT_PX, DOT_PX))
        if self.hasFocus():
            focus_ring(painter, QRectF(self.rect()))


class SlotButtons(QWidget):
    """The row of slots."""

    chosen = Signal(int)
    copied = Signal(int, int)
    """A slot was dragged onto another one."""
    menu_wanted = Signal(int, QPoint)

    def __init__(self, letters: str, keys: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        self.buttons = [_DraggedButton(letter, key, self) for letter, key in zip(letters, keys, strict=True)]
        for place, button in enumerate(self.buttons):
            row.addWidget(button)
            button.clicked.connect(lambda _=False, place=place: self.chosen.emit(place))
            button.menu_wanted.connect(lambda at, place=place: self.menu_wanted.emit(place, at))

    def set_states(self, states: Sequence[SlotState]) -> None:
        for button, state in zip(self.buttons, states, strict=True):
            button.set_state(state)

    def show_target(self, source: SlotButton, place: QPoint | None) -> None:
        """Mark the slot under ``place`` (of the row) as the one that ``source`` would be copied to."""
        for button in self.buttons:
            over = place is not None and button is not source and button.geometry().contains(place)
            button.set_target(over)

    def drop(self, source: SlotButton, place: QPoint) -> None:
        self.show_target(source, None)
        for at, button in enumerate(self.buttons):
            if button is not source and button.geometry().contains(place):
                self.copied.emit(self.buttons.index(source), at)  # type: ignore[arg-type]


class _DraggedButton(SlotButton):
    """A slot's button that knows its row, so that it can be dragged over it."""

    def __init__(self, letter: str, keys: str, row: SlotButtons) -> None:
        super().__init__(letter, keys, row)
        self._row = row
        self._pressed_at: QPoint | None = None
        self._dragging = False

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed_at = event.position().toPoint()
        elif self._dragging:
            # Another button during a drag takes it back.
            self._end()
            return
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        place = event.position().toPoint()
        if self._pressed_at is not None and not self._dragging and self.state.is_filled:
            far = (place - self._pressed_at).manhattanLength()
            if far >= QApplication.startDragDistance():
                self._dragging = True
                self.setDown(False)
                self.setFocus(Qt.FocusReason.MouseFocusReason)
                self.setCursor(Qt.CursorShape.DragCopyCursor)
        if self._dragging:
            self._row.show_target(self, self.mapToParent(place))
        else:
            super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        was_dragging, self._pressed_at = self._dragging, None
        if event.button() != Qt.MouseButton.LeftButton or not was_dragging:
            super().mouseReleaseEvent(event)
            return
        self._end()
        self._row.drop(self, self.mapToParent(event.position().toPoint()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._dragging and event.key() == Qt.Key.Key_Escape:
            self._end()
        else:
            super().keyPressEvent(event)

    def _end(self) -> None:
        self._dragging, self._pressed_at = False, None
        self.setDown(False)
        self.unsetCursor()
        self._row.show_target(self, None)
