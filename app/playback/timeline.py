"""What is heard now: from the frames handed to the device back to a place in the sound.

A device plays what it was given some 0.1 s later. The timeline remembers where each stretch of handed frames came from
(seeks, loop seams and pauses start a new one) and when the frames are heard, so that the playhead shows what the ear
hears and moves evenly although blocks arrive in lumps.
"""

from __future__ import annotations

from typing import NamedTuple

KEEP = 256
"""Stretches remembered: more than a loop of 1 ms can make while a block is under way to the ear."""
LOST_S = 0.04
"""A block heard this far from where the even clock expected it means a new start, not jitter."""
PULL = 0.05
"""How much of each block's jitter moves the even clock."""


class Stretch(NamedTuple):
    """Handed frames from ``frame`` on came from ``position_s`` of a voice, and stood still unless ``moving``."""

    frame: int
    position_s: float
    moving: bool
    voice_id: int


class _Anchor(NamedTuple):
    frame: int
    heard_at_s: float
    rate: int
    end_frame: int


class Timeline:
    """Written by whoever runs the mixer, read by the window; both sides only swap whole tuples."""

    def __init__(self) -> None:
        self._stretches: tuple[Stretch, ...] = (Stretch(0, 0.0, False, 0),)
        self._anchor = _Anchor(0, 0.0, 48000, 0)

    def mark(self, frame: int, position_s: float, moving: bool, voice_id: int) -> None:
        """From handed frame ``frame`` on, another stretch is heard."""
        self._stretches = (*self._stretches[-KEEP:], Stretch(frame, position_s, moving, voice_id))

    def sync(self, frame: int, n: int, heard_at_s: float, rate: int) -> None:
        """Frames ``frame`` to ``frame + n`` were handed over; the first is heard at ``heard_at_s``."""
        anchor = self._anchor
        expected = anchor.heard_at_s + (frame - anchor.frame) / rate
        error = heard_at_s - expected
        is_lost = abs(error) > LOST_S or rate != anchor.rate
        self._anchor = _Anchor(frame, heard_at_s if is_lost else expected + PULL * error, rate, frame + n)

    def heard_frame(self, now_s: float) -> float:
        """The handed frame that is heard at ``now_s``; never one that has not been handed yet."""
        anchor = self._anchor
        return min(anchor.frame + (now_s - anchor.heard_at_s) * anchor.rate, float(anchor.end_frame))

    def stretch_at(self, frame: float) -> Stretch:
        """The stretch that holds a handed frame (the oldest one known for frames long gone)."""
        stretches = self._stretches
        for stretch in reversed(stretches):
            if stretch.frame <= frame:
                return stretch
        return stretches[0]

    def position_s(self, frame: float, stretch: Stretch | None = None) -> float:
        """The place in the sound, in seconds, that a handed frame came from."""
        stretch = stretch or self.stretch_at(frame)
        if not stretch.moving:
            return stretch.position_s
        return stretch.position_s + max(frame - stretch.frame, 0.0) / self._anchor.rate
