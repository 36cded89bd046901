"""A scroll area whose knobs do not turn by accident when they slide under the pointer."""

from __future__ import annotations

from PySide6.QtCore import QElapsedTimer, Qt, Signal
from PySide6.QtGui import QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

SCROLL_MS = 350
"""Wheel events this soon after a scroll belong to it, whatever has come under the pointer meanwhile."""


class CalmScrollArea(QScrollArea):
    """Scrolls vertically only; its content takes its whole width. See :func:`is_scrolling`."""

    resized = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._since_scroll = QElapsedTimer()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    @property
    def scrolling(self) -> bool:
        return self._since_scroll.isValid() and self._since_scroll.elapsed() < SCROLL_MS

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.resized.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        before = self.verticalScrollBar().value()
        super().wheelEvent(event)
        if self.verticalScrollBar().value() != before:
            self._since_scroll.start()


def is_scrolling(widget: QWidget) -> bool:
    """Whether ``widget`` sits in a scroll area that the wheel is moving right now."""
    place = widget.parentWidget()
    while place is not None:
        if isinstance(place, CalmScrollArea):
            return place.scrolling
        place = place.parentWidget()
    return False
