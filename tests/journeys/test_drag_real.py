"""Real drags between real programs on a real X display, with a pointer that moves: in from a file manager, and out.

The display, its window manager and ``xdotool`` come with the ``screen`` fixture.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from engine.audio import open_clip

pytestmark = [pytest.mark.screen, pytest.mark.timeout(180)]

PROGRAM = Path(__file__).with_name("drag_program.py")
RATE = 44100
PATIENCE_S = 40.0


class Running:
    """A program on the display and what it says of itself."""

    def __init__(self, process: subprocess.Popen[bytes], state_file: Path) -> None:
        self.process = process
        self._state_file = state_file

    @property
    def state(self) -> dict[str, Any]:
        assert self.process.poll() is None, "the program ended by itself"
        try:
            state: dict[str, Any] = json.loads(self._state_file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        return state

    def until(self, holds: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
        """Wait until the program says that something holds."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            state = self.state
            if state and holds(state):
                return state
            time.sleep(0.05)
        pytest.fail(f"waited {PATIENCE_S:.0f} s in vain; last seen: {self.state}")


class Pointer:
    """The mouse of the display."""

    def __init__(self, env: dict[str, str]) -> None:
        self._env = env

    def _do(self, *words: object) -> None:
        subprocess.run(["xdotool", *map(str, words)], env=self._env, check=True)

    def drag(self, start: list[int], end: list[int], onto: Running | None = None, *, steps: int = 12) -> None:
        """Press, move as a hand does, and release, over ``onto`` once it has seen what comes."""
        self._do("mousemove", *start)
        time.sleep(0.1)
        self._do("mousedown", 1)
        for step in range(1, steps + 1):
            time.sleep(0.05)
            share = step / steps
            self._do("mousemove", *(round(a + (b - a) * share) for a, b in zip(start, end, strict=True)))
        if onto is not None:
            # A hand lets go when it sees that the place would take it, and moves a little meanwhile.
            deadline = time.monotonic() + PATIENCE_S
            while not onto.state.get("over") and time.monotonic() < deadline:
                end = [end[0] ^ 1, end[1]]
                self._do("mousemove", *end)
                time.sleep(0.1)
        time.sleep(0.3)
        self._do("mouseup", 1)

    def click(self, at: list[int]) -> None:
        self._do("mousemove", *at, "click", 1)


@pytest.fixture
def pointer(screen: Any) -> Pointer:
    return Pointer(screen.env())


@pytest.fixture
def start(screen: Any, tmp_path: Path) -> Iterator[Callable[..., Running]]:
    running: list[subprocess.Popen[bytes]] = []

    def run(role: str, *files: Path) -> Running:
        folder = tmp_path / role
        folder.mkdir()
        process = subprocess.Popen(
            [sys.executable, str(PROGRAM), role, str(folder / "state.json"), *map(str, files)],
            cwd=PROGRAM.parents[2],
            env=screen.env(PYTHONPATH=str(PROGRAM.parents[2])),
        )
        running.append(process)
        return Running(process, folder / "state.json")

    yield run
    for process in running:
        process.terminate()
        process.wait(10)


@pytest.fixture
def rain(tmp_path: Path) -> Path:
    path = tmp_path / "Rain, close.wav"
    noise = 0.2 * np.random.default_rng(1).normal(size=(RATE * 2, 2))
    soundfile.write(path, noise, RATE, subtype="PCM_24")
    return path


def test_a_file_dragged_onto_the_search_field_opens_as_a_take(start: Any, pointer: Pointer, rain: Path) -> None:
    tonewright = start("tonewright")
    source = start("source", rain)
    there = tonewright.until(lambda s: s["visible"] and s["shown"])
    here = source.until(lambda s: s["visible"])
    # Of all places, a text field is the one that would like to take the file for itself.
    pointer.drag(here["middle"], there["search"], tonewright)
    state = tonewright.until(lambda s: s["takes"])
    assert state["takes"] == ["Rain, close"]
    assert state["paths"] == [str(rain)]
    assert state["frames"] == [RATE * 2]
    assert state["typed"] == ""
    assert source.until(lambda s: s["result"] not in ("", "dragging"))["result"] == "CopyAction"
    assert rain.exists()


def test_a_take_dragged_out_of_the_library_arrives_as_a_wav(
    start: Any, pointer: Pointer, rain: Path, tmp_path: Path
) -> None:
    flac = tmp_path / "Glass hit.flac"
    data, _ = soundfile.read(rain)
    soundfile.write(flac, data[:RATE], RATE, subtype="PCM_16")
    tonewright = start("tonewright", flac)
    target = start("target")
    there = tonewright.until(lambda s: s["visible"] and s["takes"] and s["shown"])
    here = target.until(lambda s: s["visible"])
    pointer.drag(there["rows"]["Glass hit"], here["middle"], target)
    (got,) = target.until(lambda s: s["got"])["got"]
    assert Path(got["file"]).name == "Glass hit.wav"
    assert (got["frames"], got["rate"], got["channels"], got["subtype"]) == (RATE, RATE, 2, "PCM_16")
    assert got["action"] == "CopyAction"
    assert tonewright.until(lambda s: s["message"])["message"] == "Dragged out Glass hit.wav"
    received = open_clip(Path(got["file"]))
    np.testing.assert_allclose(received.read(0, RATE).samples, data[:RATE].T, atol=2 / 32768)
    # Our own drag that comes back over our own window opens nothing.
    pointer.drag(there["rows"]["Glass hit"], there["wave"])
    time.sleep(0.3)
    assert tonewright.state["takes"] == ["Glass hit"]


def test_the_live_patch_is_dragged_out_as_it_sounds(start: Any, pointer: Pointer) -> None:
    tonewright = start("tonewright")
    target = start("target")
    there = tonewright.until(lambda s: s["visible"] and s["shown"])
    here = target.until(lambda s: s["visible"])
    pointer.drag(there["rows"]["live"], here["middle"], target)
    (got,) = target.until(lambda s: s["got"])["got"]
    assert Path(got["file"]).suffix == ".wav"
    assert got["frames"] > 0


def test_a_selection_dragged_out_of_the_waveform_is_that_part(start: Any, pointer: Pointer, rain: Path) -> None:
    tonewright = start("tonewright", rain)
    target = start("target")
    there = tonewright.until(lambda s: s["visible"] and s["takes"] and s["shown"])
    here = target.until(lambda s: s["visible"])
    x, y = there["wave"]
    left, right = [x - there["wave_width"] // 4, y], [x + there["wave_width"] // 4, y]
    pointer.drag(left, right)
    state = tonewright.until(lambda s: s["selection"] and s["grip"])
    begin_s, end_s = state["selection"]
    assert end_s - begin_s == pytest.approx(1.0, abs=0.05)
    pointer.drag(state["grip"], here["middle"], target)
    (got,) = target.until(lambda s: s["got"])["got"]
    assert Path(got["file"]).name == f"Rain, close ({begin_s:.2f}-{end_s:.2f} s).wav"
    assert got["frames"] == pytest.approx((end_s - begin_s) * RATE, abs=1)
    assert got["subtype"] == "PCM_24"
    original = open_clip(rain).read(round(begin_s * RATE), got["frames"]).samples
    np.testing.assert_array_equal(open_clip(Path(got["file"])).read(0, got["frames"]).samples, original)
