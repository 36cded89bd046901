"""The pages of the impact panel: which parameters stand on them, in which rows, and what they are called there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.controls.band_curve import ContactBands, RoomCurve
from app.controls.choice import ChoiceField, choice_control
from app.controls.curve_paper import CurvePaper
from app.controls.decay_curves import DecayCurve, ForceCurve
from app.controls.knob import Knob
from app.controls.knob_paint import figures
from app.controls.param_form import ParamForm
from app.controls.value_field import ValueField
from app.controls.value_widget import ValueWidget
from app.panels.page import KNOB_PX, Page
from app.theme import GRID, tokens
from engine.params import IMPACT_SPACE, Param, Values
from engine.params.impact import SHAPES
from engine.params.impact_pictures import ImpactPictures

HEAD = ("transpose_st", "gain_db")
"""What stands beside the note."""
SECTIONS: dict[str, tuple[str, ...]] = {
    "Object": ("Object",),
    "Contact": ("Striker", "Listening"),
    "Noise": ("Contact noise", "Contact bands"),
    "Modes": ("Modes",),
    "Decay": ("Damping",),
    "Room": ("Room", "Room bands"),
    "Voice": ("Voice",),
    "Pad": (),
}
"""The pages in their order, and the sections of parameters that their menus are about."""
WHAT = {
    "Object": "What is struck and with what, and how it falls silent",
    "Contact": "How striker and object touch, where the object is struck, and where it is listened to",
    "Noise": "The noise of a rough contact, band by band",
    "Modes": "Every mode of the object: its frequency, level and decay",
    "Decay": "How long modes ring, low ones and high ones, and what happens when the key goes up",
    "Room": "The room around it, band by band",
    "Voice": "What keys do to the pitch, and how hard they strike",
    "Pad": "A surface to scrape, to roll and to bounce on",
}
N_COLUMNS = 6
GROUP_PX = 16
TALLEST_PX = 400
"""Pictures do not grow beyond this."""
_LABELS = {
    "contact_into": "Object",
    "imperfection": "Imperfect",
    "hollowness": "Hollow",
}
"""Shorter words where the parameter's own are too long for a knob."""


@dataclass(frozen=True, slots=True)
class Row:
    """Controls side by side: ``groups`` of parameters, each with a name (empty for none) above it. ``knobs`` are
    knobs in six columns, others fields and choices as wide as there is room."""

    groups: tuple[tuple[str, tuple[str, ...]], ...]
    knobs: bool = True

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for _, names in self.groups for name in names)


def _knobs(*names: str) -> Row:
    return Row((("", names),))


def _fields(*names: str) -> Row:
    return Row((("", names),), knobs=False)


_DAMPING = ("Damping", ("damping_low", "damping_high"))
_STRIKER = ("Striker", ("striker_kg", "striker_hardness", "contact_stretch"))
ROWS: dict[str, tuple[Row, ...]] = {
    "Object": (
        _fields("shape", "material", "material_2", "blend"),
        _knobs("size_m", "thickness_m", "proportion", "hollowness", "imperfection", "modes"),
        Row((_DAMPING, _STRIKER, ("Room", ("room",)))),
    ),
    "Contact": (
        Row((_STRIKER, ("Noise", ("contact_db", "contact_s", "contact_rise_s")))),
        Row((("Struck", ("strike_x", "strike_y")), ("Heard", ("pickup_x", "pickup_y", "width")))),
    ),
    "Noise": (
        _knobs("contact_db", "contact_hz", "contact_oct", "contact_s", "contact_rise_s", "contact_grain"),
        Row((("Where it goes", ("contact_direct", "contact_into")),)),
    ),
    "Modes": (Row((("Object", ("modes", "imperfection", "hollowness")), _DAMPING, ("Pitch", ("transpose_st",)))),),
    "Decay": (_fields("release"), Row((_DAMPING, ("Key up", ("release_s",))))),
    "Room": (_knobs("room", "room_s", "room_damping", "room_delay_s"),),
    "Voice": (_fields("tuning"), _knobs("transpose_st", "gain_db", "width", "velocity")),
    "Pad": (),
}
PICTURES: dict[str, Callable[[], CurvePaper]] = {
    "Contact": ForceCurve,
    "Noise": ContactBands,
    "Decay": DecayCurve,
    "Room": RoomCurve,
}


def left_out() -> list[str]:
    """Single values that stand on no page; none, as the tests see to."""
    shown = {name for rows in ROWS.values() for row in rows for name in row.names}
    return [param.name for param in IMPACT_SPACE if param.count == 1 and param.name not in shown]


class GroupLine(QWidget):
    """The names of groups of controls in a row, each above its own, with a hairline."""

    def __init__(self, groups: tuple[tuple[str, int], ...], columns: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._groups, self._columns = groups, columns
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(80, GROUP_PX)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = tokens()
        painter = QPainter(self)
        painter.setFont(figures(self))
        column = 0
        width = (self.width() + GRID) / self._columns
        for place, (name, span) in enumerate(self._groups, 1):
            # The next name stands off the line before it as far as its own line stands off it.
            gap = GRID if place == len(self._groups) else 2 * GRID + 1
            box = QRectF(column * width, 0.0, span * width - gap, self.height())
            painter.setPen(QColor(theme.secondary))
            painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, name)
            used = painter.fontMetrics().horizontalAdvance(name)
            painter.setPen(QColor(theme.hairline))
            y = round(box.center().y())
            left = round(box.left() + used + (2 * GRID if used else 0))
            if left < box.right():
                painter.drawLine(left, y, round(box.right()), y)
            column += span


class ImpactPage(Page):
    """One page of :data:`ROWS`, under its picture where it has one."""

    lock_wanted = Signal(object, bool)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name = name
        self._lines = 0
        self.picture = PICTURES[name]() if name in PICTURES else None
        self.filling: QWidget | None = None
        """What takes the height that is left."""
        if self.picture is not None:
            self._take_in(self.picture)
        for row in ROWS[name]:
            self._add_row(row)
        self._end_column()

    def fill_with(self, widget: QWidget) -> None:
        """Let something stand at the top of the page and take the height that is left."""
        self.filling = widget
        self._column.insertWidget(0, widget)

    def _take_in(self, picture: CurvePaper) -> None:
        self.fill_with(picture)
        picture.moved.connect(self.moved)
        picture.committed.connect(self.picture_committed)
        picture.reverted.connect(self.reverted)
        picture.lock_wanted.connect(self.lock_wanted)

    def _add_row(self, row: Row) -> None:
        params = [IMPACT_SPACE[name] for name in row.names]
        if any(title for title, _ in row.groups):
            self._column.addWidget(GroupLine(tuple((title, len(names)) for title, names in row.groups), N_COLUMNS))
            self._lines += 1
        if row.knobs:
            self._add_form(ParamForm(params, columns=N_COLUMNS, spacing=GRID, make=_knob))
        else:
            self._add_form(ParamForm(params, columns=len(params), make=_field))

    def least_px(self, *, dense: bool) -> int:
        """How high it has to be."""
        for control in self.every_control():
            if isinstance(control, Knob):
                control.set_size("small" if dense else "normal")
        return self._least(dense)

    def fit(self, room_px: int, *, dense: bool) -> None:
        super().fit(room_px, dense=dense)
        if self.filling is not None:
            height = max(room_px - self._rest(), self._filling_px)
            height = min(height, TALLEST_PX) if self.picture is not None else height
            self.filling.setFixedHeight(height - height % GRID)

    def _least(self, dense: bool) -> int:
        return super()._least(dense) + self._filling_px

    @property
    def _filling_px(self) -> int:
        return self.filling.minimumSizeHint().height() if self.filling is not None else 0

    def _rest(self) -> int:
        return super()._rest() + self._lines * GROUP_PX

    def _n_gaps(self) -> int:
        return super()._n_gaps() + self._lines + (self.filling is not None)

    def set_values(self, values: Values) -> None:
        super().set_values(values)
        silent = without_effect(values)
        for name, control in self.controls.items():
            control.set_quiet(name in silent)
        if self.picture is not None:
            self.picture.set_values(values)

    def set_pictures(self, pictures: ImpactPictures | None, values: Values) -> None:
        """Show what the engine says of a strike with ``values``."""
        if self.picture is not None:
            self.picture.set_pictures(pictures, values)

    def set_locked(self, names: frozenset[str]) -> None:
        super().set_locked(names)
        if self.picture is not None:
            self.picture.set_locked(names)


def without_effect(values: Values) -> frozenset[str]:
    """Storage names of the values that change nothing as long as something else stays off."""
    silent: set[str] = set()
    if _is_off(values, "contact_db"):
        silent |= IMPACT_SPACE.names_in("Contact noise") - {"contact_db"}
        silent |= IMPACT_SPACE.names_in("Contact bands")
    if _is_off(values, "room"):
        silent |= (IMPACT_SPACE.names_in("Room") | IMPACT_SPACE.names_in("Room bands")) - {"room"}
    if _is_off(values, "blend"):
        silent.add("material_2")
    if _is_off(values, "release"):
        silent.add("release_s")
    return frozenset(silent) | _not_of_the_shape(values)


def _not_of_the_shape(values: Values) -> frozenset[str]:
    """What its kind of object does not have: only what is round has pairs of modes that an imperfection pulls apart,
    and only what is not round has a breadth of its own, as long as there is no air inside."""
    shape = SHAPES[round(values["shape"])]
    silent = {"thickness_m"} if shape == "free" else set()
    if shape not in ("membrane", "tube", "bell"):
        silent.add("imperfection")
    if shape in ("membrane", "bell", "free") and _is_off(values, "hollowness"):
        silent.add("proportion")
    return frozenset(silent)


def at_work(values: Values) -> frozenset[str]:
    """The pages that change the sound beyond the object itself."""
    found = {
        "Noise": not _is_off(values, "contact_db"),
        "Modes": any(values[name] != IMPACT_SPACE.defaults()[name] for name in IMPACT_SPACE.names_in("Modes")),
        "Room": not _is_off(values, "room"),
    }
    return frozenset(name for name, is_on in found.items() if is_on)


def _is_off(values: Mapping[str, object], name: str) -> bool:
    return values[name] == IMPACT_SPACE[name].low


def _knob(param: Param) -> ValueWidget:
    return Knob(param, width_px=KNOB_PX, label=_LABELS.get(param.name, param.label))


def _field(param: Param) -> ValueWidget:
    if param.name in ("tuning", "release"):
        return choice_control(param)
    return ChoiceField(param) if param.choices else ValueField(param)
