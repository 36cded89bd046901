"""The modulation matrix: who bends whose phase, and who is heard.

Rows are sources, columns are targets, and a last column is the output; the diagonal is feedback, and below it routes
look back. Each cell is a value under the gestures of :class:`ValueWidget`, so the whole matrix works by mouse, wheel
and keys; hovering a cell lights up its way from the row's operator to the column's.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QContextMenuEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.controls.knob_paint import figures, wash
from app.controls.matrix_cell import OUTPUT, MatrixCell, Route
from app.theme import GRID, SMALL_TEXT_PX, series_colour, tokens
from engine.params import Param, Values

CELL_HEIGHT_PX = 24
DENSE_CELL_HEIGHT_PX = 20
HEADER_PX = 20


class Matrix(QWidget):
    """A grid of cells for ``routes``; ``n_operators`` rows, from the last operator at the top to the first."""

    changing = Signal(str, float)
    committed = Signal(str, float)
    reverted = Signal(str)
    operator_clicked = Signal(int)
    lock_changed = Signal(str, bool)
    operator_menu_wanted = Signal(int, QPoint)
    route_hovered = Signal(object)
    """The :data:`Route` under the pointer or with the focus, or ``None``."""

    def __init__(self, routes: Mapping[Route, Param], n_operators: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._n = n_operators
        self._targets = sorted({target for _, target in routes if target != OUTPUT})
        self._columns = [*self._targets, OUTPUT]
        self._lit: Route | None = None
        self._selected = 0
        self._quiet: frozenset[int] = frozenset()
        self._cell_px = CELL_HEIGHT_PX
        self.cells: dict[Route, MatrixCell] = {}
        # Made in reading order, which is the order of Tab.
        for route in sorted(routes, key=lambda r: (self._row(r[0]), self._columns.index(r[1]))):
            param = routes[route]
            cell = self.cells[route] = MatrixCell(route, param, self)
            cell.changing.connect(partial(self.changing.emit, param.name))
            cell.committed.connect(partial(self.committed.emit, param.name))
            cell.reverted.connect(partial(self.reverted.emit, param.name))
            cell.lock_changed.connect(partial(self.lock_changed.emit, param.name))
            cell.entered.connect(partial(self._point_at, route))
            cell.left.connect(partial(self._point_at, None))
            cell.walked.connect(partial(self._walk, route))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Modulation matrix")

    def sizeHint(self) -> QSize:
        return QSize(400, HEADER_PX + self._n * (self._cell_px + GRID) - GRID)

    def minimumSizeHint(self) -> QSize:
        return QSize(HEADER_PX + 8 + 46 * len(self._columns), self.sizeHint().height())

    def set_dense(self, on: bool) -> None:
        """Lower cells, where room is scarce."""
        cell_px = DENSE_CELL_HEIGHT_PX if on else CELL_HEIGHT_PX
        if cell_px != self._cell_px:
            self._cell_px = cell_px
            self.updateGeometry()
            self._place_cells()
            self.update()

    def set_values(self, values: Values) -> None:
        """Show values by storage name without a signal."""
        for cell in self.cells.values():
            value = values.get(cell.param.name)
            if isinstance(value, int | float):
                cell.set_value(float(value))

    def select(self, operator: int) -> None:
        """Mark one operator's row and column headings."""
        self._selected = operator
        self.update()

    def _walk(self, route: Route, down: int, right: int) -> None:
        """Move the focus from a cell to its next neighbour in a direction; empty places are skipped."""
        row, column = self._row(route[0]) + down, self._columns.index(route[1]) + right
        while 0 <= row < self._n and 0 <= column < len(self._columns):
            cell = self.cells.get((self._n - row, self._columns[column]))
            if cell is not None:
                cell.setFocus(Qt.FocusReason.OtherFocusReason)
                return
            row, column = row + down, column + right

    def _row(self, source: int) -> int:
        return self._n - source

    def set_quiet(self, operators: frozenset[int]) -> None:
        """Operators that change nothing of what is heard now: their rows stand back."""
        if operators != self._quiet:
            for n in operators ^ self._quiet:
                for heading in (self._row_heading(n), self._column_heading(n)):
                    self.update(heading.toAlignedRect())
            self._quiet = operators
            for (source, _), cell in self.cells.items():
                cell.set_quiet(source in operators)

    def light(self, route: Route | None) -> None:
        """Show one route as if the pointer were on its cell."""
        if route != self._lit:
            for place, on in ((self._lit, False), (route, True)):
                if place in self.cells:
                    self.cells[place].set_lit(on)
            self._lit = route
            self.update()

    def _point_at(self, route: Route | None) -> None:
        """Show the flow of the cell under the pointer, or else of the one with the focus."""
        if route is None:
            route = next((cell.route for cell in self.cells.values() if cell.hasFocus()), None)
        if route != self._lit:
            self.light(route)
            self.route_hovered.emit(route)

    def _cell_rect(self, row: int, column: int) -> QRect:
        """Row and column counted from 0; the output column stands a little apart."""
        left = HEADER_PX + GRID
        room = self.width() - left - 2 * GRID
        width = (room + GRID) / len(self._columns)
        apart = 2 * GRID if column == len(self._columns) - 1 else 0
        x0, x1 = round(left + column * width), round(left + (column + 1) * width)
        return QRect(x0 + apart, HEADER_PX + row * (self._cell_px + GRID), x1 - x0 - GRID, self._cell_px)

    def _heading_at(self, x: float, y: float) -> int | None:
        for n in range(1, self._n + 1):
            if self._row_heading(n).contains(x, y):
                return n
        for target in self._targets:
            if self._column_heading(target).contains(x, y):
                return target
        return None

    def _row_heading(self, source: int) -> QRectF:
        cell = self._cell_rect(self._row(source), 0)
        return QRectF(0, cell.top(), HEADER_PX, cell.height())

    def _column_heading(self, target: int) -> QRectF:
        cell = self._cell_rect(0, self._columns.index(target))
        return QRectF(cell.left(), 0, cell.width(), HEADER_PX - 2)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        operator = self._heading_at(event.position().x(), event.position().y())
        if operator is not None:
            self.operator_clicked.emit(operator)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        operator = self._heading_at(event.pos().x(), event.pos().y())
        if operator is not None:
            self.operator_menu_wanted.emit(operator, event.globalPos())

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._place_cells()

    def _place_cells(self) -> None:
        for (source, target), cell in self.cells.items():
            cell.setGeometry(self._cell_rect(self._row(source), self._columns.index(target)))

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for source in range(1, self._n + 1):
            self._paint_heading(painter, self._row_heading(source), str(source), source)
        for target in self._columns:
            text = "out" if target == OUTPUT else str(target)
            self._paint_heading(painter, self._column_heading(target), text, target)
        for row in range(self._n):
            for column, target in enumerate(self._columns):
                if (self._n - row, target) not in self.cells:
                    centre = QRectF(self._cell_rect(row, column)).center()
                    painter.setPen(Qt.PenStyle.NoPen)
                    painter.setBrush(wash(theme.hairline, 0.7))
                    painter.drawEllipse(centre, 1.5, 1.5)
        if self._lit is not None:
            self._paint_flow(painter, *self._lit)

    def _paint_heading(self, painter: QPainter, box: QRectF, text: str, operator: int) -> None:
        theme = tokens()
        lit = self._lit is not None and operator in (self._lit[0], self._lit[1])
        chosen = operator == self._selected and operator != OUTPUT
        colour = theme.secondary if operator == OUTPUT or operator in self._quiet else series_colour(operator)
        painter.setFont(figures(self, SMALL_TEXT_PX + 1, strong=lit or chosen))
        painter.setPen(QColor(theme.text if lit and operator == OUTPUT else colour))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
        if chosen:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colour))
            painter.drawRect(QRectF(box.center().x() - 5, box.bottom() - 2, 10, 2))

    def _paint_flow(self, painter: QPainter, source: int, target: int) -> None:
        """A band from the source's heading to the cell and from there up to the target's heading."""
        cell = QRectF(self._cell_rect(self._row(source), self._columns.index(target)))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(wash(series_colour(source), 0.16))
        painter.drawRoundedRect(QRectF(0, cell.top(), cell.left() - 2, cell.height()), 3, 3)
        painter.drawRoundedRect(QRectF(cell.left(), 0, cell.width(), cell.top() - 2), 3, 3)
