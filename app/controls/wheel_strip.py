"""A strip for a wheel: drag sideways. The pitch wheel springs back when it is let go, the modulation wheel stays."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QHideEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.controls.knob_paint import figures, focus_ring, wash
from app.theme import GRID, tokens

HEIGHT_PX = 24
KEY_SHARE = 0.1
WHEEL_SHARE = 0.05


class WheelStrip(QWidget):
    """A share from 0 (or -1, where it ``springs`` back to the middle) to 1."""

    moved = Signal(float)

    def __init__(self, words: str, help_text: str, *, springs: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.springs = springs
        self._words = words
        self._share = 0.0
        self._grip: tuple[float, float] | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(help_text.partition("\n")[0])
        self.setToolTip(help_text)
        self.setCursor(Qt.CursorShape.SizeHorCursor)

    def sizeHint(self) -> QSize:
        return QSize(64, HEIGHT_PX)

    def minimumSizeHint(self) -> QSize:
        return QSize(72 if self.springs else 48, HEIGHT_PX)

    @property
    def low(self) -> float:
        return -1.0 if self.springs else 0.0

    @property
    def share(self) -> float:
        return self._share

    def set_share(self, share: float) -> None:
        """Show where the wheel stands, without a signal; a hand on the strip keeps it."""
        if self._grip is None:
            self._show(share)

    def _show(self, share: float) -> bool:
        share = min(max(share, self.low), 1.0)
        if share == self._share:
            return False
        self._share = share
        self.setAccessibleDescription(f"{round(100 * share)} %")
        self.update()
        return True

    def _move(self, share: float) -> None:
        if self._show(share):
            self.moved.emit(self._share)

    def _let_go(self) -> None:
        if self._grip is not None:
            self._grip = None
            self.update()
            if self.springs:
                self._move(0.0)

    # Hands

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._grip = (event.position().x(), self._share)
            self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grip is not None and event.buttons() & Qt.MouseButton.LeftButton:
            start, share = self._grip
            travel = max(self.width() - 8, 1) / (1.0 - self.low)
            self._move(share + (event.position().x() - start) / travel)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._let_go()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._move(0.0)
        self.mousePressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        turn = event.angleDelta().y() or event.angleDelta().x()
        if not self.springs:
            self._move(self._share + turn / 120.0 * WHEEL_SHARE)
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Right: 1, Qt.Key.Key_Up: 1, Qt.Key.Key_Left: -1, Qt.Key.Key_Down: -1}
        if (step := steps.get(Qt.Key(event.key()))) is not None and not event.modifiers():
            self._move(self._share + step * KEY_SHARE)
        elif event.key() == Qt.Key.Key_Delete:
            self._move(0.0)
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if self.springs and not event.isAutoRepeat() and event.key() in (Qt.Key.Key_Right, Qt.Key.Key_Left):
            self._move(0.0)
        super().keyReleaseEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.update()
        super().focusInEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._let_go()
        if self.springs:
            self._move(0.0)
        self.update()
        super().focusOutEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        self._let_go()
        super().hideEvent(event)

    # Picture

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(QColor(theme.hairline))
        painter.setBrush(QColor(theme.hover if self._grip is not None else theme.control))
        painter.drawRoundedRect(box, GRID, GRID)
        rail = box.adjusted(4, 0, -4, 0)
        origin = rail.center().x() if self.springs else rail.left()
        here = rail.left() + (self._share - self.low) / (1.0 - self.low) * rail.width()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(wash(theme.accent, 0.35))
        painter.drawRect(QRectF(min(origin, here), box.top() + 1, abs(here - origin), box.height() - 2))
        painter.setBrush(QColor(theme.accent if self._share else theme.secondary))
        painter.drawRoundedRect(QRectF(here - 1.5, box.top() + 3, 3, box.height() - 6), 1.5, 1.5)
        painter.setFont(figures(self))
        painter.setPen(QColor(theme.secondary))
        side = Qt.AlignmentFlag.AlignLeft if self.springs else Qt.AlignmentFlag.AlignRight
        painter.drawText(rail.adjusted(2, 0, -2, 0), side | Qt.AlignmentFlag.AlignVCenter, self._words)
        if self.hasFocus():
            focus_ring(painter, QRectF(self.rect()))
