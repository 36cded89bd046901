"""What every page of the FM panel is: forms and an envelope in a column, speaking of parameters by storage name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.controls.envelope import LEAST_HEIGHT_PX, EnvelopeEditor
from app.controls.knob import Knob
from app.controls.param_form import ParamForm
from app.controls.value_field import ValueField
from app.controls.value_widget import ValueWidget
from app.theme import GRID, PADDING
from engine.params import FM_SPACE, Param, Values

N_STAGES = 4
TALLEST_ENVELOPE_PX = 220
KNOB_PX = 60


class Page(QWidget):
    """A column of :class:`ParamForm` and at most one envelope, which takes the height that is left."""

    changing = Signal(str, float)
    moved = Signal(object)
    """New values by name: a handle of the envelope moves a time and a level at once."""
    committed = Signal(str, float)
    envelope_committed = Signal()
    lock_changed = Signal(str, bool)
    reverted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.envelope: EnvelopeEditor | None = None
        self.fields: ParamForm | None = None
        self._forms: list[ParamForm] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(PADDING)

    @property
    def section(self) -> str:
        """Which section of the parameters the page's menu is about; empty for none."""
        return ""

    @property
    def controls(self) -> dict[str, ValueWidget]:
        """Every control by storage name."""
        return {name: control for form in self._forms for name, control in form.knobs.items()}

    def every_control(self) -> Iterator[ValueWidget]:
        return iter(self.controls.values())

    def set_values(self, values: Values) -> None:
        for form in self._forms:
            form.set_values(values)
        if self.envelope is not None:
            self.envelope.set_values(values)

    def least_height(self) -> int:
        """How low the page can be made without hiding anything."""
        return self.sizeHint().height() - (self.envelope.height() - LEAST_HEIGHT_PX if self.envelope else 0)

    def fit(self, room_px: int, *, dense: bool) -> None:
        """Fill ``room_px`` of height with the envelope's paper; ``dense`` leaves out what the tool tips say as well."""
        for control in self.every_control():
            if isinstance(control, Knob):
                control.set_size("small" if dense else "normal")
        if self.envelope is None or self.fields is None:
            return
        # Column by column: a stage's time, and under it the level that it leads to.
        for field in list(self.fields.knobs.values())[N_STAGES:]:
            if isinstance(field, ValueField):
                field.set_labelled(not dense)
        self.fields.set_row_spacing(GRID if dense else PADDING)
        shown = [form for form in self._forms if not form.isHidden()]
        rest = sum(form.sizeHint().height() for form in shown) + len(shown) * self._column.spacing()
        height = min(max(room_px - rest, LEAST_HEIGHT_PX), TALLEST_ENVELOPE_PX)
        self.envelope.setFixedHeight(height - height % GRID)

    def recolour(self) -> None:
        """Take over the theme in force."""

    def _add_form(self, form: ParamForm) -> ParamForm:
        self._forms.append(form)
        self._column.addWidget(form)
        form.changing.connect(self.changing)
        form.committed.connect(self.committed)
        form.reverted.connect(self.reverted)
        form.lock_changed.connect(self.lock_changed)
        return form

    def _add_envelope(self, times: Sequence[Param], levels: Sequence[Param]) -> EnvelopeEditor:
        """The curve, and the same eight values as fields under it."""
        clock = f"{times[0].name.partition('_env')[0]}_env_clock"
        clocks = [param for param in FM_SPACE if param.name == clock]
        editor = self.envelope = EnvelopeEditor(times, levels, clock=clocks[0] if clocks else None)
        self._column.addWidget(editor)
        editor.moved.connect(self.moved)
        editor.committed.connect(self.envelope_committed)
        editor.reverted.connect(self.reverted)
        self.fields = self._add_form(ParamForm([*times, *levels], columns=N_STAGES, make=ValueField))
        return editor

    def _end_column(self) -> None:
        self._column.addStretch(1)


def narrow_knob(param: Param) -> Knob:
    """A knob of which six stand in a row."""
    return Knob(param, width_px=KNOB_PX, label=param.label.replace("Reverb t", "Rev. t"))
