"""Priors of every kind with small random nets, so that their ways can be tested where no large net lies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from engine.priors.audioldm2 import AudioLdm2
from engine.priors.base import Prior
from engine.priors.fake import FakePrior
from engine.priors.own import OwnPrior
from engine.priors.own_net import PriorNet, PriorSettings
from engine.priors.pipelines import quiet
from engine.priors.stable_audio import StableAudio3, StableAudioOpen

PUBLIC = ("stable-audio-open-1.0", "stable-audio-3", "audioldm2")
PRIORS = ("own", "fake", *PUBLIC)
_folders: dict[str, Path] = {}


def open_tiny(name: str, folders: pytest.TempPathFactory) -> Prior:
    """The prior of that name."""
    if name == "own":
        return tiny_own()
    if name == "fake":
        return FakePrior()
    folder = tiny_folder(name, folders)
    kinds: dict[str, Any] = {
        "stable-audio-open-1.0": StableAudioOpen,
        "stable-audio-3": StableAudio3,
        "audioldm2": AudioLdm2,
    }
    prior: Prior = kinds[name].load(folder)
    return prior


def tiny_folder(name: str, folders: pytest.TempPathFactory) -> Path:
    """A small random checkpoint in the real format, written once a run."""
    pytest.importorskip("diffusers", reason="The public priors need `pip install 'tonewright[priors]'`.")
    import tiny_checkpoints

    save = {
        "stable-audio-open-1.0": tiny_checkpoints.save_stable_audio_open,
        "stable-audio-3": tiny_checkpoints.save_stable_audio_3,
        "audioldm2": tiny_checkpoints.save_audioldm2,
    }[name]
    if name not in _folders:
        with quiet():
            _folders[name] = save(folders.mktemp("checkpoints") / name)
    return _folders[name]


def tiny_own() -> OwnPrior:
    """Our own with a net whose answers depend on all that goes in."""
    torch.manual_seed(0)
    net = PriorNet(PriorSettings(width=64, depth=2, heads=2))
    for parameter in net.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    return OwnPrior(net)
