"""A hand draws on the pad of the impact panel and is heard on the null sink; what it drew becomes a take."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot
from windows import LAPTOP, Windows

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "app"))
from player_recording import RATE, Recorder, wait

from app.compose import Session
from engine.params import Patch
from engine.params.gesture import GESTURES
from engine.playing import prepare

METAL = Patch("impact", {"material": 1.0, "shape": 1.0, "modes": 80.0, "release_s": 0.2}, name="Sheet")
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def window(qtbot: QtBot, windows: Windows, sound_server: object) -> Session:
    prepare("real")
    made = windows.start(engine="real", size=LAPTOP, sound=True, warm=False)
    made.player.set_latency(0.2)
    made.player.set_device("pulse")
    made.document.set_patch(METAL, "Sheet")
    made.impact.choose_section("Pad")
    qtbot.waitUntil(lambda: made.live.up_to_date, timeout=60_000)
    qtbot.waitUntil(lambda: made.gestures.pad.surface.isVisible(), timeout=10_000)
    return made


def draw(session: Session, speed: float, seconds: float) -> None:
    """Back and forth over the pad with the mouse, so many pads a second."""
    surface = session.gestures.pad.surface

    def at(x: float) -> QPoint:
        return surface.pixel(x, 0.5).toPoint()

    QTest.mousePress(surface, LEFT, pos=at(0.2))
    start = time.monotonic()
    while (now := time.monotonic() - start) < seconds:
        way = (0.2 + speed * now) % 1.2
        QTest.mouseMove(surface, at(0.2 + (way if way < 0.6 else 1.2 - way)))
        wait(0.01)
    QTest.mouseRelease(surface, LEFT, pos=at(0.5))


def level(sound: np.ndarray) -> float:
    return float(np.sqrt((sound**2).mean())) if sound.size else 0.0


@pytest.mark.sound
@pytest.mark.parametrize("kind", GESTURES)
def test_a_gesture_is_heard_and_a_hand_chokes_it(
    window: Session, sound_server: object, tmp_path: Path, kind: str
) -> None:
    recorder, pad = Recorder(sound_server.monitor, tmp_path), window.gestures.pad  # type: ignore[attr-defined]
    pad.modes[kind].click()
    with recorder:
        draw(window, 1.0, 1.0)
        pad.damp.click()
        wait(1.5)
    pad.damp.click()
    sound = recorder.samples.mean(1)
    assert level(sound) > 1e-4, "nothing is heard"
    assert level(sound[-RATE // 4 :]) < 0.01 * np.abs(sound).max(), "the damping hand leaves it ringing"


@pytest.mark.sound
def test_what_was_drawn_is_kept_as_a_take_with_its_recipe(qtbot: QtBot, window: Session) -> None:
    draw(window, 1.0, 0.5)
    window.gestures.pad.keep.click()
    qtbot.waitUntil(lambda: any(take.origin == "gesture" for take in window.document.takes), timeout=30_000)
    take = next(take for take in window.document.takes if take.origin == "gesture")
    assert take.name == "Sheet, scrape"
    assert take.patch is not None
    assert take.patch.values == METAL.values
    assert take.settings["gesture"]["gesture"] == "scrape"
    assert np.abs(take.clip.read(0, 48_000).samples).max() > 0.001
