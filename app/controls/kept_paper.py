"""What of a picture seldom changes, painted once on its paper and kept."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPixmap
from PySide6.QtWidgets import QWidget

from app.controls.curve_paint import paint_paper
from app.theme import tokens


class KeptPaper:
    """A picture as large as ``widget``, painted anew when what it shows, the theme, the font or the size is another."""

    def __init__(self, widget: QWidget) -> None:
        self._widget = widget
        self._kept: QPixmap | None = None
        self._kept_for: tuple[object, ...] = ()

    def picture(self, shows: tuple[object, ...], paint: Callable[[QPainter], None]) -> QPixmap:
        """The paper with what ``paint`` puts on it, which follows from ``shows`` alone."""
        widget, ratio = self._widget, self._widget.devicePixelRatioF()
        state = (*shows, widget.size(), ratio, tokens(), widget.font())
        if self._kept is None or state != self._kept_for:
            kept = QPixmap(widget.size() * ratio)
            kept.setDevicePixelRatio(ratio)
            kept.fill(Qt.GlobalColor.transparent)
            painter = QPainter(kept)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            paint_paper(painter, widget)
            paint(painter)
            painter.end()
            self._kept, self._kept_for = kept, state
        return self._kept
