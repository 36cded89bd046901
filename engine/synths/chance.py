"""Where all chance in a note comes from."""

from __future__ import annotations

import torch
from torch import Tensor

CHANCES = 1 << 30
_WORD = 1 << 64


def chance_of(rng: torch.Generator) -> Tensor:
    """The number ``[1]``, below :data:`CHANCES`, that decides all chance in a note."""
    return torch.randint(CHANCES, (1,), generator=rng, device=rng.device)


def chance_beside(chance: int, number: int) -> int:
    """Another chance for each ``number`` of things that have one in common; 0 has that one itself.

    The numbers are stirred as by the finalizer of MurmurHash3, so that those which follow each other give chances that
    have nothing in common.
    """
    if number == 0:
        return chance
    mixed = (chance * 0x9E3779B97F4A7C15 + number) % _WORD
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        mixed = (mixed ^ (mixed >> 33)) * factor % _WORD
    return (mixed ^ (mixed >> 33)) % CHANCES
