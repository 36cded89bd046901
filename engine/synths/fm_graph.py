"""Which operators of a patch matter, and in what order they can be computed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from engine.params.fm import N_OPERATORS
from engine.synths.fm_note import N_DIRECT, ROUTES, FmNote

Route = tuple[int, int]
"""An operator that bends another and the place of that route in :data:`ROUTES`."""


@dataclass(frozen=True)
class Group:
    """Operators that are computed together: one alone, or several (or one that bends itself) in a loop.

    ``operators`` stand in the order of computation, highest number first. ``routes[i]`` bend ``operators[i]`` from
    outside and come from earlier groups. ``edges`` are the loop's, ``(source, target)`` as places in ``operators``, and
    ``edge_routes`` their places in :data:`ROUTES`; both are empty for an operator without a loop.
    """

    operators: tuple[int, ...]
    routes: tuple[tuple[Route, ...], ...]
    edges: tuple[tuple[int, int], ...] = ()
    edge_routes: tuple[int, ...] = ()


@dataclass(frozen=True)
class Graph:
    """``groups``, sources first; ``heard``, the operators that reach the output; ``idle``, for each operator the routes
    that look back and are off, but feel which way they would go (only where gradients are wanted)."""

    groups: tuple[Group, ...]
    heard: frozenset[int]
    idle: dict[int, tuple[Route, ...]]


def graph_of(key: FmNote) -> Graph:
    """The graph of all rows of ``key`` together.

    With gradients everything matters: that is how an optimiser can wake what is silent. Routes that look back and are
    off in all rows are left out all the same, for they would make a loop of everything.
    """
    everything = key.wants_grad and key.may_open
    with torch.no_grad():
        alive = ((key.strength > 0.0) & (key.nats > 0.0).any(2)).any(0).tolist()
        open_outputs = (key.output > 0.0).any(0).tolist()
        open_routes = (key.depths > 0.0).any(0).tolist()
    return graph_from(alive, open_outputs, open_routes, everything)


def graph_from(
    alive: Sequence[bool], open_outputs: Sequence[bool], open_routes: Sequence[bool], everything: bool = False
) -> Graph:
    """The graph of operators of which these are ``alive``; with ``everything``, all count as if they were."""
    sounds = [everything or s for s in alive]
    sources: list[list[Route]] = [[] for _ in range(N_OPERATORS)]
    idle: dict[int, tuple[Route, ...]] = {}
    for route, (source, target) in enumerate(ROUTES):
        if sounds[source] and (open_routes[route] or (everything and route < N_DIRECT)):
            sources[target].append((source, route))
        elif everything:
            idle[target] = (*idle.get(target, ()), (source, route))
    heard = {i for i in range(N_OPERATORS) if sounds[i] and (everything or open_outputs[i])}
    reach = [_reached(i, sources) for i in range(N_OPERATORS)]
    needed = {i for i in range(N_OPERATORS) if sounds[i] and (i in heard or any(i in reach[h] for h in heard))}
    groups: list[Group] = []
    placed: set[int] = set()
    # An operator can be placed when all that bends it has been, or is in a circle with it: the one with the fewest
    # operators behind it is always such a one.
    for i in sorted(needed, key=lambda i: (len(reach[i] | {i}), -i)):
        if i not in placed:
            members = {j for j in reach[i] if i in reach[j]} & needed | {i}
            groups.append(_group(sorted(members, reverse=True), sources, needed))
            placed |= members
    return Graph(tuple(groups), frozenset(heard), idle)


def _reached(start: int, sources: list[list[Route]]) -> set[int]:
    """All operators that bend ``start``, directly or through others; itself only if it is in a circle."""
    found: set[int] = set()
    ahead = [start]
    while ahead:
        for source, _ in sources[ahead.pop()]:
            if source not in found:
                found.add(source)
                ahead.append(source)
    return found


def _group(members: list[int], sources: list[list[Route]], needed: set[int]) -> Group:
    place = {operator: i for i, operator in enumerate(members)}
    inner = [(place[s], place[d], r) for d in members for s, r in sources[d] if s in place]
    outer = tuple(tuple((s, r) for s, r in sources[d] if s in needed and s not in place) for d in members)
    return Group(tuple(members), outer, tuple((s, d) for s, d, _ in inner), tuple(r for _, _, r in inner))
