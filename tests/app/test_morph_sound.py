"""What a held key sounds like while a hand drags the fader between two slots: the whole way, from mouse to device."""

from __future__ import annotations

import time

import numpy as np
import pytest
from gestures import Hand
from numpy.typing import NDArray
from player_recording import RATE
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from windows import Windows

from app.compose import Session
from app.panels.explore_bar import ExploreBar
from engine.project.presets import factory_presets

BLOCK = 480
POOL = {preset.name: preset for preset in factory_presets()}


class Device:
    """Takes a block whenever the instrument has laid it down; the window lives meanwhile."""

    def __init__(self, session: Session) -> None:
        self._mixer = session.player._mixer
        self._instrument = session.live_play.instrument
        self._passes = 0
        inside = self._instrument._player
        play = inside.play

        def counted() -> float | None:
            rest_s = play()
            self._passes += 1
            return rest_s

        inside.play = counted  # type: ignore[method-assign]

    def run(self, seconds: float) -> NDArray[np.float32]:
        """``[frames, 2]``, what the device takes in so long."""
        heard = []
        for _ in range(round(seconds * RATE / BLOCK)):
            before, deadline = self._passes, time.monotonic() + 20.0
            while self._passes < before + 2 and self._instrument.n_sounding and time.monotonic() < deadline:
                QApplication.processEvents()
                time.sleep(0.0005)
            out = np.zeros((BLOCK, 2), np.float32)
            self._mixer.fill(out, 0.0)
            heard.append(out)
        return np.concatenate(heard)


@pytest.mark.parametrize(("one", "other"), [("Drawbar Organ", "Electric Piano"), ("Celesta", "Dark Twin")])
def test_the_fader_moves_a_held_note_without_a_click(
    windows: Windows, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, one: str, other: str
) -> None:
    session = windows.start(engine="real")
    # The device is turned by hand, and only the key sounds.
    session.live.strikes = False
    monkeypatch.setattr(session.player._output, "start", lambda: None)
    session.document.set_patch(POOL[one], "One")
    session.explore.desk.go(1)
    session.document.set_patch(POOL[other], "Other")
    match = session.explore.match
    keys = [(patch, session.document.note) for patch in match._way(0, 1)]
    qtbot.waitUntil(lambda: all(key in match._levels for key in keys), timeout=60_000)
    bar = session.fm.findChild(ExploreBar)
    assert bar is not None
    instrument, device = session.live_play.instrument, Device(session)
    hand = Hand(bar.morph.fader, bar.morph.fader.line_rect().right() - 1).press()
    way_px = bar.morph.fader.line_rect().width() - 2
    for _ in range(40):
        # The first key may come before everything is loaded.
        instrument.note_on(57, 1)
        qtbot.wait(100)
        if instrument.n_sounding:
            break
    instrument.all_off()
    device.run(0.3)
    late = session.player.bus.n_late
    session.live_play.held.press("test", 0, 57, 100)
    qtbot.waitUntil(lambda: instrument.n_sounding == 1)
    device.run(0.3)
    resting = [device.run(0.25)]
    heard = [*resting]
    for way, n_steps in ((-1, 24), (1, 6), (-1, 3), (1, 12)):
        for part in range(2):
            for _ in range(n_steps // 2 or 1):
                hand.move(way * way_px / 2 / (n_steps // 2 or 1), 0)
                heard.append(device.run(0.02))
            if part or n_steps == 24:
                heard.append(device.run(0.05))
                resting.append(device.run(0.25))
                heard.append(resting[-1])
    hand.release()
    session.live_play.held.release("test", 0)
    sound = np.concatenate(heard)
    assert session.player.bus.n_late == late
    assert np.abs(sound).max() > 0.01
    # A click is a step from one sample to the next, or a corner, far steeper than where the hand rests; without fades
    # they were 11 times as steep.
    for order, limit in ((1, 2.0), (2, 3.0)):
        steepest = max(np.abs(np.diff(part, order, axis=0)).max() for part in resting)
        assert np.abs(np.diff(sound, order, axis=0)).max() < limit * steepest
