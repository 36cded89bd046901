"""The rows above the pianos of several panels as one: what is done in one of them shows in all."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from app.controls.play_bar import PlayBar
from engine.params.playing import PlaySettings


class PlayBars(QObject):
    """The signals are those of :class:`PlayBar`, whichever bar they come from."""

    settings_changing = Signal(object)
    settings_chosen = Signal(object)
    bent = Signal(float)
    wheeled = Signal(float)
    pedalled = Signal(bool)
    keyboard_toggled = Signal(bool)
    port_chosen = Signal(str, bool)
    forget_requested = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.bars: list[PlayBar] = []

    def make(self) -> PlayBar:
        """One more bar, for a panel."""
        bar = PlayBar()
        self.bars.append(bar)
        bar.settings_changing.connect(lambda settings: self._pass(bar, lambda b: b.set_settings(settings)))
        bar.bent.connect(lambda share: self._pass(bar, lambda b: b.bend.set_share(share)))
        bar.wheeled.connect(lambda share: self._pass(bar, lambda b: b.wheel.set_share(share)))
        bar.pedalled.connect(lambda on: self._pass(bar, lambda b: b.set_pedal(on)))
        for name in ("settings_changing", "settings_chosen", "bent", "wheeled", "pedalled", "keyboard_toggled"):
            getattr(bar, name).connect(getattr(self, name))
        bar.port_chosen.connect(self.port_chosen)
        bar.forget_requested.connect(self.forget_requested)
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
