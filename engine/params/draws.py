"""What chance draws for one quantity: values that patches made by people have, not evenly spread ones.

Ratios are simple fractions, envelopes come in families, choices and depths mostly stay where patches usually leave
them. Everything is read off the parameters (unit, default, scale, name), so any synth's space will do. Randomness is an
argument: :class:`random.Random`, whose numbers are the same on every machine.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from random import Random

from engine.params.param import Param
from engine.params.space import ParamSpace, Values

LADDER = (
    *(1 / 4, 1 / 3, 1 / 2, 2 / 3, 3 / 4, 1.0, 5 / 4, 4 / 3, 3 / 2, 5 / 3, 7 / 4, 2.0, 5 / 2, 3.0, 7 / 2),
    *(4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0, 13.0, 14.0, 15.0, 16.0),
)
"""Simple ratios, from low to high."""
_LIKELY = {1.0: 12, 2.0: 9, 3.0: 6, 4.0: 4, 1 / 2: 4, 5.0: 2, 3 / 2: 2, 6.0: 2, 7.0: 2, 8.0: 2}
"""How much likelier some of them are than the others."""
_CROOKED = 0.08
"""How often a ratio is none of them: bells and metal."""

_STAGE = re.compile(r"(?P<stem>\w*env)(?P<stage>[1-4])(?P<kind>_s|_db|_st|)")


def is_ratio(param: Param) -> bool:
    """Whether the quantity is a multiple of a frequency: those sound in tune when they are simple."""
    return param.unit == "x" and param.scale == "log"


def is_two_sided(param: Param) -> bool:
    """Whether it goes both ways alike from its default: detune, pan."""
    return param.low == -param.high and param.default == 0.0


def rest_of(param: Param) -> float | None:
    """Where most patches leave it: a default at an end of the range or amid two sides; ``None`` for all others."""
    return param.default if is_two_sided(param) or param.default in (param.low, param.high) else None


def draw(param: Param, rng: Random) -> float:
    """A likely value of ``param``."""
    if param.choices:
        # One voice that is mute or alone among six is enough to silence a patch.
        usual = 0.95 if param.role == "level" else 0.6
        return param.default if rng.random() < usual else float(rng.randrange(len(param.choices)))
    if rest_of(param) is not None and rng.random() < 0.65:
        return param.default
    return draw_awake(param, rng)


def draw_awake(param: Param, rng: Random) -> float:
    """A likely value of ``param`` for a patch that uses it: away from its rest."""
    if is_ratio(param):
        return _draw_ratio(param, rng)
    usual = param.to_unit(param.default)
    if is_two_sided(param):
        u = usual + rng.gauss(0.0, 0.03 if param.unit == "ct" else 0.12)
    elif rest_of(param) is not None:
        way = rng.betavariate(1.4, 2.2)
        u = way if param.default == param.low else 1.0 - way
    else:
        u = rng.gauss(usual, 0.2)
    return param.clamp(param.from_unit(reflect(u)))


def _draw_ratio(param: Param, rng: Random) -> float:
    if rng.random() < _CROOKED:
        return param.clamp(math.exp(rng.uniform(math.log(0.5), math.log(12.0))))
    weights = [_LIKELY.get(ratio, 1.0 if ratio.is_integer() else 0.4) for ratio in LADDER]
    return param.clamp(rng.choices(LADDER, weights)[0])


def reflect(u: float) -> float:
    """``u`` folded back into [0, 1], as a ball between two walls: a walk of small steps sticks to neither.

    >>> reflect(1.25), reflect(-0.25), reflect(0.5)
    (0.75, 0.25, 0.5)
    """
    u = abs(u) % 2.0
    return 2.0 - u if u > 1.0 else u


# -- envelopes ---------------------------------------------------------------------------------------------------------

FLOOR_DB = -72.0
"""A stage that goes here goes to silence, whatever the unit of its level."""
_RATE_SPAN_DB = 6.02


@dataclass(frozen=True, slots=True)
class Family:
    """One kind of envelope: ranges of four times in seconds, and of the three levels before the end in dB."""

    times_s: tuple[tuple[float, float], ...]
    levels_db: tuple[tuple[float, float], ...]


FAMILIES: dict[str, Family] = {
    "blip": Family(((0.0008, 0.002), (0.02, 0.08), (0.04, 0.15), (0.03, 0.1)), ((0, 0), (-24, -12), (-72, -72))),
    "hit": Family(((0.0008, 0.003), (0.05, 0.3), (0.2, 1.2), (0.08, 0.5)), ((0, 0), (-20, -10), (-72, -72))),
    "pluck": Family(((0.001, 0.005), (0.15, 0.6), (1.0, 3.0), (0.15, 0.5)), ((0, 0), (-14, -6), (-72, -48))),
    "bell": Family(((0.0008, 0.003), (0.3, 1.0), (2.5, 8.0), (0.8, 3.0)), ((0, 0), (-14, -6), (-72, -72))),
    "keys": Family(((0.002, 0.006), (0.3, 0.8), (1.5, 4.0), (0.15, 0.4)), ((0, 0), (-10, -4), (-36, -16))),
    "organ": Family(((0.004, 0.02), (0.05, 0.3), (0.5, 1.5), (0.05, 0.15)), ((0, 0), (-2, 0), (-4, 0))),
    "brass": Family(((0.03, 0.1), (0.15, 0.4), (0.6, 1.5), (0.08, 0.25)), ((0, 0), (-5, -1), (-8, -2))),
    "pad": Family(((0.15, 0.9), (0.4, 1.5), (1.0, 3.0), (0.5, 2.5)), ((0, 0), (-6, -1), (-10, -2))),
}
_WEIGHTS = {"blip": 1, "hit": 3, "pluck": 4, "bell": 3, "keys": 4, "organ": 3, "brass": 3, "pad": 3}


def stages(space: ParamSpace) -> dict[str, tuple[tuple[Param, Param], ...]]:
    """The four-stage envelopes of a space by the stem of their names: a time and a level for each stage."""
    found: dict[str, dict[int, dict[str, Param]]] = {}
    for param in space:
        if match := _STAGE.fullmatch(param.name):
            kinds = found.setdefault(match["stem"], {}).setdefault(int(match["stage"]), {})
            kinds["time" if match["kind"] == "_s" else "level"] = param
    return {
        stem: tuple((by_stage[n]["time"], by_stage[n]["level"]) for n in (1, 2, 3, 4))
        for stem, by_stage in found.items()
        if sorted(by_stage) == [1, 2, 3, 4] and all(len(kinds) == 2 for kinds in by_stage.values())
    }


def is_last_level(param: Param) -> bool:
    """Whether it is the level that an envelope ends on: above silence, no note would ever end."""
    match = _STAGE.fullmatch(param.name)
    return match is not None and match["stage"] == "4" and match["kind"] != "_s"


def draw_envelopes(space: ParamSpace, present: Values, rng: Random) -> dict[str, float]:
    """Values for every envelope of ``space``. Most of them share one family, so that the sound has one gesture.

    ``present`` says by which clock each one runs.
    """
    mood = _draw_family(rng)
    drawn: dict[str, float] = {}
    for stem, envelope in stages(space).items():
        family = mood if rng.random() < 0.7 else _draw_family(rng)
        if all(level.unit == "st" for _, level in envelope):
            drawn |= _draw_pitch(envelope, rng)
        else:
            by_rate = present.get(f"{stem}_clock") == 1.0
            drawn |= _draw_stages(envelope, FAMILIES[family], rng, by_rate=by_rate)
    return drawn


def _draw_family(rng: Random) -> str:
    return rng.choices(list(_WEIGHTS), list(_WEIGHTS.values()))[0]


def _draw_stages(
    envelope: tuple[tuple[Param, Param], ...], family: Family, rng: Random, *, by_rate: bool
) -> dict[str, float]:
    drawn: dict[str, float] = {}
    ranges = (*family.levels_db, (FLOOR_DB, FLOOR_DB))
    before_db = FLOOR_DB
    for (time, level), (short, long), (low, high) in zip(envelope, family.times_s, ranges, strict=True):
        time_s = math.exp(rng.uniform(math.log(short), math.log(long)))
        level_db = rng.uniform(low, high)
        if by_rate:
            time_s *= _RATE_SPAN_DB / max(abs(level_db - before_db), _RATE_SPAN_DB)
        drawn[time.name] = time.clamp(time_s)
        share = 1.0 - level_db / FLOOR_DB
        drawn[level.name] = level.clamp(
            level_db if level.unit == "dB" else level.low + share * (level.high - level.low)
        )
        before_db = level_db
    return drawn


def _draw_pitch(envelope: tuple[tuple[Param, Param], ...], rng: Random) -> dict[str, float]:
    """Mostly none; now and then a drum's fall or a scoop into the note."""
    chance = rng.random()
    start_st = rng.uniform(12.0, 36.0) if chance < 0.12 else rng.uniform(-4.0, -0.5) if chance < 0.25 else 0.0
    quick_s = math.exp(rng.uniform(math.log(0.02), math.log(0.12)))
    drawn: dict[str, float] = {}
    for place, (time, level) in enumerate(envelope, 1):
        drawn[time.name] = time.clamp(quick_s if place == 1 else time.default)
        # The pitch starts where the last stage ends.
        drawn[level.name] = level.clamp(start_st if place == 4 else 0.0)
    return drawn
