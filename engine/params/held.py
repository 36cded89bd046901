"""What a lock takes along: a choice without which the locked value would not be heard, or would mean something else."""

from __future__ import annotations

import re
from collections.abc import Iterable

_TUNING = re.compile(r"(op\d+)_(?:ratio|fixed_hz)")
_VELOCITY = re.compile(r"op\d+_velocity")
_FILTER = re.compile(r"filter_(?:hz|q)")
_STAGE = re.compile(r"(.+_env)\d+_s")


def held_with(locked: Iterable[str]) -> frozenset[str]:
    """``locked`` storage names, with the choices that give them their meaning.

    An operator's tuning mode is held with its ratio or fixed frequency, the clock of an envelope with its times, the
    filter's type with its frequency and resonance, the curve of velocities with an operator's answer to them.

    >>> sorted(held_with(["op1_ratio", "op2_env3_s"]))
    ['op1_mode', 'op1_ratio', 'op2_env3_s', 'op2_env_clock']
    """
    found = set(locked)
    for name in tuple(found):
        if tuning := _TUNING.fullmatch(name):
            found.add(f"{tuning[1]}_mode")
        elif stage := _STAGE.fullmatch(name):
            found.add(f"{stage[1]}_clock")
        elif _FILTER.fullmatch(name):
            found.add("filter_type")
        elif _VELOCITY.fullmatch(name):
            found.add("velocity_curve")
    return frozenset(found)
