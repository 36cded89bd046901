"""How well a sound fits words: an ear trained to point where the words of its sounds point (CLAP, arXiv 2206.04769).

It ranks what the search and the refinement come up with, and neither of them optimises it.
"""

from __future__ import annotations

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.dsp.levelled import levelled
from engine.dsp.mel import RATE_HZ, log_mel
from engine.metrics.ear_net import EarNet, EarSettings
from engine.metrics.judge import at_one_length
from engine.priors.text import TEXT_DIM, text_encoder
from engine.weights.net_file import read_net

KIND = "listener"


class ListenerNet(nn.Module):
    """An ear and a straight map of text vectors into one space, both of length 1 there."""

    def __init__(self, settings: EarSettings, dropout: float = 0.0) -> None:
        super().__init__()
        self.ear = EarNet(settings, dropout)
        self.words = nn.Sequential(nn.Linear(TEXT_DIM, 512), nn.GELU(), nn.Linear(512, settings.answers))
        self.sharpness = nn.Parameter(torch.tensor(2.6))

    def of_sound(self, frames: Tensor) -> Tensor:
        """Log-mel frames ``[batch, n, bands]``: ``[batch, answers]``."""
        return F.normalize(self.ear(frames), dim=-1)

    def of_words(self, vectors: Tensor) -> Tensor:
        """Text vectors ``[batch, TEXT_DIM]``: ``[batch, answers]``."""
        return F.normalize(self.words(vectors * TEXT_DIM**0.5), dim=-1)


class Listener:
    """Scores of sounds against one text, -1 to 1."""

    def __init__(self, net: ListenerNet) -> None:
        self._net = net.eval()

    @classmethod
    def load(cls, path: Path) -> Listener:
        """Read it from a file; raises :class:`WeightError`."""
        file = read_net(path, KIND)
        net = ListenerNet(EarSettings.read(file.settings))
        net.load_state_dict({name: value.float() for name, value in file.tensors.items()})
        return cls(net)

    @torch.no_grad()
    def score(self, samples: Tensor, text: str) -> Tensor:
        """How well each of ``samples`` ``[batch, n]`` at :data:`RATE_HZ` fits ``text``: ``[batch]``."""
        return self.score_frames(log_mel(levelled(samples, RATE_HZ)), text)

    @torch.no_grad()
    def score_frames(self, frames: Tensor, text: str) -> Tensor:
        """The same for log-mel frames ``[batch, n, bands]`` of levelled sounds."""
        words = self._net.of_words(text_encoder()([text]))
        return self._net.of_sound(at_one_length(frames)) @ words[0]
