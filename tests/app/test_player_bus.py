"""The bus by hand: blocks add up at their places, late ones are cut, and chords do not crackle."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from player_recording import Recorder, longest_silence_s, pitch_hz, sine, steepest, steepest_of_sine, wait, wait_until
from PySide6.QtWidgets import QApplication
from test_player_mixer import BLOCK, RATE, Desk, memory

from app.playback.bus import CAPACITY_S, Bus
from app.playback.devices import LibraryMissing, PortAudio
from app.player import Player


def frames(mono: NDArray[np.floating] | list[float]) -> NDArray[np.float32]:
    """``[n, 2]``"""
    return np.repeat(np.asarray(mono, np.float32)[:, np.newaxis], 2, axis=1)


def pull(bus: Bus, n: int) -> NDArray[np.float32]:
    """``[n]``: the left channel of the next frames."""
    out = np.zeros((n, 2), np.float32)
    bus.play_into(out)
    return out[:, 0]


def test_blocks_add_up_where_they_say_and_are_heard_once() -> None:
    bus = Bus(RATE)
    bus.add(2, frames([0.1, 0.2, 0.3]))
    bus.add(3, frames([0.5, 0.5]))
    np.testing.assert_allclose(pull(bus, 4), [0, 0, 0.1, 0.7])
    np.testing.assert_allclose(pull(bus, 4), [0.8, 0, 0, 0], atol=1e-7)
    assert not bus.busy
    # Once round the ring: nothing of the first time is left.
    for _ in range(2 * RATE // BLOCK):
        assert not pull(bus, BLOCK).any()


def test_a_block_across_the_seam_of_the_ring_is_whole() -> None:
    bus = Bus(RATE)
    wave = np.sin(np.arange(20 * RATE // 10) / 9)
    heard = []
    for start in range(0, len(wave), 700):
        bus.add(start, frames(wave[start : start + 700]))
        heard.append(pull(bus, 700))
    np.testing.assert_allclose(np.concatenate(heard)[: len(wave)], wave, atol=1e-6)


def test_what_comes_late_is_cut_and_counted() -> None:
    bus = Bus(RATE)
    pull(bus, 100)
    bus.add(90, frames(np.full(20, 0.5)))
    bus.add(0, frames(np.full(20, 0.5)))
    heard = pull(bus, 20)
    assert bus.n_late == 30
    np.testing.assert_allclose(heard, [0.5] * 10 + [0] * 10)


def test_what_lies_further_ahead_than_the_ring_reaches_is_dropped() -> None:
    bus = Bus(RATE)
    bus.add(10 * RATE, frames(np.ones(10)))
    pull(bus, BLOCK)
    assert bus.position == BLOCK
    assert CAPACITY_S >= 0.5
    for _ in range(10 * RATE // BLOCK):
        assert not pull(bus, BLOCK).any()
    assert not bus.busy


def test_whoever_waits_is_told_of_work_once() -> None:
    told = []
    bus = Bus(RATE, lambda: told.append(1))
    bus.add(0, frames(np.ones(10)))
    bus.add(5, frames(np.ones(10)))
    assert told == [1]
    pull(bus, 20)
    bus.add(20, frames(np.ones(10)))
    assert told == [1, 1]


def test_the_moment_of_the_first_sound_after_a_mark_is_known() -> None:
    bus = Bus(RATE)
    bus.add(0, frames(np.full(3 * BLOCK, 0.1)))
    pull(bus, BLOCK)
    number = bus.mark()
    bus.add(BLOCK, frames(np.zeros(BLOCK)))
    bus.add(2 * BLOCK, frames([0.0] * 10 + [0.2] * 10))
    pull(bus, BLOCK)
    assert not bus.handed, "silence was taken for the key"
    before = time.perf_counter_ns()
    pull(bus, BLOCK)
    assert [n for n, _ in bus.handed] == [number]
    assert before <= bus.handed[0][1] <= time.perf_counter_ns()


def test_how_much_the_device_takes_at_a_time_is_known_before_anything_sounds() -> None:
    now = [0.0]
    bus = Bus(RATE, clock=lambda: now[0])
    assert bus.at_once == 0

    def asked(after_s: float, n: int = BLOCK) -> int:
        now[0] += after_s
        pull(bus, n)
        return bus.at_once

    for _ in range(200):
        # By its own clock, which is a little fast.
        asked(0.9995 * BLOCK / RATE)
    assert BLOCK <= bus.at_once < 1.01 * BLOCK
    # Kept from asking for a while, it makes up for it.
    asked(5 * BLOCK / RATE)
    for _ in range(4):
        asked(0.0001)
    assert 4.8 * BLOCK < bus.at_once <= 5 * BLOCK
    for _ in range(2_000):
        asked(BLOCK / RATE)
    assert bus.at_once < 1.01 * BLOCK


def test_a_device_with_time_to_spare_waits_for_what_is_expected() -> None:
    bus = Bus(RATE)
    wave = np.arange(1, 4 * BLOCK + 1) / (8 * BLOCK)
    bus.add(0, frames(wave[:BLOCK]))
    bus.expect(BLOCK)

    def go_on() -> None:
        bus.add(BLOCK, frames(wave[BLOCK:]))
        bus.expect(4 * BLOCK)

    hand = threading.Timer(0.05, go_on)
    hand.start()
    out = np.zeros((2 * BLOCK, 2), np.float32)
    bus.play_into(out, patience_s=60.0)
    hand.join()
    np.testing.assert_allclose(out[:, 0], wave[: 2 * BLOCK], atol=1e-6)
    assert bus.n_late == 0


def test_a_device_waits_no_longer_than_it_can_and_only_once() -> None:
    looks = []

    def clock() -> float:
        looks.append(1)
        return len(looks) * 1.0

    bus = Bus(RATE, clock=clock)
    bus.add(0, frames(np.full(BLOCK, 0.5)))
    bus.expect(BLOCK)
    pull(bus, BLOCK)
    out = np.zeros((BLOCK, 2), np.float32)
    bus.play_into(out, patience_s=0.5)
    assert not out[round(0.005 * RATE) :].any()
    before = len(looks)
    bus.play_into(out, patience_s=1e9)
    assert len(looks) < before + 5, "it waited again for somebody who does not come"
    # With the next sign it does.
    bus.expect(bus.position)
    threading.Timer(0.02, lambda: bus.expect(np.inf)).start()
    bus.play_into(out, patience_s=1e9)


def test_a_bus_that_is_closed_lets_a_device_go_that_waits_for_it() -> None:
    bus = Bus(RATE)
    bus.expect(0)
    threading.Timer(0.02, bus.close).start()
    bus.play_into(np.zeros((BLOCK, 2), np.float32), patience_s=60.0)
    assert bus.position == BLOCK


def test_a_bus_that_is_closed_takes_nothing() -> None:
    told = []
    bus = Bus(RATE, lambda: told.append(1))
    bus.close()
    bus.add(0, frames(np.ones(10)))
    assert not pull(bus, 10).any()
    assert not bus.busy
    assert told == []


def test_live_notes_sound_beside_the_transport_and_both_under_the_level() -> None:
    desk = Desk()
    desk.plan(memory(np.full(RATE, 0.25)), playing=True)
    desk.mixer.bus.add(BLOCK, frames(np.full(BLOCK, 0.5)))
    np.testing.assert_allclose(desk.run(3)[[0, BLOCK, 2 * BLOCK]], [0.25, 0.75, 0.25])
    desk.plan(gain=0.5)
    desk.run(2)
    desk.mixer.bus.add(desk.mixer.bus.position, frames(np.full(BLOCK, 0.5)))
    assert desk.run()[0] == pytest.approx(0.375)
    peaks = desk.mixer.levels.take(desk.now_s)
    assert peaks.left == pytest.approx(0.75)


def test_live_notes_alone_keep_the_mixer_busy_until_they_are_over() -> None:
    desk = Desk()
    assert not desk.mixer.busy
    desk.mixer.bus.add(0, frames(np.full(BLOCK, 0.5)))
    assert desk.mixer.busy
    desk.run(1, underflow=True)
    assert desk.mixer.underruns == 1
    assert not desk.mixer.busy


def test_a_chord_that_is_too_loud_is_turned_down_and_not_cut_off() -> None:
    wave = sine(200.0, 1.0, amplitude=1.0)[0]
    rise = np.minimum(np.arange(len(wave)) / (0.1 * RATE), 1.0)
    bus = Bus(RATE)
    bus.add(0, frames(1.8 * wave * rise))
    heard = np.concatenate([pull(bus, BLOCK) for _ in range(RATE // BLOCK)])
    assert np.abs(heard).max() <= 10 ** (-1 / 20) + 1e-6
    # A sine that is cut off flat at 1 / 1.8 has a third partial of -18 dB.
    steady = heard[RATE // 2 : RATE // 2 + RATE // 4] * np.hanning(RATE // 4)
    spectrum = np.abs(np.fft.rfft(steady))
    assert spectrum[150] < 0.01 * spectrum[50]


def test_below_full_scale_not_a_sample_is_changed() -> None:
    noise = np.random.default_rng(0).uniform(-1, 1, RATE // 2).astype(np.float32)
    bus = Bus(RATE)
    bus.add(0, frames(noise))
    heard = np.concatenate([pull(bus, BLOCK) for _ in range(len(noise) // BLOCK)])
    assert np.array_equal(heard, noise[: len(heard)])


def test_after_a_loud_chord_the_level_comes_back() -> None:
    bus = Bus(RATE)
    bus.add(0, frames(np.full(BLOCK, 2.0)))
    heard = []
    for n in range(2 * RATE // BLOCK):
        bus.add((n + 1) * BLOCK, frames(np.full(BLOCK, 0.5)))
        heard.append(pull(bus, BLOCK))
    heard = np.concatenate(heard)
    assert heard[-1] == pytest.approx(0.5, abs=0.01)
    assert np.abs(np.diff(heard[BLOCK:])).max() < 0.01


def test_another_rate_is_another_bus() -> None:
    desk = Desk()
    old = desk.mixer.bus
    old.add(0, frames(np.ones(BLOCK)))
    desk.mixer.set_rate(44100)
    assert desk.mixer.bus is not old
    assert desk.mixer.bus.rate == 44100
    old.add(BLOCK, frames(np.ones(BLOCK)))
    assert not desk.run(2).any()


class Deaf(PortAudio):
    """A machine without PortAudio."""

    def scan(self) -> object:  # type: ignore[override]
        raise LibraryMissing("none")


def test_without_a_device_live_notes_pass_in_silence(qapp: QApplication) -> None:
    player = Player(library=Deaf())
    try:
        player.bus.add(player.bus.position, frames(np.full(RATE // 10, 0.5)))
        assert player.is_sounding
        assert wait_until(lambda: not player.is_sounding)
        assert player.bus.position >= RATE // 10
        assert player.levels().left == pytest.approx(0.5)
    finally:
        player.close()


@pytest.mark.sound
def test_live_frames_reach_the_device_whole(player: Player, sound_server: object, tmp_path: Path) -> None:
    player.get_ready()
    assert wait_until(lambda: bool(player.device))
    wave = sine(440.0, 1.0, amplitude=0.5)[0] * np.minimum(np.arange(RATE) / 480, 1.0)
    with Recorder(sound_server.monitor, tmp_path) as recorder:
        bus = player.bus
        first = bus.position + 1000
        for start in range(0, RATE, 480):
            bus.add(first + start, frames(wave[start : start + 480]))
        assert wait_until(lambda: not player.is_sounding)
        wait(0.2)
    sound = recorder.sound()
    assert pitch_hz(sound) == pytest.approx(440.0, abs=1)
    assert longest_silence_s(sound) < 0.002
    assert steepest(sound[: RATE - 10]) < 1.2 * steepest_of_sine(440.0, 0.5)
    assert bus.n_late == 0


@pytest.mark.sound
def test_the_device_stays_open_while_a_key_may_be_played(player: Player, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.playback.output.IDLE_S", 0.3)
    player.keep_awake(True)
    assert wait_until(lambda: bool(player.device))
    before = player.bus.position
    wait(1.0)
    assert player.bus.position > before + RATE // 2
    player.keep_awake(False)
    wait(1.0)
    asleep = player.bus.position
    wait(0.3)
    assert player.bus.position == asleep, "the device is still open"
    player.get_ready()
    assert wait_until(lambda: player.bus.position > asleep)


def test_a_gap_in_what_keys_play_counts_as_a_dropout() -> None:
    desk = Desk()
    desk.mixer.bus.add(0, frames(np.full(BLOCK, 0.5)))
    desk.run(2)
    assert desk.mixer.underruns == 0
    desk.mixer.bus.add(BLOCK, frames(np.full(2 * BLOCK, 0.5)))
    desk.run(2)
    assert desk.mixer.underruns == 1
