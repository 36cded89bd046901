"""Everything about one operator: its knobs, its envelope as a curve and the same eight values as fields."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.controls.envelope import LEAST_HEIGHT_PX, EnvelopeEditor
from app.controls.param_form import ParamForm
from app.controls.value_field import ValueField
from app.controls.value_widget import ValueWidget
from app.theme import GRID, PADDING, series_colour
from engine.params import FM_SPACE, Values

KNOBS = ("ratio", "detune_cents", "level_db", "out_db", "velocity")
STAGES = (1, 2, 3, 4)
TALLEST_ENVELOPE_PX = 220


class OperatorPage(QWidget):
    """The controls of operator ``operator``; signals carry storage names."""

    changing = Signal(str, float)
    moved = Signal(object)
    """New values by name: a handle of the envelope moves a time and a level at once."""
    committed = Signal(str, float)
    envelope_committed = Signal()
    lock_changed = Signal(str, bool)
    reverted = Signal()

    def __init__(self, operator: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.operator = operator
        times = [FM_SPACE[f"op{operator}_env{n}_s"] for n in STAGES]
        levels = [FM_SPACE[f"op{operator}_env{n}_db"] for n in STAGES]
        self.knobs = ParamForm([FM_SPACE[f"op{operator}_{name}"] for name in KNOBS], columns=len(KNOBS), spacing=GRID)
        self.envelope = EnvelopeEditor(times, levels)
        self.fields = ParamForm([*times, *levels], columns=len(STAGES), make=ValueField)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(PADDING)
        column.addWidget(self.knobs)
        column.addWidget(self.envelope)
        column.addWidget(self.fields)
        column.addStretch(1)
        self._column = column
        self._levels = [self.fields.knobs[param.name] for param in levels]
        for form in (self.knobs, self.fields):
            form.changing.connect(self.changing)
            form.committed.connect(self.committed)
            form.reverted.connect(self.reverted)
            form.lock_changed.connect(self.lock_changed)
        self.envelope.moved.connect(self.moved)
        self.envelope.committed.connect(self.envelope_committed)
        self.envelope.reverted.connect(self.reverted)
        self.recolour()

    @property
    def controls(self) -> dict[str, ValueWidget]:
        """Knobs and fields by storage name."""
        return self.knobs.knobs | self.fields.knobs

    def fit(self, room_px: int, *, dense: bool) -> None:
        """Fill ``room_px`` of height with the envelope's paper; ``dense`` leaves out what the tool tips say as well."""
        for field in self._levels:
            field.set_labelled(not dense)
        # Column by column: a stage's time, and under it the level that it leads to.
        self.fields.set_row_spacing(GRID if dense else PADDING)
        rest = self.knobs.sizeHint().height() + self.fields.sizeHint().height() + 2 * self._column.spacing()
        height = min(max(room_px - rest, LEAST_HEIGHT_PX), TALLEST_ENVELOPE_PX)
        self.envelope.setFixedHeight(height - height % GRID)

    def recolour(self) -> None:
        """Take the operator's colour from the theme in force."""
        colour = series_colour(self.operator)
        self.knobs.set_colour(colour)
        self.fields.set_colour(colour)
        self.envelope.set_colour(colour)

    def set_values(self, values: Values) -> None:
        self.knobs.set_values(values)
        self.fields.set_values(values)
        self.envelope.set_values(values)
