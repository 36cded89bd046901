"""The rows above the pianos of several panels as one: what is done in one of them shows in all."""

from __future__ import annotations

from collections.abc import Callable

from app.controls.play_bar import PlayBar
from engine.params.playing import PlaySettings


class PlayBars:
    """Makes rows and keeps them alike."""

    def __init__(self) -> None:
        self.bars: list[PlayBar] = []

    def make(self) -> PlayBar:
        """One more bar, for a panel."""
        bar = PlayBar()
        self.bars.append(bar)
        bar.settings_changing.connect(lambda settings: self._pass(bar, lambda b: b.set_settings(settings)))
        bar.bent.connect(lambda share: self._pass(bar, lambda b: b.bend.set_share(share)))
        bar.wheeled.connect(lambda share: self._pass(bar, lambda b: b.wheel.set_share(share)))
        bar.pedalled.connect(lambda on: self._pass(bar, lambda b: b.set_pedal(on)))
        return bar

    def each(self, deed: Callable[[PlayBar], object]) -> None:
        for bar in self.bars:
            deed(bar)

    def set_settings(self, settings: PlaySettings) -> None:
        self.each(lambda bar: bar.set_settings(settings))

    def _pass(self, source: PlayBar, deed: Callable[[PlayBar], object]) -> None:
        for bar in self.bars:
            if bar is not source:
                deed(bar)
