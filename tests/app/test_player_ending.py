"""Playing a stretch: it ends at its last frame without a click, in the mixer, on a recording and in the transport."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from player_recording import RATE, Recorder, sine, steepest, steepest_of_sine, wait_until
from PySide6.QtWidgets import QApplication
from test_player_mixer import Desk, memory

from app.controls.time_axis import Selection, TimeAxis
from app.playback.devices import LibraryMissing, PortAudio
from app.playback.ending import END_FADE_S, EndingVoice
from app.playback.voices import StreamVoice
from app.player import Player
from app.playing import Playing
from engine.audio.values import Audio, Clip

FADE = round(END_FADE_S * RATE)


@pytest.mark.parametrize("n", [64, 600, 1024])
@pytest.mark.parametrize("until", [1_000, 12_345, 24_000])
def test_a_stretch_ends_at_its_frame_after_a_straight_fade(n: int, until: int) -> None:
    desk = Desk()
    desk.plan(EndingVoice(memory(np.ones(RATE)), until / RATE, RATE), playing=True)
    heard = desk.run(until // n + 3, n)
    assert heard[: until - FADE].min() == 1.0
    np.testing.assert_allclose(heard[until - FADE : until], np.arange(FADE)[::-1] / FADE, atol=1e-6)
    assert not heard[until:].any()
    snapshot = desk.mixer.snapshot
    assert (snapshot.finished_id, snapshot.finished_frame) == (1, until)
    assert snapshot.underruns == 0
    assert not desk.mixer.busy


def test_a_stretch_that_is_shorter_than_the_fade_is_still_heard() -> None:
    desk = Desk()
    desk.plan(EndingVoice(memory(np.ones(RATE)), 100 / RATE, RATE), playing=True)
    heard = desk.run(2)
    assert heard[:49].min() == 1.0
    assert np.diff(heard[:101]).min() > -0.021
    assert not heard[99:].any()


def test_a_new_end_takes_over_in_the_middle_of_a_stretch() -> None:
    desk = Desk()
    rise = np.linspace(0.1, 0.9, RATE)
    desk.plan(EndingVoice(memory(rise), 0.5, RATE), playing=True)
    first = desk.run(5)
    snapshot = desk.mixer.snapshot
    longer = EndingVoice(memory(rise, start_s=snapshot.position_s), 0.75, RATE)
    desk.plan(longer, aligned=True, born=snapshot.played)
    heard = np.concatenate([first, desk.run(80)])
    np.testing.assert_allclose(heard[: 36_000 - FADE], rise[: 36_000 - FADE], atol=1e-5)
    assert not heard[36_000:].any()


def test_a_stretch_of_a_file_of_another_rate_ends_at_its_frame_too() -> None:
    voice = StreamVoice(Clip.of(Audio(np.ones(44_100), 44_100), "test"), RATE, 0.25)
    while not voice.complete:
        voice.feed(0.1)
    desk = Desk()
    desk.plan(EndingVoice(voice, 0.5, RATE), playing=True)
    heard = desk.run(40)
    assert np.flatnonzero(heard).max() == RATE // 4 - 2
    np.testing.assert_allclose(heard[2_000 : RATE // 4 - FADE], 1.0, atol=1e-3)


@pytest.mark.sound
@pytest.mark.parametrize("start_s", [0.0, 0.5])
def test_a_recorded_stretch_is_as_long_as_was_asked_for(
    player: Player, sound_server: object, tmp_path: Path, start_s: float
) -> None:
    recorder = Recorder(sound_server.monitor, tmp_path)  # type: ignore[attr-defined]
    with recorder:
        player.load(Clip.of(Audio(sine(500, 3.0, phase=1.0), RATE), "test"))
        player.seek(start_s)
        player.play(until_s=start_s + 0.4)
        assert wait_until(lambda: player.state == "stopped", 10.0), "the stretch does not end"
        assert player.position_s() == start_s
    heard = recorder.sound()
    # The very first frame may be faded in from nothing, and the very last one is silent.
    assert 0.4 * RATE - 3 <= len(heard) <= 0.4 * RATE
    inside = heard if start_s else heard[1:]  # a sound's own first frame keeps its attack
    assert steepest(inside) < 1.05 * steepest_of_sine(500, 0.25)
    assert np.abs(heard[-3:]).max() < 0.01


class Deaf(PortAudio):
    """A machine without PortAudio: playback runs in silence."""

    def scan(self) -> Any:
        raise LibraryMissing("none")


class Desktop:
    """A player without a device and the transport over it."""

    def __init__(self) -> None:
        self.player = Player(library=Deaf())
        self.axis = TimeAxis()
        self.playing = Playing(self.player, self.axis)
        self.player.load(Clip.of(Audio(sine(500, 2.0), RATE), "test"))
        self.axis.reset(2.0)


@pytest.fixture
def desktop(qapp: QApplication) -> Iterator[Desktop]:
    made = Desktop()
    yield made
    made.player.close()


def test_space_plays_the_selection_and_stops_at_its_end_again_and_again(desktop: Desktop) -> None:
    desktop.axis.select(Selection(0.5, 0.7))
    for _ in range(2):
        desktop.playing.toggle()
        assert desktop.player.until_s == 0.7
        assert desktop.player.position_s() == pytest.approx(0.5, abs=0.05)
        assert wait_until(lambda: desktop.player.state == "stopped")
        assert desktop.player.position_s() == 0.5


def test_a_pause_inside_the_selection_goes_on_from_there(desktop: Desktop) -> None:
    desktop.axis.select(Selection(0.5, 1.9))
    desktop.playing.toggle()
    assert wait_until(lambda: desktop.player.position_s() > 0.6)
    desktop.playing.toggle()
    paused_s = desktop.player.position_s()
    desktop.playing.toggle()
    assert desktop.player.position_s() >= paused_s > 0.6
    assert desktop.player.until_s == 1.9


def test_a_loop_repeats_the_selection_instead_of_ending(desktop: Desktop) -> None:
    desktop.axis.select(Selection(0.5, 0.6))
    desktop.playing.set_loop(True)
    desktop.playing.toggle()
    assert desktop.player.loop == (0.5, 0.6)
    assert not wait_until(lambda: desktop.player.state == "stopped", 0.5)
    desktop.playing.set_loop(False)
    assert wait_until(lambda: desktop.player.state == "stopped")


def test_playing_from_the_playhead_and_clearing_the_selection_go_past_its_end(desktop: Desktop) -> None:
    desktop.axis.select(Selection(0.5, 0.7))
    desktop.playing.seek(0.2)
    desktop.playing.on_from_here()
    assert wait_until(lambda: desktop.player.position_s() > 0.75)
    desktop.playing.again()
    desktop.axis.select(None)
    assert wait_until(lambda: desktop.player.position_s() > 0.75)
    assert desktop.player.state == "playing"


def test_the_end_follows_the_edge_of_the_selection(desktop: Desktop) -> None:
    desktop.axis.select(Selection(0.5, 1.9))
    desktop.playing.toggle()
    desktop.axis.select(Selection(0.5, 0.8))
    assert wait_until(lambda: desktop.player.state == "stopped", 1.0)
