"""Another instrument comes to hand: what rang of the one before rings out, and the new one plays at once."""

import time

import numpy as np
import pytest
from test_playing import SteppedBus, pump

from engine.params import Patch
from engine.playing import Instrument, prepare

RATE = 48_000
BELL = Patch("impact", {"material": 1.0, "modes": 1.0, "tuning": 2.0, "damping_low": 1.0, "release_s": 2.0})
SINE = Patch("fm", {"mod_2_1_rad": 0.0, "op1_env2_db": 0.0, "op1_env3_db": 0.0, "op1_env4_s": 0.3})


def struck(kind, patch):
    """An instrument with a key down, and the bus that it plays on."""
    prepare(kind)
    instrument, bus = Instrument(kind), SteppedBus()
    instrument.connect(bus)
    instrument.set_patch(patch)
    instrument.note_on(60, 110)
    return instrument, bus


def strength(sound, hz):
    return np.abs(np.fft.rfft(sound * np.hanning(len(sound))))[round(hz * len(sound) / RATE)]


@pytest.mark.parametrize("first", [BELL, SINE], ids=["impact", "fm"])
def test_what_rings_fades_no_faster_than_its_own_release_and_the_other_instrument_plays(first):
    instrument, bus = struck("real", first)
    pump(bus, 24_000)
    other = SINE if first is BELL else BELL
    instrument.set_patch(other)
    # The device stands still until the other one is there: what is heard from here on is heard beside it.
    deadline = time.monotonic() + 60.0
    while instrument._player._synth != other.synth and time.monotonic() < deadline:
        time.sleep(0.002)
    instrument.note_on(81, 110)
    pump(bus, 60_000)
    sound = bus.joined()[:60_000, 0]
    after = bus.position
    assert instrument.close()
    assert after == 60_000
    # What was rendered ahead of the device has been heard by then.
    before, early, late = sound[14_400:19_200], sound[31_200:36_000], sound[50_400:60_000]
    assert strength(early, 260.0) > 0.05 * strength(before, 260.0), "it was cut off"
    assert strength(late, 880.0) > strength(late, 700.0) * 20.0, "the other one plays"


def test_silence_ends_what_has_been_left_too():
    instrument, bus = struck("fake", BELL)
    pump(bus, 9_600)
    instrument.set_patch(SINE)
    instrument.note_on(81, 110)
    pump(bus, 14_400)
    instrument.all_off()
    for _ in range(200):
        bus.take(480)
        with bus.changed:
            bus.changed.wait(0.005)
        if instrument.n_sounding == 0:
            break
    assert instrument.n_sounding == 0
    assert instrument.close()
