"""Pitch, level and velocity as numbers a formula can use; pure functions of tensors of any shape.

Levels have two maps. :func:`db_to_gain` is the plain one. :func:`level_to_amplitude` has a floor at which the sound is
exactly silent, as a fader has, and still a slope there, so that an optimiser can open a closed operator.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

NATS_PER_DB = math.log(10.0) / 20.0
"""One decibel as a natural logarithm of amplitude."""


def midi_to_hz(note: Tensor) -> Tensor:
    """Frequency of a MIDI note (69 is 440 Hz, equal temperament).

    >>> midi_to_hz(torch.tensor([69.0, 81.0])).tolist()
    [440.0, 880.0]
    """
    return 440.0 * torch.exp2((note - 69.0) / 12.0)


def semitones_to_factor(semitones: Tensor) -> Tensor:
    """Frequency factor of an interval.

    >>> semitones_to_factor(torch.tensor(-12.0)).item()
    0.5
    """
    return torch.exp2(semitones / 12.0)


def db_to_gain(level_db: Tensor) -> Tensor:
    """Amplitude factor of a level in dB, without a floor."""
    return torch.exp(level_db * NATS_PER_DB)


def db_to_nats(level_db: Tensor, floor_db: float) -> Tensor:
    """Height above the floor in natural logarithms of amplitude: 0 at ``floor_db``, the form that envelopes move in."""
    return (level_db - floor_db) * NATS_PER_DB


def nats_to_amplitude(nats: Tensor, floor_db: float) -> Tensor:
    """Amplitude at a height above the floor: exponential, but exactly 0 at height 0.

    The exponential cannot reach zero, so below one natural logarithm (8.7 dB) above the floor the curve is its own
    tangent there, the one that passes through the origin: ``a(x) = e**floor * exp(max(x, 1)) * min(x, 1)``. Value and
    slope are continuous and the slope is never zero.
    """
    floor = math.exp(floor_db * NATS_PER_DB)
    return torch.exp(nats.clamp(min=1.0)) * nats.clamp(max=1.0) * floor


def level_to_amplitude(level_db: Tensor, floor_db: float) -> Tensor:
    """Amplitude of a level that is off at ``floor_db``; exact in dB from 8.7 dB above it.

    >>> amplitude = level_to_amplitude(torch.tensor([-72.0, -20.0, 0.0]), floor_db=-72.0)
    >>> [round(a, 6) for a in amplitude.tolist()]
    [0.0, 0.1, 1.0]
    """
    return nats_to_amplitude(db_to_nats(level_db, floor_db), floor_db)


def velocity_to_gain(velocity: Tensor, sensitivity: Tensor) -> Tensor:
    """Amplitude factor of a key struck with MIDI ``velocity`` (1..127), 1 at 127 or without ``sensitivity`` (0..1).

    At full sensitivity it is ``(velocity / 127) ** 2``, the concave curve that General MIDI 2 and DLS recommend
    (40 dB per decade of velocity).
    """
    return (velocity / 127.0) ** (2.0 * sensitivity)
