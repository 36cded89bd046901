"""The player, judged by the recording of what it gave to a real sound server."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from player_recording import (
    RATE,
    Recorder,
    longest_silence_s,
    pitch_hz,
    sine,
    steepest,
    steepest_of_sine,
    wait,
    wait_until,
)
from PySide6.QtWidgets import QApplication

from app.player import Player
from engine.audio.files import open_clip
from engine.audio.values import Audio, Clip

pytestmark = pytest.mark.sound


@pytest.fixture
def player(qapp: QApplication, sound_server: object) -> Iterator[Player]:
    made = Player(latency_s=0.2)  # a machine that runs tests is busy with other things as well
    made.set_device("pulse")
    yield made
    made.close()


@pytest.fixture
def recorder(sound_server: object, tmp_path: Path) -> Recorder:
    return Recorder(sound_server.monitor, tmp_path)  # type: ignore[attr-defined]


def clip(samples: np.ndarray, rate: int = RATE) -> Clip:
    return Clip.of(Audio(samples, rate), "test")


def file_of(samples: np.ndarray, rate: int, folder: Path) -> Clip:
    path = folder / "test.wav"
    soundfile.write(path, samples.T, rate, subtype="FLOAT")
    return open_clip(path)


def play_to_the_end(player: Player) -> None:
    player.play()
    assert wait_until(lambda: player.state == "stopped", 10.0), "the sound does not end"


@pytest.mark.parametrize("rate", [8000, 44100, 96000])
def test_a_file_of_any_rate_sounds_at_its_own_pitch_and_level(
    player: Player, recorder: Recorder, tmp_path: Path, rate: int
) -> None:
    with recorder:
        player.load(file_of(np.concatenate([sine(1000, 1.2, rate)] * 2), rate, tmp_path))
        play_to_the_end(player)
    for channel in (0, 1):
        heard = recorder.sound(channel)
        inside = heard[RATE // 20 : -RATE // 20]
        assert pitch_hz(inside) == pytest.approx(1000, abs=0.5)
        assert np.sqrt(2 * np.mean(inside**2)) == pytest.approx(0.25, rel=0.02)
        assert longest_silence_s(heard) < 0.0005
        assert len(heard) / RATE == pytest.approx(1.2, abs=0.002)
    assert player.underruns == 0


def test_a_sound_in_memory_reaches_the_device_bit_by_bit(player: Player, recorder: Recorder) -> None:
    rng = np.random.default_rng(1)
    samples = rng.uniform(-0.5, 0.5, (2, RATE)).astype(np.float32)
    with recorder:
        player.load(clip(samples))
        play_to_the_end(player)
    heard = recorder.samples[np.flatnonzero(recorder.samples[:, 0])[0] :][:RATE]
    np.testing.assert_allclose(heard, samples.T, atol=1e-6)


def test_a_swapped_sound_takes_over_at_the_same_place_without_a_click(player: Player, recorder: Recorder) -> None:
    with recorder:
        player.load(clip(sine(400, 3.0)))
        player.play()
        assert wait_until(lambda: player.position_s() > 0.2)
        for amplitude in (0.5, 0.1, 0.4, 0.25):
            number = player.swap(Audio(sine(400, 3.0, amplitude=amplitude), RATE))
            assert wait_until(lambda n=number: player.handed_ns(n) is not None)
            wait(0.1)
        assert 0.5 < player.position_s() < 2.0
        player.stop()
        wait(0.2)
    heard = recorder.sound()
    # In phase all the time: the new sound goes on where the old one stood, and nothing is steeper than the loudest.
    assert steepest(heard) < 1.02 * steepest_of_sine(400, 0.5)
    assert longest_silence_s(heard) < 0.0005
    loud = np.abs(heard[: len(heard) // 480 * 480].reshape(-1, 480)).max(axis=1)
    assert loud.max() == pytest.approx(0.5, rel=0.02)
    assert loud[5:-5].min() == pytest.approx(0.1, rel=0.05)


def test_a_swap_to_another_pitch_fades_over_ten_milliseconds(player: Player, recorder: Recorder) -> None:
    with recorder:
        player.load(clip(sine(300, 2.0)))
        player.play()
        assert wait_until(lambda: player.position_s() > 0.2)
        player.swap(Audio(sine(700, 2.0, phase=2.0), RATE))
        wait(0.4)
        player.stop()
        wait(0.2)
    heard = recorder.sound()
    assert steepest(heard) < 1.1 * steepest_of_sine(700, 0.25)
    assert pitch_hz(heard[: RATE // 8]) == pytest.approx(300, abs=3)
    assert pitch_hz(heard[-RATE // 8 : -RATE // 50]) == pytest.approx(700, abs=3)


@pytest.mark.parametrize("rate", [48000, 44100])
def test_seeking_while_it_plays_leaves_no_gap_and_no_click(
    player: Player, recorder: Recorder, tmp_path: Path, rate: int
) -> None:
    # Low, then high: what is heard tells where the player is.
    sound = np.concatenate([sine(250, 3.0, rate), sine(800, 3.0, rate)], axis=1)
    with recorder:
        player.load(file_of(sound, rate, tmp_path))
        player.play()
        assert wait_until(lambda: player.position_s() > 0.3)
        player.seek(4.0)
        assert player.position_s() == pytest.approx(4.0, abs=0.02)
        wait(0.5)
        assert 4.1 < player.position_s() < 4.7
        player.seek(1.0)
        wait(0.5)
        player.stop()
        wait(0.2)
    heard = recorder.sound()
    assert longest_silence_s(heard) < 0.002
    assert steepest(heard) < 1.1 * steepest_of_sine(800, 0.25)
    middle = np.flatnonzero(np.abs(np.diff(np.sign(heard))))
    periods = np.diff(middle)
    assert (periods < 32).sum() > 300, "the high part was not heard"
    assert (periods > 90).sum() > 200, "the low part was not heard"


def test_pause_holds_the_place_and_play_goes_on_from_it(player: Player, recorder: Recorder) -> None:
    ramp = np.linspace(0.1, 0.6, RATE, dtype=np.float32)[np.newaxis]
    with recorder:
        player.load(clip(ramp))
        player.play()
        assert wait_until(lambda: player.position_s() > 0.3)
        player.pause()
        assert player.state == "paused"
        wait(0.3)
        rested = player.position_s()
        wait(0.1)
        assert player.position_s() == rested
        play_to_the_end(player)
    heard = recorder.sound()
    silent = np.flatnonzero(heard == 0)
    before, after = heard[: silent[0]], heard[silent[-1] + 1 :]
    assert len(before) + len(after) == pytest.approx(RATE, abs=RATE // 500), "something was lost or heard twice"
    assert before.max() == pytest.approx(after[RATE // 50], abs=0.02)
    assert max(steepest(heard), heard[0] - 0.1) < 0.005, "it clicks"


@pytest.mark.parametrize("rate", [48000, 44100])
def test_a_loop_of_whole_cycles_has_no_seam(player: Player, recorder: Recorder, tmp_path: Path, rate: int) -> None:
    with recorder:
        player.load(file_of(sine(600, 1.0, rate), rate, tmp_path))
        player.set_loop((0.1, 0.35))  # 150 whole cycles
        player.seek(0.1)
        player.play()
        assert wait_until(lambda: player.is_sounding)
        wait(1.5)
        assert 0.1 <= player.position_s() <= 0.35
        player.stop()
        wait(0.2)
    heard = recorder.sound()
    assert len(heard) / RATE > 1.2
    inside = heard[RATE // 20 : -RATE // 20]
    t = np.arange(len(inside)) / RATE
    basis = np.stack([np.sin(2 * np.pi * 600 * t), np.cos(2 * np.pi * 600 * t)], axis=1)
    fitted = basis @ np.linalg.lstsq(basis, inside, rcond=None)[0]
    assert np.abs(inside - fitted).max() < 0.001, "it is not one unbroken sine"


def test_the_level_moves_in_a_ramp_and_lands_where_it_was_set(player: Player, recorder: Recorder) -> None:
    with recorder:
        player.load(clip(sine(500, 3.0, amplitude=0.5)))
        player.play()
        assert wait_until(lambda: player.position_s() > 0.3)
        player.set_level_db(-12.0)
        wait(0.4)
        player.stop()
        wait(0.2)
    heard = recorder.sound()
    assert np.abs(heard[: RATE // 5]).max() == pytest.approx(0.5, rel=0.01)
    assert np.abs(heard[-RATE // 10 : -RATE // 50]).max() == pytest.approx(0.5 * 10 ** (-12 / 20), rel=0.01)
    assert steepest(heard) < 1.05 * steepest_of_sine(500, 0.5)


def test_the_test_tone_goes_left_then_right_then_both(player: Player, recorder: Recorder) -> None:
    player.set_level_db(-60.0)
    with recorder:
        player.test_tone()
        assert wait_until(lambda: player.is_sounding)
        assert wait_until(lambda: not player.is_sounding)
    start = np.flatnonzero(recorder.samples.any(axis=1))[0]
    parts = recorder.samples[start:][: RATE * 3 // 2].reshape(3, RATE // 2, 2)
    loud = np.abs(parts).max(axis=1) > 0.1
    assert loud.tolist() == [[True, False], [False, True], [True, True]]
    assert pitch_hz(parts[0, :, 0]) == pytest.approx(440, abs=1)
    assert player.state == "stopped"


def test_a_sound_is_played_once_beside_the_transport_at_its_level(player: Player, recorder: Recorder) -> None:
    player.set_level_db(-12.0)
    with recorder:
        player.play_once(Audio(sine(440, 0.5, amplitude=0.5), RATE))
        assert wait_until(lambda: player.is_sounding)
        assert wait_until(lambda: not player.is_sounding)
    heard = recorder.sound()
    assert np.abs(heard).max() == pytest.approx(0.5 * 10 ** (-12 / 20), rel=0.02)
    assert pitch_hz(heard) == pytest.approx(440, abs=2)
    assert heard.size == pytest.approx(RATE // 2, abs=200)
    assert player.state == "stopped"


def test_the_playhead_runs_evenly_and_never_backwards(player: Player) -> None:
    player.load(clip(sine(500, 3.0)))
    player.play()
    assert wait_until(lambda: player.position_s() > 0.2)
    times, positions = [], []
    while len(times) < 100:
        wait(0.01)
        times.append(time.perf_counter())
        positions.append(player.position_s())
    assert np.diff(positions).min() >= 0
    line = np.polyfit(times, positions, 1)
    assert line[0] == pytest.approx(1.0, abs=0.02)
    assert np.abs(positions - np.polyval(line, times)).max() < 0.03
    player.stop()
    assert player.position_s() == 0.0


def hold_everything_up(seconds: float) -> None:
    """Let no other thread run Python, as a large library does while it loads."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(5.0)
    try:
        busy_until = time.perf_counter() + seconds
        while time.perf_counter() < busy_until:
            pass
    finally:
        sys.setswitchinterval(before)


def test_a_device_that_runs_dry_is_counted(player: Player) -> None:
    counts: list[int] = []
    player.underruns_changed.connect(counts.append)
    player.load(clip(sine(500, 4.0)))
    player.play()
    assert wait_until(lambda: player.position_s() > 0.4)
    hold_everything_up(0.5)
    assert wait_until(lambda: bool(counts))
    assert counts[-1] == player.underruns >= 1
    assert player.state == "playing"


def test_silence_that_runs_dry_is_neither_counted_nor_printed(
    player: Player, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="app.playback.devices")
    player.start()
    assert wait_until(lambda: player.device == "pulse")
    wait(0.3)
    hold_everything_up(0.5)
    assert wait_until(lambda: "snd_pcm_recover" in caplog.text), "the device did not run dry"
    assert player.underruns == 0
    assert "ALSA" not in capfd.readouterr().err
