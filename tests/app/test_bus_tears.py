"""Sound that breaks off because its next frames come too late fades, and comes back without a jump."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from app.playback.bus import Bus
from engine.params import Patch
from engine.playing_player import Player
from engine.playing_ready import Workshop, prepare

RATE, BLOCK = 48_000, 480
HZ = 220.0
LEVEL = 0.5
STEEPEST = 2.0 * LEVEL * 2.0 * math.pi * HZ / RATE
"""Twice what such a tone does by itself; a fade of 5 ms adds less than that."""
WAIT_S = 60.0


def tone(first: int, n: int) -> NDArray[np.float32]:
    wave = LEVEL * np.sin(2.0 * np.pi * HZ * (first + np.arange(n)) / RATE)
    return np.repeat(wave.astype(np.float32)[:, np.newaxis], 2, axis=1)


def pull(bus: Bus, n_blocks: int) -> NDArray[np.float32]:
    heard = []
    for _ in range(n_blocks):
        out = np.zeros((BLOCK, 2), np.float32)
        bus.play_into(out)
        heard.append(out[:, 0])
    return np.concatenate(heard)


@pytest.mark.parametrize("edge", [0, 3, 60, 300, 477], ids="the edge {} frames into a block".format)
def test_what_breaks_off_fades_and_comes_back_rising(edge: int) -> None:
    bus = Bus(RATE)
    there = 4 * BLOCK + edge
    bus.add(0, tone(0, there))
    bus.expect(there)
    heard = [pull(bus, 8)]
    assert np.abs(heard[0][there : there + 48]).max() > 0.02, "it goes on for a moment"
    assert not heard[0][there + round(0.005 * RATE) :].any()
    # Whoever plays goes on where the device is, and tells of the gap.
    bus.add(there, np.zeros((bus.position - there, 2), np.float32))
    bus.add(bus.position, tone(bus.position, 3 * BLOCK))
    bus.expect(math.inf)
    heard.append(pull(bus, 2))
    sound = np.concatenate(heard)
    np.testing.assert_array_equal(sound[:there], tone(0, there)[:, 0])
    assert np.abs(np.diff(sound)).max() < STEEPEST
    assert np.abs(sound[-BLOCK:]).max() > 0.9 * LEVEL
    assert bus.n_late == 4 * BLOCK - edge


def test_what_ends_by_itself_is_left_alone() -> None:
    bus = Bus(RATE)
    bus.add(0, tone(0, 700))
    bus.expect(math.inf)
    np.testing.assert_array_equal(pull(bus, 3)[:700], tone(0, 700)[:, 0])
    assert not bus.busy


def test_a_note_that_only_begins_later_than_it_is_expected_tears_nothing() -> None:
    bus = Bus(RATE)
    bus.add(0, tone(0, 5 * BLOCK))
    bus.expect(100)
    np.testing.assert_array_equal(pull(bus, 5), tone(0, 5 * BLOCK)[:, 0])


# -- the player behind it ------------------------------------------------------------------------------------------


@pytest.fixture
def workshop() -> Iterator[Workshop]:
    prepare("fake")
    made = Workshop("fake", lambda: None)
    yield made
    assert made.close(10.0)


def begin(workshop: Workshop, bus: Bus) -> Player:
    """A key of the FM synthesizer is held and sounds."""
    player = Player("fake", workshop)
    player.obey(0.0, "connect", (bus,))
    player.obey(0.0, "set_patch", (Patch("fm"), False))
    until(lambda: take_up(player))
    player.obey(time.perf_counter(), "note_on", (45, 127))
    for _ in range(20):
        player.play()
        pull(bus, 1)
    player.play()
    assert player.n_sounding == 1
    return player


def take_up(player: Player) -> bool:
    player.take_up()
    return not player.must_wait()


def until(done) -> None:  # type: ignore[no-untyped-def]
    deadline = time.monotonic() + WAIT_S
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.001)


@pytest.mark.parametrize("late", [0, 1, 2, 3, 8], ids="the thread comes back {} blocks later".format)
def test_a_held_key_fades_when_the_instrument_changes_however_late_the_thread_is(workshop: Workshop, late: int) -> None:
    bus = Bus(RATE)
    player = begin(workshop, bus)
    heard = [pull(bus, 1)]
    player.play()
    ahead = bus._end - bus.position  # what the device still has
    heard.append(pull(bus, ahead // BLOCK - 1 + late))
    player.obey(0.0, "set_patch", (Patch("impact"), False))
    until(lambda: take_up(player))
    heard.append(pull(bus, 10))
    sound = np.concatenate(heard)
    loudest = float(np.abs(heard[0]).max())
    assert loudest > 0.05
    own = float(np.abs(np.diff(heard[0])).max())
    assert np.abs(np.diff(sound)).max() < 2.0 * own + loudest / (0.0025 * RATE)
    assert not sound[-BLOCK:].any()
    gone = np.flatnonzero(sound)[-1]
    assert np.abs(sound[gone - 24 : gone + 1]).max() < 0.1 * loudest


def test_a_device_waits_for_no_voice_that_another_instrument_has_ended(workshop: Workshop) -> None:
    bus = Bus(RATE)
    player = begin(workshop, bus)
    player.obey(0.0, "set_patch", (Patch("impact"), False))
    until(lambda: take_up(player))
    before = time.perf_counter()
    # It rings out beside the other instrument, and then there is nothing to wait for.
    while player.play() is not None:
        bus.play_into(np.zeros((BLOCK, 2), np.float32), patience_s=30.0)
    while bus.busy:
        bus.play_into(np.zeros((BLOCK, 2), np.float32), patience_s=30.0)
    bus.play_into(np.zeros((BLOCK, 2), np.float32), patience_s=30.0)
    assert time.perf_counter() - before < 20.0, "it waited"
