"""What the values of an FM patch mean for its operators: who is heard, who matters, who is silenced by hand."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from app.controls.graph_layout import OUTPUT, Route
from engine.params import FM_SPACE, Param, Values
from engine.params.fm import N_OPERATORS, loop_routes, mod_name, mod_routes

OPERATORS = range(1, N_OPERATORS + 1)


def routes() -> dict[Route, Param]:
    """Every cell of the matrix: all pairs, feedback included, and the outputs."""
    between = {(s, d): FM_SPACE[mod_name(s, d)] for s, d in (*mod_routes(), *loop_routes())}
    return between | {(n, OUTPUT): FM_SPACE[f"op{n}_out_db"] for n in OPERATORS}


def number(values: Values, name: str) -> float:
    """One value as a number; a vector counts as 0."""
    value = values[name]
    return float(value) if isinstance(value, int | float) else 0.0


def is_on(values: Values, name: str) -> bool:
    """Whether a value lies above its lowest, which for depths, levels and switches means that it does something."""
    return number(values, name) > FM_SPACE[name].low


@dataclass(frozen=True)
class OperatorState:
    """``heard`` sound themselves, ``quiet`` change nothing of the sound, ``muted`` and ``soloed`` are switches."""

    heard: frozenset[int]
    quiet: frozenset[int]
    muted: frozenset[int]
    soloed: frozenset[int]


def operator_state(values: Values) -> OperatorState:
    """Who is heard, and who modulates those, however far up the chain and through whichever loop."""
    on = partial(is_on, values)
    muted = frozenset(n for n in OPERATORS if on(f"op{n}_mute"))
    soloed = frozenset(n for n in OPERATORS if on(f"op{n}_solo"))
    loud = {n for n in OPERATORS if on(f"op{n}_level_db") and n not in muted}
    heard = {n for n in loud if on(f"op{n}_out_db") and (not soloed or n in soloed)}
    reached, waiting = set(heard), list(heard)
    while waiting:
        target = waiting.pop()
        for source in OPERATORS:
            if source in loud and source not in reached and on(mod_name(source, target)):
                reached.add(source)
                waiting.append(source)
    return OperatorState(frozenset(heard), frozenset(OPERATORS) - reached, muted, soloed)
