"""The object as a picture that is struck where one clicks, and as hard as the hand is fast."""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Literal

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, QTimer, QVariantAnimation, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QHideEvent,
    QInputDevice,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QTabletEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.controls.drag_value import ALT, CTRL, SHIFT
from app.controls.event_answers import EventAnswers
from app.controls.hand_step import HandStep, Value
from app.controls.strike_force import MEDIUM, PointerSpeed, velocity_of_keys, velocity_of_pressure, velocity_of_speed
from app.controls.strike_picture import StrikePicture, StrikeState
from app.controls.struck_object import Look, Solid, solid_of
from app.controls.struck_paint import Stuff, length_text
from app.theme import motion_ms
from engine.params import Values
from engine.params.impact import IMPACT_SPACE, MATERIALS, SHAPES

Dot = Literal["strike", "pickup"]
_NAMES: dict[Dot, tuple[str, str]] = {"strike": ("strike_x", "strike_y"), "pickup": ("pickup_x", "pickup_y")}
_STEPS: dict[Dot, str] = {"strike": "Strike place", "pickup": "Listening place"}
RING_PX = 9.0
"""So near to the listening ring the hand takes it."""
EDGE_PX = 5.0
"""So far beside the object it is still struck."""
DRAG_PX = 3.0
KEY_STEP, FINE_STEP = 0.02, 0.002
PEN_MS = 12
"""A pen's pressure grows while it lands: the hardest within so long is the force."""
HINT = (
    "Click to strike there; a faster pointer or a harder pen strikes harder, Shift is soft, Ctrl hard.\n"
    "Drag on to move the place, drag the ring to listen elsewhere; the right button damps.\n"
    "Keys: arrows move the place, Ctrl+Left and Ctrl+Right choose strike or ring, Space strikes, Backspace damps."
)


class StrikeView(QWidget):
    """Shows the thing that an impact patch strikes; ``set_values`` takes the patch's values by name.

    A press strikes where it lands and puts the place of striking there, a drag moves that place on: one step of the
    document, which Esc or Alt takes back.
    """

    struck = Signal(float, float, int)
    """Where, as ``strike_x`` and ``strike_y``, and how hard, as a MIDI velocity."""
    released = Signal()
    """The hand that struck let go."""
    damped = Signal(bool)
    """A hand is laid on the object (true) or taken off."""
    changing = Signal(str, object)
    moved = Signal(object)
    """The new values by name after one movement of the hand."""
    committed = Signal(str)
    reverted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._step = HandStep([IMPACT_SPACE[n] for names in _NAMES.values() for n in names], self)
        self._step.changing.connect(self.changing)
        self._step.moved.connect(self.moved)
        self._step.committed.connect(self.committed)
        self._step.reverted.connect(self.reverted)
        self._step.shown.connect(self._on_shown)
        self._look = Look()
        self._stuff = Stuff("wood", "metal", 0.0)
        self._width = 0.0
        self.chosen: Dot = "strike"
        """The dot that the keys move."""
        self.force = 0
        """Of the latest strike; 0 before the first."""
        self._speed = PointerSpeed()
        self._held: Dot | None = None
        self._pressed_at = QPointF()
        self._dragging = False
        self._sounding = False
        self._damping = False
        self._pointer: QPointF | None = None
        self._pen = 0.0
        self._pen_at: QPointF | None = None
        self._pen_waits = QTimer(self, singleShot=True, interval=PEN_MS)
        self._pen_waits.timeout.connect(self._pen_landed)
        self._solid: Solid | None = None
        self._picture = StrikePicture(self)
        self._ripple = QVariantAnimation(self)
        self._ripple.setStartValue(0.0)
        self._ripple.setEndValue(1.0)
        self._ripple.valueChanged.connect(lambda _share: self.update())
        self._ripple_at = QPointF()
        self.setMouseTracking(True)
        self.setTabletTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Object to strike")
        self.setToolTip(HINT)
        EventAnswers(self, claims=self._wants, tip=self._tip_at)
        self._describe()

    def sizeHint(self) -> QSize:
        return QSize(400, 200)

    def minimumSizeHint(self) -> QSize:
        return QSize(200, 112)

    # What it shows

    def set_values(self, values: Values) -> None:
        """Show the object of a patch and its places without a signal."""
        self._step.show(values)

        def number(name: str, now: float) -> float:
            value = values.get(name)
            return float(value) if isinstance(value, int | float) else now

        def chosen(name: str, names: tuple[str, ...], now: str) -> str:
            return names[int(IMPACT_SPACE[name].clamp(number(name, names.index(now))))]

        old = self._look
        look = Look(
            chosen("shape", SHAPES, old.shape),
            number("size_m", old.size_m),
            number("thickness_m", old.thickness_m),
            number("proportion", old.proportion),
            number("hollowness", old.hollowness),
        )
        first, second, blend = self._stuff.first, self._stuff.second, self._stuff.blend
        stuff = Stuff(
            chosen("material", MATERIALS, first), chosen("material_2", MATERIALS, second), number("blend", blend)
        )
        width = number("width", self._width)
        if (look, stuff, width) != (self._look, self._stuff, self._width):
            self._look, self._stuff, self._width = look, stuff, width
            self._solid = None
            self._on_shown()

    def set_locked(self, names: Collection[str]) -> None:
        """Show which places are locked; the hand still moves them."""
        if self._step.set_locked(names):
            self._on_shown()

    @property
    def look(self) -> Look:
        return self._look

    @property
    def stuff(self) -> Stuff:
        return self._stuff

    def place(self, dot: Dot) -> tuple[float, float]:
        """Where a dot stands on the object."""
        x, y = _NAMES[dot]
        return self._step.number(x), self._step.number(y)

    def is_locked(self, dot: Dot) -> bool:
        return bool(self._step.locked & set(_NAMES[dot]))

    def pixel(self, x: float, y: float) -> QPointF:
        """Where a place on the object is drawn."""
        return self.solid().place(x, y)

    def ears(self) -> list[tuple[float, float]]:
        """The two places that are listened to: they lie ``width`` apart."""
        x, y = self.place("pickup")
        left = x * (1.0 - 0.2 * self._width), y * (1.0 - 0.5 * self._width)
        return [left, (left[0] + 0.2 * self._width, left[1] + 0.5 * self._width)]

    def solid(self) -> Solid:
        """The object at the present size."""
        if self._solid is None:
            self._solid = solid_of(self._look, self._picture.room())
        return self._solid

    def place_words(self, x: float, y: float) -> str:
        """A place in words: ``"9.0 cm along, 60 % across"``."""
        shape, size = self._look.shape, self._look.size_m
        if shape == "membrane":
            return f"{length_text(x * size / 2.0)} from the middle, {y * 360:.0f}° around"
        if shape == "bell":
            return f"{x * 100:.0f} % down from the crown, {y * 360:.0f}° around"
        along = f"{x * 100:.0f} %" if shape == "free" else length_text(x * size)
        around = f"{y * 360:.0f}° around" if shape == "tube" else f"{y * 100:.0f} % across"
        return f"{along} along, {around}"

    def object_words(self) -> str:
        """``"Wood bar, 30 cm"``."""
        name = {"membrane": "drum skin", "free": "free object"}.get(self._look.shape, self._look.shape)
        stuff = self._stuff.words()
        both = name if stuff == "membrane" == self._look.shape else f"{stuff} {name}"
        words = f"{both}, {length_text(self._look.size_m)}"
        return words[:1].upper() + words[1:]

    def words(self) -> str:
        """The line above the picture."""
        if self._held is not None and self._dragging:
            return f"{_STEPS[self._held]}: {self.place_words(*self.place(self._held))}"
        if self._pointer is not None and (dot := self._dot_at(self._pointer)) is not None:
            return f"{_STEPS[dot]}: {self.place_words(*self.place(dot))}"
        if self._pointer is not None and self._hits(self._pointer):
            return f"Strike {self.place_words(*self.solid().at(self._pointer))}"
        return self.object_words()

    def _describe(self) -> None:
        places = "; ".join(
            f"{_STEPS[dot].lower()} {self.place_words(*self.place(dot))}{' (locked)' if self.is_locked(dot) else ''}"
            for dot in _NAMES
        )
        self.setAccessibleDescription(f"{self.object_words()}; {places}")

    def _on_shown(self) -> None:
        self._describe()
        self.update()

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

    def _release(self) -> None:
        if self._sounding:
            self._sounding = False
            self.released.emit()

    def _damp(self, on: bool) -> None:
        if on != self._damping:
            self._damping = on
            self.update()
            self.damped.emit(on)

    def _hits(self, point: QPointF) -> bool:
        near = QRectF(point.x() - EDGE_PX, point.y() - EDGE_PX, 2 * EDGE_PX, 2 * EDGE_PX)
        return self.solid().struck.intersects(near)

    def _dot_at(self, point: QPointF) -> Dot | None:
        """The ring, where the hand is nearer to it than to the place of striking, or that place."""
        ring, dot = (
            math.hypot((p - point).x(), (p - point).y())
            for p in (self.pixel(*self.place("pickup")), self.pixel(*self.place("strike")))
        )
        if ring <= RING_PX and ring < dot:
            return "pickup"
        return "strike" if dot <= RING_PX else None

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
        self._speed.note(event.timestamp(), here)
        keys = velocity_of_keys(event.modifiers())
        self._press(here, keys or velocity_of_speed(self._speed.at(event.timestamp())))

    def _press(self, here: QPointF, velocity: int | None) -> None:
        """A hand comes down; it strikes with ``velocity``, or later for None."""
        dot = self._dot_at(here)
        if dot != "pickup" and not self._hits(here):
            return
        self._pressed_at, self._dragging = here, False
        self._held = self.chosen = "pickup" if dot == "pickup" else "strike"
        self._step.begin(_STEPS[self._held])
        if self._held == "strike":
            if dot is None:
                self._move("strike", here)
            if velocity is not None:
                self.strike(velocity)
        self.update()

    def _move(self, dot: Dot, here: QPointF) -> None:
        x, y = _NAMES[dot]
        place = self.solid().at(here)
        changes: dict[str, Value] = {x: round(place[0], 4), y: round(place[1], 4)}
        self._step.put(changes)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._speed.note(event.timestamp(), event.position())
        self._follow(event.position())

    def _follow(self, here: QPointF) -> None:
        self._pointer = here
        if self._held is None or not self._step.busy:
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
        clicked = held == "pickup" and not self._dragging and self._step.busy
        self._dragging = False
        self._step.end(keep=keep)
        if clicked and keep:
            # The ring lies over what it listens to: a click on it strikes there.
            self._strike_under_ring()
        self._release()
        self._show_cursor()
        self.update()

    def _strike_under_ring(self) -> None:
        self.chosen = "strike"
        names = zip(_NAMES["strike"], self.place("pickup"), strict=True)
        self._step.set(_STEPS["strike"], dict(names))
        self.strike(MEDIUM)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        # The second of two quick strikes.
        self.mousePressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        # The right button damps.
        event.accept()

    def leaveEvent(self, event: QEvent) -> None:
        self._pointer = None
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
            return self._step.busy
        return not event.modifiers() & ALT and event.key() in _KEYS

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if not self._wants(event):
            super().keyPressEvent(event)
        elif key == Qt.Key.Key_Escape:
            self._step.cancel()
        elif self._held is not None:
            # The hand is at the mouse: keys wait.
            pass
        elif key in _STRIKES:
            if not event.isAutoRepeat():
                self._step.finish()
                self.strike(velocity_of_keys(event.modifiers()) or MEDIUM)
        elif key == Qt.Key.Key_Backspace:
            if not event.isAutoRepeat():
                self._damp(True)
        elif key == Qt.Key.Key_Delete:
            self._step.set(_STEPS[self.chosen], {n: IMPACT_SPACE[n].default for n in _NAMES[self.chosen]})
        elif event.modifiers() & CTRL:
            self._step.finish()
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
        names = _NAMES[self.chosen]
        place = (x + way[0] * step, y + way[1] * step)
        self._step.nudge(_STEPS[self.chosen], dict(zip(names, (round(p, 4) for p in place), strict=True)))

    def _nudge_around(self, way: tuple[int, int], step: float) -> None:
        """On a round thing, straight on over its middle."""
        x, y = self.place(self.chosen)
        turn = 2.0 * math.pi * y
        across, down = x * math.cos(turn) + way[0] * step, x * math.sin(turn) + way[1] * step
        place = (min(math.hypot(across, down), 1.0), (math.atan2(down, across) / (2.0 * math.pi)) % 1.0)
        self._step.nudge(_STEPS[self.chosen], dict(zip(_NAMES[self.chosen], (round(p, 6) for p in place), strict=True)))

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.isAutoRepeat() or event.key() not in _KEYS:
            super().keyReleaseEvent(event)
        elif event.key() == Qt.Key.Key_Backspace:
            self._damp(False)
        elif event.key() in _STRIKES:
            self._release()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        if self._held is None:
            self._step.finish()
            self._release()
            self._damp(False)
        self.update()
        super().focusOutEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.update()
        super().focusInEvent(event)

    # Picture

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._solid = None
        super().resizeEvent(event)

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


_STRIKES = (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter)
_ARROWS = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}
_KEYS = {*_STRIKES, *_ARROWS, Qt.Key.Key_Backspace, Qt.Key.Key_Delete}
