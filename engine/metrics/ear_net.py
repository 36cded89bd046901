"""A small ear: log-mel frames in, one vector out. Judge, listener and the embedding of the metrics are made of it.

Residual blocks (He et al., arXiv 1512.03385) over time and frequency, after a first step that takes four frames by four
bands together; the vector is the mean and the largest value over time of what remains, after the mean over frequency.
Plain convolutions with channels last suit a processor without a GPU.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.dsp.mel import N_BANDS

LEAST_FRAMES = 32
"""Shorter sounds are followed by silence: the net halves time four times."""


@dataclass(frozen=True, slots=True)
class EarSettings:
    """What builds an ear: channels of the stages, blocks in each, numbers in the answer."""

    widths: tuple[int, ...] = (40, 80, 160, 240)
    blocks: int = 1
    answers: int = 384

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> EarSettings:
        """From the JSON of a file."""
        plain = cls()
        widths = tuple(int(width) for width in data.get("widths", plain.widths))
        return cls(widths, int(data.get("blocks", plain.blocks)), int(data.get("answers", plain.answers)))

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "widths": list(self.widths)}


class EarNet(nn.Module):
    """See the module. :attr:`mean` and :attr:`spread` are those of each band in training."""

    mean: Tensor
    spread: Tensor

    def __init__(self, settings: EarSettings, dropout: float = 0.0) -> None:
        super().__init__()
        self.settings = settings
        widths = settings.widths
        self.register_buffer("mean", torch.zeros(N_BANDS))
        self.register_buffer("spread", torch.ones(N_BANDS))
        self.begin = nn.Sequential(nn.Conv2d(1, widths[0], 8, stride=4, padding=2), nn.BatchNorm2d(widths[0]))
        stages: list[nn.Module] = []
        for before, width in zip((widths[0], *widths), widths, strict=False):
            stages.append(_Block(before, width, 1 if not stages else 2))
            stages += [_Block(width, width, 1) for _ in range(settings.blocks - 1)]
        self.stages = nn.Sequential(*stages)
        self.norm = nn.LayerNorm(2 * widths[-1])
        self.drop = nn.Dropout(dropout)
        self.answer = nn.Linear(2 * widths[-1], settings.answers)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, frames: Tensor) -> Tensor:
        """Log-mel frames ``[batch, n, N_BANDS]`` of levelled sounds: ``[batch, answers]``."""
        answer: Tensor = self.answer(self.drop(self.embed(frames)))
        return answer

    def embed(self, frames: Tensor) -> Tensor:
        """What the answer is made from: ``[batch, 2 * widths[-1]]``."""
        if frames.shape[1] < LEAST_FRAMES:
            frames = F.pad(frames, (0, 0, 0, LEAST_FRAMES - frames.shape[1]), value=float(frames.min()))
        x = ((frames - self.mean) / self.spread)[:, None].contiguous(memory_format=torch.channels_last)
        x = self.stages(F.relu(self.begin(x))).float().mean(3)
        vector: Tensor = self.norm(torch.cat([x.mean(2), x.amax(2)], 1))
        return vector


class _Block(nn.Module):
    """Two convolutions beside a short cut; ``stride`` halves time and frequency."""

    def __init__(self, before: int, width: int, stride: int) -> None:
        super().__init__()
        self.one = nn.Conv2d(before, width, 3, stride=stride, padding=1, bias=False)
        self.norm_one = nn.BatchNorm2d(width)
        self.two = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.norm_two = nn.BatchNorm2d(width)
        self.past: nn.Module = nn.Identity()
        if stride > 1 or before != width:
            self.past = nn.Sequential(nn.Conv2d(before, width, 1, stride=stride, bias=False), nn.BatchNorm2d(width))

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm_two(self.two(F.relu(self.norm_one(self.one(x)))))
        return F.relu(y + self.past(x))
