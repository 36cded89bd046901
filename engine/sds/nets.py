"""The nets of a tuning: who draws and who listens, loaded once and lent while it goes."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass

import torch

from engine.errors import BadUsage
from engine.priors.base import Prior
from engine.priors.listener import Listener
from engine.priors.own import OwnPrior
from engine.priors.text import text_encoder
from engine.sds.result import OWN_PRIOR
from engine.weights import residency

LICENCE = "Apache-2.0"
"""Of our own nets."""


@dataclass(frozen=True, eq=False)
class Nets:
    """``prior`` draws, ``listener`` ranks; ``licence`` is that of the prior's weights."""

    prior: Prior
    listener: Listener
    licence: str = LICENCE


def borrowed(prior: str, stack: ExitStack) -> Nets:
    """The nets called for, lent until ``stack`` ends; raises :class:`WeightError` when one is missing or damaged."""
    found = borrowed_prior(prior, stack)
    listener = stack.enter_context(residency.own("listener", Listener.load))
    text_encoder()
    return Nets(found, listener)


def borrowed_prior(prior: str, stack: ExitStack) -> Prior:
    """The prior of that name; raises :class:`BadUsage` when there is none."""
    if prior != OWN_PRIOR:
        raise BadUsage(f"There is no prior called {prior!r}; there is {OWN_PRIOR}.")
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return stack.enter_context(residency.own("prior", lambda path: OwnPrior.load(path, device), device.type))
