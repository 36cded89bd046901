"""One strike as a set: round robins that differ a little, in layers from soft to hard. Pure functions, no torch.

A round robin begins with the strike itself. The others strike a little beside, a little harder or softer, with a
striker a little harder or softer, on an object whose modes ring a little shorter or longer each. The differences are
spread evenly over the set (low-discrepancy places, stratified quantiles), so that no two strikes of a small set are
nearly the same. The same seed gives the same set.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from random import Random
from statistics import NormalDist
from typing import Any

from engine.errors import BadUsage
from engine.params.draws import reflect
from engine.params.impact import IMPACT_SPACE, LEVEL_FLOOR_DB, ROUND, SHAPES
from engine.params.note import VELOCITY
from engine.params.param import Param
from engine.params.patch import MAX_SEED, MAX_STRIKE, Patch

_SECTION = "Variations"
N_VARIATIONS = Param(
    "variations",
    1,
    64,
    4,
    "",
    "step",
    label="Round robins",
    help="How many strikes take turns",
    section=_SECTION,
    step=1,
)
N_LAYERS = Param(
    "layers",
    1,
    16,
    1,
    "",
    "step",
    label="Layers",
    help="How many velocities are struck, soft to hard",
    section=_SECTION,
    step=1,
)
POSITION = Param(
    "vary_position", 0.0, 0.5, 0.03, label="Position", help="How far beside a strike may land", section=_SECTION
)
FORCE = Param("vary_force", 0.0, 0.5, 0.06, label="Force", help="How much harder or softer it may be", section=_SECTION)
HARDNESS = Param(
    "vary_hardness",
    0.0,
    0.5,
    0.05,
    label="Hardness",
    help="How much harder or softer the striker may be",
    section=_SECTION,
)
DAMPING = Param(
    "vary_damping_oct",
    0.0,
    2.0,
    0.15,
    "oct",
    label="Damping",
    help="How much sooner or later each mode may be over",
    section=_SECTION,
)
VARY_PARAMS = (N_VARIATIONS, N_LAYERS, POSITION, FORCE, HARDNESS, DAMPING)
"""Everything about a set, in the order of the fields of :class:`VaryPlan`."""

_GOLDEN_TURN = math.pi * (3.0 - math.sqrt(5.0))
_WITHIN = 0.6
"""Where in its layer's range of velocities the strike of a layer lies."""
_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class VaryPlan:
    """How a set is made: one value for each of :data:`VARY_PARAMS`, and the start of all chance.

    Raises :class:`BadUsage` for a number that is out of its range.
    """

    n: int = round(N_VARIATIONS.default)
    layers: int = round(N_LAYERS.default)
    position: float = POSITION.default
    force: float = FORCE.default
    hardness: float = HARDNESS.default
    damping_oct: float = DAMPING.default
    seed: int = 0

    def __post_init__(self) -> None:
        for param, value in zip(VARY_PARAMS, self.amounts, strict=True):
            if not param.low <= value <= param.high:
                raise BadUsage(f"{param.label}: {value:g} is out of range; give {param.low:g} to {param.high:g}.")
        if not 0 <= self.seed <= MAX_SEED:
            raise BadUsage(f"A seed is a whole number from 0 to {MAX_SEED}.")

    @property
    def amounts(self) -> tuple[float, ...]:
        """The values of :data:`VARY_PARAMS`."""
        return self.n, self.layers, self.position, self.force, self.hardness, self.damping_oct

    def scaled(self, share: float) -> VaryPlan:
        """With so many times the differences, each as far as it may go."""
        return replace(
            self,
            position=POSITION.clamp(share * self.position),
            force=FORCE.clamp(share * self.force),
            hardness=HARDNESS.clamp(share * self.hardness),
            damping_oct=DAMPING.clamp(share * self.damping_oct),
        )

    def to_json(self) -> dict[str, float]:
        """The plan by name; the names are storage names."""
        named = {param.name: value for param, value in zip(VARY_PARAMS, self.amounts, strict=True)}
        return {**named, "seed": self.seed}

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> VaryPlan:
        """The plan in a mapping, each value within its range; what is missing or no number takes its default."""
        found: list[Any] = []
        for param in VARY_PARAMS:
            try:
                value = param.clamp(float(values[param.name]))
            except (KeyError, TypeError, ValueError, OverflowError):
                value = param.default
            value = value if value == value else param.default  # one number is in no range
            found.append(round(value) if param.scale == "step" else value)
        return cls(*found)


@dataclass(frozen=True)
class Variation:
    """One strike of a set: its ``layer`` and its place ``number`` in the round robin, both from 1; what is struck, how
    hard, and for which velocities it stands; ``damping_oct`` is how much sooner its modes are over on average."""

    layer: int
    number: int
    patch: Patch
    velocity: float
    low: int
    high: int
    damping_oct: float = 0.0


def check_varies(patch: Patch) -> None:
    """Raise :class:`BadUsage` for a patch that nothing is struck in."""
    if patch.synth != IMPACT_SPACE.name:
        raise BadUsage(f"Variations are made of struck objects; this is a patch of the {patch.synth} synth.")


def layer_range(layer: int, n_layers: int) -> tuple[int, int]:
    """Lowest and highest velocity of a layer, counted from 1.

    >>> [layer_range(layer, 3) for layer in (1, 2, 3)]
    [(1, 42), (43, 84), (85, 127)]
    """
    return 1 + 127 * (layer - 1) // n_layers, 127 * layer // n_layers


def variation_set(patch: Patch, plan: VaryPlan, velocity: float = VELOCITY.default) -> list[Variation]:
    """All strikes of a set, soft layers first. A set of one layer is struck with ``velocity``."""
    check_varies(patch)
    found = []
    for layer in range(1, plan.layers + 1):
        low, high = layer_range(layer, plan.layers)
        struck = velocity if plan.layers == 1 else low + _WITHIN * (high - low)
        found += _round_robin(patch, plan, layer, struck, low, high)
    return found


def variations(patch: Patch, n: int, plan: VaryPlan | None = None, seed: int = 0) -> list[Patch]:
    """``n`` patches beside ``patch``: what a round robin strikes, apart from how hard."""
    plan = replace(plan or VaryPlan(), n=n, layers=1, seed=seed)
    return [variation.patch for variation in variation_set(patch, plan)]


def _round_robin(patch: Patch, plan: VaryPlan, layer: int, velocity: float, low: int, high: int) -> list[Variation]:
    rng = Random(f"{plan.seed}/{layer}")
    values: Mapping[str, Any] = patch.values
    turn = rng.random() * math.tau
    forces, hardnesses, falls = (_spread(plan.n, rng) for _ in range(3))
    span = high - low
    # The more layers, the nearer they are: a round robin stays well within its own.
    share = 0.7 / plan.layers
    spread, damping_oct = (amount / math.sqrt(plan.layers) for amount in (plan.position, plan.damping_oct))
    # The disc lies on the object: around it a turn is pi times as far as across.
    across = 1.0 / math.pi if SHAPES[round(values["shape"])] in ROUND else 1.0
    found = [Variation(layer, 1, patch, velocity, low, high)]
    for i in range(1, plan.n):
        # A sunflower's seeds: even over the disc around where it is struck.
        radius, angle = spread * math.sqrt(i / (plan.n - 0.5)), turn + i * _GOLDEN_TURN
        common = 0.5 * damping_oct * falls[i]
        own = math.sqrt(0.75) * damping_oct
        param = IMPACT_SPACE["mode_damping_oct"]
        damping = values["mode_damping_oct"]
        if damping_oct > 0.0:
            damping = tuple(param.clamp(old + common + own * rng.gauss(0.0, 1.0)) for old in damping)
        hardness = reflect(values["striker_hardness"] + share * plan.hardness * hardnesses[i])
        made = patch.with_values(
            strike_x=reflect(values["strike_x"] + radius * math.cos(angle)),
            strike_y=reflect(values["strike_y"] + across * radius * math.sin(angle)),
            striker_hardness=hardness,
            mode_damping_oct=damping,
        )
        if values["contact_db"] > LEVEL_FLOOR_DB:
            # Its noise is another one each time, in the very same room.
            made = replace(made, strike=rng.randint(1, MAX_STRIKE))
        harder = low + span * reflect((velocity * (1.0 + share * plan.force * forces[i]) - low) / span)
        found.append(Variation(layer, i + 1, made, harder, low, high, common))
    return found


def _spread(n: int, rng: Random) -> list[float]:
    """``n`` numbers as of a normal distribution: 0, and one from each of ``n - 1`` equal parts of it in any order. Not
    the middles of the parts: folded at an edge, these would meet two by two."""
    places = [(i + 0.25 + 0.5 * rng.random()) / (n - 1) for i in range(n - 1)]
    rng.shuffle(places)
    return [0.0, *(_NORMAL.inv_cdf(place) for place in places)]
