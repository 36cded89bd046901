"""A voice that ends before its sound does: at a frame that somebody chose, faded so that it does not click."""

from __future__ import annotations

import numpy as np

from app.playback.channels import Frames
from app.playback.voices import Jump, Voice

END_FADE_S = 0.005
"""The last stretch before the end goes down to silence in a straight line."""


class EndingVoice:
    """Plays ``voice`` up to ``until_s`` of its sound and not a frame further; a :class:`Voice` itself.

    A stretch shorter than two fades gives half of itself to the fade.
    """

    def __init__(self, voice: Voice, until_s: float, rate: int) -> None:
        self._voice = voice
        self._left = max(round(until_s * rate) - round(voice.position_s * rate), 0)
        self._fade = max(min(round(END_FADE_S * rate), self._left // 2), 1)

    @property
    def position_s(self) -> float:
        return self._voice.position_s

    @property
    def ended(self) -> bool:
        return self._left == 0 or self._voice.ended

    def ready(self, n: int) -> bool:
        return self._voice.ready(min(n, self._left))

    def pull(self, out: Frames, jumps: list[Jump] | None = None) -> int:
        done = self._voice.pull(out[: min(len(out), self._left)], jumps)
        if self._left - done < self._fade:
            # The frame with ``k`` frames after it has the gain k / fade: the very last one is silent.
            after = self._left - 1 - np.arange(done, dtype=np.float32)
            out[:done] *= np.minimum(after / self._fade, 1.0)[:, np.newaxis]
        self._left -= done
        return done

    def skip(self, n: int) -> None:
        n = min(n, self._left)
        self._voice.skip(n)
        self._left -= n
