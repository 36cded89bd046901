"""How a thing to strike looks: the colours and the grain of what it is made of, its light, its openings."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QLinearGradient, QPainter, QPainterPath, QPen, QRadialGradient

from app.controls.knob_paint import wash
from app.controls.struck_object import Face, Solid
from app.theme import tokens
from engine.params.impact import MATERIALS

GOLDEN = 0.6180339887498949


@dataclass(frozen=True)
class Stuff:
    """What something is made of: two materials by name, and the share of the second."""

    first: str
    second: str
    blend: float

    def shares(self) -> list[tuple[str, float]]:
        """Materials with their shares, what is not there left out."""
        if self.first == self.second:
            return [(self.first, 1.0)]
        both = [(self.first, 1.0 - self.blend), (self.second, self.blend)]
        return [(name, share) for name, share in both if share > 0.0]

    def words(self) -> str:
        """``"wood"``, ``"70 % wood, 30 % metal"``."""
        shares = self.shares()
        if len(shares) == 1:
            return shares[0][0]
        return ", ".join(f"{share * 100:.0f} % {name}" for name, share in shares)


def stuff_colour(stuff: Stuff, light: float = 1.0) -> QColor:
    """The colour of a blend where so much light falls on it."""
    parts = [(QColor(tokens().materials[MATERIALS.index(name)]), share) for name, share in stuff.shares()]
    mixed = [sum(getattr(tone, f"{part}F")() * share for tone, share in parts) for part in ("red", "green", "blue")]
    return QColor.fromRgbF(*(min(max(part * light, 0.0), 1.0) for part in mixed))


def paint_solid(painter: QPainter, solid: Solid, stuff: Stuff, hollowness: float) -> None:
    """Draw all of it."""
    theme = tokens()
    dark = QColor(theme.canvas if theme.name == "dark" else theme.text)
    edge = stuff_colour(stuff, 0.42 if theme.name == "dark" else 0.55)
    for face in solid.faces:
        painter.save()
        _paint_face(painter, face, stuff)
        painter.restore()
    painter.setPen(QPen(edge, 1.0))
    for hollow in solid.hollows:
        tone = QColor(dark)
        tone.setAlphaF(0.25 + 0.65 * hollowness)
        painter.setBrush(tone)
        painter.drawPath(hollow)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    faint = QColor(edge)
    faint.setAlphaF(0.4)
    painter.setPen(QPen(faint, 1.0))
    for line in solid.lines:
        painter.drawPath(line)
    pen = QPen(edge, 1.25)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    for face in solid.faces:
        painter.drawPath(face.path)


def _paint_face(painter: QPainter, face: Face, stuff: Stuff) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(stuff_colour(stuff, face.light))
    painter.drawPath(face.path)
    painter.setClipPath(face.path)
    if face.round_light:
        _round(painter, face)
    for name, share in stuff.shares():
        painter.setOpacity(share)
        _GRAIN[name](painter, face)


def _round(painter: QPainter, face: Face) -> None:
    """Light that falls off at both sides."""
    shade = QLinearGradient(face.corner, face.corner + face.v)
    black, white = QColor(Qt.GlobalColor.black), QColor(Qt.GlobalColor.white)
    for place, tone, alpha in ((0.0, black, 0.42), (0.3, white, 0.10), (0.42, white, 0.14), (1.0, black, 0.5)):
        colour = QColor(tone)
        colour.setAlphaF(alpha)
        shade.setColorAt(place, colour)
    painter.fillPath(face.path, shade)


def _spot(face: Face, u: float, v: float) -> QPointF:
    return face.corner + face.u * u + face.v * v


def _ink(face: Face, alpha: float, *, bright: bool = False) -> QColor:
    tone = QColor(Qt.GlobalColor.white if bright else Qt.GlobalColor.black)
    tone.setAlphaF(alpha * (0.6 + 0.4 * face.light))
    return tone


def _wood(painter: QPainter, face: Face) -> None:
    """Grain along it, a little wavy."""
    across = math.hypot(face.v.x(), face.v.y())
    n = max(min(int(across / 5.0), 14), 2)
    painter.setPen(QPen(_ink(face, 0.2), 1.0))
    for line in range(n):
        v = (line + 0.5) / n
        path = QPainterPath(_spot(face, 0.0, v))
        for step in range(1, 33):
            u = step / 32.0
            bend = 0.7 / n * math.sin(math.pi * (2.3 * u + 1.2 * v)) * math.sin(math.pi * v)
            path.lineTo(_spot(face, u, v + bend))
        painter.drawPath(path)


def _metal(painter: QPainter, face: Face) -> None:
    """Bands of light, as on something polished."""
    sheen = QLinearGradient(_spot(face, 0.0, 0.0), _spot(face, 1.0, 0.6))
    for place, alpha, bright in ((0.0, 0.0, True), (0.22, 0.30, True), (0.34, 0.02, True), (0.62, 0.10, False)):
        sheen.setColorAt(place, _ink(face, alpha, bright=bright))
    sheen.setColorAt(0.8, _ink(face, 0.20, bright=True))
    sheen.setColorAt(1.0, _ink(face, 0.0, bright=True))
    painter.fillPath(face.path, sheen)


def _glass(painter: QPainter, face: Face) -> None:
    """One sees through it, and two thin lights lie on it."""
    through = QColor(tokens().canvas)
    through.setAlphaF(0.34)
    painter.fillPath(face.path, through)
    for u, width, alpha in ((0.16, 5.0, 0.34), (0.23, 1.5, 0.3)):
        painter.setPen(QPen(_ink(face, alpha, bright=True), width))
        painter.drawLine(_spot(face, u + 0.10, 0.0), _spot(face, u, 1.0))


def _ceramic(painter: QPainter, face: Face) -> None:
    """A soft glow under the glaze."""
    length = math.hypot(face.u.x(), face.u.y())
    glow = QRadialGradient(_spot(face, 0.3, 0.3), 0.55 * length)
    glow.setColorAt(0.0, _ink(face, 0.30, bright=True))
    glow.setColorAt(1.0, _ink(face, 0.0, bright=True))
    painter.fillPath(face.path, glow)


def _plastic(painter: QPainter, face: Face) -> None:
    """An even colour with one broad, soft light."""
    box = face.path.boundingRect()
    light = QLinearGradient(box.topLeft(), box.bottomLeft())
    light.setColorAt(0.0, _ink(face, 0.22, bright=True))
    light.setColorAt(0.5, _ink(face, 0.0, bright=True))
    light.setColorAt(1.0, _ink(face, 0.10))
    painter.fillPath(face.path, light)


def _stone(painter: QPainter, face: Face) -> None:
    """Specks, dark and bright."""
    area = abs(face.u.x() * face.v.y() - face.u.y() * face.v.x())
    painter.setPen(Qt.PenStyle.NoPen)
    for n in range(1, max(min(int(area / 70.0), 260), 8)):
        u, v = (n * 0.7548776662466927) % 1.0, (n * 0.5698402909980532) % 1.0
        size = 0.6 + 1.1 * ((n * GOLDEN) % 1.0) ** 2
        painter.setBrush(_ink(face, 0.3, bright=n % 3 == 0))
        painter.drawEllipse(_spot(face, u, v), size, size)


def _skin(painter: QPainter, face: Face) -> None:
    """Brighter where it is worn, in the middle."""
    length = math.hypot(face.u.x(), face.u.y())
    worn = QRadialGradient(_spot(face, 0.5, 0.5), 0.5 * length)
    worn.setColorAt(0.0, _ink(face, 0.20, bright=True))
    worn.setColorAt(0.6, _ink(face, 0.0, bright=True))
    worn.setColorAt(1.0, _ink(face, 0.16))
    painter.fillPath(face.path, worn)


_GRAIN: dict[str, Callable[[QPainter, Face], None]] = {
    "wood": _wood,
    "metal": _metal,
    "glass": _glass,
    "ceramic": _ceramic,
    "plastic": _plastic,
    "stone": _stone,
    "membrane": _skin,
}
assert set(_GRAIN) == set(MATERIALS)


def paint_ruler(painter: QPainter, px_per_m: float, corner: QPointF, most_px: float) -> str:
    """A little ruler with its left end at ``corner``, as long as a round measure that has room; gives its words."""
    length_m = ruler_length(px_per_m, most_px)
    words = length_text(length_m)
    theme = tokens()
    right = corner + QPointF(length_m * px_per_m, 0.0)
    painter.setPen(QPen(QColor(theme.secondary), 1.0))
    painter.drawLine(corner, right)
    for end in (corner, right):
        painter.drawLine(end, end - QPointF(0.0, 4.0))
    painter.setPen(wash(theme.secondary, 0.6))
    for tenth in range(1, 10):
        mark = corner + (right - corner) * (tenth / 10.0)
        if length_m * px_per_m >= 50.0 or tenth == 5:
            painter.drawLine(mark, mark - QPointF(0.0, 3.0 if tenth == 5 else 2.0))
    painter.setPen(QColor(theme.secondary))
    box = QRectF(right.x() + 6.0, corner.y() - 10.0, 60.0, 14.0)
    painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, words)
    return words


def ruler_length(px_per_m: float, most_px: float) -> float:
    """The longest round length (1, 2 or 5 of a power of ten, in metres) that is drawn at most so long."""
    most = most_px / px_per_m
    power = 10.0 ** math.floor(math.log10(most))
    return next(digit * power for digit in (5.0, 2.0, 1.0) if digit * power <= most * 1.0001)


def length_text(metres: float) -> str:
    """A length as people say it: ``4 mm``, ``30 cm``, ``1.20 m``."""
    if metres < 0.00995:
        return f"{metres * 1000:.2g} mm"
    if metres < 0.995:
        return f"{metres * 100:.3g} cm"
    return f"{metres:.3g} m"
