"""Who modulates whom, twice: as a graph and as a matrix that are always in step, and the algorithms of the DX7."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app.controls.graph import AlgorithmGraph
from app.controls.matrix import Matrix
from app.panels.fm_algorithms import AlgorithmButton, algorithm_of
from app.panels.fm_state import OperatorState, routes
from app.theme import GRID, PADDING
from engine.params import Values
from engine.params.fm import N_OPERATORS

SIDE_BY_SIDE_PX = 700
TALLEST_GRAPH_PX = 400


class Routing(QWidget):
    """The graph above the matrix, or beside it where there is room."""

    algorithm_chosen = Signal(int)
    rearranged = Signal()
    """Graph and matrix need another room than before."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.matrix = Matrix(routes(), N_OPERATORS)
        self.graph = AlgorithmGraph({route: cell.gesture for route, cell in self.matrix.cells.items()}, N_OPERATORS)
        self.algorithms = AlgorithmButton()
        self.algorithms.chosen.connect(self.algorithm_chosen)
        caption = QLabel("Rows modulate columns (rad)")
        caption.setProperty("role", "small")
        caption.setToolTip(
            "Each row is an operator that bends the phase of the column’s operator; out is what is heard, in dB.\n"
            "On the diagonal and below it a route looks back in time: by one sample, on itself to the last two."
        )
        self._head = QWidget()
        head = QHBoxLayout(self._head)
        head.setContentsMargins(0, 0, 0, 0)
        head.setSpacing(PADDING)
        head.addWidget(self.algorithms)
        head.addStretch(1)
        head.addWidget(caption)
        self._pair = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._pair.setSpacing(GRID)
        self._pair.addWidget(self.graph, 1)
        self._pair.addWidget(self.matrix, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(self._head)
        column.addLayout(self._pair)
        column.addStretch(1)
        self._column = column
        self.matrix.route_hovered.connect(self.graph.light)
        self.graph.route_hovered.connect(self.matrix.light)
        self.graph.needs_changed.connect(self.rearranged)

    def show_graph(self, on: bool) -> None:
        """All of it, or only the matrix where there is no room for more."""
        self.graph.setVisible(on)
        self._head.setVisible(on)

    def least_height(self, *, whole: bool) -> int:
        """The matrix, or the ``whole``, as low as it goes."""
        if not whole:
            return self.matrix.sizeHint().height()
        return self._around_graph() + (0 if self._beside else self.graph.minimumSizeHint().height())

    def fit(self, room_px: int) -> None:
        """Give the graph what the matrix leaves of a height."""
        least = self.graph.minimumSizeHint().height()
        if self._beside:
            self.graph.setFixedHeight(self.matrix.sizeHint().height())
        else:
            self.graph.setFixedHeight(min(max(room_px - self._around_graph(), least), TALLEST_GRAPH_PX))

    def select(self, operator: int) -> None:
        self.matrix.select(operator)
        self.graph.select(operator)

    def set_values(self, values: Values, state: OperatorState, *, held: bool) -> None:
        """Show a patch; while a hand turns something (``held``) no operator changes its place."""
        if held:
            self.graph.hold()
        self.matrix.set_values(values)
        self.matrix.set_quiet(state.quiet)
        self.graph.set_operators(state.quiet, state.muted)
        one = algorithm_of(values)
        self.algorithms.show_number(one.number if one is not None else None)
        if not held:
            self.graph.settle()

    @property
    def _beside(self) -> bool:
        return self._pair.direction() == QBoxLayout.Direction.LeftToRight

    def _around_graph(self) -> int:
        """What is not the graph."""
        head = self._head.sizeHint().height() + self._column.spacing()
        return head + self.matrix.sizeHint().height() + (0 if self._beside else self._pair.spacing())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wide = self.width() >= SIDE_BY_SIDE_PX
        if wide != self._beside:
            self._pair.setDirection(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom)
            self._pair.setStretch(1, int(wide))
            self.rearranged.emit()
