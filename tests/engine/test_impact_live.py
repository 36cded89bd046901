"""Strikes that are played while they sound are the strikes that are rendered."""

import random

import numpy as np
import pytest
import torch
from live_and_render import both

from engine.params import IMPACT_SPACE, Patch
from engine.params.impact import LEVEL_FLOOR_DB
from engine.synths.impact import ImpactSynth
from engine.synths.impact_force import Contact
from engine.synths.impact_live_room import ConvolutionRoom, RoomKernel
from engine.synths.live import LiveInstrument
from engine.synths.live_voice import Key, struck_alone

RATE = 48_000
METAL = {"material": 1.0, "shape": 1.0}


@pytest.fixture(scope="module")
def synth():
    return ImpactSynth()


@pytest.mark.parametrize("seed", range(12))
def test_any_patch_is_played_as_it_is_rendered(synth, seed):
    rng = random.Random(seed)
    values = {p.name: p.clamp(p.from_unit(rng.random())) for p in IMPACT_SPACE if p.count == 1}
    values["gain_db"] = 0.0
    values["contact_db"] = rng.choice([LEVEL_FLOOR_DB, -3.0])
    values["room"] = rng.choice([0.0, 0.6])
    rate = rng.choice([22_050, 44_100, 48_000, 96_000])
    blocks = rng.choice([(480,), (441,), (64,), (1_000, 37, 1)])
    patch = Patch("impact", values, seed)
    n = 3 * rate // 10
    rendered, live = both(
        synth, patch, hold=rate // 5, n=n, note=rng.choice([36, 60, 84]), rate=rate, blocks=blocks, seed=seed
    )
    loudest = np.abs(rendered).max()
    assert loudest > 1e-6
    assert np.abs(rendered - live).max() < max(1e-5 * loudest, 1e-6)


@pytest.mark.parametrize(("own", "turn"), [(0, 0), (0, 5), (3, 5)])
def test_a_key_that_is_struck_again_has_another_contact_in_the_same_room(synth, own, turn):
    rough = {**METAL, "contact_db": -3.0, "contact_s": 0.2, "room": 0.6}
    n = RATE // 2
    wanted = synth.render(
        torch.tensor([Patch("impact", rough).unit()], dtype=torch.float64),
        note=60,
        velocity=100,
        hold_s=1.0,
        duration_s=1.0,
        sample_rate=RATE,
        rng=torch.Generator().manual_seed(8),
        strike=own + turn,
    )[0, :, :n].numpy()
    patch = synth.live_patch(Patch("impact", rough, seed=8, strike=own), RATE)
    found = struck_alone(patch, Key(60, 100, seed=turn)).process(n, True)
    assert np.abs(found - wanted).max() < 1e-5 * np.abs(wanted).max()


HISS = Patch(
    "impact",
    {**METAL, "room": 0.0, "contact_db": 6.0, "contact_s": 3.6, "contact_into": 0.5, "contact_direct": 1.0}
    | {"contact_band_oct": [-1.0, *15 * [0.0]]},
)
"""Hits something that hisses for seconds."""


def test_a_long_noise_is_made_as_far_as_it_is_heard(synth, monkeypatch):
    made, noise = [], Contact.noise

    def counted(self, n, *args):
        made.append(n)
        return noise(self, n, *args)

    monkeypatch.setattr(Contact, "noise", counted)
    live = LiveInstrument(synth.live_patch(HISS, RATE), RATE)
    live.hit((0.3, 0.4), 100, 60, 0)
    live.render(RATE)
    assert sum(made) < 1.2 * RATE
    # Struck elsewhere it has another patch, which what sounds takes over.
    made.clear()
    moved = synth.live_patch(HISS.with_values(strike_x=0.8), RATE)
    moved.foresee(live.keys)
    live.set_patch(moved)
    live.hit((0.8, 0.4), 100, 60, RATE)
    live.render(RATE + 4_800)
    assert 0 < sum(made) < 0.6 * RATE


def test_a_long_noise_in_pieces_is_the_noise_and_goes_on_where_a_patch_turns(synth):
    rendered, live = both(synth, HISS, hold=20_000, n=24_000, blocks=(480, 37))
    assert np.abs(rendered - live).max() < 1e-5 * np.abs(rendered).max()
    key = Key(60, 100.0)
    before, after = synth.live_patch(HISS, RATE), synth.live_patch(HISS.with_values(gain_db=-6.0), RATE)
    plain, turned = before.strike(key), before.strike(key)
    plain.process(30_000, True)
    turned.process(30_000, True)
    after.renew([turned], [key])
    found, wanted = turned.process(6_000, True)[:, 600:], plain.process(6_000, True)[:, 600:]
    ratio = 10.0 ** ((-6.0 - HISS.values["gain_db"]) / 20.0)
    assert np.corrcoef(found[0], wanted[0])[0, 1] > 0.99
    assert found.std() / wanted.std() == pytest.approx(ratio, rel=0.1)


def test_a_strike_ends_when_it_has_rung_out(synth):
    voice = synth.live({"damping_low": 4.0}, note=60, velocity=100)
    blocks = 0
    while not voice.ended:
        last = voice.process(480, True)
        blocks += 1
        assert blocks < 500
    assert np.abs(last).max() < 1e-4
    assert blocks > 3


def test_a_damped_object_is_choked_by_the_key(synth):
    ringing = synth.live({**METAL, "release_s": 0.05}, note=60, velocity=100)
    choked = synth.live({**METAL, "release": 1.0, "release_s": 0.05}, note=60, velocity=100)
    for voice in (ringing, choked):
        voice.process(4_800, True)
    after = [np.abs(voice.process(4_800, False)[:, 2_400:]).max() for voice in (ringing, choked)]
    assert after[1] < 0.002 * after[0]
    assert choked.level < ringing.level


def peak_hz(sound):
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(sound.size), 1 << 18))
    return float(spectrum.argmax()) * RATE / (1 << 18)


def test_the_wheel_bends_what_rings(synth):
    sounds = []
    for bend_st in (0.0, 2.0):
        voice = synth.live({"material": 1.0, "modes": 1.0}, note=60, velocity=100)
        voice.process(480, True)
        sounds.append(voice.process(24_000, True, bend_st)[0])
    assert peak_hz(sounds[1]) == pytest.approx(peak_hz(sounds[0]) * 2.0 ** (2.0 / 12.0), rel=2e-3)


def test_another_patch_takes_over_what_rings_without_a_click(synth):
    one = synth.live_patch(Patch("impact", {"material": 1.0, "modes": 4.0, "size_m": 0.6}), RATE)
    other = synth.live_patch(Patch("impact", {"material": 1.0, "modes": 9.0, "size_m": 0.5}), RATE)
    key = Key(60, 100)
    voice = one.strike(key)
    before = voice.process(4_800, True)
    other.renew([voice], [key])
    after = voice.process(4_800, True)
    sound = np.concatenate([before, after], 1)[:, 2_400:]
    assert np.abs(after).max() > 0.02
    steepest = np.abs(np.diff(sound, axis=1)).max(0)
    assert steepest[2_390:2_410].max() < 1.5 * steepest[:2_380].max()
    assert peak_hz(after[0, 480:]) > 1.2 * peak_hz(before[0])


def test_striking_again_adds_to_what_still_rings(synth):
    patch = synth.live_patch(Patch("impact", {**METAL, "room": 0.4}), RATE)
    live = LiveInstrument(patch, RATE)

    def heard(until):
        out = np.zeros((until, 2))
        for first, sound in live.render(until):
            out[first : first + len(sound)] += sound
        return out

    live.note_on(60, 100, 0)
    live.note_off(60)
    first = heard(9_600)
    live.note_on(60, 100, 9_600)
    assert live.n_sounding == 2
    second = heard(19_200)[9_600:]
    assert np.abs(second).max() > 0.8 * np.abs(first).max()


def test_a_glide_slides_between_two_keys(synth):
    patch = synth.live_patch(Patch("impact", {"material": 1.0, "modes": 1.0, "tuning": 2.0}), RATE)
    low, high = Key(60, 100), Key(72, 100)
    voice = patch.strike(low)
    voice.process(4_800, True)
    patch.renew([voice], [high], 0.2)
    sliding = voice.process(2_400, True)[0]
    voice.process(9_600, True)
    there = voice.process(24_000, True)[0]
    assert 262.0 < peak_hz(sliding) < 400.0
    assert peak_hz(there) == pytest.approx(523.25, rel=5e-3)


def pitches_st(sound, hz):
    """The pitch of each cycle over ``hz``, in semitones."""
    rises = np.flatnonzero((sound[:-1] < 0.0) & (sound[1:] >= 0.0))
    at = rises - sound[rises] / (sound[rises + 1] - sound[rises])
    return 12.0 * np.log2(RATE / np.diff(at) / hz)


def test_the_modulation_wheel_lets_the_pitch_swing_and_back_at_rest_it_is_still(synth):
    patch = synth.live_patch(Patch("impact", {"material": 1.0, "modes": 1.0, "tuning": 2.0}), RATE)
    voice, still = (patch.strike(Key(69, 100)) for _ in range(2))
    for each in (voice, still):
        each.process(4_800, True)
    moved = voice.process(24_000, True, wheel_st=1.0)[0]
    found = pitches_st(moved, 440.0)
    assert found.max() == pytest.approx(1.0, abs=0.05)
    assert found.min() == pytest.approx(-1.0, abs=0.05)
    turns = np.flatnonzero(np.diff(np.sign(found)))
    assert len(turns) in (5, 6), "half a second of 5.5 Hz"
    straight = still.process(24_000, True)[0]
    assert np.abs(np.diff(moved)).max() < 1.1 * np.abs(np.diff(straight)).max(), "a click"
    assert np.abs(pitches_st(voice.process(9_600, True)[0][480:], 440.0)).max() < 0.01


# -- the room ----------------------------------------------------------------------------------------------------


def kernel(n=20_000, seed=0, name="one"):
    rng = np.random.default_rng(seed)
    answer = rng.standard_normal((2, n)) * np.exp(-np.arange(n) / 4_000.0)
    answer[:, :480] = 0.0
    return answer, RoomKernel(answer, RATE, name)


def test_a_room_is_a_convolution_however_it_is_asked():
    answer, walls = kernel()
    room = ConvolutionRoom(walls)
    rng = np.random.default_rng(1)
    sound = rng.standard_normal(30_000)
    at, parts = 0, []
    while at < sound.size:
        n = int(rng.integers(1, room.reach + 1))
        room.send(at, sound[at : at + n])
        parts.append(room.answer(min(n, sound.size - at)))
        at += n
    found = np.concatenate(parts).T
    wanted = np.stack([np.convolve(sound, side)[: sound.size] for side in answer])
    assert np.abs(found - wanted).max() < 1e-5 * np.abs(wanted).max()


def test_what_comes_a_little_late_still_comes_back():
    answer, walls = kernel()
    room = ConvolutionRoom(walls)
    room.answer(1_000)
    entered = room.send(1_000 - room.reach, np.ones(1))
    assert 1_000 - room.reach <= entered <= 1_000
    found = room.answer(4_000).T
    wanted = np.zeros((2, 4_000))
    wanted[:, :] = answer[:, 1_000 - entered : 5_000 - entered]
    assert np.abs(found - wanted).max() < 1e-5


def test_another_room_opens_while_the_old_one_rings_out():
    (one, first), (two, second) = kernel(), kernel(seed=5, name="two")
    room = ConvolutionRoom(first)
    room.send(0, np.ones(1))
    room.answer(960)
    room.refurnish(second)
    room.send(960, np.ones(1))
    found = room.answer(4_000).T
    assert np.abs(found - one[:, 960:4_960] - two[:, :4_000]).max() < 1e-5


def test_a_room_ends_and_a_closed_one_is_silent():
    _, walls = kernel(n=6_000)
    room = ConvolutionRoom(walls)
    room.send(0, np.ones(1))
    room.answer(3_000)
    assert not room.ended
    room.close()
    room.answer(128)
    assert room.ended
    assert np.abs(room.answer(1_000)).max() == 0.0
    room = ConvolutionRoom(walls)
    room.send(0, np.ones(1))
    room.answer(7_000)
    assert room.ended
