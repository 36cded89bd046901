"""The bus: live sound on its way into the mixer, added up from blocks that say at which frame they begin.

An engine thread adds blocks and waits for nobody; the device's callback takes frames, and waits for those that are
expected only as long as the device has others to play. Blocks go through a deque into a ring that belongs to the
callback. Because blocks are *summed*, a key that goes down begins at the next
frame that the device takes, however far ahead the notes that are held have been rendered already.

A bus knows one rate for all its life. When the device changes its rate there is another bus, and what is still added to
the old one goes nowhere.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from app.playback.channels import Frames
from app.playback.limiter import Limiter
from app.playback.tear import Tear

CAPACITY_S = 1.0
"""How far ahead of the device blocks may reach; what lies beyond is dropped."""
FORGET = 0.998
"""How much of what the device once took at a time is remembered after each block: half of it after some seconds."""
HASTE = 1.05
"""Frames that come together are told from those that come in time by a clock that runs so much too fast: the device's
own differs a little from it."""


class Bus:
    """Frames ``[n, 2]`` on an absolute timeline; a :class:`engine.playing_bus.Bus`.

    ``on_work`` is called, on the thread that adds, when there is something to play after a time of nothing.
    """

    def __init__(
        self,
        rate: int,
        on_work: Callable[[], None] | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.rate = rate
        self.position = 0
        """The first frame that the device has not taken yet."""
        self.at_once = 0
        """How many frames the device takes at a time: its blocks, or several of them where they come together."""
        self.n_late = 0
        """Frames that came after the device had passed them."""
        self._on_work = on_work
        self._blocks: deque[tuple[int, Frames]] = deque()
        self._end = 0
        """The first frame after everything that was added: written by whoever adds."""
        self._expected = math.inf
        self._came = threading.Event()
        self._is_open = True
        # The callback's own.
        self._clock = clock
        self._asked_at = -math.inf
        self._taken = 0.0
        size = 1
        while size < CAPACITY_S * rate:
            size *= 2
        self._ring: NDArray[np.float32] = np.zeros((size, 2), np.float32)
        self._limiter = Limiter(rate)
        self._tear = Tear(rate)
        # Between whoever measures and the callback.
        self._mark = 0
        self._marked_frame: int | None = None
        self._seen_mark = 0
        self.handed: deque[tuple[int, int]] = deque(maxlen=1024)
        """``(mark, time.perf_counter_ns())`` of the block in which the first sound after each mark was handed over."""

    # -- whoever adds -------------------------------------------------------------------------------

    def add(self, first: int, frames: NDArray[np.float32]) -> None:
        """Add ``frames`` ``[n, 2]`` from absolute frame ``first`` on; the array is the bus's from then on."""
        if not self._is_open or len(frames) == 0:
            return
        was_idle = not self.busy
        self._blocks.append((first, frames))
        self._end = max(self._end, first + len(frames))
        if was_idle and self._on_work is not None:
            self._on_work()

    def expect(self, frame: float) -> None:
        """What sounds is all there up to ``frame`` and goes on there; infinite: nothing more is to come."""
        self._expected = frame
        self._came.set()

    def close(self) -> None:
        """Take nothing any more, and forget what waits."""
        self._is_open = False
        self.expect(math.inf)
        self._on_work = None
        self._blocks.clear()

    def mark(self) -> int:
        """Watch for the first sound that is added from now on; :attr:`handed` tells of it under this number."""
        self._mark += 1
        return self._mark

    @property
    def busy(self) -> bool:
        """Whether frames wait to be played."""
        return self._is_open and (self._end > self.position or bool(self._blocks))

    # -- the device's callback ----------------------------------------------------------------------

    def play_into(self, out: Frames, full: float = 1.0, patience_s: float = 0.0) -> bool:
        """Add the next frames to ``out`` ``[n, 2]`` and forget them; whether there was anything.

        Chords that go beyond ``full`` are turned down while they do: see :class:`Limiter`. ``patience_s`` is
        how long the device can do without them, if what is expected is not there yet.
        """
        n = len(out)
        self._learn(n)
        has_come = self._await(self.position + n, patience_s)
        had_work = bool(self._blocks) or self._end > self.position or self._tear.rings
        if had_work or not has_come:
            self._take_in()
            edge = self._end - self.position
            self._pour(out, full, edge if not has_come and 0 <= edge < n else None)
        self.position += n
        if self._marked_frame is not None and self._marked_frame < self.position:
            self.handed.append((self._seen_mark, time.perf_counter_ns()))
            self._marked_frame = None
        return had_work

    def _learn(self, n: int) -> None:
        """The device asks for ``n`` frames now."""
        now = self._clock()
        self._taken = max(self._taken - (now - self._asked_at) * HASTE * self.rate, 0.0) + n
        self._asked_at = now
        self.at_once = max(round(self._taken), int(FORGET * self.at_once))

    def _await(self, until: int, patience_s: float) -> bool:
        """Let what is expected before frame ``until`` come; whether it has."""
        deadline = self._clock() + patience_s
        while self._expected < until:
            self._came.clear()
            if self._expected >= until:
                return True
            left_s = deadline - self._clock()
            if left_s <= 0.0:
                # Whoever plays has stopped for longer: the device is not kept waiting again until there is a sign.
                self._expected = math.inf
                return False
            self._came.wait(left_s)
        return True

    def _take_in(self) -> None:
        """Lay the blocks that have come into the ring."""
        ring, size = self._ring, len(self._ring)
        has_come_back = False
        while self._blocks:
            first, frames = self._blocks.popleft()
            late = self.position - first
            if late > 0:
                self.n_late += min(late, len(frames))
                first, frames = self.position, frames[late:]
            frames = frames[: max(self.position + size - first, 0)]
            if len(frames) == 0:
                continue
            if self._tear.is_open and first <= self.position:
                frames, has_come_back = self._tear.come_in(frames), True
            place = first % size
            head = min(len(frames), size - place)
            ring[place : place + head] += frames[:head]
            ring[: len(frames) - head] += frames[head:]
            if self._mark != self._seen_mark:
                self._look_for_sound(first, frames)
        self._tear.is_open = self._tear.is_open and not has_come_back

    def _look_for_sound(self, first: int, frames: Frames) -> None:
        heard = np.flatnonzero(frames.any(axis=1))
        if len(heard):
            self._seen_mark = self._mark
            self._marked_frame = first + int(heard[0])

    def _pour(self, out: Frames, full: float, edge: int | None) -> None:
        n, ahead = len(out), self._limiter.ahead_frames
        limited = self._limiter.limit(self._at(self.position, n), self._at(self.position + n, ahead), full)
        out += self._tear.mend(limited, edge)
        self._clear(n)

    def _at(self, first: int, n: int) -> Frames:
        """Frames of the ring, in one piece."""
        size = len(self._ring)
        place = first % size
        if place + n <= size:
            return self._ring[place : place + n]
        return np.concatenate([self._ring[place:], self._ring[: n - (size - place)]])

    def _clear(self, n: int) -> None:
        size = len(self._ring)
        place = self.position % size
        head = min(n, size - place)
        self._ring[place : place + head] = 0.0
        self._ring[: n - head] = 0.0
