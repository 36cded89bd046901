"""Between the picture of the object and the instrument: a click strikes at once, and is a step of undo with its key."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from engine.params import IMPACT_SPACE
from engine.params.gesture import CHOKE_S

if TYPE_CHECKING:
    from app.compose import Session

GROUP_S = 1.0
"""Strikes that follow one another sooner are one step of undo."""
DAMP_TIMES = 1.2
"""A hand that damps stays at least until what rang is so many times 60 dB down."""


class Striking(QObject):
    """One window's hand on the object."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._s = session
        self._struck_at = -GROUP_S
        self._group = 0
        self._laid_at = 0.0
        self._lift = QTimer(self, singleShot=True)
        self._lift.timeout.connect(self._take_off)
        view = session.impact.view
        view.struck.connect(self.strike)
        view.damped.connect(self.damp)
        session.actions.bind("play.damp", self.damp_all)
        session.document.patch_changed.connect(self._refresh)
        self._refresh()

    def strike(self, x: float, y: float, velocity: int) -> None:
        """The object is struck there. It rings on by itself, whatever strikes it next."""
        if self._lift.isActive():
            # Who strikes has taken the hand off.
            self._lift.stop()
            self._take_off()
        now = time.monotonic()
        if now - self._struck_at > GROUP_S:
            self._group += 1
        self._struck_at = now
        step = f"strike {self._group}"
        document = self._s.document
        document.use_synth(IMPACT_SPACE.name)
        document.select(None)
        is_tried = self._s.impact.tries_only
        self._s.impact.strike_step = None if is_tried else step
        self._s.live_play.strike(x, y, velocity, None if is_tried else step)

    def damp(self, on: bool) -> None:
        """A hand is laid on what rings, or taken off; however short it lies there, it chokes."""
        self._lift.stop()
        if on:
            self._laid_at = time.monotonic()
            self._s.live_play.instrument.damp(True)
            return
        left_s = self._damp_s() - (time.monotonic() - self._laid_at)
        if left_s > 0.0:
            self._lift.start(round(1000.0 * left_s))
        else:
            self._take_off()

    def damp_all(self) -> None:
        """Lay a hand on what rings until it is silent."""
        self.damp(True)
        self.damp(False)

    def _damp_s(self) -> float:
        """How long it takes until what rings is silent."""
        release_s = self._s.document.patch.values.get("release_s", CHOKE_S)
        assert isinstance(release_s, float)
        return DAMP_TIMES * min(release_s, CHOKE_S)

    def _take_off(self) -> None:
        self._s.live_play.instrument.damp(False)

    def _refresh(self) -> None:
        is_object = self._s.document.patch.synth == IMPACT_SPACE.name
        self._s.actions.enable("play.damp", is_object, "Only a struck object")

    def close(self) -> None:
        """Nothing is damped any more."""
        self._lift.stop()
