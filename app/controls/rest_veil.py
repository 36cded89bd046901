"""A veil over a panel that rests: it says so, and the first press takes it away."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from app.controls.knob_paint import focus_ring
from app.controls.paint import paint_sign
from app.theme import GRID, tokens

WORDS = "Click to play this instrument"


class RestVeil(QWidget):
    """Lies over its parent while it is on; nothing under it can be pressed or turned by accident."""

    pressed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName(WORDS)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        parent.installEventFilter(self)
        self.hide()

    def set_on(self, on: bool) -> None:
        if on == self.isHidden():
            self.setGeometry(self.parentWidget().rect())
            self.setVisible(on)
            self.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and not self.isHidden():
            self.setGeometry(self.parentWidget().rect())
        return False

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.pressed.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.pressed.emit()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        veil = QColor(theme.panel)
        veil.setAlphaF(0.6)
        painter.fillRect(self.rect(), veil)
        paint_sign(painter, QRectF(self.rect()), WORDS, theme.hairline, theme.control, theme.text, GRID)
        if self.hasFocus():
            focus_ring(painter, QRectF(self.rect()))
