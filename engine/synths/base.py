"""What a synthesizer is: a parameter space and a pure function from unit positions to sound."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.params import ParamSpace

Quality = Literal["draft", "default"]
"""``draft`` renders at the sample rate itself, ``default`` oversampled, so that high harmonics do not fold back."""

Number = float | Tensor
"""One number for all rows of a batch, or a tensor ``[batch]`` with one for each."""


class LiveVoice(Protocol):
    """One note that is played while it sounds: nobody knows yet how long the key stays down.

    Blocks of any length join to what :meth:`Synth.render` gives for the same note.
    """

    @property
    def channels(self) -> int:
        """1, or 2 for left and right; it may grow when the patch changes."""
        ...

    @property
    def ended(self) -> bool:
        """Whether nothing more will be heard, however long one waits."""
        ...

    def process(self, n_frames: int, gate: bool, bend_st: float = 0.0, wheel_st: float = 0.0) -> NDArray[np.float32]:
        """The next ``n_frames`` as ``[channels, n_frames]``.

        ``gate`` says whether the key is down from the first of them on; once up, it stays up. ``bend_st`` shifts the
        pitch, ``wheel_st`` adds depth to the vibrato; both go straight to a new value within a few milliseconds.
        """
        ...


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
        quality: Quality = "default",
    ) -> Tensor:
        """Play one note per row.

        ``unit`` ``[batch, space.n_units]`` in 0..1, of any float type and on any device, gives
        ``[batch, channels, frames]`` of the same type there, differentiable in ``unit``. ``note`` and ``velocity`` are
        MIDI numbers; the key goes up after ``hold_s``; ``duration_s`` of sound comes back. ``rng`` is where noise
        comes from.
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
        quality: Quality = "default",
        block_frames: int = 48_000,
    ) -> Iterator[Tensor]:
        """The same sound without gradients in consecutive blocks ``[batch, channels, n <= block_frames]``.

        For long notes and for callers that want to stop in between.
        """
        ...


def per_row(value: Number, rows: int, device: torch.device) -> Tensor:
    """``value`` as ``[rows]`` in float64."""
    return torch.as_tensor(value, dtype=torch.float64, device=device).expand(rows)
