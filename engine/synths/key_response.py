"""What the key does to an operator: its level and the speed of its envelope over the keyboard, its level by velocity.

The tables are the DX7's as Google's music-synthesizer-for-android (msfa, Apache-2.0) publishes them.
"""

from __future__ import annotations

import torch
from torch import Tensor

from engine.dsp.units import NATS_PER_DB

_VELOCITY = (
    0, 70, 86, 97, 106, 114, 121, 126, 132, 138, 142, 148, 152, 156, 160, 163, 166, 170, 173, 174, 178, 181,
    184, 186, 189, 190, 194, 196, 198, 200, 202, 205, 206, 209, 211, 214, 216, 218, 220, 222, 224, 225, 227, 229,
    230, 232, 233, 235, 237, 238, 240, 241, 242, 243, 244, 246, 246, 248, 249, 250, 251, 252, 253, 254,
)  # fmt: skip
"""Level of every other velocity, in steps of :data:`_VELOCITY_STEP_DB` at full sensitivity."""
_VELOCITY_ZERO = 239
_VELOCITY_STEP_DB = 7 * 16 / 8 * 6.020599913279624 / 256

_EXPONENTIAL = (
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 14, 16, 19, 23, 27, 33, 39, 47, 56, 66, 80, 94, 110, 126, 142, 158, 174, 190,
    206, 222, 238, 250,
)  # fmt: skip
"""Share of the full depth, reached at the last entry, by distance from the break key."""

KEYS_PER_STEP = 3
STEPS_PER_OCTAVE = 4
LOWEST_RATE_STEP, HIGHEST_RATE_STEP = 7, 38


def velocity_dx7_nats(velocity: Tensor, sensitivity: Tensor) -> Tensor:
    """Change of level by MIDI ``velocity`` (1..127) under the DX7's curve, in natural logarithms of amplitude.

    About 0 at velocity 100. ``sensitivity`` is 0..1 for the DX7's 0..7. Between two entries of the table, straight.
    """
    table = torch.tensor(_VELOCITY, dtype=velocity.dtype, device=velocity.device)
    place = (velocity / 2.0).clamp(0.0, len(_VELOCITY) - 1.0)
    below = place.floor().long().clamp(max=len(_VELOCITY) - 2)
    steps = torch.lerp(table[below], table[below + 1], place - below)
    return (steps - _VELOCITY_ZERO) * sensitivity * (_VELOCITY_STEP_DB * NATS_PER_DB)


def key_level_db(key: Tensor, break_key: Tensor, depth_db: Tensor, exponential: Tensor) -> Tensor:
    """Change of level on ``key`` by the scaling on its side of ``break_key`` (both whole MIDI numbers).

    ``depth_db`` ``[..., 2]`` and ``exponential`` ``[..., 2]`` (true for that curve) hold the left and the right side.
    """
    distance = key - break_key
    side = (distance >= 0).long()[..., None]
    depth = depth_db.gather(-1, side)[..., 0]
    is_exponential = exponential.gather(-1, side)[..., 0]
    steps = (distance.abs() / KEYS_PER_STEP).floor()
    table = torch.tensor(_EXPONENTIAL, dtype=depth.dtype, device=depth.device)
    most = len(_EXPONENTIAL) - 1
    curved = table[steps.long().clamp(max=most)] * (most / (table[-1] * STEPS_PER_OCTAVE))
    return depth * torch.where(is_exponential, curved, steps / STEPS_PER_OCTAVE)


def key_speed(key: Tensor, amount: Tensor) -> Tensor:
    """Factor on the speed of an envelope on ``key``; ``amount`` is 0..1 for the DX7's rate scaling 0..7."""
    step = (key / KEYS_PER_STEP).floor().clamp(LOWEST_RATE_STEP, HIGHEST_RATE_STEP) - LOWEST_RATE_STEP
    return torch.exp2(step * amount * (7.0 / 32.0))
