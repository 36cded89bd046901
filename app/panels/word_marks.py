"""What words do to the knobs of a panel, on the knobs: where each was or would be, and which way it should go."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from app.controls.marked import Marked
from app.controls.value_widget import ValueWidget
from engine.params import Values

LEAST = 0.05
"""A weaker pull than this has no arrow."""


class WordMarks:
    """``controls`` are those that are built by now; others have their marks when they are."""

    def __init__(self, controls: Callable[[], Iterable[ValueWidget]]) -> None:
        self._controls = controls
        self.values: Values = {}
        self.arrows: Mapping[str, float] = {}
        self.ranges: Mapping[str, tuple[float, float]] = {}

    def show_ranges(self, ranges: Mapping[str, tuple[float, float]]) -> None:
        """The part of the travel that words may use of some values, by name."""
        if ranges != self.ranges:
            self.ranges = ranges
            self.put_on(self._controls())

    def show(self, values: Values, arrows: Mapping[str, float]) -> None:
        """Another place for some values, by name, and -1 to 1 for each that should go down or up."""
        if (values, arrows) != (self.values, self.arrows):
            self.values, self.arrows = values, arrows
            self.put_on(self._controls())

    def put_on(self, controls: Iterable[ValueWidget]) -> None:
        """Show the marks on controls; those that have not changed are not painted anew."""
        for control in controls:
            if isinstance(control, Marked):
                name = control.param.name
                value, pull = self.values.get(name), self.arrows.get(name, 0.0)
                control.set_range(self.ranges.get(name))
                control.set_proposal(float(value) if isinstance(value, int | float) else None)
                shown = abs(pull) >= LEAST and not control.locked
                control.set_arrow((1 if pull > 0 else -1) if shown else None, abs(pull))
