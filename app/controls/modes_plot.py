"""The modes of a struck object, to be dragged one by one or in a lasso."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QHideEvent,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPaintEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QMenu, QWidget

from app.controls.drag_value import ALT, CTRL, FINE, SHIFT
from app.controls.event_answers import EventAnswers
from app.controls.handle_keys import RESETS, SIDEWAYS, TYPES
from app.controls.menus import pop_up
from app.controls.mode_set import DAMPING, inside, near_line, straight
from app.controls.modes_changes import LONGER, UPWARDS, ModesChanges
from app.controls.modes_hand import ModeDrag
from app.controls.modes_menu import modes_menu
from app.controls.modes_paper import STEM_REACH_PX, TAIL_PX_PER_OCT
from app.controls.modes_picture import RANGE_DB
from app.controls.modes_text import mode_text
from app.controls.scroll import is_scrolling

CLICK_PX = 3.0
STRAIGHT_PX = 4.0
"""A lasso that nowhere leaves a line by more goes around nothing: it takes the stems that it crosses."""
TICK_UNITS, TICK_FACTOR, TICK_SHARE = 120.0, 1.25, 0.1
EDITOR_SIZE = QSize(210, 24)
HINT = (
    "Drag a mode sideways for its pitch, up and down for its level, the end of its tail for its decay.\n"
    "Drag on the paper throws a lasso, with Shift a box; Ctrl adds. While dragging Shift is fine, Ctrl steps.\n"
    "Grey stems are the air inside, rings on the ground are silent modes.\n"
    "Wheel zooms, the middle button or the axis moves, a double-click types, or fits the paper.\n"
    "Keys: arrows pitch and level, Page keys decay, Ctrl and arrows the next mode, Del silences, Backspace resets."
)
Grip = Literal["modes", "tail", "lasso", "pan"]


class ModesPlot(ModesChanges):
    """Edits the residuals of modes: the vectors ``mode_pitch_st``, ``mode_damping_oct`` and ``mode_level_db``."""

    hovered = Signal(object)
    """The mode that is pointed at, counted from 0, or ``None``."""
    lock_wanted = Signal(object, bool)
    """Storage names to lock or to unlock."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grip: Grip | None = None
        self._drag: ModeDrag | None = None
        self._pressed = QPointF()
        self._last = QPointF()
        self._moving = False
        self._button = Qt.MouseButton.NoButton
        self._before_lasso: frozenset[int] = frozenset()
        self._box = False
        self._octaves = 0.0
        self._let_hand_in()
        self.setToolTip(HINT)
        EventAnswers(self, claims=self._wants, tip=lambda _place: "" if self.hovered_mode is not None else None)

    # Mouse

    def _is_held(self) -> bool:
        return self._grip is not None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        here = event.position()
        if self._grip is not None:
            # Another button during a drag takes it back.
            self._end(keep=False)
            return
        self._pressed = self._last = here
        self._moving, self._button = False, event.button()
        if event.button() == Qt.MouseButton.MiddleButton:
            self._grip = "pan"
            return
        if event.button() != Qt.MouseButton.LeftButton:
            return
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        self.step.finish()
        if here.y() > self.plot().bottom() + 2.0:
            self._grip = "pan"
            return
        if self.on_tail(here) and not event.modifiers() & CTRL:
            mode = self.tail_mode()
            assert mode is not None
            self._choose_for_drag(mode)
            self._begin("tail", "decay")
            return
        mode = self.mode_at(here)
        if mode is None:
            self._grip, self._box = "lasso", bool(event.modifiers() & SHIFT)
            self._before_lasso = self.selected if event.modifiers() & CTRL else frozenset()
            self._lasso = [here]
        elif event.modifiers() & CTRL:
            self.select(self.selected ^ {mode}, mode if mode not in self.selected else None)
        else:
            self._choose_for_drag(mode)
            self._begin("modes", "")
        self.update()

    def _choose_for_drag(self, mode: int) -> None:
        self.select(self.selected if mode in self.selected else {mode}, mode)

    def _begin(self, grip: Grip, part: str) -> None:
        self._grip = grip
        self.step.begin(self._what(part))
        self._drag, self._octaves = self._take(), 0.0
        self.held_modes = self.selected

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        here = event.position()
        if self._grip is None:
            self._hover(here)
            return
        step, self._last = here - self._last, here
        if (here - self._pressed).manhattanLength() >= CLICK_PX:
            self._moving = True
        if self._grip == "pan":
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
            self.scale.pan(-step.x() / max(self.plot().width(), 1.0))
        elif self._grip == "lasso":
            self._throw(here)
        elif self._drag is not None and self.step.busy:
            fine = FINE if event.modifiers() & SHIFT else 1.0
            self._go(self._drag, step, fine, whole=bool(event.modifiers() & CTRL))

    def _go(self, drag: ModeDrag, step: QPointF, fine: float, *, whole: bool) -> None:
        if self._grip == "tail":
            left = self.tail(drag.modes[0]).x() < self.head(drag.modes[0]).x()
            self._octaves += (-step.x() if left else step.x()) / TAIL_PX_PER_OCT * fine
            octaves = round(self._octaves) if whole else self._octaves
            self.step.put({DAMPING: drag.decays(octaves)})
            return
        plot, scale = self.plot(), self.scale
        st = 12.0 * math.log2(scale.high_hz / scale.low_hz) / max(plot.width(), 1.0)
        drag.go((step.x(), -step.y()), (st, RANGE_DB / max(plot.height(), 1.0)), fine=fine)
        pitch, level = drag.ways
        self.step.rename(self._what("pitch" if not level else "level" if not pitch else ""))
        self.step.put(drag.values(whole=whole))

    def _throw(self, here: QPointF) -> None:
        """The lasso goes on; what it holds is chosen at once."""
        if not self._moving:
            return
        if self._box:
            a, b = self._pressed, here
            self._lasso = [a, QPointF(b.x(), a.y()), b, QPointF(a.x(), b.y())]
        elif (here - self._lasso[-1]).manhattanLength() >= 2.0:
            self._lasso = [*self._lasso, here]
        n = self.n_modes
        x, y = (a[:n] for a in self.heads())
        corners = [(p.x(), p.y()) for p in self._lasso]
        line = straight(corners, STRAIGHT_PX)
        if line is None:
            held = inside(x, y, corners)
        else:
            held = near_line(x, y, self.plot().bottom(), line, STEM_REACH_PX)
        self.select(self._before_lasso | set(np.flatnonzero(held).tolist()))
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        grip = self._grip
        if grip is None or event.button() != self._button:
            return
        if not self._moving and grip == "modes" and len(self.selected) > 1:
            # A click on one of several chooses it alone.
            mode = self.mode_at(event.position())
            self._end(keep=True)
            if mode is not None:
                self.select({mode}, mode)
        elif not self._moving and grip == "lasso":
            self.select(self._before_lasso)
            self._end(keep=True)
        else:
            self._end(keep=not event.modifiers() & ALT)
        self._hover(event.position())

    def _end(self, *, keep: bool) -> None:
        grip, self._grip = self._grip, None
        self._drag = None
        self.held_modes = frozenset()
        self._lasso = []
        if grip == "lasso" and not keep:
            self.select(self._before_lasso)
        elif grip in ("modes", "tail"):
            self.step.end(keep=keep)
        self.unsetCursor()
        self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        mode = self.mode_at(event.position())
        if mode is not None:
            self.select({mode}, mode)
            self.open_editor()
        elif self.scale.is_whole:
            self.show_fit()
        else:
            self.scale.show_all()

    def _hover(self, here: QPointF | None) -> None:
        on_tail = here is not None and self.on_tail(here)
        mode = None if here is None else self.mode_at(here)
        if here is not None and (on_tail or (self.along_tail(here) and self.head_at(here) is None)):
            # The way from a head to the end of its tail crosses other stems.
            mode = self.tail_mode()
        air = self.air_at(here) if here is not None and mode is None else None
        if air != self.hovered_air:
            self.hovered_air = air
            self.update()
        if mode != self.hovered_mode:
            self.hovered_mode = mode
            self.hovered.emit(mode)
            self.update()
        if on_tail:
            self.setCursor(Qt.CursorShape.SizeHorCursor)
        elif mode is not None:
            self.setCursor(Qt.CursorShape.SizeAllCursor)
        elif here is not None and here.y() > self.plot().bottom() + 2.0:
            self.setCursor(Qt.CursorShape.OpenHandCursor)
        else:
            self.unsetCursor()

    def leaveEvent(self, event: QEvent) -> None:
        if self._grip is None:
            self._hover(None)
        super().leaveEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        self._end(keep=False)
        self.step.finish()
        super().hideEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        delta = event.angleDelta()
        turn = (delta.y() or delta.x()) / TICK_UNITS
        # Where there is nothing left to zoom out of, the panel scrolls on.
        if is_scrolling(self) or turn == 0 or self._grip is not None or (turn < 0 and self.scale.is_whole):
            event.ignore()
            return
        event.accept()
        if event.modifiers() & SHIFT or delta.x():
            self.scale.pan(-turn * TICK_SHARE)
        else:
            plot = self.plot()
            share = (event.position().x() - plot.left()) / max(plot.width(), 1.0)
            self.scale.zoom(TICK_FACTOR**turn, min(max(share, 0.0), 1.0))
        self._hover(event.position())

    # Typing

    def open_editor(self) -> None:
        """Open a field at the named mode: frequency, level and decay, apart by semicolons."""
        mode = self.primary
        if self.editor is not None or mode is None:
            return
        self.step.finish()
        self.select({mode}, mode)
        place = QRect(self.head(mode).toPoint(), EDITOR_SIZE)
        place.translate(-EDITOR_SIZE.width() // 2, -EDITOR_SIZE.height() - 8)
        self._open_field(place, mode_text(self.shown(), mode))

    # Keys

    def _wants(self, event: QKeyEvent) -> bool:
        if event.key() == Qt.Key.Key_Escape:
            return self.step.busy or self._grip is not None or bool(self.selected)
        if event.matches(QKeySequence.StandardKey.SelectAll):
            return True
        if self.n_modes == 0 or event.key() not in _KEYS:
            return False
        if event.key() in SIDEWAYS:
            return not event.modifiers() & ALT
        if event.key() in UPWARDS:
            return bool(self.selected) and not event.modifiers() & (CTRL | ALT)
        # With a modifier these belong to the window: Ctrl+Page Up is another preset.
        plain = not event.modifiers() & (SHIFT | CTRL | ALT)
        return plain and (event.key() in _ENDS or bool(self.selected))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self._wants(event):
            super().keyPressEvent(event)
            return
        key = Qt.Key(event.key())
        if key == Qt.Key.Key_Escape:
            self._escape()
        elif self._grip is not None:
            # The hand is at the mouse: keys wait.
            pass
        elif event.matches(QKeySequence.StandardKey.SelectAll):
            self.select(range(self.n_modes))
        elif key in SIDEWAYS and (event.modifiers() & CTRL or not self.selected):
            self.step.finish()
            self._walk(SIDEWAYS[key], extend=bool(event.modifiers() & SHIFT))
        elif key in _ENDS:
            ends = self.by_pitch()
            self.select({ends[_ENDS[key]]}, ends[_ENDS[key]])
        elif not self.selected:
            pass
        elif key == Qt.Key.Key_Delete:
            self.silence()
        elif key == Qt.Key.Key_Backspace:
            self.reset()
        elif key in TYPES:
            self.open_editor()
        else:
            self._nudge(key, FINE if event.modifiers() & SHIFT else 1.0)

    def _escape(self) -> None:
        if self._grip is not None:
            self._end(keep=False)
        elif self.step.busy:
            self.step.cancel()
        else:
            self.select(())

    def _walk(self, step: int, *, extend: bool = False) -> None:
        """To the next mode by frequency."""
        order = self.by_pitch()
        if not order:
            return
        here = order.index(self.primary) + step if self.primary in order else 0 if step > 0 else -1
        mode = order[min(max(here, 0), len(order) - 1)] if here != -1 or self.primary in order else order[-1]
        self.select(self.selected | {mode} if extend else {mode}, mode)

    # Menu and picture

    def build_menu(self) -> QMenu:
        """The context menu; the caller shows and deletes it."""
        return modes_menu(self)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if self._grip is not None:
            return
        self.step.finish()
        place = event.globalPos()
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            middle = self.rect().center() if self.primary is None else self.head(self.primary).toPoint()
            place = self.mapToGlobal(middle)
        elif (mode := self.mode_at(QPointF(event.pos()))) is not None:
            self._choose_for_drag(mode)
        pop_up(self.build_menu(), place)

    def paintEvent(self, event: QPaintEvent) -> None:
        self._picture.paint()


_ENDS = {Qt.Key.Key_Home: 0, Qt.Key.Key_End: -1}
_KEYS = {*SIDEWAYS, *UPWARDS, *LONGER, *_ENDS, *TYPES, *RESETS}
