"""Docks that were squeezed by a small window are as wide as before when there is room again."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import QDockWidget, QMainWindow

LEAST_CENTRE_PX = 480
"""Docks stay narrow while what lies between them has not so much."""
_BY_HAND = (QEvent.Type.MouseButtonRelease, QEvent.Type.MouseButtonDblClick)
"""What the window itself hears of the mouse is about the lines between its docks."""


class DockWidths(QObject):
    """Remembers how wide the person has made the docks; Qt forgets it when it has to make them narrower."""

    def __init__(self, window: QMainWindow, docks: Callable[[], Collection[QDockWidget]]) -> None:
        super().__init__(window)
        self._window, self._docks = window, docks
        self._wanted: dict[QDockWidget, int] = {}
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._after)
        window.installEventFilter(self)

    def want(self, widths: Mapping[QDockWidget, int]) -> None:
        """So wide docks shall be, where there is room."""
        self._wanted = dict(widths)

    def remember(self) -> None:
        """As they are now, so they are wanted."""
        self._wanted |= {dock: dock.width() for dock in self._in_place()}

    def _in_place(self) -> list[QDockWidget]:
        return [d for d in self._docks() if d.isVisible() and not d.isFloating() and not d.visibleRegion().isEmpty()]

    def _after(self) -> None:
        """The window has another size."""
        docks = self._in_place()
        narrow = [dock for dock in docks if dock.width() < self._wanted.setdefault(dock, dock.width())]
        missing_px = sum(self._wanted[dock] - dock.width() for dock in narrow)
        if narrow and self._window.centralWidget().width() - missing_px >= LEAST_CENTRE_PX:
            self._window.resizeDocks(narrow, [self._wanted[dock] for dock in narrow], Qt.Orientation.Horizontal)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._window:
            if event.type() == QEvent.Type.Resize:
                self._soon.start()
            elif event.type() in _BY_HAND:
                QTimer.singleShot(0, self, self.remember)
        return False
