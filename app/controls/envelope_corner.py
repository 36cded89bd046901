"""A corner of an envelope's paper: how far it is zoomed, with a way back, and to whom it is linked."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QWidget

from app.controls.knob_paint import figures, wash
from app.controls.words import TIMES
from app.theme import GRID, tokens

HEIGHT_PX = 18
CHAIN_PX = 16


class _Chip(QAbstractButton):
    """A small flat button of words, with a chain in front if asked for."""

    def __init__(self, parent: QWidget, *, chain: bool = False) -> None:
        super().__init__(parent)
        self._chain = chain
        self.colour = tokens().accent
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.hide()

    def sizeHint(self) -> QSize:
        self.ensurePolished()
        width = QFontMetrics(figures(self)).horizontalAdvance(self.text()) + 3 * GRID + (CHAIN_PX if self._chain else 0)
        return QSize(width, HEIGHT_PX)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QColor(theme.hairline))
        painter.setBrush(QColor(theme.hover) if self.underMouse() else wash(theme.control, 0.94))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), GRID, GRID)
        room = QRectF(self.rect()).adjusted(GRID, 0, -GRID, 0)
        if self._chain:
            chain(painter, room.left() + CHAIN_PX / 2 - 1, room.center().y(), self.colour)
            room.setLeft(room.left() + CHAIN_PX)
        painter.setFont(figures(self))
        painter.setPen(QColor(theme.text))
        painter.drawText(room, Qt.AlignmentFlag.AlignCenter, self.text())


class EnvelopeCorner(QWidget):
    """Two chips above the curve of ``owner``; nothing is there while it fits and is linked to nobody.

    On a low paper they stand below the curve, where no handle is.
    """

    fit_wanted = Signal()
    link_clicked = Signal()

    def __init__(self, owner: QWidget) -> None:
        super().__init__(owner)
        self._at_top = True
        self._link = _Chip(self, chain=True)
        self._fit = _Chip(self)
        self._fit.clicked.connect(self.fit_wanted)
        self._link.clicked.connect(self.link_clicked)
        self._fit.setToolTip("Show the whole envelope (or double-click the paper)")
        self._fit.setAccessibleName("Fit the envelope")
        self.hide()

    @property
    def fit(self) -> QAbstractButton:
        return self._fit

    @property
    def link(self) -> QAbstractButton:
        return self._link

    def set_colour(self, colour: str) -> None:
        self._link.colour = colour
        self._link.update()

    def set_zoom(self, zoom: float) -> None:
        text = f"{zoom:.1f}{TIMES}" if zoom < 10 else f"{zoom:.0f}{TIMES}"
        self._fit.setText(f"Fit  {text}" if zoom > 1.0 else "")
        self.place()

    def set_links(self, others: list[str]) -> None:
        """Name whom it is linked to."""
        self._link.setText(" ".join(other.removeprefix("Operator ") for other in others))
        self._link.setToolTip(f"Linked: what is changed here changes {', '.join(others)} too" if others else "")
        self._link.setAccessibleName(f"Linked to {', '.join(others)}" if others else "Not linked")
        self.place()

    def below_link(self) -> QPoint:
        """Where a menu of the link belongs, on the screen."""
        return self._link.mapToGlobal(QPoint(0, HEIGHT_PX))

    def place(self, *, at_top: bool | None = None) -> None:
        """Put what there is to show in a row."""
        self._at_top = self._at_top if at_top is None else at_top
        x = 0
        for chip in (self._link, self._fit):
            chip.setVisible(bool(chip.text()))
            if chip.text():
                size = chip.sizeHint()
                chip.setGeometry(x, 0, size.width(), size.height())
                x += size.width() + GRID
        owner = self.parentWidget()
        place = QPoint(GRID, GRID - 1)
        if not self._at_top and owner is not None:
            place = QPoint(owner.width() // 3, owner.height() - HEIGHT_PX - GRID)
        self.setGeometry(place.x(), place.y(), max(x - GRID, 1), HEIGHT_PX)
        self.setVisible(x > 0)


def chain(painter: QPainter, centre_x: float, centre_y: float, colour: str) -> None:
    """Two links of a chain, 14 by 7 px."""
    painter.setPen(QPen(QColor(colour), 1.5))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for shift in (-3.0, 3.0):
        painter.drawRoundedRect(QRectF(centre_x + shift - 4.0, centre_y - 3.0, 8.0, 6.0), 3.0, 3.0)
