"""The object as a picture that is struck where one clicks, and as hard as the hand is fast."""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, QTimer, QVariantAnimation, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QHideEvent,
    QInputDevice,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QTabletEvent,
)
from PySide6.QtWidgets import QWidget

from app.controls.drag_value import ALT, CTRL, SHIFT
from app.controls.event_answers import EventAnswers
from app.controls.hand_step import Value
from app.controls.strike_force import (
    HARDEST,
    MEDIUM,
    SOFTEST,
    PointerSpeed,
    velocity_of_keys,
    velocity_of_pressure,
    velocity_of_speed,
)
from app.controls.strike_paper import PLACES, STEPS, Dot, StrikePaper
from app.controls.strike_picture import StrikeState
from app.theme import motion_ms
from engine.params.impact import IMPACT_SPACE

DRAG_PX = 3.0
KEY_STEP, FINE_STEP = 0.02, 0.002
PEN_MS = 12
"""A pen's pressure grows while it lands: the hardest within so long is the force."""
HINT = (
    "Click to strike there; a faster pointer or a harder pen strikes harder, Shift is soft, Ctrl hard.\n"
    "Drag on to move the place, drag the ring to listen elsewhere; the right button damps.\n"
    "Keys: arrows move the place, Ctrl+Left and Ctrl+Right choose strike or ring,\n"
    "Enter strikes as hard as Page Up and Page Down say, Backspace damps."
)


class StrikeView(StrikePaper):
    """Strikes; ``set_values`` takes the patch's values by name.

    A press strikes where it lands and puts the place of striking there, a drag moves that place on: one step of the
    document, which Esc or Alt takes back.
    """

    struck = Signal(float, float, int)
    """Where, as ``strike_x`` and ``strike_y``, and how hard, as a MIDI velocity."""
    released = Signal()
    """The hand that struck let go."""
    damped = Signal(bool)
    """A hand is laid on the object (true) or taken off."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.chosen: Dot = "strike"
        """The dot that the keys move."""
        self.force = 0
        """Of the latest strike; 0 before the first."""
        self._speed = PointerSpeed()
        self._pressed_at = QPointF()
        self._sounding = False
        self._damping = False
        self._key_force = MEDIUM
        self._pen = 0.0
        self._pen_at: QPointF | None = None
        self._pen_waits = QTimer(self, singleShot=True, interval=PEN_MS)
        self._pen_waits.timeout.connect(self._pen_landed)
        self._ripple = QVariantAnimation(self)
        self._ripple.setStartValue(0.0)
        self._ripple.setEndValue(1.0)
        self._ripple.valueChanged.connect(lambda _share: self.update())
        self._ripple_at = QPointF()
        self._let_hand_in()
        self.setTabletTracking(True)
        self.setToolTip(HINT)
        EventAnswers(self, claims=self._wants, tip=self._tip_at)

    # Striking

    def strike(self, velocity: int) -> None:
        """Strike where the dot stands, as a key or a click does."""
        self.force = velocity
        x, y = self.place("strike")
        self._ripple.stop()
        if motion_ms():
            self._ripple_at = self.pixel(x, y)
            self._ripple.setDuration(motion_ms())
            self._ripple.start()
        self._sounding = True
        self.update()
        self.struck.emit(x, y, velocity)

    def _is_held(self) -> bool:
        return self._held is not None

    def _release(self) -> None:
        if self._sounding:
            self._sounding = False
            self.released.emit()

    def _damp(self, on: bool) -> None:
        if on != self._damping:
            self._damping = on
            self.update()
            self.damped.emit(on)

    # Mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.RightButton:
            if self._held is not None:
                # Another button during a drag takes it back.
                self._let_go(keep=False)
            else:
                self._damp(True)
            return
        if event.button() != Qt.MouseButton.LeftButton:
            return
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        here = event.position()
        keys = velocity_of_keys(event.modifiers())
        self._press(here, keys or velocity_of_speed(self._speed.at(event.timestamp())))

    def _press(self, here: QPointF, velocity: int | None) -> None:
        """A hand comes down; it strikes with ``velocity``, or later for None."""
        dot = self._dot_at(here)
        if dot != "pickup" and not self._hits(here):
            return
        self._pressed_at, self._dragging = here, False
        self._held = self.chosen = "pickup" if dot == "pickup" else "strike"
        self.step.begin(STEPS[self._held])
        if self._held == "strike":
            if dot is None:
                self._move("strike", here)
                # Whoever hears of the strike knows its place already.
                self.step.tell()
            if velocity is not None:
                self.strike(velocity)
        self.update()

    def _move(self, dot: Dot, here: QPointF) -> None:
        x, y = PLACES[dot]
        place = self.solid().at(here)
        changes: dict[str, Value] = {x: round(place[0], 4), y: round(place[1], 4)}
        self.step.put(changes)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._speed.note(event.timestamp(), event.position())
        self._follow(event.position())

    def _follow(self, here: QPointF) -> None:
        self._pointer = here
        if self._held is None or not self.step.busy:
            self._show_cursor()
            self.update()
            return
        if not self._dragging:
            if (here - self._pressed_at).manhattanLength() < DRAG_PX:
                return
            self._dragging = True
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        self._move(self._held, here)

    def _show_cursor(self) -> None:
        if self._pointer is None or not (self._hits(self._pointer) or self._dot_at(self._pointer)):
            self.unsetCursor()
        elif self._dot_at(self._pointer) == "pickup":
            self.setCursor(Qt.CursorShape.OpenHandCursor)
        else:
            self.setCursor(Qt.CursorShape.PointingHandCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.RightButton:
            self._damp(False)
        elif event.button() == Qt.MouseButton.LeftButton:
            self._let_go(keep=not event.modifiers() & ALT)

    def _let_go(self, *, keep: bool) -> None:
        held, self._held = self._held, None
        clicked = held == "pickup" and not self._dragging and self.step.busy
        self._dragging = False
        self.step.end(keep=keep)
        if clicked and keep:
            # The ring lies over what it listens to: a click on it strikes there.
            self._strike_under_ring()
        self._release()
        self._show_cursor()
        self.update()

    def _strike_under_ring(self) -> None:
        self.chosen = "strike"
        names = zip(PLACES["strike"], self.place("pickup"), strict=True)
        self.step.set(STEPS["strike"], dict(names))
        self.strike(MEDIUM)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        # The second of two quick strikes.
        self.mousePressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        # The right button damps.
        event.accept()

    def leaveEvent(self, event: QEvent) -> None:
        self._pointer = None
        self._speed.forget()
        self.update()
        super().leaveEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        self._pen_waits.stop()
        self._pen_at = None
        self._let_go(keep=self._held is None)
        self._damp(False)
        self._ripple.stop()
        super().hideEvent(event)

    # Pen

    def tabletEvent(self, event: QTabletEvent) -> None:
        device = event.pointingDevice()
        if device is None or not device.hasCapability(QInputDevice.Capability.Pressure):
            # Its clicks come as a mouse's.
            event.ignore()
            return
        event.accept()
        kind, here = event.type(), event.position()
        if kind == QEvent.Type.TabletPress and event.button() == Qt.MouseButton.RightButton:
            self._damp(True)
        elif kind == QEvent.Type.TabletPress:
            self.setFocus(Qt.FocusReason.MouseFocusReason)
            self._press(here, None)
            if self._held == "strike":
                self._pen, self._pen_at = event.pressure(), here
                self._pen_waits.start()
        elif kind == QEvent.Type.TabletMove:
            self._pen = max(self._pen, event.pressure())
            self._follow(here)
        elif kind == QEvent.Type.TabletRelease:
            self._pen_landed()
            self._damp(False)
            self._let_go(keep=True)

    def _pen_landed(self) -> None:
        self._pen_waits.stop()
        if self._pen_at is not None:
            self._pen_at = None
            self.strike(velocity_of_pressure(self._pen))

    # Keys

    def _tip_at(self, place: QPoint) -> str | None:
        """Whoever has struck knows how, and looks at the object."""
        return "" if self.force else None

    def _wants(self, event: QKeyEvent) -> bool:
        if event.key() == Qt.Key.Key_Escape:
            return self.step.busy
        if event.key() in _ARROWS:
            return not event.modifiers() & ALT
        # With a modifier these belong to the window: Ctrl+Return keeps a take.
        return event.key() in _KEYS and not event.modifiers() & (SHIFT | CTRL | ALT)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if not self._wants(event):
            super().keyPressEvent(event)
        elif key == Qt.Key.Key_Escape:
            self.step.cancel()
        elif self._held is not None:
            # The hand is at the mouse: keys wait.
            pass
        elif key in _STRIKES:
            if not event.isAutoRepeat():
                self.step.finish()
                self.strike(self._key_force)
        elif key in _HARDER:
            self._key_force = self.force = min(max(self._key_force + _HARDER[key], SOFTEST), HARDEST)
            self.update()
        elif key == Qt.Key.Key_Backspace:
            if not event.isAutoRepeat():
                self._damp(True)
        elif key == Qt.Key.Key_Delete:
            self.step.set(STEPS[self.chosen], {n: IMPACT_SPACE[n].default for n in PLACES[self.chosen]})
        elif event.modifiers() & CTRL:
            self.step.finish()
            self.chosen = "pickup" if self.chosen == "strike" else "strike"
            self.update()
        else:
            self._nudge(_ARROWS[key], FINE_STEP if event.modifiers() & SHIFT else KEY_STEP)

    def _nudge(self, way: tuple[int, int], step: float) -> None:
        """By a key: as the arrow points on the picture."""
        x, y = self.place(self.chosen)
        if self._look.shape == "bell":
            way = way[1], way[0]
        elif self._look.shape == "membrane":
            self._nudge_around(way, step)
            return
        names = PLACES[self.chosen]
        place = (x + way[0] * step, y + way[1] * step)
        self.step.nudge(STEPS[self.chosen], dict(zip(names, (round(p, 4) for p in place), strict=True)))

    def _nudge_around(self, way: tuple[int, int], step: float) -> None:
        """On a round thing, straight on over its middle."""
        x, y = self.place(self.chosen)
        turn = 2.0 * math.pi * y
        across, down = x * math.cos(turn) + way[0] * step, x * math.sin(turn) + way[1] * step
        place = (min(math.hypot(across, down), 1.0), (math.atan2(down, across) / (2.0 * math.pi)) % 1.0)
        self.step.nudge(STEPS[self.chosen], dict(zip(PLACES[self.chosen], (round(p, 6) for p in place), strict=True)))

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.isAutoRepeat() or event.key() not in _KEYS:
            super().keyReleaseEvent(event)
        elif event.key() == Qt.Key.Key_Backspace:
            self._damp(False)
        elif event.key() in _STRIKES:
            self._release()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if not self._is_held():
            self._release()
            self._damp(False)

    # Picture

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        ripple = None
        if self._ripple.state() == QVariantAnimation.State.Running:
            ripple = (self._ripple_at, float(self._ripple.currentValue() or 0.0))
        pointed = self._held or (self._dot_at(self._pointer) if self._pointer is not None else None)
        state = StrikeState(
            words=self.words(),
            force=self.force,
            damped=self._damping,
            bright=pointed or (self.chosen if self.hasFocus() else None),
            ripple=ripple,
        )
        self._picture.paint(painter, state)


_STRIKES = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
"""Not the space bar, which plays and pauses everywhere."""
_ARROWS = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}
_HARDER = {Qt.Key.Key_PageUp: 8, Qt.Key.Key_PageDown: -8}
_KEYS = {*_STRIKES, *_ARROWS, *_HARDER, Qt.Key.Key_Backspace, Qt.Key.Key_Delete}
