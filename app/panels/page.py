"""What every page of an instrument's panel is: forms and pictures in a column, speaking of parameters by name."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.controls.knob import Knob
from app.controls.param_form import ParamForm
from app.controls.value_widget import ValueWidget
from app.theme import GRID, PADDING
from engine.params import Param, Values

KNOB_PX = 60


class Page(QWidget):
    """A column of :class:`ParamForm`; a subclass may put pictures between them."""

    changing = Signal(str, float)
    moved = Signal(object)
    """New values by name: a hand in a picture may move several at once."""
    committed = Signal(str, float)
    picture_committed = Signal(str)
    """A hand in a picture has let go; what it did, in words."""
    lock_changed = Signal(str, bool)
    reverted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._forms: list[ParamForm] = []
        self._tight = False
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(PADDING)

    @property
    def controls(self) -> dict[str, ValueWidget]:
        """Every control by storage name."""
        return {name: control for form in self._forms for name, control in form.knobs.items()}

    def every_control(self) -> Iterator[ValueWidget]:
        return iter(self.controls.values())

    def set_values(self, values: Values) -> None:
        for form in self._forms:
            form.set_values(values)

    def set_locked(self, names: frozenset[str]) -> None:
        """Show what is locked; ``names`` are of all synths."""
        for name, control in self.controls.items():
            control.set_locked(name in names)

    def fit(self, room_px: int, *, dense: bool) -> None:
        """Fill ``room_px`` of height; ``dense`` leaves out what the tool tips say as well."""
        for control in self.every_control():
            if isinstance(control, Knob):
                control.set_size("small" if dense else "normal")
        self._set_tight(dense and self._least(dense) > room_px)

    def recolour(self) -> None:
        """Take over the theme in force."""

    # What a subclass uses

    def _add_form(self, form: ParamForm) -> ParamForm:
        self._forms.append(form)
        self._column.addWidget(form)
        form.changing.connect(self.changing)
        form.committed.connect(self.committed)
        form.reverted.connect(self.reverted)
        form.lock_changed.connect(self.lock_changed)
        return form

    def _end_column(self) -> None:
        self._column.addStretch(1)

    def _least(self, dense: bool) -> int:
        """How high the page is at least, with its rows as far apart as they may be."""
        return self._rest() + (self._saved() if self._tight else 0)

    def _set_tight(self, on: bool) -> None:
        """Rows closer together."""
        if on != self._tight:
            self._tight = on
            self._column.setSpacing(GRID if on else PADDING)

    def _saved(self) -> int:
        """What a tight page is lower by."""
        return self._n_gaps() * (PADDING - GRID)

    def _rest(self) -> int:
        """What is not a picture."""
        return sum(form.sizeHint().height() for form in self._shown()) + self._n_gaps() * self._column.spacing()

    def _shown(self) -> list[ParamForm]:
        return [form for form in self._forms if not form.isHidden()]

    def _n_gaps(self) -> int:
        return max(len(self._shown()) - 1, 0)


def narrow_knob(param: Param) -> Knob:
    """A knob of which six stand in a row."""
    return Knob(param, width_px=KNOB_PX, label=param.label.replace("Reverb t", "Rev. t"))
