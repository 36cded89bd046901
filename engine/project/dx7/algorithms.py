"""The DX7's 32 algorithms: who bends whom, who is heard, and where the feedback runs.

Source: the algorithm chart of the DX7 Operating Manual (Yamaha 1983) that is printed on the instrument's lid. An
operator that bends no other is heard (a carrier). Feedback always goes from one operator to itself, except in
algorithms 4 and 6, where it closes a loop around a whole stack.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

Edge = tuple[int, int]
"""``(source, target)``, operators counted from 1: the source bends the phase of the target."""


@dataclass(frozen=True)
class Algorithm:
    """``number`` 1..32; ``edges`` without the feedback; ``feedback`` from an operator to itself or up its stack."""

    number: int
    edges: tuple[Edge, ...]
    feedback: Edge

    @cached_property
    def carriers(self) -> tuple[int, ...]:
        """The operators that are heard."""
        sources = {source for source, _ in self.edges}
        return tuple(n for n in range(1, 7) if n not in sources)


# Chains of "modulator>modulated" from the top of a stack down, and the feedback.
_CHART = (
    ("2>1 6>5>4>3", "6>6"),
    ("2>1 6>5>4>3", "2>2"),
    ("3>2>1 6>5>4", "6>6"),
    ("3>2>1 6>5>4", "4>6"),
    ("2>1 4>3 6>5", "6>6"),
    ("2>1 4>3 6>5", "5>6"),
    ("2>1 4>3 6>5>3", "6>6"),
    ("2>1 4>3 6>5>3", "4>4"),
    ("2>1 4>3 6>5>3", "2>2"),
    ("3>2>1 5>4 6>4", "3>3"),
    ("3>2>1 5>4 6>4", "6>6"),
    ("2>1 4>3 5>3 6>3", "2>2"),
    ("2>1 4>3 5>3 6>3", "6>6"),
    ("2>1 5>4>3 6>4", "6>6"),
    ("2>1 5>4>3 6>4", "2>2"),
    ("2>1 4>3>1 6>5>1", "6>6"),
    ("2>1 4>3>1 6>5>1", "2>2"),
    ("2>1 3>1 6>5>4>1", "3>3"),
    ("3>2>1 6>4 6>5", "6>6"),
    ("3>1 3>2 5>4 6>4", "3>3"),
    ("3>1 3>2 6>4 6>5", "3>3"),
    ("2>1 6>3 6>4 6>5", "6>6"),
    ("3>2 6>4 6>5", "6>6"),
    ("6>3 6>4 6>5", "6>6"),
    ("6>4 6>5", "6>6"),
    ("3>2 5>4 6>4", "6>6"),
    ("3>2 5>4 6>4", "3>3"),
    ("2>1 5>4>3", "5>5"),
    ("4>3 6>5", "6>6"),
    ("5>4>3", "5>5"),
    ("6>5", "6>6"),
    ("", "6>6"),
)


def _edges(chains: str) -> tuple[Edge, ...]:
    edges = {edge for chain in chains.split() for edge in pairwise(int(n) for n in chain.split(">"))}
    return tuple(sorted(edges))


ALGORITHMS = tuple(
    Algorithm(number, _edges(chains), _edges(feedback)[0]) for number, (chains, feedback) in enumerate(_CHART, start=1)
)


def algorithm(number: int) -> Algorithm:
    """The algorithm of that number, 1..32."""
    return ALGORITHMS[number - 1]
