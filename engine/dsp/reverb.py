"""A small room: eight delay lines that feed each other through a Householder matrix (Jot and Chaigne, 1991).

The lines are so long that a whole stretch of their shortest delay can be computed at once, so it is a few tensor
operations for each 30 ms, differentiable, and exact in stretches of any length.
"""

from __future__ import annotations

from typing import TypeVar

import torch
from torch import Tensor

DELAYS_S = (0.0297, 0.0331, 0.0371, 0.0411, 0.0437, 0.0479, 0.0523, 0.0567)
"""Without common divisors to speak of, so that echoes do not pile up."""
SIGNS = (1, -1, 1, 1, -1, 1, -1, -1)
"""Of the lines; the even ones are heard on the left, the odd ones on the right, both halved."""
N_LINES = len(DELAYS_S)

T = TypeVar("T", float, Tensor)


def lengths_at(rate: float) -> list[int]:
    """The delays in frames."""
    return [round(d * rate) for d in DELAYS_S]


def line_gains(decay_s: T, rate: float) -> list[T]:
    """What each line keeps of what goes through it, so that all fall by 60 dB in ``decay_s``."""
    return [10.0 ** (-3.0 * n / rate / decay_s) for n in lengths_at(rate)]


class Reverb:
    """The room's answer to sound that comes in stretches.

    ``decay_s`` ``[rows]`` is the time to -60 dB at low frequencies, ``damping`` ``[rows]`` (0 to 1) how much sooner
    high ones go: each pass through a line mixes half so much of the frame before in.
    """

    def __init__(self, decay_s: Tensor, damping: Tensor, rate: float, like: Tensor) -> None:
        self._lengths = lengths_at(rate)
        self._gains = torch.stack(line_gains(decay_s, rate), 1).to(like.dtype)[..., None]
        self._mix = (0.5 * damping).to(like.dtype)[:, None]
        rows = decay_s.shape[0]
        self._signs = torch.tensor(SIGNS, dtype=like.dtype, device=like.device)[:, None]
        # Line by line what will come out of it next, after the last frame that came out.
        self._coming = like.new_zeros(rows, N_LINES, max(self._lengths) + 1)

    def run(self, x: Tensor) -> Tensor:
        """The next stretch of what comes back of ``x`` ``[rows, n]``, left and right: ``[rows, 2, n]``."""
        if torch.is_grad_enabled() and any(t.requires_grad for t in (x, self._gains, self._mix)):
            heard = self._run_with_gradients(x)
        else:
            heard = self._run_in_place(x)
        signed = heard * self._signs
        return torch.stack([signed[:, 0::2].sum(1), signed[:, 1::2].sum(1)], 1) * 0.5

    def _fed(self, line_ends: Tensor, sent: Tensor) -> tuple[Tensor, Tensor]:
        """What is heard of the lines ``[rows, lines, n]`` and what goes into them; ``line_ends`` has one frame more."""
        heard = torch.lerp(line_ends[..., 1:], line_ends[..., :-1], self._mix[..., None]) * self._gains
        return heard, heard - heard.sum(1, keepdim=True) * (2.0 / N_LINES) + sent[:, None]

    def _run_in_place(self, x: Tensor) -> Tensor:
        n = x.shape[1]
        coming = torch.nn.functional.pad(self._coming, (0, n))
        found = x.new_empty(x.shape[0], N_LINES, n)
        step = min(self._lengths)
        for begin in range(0, n, step):
            end = min(begin + step, n)
            found[..., begin:end], fed = self._fed(coming[..., begin : end + 1], x[:, begin:end])
            for i, length in enumerate(self._lengths):
                coming[:, i, begin + length + 1 : end + length + 1] = fed[:, i]
        self._coming = coming[..., n:].clone()
        return found

    def _run_with_gradients(self, x: Tensor) -> Tensor:
        lines = [self._coming[:, i, : length + 1] for i, length in enumerate(self._lengths)]
        parts = [x.new_zeros(x.shape[0], N_LINES, 0)]
        for sent in torch.split(x, min(self._lengths), 1):
            n = sent.shape[1]
            heard, fed = self._fed(torch.stack([line[:, : n + 1] for line in lines], 1), sent)
            lines = [torch.cat([line[:, n:], fed[:, i]], 1) for i, line in enumerate(lines)]
            parts.append(heard)
        return torch.cat(parts, 2)
