"""A room by convolution for sound that arrives bit by bit, from several voices and not in order.

The kernel is cut into parts of one length whose spectra multiply those of the sound (Gardner, Efficient Convolution
without Input-Output Delay, JAES 43(3), 1995): short parts at its beginning, long ones behind. Each length lags by two
of its own parts, which the silence before the kernel leaves time for.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.params.impact import IMPACT_SPACE
from engine.synths.live_voice import Sound

Floats = NDArray[np.float64]

QUIET = 1e-6
"""What comes back is over when it stays below."""
_LONG_PARTS = 32
"""How many short parts a long one has."""
_MOST_ROOMS = 2
"""Those before it ring out when a room changes, this many at once."""


def part_frames(rate: int) -> int:
    """Frames of a short part: a power of two of which two fit into the shortest delay."""
    return 1 << (int(0.5 * IMPACT_SPACE["room_delay_s"].low * rate).bit_length() - 1)


class RoomKernel:
    """What comes back of a click, ``[2, n]`` at ``rate``, ready to be convolved with; ``name`` tells it from others."""

    def __init__(self, answer: Floats, rate: int, name: Any) -> None:
        self.rate, self.name, self.n_frames = rate, name, answer.shape[1]
        short = part_frames(rate)
        self.long = short * _LONG_PARTS
        edge = 2 * self.long
        self.spectra = [(short, _spectra(answer[:, 2 * short : edge], short))]
        if answer.shape[1] > edge:
            self.spectra.append((self.long, _spectra(answer[:, edge:], self.long)))


def _spectra(answer: Floats, part: int) -> NDArray[np.complex128]:
    """Spectra of its parts ``[parts, 2, part + 1]``."""
    n_parts = max(-(-answer.shape[1] // part), 1)
    padded = np.zeros((2, n_parts * part))
    padded[:, : answer.shape[1]] = answer
    return np.fft.rfft(padded.reshape(2, n_parts, part), n=2 * part).swapaxes(0, 1)


class _Parts:
    """Convolution with parts of one length. ``heard`` is how many blocks of the sound have been taken in."""

    def __init__(self, part: int, spectra: NDArray[np.complex128], first: int) -> None:
        self.part, self._spectra = part, spectra
        self._past = np.zeros((spectra.shape[0], part + 1), complex)
        self._at = 0
        self.heard = first // part - 2
        self._block = np.zeros((2, part))
        self._number = first // part - 1

    def take(self, sound: _Sent, begin: int, out: Floats) -> None:
        """Add what comes back from frame ``begin`` on to ``out`` ``[2, n]``."""
        done = 0
        while done < out.shape[1]:
            number, inside = divmod(begin + done, self.part)
            while self._number < number:
                self._number += 1
                self._compute(sound)
            n = min(self.part - inside, out.shape[1] - done)
            out[:, done : done + n] += self._block[:, inside : inside + n]
            done += n

    def _compute(self, sound: _Sent) -> None:
        """The block after the last one, from the sound up to two blocks before it."""
        self.heard = self._number - 1
        frames = sound.read((self.heard - 2) * self.part, 2 * self.part)
        self._past[self._at] = np.fft.rfft(frames)
        order = (self._at - np.arange(self._past.shape[0])) % self._past.shape[0]
        spectrum = np.einsum("kcb,kb->cb", self._spectra, self._past[order])
        self._block = np.fft.irfft(spectrum, n=2 * self.part)[:, self.part :]
        self._at = (self._at + 1) % self._past.shape[0]


class _Sent:
    """The sound that has entered lately, by frame."""

    def __init__(self, size: int) -> None:
        self._frames = np.zeros(size)
        self._until = 0

    def add(self, first: int, sound: Floats) -> None:
        """Frames from ``first`` on; what lies more than a few blocks back is forgotten."""
        end, size = first + sound.size, self._frames.size
        if end > self._until:
            fresh = np.arange(max(self._until, end - size), end) % size
            self._frames[fresh] = 0.0
            self._until = end
        self._frames[np.arange(first, end) % size] += sound

    def read(self, first: int, n: int) -> Floats:
        frames = np.arange(first, first + n)
        there = (frames >= 0) & (frames < self._until) & (frames >= self._until - self._frames.size)
        return np.where(there, self._frames[frames % self._frames.size], 0.0)


class _Walls:
    """One kernel and what it still has to say; ``gain`` goes to 0 when it is to fall silent."""

    def __init__(self, kernel: RoomKernel, first: int) -> None:
        self.kernel = kernel
        self._parts = [_Parts(part, spectra, first) for part, spectra in kernel.spectra]
        self._sent = _Sent(8 * kernel.long)
        self.last = first
        self.closes = False

    def send(self, first: int, sound: Floats) -> None:
        self._sent.add(first, sound)
        self.last = max(self.last, first + sound.size)

    def answer(self, begin: int, out: Floats) -> None:
        found = np.zeros_like(out)
        for parts in self._parts:
            parts.take(self._sent, begin, found)
        if self.closes:
            found *= np.linspace(1.0, 0.0, found.shape[1], endpoint=False)
        out += found

    def is_over(self, position: int) -> bool:
        return self.closes or position > self.last + self.kernel.n_frames


class ConvolutionRoom:
    """See :class:`engine.synths.live_voice.Room`. A room that becomes another one begins anew while the old one rings
    out."""

    def __init__(self, kernel: RoomKernel) -> None:
        self.position = 0
        self._rate = kernel.rate
        self._part = part_frames(kernel.rate)
        self._walls = [_Walls(kernel, 0)]
        self._quiet_frames = 0

    @property
    def reach(self) -> int:
        return self._part

    @property
    def ended(self) -> bool:
        """Whether nothing more comes back of what was sent."""
        if not self._walls:
            return True
        over = all(walls.is_over(self.position) for walls in self._walls)
        # The silence before the answer is none.
        return over or self._quiet_frames > self._rate * (IMPACT_SPACE["room_delay_s"].high + 0.1)

    def send(self, first: int, sound: NDArray[np.float64]) -> int:
        """See :meth:`engine.synths.live_voice.Room.send`."""
        # What the last block was computed from cannot change any more.
        first = max(first, (-(-self.position // self._part) - 2) * self._part)
        if self._walls:
            self._walls[-1].send(first, sound)
        self._quiet_frames = 0
        return first

    def answer(self, n_frames: int) -> Sound:
        """See :meth:`engine.synths.live_voice.Room.answer`."""
        out = np.zeros((2, n_frames))
        for walls in self._walls:
            walls.answer(self.position, out)
        self.position += n_frames
        self._walls = [walls for walls in self._walls[:-1] if not walls.is_over(self.position)] + [
            walls for walls in self._walls[-1:] if not walls.closes
        ]
        top = float(np.abs(out).max(initial=0.0))
        self._quiet_frames = self._quiet_frames + n_frames if top < QUIET else 0
        return np.ascontiguousarray(out.T, dtype=np.float32)

    def refurnish(self, kernel: RoomKernel) -> None:
        """Become another room; what has entered the old one still comes back from there."""
        if self._walls and self._walls[-1].kernel.name == kernel.name and not self._walls[-1].closes:
            return
        for walls in self._walls[: -_MOST_ROOMS + 1]:
            walls.closes = True
        self._walls.append(_Walls(kernel, self.position))

    def close(self) -> None:
        """See :meth:`engine.synths.live_voice.Room.close`."""
        for walls in self._walls:
            walls.closes = True
