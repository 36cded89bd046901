"""The ear by which sets of sounds are compared: trained on recordings that neither the prior nor any test ever uses."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.metrics.ear_net import EarNet, EarSettings
from engine.metrics.judge import at_one_length
from engine.weights.hashes import sha256_of
from engine.weights.net_file import read_net

KIND = "ear"
SETTINGS = EarSettings(widths=(32, 64, 96, 32))
"""Its embedding has 64 numbers: a few hundred sounds then suffice for a Fréchet distance."""


class Embedding:
    """Log-mel frames of levelled sounds as rows ``[n, 64]``; ``name`` says which ear it was."""

    def __init__(self, net: EarNet, name: str) -> None:
        self._net, self.name = net.eval(), name

    @classmethod
    def load(cls, path: Path) -> Embedding:
        """Read it from a file; raises :class:`WeightError`. Its name holds the first figures of the file's hash."""
        file = read_net(path, KIND)
        net = EarNet(EarSettings.read(file.settings))
        net.load_state_dict({name: value.float() for name, value in file.tensors.items()})
        return cls(net, f"own-ear-v1:{sha256_of(path)[:8]}")

    @torch.no_grad()
    def __call__(self, sounds: Iterable[NDArray[np.floating]]) -> Tensor:
        """Of frames ``[n, bands]`` of each sound."""
        rows = [self._net.embed(at_one_length(torch.from_numpy(np.asarray(f, np.float32))[None])) for f in sounds]
        return torch.cat(rows)
