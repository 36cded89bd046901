"""The nets of a tuning: who draws and who listens, loaded once and lent while it goes."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass

from engine.priors.base import Prior
from engine.priors.choose import FAKE, OWN, lent_prior, licence_of
from engine.priors.listener import Listener
from engine.priors.text import text_encoder
from engine.weights import residency

LICENCE = "Apache-2.0"
"""Of our own nets."""


@dataclass(frozen=True, eq=False)
class Nets:
    """``prior`` draws, ``listener`` ranks."""

    prior: Prior
    listener: Listener


def borrowed(prior: str, stack: ExitStack) -> Nets:
    """The nets called for, lent until ``stack`` ends; raises :class:`WeightError` when one is missing or damaged."""
    found = borrowed_prior(prior, stack)
    listener = stack.enter_context(residency.own("listener", Listener.load))
    text_encoder()
    return Nets(found, listener)


def borrowed_prior(prior: str, stack: ExitStack) -> Prior:
    """The prior of that name, raising as :func:`engine.priors.choose.lent_prior` does."""
    return stack.enter_context(lent_prior(prior))


def terms_of(prior: str) -> str:
    """The licence of the prior's weights, by the name that people know."""
    return LICENCE if prior in (OWN, FAKE) else licence_of(prior).title
