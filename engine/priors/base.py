"""What a prior is: something that was trained on sounds and words, and says what a sound would have to become."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from engine.errors import BadUsage

MOST_GUIDANCE = 100.0


@dataclass(frozen=True, slots=True)
class Prompt:
    """What is wanted and what is not. ``guidance`` is ``w`` in ``without + w (with - without)``; 1 is none.

    Raises :class:`BadUsage` for words without a letter or figure, and for a guidance that makes no sense.
    """

    text: str
    negative: str = ""
    guidance: float = 3.0

    def __post_init__(self) -> None:
        if not any(sign.isalnum() for sign in self.text):
            raise BadUsage("There are no words to go by; say what it should sound like, such as “a dull wooden knock”.")
        if not 0.0 <= self.guidance <= MOST_GUIDANCE:
            raise BadUsage(f"A guidance of {self.guidance:g} makes no sense; choose one from 0 to {MOST_GUIDANCE:g}.")


@dataclass(frozen=True, slots=True)
class Noising:
    """How far a sound is taken towards noise before the prior looks: a level ``t`` for each row, drawn from ``low`` to
    ``high`` (0 the sound, 1 noise), and the number of ``steps`` on the way back."""

    low: float = 0.3
    high: float = 0.9
    steps: int = 2


def draw_levels(n_rows: int, noising: Noising, rng: torch.Generator) -> Tensor:
    """A noise level for each row, stratified: each draws from a part of the range of its own. ``[n_rows]``, CPU."""
    place = (torch.arange(n_rows) + torch.rand(n_rows, generator=rng)) / max(n_rows, 1)
    return noising.low + (noising.high - noising.low) * place


class Prior(Protocol):
    """A text-conditioned prior over sounds. ``z`` is its own picture of a sound; rows are independent."""

    @property
    def sample_rate(self) -> int:
        """Hz, of what goes in and comes out."""
        ...

    @property
    def longest_s(self) -> float:
        """How long the sounds are that it knows, at most."""
        ...

    @property
    def usual_steps(self) -> int:
        """So many steps its makers take to draw a sound."""
        ...

    @property
    def usual_guidance(self) -> float:
        """The guidance of a prompt for which nobody chose one."""
        ...

    def mixture(self, t: Tensor) -> tuple[Tensor, Tensor]:
        """How much of the sound and how much noise of deviation 1 there is at the levels ``t``: of that shape each."""
        ...

    def embed(self, audio: Tensor) -> Tensor:
        """``[batch, channels, n]`` as ``z``, differentiable."""
        ...

    def target(
        self, z: Tensor, prompt: Prompt, rng: torch.Generator, noising: Noising
    ) -> Generator[float, None, Tensor]:
        """What ``z`` would have to become to sound like the prompt: the same shape, without gradients.

        Yields once for each pass through the net: the share that is done.
        """
        ...

    def sample(
        self, prompt: Prompt, seconds: float, count: int, rng: torch.Generator, steps: int
    ) -> Generator[float, None, Tensor]:
        """``count`` sounds of that length as ``z``; yields as :meth:`target` does."""
        ...

    def hear(self, z: Tensor) -> Tensor:
        """``z`` as sound ``[batch, channels, n]``."""
        ...
