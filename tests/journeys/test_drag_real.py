"""Real drags between real programs on a real X display, with a pointer that moves: in from a file manager, and out.

The display, its window manager and ``xdotool`` come with the ``screen`` fixture.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from drag_program import IMAGINED
from on_screen import Pointer, Programs, Running

from engine.audio import open_clip

pytestmark = [pytest.mark.screen, pytest.mark.timeout(180)]

PROGRAM = Path(__file__).with_name("drag_program.py")
RATE = 44100


@pytest.fixture
def start(programs: Programs) -> Callable[..., Running]:
    return partial(programs.start, PROGRAM)


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


def test_an_imagined_take_dragged_onto_an_instrument_or_its_match_is_matched(
    start: Any, pointer: Pointer, rain: Path
) -> None:
    tonewright = start("tonewright", rain, Path(IMAGINED))
    there = tonewright.until(lambda s: s["visible"] and s["shown"] and {IMAGINED, "Rain, close"} <= s["rows"].keys())
    # It lies in memory: its file is written while the hand moves.
    pointer.drag(there["rows"][IMAGINED], there["fm"], tonewright)
    there = tonewright.until(lambda s: s["matched"] == IMAGINED and s["found"])
    # The strip of a match takes the next sound.
    pointer.drag(there["rows"]["Rain, close"], there["strip"], tonewright)
    tonewright.until(lambda s: s["matched"] == "Rain, close")
    assert sorted(tonewright.state["takes"]) == ["Rain, close", IMAGINED]
