"""A small live picture of an operator: what its wave looks like at its loudest, over its envelope as a faint shape."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.controls.knob_paint import figures, wash
from app.controls.words import db_text, hz_text
from app.theme import GRID, PADDING, series_colour, tokens
from engine.params.pictures import OperatorPicture

SMALL = QSize(64, 24)
LARGE = QSize(220, 96)
FLOOR_DB = -72.0
"""Where the silhouette of the envelope begins."""
QUIET_OPACITY = 0.4
QUIET_DB, LEAST_SHARE = -48.0, 0.22
"""A wave of this level or less is drawn this small: how strong an operator is can be seen, and its shape always."""


class WavePicture(QWidget):
    """Shows one :class:`OperatorPicture`; ``large`` has a frame, a zero line and a line of words.

    It is painted only and takes no part in the mouse: what it lies on stays clickable.
    """

    def __init__(self, operator: int = 1, parent: QWidget | None = None, *, large: bool = False) -> None:
        super().__init__(parent)
        self.operator = operator
        self.large = large
        self._picture: OperatorPicture | None = None
        self._colour: str | None = None
        self._quiet = False
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents, not large)
        fixed = QSizePolicy.Policy.Preferred if large else QSizePolicy.Policy.Fixed
        self.setSizePolicy(QSizePolicy.Policy.Expanding, fixed)
        self.setAccessibleName(f"Wave of operator {operator}")
        self._describe()

    def sizeHint(self) -> QSize:
        return LARGE if self.large else SMALL

    def minimumSizeHint(self) -> QSize:
        return QSize(96, 48) if self.large else QSize(32, 16)

    @property
    def picture(self) -> OperatorPicture | None:
        return self._picture

    def set_quiet(self, on: bool) -> None:
        """Stand back: the operator changes nothing of the sound now."""
        if on != self._quiet:
            self._quiet = on
            self.update()

    def set_picture(self, picture: OperatorPicture | None) -> None:
        """Show a picture; ``None`` while there is none."""
        if picture is not self._picture:
            self._picture = picture
            self._describe()
            self.update()

    def set_colour(self, colour: str | None) -> None:
        """Another colour than the operator's; ``None`` for the operator's."""
        self._colour = colour
        self.update()

    def _describe(self) -> None:
        words = wave_words(self._picture)
        self.setAccessibleDescription(words)
        if self.large:
            self.setToolTip(f"{words}\nThe wave as it leaves the operator, everything that bends it included.")

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colour = self._colour or series_colour(self.operator)
        paper = QRectF(self.rect())
        if not self.large:
            painter.setOpacity(QUIET_OPACITY if self._quiet else 1.0)
            paint_wave(painter, paper, self._picture, colour)
            return
        theme = tokens()
        painter.setPen(QColor(theme.hairline))
        painter.setBrush(QColor(theme.canvas))
        painter.drawRoundedRect(paper.adjusted(0.5, 0.5, -0.5, -0.5), GRID, GRID)
        words = PADDING * 2
        room = paper.adjusted(PADDING, GRID, -PADDING, -words - GRID)
        painter.setPen(wash(theme.hairline, 0.7))
        middle = round(room.center().y()) + 0.5
        painter.drawLine(QPointF(room.left(), middle), QPointF(room.right(), middle))
        paint_wave(painter, room, self._picture, colour, width=1.75)
        painter.setFont(figures(self))
        painter.setPen(QColor(theme.secondary))
        line = QRectF(room.left(), paper.bottom() - words - 2, room.width(), words)
        text = painter.fontMetrics().elidedText(
            wave_words(self._picture), Qt.TextElideMode.ElideRight, int(line.width())
        )
        painter.drawText(line, Qt.AlignmentFlag.AlignVCenter, text)


def wave_words(picture: OperatorPicture | None) -> str:
    """What the picture shows in a line: ``"262 Hz, −6.0 dB at 12 ms"``."""
    if picture is None:
        return "Not drawn yet"
    if picture.is_silent:
        return "Silent"
    moment = f"{picture.at_s * 1e3:.0f} ms" if picture.at_s < 1.0 else f"{picture.at_s:.2f} s"
    return f"{hz_text(picture.hz)}, {db_text(picture.level_db)} at {moment}"


def paint_wave(
    painter: QPainter, room: QRectF, picture: OperatorPicture | None, colour: str, *, width: float = 1.25
) -> None:
    """Draw a picture into ``room``: for whatever paints itself, such as the operators' buttons."""
    if picture is None or picture.is_silent:
        painter.setPen(QPen(wash(tokens().secondary, 0.5), 1.0))
        y = round(room.center().y()) + 0.5
        painter.drawLine(QPointF(room.left(), y), QPointF(room.right(), y))
        return
    _silhouette(painter, room, picture.envelope, colour)
    share = min(max(1.0 - picture.level_db / QUIET_DB, LEAST_SHARE), 1.0)
    half = (room.height() / 2.0 - width) * share
    x, y = _columns(picture.wave, max(int(room.width() * 2), 2))
    points = QPolygonF(
        [QPointF(room.left() + a * room.width(), room.center().y() - b * half) for a, b in zip(x, y, strict=True)]
    )
    pen = QPen(QColor(colour), width)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPolyline(points)


def _silhouette(painter: QPainter, room: QRectF, envelope: NDArray[np.float32], colour: str) -> None:
    if envelope.size < 2:
        return
    heights = np.clip(1.0 - np.nan_to_num(envelope, neginf=FLOOR_DB) / FLOOR_DB, 0.0, 1.0)
    path = QPainterPath(QPointF(room.left(), room.bottom()))
    for share, height in zip(np.linspace(0.0, 1.0, heights.size).tolist(), heights.tolist(), strict=True):
        path.lineTo(room.left() + share * room.width(), room.bottom() - height * room.height())
    path.lineTo(room.right(), room.bottom())
    painter.fillPath(path, wash(colour, 0.16))


def _columns(wave: NDArray[np.float32], most: int) -> tuple[list[float], list[float]]:
    """Points of a wave for about ``most`` columns: all of them, or the lowest and highest of each column in turn."""
    n = wave.size
    if n <= 2 * most:
        return np.linspace(0.0, 1.0, n).tolist(), wave.tolist()
    parts = wave[: n - n % most].reshape(most, -1)
    pairs = np.stack([parts.min(1), parts.max(1)], 1)
    # In the order in which they come, so that the line does not jump back.
    late = parts.argmin(1) > parts.argmax(1)
    pairs[late] = pairs[late][:, ::-1]
    return np.repeat((np.arange(most) + 0.5) / most, 2).tolist(), pairs.ravel().tolist()
