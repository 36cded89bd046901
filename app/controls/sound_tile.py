"""A sound as a tile: a small spectrogram, a word and a figure; point at it to hear it, click it to take it up."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QEnterEvent,
    QFocusEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.controls.colormap import level_colours
from app.controls.event_answers import EventAnswers
from app.controls.knob_paint import figures, wash
from app.theme import GRID, tokens

LOW_DB, HIGH_DB = -66.0, 0.0
FOOT_PX = 18
_PRESSES = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Select)


class SoundTile(QWidget):
    """Empty until :meth:`show_sound`; then a button with a picture."""

    pointed = Signal(bool)
    """Whether the pointer, or the keyboard, is on it: it wants to be heard."""
    chosen = Signal()

    def __init__(self, name: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name = name
        self.short = ""
        """What it is called where there is no room for the name."""
        self.figure = ""
        self.share = 0.0
        self.is_filled = False
        self.map_name = "magma"
        self._levels: NDArray[np.uint8] | None = None
        self._image: QImage | None = None
        self._coloured_for: tuple[object, ...] = ()
        self._said: tuple[object, ...] = ()
        self._checked = self._hovered = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        EventAnswers(self, claims=lambda event: event.key() in _PRESSES and not event.modifiers())

    def sizeHint(self) -> QSize:
        return QSize(96, 76)

    def minimumSizeHint(self) -> QSize:
        return QSize(34, 44)

    # -- what it shows ---------------------------------------------------------------------------------------------

    def show_sound(self, name: str, figure: str = "", share: float = 0.0, words: str = "") -> None:
        """Something to hear: ``figure`` says how good it is, ``share`` 0 to 1 likewise, as a line."""
        said = (name, figure, share, words)
        if self.is_filled and said == self._said:
            return
        self.is_filled, self._said = True, said
        self.name, self.figure, self.share = name, figure, min(max(share, 0.0), 1.0)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(f"{name} {figure}".strip())
        self.setAccessibleDescription(words)
        self.setToolTip(words)
        self.update()

    def set_picture(self, levels: NDArray[np.uint8] | None) -> None:
        """Level bytes ``[rows, columns]``; ``None`` while they are not known."""
        if levels is not self._levels:
            self._levels, self._coloured_for = levels, ()
            self.update()

    def clear(self) -> None:
        """Nothing is here."""
        self.is_filled, self._checked = False, False
        self.figure, self.share = "", 0.0
        self.setToolTip("")
        self.setAccessibleName(self.name)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.set_picture(None)
        self.update()

    @property
    def checked(self) -> bool:
        return self._checked

    def set_checked(self, on: bool) -> None:
        """Whether this is what the knobs show."""
        if on != self._checked:
            self._checked = on
            self.update()

    # -- painting --------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        box = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        shape = QPainterPath()
        shape.addRoundedRect(box, GRID, GRID)
        painter.fillPath(shape, QColor(theme.control if self.is_filled else theme.panel))
        picture = QRectF(box.left(), box.top(), box.width(), box.height() - FOOT_PX)
        if self.is_filled:
            painter.save()
            painter.setClipPath(shape)
            image = self._coloured()
            if image is None:
                painter.fillRect(picture, QColor(theme.canvas))
            else:
                painter.drawImage(picture, image)
            painter.restore()
            self._paint_foot(painter, box)
            if self._hovered or self.hasFocus():
                self._paint_play(painter, picture)
        tone = (
            theme.accent if self._checked or self.hasFocus() else theme.secondary if self._hovered else theme.hairline
        )
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(tone), 2.0 if self._checked else 1.0))
        painter.drawPath(shape)

    def _paint_foot(self, painter: QPainter, box: QRectF) -> None:
        theme = tokens()
        foot = QRect(round(box.left()) + 5, round(box.bottom()) - FOOT_PX, round(box.width()) - 10, FOOT_PX - 1)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setFont(figures(self, strong=self._checked))
        metrics = painter.fontMetrics()
        figure_px = metrics.horizontalAdvance(self.figure)
        name = self.name
        if metrics.horizontalAdvance(name) + figure_px + 4 > foot.width():
            # The figure gives way: the tip has it.
            figure_px = 0
            if metrics.horizontalAdvance(name) > foot.width() and self.short:
                name = self.short
            name = metrics.elidedText(name, Qt.TextElideMode.ElideRight, foot.width())
        painter.setPen(QColor(theme.accent if self._checked else theme.text))
        painter.drawText(foot, middle | Qt.AlignmentFlag.AlignLeft, name)
        if figure_px:
            painter.setPen(QColor(theme.secondary))
            painter.drawText(foot, middle | Qt.AlignmentFlag.AlignRight, self.figure)
        if self.share > 0.0:
            painter.fillRect(
                QRectF(box.left() + 1, box.bottom() - 2.5, (box.width() - 2) * self.share, 2), QColor(theme.accent)
            )

    def _paint_play(self, painter: QPainter, picture: QRectF) -> None:
        theme = tokens()
        centre = picture.center()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(wash(theme.panel, 0.8))
        painter.drawEllipse(centre, 11.0, 11.0)
        arrow = QPainterPath()
        arrow.moveTo(centre.x() - 3.5, centre.y() - 5.0)
        arrow.lineTo(centre.x() + 5.5, centre.y())
        arrow.lineTo(centre.x() - 3.5, centre.y() + 5.0)
        arrow.closeSubpath()
        painter.fillPath(arrow, QColor(theme.text))

    def _coloured(self) -> QImage | None:
        if self._levels is None:
            return None
        wanted = (self.map_name, tokens().name)
        if self._coloured_for != wanted:
            self._coloured_for = wanted
            rows, columns = self._levels.shape
            table = np.array(level_colours(self.map_name, LOW_DB, HIGH_DB), np.uint32)
            pixels = np.ascontiguousarray(table[self._levels])
            self._image = QImage(pixels.tobytes(), columns, rows, 4 * columns, QImage.Format.Format_RGB32).copy()
        return self._image

    # -- hands -----------------------------------------------------------------------------------------------------

    def enterEvent(self, event: QEnterEvent) -> None:
        self._hovered = True
        self.update()
        if self.is_filled:
            self.pointed.emit(True)
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._hovered = False
        self.update()
        if self.is_filled:
            self.pointed.emit(False)
        super().leaveEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.is_filled:
            self.setFocus(Qt.FocusReason.MouseFocusReason)
            self.chosen.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _PRESSES and self.is_filled and not event.isAutoRepeat():
            self.chosen.emit()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.update()
        if self.is_filled and event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason):
            self.pointed.emit(True)
        super().focusInEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.update()
        super().focusOutEvent(event)
