"""The room of :mod:`engine.dsp.reverb` for sound that arrives bit by bit, from several voices and not in order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.dsp import live_kernels
from engine.dsp.reverb import N_LINES, lengths_at, line_gains
from engine.synths.live_voice import Sound

MOST_BLOCK_S = 0.1
"""Sound is sent in pieces of this length at most."""
QUIET = 1e-6
"""What comes back is over when it stays below."""


@dataclass(frozen=True, slots=True)
class RoomSettings:
    """How much of the room is heard (a factor), its time to -60 dB, and its damping (0..1)."""

    wet: float
    decay_s: float
    damping: float


class FdnRoom:
    """See :class:`engine.synths.live_voice.Room`. The lines delay by 30 ms at least, so what was sent a little late
    still comes back in time."""

    def __init__(self, settings: RoomSettings, rate: int) -> None:
        self._rate = rate
        self._lengths = np.array(lengths_at(rate), np.int64)
        size = int(self._lengths.max() + 2 * MOST_BLOCK_S * rate)
        self._lines = np.zeros((N_LINES, 1 << size.bit_length()))
        self._before = np.zeros(N_LINES)
        self._from = self._to = _Furniture.of(settings, rate)
        self.position = 0
        self._quiet_frames = 0

    @property
    def reach(self) -> int:
        return int(self._lengths.min())

    @property
    def ended(self) -> bool:
        """Whether nothing more comes back of what was sent."""
        return self._quiet_frames > 2 * int(self._lengths.max())

    def send(self, first: int, sound: NDArray[np.float64]) -> int:
        """See :meth:`engine.synths.live_voice.Room.send`."""
        first = max(first, self.position - self.reach)
        live_kernels.send(self._lines, self._lengths, first, sound)
        self._quiet_frames = 0
        return first

    def answer(self, n_frames: int) -> Sound:
        """See :meth:`engine.synths.live_voice.Room.answer`."""
        out = np.empty((n_frames, 2), np.float32)
        if n_frames == 0:
            return out
        here, there = self._from, self._to
        top = live_kernels.answer(
            self._lines,
            self._lengths,
            self._before,
            self.position,
            here.gains,
            (there.gains - here.gains) / n_frames,
            here.mix,
            (there.mix - here.mix) / n_frames,
            here.wet,
            (there.wet - here.wet) / n_frames,
            out,
        )
        self._from = there
        self.position += n_frames
        self._quiet_frames = self._quiet_frames + n_frames if top < QUIET else 0
        return out

    def refurnish(self, settings: RoomSettings) -> None:
        """Become another room within the next answer."""
        self._to = _Furniture.of(settings, self._rate)

    def close(self) -> None:
        """See :meth:`engine.synths.live_voice.Room.close`."""
        self._to = _Furniture(0.0, self._to.gains, self._to.mix)


@dataclass(frozen=True, eq=False)
class _Furniture:
    """How much is heard, what each line keeps ``[N_LINES]``, and how much of the frame before it mixes in."""

    wet: float
    gains: NDArray[np.float64]
    mix: float

    @classmethod
    def of(cls, settings: RoomSettings, rate: int) -> _Furniture:
        gains = np.array(line_gains(settings.decay_s, rate))
        return cls(settings.wet, gains, 0.5 * settings.damping)
