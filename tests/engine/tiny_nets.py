"""Small nets for tests, as files and as values: untrained, so what they say means nothing, but they say it always."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import torch

from engine.metrics.ear_net import EarSettings
from engine.priors.listener import Listener, ListenerNet
from engine.priors.own_net import PriorNet, PriorSettings
from engine.weights.net_file import NetFile, write_net

PRIOR = PriorSettings(width=48, depth=2, heads=2)
EAR = EarSettings(widths=(8, 12, 16, 24), answers=48)


def listener_net() -> ListenerNet:
    torch.manual_seed(3)
    return ListenerNet(EAR)


def tiny_listener() -> Listener:
    return Listener(listener_net())


def write_tiny_nets(folder: Path) -> Path:
    """A folder with a prior and a listener."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    net = PriorNet(PRIOR)
    for parameter in net.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    write_net(folder / "prior.safetensors", NetFile("prior", asdict(PRIOR), {}, net.state_dict()))
    write_net(folder / "listener.safetensors", NetFile("listener", EAR.to_json(), {}, listener_net().state_dict()))
    return folder
