"""How far words may turn a knob: a part of its travel, chosen in its menu and shown around its arc."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMenu

from app.chosen import choose
from app.controls.marked import Marked
from app.controls.value_widget import ValueWidget
from app.controls.words import typeset
from app.panels.paged import step_label
from engine.params import SPACES, Param
from engine.params.text import format_value

if TYPE_CHECKING:
    from app.compose import Session

Range = tuple[float, float]
Ranges = Mapping[str, Mapping[str, Range]]
"""Low and high in human units by storage name, by synth."""
WAYS: Mapping[str, Range] = {
    "10 % around here": (-0.1, 0.1),
    "25 % around here": (-0.25, 0.25),
    "Up from here": (0.0, 1.0),
    "Down from here": (-1.0, 0.0),
}
"""How far down and up from the value, in shares of the knob's travel."""
_SETTING = "words/ranges"


def around(param: Param, value: float, way: Range) -> Range:
    """The part of the travel that lies so far down and up from a value."""
    here = param.to_unit(param.clamp(value))
    low, high = (param.clamp(param.from_unit(min(max(here + step, 0.0), 1.0))) for step in way)
    return low, high


class WordRanges(QObject):
    """Stands before whoever else extends the menus of the window's values."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._s = session
        self._others = session.window.value_host
        session.window.value_host = self
        self._ranges: Ranges = _read(session.settings.get(_SETTING))
        self._show()

    def of(self, synth: str) -> Mapping[str, Range]:
        """What is narrowed of a synth."""
        return self._ranges.get(synth, {})

    def narrow(self, synth: str, name: str, limits: Range | None) -> None:
        """Let words turn a value only between two others, or anywhere for ``None``: one undo step."""
        own = {other: kept for other, kept in self.of(synth).items() if other != name}
        if limits is not None:
            own[name] = limits
        label = f"Range of {step_label(SPACES[synth][name])} for words"
        choose(self._s.document, label, self._ranges, {**self._ranges, synth: own}, self._take)

    def _take(self, ranges: Ranges) -> None:
        self._ranges = ranges
        kept = {synth: {name: list(limits) for name, limits in own.items()} for synth, own in ranges.items()}
        self._s.settings.set(_SETTING, kept)
        self._show()

    def _show(self) -> None:
        for synth, panel in self._s.panels.items():
            panel.marks.show_ranges(self.of(synth))

    # -- the window's value_host -----------------------------------------------------------------------------------

    def extend_value_menu(self, widget: ValueWidget, menu: QMenu) -> None:
        """What a value's menu offers about words."""
        synth = next((synth for synth, panel in self._s.panels.items() if panel.isAncestorOf(widget)), None)
        param = widget.param
        can_show = isinstance(widget, Marked) and widget.lockable
        if synth is not None and can_show and param.name in SPACES[synth] and param.is_continuous:
            self._offer(menu, synth, widget)
        if self._others is not None:
            self._others.extend_value_menu(widget, menu)

    def _offer(self, menu: QMenu, synth: str, widget: ValueWidget) -> None:
        param, limits = widget.param, self.of(synth).get(widget.param.name)
        offer = menu.addMenu("Words may turn it")
        anywhere = offer.addAction("Anywhere")
        anywhere.setCheckable(True)
        anywhere.setChecked(limits is None)
        anywhere.triggered.connect(lambda: self.narrow(synth, param.name, None))
        if limits is not None:
            low, high = (typeset(format_value(param, value)) for value in limits)
            now = offer.addAction(f"{low} to {high}")
            now.setCheckable(True)
            now.setChecked(True)
        offer.addSeparator()
        for words, way in WAYS.items():
            wanted = around(param, widget.value, way)
            offer.addAction(words).triggered.connect(partial(self.narrow, synth, param.name, wanted))

    def show_controller_on(self, widget: ValueWidget) -> None:
        if self._others is not None:
            self._others.show_controller_on(widget)


def _read(kept: object) -> Ranges:
    """What was remembered, without what makes no sense any more."""
    found: dict[str, dict[str, Range]] = {}
    for synth, own in kept.items() if isinstance(kept, dict) else ():
        for name, limits in own.items() if isinstance(own, dict) and synth in SPACES else ():
            if name in SPACES[synth] and isinstance(limits, list) and len(limits) == 2:
                param = SPACES[synth][name]
                numbers = [value for value in limits if isinstance(value, int | float)]
                if len(numbers) == 2 and param.low <= numbers[0] <= numbers[1] <= param.high:
                    found.setdefault(synth, {})[name] = (float(numbers[0]), float(numbers[1]))
    return found
