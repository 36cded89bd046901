"""How far beyond the device the keys have to be rendered."""

from __future__ import annotations

SLACK_S = 0.015
"""Held notes are rendered so much further than the device took at once."""
MOST_AHEAD_S = 0.25
FORGET_S = 10.0
"""After a block that came too late, what is kept ahead for that halves in so long."""
FIRST_S = 0.005
"""The beginning of a new note lasts so much longer than what the device takes at once."""
MOST_FIRST_S = 0.03
"""It lasts no longer: a key must not wait for it."""


class Clock:
    """Learns how much the device takes at once, and how late the playing thread may be."""

    def __init__(self) -> None:
        self._last: int | None = None
        self._jump = 0.0
        self._lateness = 0.0

    @property
    def at_once(self) -> int:
        """How many frames the device takes at once, or has taken before the thread looked again."""
        return round(self._jump)

    def rest(self, position: int) -> None:
        """Nothing was looked at for a while."""
        self._last = position

    def was_late(self, n_frames: int) -> None:
        """The device had passed what was rendered by so much: from now on there is more between them."""
        self._lateness += n_frames

    def hear(self, at_once: int) -> None:
        """The device says that it takes so many frames at once."""
        self._jump = max(self._jump, float(at_once))

    def first(self, rate: int) -> int:
        """How many frames of a new note go out before anything else is computed.

        The device may take its next block at any moment, in the middle of whatever the thread does after them; shorter
        than that block, they would leave a hole at its end.
        """
        return max(min(self.at_once + round(FIRST_S * rate), round(MOST_FIRST_S * rate)), 1)

    def ahead(self, position: int, rate: int) -> int:
        """How many frames beyond ``position`` should be rendered."""
        if self._last is not None:
            passed = float(position - self._last)
            # It forgets slowly: a device keeps its habits. A busy machine rests at last.
            self._jump = max(passed, 0.998 * self._jump)
            self._lateness *= 0.5 ** (max(passed, 0.0) / (FORGET_S * rate))
        self._last = position
        most = MOST_AHEAD_S * rate
        self._lateness = min(self._lateness, most)
        return round(min(self._jump + self._lateness + SLACK_S * rate, most))
