"""Small pictures of what can be chosen: one period of a wave, the movements of an LFO."""

from __future__ import annotations

import math
from collections.abc import Callable

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter

_POINTS = 33
_SPAN = _POINTS - 1


def _sine(t: float) -> float:
    return math.sin(2 * math.pi * t)


def _squared(value: float) -> float:
    return value * abs(value)


def _first_half(wave: Callable[[float], float]) -> Callable[[float], float]:
    return lambda t: wave(t) if t < 0.5 else 0.0


def _double(t: float) -> float:
    return _sine(2 * t)


def _camel(t: float) -> float:
    return abs(_sine(2 * t))


def operator_wave(place: int, t: float) -> float:
    """The TX81Z's wave number ``place`` (from 0) at ``t`` of its period (0 to 1): -1 to 1.

    >>> round(operator_wave(0, 0.25), 3), round(operator_wave(2, 0.75), 3)
    (1.0, 0.0)
    """
    shape = (_sine, _first_half(_sine), _first_half(_double), _first_half(_camel))[place // 2]
    return _squared(shape(t)) if place % 2 else shape(t)


_STEPS = (0.3, -0.7, 0.9, -0.2, 0.6, -0.9)


def lfo_wave(place: int, t: float) -> float:
    """The LFO's shape number ``place``: triangle, saw down, saw up, square, sine, random."""
    if place == 0:
        return 1 - abs(((t + 0.75) % 1.0) * 4 - 2)
    if place == 1:
        return 1 - 2 * t
    if place == 2:
        return 2 * t - 1
    if place == 3:
        return 1.0 if t < 0.5 else -1.0
    return _sine(t) if place == 4 else _STEPS[min(int(t * len(_STEPS)), len(_STEPS) - 1)]


def _draw(shape: Callable[[int, float], float], painter: QPainter, box: QRectF, place: int) -> None:
    xs = [k / _SPAN for k in range(_POINTS)]
    middle, half = box.center().y(), box.height() / 2
    painter.drawPolyline(
        [QPointF(box.left() + t * box.width(), middle - half * shape(place, min(t, 0.9999))) for t in xs]
    )


def draw_operator_wave(painter: QPainter, box: QRectF, place: int) -> None:
    _draw(operator_wave, painter, box, place)


def draw_lfo_wave(painter: QPainter, box: QRectF, place: int) -> None:
    _draw(lfo_wave, painter, box, place)
