"""The object on its paper: what it shows of a patch, where its places are drawn, and how they are called."""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Literal

from PySide6.QtCore import QPointF, QRectF, QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from app.controls.hand_paper import HandPaper
from app.controls.strike_picture import StrikePicture
from app.controls.struck_object import Look, Solid, solid_of
from app.controls.struck_paint import Stuff, length_text
from engine.params import Values
from engine.params.impact import IMPACT_SPACE, MATERIALS, SHAPES

Dot = Literal["strike", "pickup"]
PLACES: dict[Dot, tuple[str, str]] = {"strike": ("strike_x", "strike_y"), "pickup": ("pickup_x", "pickup_y")}
STEPS: dict[Dot, str] = {"strike": "Strike place", "pickup": "Listening place"}
RING_PX = 9.0
"""So near to the listening ring the hand takes it."""
EDGE_PX = 5.0
"""So far beside the object it is still struck."""


class StrikePaper(HandPaper):
    """Shows the thing that an impact patch strikes; :class:`app.controls.strike_view.StrikeView` lets the hand in."""

    def __init__(self, parent: QWidget | None = None) -> None:
        places = [IMPACT_SPACE[n] for names in PLACES.values() for n in names]
        super().__init__(places, "Object to strike", parent)
        self._look = Look()
        self._stuff = Stuff("wood", "metal", 0.0)
        self._width = 0.0
        self._held: Dot | None = None
        """What the hand holds."""
        self._dragging = False
        self._pointer: QPointF | None = None
        self._solid: Solid | None = None
        self._picture = StrikePicture(self)
        self._describe()

    def sizeHint(self) -> QSize:
        return QSize(400, 200)

    def minimumSizeHint(self) -> QSize:
        return QSize(200, 76)

    def set_values(self, values: Values) -> None:
        """Show the object of a patch and its places without a signal."""
        self.step.show(values)

        def number(name: str, now: float) -> float:
            value = values.get(name)
            return float(value) if isinstance(value, int | float) else now

        def chosen(name: str, names: tuple[str, ...], now: str) -> str:
            return names[int(IMPACT_SPACE[name].clamp(number(name, names.index(now))))]

        old = self._look
        look = Look(
            chosen("shape", SHAPES, old.shape),
            number("size_m", old.size_m),
            number("thickness_m", old.thickness_m),
            number("proportion", old.proportion),
            number("hollowness", old.hollowness),
        )
        first, second, blend = self._stuff.first, self._stuff.second, self._stuff.blend
        stuff = Stuff(
            chosen("material", MATERIALS, first), chosen("material_2", MATERIALS, second), number("blend", blend)
        )
        width = number("width", self._width)
        if (look, stuff, width) != (self._look, self._stuff, self._width):
            self._look, self._stuff, self._width = look, stuff, width
            self._solid = None
            self._on_shown()

    def set_locked(self, names: Collection[str]) -> None:
        """Show which places are locked; the hand still moves them."""
        if self.step.set_locked(names):
            self._on_shown()

    @property
    def look(self) -> Look:
        return self._look

    @property
    def stuff(self) -> Stuff:
        return self._stuff

    def place(self, dot: Dot) -> tuple[float, float]:
        """Where a dot stands on the object."""
        x, y = PLACES[dot]
        return self.step.number(x), self.step.number(y)

    def is_locked(self, dot: Dot) -> bool:
        return bool(self.step.locked & set(PLACES[dot]))

    def pixel(self, x: float, y: float) -> QPointF:
        """Where a place on the object is drawn."""
        return self.solid().place(x, y)

    def ears(self) -> list[tuple[float, float]]:
        """The two places that are listened to: they lie ``width`` apart."""
        x, y = self.place("pickup")
        left = x * (1.0 - 0.2 * self._width), y * (1.0 - 0.5 * self._width)
        return [left, (left[0] + 0.2 * self._width, left[1] + 0.5 * self._width)]

    def solid(self) -> Solid:
        """The object at the present size."""
        if self._solid is None:
            self._solid = solid_of(self._look, self._picture.room())
        return self._solid

    def place_words(self, x: float, y: float) -> str:
        """A place in words: ``"9.0 cm along, 60 % across"``."""
        shape, size = self._look.shape, self._look.size_m
        if shape == "membrane":
            return f"{length_text(x * size / 2.0)} from the middle, {y * 360:.0f}° around"
        if shape == "bell":
            return f"{x * 100:.0f} % down from the crown, {y * 360:.0f}° around"
        along = f"{x * 100:.0f} %" if shape == "free" else length_text(x * size)
        around = f"{y * 360:.0f}° around" if shape == "tube" else f"{y * 100:.0f} % across"
        return f"{along} along, {around}"

    def object_words(self) -> str:
        """``"Wood bar, 30 cm"``."""
        name = {"membrane": "drum skin", "free": "object"}.get(self._look.shape, self._look.shape)
        stuff = self._stuff.words()
        both = name if stuff == "membrane" == self._look.shape else f"{stuff} {name}"
        both = f"free {both}" if self._look.shape == "free" else both
        words = f"{both}, {length_text(self._look.size_m)}"
        return words[:1].upper() + words[1:]

    def words(self) -> str:
        """The line above the picture."""
        if self._held is not None and self._dragging:
            return f"{STEPS[self._held]}: {self.place_words(*self.place(self._held))}"
        if self._pointer is not None and (dot := self._dot_at(self._pointer)) is not None:
            return f"{STEPS[dot]}: {self.place_words(*self.place(dot))}"
        if self._pointer is not None and self._hits(self._pointer):
            return f"Strike {self.place_words(*self.solid().at(self._pointer))}"
        return self.object_words()

    def _describe(self) -> None:
        places = "; ".join(
            f"{STEPS[dot].lower()} {self.place_words(*self.place(dot))}{' (locked)' if self.is_locked(dot) else ''}"
            for dot in PLACES
        )
        self.setAccessibleDescription(f"{self.object_words()}; {places}")

    def _on_shown(self) -> None:
        self._describe()
        self.update()

    def _hits(self, point: QPointF) -> bool:
        near = QRectF(point.x() - EDGE_PX, point.y() - EDGE_PX, 2 * EDGE_PX, 2 * EDGE_PX)
        return self.solid().struck.intersects(near)

    def _dot_at(self, point: QPointF) -> Dot | None:
        """The ring, where the hand is nearer to it than to the place of striking, or that place."""
        ring, dot = (
            math.hypot((p - point).x(), (p - point).y())
            for p in (self.pixel(*self.place("pickup")), self.pixel(*self.place("strike")))
        )
        if ring <= RING_PX and ring < dot:
            return "pickup"
        return "strike" if dot <= RING_PX else None

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._solid = None
        super().resizeEvent(event)
