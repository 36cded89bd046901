"""How loud an object is by nature, so that every object can be made as loud as the others.

Loud is what the ear says: modes below and above hearing count nothing, high ones a little more than low ones, and what
is over at once less than what rings. Modes count as they are struck and heard at the usual places of the instrument.
"""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor

from engine.params.impact import IMPACT_SPACE, SHAPES
from engine.synths.impact_shapes import Free, family_of

_FADE_FROM_HZ, _FADE_TO_HZ = 10.0, 20.0
"""Modes below are no sound."""
_LOW_HZ, _SHELF_HZ, _SHELF = 38.0, 1_700.0, 1.5
"""The ear's weights, about as ITU-R BS.1770's K: below the first it hears little, above the second 4 dB more."""
_HIGH_HZ = 17_000.0
_EAR_S = 0.1
"""The ear sums power over about so long."""


def audible(hz: Tensor) -> Tensor:
    """1 for what is sound, 0 for what is too low to be heard."""
    return ((hz - _FADE_FROM_HZ) / (_FADE_TO_HZ - _FADE_FROM_HZ)).clamp(0.0, 1.0)


def ear_weight(hz: Tensor) -> Tensor:
    """How much power at ``hz`` counts."""
    low = (1.0 + (_LOW_HZ / hz.clamp(min=1.0)).square()).square().reciprocal()
    shelf = 1.0 + _SHELF / (1.0 + (_SHELF_HZ / hz.clamp(min=1.0)).square())
    high = (1.0 + (hz / _HIGH_HZ) ** 8).reciprocal()
    return audible(hz) * low * shelf * high


def loud_power(hz: Tensor, damping: Tensor) -> Tensor:
    """How much the power of modes counts that fall with ``damping`` (1/s)."""
    return ear_weight(hz) / (1.0 + 2.0 * _EAR_S * damping)


def ears(x: Tensor, y: Tensor, width: Tensor) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """Where left and right listen: beside each other, and both on the object."""
    left = x * (1.0 - 0.2 * width), y * (1.0 - 0.5 * width)
    return left, (left[0] + 0.2 * width, left[1] + 0.5 * width)


@cache
def usual_amplitude(shape: str) -> Tensor:
    """Amplitudes of the modes of a family left and right ``[2, N_MODES]`` after a click, struck and heard at the usual
    places."""
    values = IMPACT_SPACE.defaults()

    def usual(name: str) -> Tensor:
        return torch.tensor([[values[name]]], dtype=torch.float64)

    family = family_of(shape)
    struck = family.shape(usual("strike_x"), usual("strike_y"))
    if isinstance(family, Free):
        struck = struck * family.signs
    heard = [family.shape(*ear) for ear in ears(usual("pickup_x"), usual("pickup_y"), usual("width"))]
    return struck * torch.cat(heard)


def usual_amplitudes(shapes: Tensor, most: int) -> Tensor:
    """:func:`usual_amplitude` of the first ``most`` modes of each row ``[batch, 2, most]``; ``shapes`` ``[batch]`` are
    places in ``SHAPES``."""
    table = torch.stack([usual_amplitude(name)[:, :most] for name in SHAPES])
    return table.to(shapes.device)[shapes]


def loud_after_push(amplitude: Tensor, hz: Tensor, damping: Tensor, seconds: Tensor) -> Tensor:
    """How loud modes are after a push of ``seconds`` ``[batch]``, as power ``[batch]``; ``amplitude`` ``[batch, 2,
    modes]`` is that after a click. It counts what rings on, by an even curve along the tops of the push's spectrum, and
    what only follows the push itself."""
    squared = (hz * seconds[:, None]).square()
    spectrum = 1.0 / (1.0 + (1.2 * squared) ** 6) + (0.107 / (1.0 + squared)).square()
    follows = (amplitude * (squared / (1.0 + squared) ** 1.5)[:, None]).sum(2).square().mean(1)
    # A push of so long is heard as a sound of about this pitch.
    follows = 0.5 * seconds * loud_power(0.7 / seconds, torch.zeros_like(seconds)) * follows
    return (amplitude.square().mean(1) * loud_power(hz, damping) * spectrum).sum(1) + follows
