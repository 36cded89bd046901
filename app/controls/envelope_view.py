"""An envelope on its paper: what it shows of its values, locks and links, and which part of its time."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPaintEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.controls.drag_value import SHIFT, DragValue
from app.controls.envelope_corner import EnvelopeCorner
from app.controls.envelope_grip import Grip
from app.controls.envelope_picture import EnvelopePicture, EnvelopeState
from app.controls.envelope_shape import (
    MAX_ZOOM,
    N_STAGES,
    EnvelopeLayout,
    EnvelopeShape,
    even_weights,
    true_weights,
)
from app.controls.envelope_values import EnvelopeValues
from app.controls.scroll import is_scrolling
from app.controls.value_edit import ValueEdit
from app.controls.words import typeset
from app.theme import tokens
from engine.params import Param, Values
from engine.params.text import format_value

MARGIN_PX = 12.0
HEAD_PX, HEAD_FROM_PX = 30.0, 112
LEAST_HEIGHT_PX, USUAL_HEIGHT_PX = 72, 132
TURN_UNITS, TURN_FACTOR = 120.0, 1.25
PAN_PX = 40.0


class EnvelopeView(QWidget):
    """Shows four ``times`` and four ``levels`` (in dB, semitones or as shares); ``clock`` is the parameter that says
    what a time means, where there is one. Time is zoomed by the wheel; :class:`EnvelopeEditor` lets the hand in.
    """

    def __init__(
        self, times: Sequence[Param], levels: Sequence[Param], clock: Param | None, parent: QWidget | None
    ) -> None:
        super().__init__(parent)
        if len(times) != N_STAGES or len(levels) != N_STAGES:
            raise ValueError(f"An envelope has {N_STAGES} times and levels, not {len(times)} and {len(levels)}.")
        self.times, self.levels, self.clock = tuple(times), tuple(levels), clock
        self.owner = times[0].name.partition("_env")[0]
        """Whose envelope it is, as its parameters' names begin: ``"op1"``, ``"noise"``."""
        self.gestures = [DragValue(param, self) for param in (*times, *levels)]
        for gesture in self.gestures:
            gesture.shown.connect(self._on_shown)
        self.editor: ValueEdit | None = None
        self.selected = 0
        self.locked: frozenset[str] = frozenset()
        self.links: frozenset[str] = frozenset()
        self.link_choices: dict[str, str] = {}
        self._names = {gesture.param.name: gesture for gesture in self.gestures}
        self._clock_value = clock.default if clock is not None else 0.0
        self._full_db = 0.0
        self._grip: Grip | None = None
        """What the hand holds."""
        self._hovered: Grip | None = None
        self._last = QPointF()
        self._true_time = False
        self._zoom = 1.0
        self._start_px = 0.0
        # While a hand drags, the paper holds still: these are the fits from before.
        self._frozen: float | None = None
        self._reach: float | None = None
        self._colour: str | None = None
        self.corner = EnvelopeCorner(self)
        self.corner.fit_wanted.connect(self.fit)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        section = times[0].section
        self.setAccessibleName((section if section.endswith("envelope") else f"{section} envelope").strip())
        self._describe()

    def sizeHint(self) -> QSize:
        return QSize(400, USUAL_HEIGHT_PX)

    def minimumSizeHint(self) -> QSize:
        return QSize(240, LEAST_HEIGHT_PX)

    # What it shows

    def set_values(self, values: Values) -> None:
        """Show values by name without a signal."""
        for name, gesture in self._names.items():
            value = values.get(name)
            if isinstance(value, int | float):
                gesture.show(float(value))
        clock = values.get(self.clock.name) if self.clock is not None else None
        full = values.get(f"{self.owner}_level_db") if self.owner.startswith("op") else None
        clock_value = float(clock) if isinstance(clock, int | float) else self._clock_value
        full_db = float(full) if isinstance(full, int | float) else self._full_db
        if (clock_value, full_db) != (self._clock_value, self._full_db):
            self._clock_value, self._full_db = clock_value, full_db
            self._on_shown()

    def values(self) -> EnvelopeValues:
        """The envelope as it is, to be copied."""
        times, levels = (tuple(g.value for g in part) for part in (self.gestures[:4], self.gestures[4:]))
        return EnvelopeValues(times, levels, self.levels[0].unit, self._clock_value)

    def set_colour(self, colour: str | None) -> None:
        self._colour = colour
        self.corner.set_colour(self.colour)
        self.update()

    @property
    def colour(self) -> str:
        return self._colour or tokens().accent

    def set_locked(self, names: Collection[str]) -> None:
        """Show which parameters are locked; the hand still turns them, pasting and links leave them alone."""
        locked = frozenset(names) & {*self._names, *([self.clock.name] if self.clock else [])}
        if locked != self.locked:
            self.locked = locked
            self._describe()
            self.update()

    def set_links(self, links: Collection[str], choices: dict[str, str]) -> None:
        """Show whom it is linked to, and whom it can be: owners and what people call them."""
        if (frozenset(links), choices) != (self.links, self.link_choices):
            self.links, self.link_choices = frozenset(links), dict(choices)
            self.corner.set_links([choices[other] for other in sorted(self.links) if other in choices])
            self._describe()

    @property
    def by_rate(self) -> bool:
        """Whether the times are speeds."""
        return self._clock_value > 0.5

    @property
    def true_time(self) -> bool:
        return self._true_time

    def set_true_time(self, on: bool) -> None:
        """Lay time out in true proportions instead of by the knobs' travel."""
        self._true_time = on
        self.fit()

    def shape(self) -> EnvelopeShape:
        """The curve with the present values."""
        values = [g.value for g in self.gestures]
        return EnvelopeShape.of(self.levels, values, by_rate=self.by_rate, full_db=self._full_db, reach=self._reach)

    def layout_px(self) -> EnvelopeLayout:
        """Where the stages lie now."""
        weights = self.weights()
        whole = self._frozen or max(sum(weights), 1e-6)
        return EnvelopeLayout(self.plot().width(), [w / whole for w in weights], self._zoom, self._start_px)

    def picture(self) -> EnvelopePicture:
        return EnvelopePicture(self, self.shape(), self.layout_px(), self.plot())

    def handle(self, stage: int) -> QPointF:
        """Where a stage's handle stands, in pixels."""
        return self.picture().node(stage)

    @property
    def has_head(self) -> bool:
        """Whether there is room above the curve for words; on a low paper they lie over it."""
        return self.height() >= HEAD_FROM_PX

    def plot(self) -> QRectF:
        top = HEAD_PX if self.has_head else MARGIN_PX
        return QRectF(self.rect()).adjusted(MARGIN_PX, top, -MARGIN_PX, -MARGIN_PX)

    def _pair(self, stage: int) -> tuple[DragValue, DragValue]:
        return self.gestures[stage], self.gestures[stage + N_STAGES]

    def _words(self, stage: int) -> str:
        time, level = self._pair(stage)
        words = f"{time.param.label} {format_value(time.param, time.value)}"
        if self.by_rate:
            words += f" (lasts {format_value(time.param, self.shape().lasts_s(stage))})"
        return f"{words}  {level.param.label} {format_value(level.param, level.value)}"

    def _describe(self) -> None:
        words = "; ".join(self._words(stage) for stage in range(N_STAGES))
        if self.links:
            words += f"; linked to {', '.join(self.link_choices.get(o, o) for o in sorted(self.links))}"
        self.setAccessibleDescription(f"{words}; with locked values" if self.locked else words)

    def _on_shown(self) -> None:
        self._describe()
        self.update()

    def weights(self) -> list[float]:
        """What the stages' widths are in proportion to."""
        shape = self.shape()
        return true_weights(shape) if self._true_time else even_weights(self.times, shape)

    # Zoom

    @property
    def zoom(self) -> float:
        """How many times wider than fitted time is drawn."""
        return self._zoom

    def fit(self) -> None:
        """Show the whole envelope."""
        self._show(1.0, 0.0)

    def zoom_at(self, factor: float, x: float) -> None:
        """Draw time ``factor`` times wider; what lies at ``x`` pixels stays there."""
        left = self.plot().left()
        stage, share = self.layout_px().at(x - left)
        self._zoom = min(max(self._zoom * factor, 1.0), MAX_ZOOM)
        if self._zoom < 1.001:
            self.fit()
            return
        self._start_px = 0.0
        self._show(self._zoom, self.layout_px().x(stage, share) - (x - left))

    def pan(self, pixels: float) -> None:
        """Pull the paper to the right by ``pixels``."""
        self._show(self._zoom, self._start_px - pixels)

    def _show(self, zoom: float, start_px: float) -> None:
        self._zoom, self._start_px = zoom, start_px
        self._start_px = self.layout_px().start_px
        self.corner.set_zoom(zoom)
        self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        delta = event.angleDelta()
        turn = (delta.y() or delta.x()) / TURN_UNITS
        # Where there is nothing left to zoom out of, the panel scrolls on.
        if is_scrolling(self) or turn == 0 or self._grip is not None or (turn < 0 and self._zoom <= 1.0):
            event.ignore()
            return
        event.accept()
        if event.modifiers() & SHIFT or delta.x():
            self.pan(turn * PAN_PX)
        else:
            self.zoom_at(TURN_FACTOR**turn, event.position().x())

    # Picture

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._start_px = self.layout_px().start_px
        self.corner.place(at_top=self.has_head)

    def paintEvent(self, event: QPaintEvent) -> None:
        picture = self.picture()
        grip = self._grip or self._hovered
        on_handle = grip.stage if grip is not None and grip.kind == "handle" else None
        on_curve = grip.stage if grip is not None and grip.kind == "curve" else None
        active = self.selected if self.hasFocus() and on_curve is None else None
        told = on_handle if on_handle is not None else active
        words = None if told is None else (picture.node(told), self._words(told))
        if on_curve is not None:
            words = (self._last if self._grip else QPointF(-99, -99), self._curve_words(on_curve))
        locked = {s for s in range(N_STAGES) if {g.param.name for g in self._pair(s)} & self.locked}
        state = EnvelopeState(
            colour=self.colour,
            unit=self.levels[0].unit,
            bright={stage for stage in (active, on_handle) if stage is not None},
            lifted=on_curve,
            locked=locked,
            has_head=self.has_head,
            told=None if words is None or self.editor is not None else (words[0], typeset(words[1])),
        )
        picture.paint(state)

    def _curve_words(self, stage: int) -> str:
        ends = [self.gestures[N_STAGES + s] for s in Grip("curve", stage).levels]
        words = "  ".join(f"{g.param.label} {format_value(g.param, g.value)}" for g in ends)
        if stage == N_STAGES:
            return words
        time = self.gestures[stage]
        return f"{time.param.label} {format_value(time.param, time.value)}  {words}"
