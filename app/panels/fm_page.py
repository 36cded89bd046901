"""What every page of the FM panel is: a page with at most one envelope, which takes the height that is left."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QWidget

from app.controls.choice import Segments
from app.controls.envelope import LEAST_HEIGHT_PX, EnvelopeEditor
from app.controls.param_form import ParamForm
from app.controls.value_field import LABEL_PX, ValueField
from app.panels.page import Page
from app.theme import GRID, PADDING
from engine.params import FM_SPACE, Param, Values

N_STAGES = 4
TALLEST_ENVELOPE_PX = 280


class EnvelopePage(Page):
    """A column of forms and at most one envelope."""

    envelope_step = ""
    """What the undo menu calls a change of the envelope as a picture."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.envelope: EnvelopeEditor | None = None
        self.fields: ParamForm | None = None
        self._bare_row: ParamForm | None = None

    def set_values(self, values: Values) -> None:
        super().set_values(values)
        if self.envelope is not None:
            self.envelope.set_values(values)

    def fit(self, room_px: int, *, dense: bool) -> None:
        """As every page, and fill the height with the envelope's paper.

        A page that is too high for its room even so moves its rows together, and a row of pictures and short words goes
        without labels; when that is not enough either, it is scrolled, and the envelope keeps a height to work on.
        """
        # Column by column: a stage's time, and under it the level that it leads to.
        for field in list(self.fields.knobs.values())[N_STAGES:] if self.fields is not None else ():
            if isinstance(field, ValueField):
                field.set_labelled(not dense)
        if self.fields is not None:
            self.fields.set_row_spacing(GRID if dense else PADDING)
        super().fit(room_px, dense=dense)
        if self.envelope is not None:
            height = min(max(room_px - self._rest(), LEAST_HEIGHT_PX), TALLEST_ENVELOPE_PX)
            self.envelope.setFixedHeight(height - height % GRID)

    def _least(self, dense: bool) -> int:
        return super()._least(dense) + (LEAST_HEIGHT_PX if self.envelope is not None else 0)

    def _set_tight(self, on: bool) -> None:
        if on != self._tight:
            for control in self._bare():
                control.set_labelled(not on)
        super()._set_tight(on)

    def _saved(self) -> int:
        return super()._saved() + (LABEL_PX if self._bare() else 0)

    def _n_gaps(self) -> int:
        return len(self._shown()) - (self.envelope is None)

    def _bare(self) -> list[Segments]:
        """The row that explains itself where there is no room for labels."""
        controls = self._bare_row.knobs.values() if self._bare_row is not None else ()
        return [control for control in controls if isinstance(control, Segments)]

    def _add_envelope(self, times: Sequence[Param], levels: Sequence[Param]) -> EnvelopeEditor:
        """The curve, and the same eight values as fields under it."""
        clock = f"{times[0].name.partition('_env')[0]}_env_clock"
        clocks = [param for param in FM_SPACE if param.name == clock]
        editor = self.envelope = EnvelopeEditor(times, levels, clock=clocks[0] if clocks else None)
        self._column.addWidget(editor)
        editor.moved.connect(self.moved)
        editor.committed.connect(lambda: self.picture_committed.emit(self.envelope_step))
        editor.reverted.connect(self.reverted)
        self.fields = self._add_form(ParamForm([*times, *levels], columns=N_STAGES, make=ValueField))
        return editor
