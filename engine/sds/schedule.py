"""How far towards noise a sound is taken before the prior looks, and how that changes on the way (arXiv 2505.04621).

``t`` goes from 0 (the sound) to 1 (noise): ``z_t = alpha h + sigma e`` with noise ``e`` of deviation 1. What ``alpha``
and ``sigma`` are at a level is the prior's (:meth:`engine.priors.base.Prior.mixture`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch

from engine.errors import BadUsage

Weighing = Literal["sound", "noise", "noise power"]
"""What counts the same at each level. ``sound``: the difference of the estimated sound from the sound. ``noise``: that
of the estimated noise from the noise, ``w(t) = 1`` in the paper's Equation 2. ``noise power``: ``w(t) = sigma**2``
(DreamFusion, arXiv 2209.14988).

With ``sound`` the loss weighs 1 at every level, so it stays as heavy beside what is fitted from the first step to the
last. With the others what is drawn near the sound weighs more: on straight lines ``noise`` is 3.2 at level 0.2, 0.5 at
0.5 and 0.05 at 0.8, and grows as the top of the schedule falls."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """Levels from ``low`` to a top that falls from ``high`` to ``end`` over the run: coarse first, detail last.

    ``stratified`` draws each of several levels from a part of the range of its own, so that a few tell what many would
    (CARV, arXiv 2605.21489). Raises :class:`BadUsage` for a range that makes no sense.
    """

    low: float = 0.2
    high: float = 0.8
    end: float = 0.5
    stratified: bool = True

    def __post_init__(self) -> None:
        if not 0.0 < self.low <= min(self.high, self.end) <= max(self.high, self.end) < 1.0:
            told = f"{self.low:g} to {self.high:g}, in the end to {self.end:g}"
            raise BadUsage(f"Noise levels from {told}, make no sense: 0 < low <= end, high < 1.")

    def top(self, share: float) -> float:
        """The highest level when ``share`` (0..1) of the run is over."""
        return self.high + (self.end - self.high) * min(max(share, 0.0), 1.0)

    def levels(self, share: float, n: int, rng: torch.Generator) -> list[float]:
        """``n`` levels, drawn for when ``share`` of the run is over."""
        place = torch.rand(n, generator=rng, dtype=torch.float64)
        if self.stratified:
            place = (torch.arange(n, dtype=torch.float64) + place) / n
        return (self.low + (self.top(share) - self.low) * place).tolist()


def weight(alpha: float, sigma: float, weighing: Weighing) -> float:
    """What multiplies ``h - h*`` at a level that is mixed of ``alpha`` and ``sigma``; ``h*`` is the estimated sound.

    Equation 2 moves along ``w(t) (e* - e) dz_t/dh`` with the estimated noise ``e*``. Of one step back, ``z_t = alpha h
    + sigma e = alpha h* + sigma e*``, so ``e* - e = (alpha / sigma) (h - h*)``; and ``dz_t/dh`` is ``alpha``. That is
    ``w(t) alpha**2 / sigma``, and ``w(t) = sigma / alpha**2`` is :data:`Weighing` ``sound``.
    """
    if weighing == "sound":
        return 1.0
    own = 1.0 if weighing == "noise" else sigma * sigma
    return own * alpha * alpha / sigma
