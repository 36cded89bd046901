"""The seam of a loop: where its last frame meets its first one, made so that nothing clicks and no frame is lost.

The end of each pass is cross-faded into what lies before the loop's start, so that the sound runs into that start as
it does in the file. Where the loop begins at the beginning of the file, the start of each pass but the first comes out
of what lies behind the loop's end. A loop over the whole sound has neither: it stays as it is if it closes smoothly by
itself, and goes down and up again if it does not. The length of a pass is never touched.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.playback.channels import Frames

SEAM_S = 0.004
"""How long the cross-fade is; half the loop where that is shorter."""
LEAST = 0.25
"""A neighbour shorter than this share of the cross-fade is no help."""
TOLERANCE = 1.1
"""How much rougher than its surroundings a seam may be and still pass for a part of the sound."""
INAUDIBLE = 1e-4
"""Steps below -80 dB are no click, whatever surrounds them."""

Read = Callable[[int, int], Frames]
"""``read(start, n)``: frames of the sound, ``[n, 2]``; fewer where the file ends early."""


@dataclass(frozen=True, slots=True, eq=False)
class Seam:
    """The frames that stand in for the sound's own beside the seam of the loop ``[first, last)``."""

    first: int
    last: int
    head: Frames | None
    """The first frames of every pass but the first one."""
    tail: Frames | None
    """The last frames of every pass."""

    def lay_over(self, frames: Frames, start: int, *, again: bool) -> None:
        """Put them into ``frames`` ``[n, 2]``, which came from ``start`` of it; ``again`` after the first pass."""
        if self.tail is not None:
            _lay_over(frames, start, self.tail, self.last - len(self.tail))
        if self.head is not None and again:
            _lay_over(frames, start, self.head, self.first)

    def touches(self, start: int, n: int) -> bool:
        """Whether :meth:`lay_over` may change anything in ``n`` frames from ``start`` on."""
        in_head = self.head is not None and start < self.first + len(self.head)
        return in_head or (self.tail is not None and start + n > self.last - len(self.tail))


def make_seam(read: Read, n_frames: int, loop: tuple[int, int], rate: int) -> Seam:
    """The seam of the loop ``[first, last)`` in a sound of ``n_frames`` frames at ``rate`` Hz."""
    first, last = loop
    length = max(min(round(SEAM_S * rate), (last - first) // 2), 1)
    before, behind = min(length, first), min(length, n_frames - last)
    if before >= max(behind, LEAST * length):
        return Seam(first, last, None, _cross_fade(read(last - before, before), read(first - before, before)))
    if behind >= LEAST * length:
        return Seam(first, last, _cross_fade(read(last, behind), read(first, behind)), None)
    head, tail = read(first, length), read(last - length, length)
    if _closes(tail, head):
        return Seam(first, last, None, None)
    rise = _rise(length)
    return Seam(first, last, head * rise, tail * (1.0 - rise))


def _rise(n: int) -> NDArray[np.float32]:
    """``[n, 1]``: from just above 0 to 1, flat at both ends."""
    turn = np.arange(1, n + 1) / n * (np.pi / 2)
    return np.asarray(np.sin(turn) ** 2, np.float32)[:, np.newaxis]


def _cross_fade(old: Frames, new: Frames) -> Frames:
    """From ``old`` to ``new`` with even power: a sum of gains of 1 for like sounds, of squared gains for unlike ones.

    With the correlation ``r`` the power of ``a * old + b * new`` is ``a**2 + b**2 + 2 * r * a * b`` where both are
    equally loud; dividing by its root keeps it at 1 (Fink, Holters and Zoelzer, "Signal-matched power-complementary
    cross-fading and dry-wet mixing", DAFx 2016).
    """
    n = min(len(old), len(new))
    old, new = old[:n], new[:n]
    energy = float(np.sqrt(np.sum(old * old, dtype=np.float64) * np.sum(new * new, dtype=np.float64)))
    correlation = float(np.sum(old * new, dtype=np.float64)) / energy if energy > 0 else 0.0
    correlation = min(max(correlation, 0.0), 1.0)
    b = _rise(n)
    a = 1.0 - b
    return np.asarray((a * old + b * new) / np.sqrt(a * a + b * b + 2 * correlation * a * b), np.float32)


def _closes(tail: Frames, head: Frames) -> bool:
    """Whether the step from the last frame to the first, and its bends, are such as the sound has anyway."""
    joined = np.concatenate([tail, head])
    seam = len(tail)
    for order in (1, 2):
        steps = np.abs(np.diff(joined, order, axis=0))
        crossing = np.zeros(len(steps), bool)
        crossing[seam - order : seam] = True
        usual = steps[~crossing].max(axis=0, initial=0.0)
        if (steps[crossing].max(axis=0, initial=0.0) > TOLERANCE * usual + INAUDIBLE).any():
            return False
    return True


def _lay_over(frames: Frames, start: int, patch: Frames, at: int) -> None:
    begin, end = max(at, start), min(at + len(patch), start + len(frames))
    if begin < end:
        frames[begin - start : end - start] = patch[begin - at : end - at]
