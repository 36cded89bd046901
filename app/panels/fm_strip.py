"""Six operators at a glance: a button each, with its colour, its tuning, its wave, how strong it is, mute and solo."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QContextMenuEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QHBoxLayout, QSizePolicy, QWidget

from app.controls.choice import Switch
from app.controls.knob_paint import figures, focus_ring, padlock, wash
from app.controls.value_widget import ValueWidget
from app.controls.wave_picture import WavePicture
from app.controls.words import typeset
from app.panels.fm_state import OPERATORS, OperatorState, number
from app.theme import GRID, SMALL_TEXT_PX, TEXT_PX, series_colour, tokens
from engine.params import FM_SPACE, Values
from engine.params.pictures import Pictures
from engine.params.text import format_value

FULL_HEIGHT_PX, LOW_HEIGHT_PX = 66, 44
"""With the live picture, and without it where height is scarce."""
PICTURE_PX = 22
SWITCH_PX = 16


class OperatorButton(QAbstractButton):
    """Chooses one operator and shows its tuning, its wave, its level (the bar), its output (the dot) and its locks.

    Mute and solo stand on it as switches of their own, each one click away.
    """

    menu_wanted = Signal(int, QPoint)
    """The operator, and where on the screen its menu belongs."""

    def __init__(self, operator: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.operator = operator
        self._params = {name: FM_SPACE[f"op{operator}_{name}"] for name in ("ratio", "fixed_hz", "mode")}
        self._level = FM_SPACE[f"op{operator}_level_db"]
        self._output = FM_SPACE[f"op{operator}_out_db"]
        self._tuning = format_value(self._params["ratio"], self._params["ratio"].default)
        self._shown = (self._level.default, self._output.default)
        self._matters = True
        self._has_locks = False
        self._on_show = True
        self._low = False
        self.mute = Switch(FM_SPACE[f"op{operator}_mute"], letter="M", role="warning", parent=self)
        self.solo = Switch(FM_SPACE[f"op{operator}_solo"], letter="S", parent=self)
        self.picture = WavePicture(operator, self)
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._describe()

    def sizeHint(self) -> QSize:
        return QSize(64, LOW_HEIGHT_PX if self._low else FULL_HEIGHT_PX)

    def minimumSizeHint(self) -> QSize:
        return QSize(52, self.sizeHint().height())

    def set_low(self, on: bool) -> None:
        """Leave out the picture, where height is scarce."""
        if on != self._low:
            self._low = on
            self.picture.setVisible(not on)
            self.updateGeometry()
            self._place_parts()

    def set_on_show(self, on: bool) -> None:
        """Whether the operator's page is what is shown; it may be chosen while a page of the voice is."""
        if on != self._on_show:
            self._on_show = on
            self.update()

    @property
    def heard(self) -> bool:
        """Whether the operator sounds itself, rather than only bending others."""
        return self._shown[1] > self._output.low

    def set_values(self, values: Values) -> None:
        self.mute.set_value(number(values, self.mute.param.name))
        self.solo.set_value(number(values, self.solo.param.name))
        fixed = number(values, self._params["mode"].name) > 0
        param = self._params["fixed_hz" if fixed else "ratio"]
        tuning = format_value(param, number(values, param.name))
        shown = (number(values, self._level.name), number(values, self._output.name))
        if (tuning, shown) != (self._tuning, self._shown):
            self._tuning, self._shown = tuning, shown
            self._describe()
            self.update()

    def set_matters(self, on: bool) -> None:
        """Whether the sound would change without this operator; one that does nothing stands back."""
        if on != self._matters:
            self._matters = on
            self.picture.set_quiet(not on)
            self._describe()
            self.update()

    def set_has_locks(self, on: bool) -> None:
        """Whether something of this operator is locked, seen or not."""
        if on != self._has_locks:
            self._has_locks = on
            self._describe()
            self.update()

    def _describe(self) -> None:
        self.setAccessibleName(f"Operator {self.operator}")
        self.setAccessibleDescription(self._words(str))
        self.setToolTip(f"Operator {self.operator}: {self._words(typeset)} (Alt+{self.operator})")

    def _words(self, write: Callable[[str], str]) -> str:
        """Tuning, level and output; ``write`` has the last word on how a value is written."""
        level, output = self._shown
        silent = "not heard itself" if self._matters else "not in use: neither heard nor modulating what is"
        heard = f"output {write(format_value(self._output, output))}" if self.heard else silent
        tuned = "at" if self._tuning.endswith("Hz") else "ratio"
        words = f"{tuned} {write(self._tuning)}, level {write(format_value(self._level, level))}, {heard}"
        return f"{words}, with locked values" if self._has_locks else words

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
        painter.setBrush(wash(colour, 0.14) if self.isChecked() and self._on_show else QColor(theme.control))
        if self.underMouse() and not self.isChecked():
            painter.setBrush(QColor(theme.hover))
        painter.drawRoundedRect(box, GRID, GRID)
        painter.setFont(figures(self, TEXT_PX, strong=True))
        painter.setPen(QColor(colour if self._matters else theme.secondary))
        painter.drawText(QRectF(7, 3, 12, 18), Qt.AlignmentFlag.AlignVCenter, str(self.operator))
        if self._has_locks:
            padlock(painter, self.width() - 9, self.height() - 16, theme.secondary)
        level, _ = self._shown
        painter.setFont(figures(self, SMALL_TEXT_PX))
        painter.setPen(QColor(theme.text if self.isChecked() else theme.secondary))
        # The padlock has its own room: a long frequency gives way to it.
        words = QRectF(7, self.height() - 23, self.width() - (23 if self._has_locks else 10), 14)
        metrics, tuning = painter.fontMetrics(), typeset(self._tuning)
        tuning = metrics.elidedText(tuning, Qt.TextElideMode.ElideRight, int(words.width()))
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, tuning)
        bar = QRectF(7, self.height() - 8, self.width() - 22, 3)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(wash(theme.hairline, 0.9))
        painter.drawRoundedRect(bar, 1.5, 1.5)
        if level > self._level.low:
            bar.setWidth(max(bar.width() * self._level.to_unit(level), 3.0))
            painter.setBrush(QColor(colour) if self._matters else wash(colour, 0.3))
            painter.drawRoundedRect(bar, 1.5, 1.5)
        if self.heard:
            painter.setBrush(QColor(colour) if self._matters else wash(colour, 0.4))
            painter.drawEllipse(QRectF(self.width() - 12, self.height() - 9.5, 6, 6))
        if self.hasFocus():
            focus_ring(painter, QRectF(self.rect()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._place_parts()
        super().resizeEvent(event)

    def _place_parts(self) -> None:
        right = self.width() - 4
        self.solo.setGeometry(right - SWITCH_PX, 4, SWITCH_PX, SWITCH_PX)
        self.mute.setGeometry(right - 2 * SWITCH_PX - 2, 4, SWITCH_PX, SWITCH_PX)
        self.picture.setGeometry(6, 21, self.width() - 12, PICTURE_PX)


class OperatorStrip(QWidget):
    """The six buttons; exactly one is chosen."""

    chosen = Signal(int)
    menu_wanted = Signal(int, QPoint)
    changing = Signal(str, float)
    committed = Signal(str, float)
    reverted = Signal(str)
    lock_changed = Signal(str, bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID)
        self._group = QButtonGroup(self)
        self.buttons = {n: OperatorButton(n) for n in OPERATORS}
        self.controls: dict[str, ValueWidget] = {}
        for n, button in self.buttons.items():
            self._group.addButton(button, n)
            button.menu_wanted.connect(self.menu_wanted)
            button.clicked.connect(lambda _=False, n=n: self.chosen.emit(n))
            row.addWidget(button)
            for switch in (button.mute, button.solo):
                name = switch.param.name
                self.controls[name] = switch
                switch.changing.connect(partial(self.changing.emit, name))
                switch.committed.connect(partial(self.committed.emit, name))
                switch.reverted.connect(partial(self.reverted.emit, name))
                switch.lock_changed.connect(partial(self.lock_changed.emit, name))
        self.buttons[1].setChecked(True)
        self._group.idToggled.connect(self._on_toggled)

    @property
    def operator(self) -> int:
        return self._group.checkedId()

    def choose(self, operator: int) -> None:
        """Mark an operator, without a signal."""
        self._group.blockSignals(True)
        self.buttons[operator].setChecked(True)
        self._group.blockSignals(False)

    def set_locked(self, operators: set[int]) -> None:
        """Which operators have something that is locked."""
        for n, button in self.buttons.items():
            button.set_has_locks(n in operators)

    def set_low(self, on: bool) -> None:
        """Without the live pictures, where height is scarce."""
        for button in self.buttons.values():
            button.set_low(on)

    def set_on_show(self, on: bool) -> None:
        """Whether an operator's page is shown below."""
        for button in self.buttons.values():
            button.set_on_show(on)

    def set_values(self, values: Values, state: OperatorState) -> None:
        for n, button in self.buttons.items():
            button.set_values(values)
            button.set_matters(n not in state.quiet)

    def show_pictures(self, pictures: Pictures) -> None:
        """The operators as they sound now."""
        for n, button in self.buttons.items():
            button.picture.set_picture(pictures.operators[n - 1])

    def _on_toggled(self, operator: int, on: bool) -> None:
        if on:
            self.chosen.emit(operator)
