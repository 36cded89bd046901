"""Which priors there are, and how one is opened: ours, the fake, and the public ones of the catalogue."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Protocol

import torch

from engine.errors import BadUsage, WeightError
from engine.priors.audioldm2 import AudioLdm2
from engine.priors.base import Prior
from engine.priors.fake import FakePrior
from engine.priors.latent import LatentPrior
from engine.priors.own import OwnPrior
from engine.priors.pipelines import class_of
from engine.priors.plan import Demand, needs_to_load
from engine.priors.stable_audio import StableAudio3, StableAudioOpen
from engine.priors.stable_audio_3_files import is_published_form
from engine.weights import residency
from engine.weights.catalog import OWN_LICENCE, Licence, Weight, catalogue
from engine.weights.shelf import shipped
from engine.weights.store import located_of

OWN, FAKE = "own", "fake"
_PURPOSE = "prior:"


class _Public(Protocol):
    """A class of public priors."""

    def demand(self, folder: Path, seconds: float = ...) -> Demand: ...

    def load(self, folder: Path, device: torch.device | None = ...) -> LatentPrior: ...


_KINDS: dict[str, _Public] = {
    "StableAudioPipeline": StableAudioOpen,
    "StableAudio3Pipeline": StableAudio3,
    "AudioLDM2Pipeline": AudioLdm2,
}
"""By what diffusers calls them."""


def prior_ids() -> tuple[str, ...]:
    """Every prior that a person can name, installed or not; ours is first."""
    return (OWN, *(weight.id for weight in catalogue().values() if weight.purpose.startswith(_PURPOSE)))


def licence_of(prior_id: str) -> Licence:
    """Under which terms what the prior makes stands; raises :class:`BadUsage` for a prior that there is not."""
    return OWN_LICENCE if prior_id in (OWN, FAKE) else _weight(prior_id).licence


def open_prior(prior_id: str, device: torch.device | None = None) -> Prior:
    """The prior of that name, loaded anew.

    Raises :class:`BadUsage` for one that there is not, and :class:`WeightError` with the way to get it for one that is
    not on this machine.
    """
    device = device or usual_device()
    if prior_id == OWN:
        return OwnPrior.load(shipped("prior"), device)
    if prior_id == FAKE:
        return FakePrior()
    folder = located_of(_weight(prior_id))
    return kind_of(folder).load(folder, device)


@contextmanager
def lent_prior(prior_id: str, device: torch.device | None = None) -> Iterator[Prior]:
    """The same, from memory where it is there already; what nobody uses makes room for it. Raises as above."""
    device = device or usual_device()
    if prior_id == OWN:
        with residency.own("prior", lambda path: OwnPrior.load(path, device), device.type) as own:
            yield own
        return
    if prior_id == FAKE:
        yield FakePrior()
        return
    folder = located_of(_weight(prior_id))
    kind = kind_of(folder)
    load = partial(kind.load, folder, device)
    with residency.borrow(
        prior_id, load, need_bytes=needs_to_load(kind.demand(folder), device), device=str(device), stamp=folder
    ) as public:
        yield public


def plan_of(prior: Prior) -> str:
    """How a large prior is run on this machine, in one sentence; nothing for small ones."""
    return str(prior.plan) if isinstance(prior, LatentPrior) else ""


def kind_of(folder: Path) -> _Public:
    """Which class reads a folder; raises :class:`WeightError`."""
    if is_published_form(folder):
        return StableAudio3
    name = class_of(folder)
    if name not in _KINDS:
        raise WeightError(f"{folder} holds a {name}, which is no prior that is known here.")
    return _KINDS[name]


def usual_device() -> torch.device:
    """A GPU where there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def _weight(prior_id: str) -> Weight:
    if prior_id not in prior_ids():
        raise BadUsage(f"There is no prior called {prior_id!r}; there are {', '.join(prior_ids())}.")
    return catalogue()[prior_id]
