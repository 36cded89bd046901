"""A real pointer strikes the object in the real window, and the sound card is given what was struck."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from on_screen import Pointer, Programs, Running
from player_recording import RATE, Recorder

from engine.params import Patch
from engine.synths.impact_pictures import draw

pytestmark = [pytest.mark.screen, pytest.mark.sound, pytest.mark.timeout(300)]

PROGRAM = Path(__file__).with_name("strike_program.py")
BAR = Patch(
    "impact",
    {
        "material": 1.0,
        "size_m": 0.5,
        "thickness_m": 0.012,
        "modes": 3.0,
        "imperfection": 0.0,
        "tuning": 0.0,
        "pickup_x": 1.0,
        "width": 0.0,
        "damping_high": 0.2,
        "release_s": 0.1,
    },
    name="Steel bar",
)


@pytest.fixture
def window(programs: Programs, tmp_path: Path, sound_server: object) -> Running:
    path = tmp_path / "bar.json"
    path.write_text(BAR.dumps(), encoding="utf-8")
    made = programs.start(PROGRAM, "strike", path)
    for _ in range(4):
        # Loading the first time takes longer than anything else.
        if made.seen(lambda state: state["ready"] and not state["sounding"] and state["in_sight"]):
            return made
    raise AssertionError(f"the window is not ready: {made.state}")


def recorded(sound_server: Any, folder: Path, deed: Callable[[], None]) -> NDArray[np.float32]:
    """What the device was given while something was done, from its beginning on."""
    recorder = Recorder(sound_server.monitor, folder)
    with recorder:
        deed()
    return recorder.sound()


def level(sound: NDArray[np.float32], hz: float) -> float:
    """Amplitude of a frequency in the last half second, when it was surely struck."""
    part = sound[-RATE // 2 :]
    window = np.hanning(part.size)
    turn = np.exp(-2j * np.pi * hz * np.arange(part.size) / RATE)
    return float(2.0 * np.abs((part * window * turn).sum()) / window.sum())


def test_where_the_object_is_struck_is_heard_and_is_one_step(
    window: Running, pointer: Pointer, sound_server: Any, tmp_path: Path
) -> None:
    first, second = draw(BAR, 60, 80, 1.0, 2.0).mode_hz[:2]

    def strike(place: str) -> Callable[[], None]:
        def deed() -> None:
            pointer.press(window.state["places"][place])
            pointer.let_go()
            time.sleep(1.2)

        return deed

    middle = recorded(sound_server, tmp_path, strike("middle"))
    state = window.until(lambda state: state["undo"] == "Strike place" and state["struck"][1] != 100)
    assert state["struck"][0] == pytest.approx(0.5, abs=0.03)
    end = recorded(sound_server, tmp_path, strike("end"))
    assert window.until(lambda state: state["struck"][0] < 0.1)["struck"][0] == pytest.approx(0.02, abs=0.03)
    # The second mode has its node in the middle, and its belly at the end.
    assert level(middle, first) > 20.0 * level(middle, second)
    # What rang before still rings in the first one.
    assert level(end, second) > 0.2 * level(end, first)
    assert np.abs(middle).max() > 0.01


def test_the_right_button_lays_a_hand_on_what_rings(
    window: Running, pointer: Pointer, sound_server: Any, tmp_path: Path
) -> None:
    def deed() -> None:
        place = window.state["places"]["middle"]
        pointer.press(place)
        pointer.let_go()
        time.sleep(1.0)
        pointer.press(place, button=3)
        time.sleep(1.0)
        pointer.let_go(button=3)

    sound = np.abs(recorded(sound_server, tmp_path, deed))
    peak = float(sound.max())
    assert peak > 0.01
    heard = np.flatnonzero(sound > 10 ** (-50 / 20) * peak)
    last_s = float(heard[-1] - heard[0]) / RATE
    rings_s = 50.0 / 60.0 * float(draw(BAR, 60, 80, 1.0, 2.0).mode_decay_s[0])
    assert last_s < 0.5 * rings_s
