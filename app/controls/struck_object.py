"""Pictures of things to strike as geometry: faces in pixels, and the way from a place on them to a pixel and back.

Every family has its own picture. Where a place has a ``y`` that goes around, the whole turn is spread over the side
that is seen: its middle, ``y`` 0.5, faces the one who looks.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainterPath, QPolygonF

from engine.params.impact import IMPACT_SPACE, SHAPES, breadth_power

SMALLEST_SHARE = 0.5
"""Of the room that the largest thing takes, the smallest one takes so much."""
LEAST_PX = 72.0
"""In a low room the smallest thing is so high, if that fits."""
LEAST_EDGE_PX = 1.5

_SIZE = IMPACT_SPACE["size_m"]


@dataclass(frozen=True)
class Look:
    """What is to be drawn, in the words and units of the impact instrument's parameters."""

    shape: str = "bar"
    size_m: float = 0.3
    thickness_m: float = 0.01
    proportion: float = 0.15
    hollowness: float = 0.0

    @property
    def thickness(self) -> float:
        """How thick it is drawn for its length, 0 to about 0.5: thin things differ more than they would to the eye."""
        true = self.thickness_m / self.size_m
        true /= math.sqrt(1.0 + (2.0 * true) ** 2)
        return 0.9 * math.pow(true, 0.75)

    @property
    def breadth(self) -> float:
        """How broad it is drawn for its length."""
        return math.pow(self.proportion, 0.6 * breadth_power(self.shape))


@dataclass(frozen=True)
class Face:
    """A part of the surface. ``light`` is how much of the light falls on it; texture runs along ``u`` and ``v``, the
    sides of a box that begins at ``corner``."""

    path: QPainterPath
    light: float
    corner: QPointF
    u: QPointF
    v: QPointF
    round_light: bool = False
    """Whether it curves away at both sides of ``v``."""


@dataclass(frozen=True)
class Solid:
    """Something to strike as it stands on the paper."""

    faces: tuple[Face, ...]
    struck: QPainterPath
    """Where it can be struck."""
    place: Callable[[float, float], QPointF]
    """The pixel of a place ``(x, y)``."""
    at: Callable[[QPointF], tuple[float, float]]
    """The place of a pixel; beyond the edges, the nearest one, about."""
    hollows: tuple[QPainterPath, ...] = ()
    """Openings, darker the hollower it is."""
    lines: tuple[QPainterPath, ...] = ()
    """Faint lines that show its form."""
    px_per_m: float = 1.0
    outline: QPainterPath = field(default_factory=QPainterPath)


def share_of_room(size_m: float, room: QRectF) -> float:
    """How much of its room a thing of that size takes: more the larger it is, but no thing is too small to hit."""
    least = max(SMALLEST_SHARE, min(LEAST_PX / max(room.height(), 1.0), 1.0))
    return least + (1.0 - least) * _SIZE.to_unit(size_m)


def solid_of(look: Look, room: QRectF) -> Solid:
    """``look`` in the middle of ``room`` pixels."""
    return _BUILDERS[look.shape](look, room)


def _polygon(*points: QPointF) -> QPainterPath:
    path = QPainterPath()
    path.addPolygon(QPolygonF([*points, points[0]]))
    return path


def _within(x: float) -> float:
    return min(max(x, 0.0), 1.0)


def _slab(look: Look, room: QRectF, deep: float, slant: tuple[float, float], holes: bool) -> Solid:
    """A box seen from above at an angle: ``slant`` is where its breadth goes, ``deep`` how high it is, both for a
    length of 1."""
    across = QPointF(-slant[0] * look.breadth, slant[1] * look.breadth)
    width, height = 1.0 - across.x(), across.y() + deep
    scale = min(room.width() / width, room.height() / height) * share_of_room(look.size_m, room)
    u, v, w = QPointF(scale, 0.0), across * scale, QPointF(0.0, max(deep * scale, LEAST_EDGE_PX))
    corner = room.center() - (u + v + w) / 2.0

    def place(x: float, y: float) -> QPointF:
        return corner + u * x + v * y

    def at(point: QPointF) -> tuple[float, float]:
        off = point - corner
        y = _within(off.y() / v.y())
        return _within((off.x() - v.x() * y) / u.x()), y

    near = corner + v
    top = Face(_polygon(corner, corner + u, near + u, near), 1.0, corner, u, v)
    front = Face(_polygon(near, near + u, near + u + w, near + w), 0.74, near, u, w)
    side = Face(_polygon(corner + u, corner + u + w, near + u + w, near + u), 0.56, corner + u, v, w)
    hollows: list[QPainterPath] = []
    if look.hollowness > 0.0:
        if holes:
            hole = QPainterPath()
            middle = near + u * 0.5 + w * 0.5
            size = 0.5 * w.y() * (0.4 + 0.5 * look.hollowness)
            hole.addEllipse(middle, size, size)
            hollows.append(hole)
        else:
            # A slot along it, from end to end of the side that is seen.
            inner = 0.15 + 0.6 * look.hollowness
            begin = near + w * (0.5 - inner / 2) + u * 0.03
            hollows.append(_polygon(begin, begin + u * 0.94, begin + u * 0.94 + w * inner, begin + w * inner))
    outline = _polygon(corner, corner + u, corner + u + w, near + u + w, near + w, near)
    return Solid((side, front, top), outline, place, at, tuple(hollows), (), scale / look.size_m, outline)


def _bar(look: Look, room: QRectF) -> Solid:
    return _slab(look, room, look.thickness, (0.38, 0.62), holes=False)


def _plate(look: Look, room: QRectF) -> Solid:
    return _slab(look, room, look.thickness, (0.38, 0.62), holes=False)


def _box(look: Look, room: QRectF) -> Solid:
    return _slab(look, room, 0.55 * look.breadth, (0.34, 0.42), holes=True)


def _ellipse(centre: QPointF, rx: float, ry: float) -> QPainterPath:
    path = QPainterPath()
    path.addEllipse(centre, rx, ry)
    return path


def _membrane(look: Look, room: QRectF) -> Solid:
    flat = 0.44
    deep = 0.1 + 0.5 * look.hollowness
    radius = min(room.width() / 2.0, room.height() / (2.0 * flat + deep)) * share_of_room(look.size_m, room)
    down = QPointF(0.0, radius * deep)
    centre = room.center() - down / 2.0
    edge = min(max(0.3 * look.thickness, 0.02), 0.07) * radius
    inner_x, inner_y = radius - 2.0 * edge, flat * radius - 1.4 * edge

    def place(x: float, y: float) -> QPointF:
        turn = 2.0 * math.pi * y
        return centre + QPointF(inner_x * x * math.cos(turn), inner_y * x * math.sin(turn))

    def at(point: QPointF) -> tuple[float, float]:
        off = QPointF((point.x() - centre.x()) / inner_x, (point.y() - centre.y()) / inner_y)
        return _within(math.hypot(off.x(), off.y())), (math.atan2(off.y(), off.x()) / (2.0 * math.pi)) % 1.0

    rim, skin = _ellipse(centre, radius, flat * radius), _ellipse(centre, inner_x, inner_y)
    foot = _ellipse(centre + down, radius, flat * radius)
    shell = QPainterPath()
    shell.addRect(QRectF(centre.x() - radius, centre.y(), 2.0 * radius, down.y()))
    body = shell.united(foot).united(rim)
    left = QPointF(radius, flat * radius)
    box = (centre - left, QPointF(2.0 * radius, 0.0), QPointF(0.0, 2.0 * flat * radius))
    wall = Face(body, 0.62, centre - QPointF(radius, 0.0), QPointF(2.0 * radius, 0.0), down * 1.6)
    hoop = Face(rim, 0.82, *box)
    face = Face(skin, 1.0, *box)
    rings = tuple(_ellipse(centre, inner_x * share, inner_y * share) for share in (1.0 / 3.0, 2.0 / 3.0))
    return Solid((wall, hoop, face), body, place, at, (), rings, 2.0 * radius / look.size_m, body)


def _turned(y: float) -> float:
    """How far from the middle a ``y`` is seen, -1 to 1."""
    return math.sin((y - 0.5) * math.pi)


def _unturned(share: float) -> float:
    return 0.5 + math.asin(min(max(share, -1.0), 1.0)) / math.pi


def _tube(look: Look, room: QRectF) -> Solid:
    squeeze = 0.36
    breadth = 0.72 * look.breadth
    scale = min(room.width() / (1.0 + squeeze * breadth), room.height() / breadth) * share_of_room(look.size_m, room)
    radius, end = 0.5 * breadth * scale, 0.5 * breadth * scale * squeeze
    left = QPointF(room.center().x() - (scale - end) / 2.0, room.center().y())
    along = QPointF(scale - 2.0 * end, 0.0)

    def place(x: float, y: float) -> QPointF:
        # The surface bulges towards the near end.
        bulge = end * math.cos((y - 0.5) * math.pi)
        return left + along * x + QPointF(-bulge, radius * _turned(y))

    def at(point: QPointF) -> tuple[float, float]:
        off = point - left
        y = _unturned(off.y() / radius)
        return _within((off.x() + end * math.cos((y - 0.5) * math.pi)) / along.x()), y

    right = left + along
    near, far = _ellipse(left, end, radius), _ellipse(right, end, radius)
    middle = QPainterPath()
    middle.addRect(QRectF(left.x(), left.y() - radius, along.x(), 2.0 * radius))
    body = middle.united(near)
    skin = Face(
        body,
        0.96,
        left - QPointF(end, radius),
        along + QPointF(end, 0.0),
        QPointF(0.0, 2.0 * radius),
        round_light=True,
    )
    wall = Face(far, 0.6, right - QPointF(end, radius), QPointF(2.0 * end, 0.0), QPointF(0.0, 2.0 * radius))
    edge = min(max(2.4 * look.thickness * scale, LEAST_EDGE_PX), 0.75 * radius)
    bore = _ellipse(right, end * (1.0 - edge / radius), radius - edge)
    lines = []
    for y in (1.0 / 6.0, 1.0 / 3.0, 0.5, 2.0 / 3.0, 5.0 / 6.0):
        line = QPainterPath(place(0.0, y))
        line.lineTo(place(1.0, y))
        lines.append(line)
    whole = body.united(far)
    return Solid((skin, wall), whole, place, at, (bore,), tuple(lines), scale / look.size_m, whole)


def _profile(x: float) -> float:
    """A bell's radius so far down from its crown, for that of its lip."""
    return 0.40 + 0.17 * -math.expm1(-x / 0.09) + 0.43 * math.pow(x, 2.8)


def _where(rising: Callable[[float], float], low: float) -> float:
    """Where between ``low`` and 1 something that rises is 0, or the nearer end."""
    high = 1.0
    for _ in range(30):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if rising(middle) > 0.0 else (middle, high)
    return 0.5 * (low + high)


def _bell(look: Look, room: QRectF) -> Solid:
    squeeze, tall = 0.16, 1.5
    head = 0.34
    height = tall + squeeze + head
    radius = min(room.width() / 2.0, room.height() / height) * share_of_room(look.size_m, room)
    top = QPointF(room.center().x(), room.center().y() + (head - squeeze - tall) * radius / 2.0)
    down = tall * radius

    def place(x: float, y: float) -> QPointF:
        r = _profile(x) * radius
        return top + QPointF(r * _turned(y), x * down - squeeze * r * math.cos((y - 0.5) * math.pi))

    def at(point: QPointF) -> tuple[float, float]:
        off = point - top
        aside = min(abs(off.x()) / radius, 1.0)
        # What is seen lower in the middle belongs further down; above where it is so wide, nothing is.
        least = _where(lambda x: _profile(x) - aside, 0.0)
        bulge = squeeze * radius
        x = _where(lambda x: x * down - bulge * math.sqrt(max(_profile(x) ** 2 - aside**2, 0.0)) - off.y(), least)
        return x, _unturned(off.x() / (radius * _profile(x)))

    steps = [n / 24.0 for n in range(25)]
    side = QPainterPath(place(0.0, 0.0))
    for x in steps[1:]:
        side.lineTo(place(x, 0.0))
    for n in range(1, 25):
        side.lineTo(place(1.0, n / 24.0))
    for x in reversed(steps):
        side.lineTo(place(x, 1.0))
    for n in range(23, -1, -1):
        side.lineTo(place(0.0, n / 24.0))
    side.closeSubpath()
    crown = _profile(0.0) * radius
    cap = QPainterPath(place(0.0, 0.0))
    cap.cubicTo(
        place(0.0, 0.0) - QPointF(0.0, 0.3 * radius), place(0.0, 1.0) - QPointF(0.0, 0.3 * radius), place(0.0, 1.0)
    )
    cap.closeSubpath()
    loop = _ellipse(top - QPointF(0.0, 0.24 * radius), 0.12 * radius, 0.1 * radius)
    loop.addEllipse(top - QPointF(0.0, 0.24 * radius), 0.06 * radius, 0.05 * radius)
    body = side.united(cap)
    lip = top + QPointF(0.0, down)
    mouth = _ellipse(lip, radius, squeeze * radius)
    edge = min(max(1.6 * look.thickness * radius, LEAST_EDGE_PX), 0.4 * radius)
    bore = _ellipse(lip, radius - edge, squeeze * (radius - edge))
    wide = QPointF(2.0 * radius, 0.0)
    skin = Face(body, 0.96, top - QPointF(radius, crown), QPointF(0.0, down + crown), wide, round_light=True)
    inside = Face(mouth, 0.6, lip - QPointF(radius, squeeze * radius), wide, QPointF(0.0, 2 * squeeze * radius))
    hang = Face(loop, 0.7, top - QPointF(crown, crown), QPointF(2 * crown, 0.0), QPointF(0.0, crown))
    lines = []
    for x in (0.25, 0.5, 0.75):
        line = QPainterPath(place(x, 0.0))
        for n in range(1, 25):
            line.lineTo(place(x, n / 24.0))
        lines.append(line)
    whole = body.united(mouth)
    return Solid(
        (hang, inside, skin), whole, place, at, (bore,), tuple(lines), 2.0 * radius / look.size_m, whole.united(loop)
    )


N_POINTS = 28


def _free(look: Look, room: QRectF) -> Solid:
    """No thing at all: a cloud of points on a sheet without edges."""
    scale = share_of_room(look.size_m, room)
    width = min(room.width(), 2.2 * room.height()) * scale
    height = min(room.height(), width / 1.5)
    box = QRectF(room.center().x() - width / 2.0, room.center().y() - height / 2.0, width, height)

    def place(x: float, y: float) -> QPointF:
        return QPointF(box.left() + box.width() * x, box.top() + box.height() * y)

    def at(point: QPointF) -> tuple[float, float]:
        return _within((point.x() - box.left()) / box.width()), _within((point.y() - box.top()) / box.height())

    sheet = QPainterPath()
    radius = min(width, height) * 0.2
    sheet.addRoundedRect(box, radius, radius)
    face = Face(sheet, 1.0, box.topLeft(), QPointF(width, 0.0), QPointF(0.0, height))
    lines = []
    for n in range(1, N_POINTS + 1):
        x, y = (n * 0.7548776662466927) % 1.0, (n * 0.5698402909980532) % 1.0
        size = 1.2 + 1.6 * ((n * 0.6180339887498949) % 1.0)
        lines.append(_ellipse(place(0.06 + 0.88 * x, 0.08 + 0.84 * y), size, size))
    return Solid((face,), sheet, place, at, (), tuple(lines), width / look.size_m, sheet)


_BUILDERS: dict[str, Callable[[Look, QRectF], Solid]] = {
    "bar": _bar,
    "plate": _plate,
    "membrane": _membrane,
    "tube": _tube,
    "bell": _bell,
    "box": _box,
    "free": _free,
}
assert set(_BUILDERS) == set(SHAPES)
