"""Priors of every kind with small random nets, so that their ways can be tested where no large net lies."""

from __future__ import annotations

import pytest
import torch

from engine.priors.base import Prior
from engine.priors.fake import FakePrior
from engine.priors.own import OwnPrior
from engine.priors.own_net import PriorNet, PriorSettings

PRIORS = ("own", "fake")


def open_tiny(name: str, folders: pytest.TempPathFactory) -> Prior:
    """The prior of that name."""
    if name == "own":
        return tiny_own()
    if name == "fake":
        return FakePrior()
    raise ValueError(name)


def tiny_own() -> OwnPrior:
    """Our own with a net whose answers depend on all that goes in."""
    torch.manual_seed(0)
    net = PriorNet(PriorSettings(width=64, depth=2, heads=2))
    for parameter in net.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    return OwnPrior(net)
