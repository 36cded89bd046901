"""Keys that are held while devices come and go: nothing is stuck, and the next key is heard."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from player_recording import RATE, PrivateServer, Recorder, pitch_hz, wait, wait_until
from PySide6.QtWidgets import QApplication

from app.held_notes import HeldNotes
from app.player import Player
from engine.params import Patch
from engine.playing import Instrument, prepare

SINE = Patch("fm", {"mod_2_1_rad": 0.0, "op1_env2_db": 0.0, "op1_env3_db": 0.0, "op1_env4_s": 0.05})
KEYS = [48 + n for n in range(16)]


class Stage:
    """An instrument on a player, and the hands."""

    def __init__(self) -> None:
        prepare("real")
        self.player = Player(latency_s=0.02)
        self.instrument = Instrument("real")
        self.errors: list[Exception] = []
        self.instrument.on_error = self.errors.append
        self.held = HeldNotes(self.instrument, lambda *_: None)
        self.player.rate_changed.connect(lambda _: self.instrument.connect(self.player.bus))
        self.instrument.connect(self.player.bus)
        self.instrument.set_patch(SINE)
        self.player.get_ready()
        self.player.start()

    def press(self) -> None:
        for key in KEYS:
            self.held.press("hand", key, key, 100)

    def close(self) -> None:
        self.instrument.connect(None)
        assert self.instrument.close()
        self.player.close()


@pytest.mark.sound
def test_held_keys_outlast_latencies_and_a_device_that_is_pulled_out(
    qapp: QApplication, server: PrivateServer, tmp_path: Path
) -> None:
    server.start()
    stage = Stage()
    player, instrument = stage.player, stage.instrument
    try:
        assert wait_until(lambda: bool(player.device))
        stage.press()
        assert wait_until(lambda: instrument.n_sounding == 16)
        for milliseconds in (200, 10, 200, 10, 50):
            player.set_latency(milliseconds / 1000)
            before = player.bus.position
            wait(0.3)
            assert wait_until(lambda before=before: player.bus.position > before + RATE // 5)
        assert instrument.n_sounding == 16, "a device that is opened anew ends no note"
        server.stop()
        assert wait_until(lambda: not player.device)
        stage.held.release("hand", KEYS[0])
        assert wait_until(lambda: instrument.n_sounding == 15), "time stands still without a device"
        server.start()
        assert wait_until(lambda: bool(player.device), 20.0)
        stage.held.release_all()
        assert wait_until(lambda: instrument.n_sounding == 0 and not player.is_sounding)
        with Recorder("own.monitor", tmp_path) as recorder:
            stage.held.press("hand", 69, 69, 100)
            wait(0.8)
        assert pitch_hz(recorder.sound()) == pytest.approx(440.0, abs=2.0)
        assert np.abs(recorder.samples).max() < 1.0
        assert stage.errors == []
    finally:
        stage.close()
