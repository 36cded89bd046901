"""What a synthesizer is: a parameter space and a pure function from unit positions to sound."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Literal, Protocol

import torch
from torch import Tensor

from engine.errors import BadUsage
from engine.params import ParamSpace, Patch
from engine.params.space import Values
from engine.rates import DEFAULT_RATE_HZ
from engine.synths.live_voice import LivePatch as LivePatch
from engine.synths.live_voice import LiveVoice as LiveVoice

Quality = Literal["draft", "default"]
"""``draft`` renders at the sample rate itself, ``default`` oversampled, so that high harmonics do not fold back."""

Number = float | Tensor
"""One number for all rows of a batch, or a tensor ``[batch]`` with one for each."""

SENSIBLE = {
    "key": (-128.0, 256.0, "MIDI notes go from 0 to 127"),
    "velocity": (1e-3, 256.0, "MIDI velocities go from 1 to 127"),
}
"""What a note may be given, and what to say to anything else: more than MIDI has, for who bends or optimises a key."""


class Synth(Protocol):
    """A synthesizer. It keeps no state between renders: the same arguments give the same samples."""

    @property
    def space(self) -> ParamSpace:
        """What can be turned, in the order of the unit vector."""
        ...

    def render(
        self,
        unit: Tensor,
        *,
        note: Number,
        velocity: Number,
        hold_s: Number,
        duration_s: float,
        sample_rate: int,
        rng: torch.Generator | None = None,
        strike: int = 0,
        quality: Quality = "default",
    ) -> Tensor:
        """Play one note per row.

        ``unit`` ``[batch, space.n_units]`` in 0..1, of any float type and on any device, gives
        ``[batch, channels, frames]`` of the same type there, differentiable in ``unit``. ``note`` and ``velocity`` are
        MIDI numbers; the key goes up after ``hold_s``; ``duration_s`` of sound comes back. ``rng`` is where noise
        comes from; of what is struck in a room, ``strike`` changes the noise of the contact alone.
        """
        ...

    def render_blocks(
        self,
        unit: Tensor,
        *,
        note: Number,
        velocity: Number,
        hold_s: Number,
        duration_s: float,
        sample_rate: int,
        rng: torch.Generator | None = None,
        strike: int = 0,
        quality: Quality = "default",
        block_frames: int = 48_000,
    ) -> Iterator[Tensor]:
        """The same sound without gradients in consecutive blocks ``[batch, channels, n <= block_frames]``.

        For long notes and for callers that want to stop in between.
        """
        ...

    def live(
        self, values: Values, *, note: float, velocity: float, seed: int = 0, sample_rate: int = DEFAULT_RATE_HZ
    ) -> LiveVoice:
        """One note, room and all, to be played block by block: :meth:`render` with ``rng`` of that seed."""
        ...

    def live_patch(self, patch: Patch, sample_rate: int) -> LivePatch:
        """``patch`` made ready for many notes in one room."""
        ...


def per_row(value: Number, rows: int, device: torch.device, what: str = "number") -> Tensor:
    """``value`` as ``[rows]`` in float64; raises :class:`BadUsage` when it is no finite number or far from any that a
    key can give: :data:`SENSIBLE` of ``what``."""
    numbers = torch.as_tensor(value, dtype=torch.float64, device=device).expand(rows)
    if not bool(torch.isfinite(numbers.detach()).all()):
        raise BadUsage(f"A note cannot be played with a {what} that is no finite number.")
    if what in SENSIBLE and rows:
        low, high, words = SENSIBLE[what]
        least, most = (float(end) for end in numbers.detach().aminmax())
        if least < low or most > high:
            raise BadUsage(f"A note cannot be played with a {what} of {least if least < low else most:g}: {words}.")
    return numbers


def frames_of(duration_s: float, sample_rate: int) -> int:
    """How many frames a sound has; raises :class:`BadUsage` for a length or a rate that no sound has."""
    if not 0.0 < sample_rate < math.inf:
        raise BadUsage(f"A note cannot be played at a sample rate of {sample_rate:g} Hz: give more than 0.")
    if not 0.0 <= duration_s < math.inf:
        raise BadUsage(f"A note cannot last {duration_s:g} s: give 0 or more.")
    return round(duration_s * sample_rate)
