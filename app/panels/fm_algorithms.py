"""The DX7’s 32 algorithms as a choice: small diagrams to pick from, and the routing that each of them means."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QPushButton, QWidget

from app.controls.event_answers import EventAnswers
from app.controls.graph_layout import OUTPUT, lay_out
from app.controls.knob_paint import figures, wash
from app.panels.fm_state import OPERATORS, is_on, number
from app.theme import GRID, PADDING, SMALL_TEXT_PX, tokens
from engine.params import FM_SPACE, Values
from engine.params.fm import loop_routes, mod_name, mod_routes
from engine.project.dx7.algorithms import ALGORITHMS, Algorithm

COLUMNS = 8
CELL = QSize(44, 56)
NEW_DEPTH_RAD = 1.5
NEW_FEEDBACK_RAD = 0.5


def routing_of(one: Algorithm, values: Values) -> dict[str, float]:
    """The depths and outputs that turn ``values`` into an algorithm; every level that can be kept is kept."""
    now = partial(number, values)
    wanted = {}
    loops = max(now(mod_name(s, d)) for s, d in loop_routes())
    for source, target in (*mod_routes(), *loop_routes()):
        name = mod_name(source, target)
        if (source, target) == one.feedback:
            wanted[name] = now(name) or loops or NEW_FEEDBACK_RAD
        elif (source, target) in one.edges:
            # An operator that gets another target bends it as far as it bent the one before.
            others = max(now(mod_name(source, d)) for d in OPERATORS if d != source)
            wanted[name] = now(name) or others or NEW_DEPTH_RAD
        else:
            wanted[name] = 0.0
    for n in OPERATORS:
        out = FM_SPACE[f"op{n}_out_db"]
        heard = now(out.name) if now(out.name) > out.low else 0.0
        wanted[out.name] = heard if n in one.carriers else out.low
    return wanted


def algorithm_of(values: Values) -> Algorithm | None:
    """The algorithm whose routing this is, with or without its feedback; the first of those that differ only there."""
    edges = {route for route in mod_routes() if is_on(values, mod_name(*route))}
    loops = {route for route in loop_routes() if is_on(values, mod_name(*route))}
    heard = tuple(n for n in OPERATORS if is_on(values, f"op{n}_out_db"))
    for one in ALGORITHMS:
        if edges == set(one.edges) and heard == one.carriers and loops <= {one.feedback}:
            return one
    return None


class AlgorithmButton(QPushButton):
    """Names the algorithm of the patch; a press shows all 32."""

    chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._number = 0
        self.chooser: AlgorithmChooser | None = None
        self.setToolTip("The DX7's 32 algorithms: who modulates whom, in one step")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.clicked.connect(self.open)
        self.show_number(None)

    def sizeHint(self) -> QSize:
        words = self.fontMetrics().horizontalAdvance("Algorithm 32  ▾")
        return QSize(words + 24, super().sizeHint().height())

    def show_number(self, number: int | None) -> None:
        """``None`` for a routing that is none of the 32."""
        self._number = number or 0
        self.setText(f"Algorithm {number}  ▾" if number else "Own routing  ▾")

    def open(self) -> None:
        self.chooser = AlgorithmChooser(self._number, self)
        self.chooser.chosen.connect(self.chosen)
        place = self.mapToGlobal(QPoint(0, self.height() + 2))
        screen = self.screen().availableGeometry()
        size = self.chooser.sizeHint()
        place.setX(max(min(place.x(), screen.right() - size.width()), screen.left()))
        place.setY(max(min(place.y(), screen.bottom() - size.height()), screen.top()))
        self.chooser.move(place)
        self.chooser.resize(size)
        self.chooser.show()


class AlgorithmChooser(QWidget):
    """All 32 diagrams; a click or Enter takes one, the arrow keys walk, Esc leaves."""

    chosen = Signal(int)

    def __init__(self, number: int, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAccessibleName("Algorithms")
        EventAnswers(self, tip=self._tip_at)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._number = number
        self.at = number or 1

    def sizeHint(self) -> QSize:
        rows = len(ALGORITHMS) // COLUMNS
        return QSize(COLUMNS * CELL.width() + 2 * PADDING, rows * CELL.height() + 2 * PADDING)

    def cell(self, number: int) -> QRect:
        row, column = divmod(number - 1, COLUMNS)
        corner = QPoint(PADDING + column * CELL.width(), PADDING + row * CELL.height())
        return QRect(corner, CELL)

    def _at(self, point: QPoint) -> int | None:
        return next((one.number for one in ALGORITHMS if self.cell(one.number).contains(point)), None)

    def _take(self, number: int) -> None:
        self.close()
        self.chosen.emit(number)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        found = self._at(event.position().toPoint())
        if found is not None and found != self.at:
            self.at = found
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        found = self._at(event.position().toPoint())
        if found is not None and event.button() == Qt.MouseButton.LeftButton:
            self._take(found)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -COLUMNS, Qt.Key.Key_Down: COLUMNS}
        key = Qt.Key(event.key())
        if key in steps:
            there = self.at + steps[key]
            if 1 <= there <= len(ALGORITHMS):
                self.at = there
                self.setAccessibleDescription(_words(ALGORITHMS[there - 1]))
                self.update()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._take(self.at)
        else:
            super().keyPressEvent(event)

    def _tip_at(self, place: QPoint) -> str:
        found = self._at(place)
        return _words(ALGORITHMS[found - 1]) if found else ""

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QColor(theme.panel))
        painter.setPen(QColor(theme.hairline))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        for one in ALGORITHMS:
            box = QRectF(self.cell(one.number)).adjusted(1, 1, -1, -1)
            tone = theme.text if one.number == self.at else theme.secondary
            if one.number in (self.at, self._number):
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(theme.hover) if one.number == self.at else wash(theme.accent, 0.16))
                painter.drawRoundedRect(box, GRID, GRID)
            painter.setFont(figures(self, SMALL_TEXT_PX, strong=one.number == self._number))
            painter.setPen(QColor(theme.accent if one.number == self._number else tone))
            painter.drawText(box.adjusted(0, 1, 0, 0), _TOP, str(one.number))
            _draw(painter, box.adjusted(2, 17, -2, -4), one, tone)


_TOP = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop


def _words(one: Algorithm) -> str:
    chains = ", ".join(f"{s} to {d}" for s, d in reversed(one.edges)) or "no modulation"
    heard = ", ".join(str(n) for n in one.carriers)
    return f"Algorithm {one.number}: {chains}; feedback {one.feedback[0]} to {one.feedback[1]}; heard: {heard}"


def _draw(painter: QPainter, box: QRectF, one: Algorithm, tone: str) -> None:
    """Squares and lines; what is heard stands on the line at the bottom and is filled."""
    layout = lay_out(frozenset({*one.edges, *((n, OUTPUT) for n in one.carriers)}), len(OPERATORS))
    across = min(7.5, (box.width() - 5) / max(layout.n_columns - 0.4, 1))
    left = box.center().x() - across * (layout.n_columns - 1) / 2
    places = {n: QPointF(left + x * across, box.bottom() - 5 - layer * 9) for n, (x, layer) in layout.places.items()}
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(wash(tone, 0.75), 1.0))
    painter.drawLine(QPointF(box.left() + 2, box.bottom()), QPointF(box.right() - 2, box.bottom()))
    for source, target in one.edges:
        painter.drawLine(places[source], places[target])
    for n in one.carriers:
        painter.drawLine(places[n], QPointF(places[n].x(), box.bottom()))
    top, low = places[one.feedback[1]], places[one.feedback[0]]
    painter.drawPolyline([low + QPointF(2, 0), low + QPointF(5, 0), QPointF(low.x() + 5, top.y() - 4.5),
                          top + QPointF(0, -4.5), top + QPointF(0, -2)])  # fmt: skip
    for n, place in places.items():
        painter.setBrush(QColor(tone) if n in one.carriers else QColor(tokens().panel))
        painter.drawRect(QRectF(place.x() - 2.5, place.y() - 2.5, 5, 5))
