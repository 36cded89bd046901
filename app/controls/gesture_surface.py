"""The surface of an object, flat, to be drawn on: where the hand is and how hard it presses, moment by moment."""

from __future__ import annotations

import math
from collections import deque
from itertools import pairwise

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, QVariantAnimation, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFocusEvent,
    QHideEvent,
    QInputDevice,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QTabletEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.controls.curve_paint import paint_paper
from app.controls.event_answers import EventAnswers
from app.controls.knob_paint import focus_ring, wash
from app.theme import motion_ms, tokens
from engine.params.gesture import Touch

FORCE, SOFT, HARD = 0.6, 0.25, 0.95
"""How hard a mouse or a key presses: by itself, with Shift, with Ctrl."""
KEY_STEP, FINE_STEP = 0.04, 0.01
TRAIL = 90
"""So many places of the hand's way are shown."""
_ARROWS = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}
_PRESSES = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
"""Not the space bar, which plays and pauses everywhere."""
_KEYS = {*_ARROWS, *_PRESSES, Qt.Key.Key_Backspace}
_LEFT, _RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
HINT = (
    "Press and draw on the object: a pen presses as hard as it is pressed, Shift is soft, Ctrl hard.\n"
    "The right button damps.\n"
    "Keys: hold Enter to press, arrows move (Shift: finely), Backspace damps."
)


class GestureSurface(QWidget):
    """``x`` of the object goes to the right and ``y`` down, both from 0 to 1."""

    touched = Signal(float, float, float, float)
    """Where, how hard (above 0 up to 1), and how many seconds after the hand came down."""
    lifted = Signal()
    damped = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.place = (0.3, 0.6)
        """Where the hand is, or was last."""
        self.touches: list[Touch] = []
        """The gesture under way, or the last one."""
        self.words = ""
        self._force = 0.0
        self._began_ms: int | None = None
        self._key_pressed = False
        self._damping = False
        self._trail: deque[tuple[float, float, float]] = deque(maxlen=TRAIL)
        self._fade = QVariantAnimation(self)
        self._fade.setStartValue(1.0)
        self._fade.setEndValue(0.0)
        self._fade.valueChanged.connect(lambda _left: self.update())
        self._fade.finished.connect(self._forget_trail)
        self.setTabletTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setToolTip(HINT)
        self.setAccessibleName("Surface to draw on")
        self._describe()
        EventAnswers(self, claims=lambda event: not event.modifiers() & _ALT and event.key() in _KEYS)

    def sizeHint(self) -> QSize:
        return QSize(320, 120)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, 72)

    @property
    def is_touched(self) -> bool:
        """Whether the hand is on it."""
        return self._began_ms is not None

    def set_words(self, words: str) -> None:
        """What drawing does now, in a corner."""
        self.words = words
        self.update()

    def pixel(self, x: float, y: float) -> QPointF:
        """Where a place is drawn."""
        box = self._box()
        return QPointF(box.left() + x * box.width(), box.top() + y * box.height())

    def at(self, point: QPointF) -> tuple[float, float]:
        """The place of a pixel; beyond the edges, the nearest one."""
        box = self._box()
        x, y = (point.x() - box.left()) / box.width(), (point.y() - box.top()) / box.height()
        return min(max(x, 0.0), 1.0), min(max(y, 0.0), 1.0)

    def _box(self) -> QRectF:
        return QRectF(self.rect()).adjusted(6, 6, -6, -6)

    # -- the hand --------------------------------------------------------------------------------------------------

    def _touch(self, place: tuple[float, float], force: float, time_ms: int) -> None:
        if self._began_ms is None:
            self._fade.stop()
            self._trail.clear()
            self.touches = []
            self._began_ms = time_ms
        before = self.touches[-1].seconds if self.touches else 0.0
        seconds = max((time_ms - self._began_ms) / 1000.0, before)
        touch = Touch(seconds, *place, min(max(force, 0.01), 1.0))
        self.touches.append(touch)
        self.place, self._force = place, touch.force
        self._trail.append((*place, touch.force))
        self._describe()
        self.update()
        self.touched.emit(touch.x, touch.y, touch.force, touch.seconds)

    def _lift(self, time_ms: int | None = None) -> None:
        if self._began_ms is None:
            return
        last = self.touches[-1]
        seconds = last.seconds if time_ms is None else max((time_ms - self._began_ms) / 1000.0, last.seconds)
        self.touches.append(Touch(seconds, last.x, last.y, 0.0))
        self._began_ms, self._key_pressed, self._force = None, False, 0.0
        self.update()
        if motion_ms():
            self._fade.setDuration(motion_ms())
            self._fade.start()
        else:
            self._forget_trail()
        self.lifted.emit()

    def _damp(self, on: bool) -> None:
        if on != self._damping:
            self._damping = on
            self.damped.emit(on)
            self.update()

    def show_damped(self, on: bool) -> None:
        """Somebody else damps, or lets ring."""
        self._damping = on
        self.update()

    def _forget_trail(self) -> None:
        self._trail.clear()
        self.update()

    def _describe(self) -> None:
        x, y = (round(100 * share) for share in self.place)
        self.setAccessibleDescription(f"{x} % along, {y} % across, {'touched' if self.is_touched else 'not touched'}")

    # -- mouse and pen ---------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == _RIGHT:
            self._damp(True)
        elif event.button() == _LEFT and not self.is_touched:
            self.setFocus(Qt.FocusReason.MouseFocusReason)
            self._touch(self.at(event.position()), _force_of(event.modifiers()), event.timestamp())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self.is_touched and event.buttons() & _LEFT:
            self._touch(self.at(event.position()), _force_of(event.modifiers()), event.timestamp())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == _RIGHT:
            self._damp(False)
        elif event.button() == _LEFT:
            self._lift(event.timestamp())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.mousePressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        event.accept()  # the right button damps

    def tabletEvent(self, event: QTabletEvent) -> None:
        device = event.pointingDevice()
        if device is None or not device.hasCapability(QInputDevice.Capability.Pressure):
            event.ignore()  # its moves come as a mouse's
            return
        event.accept()
        kind = event.type()
        if kind == QEvent.Type.TabletRelease:
            self._damp(False)
            self._lift(event.timestamp())
        elif kind == QEvent.Type.TabletPress and event.button() == _RIGHT:
            self._damp(True)
        elif kind == QEvent.Type.TabletPress or self.is_touched:
            self.setFocus(Qt.FocusReason.MouseFocusReason)
            self._touch(self.at(event.position()), event.pressure(), event.timestamp())

    # -- keys ------------------------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key not in _KEYS or event.modifiers() & _ALT:
            super().keyPressEvent(event)
        elif key == Qt.Key.Key_Backspace:
            self._damp(True)
        elif key in _PRESSES:
            if not event.isAutoRepeat() and not self.is_touched:
                self._key_pressed = True
                self._touch(self.place, _force_of(event.modifiers()), event.timestamp())
        else:
            step = FINE_STEP if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else KEY_STEP
            way = _ARROWS[key]
            x, y = (min(max(p + w * step, 0.0), 1.0) for p, w in zip(self.place, way, strict=True))
            if self._key_pressed:
                self._touch((x, y), self._force, event.timestamp())
            elif not self.is_touched:
                self.place = x, y
                self._describe()
                self.update()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if event.isAutoRepeat() or key not in _KEYS:
            super().keyReleaseEvent(event)
        elif key == Qt.Key.Key_Backspace:
            self._damp(False)
        elif key in _PRESSES and self._key_pressed:
            self._lift(event.timestamp())

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.update()
        super().focusInEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._lift()
        self._damp(False)
        self.update()
        super().focusOutEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        self._lift()
        self._damp(False)
        self._fade.stop()
        self._trail.clear()
        super().hideEvent(event)

    # -- picture ---------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_paper(painter, self)
        painter.setPen(QPen(wash(theme.hairline, 0.5), 1.0))
        for share in (0.25, 0.5, 0.75):
            painter.drawLine(self.pixel(share, 0.0), self.pixel(share, 1.0))
            painter.drawLine(self.pixel(0.0, share), self.pixel(1.0, share))
        self._paint_trail(painter)
        colour = theme.secondary if self._damping else theme.accent if self.is_touched else theme.text
        radius = 3.0 + 5.0 * self._force
        painter.setPen(QPen(QColor(colour), 1.5))
        painter.setBrush(wash(colour, 0.35 if self.is_touched else 0.0))
        painter.drawEllipse(self.pixel(*self.place), radius, radius)
        painter.setPen(QColor(theme.secondary))
        words = "Damped" if self._damping else self.words
        corner = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom
        painter.drawText(self._box().adjusted(2, 0, -2, 0), corner, words)
        if self.hasFocus():
            focus_ring(painter, QRectF(self.rect()))

    def _paint_trail(self, painter: QPainter) -> None:
        """The way of the hand: the older the fainter, the harder the broader."""
        left = 1.0
        if self._fade.state() == QVariantAnimation.State.Running:
            left = float(self._fade.currentValue() or 0.0)
        way = list(self._trail)
        for number, (one, other) in enumerate(pairwise(way)):
            tone = wash(tokens().accent, 0.8 * left * math.sqrt((number + 1) / len(way)))
            painter.setPen(QPen(tone, 1.0 + 5.0 * other[2], c=Qt.PenCapStyle.FlatCap))
            painter.drawLine(self.pixel(one[0], one[1]), self.pixel(other[0], other[1]))


_ALT = Qt.KeyboardModifier.AltModifier


def _force_of(modifiers: Qt.KeyboardModifier) -> float:
    if modifiers & Qt.KeyboardModifier.ShiftModifier:
        return SOFT
    return HARD if modifiers & Qt.KeyboardModifier.ControlModifier else FORCE
