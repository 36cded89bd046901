"""What rings in a recording is found: when it was struck, at which pitches, how long and how loud."""

import numpy as np
import pytest
import soundfile

from engine.matching.modes import Modes, find_modes, onset_frame

RATE = 44_100


def struck(n=24, seed=0, low=100.0, high=9_000.0):
    """Modes of some object."""
    rng = np.random.default_rng(seed)
    hz = np.sort(rng.uniform(low, high, n))
    return Modes(hz, rng.uniform(2.0, 40.0, n), rng.uniform(0.1, 1.0, n), rng.uniform(0.0, 2.0 * np.pi, n))


def noisy(sound, level_db, seed=5):
    rng = np.random.default_rng(seed)
    return sound + np.abs(sound).max() * 10.0 ** (level_db / 20.0) * rng.standard_normal(sound.size)


def nearest(found, hz):
    return int(np.abs(found.hz - hz).argmin())


@pytest.mark.parametrize("seed", range(3))
def test_modes_are_found_with_pitch_damping_and_level(seed):
    modes = struck(seed=seed)
    found = find_modes(noisy(modes.sound(RATE, RATE), -70.0), RATE)
    for hz, damping, amplitude in zip(modes.hz, modes.damping, modes.amplitude, strict=True):
        at = nearest(found, hz)
        assert found.hz[at] == pytest.approx(hz, abs=0.2)
        assert found.damping[at] == pytest.approx(damping, rel=0.05, abs=0.1)
        assert abs(20.0 * np.log10(found.amplitude[at] / amplitude)) < 1.2


def test_what_was_found_sounds_like_what_was_heard():
    modes = struck()
    sound = modes.sound(RATE, RATE)
    found = find_modes(noisy(sound, -60.0), RATE)
    late = slice(round(0.003 * RATE), None)
    error = found.sound(RATE, RATE) - sound
    assert np.square(error[late]).sum() < 10.0 ** (-3.0) * np.square(sound[late]).sum()


def test_the_strongest_come_first():
    modes = Modes(*np.array([[500.0, 1_200.0, 3_000.0], [4.0, 4.0, 4.0], [0.2, 1.0, 0.5], [0.0, 1.0, 2.0]]))
    found = find_modes(modes.sound(RATE, RATE), RATE)
    np.testing.assert_allclose(found.strongest(3).hz, [1_200.0, 3_000.0, 500.0], atol=0.1)


def test_two_modes_that_beat_are_told_apart():
    modes = Modes(*np.array([[800.0, 803.0], [3.0, 3.0], [1.0, 0.8], [0.0, 0.0]]))
    found = find_modes(noisy(modes.sound(RATE, RATE), -60.0), RATE).strongest(2)
    np.testing.assert_allclose(np.sort(found.hz), [800.0, 803.0], atol=0.1)


def test_a_long_and_a_short_mode_of_one_pitch_region_keep_their_times():
    modes = Modes(*np.array([[600.0, 640.0], [1.5, 120.0], [0.3, 1.0], [0.0, 0.0]]))
    found = find_modes(noisy(modes.sound(RATE, RATE), -70.0), RATE)
    assert found.damping[nearest(found, 600.0)] == pytest.approx(1.5, abs=0.1)
    assert found.damping[nearest(found, 640.0)] == pytest.approx(120.0, rel=0.05)


@pytest.mark.parametrize("damping", [0.0, 0.1, 1.0, 10.0])
@pytest.mark.parametrize("hz", [440.0, 523.0, 1_000.0])
@pytest.mark.parametrize("noise_db", [-200.0, -40.0])
def test_a_lone_tone_is_found_however_long_it_rings(hz, damping, noise_db):
    found = find_modes(noisy(Modes(*np.array([[hz], [damping], [0.5], [0.0]])).sound(RATE // 2, RATE), noise_db), RATE)
    loudest = int(found.amplitude.argmax())
    assert found.hz[loudest] == pytest.approx(hz, abs=0.2)
    assert found.damping[loudest] == pytest.approx(damping, rel=0.05, abs=0.1)
    assert found.amplitude[loudest] == pytest.approx(0.5, rel=0.05)


@pytest.mark.parametrize("begin", [0, 1, 4_321, 30_000])
@pytest.mark.parametrize("noise_db", [-200.0, -50.0])
def test_the_strike_is_found_to_the_millisecond(begin, noise_db):
    sound = np.concatenate([np.zeros(begin), struck(seed=2).sound(RATE // 2, RATE)])
    assert onset_frame(noisy(sound, noise_db), RATE) == pytest.approx(begin, abs=0.001 * RATE)


@pytest.mark.parametrize(
    "sound", [np.zeros(0), np.zeros(10), np.zeros(RATE), np.ones(3)], ids=["none", "few", "silence", "click"]
)
def test_where_nothing_rings_nothing_is_found(sound):
    assert onset_frame(sound, RATE) == 0
    assert len(find_modes(sound, RATE)) == 0


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "left_db"),
    [
        ("glass_impact__glass_clink_005", -20.0),
        ("bell__chime_ringing_004", -20.0),
        ("bell__ding_bell_001", -15.0),
        ("metal_impact__pickaxe_clang_on_rock_003", -10.0),
    ],
)
def test_real_strikes_are_mostly_modes(shared_data, name, left_db):
    sound, rate = soundfile.read(shared_data / "sounds" / f"{name}.ogg")
    sound = sound[onset_frame(sound, rate) :]
    n = min(sound.size, round(0.8 * rate))
    late = slice(round(0.003 * rate), n)
    error = find_modes(sound, rate).sound(n, rate)[late] - sound[late]
    assert 10.0 * np.log10(np.square(error).sum() / np.square(sound[late]).sum()) < left_db
