"""What learns to tell a vocoder's sounds from recordings, so that the vocoder learns to leave no such sign.

A critic looks at complex spectra of one window, as those of UnivNet and Vocos do (arXiv 2106.07889, 2306.00814), but is
small: :data:`WIDTH` channels. Scores are drawn to 1 and 0 (least squares, Mao et al., arXiv 1611.04076), and what the
layers answer to the recording is what they shall answer to the copy (feature matching).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

WINDOWS = (2048, 1024, 512)
WIDTH = 24
_PRESSED = 0.5
"""Magnitudes are raised to this power: what is soft is seen too."""
_LEAK = 0.1

Answers = list[list[Tensor]]
"""Of each critic what its layers answer, the score last."""


class Critics(nn.Module):
    """One critic for each of :data:`WINDOWS`."""

    def __init__(self, width: int = WIDTH) -> None:
        super().__init__()
        self.all = nn.ModuleList(_Critic(window, width) for window in WINDOWS)

    def forward(self, sounds: Tensor) -> Answers:
        """Of ``sounds`` ``[batch, n]`` at about one level."""
        return [critic(sounds) for critic in self.all]


class _Critic(nn.Module):
    def __init__(self, window: int, width: int) -> None:
        super().__init__()
        self.window = window
        self.layers = nn.ModuleList(
            [nn.Conv2d(2, width, (3, 9), (1, 2), (1, 4))]
            + [nn.Conv2d(width, width, (3, 9), (1, 2), (1, 4)) for _ in range(3)]
            + [nn.Conv2d(width, width, 3, padding=1)]
        )
        self.score = nn.Conv2d(width, 1, 3, padding=1)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, sounds: Tensor) -> list[Tensor]:
        size = self.window
        window = torch.hann_window(size, device=sounds.device)
        # The transform knows no numbers of 16 bits.
        with torch.autocast(sounds.device.type, enabled=False):
            found = torch.stft(sounds.float(), size, size // 4, window=window, center=False, return_complex=True)
            found = found * (float(window.square().sum()) ** -0.5)
            power = found.real.square() + found.imag.square() + 1e-6
            parts = torch.stack([found.real, found.imag], 1) * power[:, None].pow(0.5 * (_PRESSED - 1.0))
        x = parts.transpose(2, 3).contiguous(memory_format=torch.channels_last)
        answers = []
        for layer in self.layers:
            x = F.leaky_relu(layer(x), _LEAK)
            answers.append(x)
        return [*answers, self.score(x)]


def critics_loss(real: Answers, made: Answers) -> Tensor:
    """What the critics learn by: recordings score 1, copies 0."""
    parts = [
        (1.0 - one[-1].float()).square().mean() + other[-1].float().square().mean()
        for one, other in zip(real, made, strict=True)
    ]
    return torch.stack(parts).mean()


def copies_loss(real: Answers, made: Answers) -> tuple[Tensor, Tensor]:
    """What the vocoder learns by: that copies score 1, and that the layers answer as they do to the recording."""
    score = torch.stack([(1.0 - one[-1].float()).square().mean() for one in made]).mean()
    apart = [
        (one.detach().float() - other.float()).abs().mean() / one.detach().float().abs().mean().clamp(min=1e-6)
        for real_one, made_one in zip(real, made, strict=True)
        for one, other in zip(real_one[:-1], made_one[:-1], strict=True)
    ]
    return score, torch.stack(apart).mean()
