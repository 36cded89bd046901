"""The base of the curves of an impact: a paper with handles that are dragged, moved by keys, typed and locked."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QHideEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import QMenu, QWidget

from app.controls.curve_handle import DECIDE_PX, Handle, handle_text, read_handle
from app.controls.curve_menu import curve_menu
from app.controls.curve_paint import (
    AXIS_PX,
    GUTTER_PX,
    HANDLE_PX,
    HEAD_PX,
    paint_handle,
    paint_lock,
    paint_paper,
    paint_words,
)
from app.controls.drag_value import ALT, CTRL, FINE, SHIFT
from app.controls.event_answers import EventAnswers
from app.controls.hand_paper import HandPaper
from app.controls.hand_step import Value
from app.controls.handle_keys import HANDLE_KEYS, RESETS, SIDEWAYS, UPWARDS
from app.controls.knob_paint import focus_ring
from app.controls.menus import pop_up
from app.theme import PADDING
from engine.params import Param, Values
from engine.params.impact_pictures import ImpactPictures

REACH_PX = 13.0
EDITOR_SIZE = QSize(150, 24)
HINT = (
    "Drag a handle; Shift is fine, Ctrl steps, Alt snaps back. Double-click types.\n"
    "Keys: Ctrl+Left and Ctrl+Right choose a handle, arrows move it, Enter types, Del is the default."
)


class CurvePaper(HandPaper):
    """A subclass has ``curve_handles``, says where each stands (:meth:`spot`) and what the values are when it is pulled
    to a point (:meth:`pulled`), and paints the curve (:meth:`paint_curve`) and the labels (:meth:`paint_axes`).

    A lock protects a value from words, presets and chance; the person's own hand still moves it, as on a knob.
    """

    lock_wanted = Signal(object, bool)
    """Storage names to lock or to unlock."""

    gutter_px = GUTTER_PX

    def __init__(self, params: Iterable[Param], name: str, parent: QWidget | None = None) -> None:
        super().__init__(params, name, parent)
        self.pictures: ImpactPictures | None = None
        self.drawn: dict[str, Value] = dict(self.step.values)
        """The values that the pictures were drawn for."""
        self.curve_handles: tuple[Handle, ...] = ()
        self.chosen = 0
        """The handle that keys move."""
        self._held: Handle | None = None
        self._pointed: Handle | None = None
        self._way: Handle | None = None
        self._far = QPointF()
        self._free = QPointF()
        """Where the handle would be without limits."""
        self._stroke = False
        """Whether the hand took no handle: it draws."""
        self._last = QPointF()
        self._let_hand_in()
        self.setToolTip(HINT)
        EventAnswers(self, claims=self._wants, tip=self._tip_at)

    def sizeHint(self) -> QSize:
        return QSize(300, 150)

    def minimumSizeHint(self) -> QSize:
        return QSize(180, 96)

    # What a subclass says

    def spot(self, handle: Handle) -> QPointF:
        """Where a handle stands, in pixels."""
        raise NotImplementedError

    def pulled(self, handle: Handle, point: QPointF) -> dict[str, Value]:
        """The values that bring a handle to a point, along the ways that it has."""
        raise NotImplementedError

    def under_stroke(self, point: QPointF) -> Handle | None:
        """The handle that a stroke on the paper begins with, beside all handles; ``None`` where none can be drawn."""
        return None

    def crossed(self, handle: Handle, before: QPointF, now: QPointF) -> list[tuple[Handle, QPointF]]:
        """Which other handles a drag of ``handle`` takes along on its way, and where; it goes on with the last."""
        return []

    def crossed_words(self, handle: Handle) -> str:
        """What a drag is called that has taken others along."""
        return handle.ways[0].words

    def paint_axes(self, painter: QPainter, plot: QRectF) -> None:
        """Grid and labels."""
        raise NotImplementedError

    def paint_curve(self, painter: QPainter, plot: QRectF) -> None:
        """What is between the axes and the handles."""
        raise NotImplementedError

    def rest_words(self) -> str:
        """The line above while nothing is pointed at."""
        raise NotImplementedError

    def handle_words(self, handle: Handle) -> str:
        """The line above for a handle."""
        return f"{handle.name}: {', '.join(way.shown(self.step) for way in handle.ways)}"

    def is_quiet(self, handle: Handle) -> bool:
        """Whether nothing of what a handle moves is heard."""
        return False

    def handle_px(self) -> float:
        """How large the handles are."""
        return HANDLE_PX

    # What it shows

    def set_values(self, values: Values) -> None:
        """Show a patch's values without a signal."""
        self.step.show(values)

    def set_pictures(self, pictures: ImpactPictures | None, values: Values | None = None) -> None:
        """Show what the engine says of a strike; ``values`` are those that it was drawn for, where they are known. The
        curve follows the hand by itself until the next ones come."""
        self.pictures = pictures
        drawn: dict[str, Value] = {}
        for name in self.step.params:
            value = values.get(name) if values is not None else None
            drawn[name] = self.step.values[name] if value is None else value
        self.drawn = drawn
        self._on_shown()

    def set_locked(self, names: Collection[str]) -> None:
        """Show which values are locked."""
        if self.step.set_locked(names):
            self._on_shown()

    def then(self, name: str) -> float:
        """A single value when the pictures were drawn."""
        value = self.drawn[name]
        assert isinstance(value, float | int)
        return float(value)

    def plot(self) -> QRectF:
        """Where the curve is drawn."""
        return QRectF(self.rect()).adjusted(self.gutter_px, HEAD_PX, -PADDING - 4, -AXIS_PX)

    def words(self) -> str:
        told = self._told()
        return self.rest_words() if told is None else self.handle_words(told)

    def _told(self) -> Handle | None:
        if self._held is not None or self._pointed is not None:
            return self._held or self._pointed
        return self.curve_handles[self.chosen] if self.hasFocus() and self.curve_handles else None

    def describe(self) -> None:
        """Say everything to a screen reader."""
        parts = [
            f"{self.handle_words(h)}{' (locked)' if h.is_locked(self.step.locked) else ''}" for h in self.curve_handles
        ]
        self.setAccessibleDescription("; ".join(parts))

    def _on_shown(self) -> None:
        self.describe()
        self.update()

    # Mouse

    def _is_held(self) -> bool:
        return self._held is not None

    def handle_at(self, point: QPointF) -> Handle | None:
        """The nearest handle within reach."""

        def away(handle: Handle) -> float:
            off = self.spot(handle) - point
            return math.hypot(off.x(), off.y())

        best = min(self.curve_handles, key=away, default=None)
        return best if best is not None and away(best) <= REACH_PX else None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            # Another button during a drag takes it back.
            self._let_go(keep=False)
            return
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        self.step.finish()
        here = event.position()
        self._held = self.handle_at(here)
        self._stroke = self._held is None
        self._held = self._held or self.under_stroke(here)
        if self._held is None:
            return
        self._choose(self._held)
        self._way = self._held if len(self._held.ways) == 1 and not self._stroke else None
        self._far, self._last = QPointF(), here
        self._free = here if self._stroke else self.grip_point(self._held, here)
        self.step.begin(self._held.ways[0].words)
        self.update()

    def _choose(self, handle: Handle) -> None:
        if handle in self.curve_handles:
            self.chosen = self.curve_handles.index(handle)

    def grip_point(self, handle: Handle, here: QPointF) -> QPointF:
        """Where a drag begins: at the handle, whatever part of it the hand took."""
        return self.spot(handle)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        here = event.position()
        if self._held is None or not self.step.busy:
            self._hover(here)
            return
        px, self._last = here - self._last, here
        if self._way is None:
            self._far += px
            if max(abs(self._far.x()), abs(self._far.y())) < DECIDE_PX:
                return
            # What decided it is not lost.
            px = self._far
            self._way = self._held.only(sideways=not self._stroke and abs(px.x()) > abs(px.y()))
            self.step.rename(self._way.ways[0].words)
        before, stepped = QPointF(self._free), bool(event.modifiers() & CTRL)
        self._free += px * (FINE if event.modifiers() & SHIFT else 1.0)
        for handle, point in self.crossed(self._way, before, self._free):
            self._held, self._way = handle, handle.only(sideways=False)
            self._choose(handle)
            self.step.rename(self.crossed_words(handle))
            self._pull(self._way, point, stepped=stepped)
        self._pull(self._way, self._free, stepped=stepped)

    def _pull(self, handle: Handle, point: QPointF, *, stepped: bool) -> None:
        changes = self.pulled(handle, point)
        self.step.put(self._stepped(handle, changes) if stepped else changes)

    def _stepped(self, handle: Handle, changes: dict[str, Value]) -> dict[str, Value]:
        for way in handle.ways:
            value = changes.get(way.param.name)
            if isinstance(value, tuple) and way.index is not None:
                changes |= way.changed(self.step, way.stepped(value[way.index]))
            elif isinstance(value, float | int):
                changes |= way.changed(self.step, way.stepped(float(value)))
        return changes

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._held is not None:
            self._let_go(keep=not event.modifiers() & ALT)
            self._hover(event.position())

    def _let_go(self, *, keep: bool) -> None:
        if self._held is not None:
            self._held = self._way = None
            self.step.end(keep=keep)
            self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        handle = self.handle_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and handle in self.curve_handles:
            self.chosen = self.curve_handles.index(handle)
            self.open_editor()

    def _hover(self, here: QPointF | None) -> None:
        handle = self.handle_at(here) if here is not None else None
        if handle != self._pointed:
            self._pointed = handle
            self.update()
        if handle is None:
            self.unsetCursor()
        elif len(handle.ways) > 1:
            self.setCursor(Qt.CursorShape.SizeAllCursor)
        else:
            self.setCursor(Qt.CursorShape.SizeHorCursor if handle.y is None else Qt.CursorShape.SizeVerCursor)

    def leaveEvent(self, event: QEvent) -> None:
        if self._held is None:
            self._hover(None)
        super().leaveEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        self._let_go(keep=False)
        self.step.finish()
        super().hideEvent(event)

    def _tip_at(self, _place: QPoint) -> str | None:
        """What is pointed at is named already."""
        return "" if self._pointed is not None else None

    # Typing

    def open_editor(self) -> None:
        """Open a field at the chosen handle."""
        if self.editor is not None or not self.curve_handles:
            return
        self.step.finish()
        handle = self.curve_handles[self.chosen]
        place = QRect(QPoint(), EDITOR_SIZE)
        place.moveCenter(self.spot(handle).toPoint() - QPoint(0, 22))
        self._open_field(place, handle_text(handle, self.step))

    def _accept(self, text: str) -> None:
        handle = self.curve_handles[self.chosen]
        self.step.set(handle.ways[0].words, read_handle(text, handle, self.step))

    # Keys

    def _wants(self, event: QKeyEvent) -> bool:
        if event.key() == Qt.Key.Key_Escape:
            return self.step.busy
        if not self.curve_handles or event.key() not in HANDLE_KEYS:
            return False
        if event.key() in SIDEWAYS:
            return not event.modifiers() & ALT
        if event.key() in UPWARDS:
            return not event.modifiers() & (CTRL | ALT)
        # With a modifier these belong to the window: Ctrl+Return keeps a take.
        return not event.modifiers() & (SHIFT | CTRL | ALT)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self._wants(event):
            super().keyPressEvent(event)
            return
        key = Qt.Key(event.key())
        handle = self.curve_handles[self.chosen] if self.curve_handles else None
        if key == Qt.Key.Key_Escape:
            self._held = self._way = None
            self.step.cancel()
        elif self._held is not None or handle is None:
            # The hand is at the mouse: keys wait.
            pass
        elif key in SIDEWAYS and (event.modifiers() & CTRL or handle.x is None):
            self._walk(SIDEWAYS[key])
        elif key in SIDEWAYS or key in UPWARDS:
            way = handle.x if key in SIDEWAYS else handle.y
            if way is not None:
                steps, fine = (SIDEWAYS | UPWARDS)[key], bool(event.modifiers() & SHIFT)
                self.step.nudge(way.words, way.changed(self.step, way.nudged(self.step, steps, fine=fine)))
        elif key in RESETS:
            self.reset(handle)
        else:
            self.open_editor()

    def _walk(self, step: int) -> None:
        self.step.finish()
        self.chosen = (self.chosen + step) % len(self.curve_handles)
        self.update()

    def reset(self, handle: Handle) -> None:
        """A handle's values back to their defaults, in one gesture."""
        changes: dict[str, Value] = {}
        for way in handle.ways:
            changes |= way.changed(self.step, way.param.default)
        self.step.set(handle.ways[0].words, changes)

    # Menu

    def build_menu(self) -> QMenu:
        """The context menu of the chosen handle; the caller shows and deletes it."""
        return curve_menu(self)

    def reset_all(self) -> None:
        """All that its handles move, back to their defaults."""
        names = {way.param.name: way.param for handle in self.curve_handles for way in handle.ways}
        changes: dict[str, Value] = {
            name: p.default if p.count == 1 else (p.default,) * p.count for name, p in names.items()
        }
        self.step.set(f"Reset {self.accessibleName()[:1].lower()}{self.accessibleName()[1:]}", changes)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if self._held is not None or not self.curve_handles:
            return
        self.step.finish()
        place = event.globalPos()
        found = self.handle_at(QPointF(event.pos()))
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            place = self.mapToGlobal(self.spot(self.curve_handles[self.chosen]).toPoint())
        elif found in self.curve_handles:
            self.chosen = self.curve_handles.index(found)
        pop_up(self.build_menu(), place)

    # Picture

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        plot = self.plot()
        paint_paper(painter, self)
        self.paint_axes(painter, plot)
        painter.save()
        painter.setClipRect(plot.adjusted(-2, -2, 2, 2))
        self.paint_curve(painter, plot)
        painter.restore()
        told = self._told()
        for handle in self.curve_handles:
            spot = self.spot(handle)
            paint_handle(painter, spot, self.handle_px(), bright=handle == told, quiet=self.is_quiet(handle))
            if handle.is_locked(self.step.locked) and handle.ways[0].index is None:
                paint_lock(painter, spot, plot)
        if self.editor is None:
            paint_words(painter, self, self.words(), bright=told is not None)
        if self.hasFocus():
            focus_ring(painter, QRectF(self.rect()))
