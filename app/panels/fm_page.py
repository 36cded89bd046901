"""What every page of the FM panel is: forms and an envelope in a column, speaking of parameters by storage name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.controls.choice import Segments
from app.controls.envelope import LEAST_HEIGHT_PX, EnvelopeEditor
from app.controls.knob import Knob
from app.controls.param_form import ParamForm
from app.controls.value_field import LABEL_PX, ValueField
from app.controls.value_widget import ValueWidget
from app.theme import GRID, PADDING
from engine.params import FM_SPACE, Param, Values

N_STAGES = 4
TALLEST_ENVELOPE_PX = 280
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
        self._bare_row: ParamForm | None = None
        self._tight = False
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

    def fit(self, room_px: int, *, dense: bool) -> None:
        """Fill ``room_px`` of height with the envelope's paper; ``dense`` leaves out what the tool tips say as well.

        A page that is too high for its room even so moves its rows together, and a row of pictures and short words goes
        without labels; when that is not enough either, it is scrolled, and the envelope keeps a height to work on.
        """
        for control in self.every_control():
            if isinstance(control, Knob):
                control.set_size("small" if dense else "normal")
        # Column by column: a stage's time, and under it the level that it leads to.
        for field in list(self.fields.knobs.values())[N_STAGES:] if self.fields is not None else ():
            if isinstance(field, ValueField):
                field.set_labelled(not dense)
        if self.fields is not None:
            self.fields.set_row_spacing(GRID if dense else PADDING)
        least = LEAST_HEIGHT_PX if self.envelope is not None else 0
        self._set_tight(dense and self._rest() + (self._saved() if self._tight else 0) + least > room_px)
        if self.envelope is not None:
            height = min(max(room_px - self._rest(), least), TALLEST_ENVELOPE_PX)
            self.envelope.setFixedHeight(height - height % GRID)

    def _set_tight(self, on: bool) -> None:
        if on != self._tight:
            self._tight = on
            self._column.setSpacing(GRID if on else PADDING)
            for control in self._bare():
                control.set_labelled(not on)

    def _saved(self) -> int:
        """What a tight page is lower by."""
        return self._n_gaps() * (PADDING - GRID) + (LABEL_PX if self._bare() else 0)

    def _rest(self) -> int:
        """What is not the envelope."""
        return sum(form.sizeHint().height() for form in self._shown()) + self._n_gaps() * self._column.spacing()

    def _shown(self) -> list[ParamForm]:
        return [form for form in self._forms if not form.isHidden()]

    def _n_gaps(self) -> int:
        return len(self._shown()) - (self.envelope is None)

    def _bare(self) -> list[Segments]:
        """The row that explains itself where there is no room for labels."""
        controls = self._bare_row.knobs.values() if self._bare_row is not None else ()
        return [control for control in controls if isinstance(control, Segments)]

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
