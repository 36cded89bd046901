"""A prior that is a formula: a mixture of Gaussians around a few sounds, whose score is known exactly.

It has learned nothing and draws nothing that it was not told, but what it answers is right to the last digit, at once
and without any file: for tests, and for a program that runs without trained nets.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from itertools import pairwise

import torch
from torch import Tensor

from engine.dsp.levelled import levelled
from engine.dsp.mel import HOP, LONGEST_S, MOST_FRAMES, N_BANDS, RATE_HZ, log_mel
from engine.errors import BadUsage
from engine.priors.base import Noising, Prompt, draw_levels
from engine.priors.fake_sounds import KNOWN, PITCHES, draw_all, meant_by
from engine.priors.own_net import frames_for
from engine.vocoder.griffin_lim import griffin_lim

LEAST_S = 0.05
SPREAD = 0.35
"""How far sounds lie from the one that they are a kind of, in normalised log-mel frames."""
_MEAN, _DEVIATION = -6.0, 3.0


class FakePrior:
    """See :class:`engine.priors.base.Prior`. ``z`` ``[batch, frames, bands]`` are normalised log-mel frames.

    With ``z_t = (1 - t) x + t e`` and ``x`` from ``sum_k p_k N(m_k, s^2)``, the estimate is exactly ``E[x | z_t]``.
    A text picks the ``p_k``: those of the sounds that it names, or all when it names none.
    """

    sample_rate = RATE_HZ
    longest_s = LONGEST_S
    usual_steps, usual_guidance = 8, 3.0

    def __init__(self) -> None:
        self._centres: dict[int, Tensor] = {}

    def mixture(self, t: Tensor) -> tuple[Tensor, Tensor]:
        """See :class:`Prior`: straight lines."""
        return 1.0 - t, t

    def embed(self, audio: Tensor) -> Tensor:
        """See :class:`Prior`."""
        return (log_mel(levelled(audio.mean(1), RATE_HZ))[:, :MOST_FRAMES] - _MEAN) / _DEVIATION

    def target(
        self, z: Tensor, prompt: Prompt, rng: torch.Generator, noising: Noising
    ) -> Generator[float, None, Tensor]:
        """See :class:`Prior`."""
        z = z.detach()
        level = draw_levels(z.shape[0], noising, rng).to(z.device)
        noise = torch.randn(z.shape, generator=rng).to(z.device)
        noisy = torch.lerp(z, noise, level[:, None, None])
        grid = torch.linspace(1.0, 0.0, noising.steps + 1, device=z.device)[:, None] * level
        return (yield from self._way_back(noisy, grid, prompt))

    def sample(
        self, prompt: Prompt, seconds: float, count: int, rng: torch.Generator, steps: int = 8
    ) -> Generator[float, None, Tensor]:
        """See :class:`Prior`."""
        if not LEAST_S <= seconds <= LONGEST_S:
            raise BadUsage(f"{seconds:g} s is out of reach; choose a length from {LEAST_S:g} to {LONGEST_S:g} s.")
        noise = torch.randn((count, frames_for(seconds), N_BANDS), generator=rng)
        grid = torch.linspace(1.0, 0.0, steps + 1)[:, None].expand(-1, count)
        return (yield from self._way_back(noise, grid, prompt))

    def hear(self, z: Tensor) -> Tensor:
        """See :class:`Prior`; phases are the same each time."""
        return griffin_lim(self.frames(z), torch.Generator().manual_seed(0))[:, None]

    def frames(self, z: Tensor) -> Tensor:
        """``z`` as log-mel frames."""
        return z * _DEVIATION + _MEAN

    def centres(self, n_frames: int) -> Tensor:
        """The middles of the mixture, as ``z`` of that length: ``[sounds * pitches, n_frames, bands]``."""
        if n_frames not in self._centres:
            self._centres[n_frames] = self.embed(draw_all(max(n_frames - 1, 1) * HOP)[:, None])
        return self._centres[n_frames]

    def estimate(self, noisy: Tensor, t: Tensor, text: str) -> Tensor:
        """``E[x | z_t]`` for rows ``[batch, frames, bands]`` at levels ``t`` ``[batch]``, given the words."""
        middles = self.centres(noisy.shape[1]).to(noisy)
        left = (1.0 - t)[:, None]
        variance = left**2 * SPREAD**2 + t[:, None] ** 2
        flat, flat_middles = noisy.flatten(1), middles.flatten(1)
        fit = left * flat @ flat_middles.T - 0.5 * left**2 * flat_middles.square().sum(1)
        share = torch.softmax(fit / variance + self._chances(text).to(noisy), 1)
        shrink = left * SPREAD**2 / variance
        middle = share @ flat_middles
        return (middle + shrink * (flat - left * middle)).view_as(noisy)

    def _way_back(self, noisy: Tensor, grid: Tensor, prompt: Prompt) -> Generator[float, None, Tensor]:
        w = prompt.guidance
        for done, (here, there) in enumerate(pairwise(grid), 1):
            with torch.no_grad():
                x = self.estimate(noisy, here, prompt.text)
                if w != 1.0:
                    without = self.estimate(noisy, here, prompt.negative)
                    x = without + w * (x - without)
                noisy = x + (there / here)[:, None, None] * (noisy - x)
            yield done / (len(grid) - 1)
        return noisy

    def _chances(self, text: str) -> Tensor:
        """The logarithms of ``p_k``."""
        meant = meant_by(text)
        chances = torch.tensor([0.0 if not meant or name in meant else -math.inf for name in KNOWN])
        return chances.repeat_interleave(len(PITCHES))
