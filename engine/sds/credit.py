"""What is said of the prior in everything that words make: who it was, and under which terms its weights stand."""

from __future__ import annotations

from engine.about import About
from engine.sds.usual import OWN_PRIOR
from engine.weights.catalog import OWN_LICENCE, Licence, catalogue

_OURS = {OWN_PRIOR: "Tonewright's own prior", "fake": "Tonewright's fake prior"}


def title_of(prior: str) -> str:
    """What people call the prior of that name."""
    weight = catalogue().get(prior)
    return _OURS.get(prior) or (weight.title if weight is not None else prior)


def licence_of(prior: str) -> Licence:
    """Of its weights."""
    weight = None if prior in _OURS else catalogue().get(prior)
    return weight.licence if weight is not None else OWN_LICENCE


def terms(prior: str) -> str:
    """Who drew and under which terms, as it is kept with what came of it and told to people."""
    licence = licence_of(prior)
    return f"{title_of(prior)}, weights under {licence.title} ({licence.url})"


def tuned(prompt: str, prior: str, seed: int, start: About) -> About:
    """Of a patch that words found; the terms of what it ``start``\\ ed from go on."""
    made = f"Tuned to the words “{prompt}” with {title_of(prior)}, seed {seed}"
    return About(made, "; ".join(dict.fromkeys([*filter(None, start.licence.split("; ")), terms(prior)])))


def imagined(prompt: str, prior: str, seed: int) -> About:
    """Of a sound that the prior drew itself."""
    return About(f"Imagined from the words “{prompt}” by {title_of(prior)}, seed {seed}", terms(prior))
