"""A machine that is too slow for what hands do plays less of it, in time, and never falls silent."""

import time
from pathlib import Path

import numpy as np
import pytest

from engine.dsp import mode_kernels
from engine.params import Patch
from engine.params.gesture import Hand
from engine.playing import prepare
from engine.playing_player import Player
from engine.playing_ready import Workshop

RATE = 48_000
BLOCK = 480
TAM_TAM = Path(__file__).parents[2] / "resources/presets/impact/tam-tam.json"


class SlowBus:
    """A device that goes on while modes are computed: a mode takes ``cost`` of the time there is, and so does each
    force on it."""

    rate = RATE
    at_once = 0

    def __init__(self, monkeypatch, cost):
        self.position = 0
        self.heard = np.zeros((30 * RATE, 2))
        self.cost = cost
        ring_on, ring_out = mode_kernels.ring_on, mode_kernels.ring_out

        def slow_on(*args):
            n_forces, n = args[10].shape
            ring_on(*args)
            self.position += round(self.cost * args[0].size * (1 + n_forces) * n)

        def slow_out(*args):
            ring_out(*args)
            self.position += round(self.cost * args[0].size * args[-1].size)

        monkeypatch.setattr(mode_kernels, "ring_on", slow_on)
        monkeypatch.setattr(mode_kernels, "ring_out", slow_out)

    def add(self, first, frames):
        late = max(self.position - first, 0)
        if late < len(frames):
            self.heard[first + late : first + len(frames)] += frames[late:]

    def expect(self, frame):
        """This device waits for nobody."""

    def sounding(self, begin, end):
        """The share of blocks of 20 ms in which something is heard throughout."""
        blocks = np.abs(self.heard[begin:end]).max(1)[: (end - begin) // 960 * 960].reshape(-1, 8, 120)
        return float((blocks.max(2).min(1) > 1e-6).mean())


@pytest.fixture
def play(monkeypatch):
    """Plays the tam-tam on a device of a speed, step by step: what hands do, then what is due."""
    workshops = []

    def begin(cost):
        prepare("real")
        bus, workshop = SlowBus(monkeypatch, cost), Workshop("real", lambda: None)
        workshops.append(workshop)
        player = Player("real", workshop)
        player.obey(0.0, "connect", (bus,))
        player.obey(0.0, "set_patch", (Patch.loads(TAM_TAM.read_text()).with_values(room=0.0), False))
        while player.must_wait():
            time.sleep(0.005)
            player.take_up()

        def go(seconds, *commands):
            end = bus.position + round(seconds * RATE)
            while bus.position < end:
                due = bus.position + BLOCK
                for name, *args in commands:
                    player.obey(time.perf_counter(), name, tuple(args))
                    player.keep_up()
                player.play()
                bus.position = max(bus.position, due)

        return bus, player, go

    yield begin
    for workshop in workshops:
        assert workshop.close(10.0)


ROLL = ("touch", (0.4, 0.4), 0.8, 60, Hand("roll", 60.0, 0.7, 1))


def test_the_fastest_roll_on_the_richest_object_costs_no_more_the_longer_it_goes(play):
    bus, player, go = play(0.35 / 1000)
    go(4.0, ROLL)
    assert bus.sounding(4_800, 4 * RATE) == 1.0
    assert not player.is_strained
    player.obey(0.0, "lift", ())
    go(0.5)
    at = bus.position
    player.obey(time.perf_counter(), "hit", ((0.5, 0.5), 120, 60))
    go(0.3)
    assert bus.sounding(at + 960, at + 10_000) == 1.0


def test_where_not_even_the_modes_can_be_computed_fewer_of_them_ring_and_a_strike_is_heard_at_once(play):
    bus, player, go = play(1.5 / 500)
    go(0.5, ROLL)
    assert not player.is_strained
    assert bus.sounding(6_000, 24_000) > 0.95, "less is played as soon as the machine is seen to be slow"
    go(3.5, ROLL)
    assert player.is_strained, "so long that it is worth a word"
    end = bus.position
    assert bus.sounding(end - 2 * RATE, end) > 0.95
    player.obey(0.0, "lift", ())
    go(0.5, ("damp", True))
    player.obey(0.0, "damp", (False,))
    at = bus.position
    before = np.abs(bus.heard[at - 2_400 : at]).max()
    player.obey(time.perf_counter(), "hit", ((0.5, 0.5), 127, 60))
    go(0.3)
    assert np.abs(bus.heard[at : at + 4_800]).max() > 1.3 * before
    assert bus.sounding(at + 960, at + 10_000) > 0.95


def test_what_is_left_out_comes_back_where_there_is_time_again(play):
    bus, player, go = play(1.5 / 500)
    go(2.0, ROLL)
    assert 0 < player._live.n_modes < 400
    bus.cost = 1e-6
    go(8.0, ROLL)
    assert player._live.n_modes > 400


def test_many_objects_at_once_lose_the_quietest_and_the_newest_stays(play):
    bus, player, go = play(0.3 / 500)
    for i in range(12):
        player.obey(time.perf_counter(), "hit", ((0.5, 0.5), 60 + 5 * i, 48 + i))
        go(0.2)
    go(0.8)
    assert any(key.note == 59 for key in player._live.keys)
    assert len(player._live.keys) < 6
    assert bus.sounding(bus.position - 12_000, bus.position) > 0.95


def test_damp_ends_what_a_roll_has_left_behind(play):
    bus, player, go = play(0.35 / 1000)
    go(2.0, ROLL)
    player.obey(0.0, "lift", ())
    player.obey(0.0, "damp", (True,))
    at = bus.position
    loud = np.abs(bus.heard[at - 4_800 : at]).max()
    go(0.6)
    dry = player._live._parts
    assert all(part.voice.level < 1e-3 * loud for part in dry)
