"""The prior that comes with the program: :class:`engine.priors.own_net.PriorNet` and what can be done with it."""

from __future__ import annotations

from collections.abc import Generator
from itertools import pairwise
from pathlib import Path

import torch
from torch import Tensor

from engine.dsp.levelled import levelled
from engine.dsp.mel import FRAMES_PER_S, LOG_FLOOR, LONGEST_S, MOST_FRAMES, N_BANDS, RATE_HZ, log_mel
from engine.errors import BadUsage
from engine.priors.base import Noising, Prompt, draw_levels
from engine.priors.own_net import PriorNet, PriorSettings, frames_for
from engine.priors.text import text_encoder
from engine.vocoder.griffin_lim import griffin_lim
from engine.weights.net_file import read_net

KIND = "prior"
LEAST_S = 0.05
N_STEPS = 24
_TIME_SHIFT = 1.5
"""How much denser the steps are where there is much noise and the shape of a sound is decided."""


class OwnPrior:
    """See :class:`engine.priors.base.Prior`. ``z`` ``[batch, frames, bands]`` are normalised log-mel frames."""

    sample_rate = RATE_HZ
    longest_s = LONGEST_S
    usual_steps, usual_guidance = N_STEPS, 3.0

    def __init__(self, net: PriorNet, device: torch.device | None = None, *, quick: bool = False) -> None:
        """``quick`` multiplies in bf16 where a CPU does so faster (its answers change by 0.4 %); a GPU always does.
        ``net`` then is good for nothing else."""
        self._device = device or torch.device("cpu")
        self._net = net.eval().requires_grad_(False).to(self._device)
        self._narrow = self._device.type != "cpu" or (quick and _multiplies_bf16())
        if self._narrow and self._device.type == "cpu":
            # Once here instead of at each pass.
            for part in self._net.modules():
                if isinstance(part, torch.nn.Linear):
                    part.to(torch.bfloat16)

    @classmethod
    def load(cls, path: Path, device: torch.device | None = None, *, quick: bool = True) -> OwnPrior:
        """Read it from a file; raises :class:`WeightError`."""
        file = read_net(path, KIND)
        net = PriorNet(PriorSettings.read(file.settings))
        net.load_state_dict({name: value.float() for name, value in file.tensors.items()})
        return cls(net, device, quick=quick)

    def mixture(self, t: Tensor) -> tuple[Tensor, Tensor]:
        """See :class:`Prior`: straight lines."""
        return 1.0 - t, t

    def embed(self, audio: Tensor) -> Tensor:
        """See :class:`Prior`: brought to the level that the net knows, cut after :data:`LONGEST_S`."""
        mono = levelled(audio.mean(1), RATE_HZ)
        frames = self._net.normalise(log_mel(mono)[:, :MOST_FRAMES])
        short = self._net.whole_tokens(frames.shape[1]) - frames.shape[1]
        if short:
            silence = self._silence().expand(frames.shape[0], short, -1)
            frames = torch.cat([frames, silence], 1)
        return frames

    def target(
        self, z: Tensor, prompt: Prompt, rng: torch.Generator, noising: Noising
    ) -> Generator[float, None, Tensor]:
        """See :class:`Prior`; levels are stratified over the rows."""
        z = z.detach()
        n = z.shape[0]
        level = draw_levels(n, noising, rng).to(z.device)
        noise = torch.randn(z.shape, generator=rng).to(z.device)
        seconds = torch.full((n,), min(z.shape[1] / FRAMES_PER_S, LONGEST_S), device=z.device)
        noisy = torch.lerp(z, noise, level[:, None, None])
        grid = torch.linspace(1.0, 0.0, noising.steps + 1, device=z.device)[:, None] * level
        return (yield from self._way_back(noisy, grid, prompt, seconds))

    def sample(
        self, prompt: Prompt, seconds: float, count: int, rng: torch.Generator, steps: int = N_STEPS
    ) -> Generator[float, None, Tensor]:
        """See :class:`Prior`. Raises :class:`BadUsage` for a length that the net does not know."""
        if not LEAST_S <= seconds <= LONGEST_S:
            raise BadUsage(f"{seconds:g} s is out of reach; choose a length from {LEAST_S:g} to {LONGEST_S:g} s.")
        n_frames = self._net.whole_tokens(frames_for(seconds))
        noise = torch.randn((count, n_frames, N_BANDS), generator=rng).to(self._device)
        even = torch.linspace(1.0, 0.0, steps + 1, device=self._device)
        grid = (_TIME_SHIFT * even / (1.0 + (_TIME_SHIFT - 1.0) * even))[:, None].expand(-1, count)
        length = torch.full((count,), seconds, device=self._device)
        return (yield from self._way_back(noise, grid, prompt, length))

    def hear(self, z: Tensor) -> Tensor:
        """See :class:`Prior`; phases are the same each time."""
        return griffin_lim(self._net.denormalise(z), torch.Generator().manual_seed(0))[:, None]

    def frames(self, z: Tensor) -> Tensor:
        """``z`` as log-mel frames."""
        return self._net.denormalise(z)

    def _silence(self) -> Tensor:
        floor = torch.full((1, 1, N_BANDS), LOG_FLOOR, device=self._device)
        return self._net.normalise(floor)

    def _way_back(self, noisy: Tensor, grid: Tensor, prompt: Prompt, seconds: Tensor) -> Generator[float, None, Tensor]:
        """Euler's steps from the levels ``grid[0]`` ``[batch]`` down to ``grid[-1]`` (0).

        Yields after each pass what share is done.

        The guided estimate is ``without + w (with - without)`` of the estimated sound, which is the same mixture of
        velocities. With a negative prompt that one is what "without" hears.
        """
        words = text_encoder()([prompt.text, prompt.negative or prompt.text]).to(noisy.device)
        n, w = noisy.shape[0], prompt.guidance
        text = words[:1].expand(n, -1)
        if w != 1.0:
            text = torch.cat([text, words[1:].expand(n, -1)])
            worded = torch.arange(2 * n, device=noisy.device) < (2 * n if prompt.negative else n)
        else:
            worded = torch.ones(n, dtype=torch.bool, device=noisy.device)
        for done, (here, there) in enumerate(pairwise(grid), 1):
            x = self._estimate(noisy, here, text, seconds, worded)
            if w != 1.0:
                with_words, without = x.chunk(2)
                x = without + w * (with_words - without)
            # From here to there on the straight line that leads to the estimate.
            share = (there / here)[:, None, None]
            noisy = x + share * (noisy - x)
            yield done / (len(grid) - 1)
        return noisy

    @torch.no_grad()
    def _estimate(self, noisy: Tensor, t: Tensor, text: Tensor, seconds: Tensor, worded: Tensor) -> Tensor:
        times = text.shape[0] // noisy.shape[0]
        with torch.autocast(noisy.device.type, torch.bfloat16, enabled=self._narrow):
            found = self._net(noisy.repeat(times, 1, 1), t.repeat(times), text, seconds.repeat(times), worded)
        estimate: Tensor = found.float()
        return estimate


def _multiplies_bf16() -> bool:
    """Whether the CPU has instructions for it; without them bf16 is slower than fp32."""
    has = torch.cpu.get_capabilities()
    return bool(has.get("avx512_bf16") or has.get("amx_bf16"))
