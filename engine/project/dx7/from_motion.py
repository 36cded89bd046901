"""The pitch envelope and the LFO of a patch in the DX7's numbers, for :mod:`engine.project.dx7.from_patch`."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from engine.params import FM_SPACE
from engine.params.fm import CLOCKS, N_OPERATORS, PITCH_SPAN_ST
from engine.project.dx7 import tables
from engine.project.dx7.voice import Quad

Value = Callable[[str], float]
"""A value of the patch by its name."""
Lose = Callable[[str], None]
"""Takes a sentence about what is lost."""

_STEP_CENTS: Final = 20.0
"""Half a step of the pitch envelope's levels around the middle."""
_NUMBERS: Final = range(100)


def closest(meaning: Callable[[int], float], wanted: float) -> int:
    """The number 0..99 whose meaning is nearest to ``wanted``; of equals the largest, which is what people write."""
    return _NUMBERS[-1] - int(np.argmin(np.abs(_downward(meaning) - wanted)))


@cache
def _downward(meaning: Callable[[int], float]) -> npt.NDArray[np.float64]:
    """The meanings of 99, 98 ... 0."""
    return np.array([meaning(number) for number in reversed(_NUMBERS)])


def pitch_envelope(value: Value, lose: Lose) -> tuple[Quad, Quad]:
    """Rates and levels."""
    goals = [value(f"pitch_env{i}_st") for i in range(1, 5)]
    times_s = [value(f"pitch_env{i}_s") for i in range(1, 5)]
    by_rate = value("pitch_env_clock") == CLOCKS.index("rate")
    levels = [closest(tables.pitch_st, goal) for goal in goals]
    error_cents = max(abs(tables.pitch_st(level) - goal) for level, goal in zip(levels, goals, strict=True)) * 100.0
    if error_cents > _STEP_CENTS:
        lose(f"The pitch envelope’s levels have steps; one of them is {error_cents:.0f} cents off.")
    rates = []
    for i, (goal, time_s) in enumerate(zip(goals, times_s, strict=True)):
        way_st = PITCH_SPAN_ST if by_rate else abs(goal - goals[i - 1])
        # A stage that goes nowhere is over at once.
        rates.append(closest(_pitch_time_log, math.log(time_s * PITCH_SPAN_ST / way_st)) if way_st > 0.0 else 99)
    return (rates[0], rates[1], rates[2], rates[3]), (levels[0], levels[1], levels[2], levels[3])


def _pitch_time_log(rate: int) -> float:
    return math.log(FM_SPACE["pitch_env1_s"].clamp(PITCH_SPAN_ST / tables.pitch_st_per_s(rate)))


def lfo(value: Value, lose: Lose) -> tuple[dict[str, Any], list[int]]:
    """The voice's whole numbers by field name, and the amplitude sensitivity of each operator of the patch."""
    vibrato_st, tremolo_db = value("vibrato_st"), value("tremolo_db")
    shares_db = [value(f"op{n}_tremolo") * tremolo_db for n in range(1, N_OPERATORS + 1)]
    is_on = vibrato_st > 0.0 or any(shares_db)
    pitch_depth, pitch_sensitivity = _vibrato(vibrato_st, lose)
    amp_depth, sensitivities = _tremolo(shares_db, lose)
    numbers: dict[str, Any] = {
        "lfo_speed": closest(_speed_log, math.log(value("lfo_hz"))),
        "lfo_delay": _delay(value("lfo_delay_s"), value("lfo_fade_s"), lose if is_on else _ignore),
        "lfo_pitch_depth": pitch_depth,
        "lfo_amp_depth": amp_depth,
        "lfo_sync": round(value("lfo_sync")),
        "lfo_wave": round(value("lfo_wave")),
        "lfo_pitch_sensitivity": pitch_sensitivity,
    }
    return numbers, sensitivities


def _ignore(_sentence: str) -> None:
    return None


def _speed_log(speed: int) -> float:
    return math.log(FM_SPACE["lfo_hz"].clamp(tables.lfo_hz(speed)))


def _delay(delay_s: float, fade_s: float, lose: Lose) -> int:
    """The delay whose rest and fade together are nearest to those wanted; the DX7 ties the two."""

    def pair(delay: int) -> tuple[float, float]:
        rest_s, rise_s = tables.lfo_delay_s(delay)
        return FM_SPACE["lfo_delay_s"].clamp(rest_s), FM_SPACE["lfo_fade_s"].clamp(rise_s)

    def distance(delay: int) -> float:
        rest_s, rise_s = pair(delay)
        return abs(rest_s - delay_s) + abs(rise_s - fade_s)

    best = min(_NUMBERS, key=distance)
    if distance(best) > 0.1 * (delay_s + fade_s) + 0.05:
        rest_s, rise_s = pair(best)
        lose(f"The LFO rests for {rest_s:.2f} s and fades in within {rise_s:.2f} s: a DX7 ties the two.")
    return best


def _vibrato(vibrato_st: float, lose: Lose) -> tuple[int, int]:
    """Depth and sensitivity."""
    if vibrato_st <= 0.0:
        return 0, 0
    deepest_st = tables.lfo_pitch_st(99, 7)
    if vibrato_st > 1.01 * deepest_st:
        lose(f"The vibrato swings by {deepest_st:.1f} semitones: that is the most.")
    cents, sensitivity, depth = min(_vibratos(), key=lambda v: abs(v[0] - vibrato_st * 100.0))
    if abs(cents - vibrato_st * 100.0) > max(0.1 * vibrato_st * 100.0, 2.0) and vibrato_st <= deepest_st:
        lose(f"The vibrato swings by {cents:.0f} cents instead of {vibrato_st * 100.0:.0f}.")
    return depth, sensitivity


@cache
def _vibratos() -> list[tuple[float, int, int]]:
    return [(tables.lfo_pitch_st(d, s) * 100.0, s, d) for s in range(8) for d in _NUMBERS]


def _tremolo(shares_db: list[float], lose: Lose) -> tuple[int, list[int]]:
    """The voice's depth and each operator's sensitivity."""
    if not any(shares_db):
        return 0, [0] * len(shares_db)
    most_db = FM_SPACE["tremolo_db"].high

    def sensitivity(depth: int, wanted_db: float) -> tuple[float, int]:
        return min((abs(min(tables.lfo_amp_db(depth, s), most_db) - wanted_db), s) for s in range(4))

    depth = min(_NUMBERS, key=lambda d: sum(sensitivity(d, db)[0] for db in shares_db))
    found = [sensitivity(depth, db) for db in shares_db]
    if max(error for error, _ in found) > 1.0:
        lose("Tremolo has three depths for the operators to choose from; the nearest ones are taken.")
    return depth, [s for _, s in found]
