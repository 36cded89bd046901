"""What a widget answers before the window does: keys that it claims from shortcuts, and tips that depend on the place.

An event filter, and not an override of ``event()``: when C code raises (an index out of range, text that is no number)
in a painting that such an override has called, PySide6 takes the process down before Python 3.12 instead of reporting
the error, because the error has no exception object yet.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QPoint
from PySide6.QtGui import QHelpEvent, QKeyEvent
from PySide6.QtWidgets import QToolTip, QWidget


class EventAnswers(QObject):
    """Belongs to ``widget``. ``claims(key)`` says whether a key is the widget's own, whatever the shortcuts say;
    ``tip(place)`` gives the words for a place in the widget, none for "", and None leaves it to the widget's tool tip.
    """

    def __init__(
        self,
        widget: QWidget,
        *,
        claims: Callable[[QKeyEvent], bool] | None = None,
        tip: Callable[[QPoint], str | None] | None = None,
    ) -> None:
        super().__init__(widget)
        self._claims, self._tip = claims, tip
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind == QEvent.Type.ShortcutOverride and self._claims is not None and isinstance(event, QKeyEvent):
            if self._claims(event):
                event.accept()
                return True
        elif kind == QEvent.Type.ToolTip and self._tip is not None and isinstance(event, QHelpEvent):
            words = self._tip(event.pos())
            if words is not None and isinstance(watched, QWidget):
                QToolTip.showText(event.globalPos(), words, watched)
                return True
        return False
