"""Hands on an object reach the playing thread from any thread: they strike, scrape and damp it, and nobody waits."""

import threading
import time

import numpy as np
import pytest
from test_playing import SteppedBus

from engine.params import Patch
from engine.params.gesture import GESTURES, Hand
from engine.playing import LATE_S, Instrument, prepare

METAL = Patch("impact", {"material": 1.0, "shape": 1.0, "release_s": 0.1})


@pytest.fixture(params=["real", "fake"])
def playing(request):
    prepare(request.param)
    instrument, bus = Instrument(request.param), SteppedBus()
    instrument.connect(bus)
    instrument.set_patch(METAL)
    yield instrument, bus
    assert instrument.close()


def pump(bus, until):
    """The device takes 10 ms at a time, whether there is sound or silence."""
    while bus.position < until:
        with bus.changed:
            bus.changed.wait_for(lambda: bus.end() > bus.position + 480, 0.05)
        bus.take(480)


def loudness(bus, first, last):
    sound = np.zeros((last, 2))
    heard = bus.joined()[:last]
    sound[: len(heard)] = heard
    return float(np.sqrt((sound[first:] ** 2).mean()))


def test_an_object_that_is_hit_rings_freely(playing):
    instrument, bus = playing
    instrument.hit(0.4, 0.4, 100)
    pump(bus, 24_000)
    assert loudness(bus, 20_000, 24_000) > 0.001
    assert instrument.n_sounding == 1


@pytest.mark.parametrize("kind", GESTURES)
def test_a_hand_is_heard_while_it_moves_and_after_it_left_the_object_rings_out(playing, kind):
    instrument, bus = playing
    for i in range(40):
        instrument.touch(0.3 + 0.01 * i, 0.5, 0.6, Hand(kind, seed=2))
        pump(bus, 480 * (i + 1))
    assert loudness(bus, 4_800, 19_200) > 0.001
    instrument.lift()
    instrument.all_off()
    for _ in range(200):
        pump(bus, bus.position + 480)
        if instrument.n_sounding == 0:
            break
    silent_from = bus.end()
    pump(bus, silent_from + 9_600)
    assert bus.end() == silent_from


def test_a_damping_hand_silences_what_rings_and_what_is_struck_under_it(playing):
    instrument, bus = playing
    instrument.note_on(60, 110)
    pump(bus, 12_000)
    instrument.damp(True)
    pump(bus, 28_800)
    assert loudness(bus, 26_400, 28_800) < 0.01 * loudness(bus, 8_000, 12_000)
    instrument.damp(False)
    instrument.note_on(60, 110)
    pump(bus, 40_800)
    assert loudness(bus, 36_000, 40_800) > 0.2 * loudness(bus, 10_000, 12_000)


def test_a_machine_that_was_away_follows_a_hand_in_few_steps_to_where_it_is(monkeypatch):
    prepare("fake")
    instrument, bus = Instrument("fake"), SteppedBus()
    is_away, may_go_on, places = threading.Event(), threading.Event(), []

    def touched(live, place, force, note, hand, at):
        places.append(place[0])
        if len(places) == 1:
            is_away.set()
            assert may_go_on.wait(10.0)

    monkeypatch.setattr("engine.synths.live.LiveInstrument.touch", touched)
    instrument.connect(bus)
    instrument.set_patch(METAL)
    instrument.touch(0.0, 0.5, 0.6)
    assert is_away.wait(10.0)
    for i in range(1, 101):
        instrument.touch(i / 100, 0.5, 0.6)
    time.sleep(1.5 * LATE_S)
    may_go_on.set()
    instrument.hit(0.5, 0.5, 100)
    bus.wait_for(len)
    assert instrument.close()
    assert places[0] == 0.0
    assert places[-1] == 1.0
    assert len(places) < 10


def test_who_hears_less_than_is_played_is_told_once():
    prepare("real")
    instrument, told = Instrument("real"), []
    is_over = threading.Event()

    class Slow(SteppedBus):
        def add(self, first, frames):
            # What is rendered takes three times as long as it lasts, until little is left of it.
            self.position += 3 * len(frames)
            if self.position > 5 * 48_000:
                is_over.set()

    instrument.on_strain = lambda: told.append(threading.current_thread().name)
    instrument.connect(Slow())
    instrument.set_patch(METAL)
    for _ in range(600):
        # One that has to wait for the patch comes to nothing.
        instrument.touch(0.4, 0.4, 0.8, Hand("roll"))
        if is_over.wait(0.1):
            break
    assert instrument.close()
    assert is_over.is_set()
    assert told == ["engine-play"]


def test_hands_that_come_before_a_bus_or_on_fm_do_no_harm(playing):
    instrument, bus = playing
    instrument.set_patch(Patch("fm"))
    instrument.touch(0.5, 0.5, 0.5)
    instrument.damp(True)
    instrument.lift()
    instrument.note_on(60, 100)
    pump(bus, 4_800)
    assert loudness(bus, 1_000, 4_000) > 0.001
