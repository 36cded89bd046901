"""Voices: sounds that give the mixer their next frames, from memory or from a queue that the feeder fills."""

from __future__ import annotations

from collections import deque
from typing import Protocol

import numpy as np

from app.playback.channels import Frames, to_stereo
from app.playback.seam import Seam, make_seam
from engine.audio.resample import StreamResampler
from engine.audio.values import Clip

Loop = tuple[float, float]
"""A stretch to repeat, in seconds: the first frame of it and the first frame after it."""
Jump = tuple[int, float]
"""A loop seam inside a block: the block's frame, and the position in seconds that it came from."""

MIN_LOOP_S = 0.001
CACHED_LOOP_S = 2.0
"""Loops up to this length are read once and kept, so that a short one does not hammer the disk."""


class Voice(Protocol):
    """What the mixer plays. After construction only the mixer's thread calls ``pull`` and ``skip``."""

    @property
    def position_s(self) -> float:
        """Where the next frame comes from."""
        ...

    @property
    def ended(self) -> bool:
        """Nothing is left and nothing more will come."""
        ...

    def ready(self, n: int) -> bool:
        """Whether ``n`` frames can be had without waiting (or all that are left)."""
        ...

    def pull(self, out: Frames, jumps: list[Jump] | None = None) -> int:
        """Write the next frames into ``out`` ``[n, 2]`` and return how many there were; report loop seams."""
        ...

    def skip(self, n: int) -> None:
        """Drop the next ``n`` frames."""
        ...


def loop_frames(loop: Loop | None, n_frames: int, rate: int) -> tuple[int, int] | None:
    """A loop in whole frames, cut to the sound; ``None`` where nothing (or less than 1 ms) is left of it."""
    if loop is None:
        return None
    first = max(round(loop[0] * rate), 0)
    last = n_frames if loop[1] * rate >= n_frames else round(loop[1] * rate)
    return (first, last) if last - first >= max(MIN_LOOP_S * rate, 1) else None


class MemoryVoice:
    """A sound in memory at the device's rate: ``frames`` ``[n, 2]``, shared by all voices that play it."""

    def __init__(self, frames: Frames, rate: int, start_s: float = 0.0, loop: Loop | None = None) -> None:
        self._frames = frames
        self._rate = rate
        self._loop = loop_frames(loop, len(frames), rate)
        self._seam: Seam | None = None
        if self._loop is not None:
            self._seam = make_seam(lambda start, n: frames[start : start + n], len(frames), self._loop, rate)
        self._again = False
        self._next = min(max(round(start_s * rate), 0), len(frames))

    @property
    def position_s(self) -> float:
        return self._next / self._rate

    @property
    def ended(self) -> bool:
        return self._loop is None and self._next >= len(self._frames)

    def ready(self, n: int) -> bool:
        return True

    def pull(self, out: Frames, jumps: list[Jump] | None = None) -> int:
        done, n = 0, len(out)
        while done < n:
            is_before_seam = self._loop is not None and self._next < self._loop[1]
            limit = self._loop[1] if self._loop is not None and is_before_seam else len(self._frames)
            take = min(n - done, limit - self._next)
            out[done : done + take] = self._frames[self._next : self._next + take]
            if self._seam is not None:
                self._seam.lay_over(out[done : done + take], self._next, again=self._again)
            done += take
            self._next += take
            if self._next >= limit:
                if self._loop is None:
                    break
                self._next, self._again = self._loop[0], True
                if jumps is not None:
                    jumps.append((done, self.position_s))
        return done

    def skip(self, n: int) -> None:
        target = self._next + n
        if self._loop is not None:
            first, last = self._loop
            seam = last if self._next < last else len(self._frames)
            if target >= seam:
                target = first + (target - seam) % (last - first)
                self._again = True
        self._next = min(target, len(self._frames))


class StreamVoice:
    """A clip of any rate and length: the feeder calls :meth:`feed`, the mixer pulls from the queue it fills.

    The loop is unrolled by the feeder in the clip's own frames before resampling, so that the length of a pass is
    exact: the resampler sees one unbroken sound.
    """

    def __init__(self, clip: Clip, rate: int, start_s: float = 0.0, loop: Loop | None = None) -> None:
        self._clip = clip
        self._rate = rate
        self._loop = loop_frames(loop, clip.n_frames, clip.sample_rate)
        self._next = min(max(round(start_s * clip.sample_rate), 0), clip.n_frames)
        self._fed = 0  # clip frames given to the resampler so far
        self._resampler: StreamResampler | None = None
        self._cached: Frames | None = None
        self._seam: Seam | None = None
        self._again = False
        # Between the feeder and the mixer: each side changes only its own end and its own counter.
        self._blocks: deque[Frames] = deque()
        self._written = 0
        self._read = 0
        self._complete = False
        self._seams: deque[Jump] = deque()
        # The mixer's end.
        self._head = 0
        self._from_frame = 0
        self._from_s = self._next / clip.sample_rate

    @property
    def position_s(self) -> float:
        return self._from_s + (self._read - self._from_frame) / self._rate

    @property
    def ended(self) -> bool:
        return self._complete and self._read >= self._written

    @property
    def complete(self) -> bool:
        """The feeder has nothing more to do for it."""
        return self._complete

    @property
    def ahead_s(self) -> float:
        """Seconds of sound in the queue."""
        return (self._written - self._read) / self._rate

    def ready(self, n: int) -> bool:
        return self._complete or self._written - self._read >= n

    def pull(self, out: Frames, jumps: list[Jump] | None = None) -> int:
        done = self._consume(len(out), out)
        first = self._read - done
        while self._seams and self._seams[0][0] <= self._read:
            frame, position_s = self._seams.popleft()
            self._from_frame, self._from_s = frame, position_s
            if jumps is not None:
                jumps.append((max(frame - first, 0), position_s))
        return done

    def skip(self, n: int) -> None:
        self._consume(n, None)
        while self._seams and self._seams[0][0] <= self._read:
            self._from_frame, self._from_s = self._seams.popleft()

    def _consume(self, n: int, out: Frames | None) -> int:
        done = 0
        while done < n and self._blocks:
            block = self._blocks[0]
            take = min(n - done, len(block) - self._head)
            if out is not None:
                out[done : done + take] = block[self._head : self._head + take]
            done += take
            self._head += take
            if self._head >= len(block):
                self._blocks.popleft()
                self._head = 0
        self._read += done
        return done

    # -- the feeder's side --------------------------------------------------------------------------

    def feed(self, seconds: float) -> None:
        """Read, fold and resample the next ``seconds``; whatever the clip raises ends the voice and is passed on."""
        try:
            frames = self._next_source_frames(max(round(seconds * self._clip.sample_rate), 1))
            if self._clip.sample_rate != self._rate:
                frames = self._resample(frames)
        except BaseException:
            self._complete = True
            raise
        if len(frames):
            self._blocks.append(frames)
            self._written += len(frames)
        if self._finished_source:
            self._complete = True

    @property
    def _finished_source(self) -> bool:
        return self._loop is None and self._next >= self._clip.n_frames

    def _next_source_frames(self, n: int) -> Frames:
        """The next ``n`` frames in the clip's rate, around the loop as often as it takes; fewer only at the end."""
        parts: list[Frames] = []
        while n > 0 and not self._finished_source:
            limit = self._loop[1] if self._loop is not None and self._next < self._loop[1] else self._clip.n_frames
            take = min(n, limit - self._next)
            part = self._source(take)
            if len(part) < take:
                # The file is shorter than it said: what is left of it is all there is.
                self._loop, self._next = None, self._clip.n_frames
            else:
                self._next += take
            parts.append(part)
            n -= take
            self._fed += len(part)
            if self._loop is not None and self._next >= limit:
                self._next, self._again = self._loop[0], True
                seam = round(self._fed * self._rate / self._clip.sample_rate)
                self._seams.append((seam, self._next / self._clip.sample_rate))
        return parts[0] if len(parts) == 1 else np.concatenate(parts) if parts else np.zeros((0, 2), np.float32)

    def _source(self, n: int) -> Frames:
        """The next ``n`` frames of the clip, with the loop's seam laid over them."""
        loop = self._loop
        if loop is None:
            return self._clip_frames(self._next, n)
        if self._seam is None:
            self._seam = make_seam(self._clip_frames, self._clip.n_frames, loop, self._clip.sample_rate)
        is_short = loop[1] - loop[0] <= CACHED_LOOP_S * self._clip.sample_rate
        if not is_short or not loop[0] <= self._next < loop[1]:
            frames = self._clip_frames(self._next, n)
        else:
            if self._cached is None:
                self._cached = self._clip_frames(loop[0], loop[1] - loop[0])
            frames = self._cached[self._next - loop[0] : self._next - loop[0] + n]
            if self._seam.touches(self._next, n):
                frames = frames.copy()
        self._seam.lay_over(frames, self._next, again=self._again)
        return frames

    def _clip_frames(self, start: int, n: int) -> Frames:
        return to_stereo(self._clip.read(start, n).samples)

    def _resample(self, frames: Frames) -> Frames:
        if self._resampler is None:
            self._resampler = StreamResampler(self._clip.sample_rate, self._rate, 2)
        return np.ascontiguousarray(self._resampler.process(frames.T, last=self._finished_source).T)


def make_test_tone(rate: int, frequency_hz: float = 440.0) -> MemoryVoice:
    """Left, then right, then both, each for half a second at -18 dBFS with soft edges."""
    n = rate // 2
    edge = np.minimum(np.arange(n), np.arange(n)[::-1]) / (0.01 * rate)
    tone = 0.125 * np.sin(2 * np.pi * frequency_hz * np.arange(n) / rate) * np.minimum(edge, 1.0)
    frames = np.zeros((3 * n, 2), np.float32)
    frames[:n, 0] = frames[n : 2 * n, 1] = tone
    frames[2 * n :] = tone[:, np.newaxis]
    return MemoryVoice(frames, rate)
