"""Which of the classes a sound is: an ear that was trained on labelled recordings only, and takes no part in tuning."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from engine.dsp.levelled import levelled
from engine.dsp.mel import LOG_FLOOR, MOST_FRAMES, RATE_HZ, log_mel
from engine.errors import WeightError
from engine.metrics.ear_net import EarNet, EarSettings
from engine.weights.net_file import read_net

KIND = "judge"


class Judge:
    """Probabilities of classes. Sounds are brought to one level and to one length first."""

    def __init__(self, net: EarNet, classes: Sequence[str]) -> None:
        self.classes = tuple(classes)
        self._net = net.eval()

    @classmethod
    def load(cls, path: Path) -> Judge:
        """Read it from a file; raises :class:`WeightError`."""
        file = read_net(path, KIND)
        classes = [str(name) for name in file.settings.get("classes", ())]
        settings = EarSettings.read(file.settings)
        if len(classes) != settings.answers:
            raise WeightError(f"{path} names {len(classes)} classes for {settings.answers} answers; train it again.")
        net = EarNet(settings)
        net.load_state_dict({name: value.float() for name, value in file.tensors.items()})
        return cls(net, classes)

    @torch.no_grad()
    def probabilities(self, samples: Tensor) -> Tensor:
        """Of each class for sounds ``[batch, n]`` at :data:`RATE_HZ`: ``[batch, classes]``."""
        return self.of_frames(log_mel(levelled(samples, RATE_HZ)))

    @torch.no_grad()
    def of_frames(self, frames: Tensor) -> Tensor:
        """The same for log-mel frames ``[batch, n, bands]`` of levelled sounds."""
        found: Tensor = self._net(at_one_length(frames)).softmax(1)
        return found


def at_one_length(frames: Tensor) -> Tensor:
    """``[batch, n, bands]`` with :data:`MOST_FRAMES` frames: cut, or followed by silence."""
    short = MOST_FRAMES - frames.shape[1]
    if short <= 0:
        return frames[:, :MOST_FRAMES]
    return torch.nn.functional.pad(frames, (0, 0, 0, short), value=LOG_FLOOR)
