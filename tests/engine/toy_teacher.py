"""A teacher that knows exactly: a mixture of Gaussians around given sounds, to check formulas to the last digit."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from itertools import pairwise

import torch
from torch import Tensor

from engine.dsp.levelled import levelled
from engine.dsp.mel import RATE_HZ, log_mel
from engine.priors.base import Noising, Prompt


def mel_view(sounds: Tensor) -> Tensor:
    """``[batch, channels, n]`` as our own nets see it, about as large as noise."""
    return (log_mel(levelled(sounds.mean(1), RATE_HZ)) + 6.0) / 3.0


class Teacher:
    """See :class:`engine.priors.base.Prior`. A word stands for the sounds ``kinds[word]`` ``[k, n]``, each in a
    Gaussian of deviation ``spread``; no word for all of them. ``view`` makes ``z`` of sounds ``[batch, 1, n]``,
    ``back`` sounds of ``z``.

    ``x`` is told from ``z_t = (1 - t) x + t e`` by Bayes' rule, exactly. ``asked`` holds the levels, ``closed`` counts
    the questions that were dropped halfway.
    """

    sample_rate = RATE_HZ

    def __init__(
        self,
        kinds: Mapping[str, Tensor],
        view: Callable[[Tensor], Tensor] = mel_view,
        back: Callable[[Tensor], Tensor] | None = None,
        spread: float = 0.3,
    ) -> None:
        self.view, self.back, self.spread = view, back, spread
        self.kinds = {word: view(sounds[:, None]) for word, sounds in kinds.items()}
        self.asked: list[float] = []
        self.looks = self.closed = 0

    def mixture(self, t: Tensor) -> tuple[Tensor, Tensor]:
        return 1.0 - t, t

    def embed(self, audio: Tensor) -> Tensor:
        self.looks += 1
        return self.view(audio)

    def estimate(self, noisy: Tensor, t: float | Tensor, word: str) -> Tensor:
        """``E[x | z_t]`` for each row, as the word has it."""
        centres = self.kinds[word] if word in self.kinds else torch.cat(list(self.kinds.values()))
        t = torch.as_tensor(t, dtype=noisy.dtype).expand(noisy.shape[0])[(...,) + (None,) * (noisy.ndim - 1)]
        power = (1.0 - t) ** 2 * self.spread**2 + t**2
        apart = noisy[:, None] - (1.0 - t)[:, None] * centres[None]
        likely = -0.5 * (apart.square() / power[:, None]).flatten(2).sum(2)
        share = torch.softmax(likely, 1)
        each = centres[None] + ((1.0 - t) * self.spread**2 / power)[:, None] * apart
        return torch.einsum("bk,bk...->b...", share, each)

    def target(
        self, z: Tensor, prompt: Prompt, rng: torch.Generator, noising: Noising
    ) -> Generator[float, None, Tensor]:
        level = noising.low + (noising.high - noising.low) * float(torch.rand(1, generator=rng))
        self.asked.append(level)
        noisy = (1.0 - level) * z + level * torch.randn(z.shape, generator=rng, dtype=z.dtype)
        try:
            return (yield from self._back(noisy, torch.linspace(level, 0.0, noising.steps + 1), prompt))
        except GeneratorExit:
            self.closed += 1
            raise

    def sample(
        self, prompt: Prompt, seconds: float, count: int, rng: torch.Generator, steps: int = 8
    ) -> Generator[float, None, Tensor]:
        shape = (count, *self.view(torch.zeros(1, 1, round(seconds * RATE_HZ))).shape[1:])
        noise = torch.randn(shape, generator=rng)
        return (yield from self._back(noise, torch.linspace(1.0, 0.0, steps + 1), prompt))

    def hear(self, z: Tensor) -> Tensor:
        assert self.back is not None
        return self.back(z)[:, None]

    def guided(self, noisy: Tensor, t: float, prompt: Prompt) -> Tensor:
        without = self.estimate(noisy, t, prompt.negative)
        return without + prompt.guidance * (self.estimate(noisy, t, prompt.text) - without)

    def _back(self, noisy: Tensor, levels: Tensor, prompt: Prompt) -> Generator[float, None, Tensor]:
        for done, (here, there) in enumerate(pairwise(levels.tolist()), 1):
            x = self.guided(noisy, here, prompt)
            noisy = x + there / here * (noisy - x)
            yield done / (len(levels) - 1)
        return noisy


class MelTeacher(Teacher):
    """One that speaks of log-mel frames, as our own prior does."""

    def frames(self, z: Tensor) -> Tensor:
        return 3.0 * z - 6.0
