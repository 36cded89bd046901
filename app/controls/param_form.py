"""A labelled grid of knobs built from parameters, so that a panel follows its ParamSpace and repeats nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from app.controls.knob import Knob, KnobSize
from app.controls.value_widget import ValueWidget
from app.theme import GRID
from engine.params import Param, Values

Make = Callable[[Param], ValueWidget]


class ParamForm(QWidget):
    """Knobs for ``params`` in rows of ``columns``.

    ``make`` makes another kind of control for a parameter. Vector parameters (``count`` above 1) are left to controls
    of their own and skipped here.
    """

    changing = Signal(str, float)
    committed = Signal(str, float)
    reverted = Signal(str)
    lock_changed = Signal(str, bool)

    def __init__(
        self,
        params: Iterable[Param],
        *,
        columns: int = 5,
        size: KnobSize = "normal",
        spacing: int = 2 * GRID,
        make: Make | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.knobs: dict[str, ValueWidget] = {}
        self._grid = grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(spacing)
        grid.setVerticalSpacing(2 * GRID)
        for column in range(columns):
            grid.setColumnStretch(column, 1)
        for param in params:
            if param.count > 1:
                continue
            place = len(self.knobs)
            self._add(make(param) if make is not None else Knob(param, size), place // columns, place % columns)

    def add_alternative(self, name: str, knob: ValueWidget) -> None:
        """Another control in the same place as ``name``: whoever owns the form shows one of the two."""
        row, column, _, _ = self._grid.getItemPosition(self._grid.indexOf(self.knobs[name]))  # type: ignore[misc]
        self._add(knob, row, column)
        knob.hide()

    def _add(self, knob: ValueWidget, row: int, column: int) -> None:
        name = knob.param.name
        self._grid.addWidget(knob, row, column)
        self.knobs[name] = knob
        knob.changing.connect(partial(self.changing.emit, name))
        knob.committed.connect(partial(self.committed.emit, name))
        knob.reverted.connect(partial(self.reverted.emit, name))
        knob.lock_changed.connect(partial(self.lock_changed.emit, name))

    def set_column_stretch(self, *stretches: int) -> None:
        """How the width is shared out among the columns, from the left."""
        for column, stretch in enumerate(stretches):
            self._grid.setColumnStretch(column, stretch)

    def set_row_spacing(self, px: int) -> None:
        if px != self._grid.verticalSpacing():
            self._grid.setVerticalSpacing(px)

    def set_values(self, values: Values) -> None:
        """Show values by name without a signal; names of other forms are ignored, and only what differs repaints."""
        for name, knob in self.knobs.items():
            value = values.get(name)
            if isinstance(value, int | float):
                knob.set_value(float(value))

    def set_colour(self, colour: str | None) -> None:
        for knob in self.knobs.values():
            knob.set_colour(colour)

    def set_locked(self, locks: Mapping[str, bool]) -> None:
        """Show locks by name."""
        for name, locked in locks.items():
            if name in self.knobs:
                self.knobs[name].set_locked(locked)

    def locked(self) -> set[str]:
        """Names of the locked parameters."""
        return {name for name, knob in self.knobs.items() if knob.locked}
