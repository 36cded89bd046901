"""A stretch of time as a picture: painted once and kept, with the selection, the playhead and the pointer over it.

The picture is painted into a pixmap and copied from there, so that the playhead and the pointer's line cost only the
stripes that they leave and enter.
"""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFocusEvent, QPainter, QPaintEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app import theme
from app.controls.paint import by_keyboard, colour, focus_frame, pen
from app.controls.time_axis import Selection, TimeAxis

EDGE_PX = 4
"""How near an edge of the selection it is caught."""
_JOIN_PX = 6
_GRIP = QSize(28, 10)


class TimePicture(QWidget):
    """Draws what an axis shows. Subclasses paint the picture itself."""

    selection_alpha = 46
    """How strongly the selection tints the picture, 0..255."""

    def __init__(self, axis: TimeAxis, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.axis = axis
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(80, 48)
        self._picture = QPixmap()
        self._stale = True
        self._framed = False
        self._theme = ""
        self._pointer: QPoint | None = None
        axis.range_changed.connect(self.redraw)
        axis.selection_changed.connect(self.update)
        axis.playhead_changed.connect(self._repaint_stripes)
        axis.hover_changed.connect(self._repaint_stripes)

    # -- for subclasses ----------------------------------------------------------------------------

    def paint_picture(self, painter: QPainter, width: int, height: int, scale: float) -> None:
        """Paint what stays: ``width`` and ``height`` in the widget's pixels, of ``scale`` device pixels each."""
        raise NotImplementedError

    def band_rects(self, selection: Selection, left: float, right: float) -> list[QRectF]:
        """The selection on the screen, between the pixels ``left`` and ``right``."""
        return [QRectF(left, 0, right - left, self.height())]

    def hover_stripes(self) -> list[QRect]:
        """Where the pointer draws something besides its upright line."""
        return []

    def paint_pointer(self, painter: QPainter) -> None:
        """Draw what belongs to the pointer besides its upright line."""

    # -- places ------------------------------------------------------------------------------------

    def x_of(self, time_s: float) -> float:
        """Pixel of a time."""
        span = self.axis.span_s
        return (time_s - self.axis.start_s) / span * self.width() if span > 0 else 0.0

    def time_at(self, x: float) -> float:
        """Time at a pixel."""
        return self.axis.start_s + x / max(self.width(), 1) * self.axis.span_s

    def redraw(self) -> None:
        """The picture is out of date: paint it anew at the next chance."""
        self._stale = True
        self.update()

    @property
    def shown(self) -> bool:
        """Whether there is a sound to point at."""
        return self.axis.duration_s > 0

    # -- painting ----------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        scale = self.devicePixelRatioF()
        wanted = QSize(round(self.width() * scale), round(self.height() * scale))
        tokens = theme.tokens()
        if self._stale or self._picture.size() != wanted or self._theme != tokens.name:
            self._paint_anew(wanted, scale)
            self._theme = tokens.name
        painter = QPainter(self)
        for rect in event.region():
            source = QRectF(rect.x() * scale, rect.y() * scale, rect.width() * scale, rect.height() * scale)
            painter.drawPixmap(QRectF(rect), self._picture, source)
        if self.shown:
            self._paint_selection(painter)
            self._paint_lines(painter)
        if self._framed:
            focus_frame(painter, self)

    def _paint_anew(self, wanted: QSize, scale: float) -> None:
        if self._picture.size() != wanted:
            self._picture = QPixmap(wanted)
        self._picture.setDevicePixelRatio(scale)
        self._stale = False
        painter = QPainter(self._picture)
        if self.shown:
            self.paint_picture(painter, self.width(), self.height(), scale)
        else:
            painter.fillRect(self.rect(), colour(theme.tokens().canvas))
        painter.end()

    def overlay(self) -> theme.Theme:
        """The theme whose selection and lines stand out from the picture."""
        return theme.tokens()

    def _paint_selection(self, painter: QPainter) -> None:
        selection = self.axis.selection
        if selection is None:
            return
        over = self.overlay()
        role = over.selection
        left, right = self.x_of(selection.start_s), self.x_of(selection.end_s)
        if right < -1 or left > self.width() + 1:
            return
        left, right = max(left, -2.0), min(right, self.width() + 2.0)
        for box in self.band_rects(selection, left, right):
            painter.fillRect(box, colour(role, self.selection_alpha))
            painter.setPen(pen(role, 220))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(box.adjusted(0.5, 0.5, -0.5, -0.5))
        grip = self.grip()
        if grip is not None:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour(role, 235))
            painter.drawRoundedRect(QRectF(grip), 3, 3)
            painter.setBrush(colour(over.on_accent))
            for dx in (-5, 0, 5):
                painter.drawEllipse(QPointF(grip.center()) + QPointF(dx + 0.5, 0.5), 1.2, 1.2)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _paint_lines(self, painter: QPainter) -> None:
        tokens = self.overlay()
        if self.axis.hover_s is not None:
            x = round(self.x_of(self.axis.hover_s))
            painter.fillRect(QRectF(x, 0, 1, self.height()), colour(tokens.playhead, 90))
        if self._pointer is not None:
            self.paint_pointer(painter)
        x = round(self.x_of(self.axis.playhead_s))
        if -1 <= x <= self.width():
            painter.fillRect(QRectF(x, 0, 1, self.height()), colour(tokens.playhead))

    def _stripe(self, time_s: float | None) -> QRect:
        if time_s is None or not self.shown:
            return QRect()
        return QRect(round(self.x_of(time_s)) - 1, 0, 3, self.height()).intersected(self.rect())

    def _repaint_stripes(self, old: float | None, new: float | None) -> None:
        before, after = self._stripe(old), self._stripe(new)
        if before == after:
            return
        if before.adjusted(-_JOIN_PX, 0, _JOIN_PX, 0).intersects(after):
            # One piece costs less than two, as long as there is little between them.
            self.update(before.united(after))
            return
        for stripe in (before, after):
            if not stripe.isEmpty():
                self.update(stripe)

    def grip(self) -> QRect | None:
        """The small handle at the selection's top by which it is pulled out."""
        selection = self.axis.selection
        if selection is None:
            return None
        left, right = max(self.x_of(selection.start_s), 0.0), min(self.x_of(selection.end_s), float(self.width()))
        if right - left < _GRIP.width() + 2 * EDGE_PX:
            return None
        boxes = self.band_rects(selection, left, right)
        top = max(round(boxes[0].top()), 0) + 2 if boxes else 2
        return QRect(QPoint(round((left + right - _GRIP.width()) / 2), top), _GRIP)

    # -- the rest ----------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._stale = True

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._framed = by_keyboard(event.reason())
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._framed = False
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(640, 200)
