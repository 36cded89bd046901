"""Whether the machine keeps up with what is played, and how much of it is left out so that it does."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.synths.live import LiveInstrument

WINDOW_S = 0.3
"""So far back what was rendered and what the device took meanwhile counts."""
TOO_MUCH = 0.85
"""Of the time that there is."""
EASY = 0.4
MISSED_S = 0.015
"""A single delay of something else is no reason to leave anything out."""
FEWER, MORE = 0.6, 1.3
LEAST_MODES = 8
ALL_MODES = 512
LASTS_S = 1.0
"""Who hears less than is played for so long is told."""


class Strain:
    """Of one instrument: counts frames, and tells it to be lighter or not."""

    def __init__(self) -> None:
        self._passed = self._rendered = self._missed = 0.0
        self._most = ALL_MODES
        self._eased = 0.0
        """Since when, in frames, the machine has kept up."""
        self._strained = 0.0
        """For how long, in frames, it has had too much, with rests in between that were short."""
        self.lasts = False
        """Whether it has had too much for long."""

    @property
    def is_near(self) -> bool:
        """Whether the machine has had too much lately."""
        return self._strained > 0.0

    def missed(self, n_frames: int) -> None:
        """The device had passed so much before it was rendered."""
        self._missed += n_frames

    def rendered(self, n_frames: float, passed: int, rate: int, live: LiveInstrument) -> None:
        """So much was rendered while the device took ``passed`` frames: leave something out, or let it in again."""
        window = WINDOW_S * rate
        went = max(n_frames, float(passed), 0.0)
        keeps = math.exp(-went / window)
        self._passed = keeps * self._passed + passed
        self._rendered = keeps * self._rendered + n_frames
        load = self._passed / (self._rendered + 0.2 * window)
        if load > TOO_MUCH and self._missed > MISSED_S * rate:
            self._strained += window
            self._eased = 0.0
            self.lasts = self._strained > LASTS_S * rate
            self._lighten(live)
            # What that brings is seen from here on.
            self._passed = self._rendered = self._missed = 0.0
            return
        self._missed *= keeps
        if load < EASY:
            self._eased += went
            if self._eased > 2.0 * window:
                self._eased, self._strained, self.lasts = 0.0, 0.0, False
                self._relieve(live)

    def _lighten(self, live: LiveInstrument) -> None:
        if not live.shed():
            self._most = max(round(FEWER * min(self._most, max(live.n_modes, LEAST_MODES))), LEAST_MODES)
            live.lighten(self._most)

    def _relieve(self, live: LiveInstrument) -> None:
        if self._most < ALL_MODES:
            self._most = min(round(MORE * self._most), ALL_MODES)
            live.lighten(self._most if self._most < ALL_MODES else None)
