"""Everything about one operator: its knobs, its wave, its envelope as a curve and as fields, and how keys scale it."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from app.controls.choice import Segments
from app.controls.choice_pictures import draw_operator_wave
from app.controls.param_form import ParamForm
from app.controls.value_field import ValueField
from app.controls.value_widget import ValueWidget
from app.panels.fm_page import N_STAGES, EnvelopePage
from app.panels.page import narrow_knob
from app.theme import GRID, series_colour
from engine.params import FM_SPACE, Param, Values
from engine.params.fm import MODES

KNOBS = ("ratio", "detune_cents", "level_db", "out_db", "velocity", "tremolo")
SHAPE = ("wave", "mode", "env_clock")
KEYS = ("key_break", "key_left_db", "key_left_curve", "key_right_db", "key_right_curve", "key_rate")
_FIXED = float(MODES.index("fixed"))


class OperatorPage(EnvelopePage):
    """The controls of operator ``operator``; signals carry storage names. Mute and solo are on the strip."""

    def __init__(self, operator: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.operator = operator
        self.envelope_step = f"Op {operator} envelope"
        stages = range(1, N_STAGES + 1)
        self.knobs = self._add_form(
            ParamForm([self._param(name) for name in KNOBS], columns=len(KNOBS), spacing=GRID, make=narrow_knob)
        )
        self.knobs.add_alternative(f"op{operator}_ratio", narrow_knob(self._param("fixed_hz")))
        self.shape = self._add_form(ParamForm([self._param(n) for n in SHAPE], columns=len(SHAPE), make=_shape_control))
        self.shape.set_column_stretch(8, 3, 3)
        self._bare_row = self.shape
        self._add_envelope([self._param(f"env{n}_s") for n in stages], [self._param(f"env{n}_db") for n in stages])
        self.keys = self._add_form(
            ParamForm([self._param(n) for n in KEYS], columns=len(KEYS), spacing=GRID, make=_key_control)
        )
        self._end_column()
        mode = self.shape.knobs[f"op{operator}_mode"]
        mode.gesture.shown.connect(self._show_tuning)
        self.recolour()

    def recolour(self) -> None:
        """Take the operator's colour from the theme in force."""
        colour = series_colour(self.operator)
        for form in self._forms:
            form.set_colour(colour)
        assert self.envelope is not None
        self.envelope.set_colour(colour)

    def set_values(self, values: Values) -> None:
        super().set_values(values)
        self._show_tuning()

    def _show_tuning(self) -> None:
        """A ratio or a frequency in hertz, whichever counts."""
        fixed = self.shape.knobs[f"op{self.operator}_mode"].value == _FIXED
        self.knobs.knobs[f"op{self.operator}_ratio"].setVisible(not fixed)
        self.knobs.knobs[f"op{self.operator}_fixed_hz"].setVisible(fixed)

    def _param(self, name: str) -> Param:
        return FM_SPACE[f"op{self.operator}_{name}"]


def _shape_control(param: Param) -> ValueWidget:
    return Segments(param, picture=draw_operator_wave if param.name.endswith("_wave") else None)


def _key_control(param: Param) -> ValueWidget:
    # Short words: six stand in a row.
    label = param.label.removesuffix(" depth").replace("Left c", "L. c").replace("Right c", "R. c")
    if param.choices:
        return Segments(param, label=label, picture=partial(_draw_curve, left="left" in param.name))
    return ValueField(param, label=label)


def _draw_curve(painter: QPainter, box: QRectF, place: int, *, left: bool) -> None:
    """A straight line or one that starts slowly, away from the break key, which is at the right end for ``left``."""
    steps = 12
    points = []
    for k in range(steps + 1):
        along = k / steps
        height = along if place == 0 else along**3
        x = box.right() - along * box.width() if left else box.left() + along * box.width()
        points.append(QPointF(x, box.bottom() - height * box.height()))
    painter.drawPolyline(points)
