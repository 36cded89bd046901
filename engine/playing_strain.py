"""Whether the machine keeps up with what is played, and how much of it is left out so that it does."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.synths.live import LiveInstrument

WINDOW_S = 0.3
"""So far back what was rendered and what the device took meanwhile counts."""
SEEN = 0.1
"""Of that, so much has to be rendered before what was slow counts in full: a machine may be late for once."""
TOO_MUCH = 0.85
"""Of the time that there is."""
EASY = 0.4
MISSED_S = 0.015
"""A single delay of something else is no reason to leave anything out."""
AIM = 0.6
"""What is left out, or let in again, is so much that about this is left to do."""
FEWER, FEWEST, MORE, MOST = 0.6, 0.1, 1.3, 4.0
"""Of its modes an object keeps, or gets back, so much at a time."""
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
        """For how long, in frames, something has been left out."""
        self.lasts = False
        """Whether that is long."""

    @property
    def is_near(self) -> bool:
        """Whether the machine has too much to do, or had lately."""
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
        load = self._passed / (self._rendered + SEEN * window)
        # What came late this time is missed, too; it is counted when the device has passed it.
        late = max(passed - n_frames, 0.0)
        if load > TOO_MUCH and self._missed + late > MISSED_S * rate:
            self._strained += window
            self._eased = 0.0
            self._lighten(live, self._passed / max(self._rendered, 1.0))
            # What that brings is seen from here on.
            self._passed = self._rendered = self._missed = 0.0
        else:
            self._missed *= keeps
            self._strained += went if self._most < ALL_MODES else 0.0
            self._eased += went if load < EASY else 0.0
            if self._eased > 2.0 * window:
                self._eased = 0.0
                self._relieve(live, load)
                if self._most == ALL_MODES:
                    self._strained = 0.0
        self.lasts = self._strained > LASTS_S * rate

    def _lighten(self, live: LiveInstrument, load: float) -> None:
        if not live.shed():
            share = min(max(AIM / load, FEWEST), FEWER)
            self._most = max(round(share * min(self._most, max(live.n_modes, LEAST_MODES))), LEAST_MODES)
            live.lighten(self._most)

    def _relieve(self, live: LiveInstrument, load: float) -> None:
        if self._most < ALL_MODES:
            self._most = min(round(min(max(AIM / max(load, 1e-3), MORE), MOST) * self._most), ALL_MODES)
            live.lighten(self._most if self._most < ALL_MODES else None)
