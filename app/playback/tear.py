"""What is heard where live sound breaks off because its next frames are not there: a short fade, never a jump.

The frames that were played last, backwards, go on from where the sound stopped while they fade; and what comes at last
comes in over as long. A gap stays a gap, and is counted as one; it only does not click.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from app.playback.channels import Frames

FADE_S = 0.005


class Tear:
    """Mends one stretch of the bus after the other."""

    def __init__(self, rate: int) -> None:
        n = max(round(FADE_S * rate), 1)
        turn = np.arange(1, n + 1) / (n + 1) * (np.pi / 2)
        self._rise: NDArray[np.float32] = np.asarray(np.sin(turn) ** 2, np.float32)[:, np.newaxis]
        self._played: Frames = np.zeros((n, 2), np.float32)
        self._rest: Frames | None = None
        self.is_open = False
        """Whether the sound broke off and has not come back."""

    @property
    def rings(self) -> bool:
        """Whether a part of the fade is still to be heard."""
        return self._rest is not None

    def mend(self, piece: Frames, edge: int | None) -> Frames:
        """The next frames ``[n, 2]``, which break off at ``edge`` where that is not ``None``; itself where nothing is
        to be done."""
        n = len(self._rise)
        if self._rest is not None:
            piece, self._rest = _laid(piece, self._rest)
        if edge is not None:
            before = np.concatenate([self._played, piece[:edge]])[-n:]
            head, rest = piece[:edge], piece[edge:]
            rest, self._rest = _laid(rest, before[::-1] * self._rise[::-1])
            piece = np.concatenate([head, rest])
            self.is_open = True
        self._played = np.concatenate([self._played, piece[-n:]])[-n:]
        return piece

    def come_in(self, frames: Frames) -> Frames:
        """What comes after the gap, with a beginning that rises."""
        n = min(len(self._rise), len(frames))
        risen = frames.copy()
        risen[:n] *= self._rise[:n]
        return risen


def _laid(piece: Frames, tail: Frames) -> tuple[Frames, Frames | None]:
    """``piece`` with ``tail`` added from its beginning on, and what of that goes beyond it."""
    n = min(len(piece), len(tail))
    laid = piece.copy()
    laid[:n] += tail[:n]
    return laid, tail[n:] if n < len(tail) else None
