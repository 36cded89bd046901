"""The routing of an FM instrument as a graph: operators above what they bend, and what is heard at the bottom.

Each line is a route: as thick as it is deep, in its source's colour. A line can be dragged up and down, turned with the
wheel and double-clicked like the matrix cell that it stands for, because both share one gesture. A drag from one
operator to another opens a route between them. Nothing moves while a depth is turned; afterwards the operators glide to
where the new routing puts them.
"""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, QTimer, QVariantAnimation, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QHideEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.controls.drag_value import ALT, DragValue
from app.controls.event_answers import EventAnswers
from app.controls.graph_layout import OUTPUT, GraphLayout, Route, lay_out
from app.controls.graph_picture import GraphPicture, Scene
from app.controls.scroll import is_scrolling
from app.controls.words import typeset
from app.theme import motion_ms
from engine.params.text import format_value

DRAG_THRESHOLD_PX = 4
MARGINS_PX, LAYER_PX = 28, 20
"""The least room for the graph: around it, and for each layer."""
GRAB_PX = 7.0
HINT = "Drag a line up or down for its depth, or from one operator to another for a new one"


class AlgorithmGraph(QWidget):
    """Draws ``gestures``, one for each route (outputs included), of ``n_operators`` operators."""

    operator_clicked = Signal(int)
    operator_opened = Signal(int)
    """A double-click: the person wants to see all of it."""
    route_hovered = Signal(object)
    """The :data:`Route` under the pointer, or ``None``."""
    route_wanted = Signal(object)
    """A drag from one operator to another, or to the output: a :data:`Route` that may be off or on."""
    needs_changed = Signal()
    """The routing has more or fewer layers: the least height is another one."""
    menu_wanted = Signal(object, QPoint)
    """What lies under the pointer, an operator's number or a :data:`Route`, and where its menu belongs."""

    def __init__(self, gestures: Mapping[Route, DragValue], n_operators: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._gestures = dict(gestures)
        self._n = n_operators
        self._quiet: frozenset[int] = frozenset()
        self._muted: frozenset[int] = frozenset()
        self._selected = 0
        self._lit: Route | None = None
        self._held = False
        self._behind = False
        self._layout = lay_out(self._routes(), n_operators)
        self._from: dict[int, QPointF] = {}
        self._scene: Scene | None = None
        self._pressed: int | Route | None = None
        self._pressed_at = QPointF()
        self._last_y = 0.0
        self._dragging = False
        self._pulled: QPointF | None = None
        # Members, and not single shots with Python functions: hundreds of those crash PySide6.
        self._later = QTimer(self, singleShot=True, interval=0)
        self._later.timeout.connect(self._catch_up)
        self._needs = QTimer(self, singleShot=True, interval=0)
        self._needs.timeout.connect(self.needs_changed)
        self._glide = QVariantAnimation(self)
        self._glide.setStartValue(0.0)
        self._glide.setEndValue(1.0)
        self._glide.valueChanged.connect(self._on_glide)
        for gesture in self._gestures.values():
            gesture.shown.connect(self._on_shown)
            gesture.committed.connect(self.settle)
            gesture.reverted.connect(self.settle)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Algorithm")
        EventAnswers(self, tip=lambda place: self._words(self._at(QPointF(place))))
        self._describe()

    def sizeHint(self) -> QSize:
        return QSize(360, 156)

    def minimumSizeHint(self) -> QSize:
        """High enough for every layer to be read."""
        return QSize(200, max(88, round(MARGINS_PX + self._layout.n_layers * LAYER_PX)))

    # What it shows

    @property
    def layout_shown(self) -> GraphLayout:
        self._catch_up()
        return self._layout

    def set_operators(self, quiet: frozenset[int], muted: frozenset[int]) -> None:
        """Which operators change nothing of what is heard, and which of them are silenced by hand."""
        if (quiet, muted) != (self._quiet, self._muted):
            self._quiet, self._muted = quiet, muted
            self._describe()
            self.update()

    def select(self, operator: int) -> None:
        if operator != self._selected:
            self._selected = operator
            self.update()

    def light(self, route: Route | None) -> None:
        """Show one route as if the pointer were on it."""
        if route != self._lit:
            self._lit = route
            self.update()

    def hold(self) -> None:
        """A hand turns something: keep every operator where it is until :meth:`settle`."""
        self._held = True

    def settle(self, *_: object) -> None:
        """Let the operators take the places of the routing as it is now."""
        self._held = False
        self._fall_behind()

    def place_of(self, operator: int) -> QPointF:
        """Where the middle of an operator is drawn."""
        return self._seen().nodes[operator].center()

    def middle_of(self, route: Route) -> QPointF:
        """The middle of the line of a route that is on."""
        return self._seen().paths[route].pointAtPercent(0.5)

    def _routes(self) -> frozenset[Route]:
        return frozenset(route for route, gesture in self._gestures.items() if gesture.value > gesture.param.low)

    def _on_shown(self) -> None:
        self._fall_behind()
        self.update()

    def _fall_behind(self) -> None:
        """A whole new patch changes many depths: what follows from them is worked out once, when it is wanted."""
        if not self._behind:
            self._behind = True
            self._later.start()

    def _catch_up(self) -> None:
        if not self._behind:
            return
        self._behind = False
        if not self._held and not any(gesture.busy for gesture in self._gestures.values()):
            self._take_places()
        self._scene = None
        self._describe()
        self.update()

    def _take_places(self) -> None:
        layout = lay_out(self._routes(), self._n)
        if layout == self._layout:
            return
        before = dict(self._scene.centres()) if self._scene is not None else {}
        least = self.minimumSizeHint().height()
        self._layout = layout
        self._scene = None
        if self.minimumSizeHint().height() != least:
            # Later: this may be asked for by a painting.
            self._needs.start()
        self._glide.stop()
        self._from = before if motion_ms() and self.isVisible() else {}
        if self._from:
            self._glide.setDuration(motion_ms())
            self._glide.start()

    def _on_glide(self, share: float) -> None:
        if share >= 1.0:
            self._from = {}
        self._scene = None
        self.update()

    def _describe(self) -> None:
        routes = sorted(self._routes(), reverse=True)
        bends = ", ".join(f"{s} to {d}" for s, d in routes if d != OUTPUT) or "none"
        heard = ", ".join(str(s) for s, d in sorted(routes) if d == OUTPUT) or "none"
        self.setAccessibleDescription(f"Modulation: {bends}; heard: {heard}")

    def _seen(self) -> Scene:
        """The drawing for the present size and moment."""
        self._catch_up()
        if self._scene is None:
            share = float(self._glide.currentValue() or 0.0) if self._from else 1.0
            self._scene = Scene(QRectF(self.rect()), self._layout, self._routes(), self._from, share)
        return self._scene

    # Mouse

    def _at(self, point: QPointF) -> int | Route | None:
        scene = self._seen()
        return scene.node_at(point) or scene.line_at(point, GRAB_PX)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            self._end(keep=False)
            return
        self._pressed = self._at(event.position())
        self._pressed_at = event.position()
        self._last_y = event.position().y()
        self._dragging = False
        if isinstance(self._pressed, tuple):
            self._gestures[self._pressed].begin()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        here = event.position()
        if not event.buttons() & Qt.MouseButton.LeftButton or self._pressed is None:
            self._hover(self._at(here))
            return
        if not self._dragging:
            if (here - self._pressed_at).manhattanLength() < DRAG_THRESHOLD_PX:
                return
            self._dragging = True
            self._last_y = here.y()
        if isinstance(self._pressed, tuple):
            self._gestures[self._pressed].drag(self._last_y - here.y(), event.modifiers())
            self._last_y = here.y()
        else:
            self._pulled = here
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or self._pressed is None:
            return
        pressed, dragged = self._pressed, self._dragging
        if isinstance(pressed, int):
            if not dragged:
                self.operator_clicked.emit(pressed)
            elif (target := self._target_at(event.position())) is not None:
                self._end(keep=True)
                self.route_wanted.emit((pressed, target))
        self._end(keep=not event.modifiers() & ALT)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        found = self._at(event.position())
        if event.button() != Qt.MouseButton.LeftButton or found is None:
            return
        if isinstance(found, int):
            self.operator_opened.emit(found)
        else:
            self._gestures[found].reset()

    def _target_at(self, point: QPointF) -> int | None:
        scene = self._seen()
        node = scene.node_at(point)
        return node if node is not None else OUTPUT if point.y() >= scene.bar.top() - 8 else None

    def _end(self, *, keep: bool) -> None:
        pressed, self._pressed = self._pressed, None
        self._dragging = False
        if self._pulled is not None:
            self._pulled = None
            self.update()
        if isinstance(pressed, tuple):
            gesture = self._gestures[pressed]
            if keep:
                gesture.finish()
            else:
                gesture.cancel()
            self.settle()

    def wheelEvent(self, event: QWheelEvent) -> None:
        found = self._at(event.position())
        turn = event.angleDelta().y() or event.angleDelta().x()
        if not isinstance(found, tuple) or turn == 0 or is_scrolling(self):
            event.ignore()
            return
        event.accept()
        if self._pressed is None:
            self._gestures[found].wheel(turn / 120.0, event.modifiers())

    def _hover(self, found: int | Route | None) -> None:
        route = found if isinstance(found, tuple) else None
        hand = Qt.CursorShape.PointingHandCursor if isinstance(found, int) else Qt.CursorShape.SizeVerCursor
        self.setCursor(Qt.CursorShape.ArrowCursor if found is None else hand)
        if route != self._lit:
            self.light(route)
            self.route_hovered.emit(route)

    def leaveEvent(self, event: QEvent) -> None:
        for gesture in self._gestures.values():
            if self._pressed is None:
                gesture.finish()
        self._hover(None)
        super().leaveEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        self._end(keep=False)
        super().hideEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        found = self._at(QPointF(event.pos()))
        if found is not None:
            self.menu_wanted.emit(found, event.globalPos())

    def _words(self, found: int | Route | None) -> str:
        if found is None:
            return HINT
        if isinstance(found, int):
            state = " (muted)" if found in self._muted else " (does nothing now)" if found in self._quiet else ""
            return f"Operator {found}{state}\nClick to choose it; drag to another operator to modulate that one"
        gesture = self._gestures[found]
        value = typeset(format_value(gesture.param, gesture.value))
        target = "the output" if found[1] == OUTPUT else "itself" if found[0] == found[1] else f"operator {found[1]}"
        late = "" if found[1] == OUTPUT or found[0] > found[1] else ", one sample later"
        return f"Operator {found[0]} to {target}{late}: {value}\nDrag up or down, turn the wheel, double-click to reset"

    # Picture

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        shares = {route: gesture.position for route, gesture in self._gestures.items()}
        picture = GraphPicture(painter, self._seen(), shares, self.font(), quiet=self._quiet, muted=self._muted)
        picture.paint(selected=self._selected, lit=self._lit)
        if self._pulled is not None and isinstance(self._pressed, int):
            picture.pull(self._pressed, self._pulled)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._scene = None
        super().resizeEvent(event)
