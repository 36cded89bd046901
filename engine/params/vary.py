"""Other patches from one patch: between two, a little beside one, somewhere else. Pure functions, no torch.

All of it happens in unit positions, so a step means the same to the ear wherever the knob stands. ``amount`` is a share
from 0 (the patch itself) to 1. ``sections`` are those of :func:`chance_sections` that may change, ``locked`` the
storage names of what may not. The same :class:`random.Random` gives the same patch.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from random import Random

from engine.errors import PatchError
from engine.params.draws import (
    LADDER,
    draw,
    draw_awake,
    draw_envelopes,
    is_last_level,
    is_ratio,
    is_two_sided,
    reflect,
    rest_of,
)
from engine.params.held import held_with
from engine.params.param import Param
from engine.params.patch import Patch
from engine.params.space import ParamSpace, Values
from engine.params.spaces import SPACES

LEVELS = "Levels"
"""What is about loudness in all sections, as one that chance can be let into."""
BORROWED = 0.3
"""How often a section is taken whole from another patch: what somebody made beats what was drawn."""
_WAKES, _RESTS = 0.25, 0.35
"""How often, at full amount, a mutation takes a value from its rest, and back."""


# -- what may change -----------------------------------------------------------------------------------------------


def chance_section(param: Param) -> str:
    """Under which name chance is let in to ``param``; empty for what chance never moves by itself: how other values are
    read comes only along with a whole section that :func:`randomise` borrows, at full amount."""
    return {"meaning": "", "level": LEVELS}.get(param.role, param.section)


def chance_sections(space: ParamSpace) -> tuple[str, ...]:
    """Everything that chance can be let into, what has to be asked for last."""
    found = dict.fromkeys(chance_section(param) for param in space)
    usual = usual_sections(space)
    return tuple(sorted((name for name in found if name), key=lambda name: name not in usual))


def usual_sections(space: ParamSpace) -> frozenset[str]:
    """Those that chance may change unless told otherwise: neither levels nor routing."""
    asked_for = {chance_section(param) for param in space if param.role in ("level", "routing")}
    return frozenset(chance_section(param) for param in space) - asked_for - {""}


def with_locks(current: Patch, proposed: Patch, locked: Collection[str]) -> Patch:
    """``proposed`` with the values of ``current`` for what is locked. Other synths have nothing in common."""
    if current.synth != proposed.synth:
        return proposed
    values, held = current.values, held_with(locked)
    kept = {name: values[name] for name in held if name in values and values[name] != proposed.values[name]}
    return proposed.with_values(**kept) if kept else proposed


# -- between two -------------------------------------------------------------------------------------------------------


def morph(one: Patch, other: Patch, share: float) -> Patch:
    """The patch at ``share`` of the way from ``one`` (0, exactly) to ``other`` (1, exactly).

    Continuous quantities glide in unit positions; steps, choices and the seed switch in the middle. Raises
    :class:`PatchError` for patches of two synths.
    """
    if one.synth != other.synth:
        raise PatchError(f"There is no way from the {one.synth} synth to the {other.synth} synth.")
    if share <= 0.0 or share >= 1.0:
        return one if share <= 0.0 else other
    near = one if share < 0.5 else other
    values: dict[str, float | tuple[float, ...]] = {}
    for param in SPACES[one.synth]:
        ends = zip(_numbers(one.values, param), _numbers(other.values, param), strict=True)
        if param.is_continuous:
            values[param.name] = _value(param, (_between(param, a, b, share) for a, b in ends))
        else:
            values[param.name] = near.values[param.name]
    name = one.name if one.name == other.name else f"{one.name or 'Unnamed'} – {other.name or 'Unnamed'}"
    return replace(near, values=values, name=name)


def _between(param: Param, a: float, b: float, share: float) -> float:
    if a == b:
        return a
    low, high = param.to_unit(a), param.to_unit(b)
    return param.clamp(param.from_unit(low + (high - low) * share))


# -- a little beside one -----------------------------------------------------------------------------------------------


def mutate(
    patch: Patch,
    amount: float,
    rng: Random,
    *,
    sections: Collection[str] | None = None,
    locked: Collection[str] = (),
) -> Patch:
    """A neighbour of ``patch``: many small steps, folded back at the ends of the ranges, and now and then a hop.

    Steps neither shrink nor have a direction, so that mutations of mutations wander and do not gather anywhere.
    ``sections`` defaults to :func:`usual_sections`.
    """
    space = SPACES[patch.synth]
    values = {
        param.name: _value(param, [_mutated(param, number, amount, rng) for number in _numbers(patch.values, param)])
        for param in space
    }
    return _take_over(patch, values, sections, locked)


def _mutated(param: Param, value: float, amount: float, rng: Random) -> float:
    """One step of the walk. It takes as many random numbers whatever is locked."""
    if param.choices:
        other = float(rng.randrange(len(param.choices)))
        return other if rng.random() < 0.15 * amount else value
    if is_ratio(param):
        return _hop(param, value, amount, rng)
    rest = rest_of(param)
    if rest is not None:
        chance, awake = rng.random(), draw_awake(param, rng)
        if value == rest:
            leaves = chance < _WAKES * amount and not is_last_level(param)
            return awake if leaves else value
        if chance < _RESTS * amount:
            return rest
    moves = rng.random() < 0.3 + 0.6 * amount
    step = rng.gauss(0.0, 0.25 * amount * (0.4 if is_two_sided(param) else 1.0))
    return param.clamp(param.from_unit(reflect(param.to_unit(value) + step))) if moves and amount > 0.0 else value


def _hop(param: Param, ratio: float, amount: float, rng: Random) -> float:
    """Mostly nothing; else to a simple ratio some rungs away, folded back at the ends of the ladder."""
    near = min(range(len(LADDER)), key=lambda n: abs(param.to_unit(LADDER[n]) - param.to_unit(ratio)))
    rungs = rng.choice((-1, 1)) * rng.randint(1, 1 + round(4 * amount))
    if rng.random() >= 0.6 * amount:
        return ratio
    period = 2 * (len(LADDER) - 1)
    place = (near + rungs) % period
    return param.clamp(LADDER[min(place, period - place)])


# -- somewhere else ----------------------------------------------------------------------------------------------------


def randomise(
    patch: Patch,
    amount: float,
    rng: Random,
    *,
    sections: Collection[str] | None = None,
    locked: Collection[str] = (),
    pool: Sequence[Patch] = (),
) -> Patch:
    """Somewhere between ``patch`` and a drawn one: likely values, or a section as a patch of ``pool`` has it.

    ``amount`` says how far; steps and choices come along with that chance, ratios by way of simple ones. ``sections``
    defaults to :func:`usual_sections`.
    """
    if amount <= 0.0:
        return patch
    space = SPACES[patch.synth]
    # Only a section that comes whole may be read in another way.
    whole = {name for name in space.sections if amount >= 1.0 and not space.names_in(name) & set(locked)}
    drawn = _drawn(patch, rng, [other for other in pool if other.synth == patch.synth], whole)
    values = {}
    for param in space:
        come_along = rng.random() < amount
        pairs = zip(_numbers(patch.values, param), _numbers(drawn, param), strict=True)
        values[param.name] = _value(param, [_towards(param, a, b, amount, come_along) for a, b in pairs])
    borrowed_meaning = {p.name for p in space if p.role == "meaning" and drawn[p.name] != patch.values[p.name]}
    return _take_over(patch, values, sections, locked, also=borrowed_meaning)


def _drawn(
    patch: Patch, rng: Random, pool: Sequence[Patch], whole: Collection[str]
) -> dict[str, float | tuple[float, ...]]:
    """Where to go: every parameter drawn, and sections of ``pool`` that mean the same here, or that come ``whole``."""
    space = SPACES[patch.synth]
    meanings = [param for param in space if param.role == "meaning"]
    drawn: dict[str, float | tuple[float, ...]] = {}
    for param in space:
        drawn[param.name] = _value(param, [draw(param, rng) for _ in range(param.count)])
    drawn |= draw_envelopes(space, patch.values, rng)
    drawn |= {param.name: patch.values[param.name] for param in meanings}
    for section in space.sections:
        is_borrowed = rng.random() < BORROWED
        if pool:
            lender = pool[rng.randrange(len(pool))]
            other = any(lender.values[p.name] != patch.values[p.name] for p in meanings if p.section == section)
            if is_borrowed and (section in whole or not other):
                drawn |= {name: lender.values[name] for name in space.names_in(section)}
    return drawn


def _towards(param: Param, a: float, b: float, amount: float, come_along: bool) -> float:
    if a == b or amount >= 1.0:
        return b
    if not param.is_continuous:
        return b if come_along else a
    low, high = param.to_unit(a), param.to_unit(b)
    u = low + (high - low) * amount
    if is_ratio(param) and b in LADDER:
        on_the_way = [r for r in LADDER if min(a, b) < r < max(a, b) and (2 * r).is_integer()]
        return min((a, b, *on_the_way), key=lambda ratio: abs(param.to_unit(ratio) - u))
    return param.clamp(param.from_unit(u))


# -- inside ------------------------------------------------------------------------------------------------------------


def _take_over(
    patch: Patch,
    values: Values,
    sections: Collection[str] | None,
    locked: Collection[str],
    also: Collection[str] = (),
) -> Patch:
    """``patch`` with those of ``values`` that may change; what is ``also`` goes with its section."""
    space = SPACES[patch.synth]
    allowed = usual_sections(space) if sections is None else sections
    locked = held_with(locked)
    changes = {
        param.name: values[param.name]
        for param in space
        if param.name not in locked
        and (chance_section(param) in allowed or (param.name in also and param.section in allowed))
        and values[param.name] != patch.values[param.name]
    }
    return patch.with_values(**changes) if changes else patch


def _numbers(values: Values, param: Param) -> tuple[float, ...]:
    value = values[param.name]
    return value if isinstance(value, tuple) else (float(value),)


def _value(param: Param, numbers: Iterable[float]) -> float | tuple[float, ...]:
    found = tuple(numbers)
    return found[0] if param.count == 1 else found
