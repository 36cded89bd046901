"""One loudness for everything that nets hear: they were trained on sounds of one level and know no other."""

from __future__ import annotations

import torch
from torch import Tensor

LOUDEST_RMS = 0.2
"""What the loudest 50 ms are brought to."""
MOST_PEAK = 1.0
_SHARES_PER_S = 40
_QUIETEST = 1e-7


def levelling_gain(samples: Tensor, rate_hz: int) -> Tensor:
    """What brings each row of ``samples`` ``[..., n]`` to the level: ``[..., 1]``, without gradients.

    The loudest 50 ms count, so silence after a strike changes nothing; silence stays silence.
    """
    with torch.no_grad():
        loudest = _loudest(samples.detach(), rate_hz).sqrt()
        peak = samples.detach().abs().amax(-1, keepdim=True)
        gain = torch.minimum(LOUDEST_RMS / loudest.clamp(min=_QUIETEST), MOST_PEAK / peak.clamp(min=_QUIETEST))
        return torch.where(peak > _QUIETEST, gain, torch.ones_like(gain))


def levelled(samples: Tensor, rate_hz: int) -> Tensor:
    """``samples`` ``[..., n]`` at the level, differentiable as if the gain were a constant."""
    return samples * levelling_gain(samples, rate_hz)


def levelled_through(samples: Tensor, rate_hz: int) -> Tensor:
    """The same, differentiable through the gain as well: being louder alone has no slope.

    Where a peak decides the gain, it counts as if the loudest 50 ms did.
    """
    loudest = _loudest(samples, rate_hz).clamp(min=_QUIETEST**2)
    return samples * levelling_gain(samples, rate_hz) * (loudest.detach() / loudest).sqrt()


def _loudest(samples: Tensor, rate_hz: int) -> Tensor:
    """Mean square of the loudest 50 ms, ``[..., 1]``."""
    hop = max(rate_hz // _SHARES_PER_S, 1)
    power = torch.nn.functional.pad(samples.square(), (0, (-samples.shape[-1]) % hop + hop))
    parts = power.reshape(*power.shape[:-1], -1, hop).mean(-1)
    return (0.5 * (parts[..., 1:] + parts[..., :-1])).amax(-1, keepdim=True)
