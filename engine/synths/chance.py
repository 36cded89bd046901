"""Where all chance in a note comes from."""

from __future__ import annotations

import torch
from torch import Tensor

CHANCES = 1 << 30


def chance_of(rng: torch.Generator) -> Tensor:
    """The number ``[1]``, below :data:`CHANCES`, that decides all chance in a note."""
    return torch.randint(CHANCES, (1,), generator=rng, device=rng.device)
