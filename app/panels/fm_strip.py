"""Six operators at a glance: a button each, with its colour, its ratio, how strong it is and whether it is heard."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QContextMenuEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QHBoxLayout, QSizePolicy, QWidget

from app.controls.knob_paint import figures, focus_ring, padlock, wash
from app.controls.words import typeset
from app.theme import GRID, SMALL_TEXT_PX, TEXT_PX, series_colour, tokens
from engine.params import FM_SPACE, Values
from engine.params.fm import N_OPERATORS, mod_name, mod_routes
from engine.params.text import format_value

BUTTON_HEIGHT_PX = 52


class OperatorButton(QAbstractButton):
    """Chooses one operator and shows its ratio, its level (the bar), its output (the dot) and whether it has locks."""

    menu_wanted = Signal(int, QPoint)
    """The operator, and where on the screen its menu belongs."""

    def __init__(self, operator: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.operator = operator
        self._ratio = FM_SPACE[f"op{operator}_ratio"]
        self._level = FM_SPACE[f"op{operator}_level_db"]
        self._output = FM_SPACE[f"op{operator}_out_db"]
        self._shown = (self._ratio.default, self._level.default, self._output.default)
        self._matters = True
        self._has_locks = False
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._describe()

    def sizeHint(self) -> QSize:
        return QSize(64, BUTTON_HEIGHT_PX)

    def minimumSizeHint(self) -> QSize:
        return QSize(52, BUTTON_HEIGHT_PX)

    @property
    def heard(self) -> bool:
        """Whether the operator sounds itself, rather than only bending others."""
        return self._shown[2] > self._output.low

    def set_values(self, values: Values) -> None:
        shown = tuple(float(values[p.name]) for p in (self._ratio, self._level, self._output))  # type: ignore[arg-type]
        if shown != self._shown:
            self._shown = (shown[0], shown[1], shown[2])
            self._describe()
            self.update()

    def set_matters(self, on: bool) -> None:
        """Whether the sound would change without this operator; one that does nothing stands back."""
        if on != self._matters:
            self._matters = on
            self._describe()
            self.update()

    def set_has_locks(self, on: bool) -> None:
        """Whether something of this operator is locked, seen or not."""
        if on != self._has_locks:
            self._has_locks = on
            self._describe()
            self.update()

    def _describe(self) -> None:
        ratio, level, output = self._shown
        silent = "not heard itself" if self._matters else "not in use: neither heard nor modulating what is"
        heard = f"output {format_value(self._output, output)}" if self.heard else silent
        words = f"ratio {format_value(self._ratio, ratio)}, level {format_value(self._level, level)}, {heard}"
        words += ", with locked values" if self._has_locks else ""
        self.setAccessibleName(f"Operator {self.operator}")
        self.setAccessibleDescription(words)
        self.setToolTip(f"Operator {self.operator}: {words} (Alt+{self.operator})")

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        keyboard = event.reason() == QContextMenuEvent.Reason.Keyboard
        self.menu_wanted.emit(self.operator, self.mapToGlobal(self.rect().center()) if keyboard else event.globalPos())

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = tokens()
        colour = series_colour(self.operator)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(QColor(colour if self.isChecked() else theme.hairline))
        painter.setBrush(wash(colour, 0.14) if self.isChecked() else QColor(theme.control))
        if self.underMouse() and not self.isChecked():
            painter.setBrush(QColor(theme.hover))
        painter.drawRoundedRect(box, GRID, GRID)
        painter.setFont(figures(self, TEXT_PX, strong=True))
        painter.setPen(QColor(colour if self._matters else theme.secondary))
        painter.drawText(QRectF(8, 4, 16, 20), Qt.AlignmentFlag.AlignVCenter, str(self.operator))
        if self.heard:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colour))
            painter.drawEllipse(QRectF(self.width() - 14, 11, 6, 6))
        if self._has_locks:
            padlock(painter, self.width() - 25, 14.5, theme.secondary)
        ratio, level, _ = self._shown
        painter.setFont(figures(self, SMALL_TEXT_PX))
        painter.setPen(QColor(theme.text if self.isChecked() else theme.secondary))
        painter.drawText(
            QRectF(8, 24, self.width() - 12, 14),
            Qt.AlignmentFlag.AlignVCenter,
            typeset(format_value(self._ratio, ratio)),
        )
        bar = QRectF(8, self.height() - 10, self.width() - 16, 3)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(wash(theme.hairline, 0.9))
        painter.drawRoundedRect(bar, 1.5, 1.5)
        if level > self._level.low:
            bar.setWidth(max(bar.width() * self._level.to_unit(level), 3.0))
            painter.setBrush(QColor(colour) if self._matters else wash(colour, 0.3))
            painter.drawRoundedRect(bar, 1.5, 1.5)
        if self.hasFocus():
            focus_ring(painter, QRectF(self.rect()))


class OperatorStrip(QWidget):
    """The six buttons; exactly one is chosen."""

    chosen = Signal(int)
    menu_wanted = Signal(int, QPoint)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID)
        self._group = QButtonGroup(self)
        self.buttons = {n: OperatorButton(n) for n in range(1, N_OPERATORS + 1)}
        for n, button in self.buttons.items():
            self._group.addButton(button, n)
            button.menu_wanted.connect(self.menu_wanted)
            row.addWidget(button)
        self.buttons[1].setChecked(True)
        self._group.idToggled.connect(self._on_toggled)

    @property
    def operator(self) -> int:
        return self._group.checkedId()

    def choose(self, operator: int) -> None:
        self.buttons[operator].setChecked(True)

    def set_locked(self, operators: set[int]) -> None:
        """Which operators have something that is locked."""
        for n, button in self.buttons.items():
            button.set_has_locks(n in operators)

    def set_values(self, values: Values) -> None:
        for button in self.buttons.values():
            button.set_values(values)
        matter = operators_that_matter(values)
        for n, button in self.buttons.items():
            button.set_matters(n in matter)

    def _on_toggled(self, operator: int, on: bool) -> None:
        if on:
            self.chosen.emit(operator)


def operators_that_matter(values: Values) -> set[int]:
    """The operators that are heard, and those that modulate them, however far up the chain."""

    def is_on(name: str) -> bool:
        value = values[name]
        return isinstance(value, int | float) and value > FM_SPACE[name].low

    loud = {n for n in range(1, N_OPERATORS + 1) if is_on(f"op{n}_level_db")}
    found = {n for n in loud if is_on(f"op{n}_out_db")}
    # Sources have higher numbers than their targets, so one walk down the sources finds every chain.
    for source, target in sorted(mod_routes(), key=lambda route: route[1]):
        if target in found and source in loud and is_on(mod_name(source, target)):
            found.add(source)
    return found
