"""The impact instrument sounds as its knobs say."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from engine.errors import PatchError
from engine.params import IMPACT_SPACE, Patch
from engine.params.impact import LEVEL_FLOOR_DB, MATERIALS, N_MODES, SHAPES
from engine.synths.impact import ImpactSynth

RATE = 48_000
NOTE = {"note": 60, "velocity": 100, "hold_s": 10.0, "duration_s": 1.0, "sample_rate": RATE}
BAR = {"material": 1.0, "strike_x": 0.02, "pickup_x": 1.0, "strike_y": 0.5, "pickup_y": 0.5, "width": 0.0}


@pytest.fixture(scope="module")
def synth():
    return ImpactSynth()


def strike(synth, *, seed=0, dtype=torch.float64, note=None, number=0, **values):
    """The sound of a patch ``[2, frames]``."""
    values = {n: float(_CHOICES[n].index(v)) if isinstance(v, str) else v for n, v in values.items()}
    unit = torch.tensor([Patch("impact", values).unit()], dtype=dtype)
    with torch.no_grad():
        sound = synth.render(unit, **{**NOTE, **(note or {})}, rng=torch.Generator().manual_seed(seed), strike=number)
    return sound[0].numpy()


_CHOICES = {p.name: p.choices for p in IMPACT_SPACE}


def many(first, count=N_MODES, rest=0.0):
    """The values of a vector that begins with ``first``."""
    return (*first, *(rest,) * (count - len(first)))


def spectrum_db(sound, rate=RATE):
    """Level and frequency of each bin of the left side."""
    n = 1 << 18
    level = 20.0 * np.log10(np.abs(np.fft.rfft(sound[0] * np.hanning(sound.shape[1]), n)) + 1e-12)
    return level, np.fft.rfftfreq(n, 1.0 / rate)


def peaks_hz(sound, count, above_db=-60.0):
    """Frequencies of the ``count`` lowest peaks, from low to high."""
    level, hz = spectrum_db(sound)
    is_peak = (level[1:-1] > level[:-2]) & (level[1:-1] > level[2:]) & (level[1:-1] > level.max() + above_db)
    width = 1 << 6
    found = [
        i + 1 for i in np.flatnonzero(is_peak) if level[i + 1] >= level[max(i + 1 - width, 0) : i + 2 + width].max()
    ]
    return hz[found[:count]]


def fall_db(sound, begin_s, end_s):
    """How much a sound falls between two moments, by its power in 20 ms around each."""
    power = [np.square(sound[:, round((t - 0.01) * RATE) : round((t + 0.01) * RATE)]).mean() for t in (begin_s, end_s)]
    return 10.0 * math.log10(power[0] / power[1])


def centroid_hz(sound):
    power = np.abs(np.fft.rfft(sound[0])) ** 2
    return float((power * np.fft.rfftfreq(sound.shape[1], 1.0 / RATE)).sum() / power.sum())


# -- physics -----------------------------------------------------------------------------------------------------


def test_a_thin_bar_has_the_partials_of_eulers_and_bernoullis(synth):
    sound = strike(synth, **BAR, size_m=0.4, thickness_m=0.002, proportion=1.0, modes=24.0)
    ratios = peaks_hz(sound, 4) / peaks_hz(sound, 1)
    np.testing.assert_allclose(ratios[:2], [1.0, 2.756], rtol=5e-3)
    assert np.abs(ratios - 5.404).min() < 0.03


def test_a_steel_bar_has_the_pitch_of_a_steel_bar(synth):
    """1.03 h / L**2 times the speed of sound in steel."""
    sound = strike(synth, **BAR, size_m=0.5, thickness_m=0.005, tuning="object")
    assert peaks_hz(sound, 1)[0] == pytest.approx(1.028 * 0.005 / 0.25 * math.sqrt(2.0e11 / 7850.0), rel=0.01)


def test_twice_as_long_is_two_octaves_lower_and_twice_as_thick_one_higher(synth):
    one, longer, thicker = (
        peaks_hz(strike(synth, **{**BAR, "size_m": size, "thickness_m": thick}), 1)[0]
        for size, thick in ((0.3, 0.004), (0.6, 0.004), (0.3, 0.008))
    )
    assert one / longer == pytest.approx(4.0, rel=0.01)
    assert thicker / one == pytest.approx(2.0, rel=0.02)


def test_a_membrane_has_the_zeros_of_bessels_functions(synth):
    drum = {"shape": "membrane", "material": "membrane", "thickness_m": 0.0002, "imperfection": 0.0, "damping_low": 0.1}
    sound = strike(synth, **drum, strike_x=0.35, strike_y=0.05, pickup_x=0.35, pickup_y=0.02, size_m=0.4, modes=9.0)
    found = peaks_hz(sound, 4, above_db=-50.0)
    np.testing.assert_allclose(found / found[0], np.array([2.405, 3.832, 5.136, 5.520]) / 2.405, rtol=5e-3)


def test_a_bell_has_hum_prime_tierce_quint_and_nominal_and_its_prime_is_the_key(synth):
    bell = {"shape": "bell", "material": "metal", "imperfection": 0.0, "tuning": "key", "modes": 10.0}
    sound = strike(synth, **bell, strike_x=0.9, strike_y=0.0, pickup_x=0.9, pickup_y=0.02, striker_hardness=1.0)
    wanted = 261.6256 * np.array([0.5, 1.0, 1.19, 1.5, 2.0])
    np.testing.assert_allclose(peaks_hz(sound, 5), wanted, rtol=3e-3)


def test_a_square_plate_of_steel_has_the_pitch_of_one(synth):
    """Leissa: 13.49 for a free square plate; Warburton's products of beams give 5 % more."""
    plate = {"shape": "plate", "material": "metal", "size_m": 0.3, "thickness_m": 0.002, "proportion": 1.0}
    sound = strike(synth, **plate, strike_x=0.0, strike_y=0.0, pickup_x=0.0, pickup_y=0.02, tuning="object", modes=8.0)
    stiffness = 2.0e11 * 0.002**2 / (12.0 * (1.0 - 0.29**2) * 7850.0)
    wanted = 13.49 / (2.0 * math.pi * 0.09) * math.sqrt(stiffness)
    assert peaks_hz(sound, 1)[0] == pytest.approx(wanted, rel=0.08)


def test_a_bar_struck_in_the_middle_has_no_even_modes(synth):
    level, hz = spectrum_db(strike(synth, **{**BAR, "strike_x": 0.5}, modes=4.0, proportion=1.0, size_m=0.4))
    first = hz[level.argmax()]
    second = np.abs(hz - 2.756 * first) < 0.05 * first
    assert level[second].max() < level.max() - 50.0


@pytest.mark.parametrize("shape", SHAPES)
def test_metal_rings_longer_than_wood_and_glass_than_plastic(synth, shape):
    falls = {m: fall_db(strike(synth, shape=shape, material=m), 0.05, 0.25) for m in MATERIALS}
    assert falls["metal"] < falls["wood"]
    assert falls["glass"] < falls["plastic"]
    blend = fall_db(strike(synth, shape=shape, material="wood", material_2="metal", blend=0.5), 0.05, 0.25)
    assert falls["metal"] < blend < falls["wood"]


def test_rayleighs_alpha_damps_all_modes_and_beta_the_high_ones(synth):
    bar = {**BAR, "material": 2.0, "size_m": 0.6, "thickness_m": 0.01, "proportion": 1.0}
    plain, low, high = (
        centroid_hz(strike(synth, **bar, **more)) for more in ({}, {"damping_low": 8.0}, {"damping_high": 8.0})
    )
    assert high < 0.8 * plain
    assert low > plain


def test_imperfection_makes_twins_beat(synth):
    bell = {
        "shape": "bell",
        "material": "metal",
        "modes": 2.0,
        "damping_low": 0.1,
        "strike_y": 0.0625,
        "pickup_y": 0.0625,
    }
    depth = []
    for imperfection in (0.0, 1.0):
        sound = strike(synth, **bell, width=0.0, strike_x=0.9, imperfection=imperfection, size_m=0.3)[0]
        envelope = np.abs(sound[: RATE // 50 * 50].reshape(-1, 960)).max(1)[2:-2]
        depth.append(envelope.min() / envelope.max())
    assert depth[0] > 0.5
    assert depth[1] < 0.4


def test_what_is_hollow_sounds_deeper_below_its_modes(synth):
    box = {"shape": "box", "material": "wood", "size_m": 0.25, "thickness_m": 0.02, "tuning": "object"}
    solid, hollow = (centroid_hz(strike(synth, **box, hollowness=h)) for h in (0.0, 1.0))
    assert hollow < 0.8 * solid


# -- the strike --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("hardness", [0.6, 0.8])
def test_a_harder_strike_is_brighter_and_not_only_louder(synth, shape, hardness):
    values = {"shape": shape, "material": "metal", "modes": 200.0, "striker_hardness": hardness, "size_m": 0.6}
    values["proportion"] = 0.6
    soft, hard = (strike(synth, **values, note={"velocity": v}) for v in (20, 120))
    assert np.abs(hard).max() > 4.0 * np.abs(soft).max()
    assert centroid_hz(hard) > 1.05 * centroid_hz(soft)


@pytest.mark.parametrize(
    ("soft", "hard"),
    [
        ({"striker_hardness": 0.2}, {"striker_hardness": 0.9}),
        ({"striker_kg": 1.0}, {"striker_kg": 0.002}),
        ({"contact_stretch": 8.0}, {"contact_stretch": 0.25}),
    ],
)
def test_soft_heavy_and_long_contacts_are_duller(synth, soft, hard):
    values = {"shape": "plate", "material": "metal", "modes": 200.0, "size_m": 0.6}
    dull, bright = (centroid_hz(strike(synth, **values, **more)) for more in (soft, hard))
    assert bright > 1.5 * dull


def test_a_push_has_its_impulse_however_short_it_is(synth):
    key = synth._decode(torch.tensor([Patch("impact", {}).unit()]), 60, 100, 1.0)
    for seconds in (1e-6, 3e-5, 4.2e-4, 9e-3):
        contact = replace(key.contact, seconds=torch.tensor([seconds], dtype=torch.float64))
        push = contact.push(contact.n_frames(RATE, RATE), RATE)[0]
        assert push.sum().item() == pytest.approx(1.0)
        assert push.min() >= 0.0
        assert push.nonzero().shape[0] == max(math.ceil(seconds * RATE), 1)


def test_a_push_is_nearly_hertzs(synth):
    key = synth._decode(torch.tensor([Patch("impact", {}).unit()]), 60, 100, 1.0)
    n = 4_800
    contact = replace(key.contact, seconds=torch.tensor([0.1], dtype=torch.float64))
    push = contact.push(n, RATE)[0].numpy()
    hertz = np.sin(np.pi * (np.arange(n) + 0.5) / n) ** 1.5
    assert np.abs(push / push.mean() - hertz / hertz.mean()).max() < 0.015 * push.max() / push.mean()


def test_a_scrape_lasts_and_crackles_have_peaks(synth):
    dry = {"material": "wood", "contact_db": 6.0, "contact_s": 0.8, "contact_rise_s": 0.05, "contact_direct": 1.0}
    hiss, crackle = (strike(synth, **dry, contact_grain=g)[0, 9_600:19_200] for g in (0.0, 1.0))
    assert np.square(hiss).mean() > 1e-7
    crest = [np.abs(s).max() / s.std() for s in (hiss, crackle)]
    assert crest[1] > 1.4 * crest[0]


def test_the_colour_of_a_rough_contact_is_heard(synth):
    rough = {"material": "wood", "contact_db": 12.0, "contact_s": 0.5, "contact_direct": 1.0, "contact_oct": 0.5}
    low, high = (centroid_hz(strike(synth, **rough, contact_hz=hz)[:, 4_800:]) for hz in (500.0, 8_000.0))
    assert low < 1_500.0
    assert high > 6_000.0


THREE = {**BAR, "modes": 2.0, "size_m": 0.6, "proportion": 1.0}
ALONE = {"mode_level_db": (LEVEL_FLOOR_DB,) * N_MODES, "contact_into": 0.0}
HISS = {**ALONE, "contact_db": 6.0, "contact_s": 0.2, "contact_direct": 1.0, "contact_oct": 6.0}


def test_a_band_of_the_contact_that_is_off_is_not_heard(synth):
    from_8_khz = {"contact_band_db": (LEVEL_FLOOR_DB,) * 13 + (0.0,) * 3}
    assert centroid_hz(strike(synth, **HISS, **from_8_khz)[:, :4_800]) > 8_000.0
    assert not strike(synth, **HISS, contact_band_db=(LEVEL_FLOOR_DB,) * 16).any()


def test_bands_of_the_contact_last_as_long_as_they_are_told(synth):
    low_rings_on = {"contact_band_oct": (2.0,) * 8 + (-2.0,) * 8}
    early, late = (centroid_hz(strike(synth, **HISS, **low_rings_on)[:, b : b + 4_800]) for b in (0, 14_400))
    assert late < 0.3 * early


def test_bands_of_the_contact_that_change_nothing_change_nothing(synth):
    plain = strike(synth, **HISS)
    # So small a change computes the bands one by one.
    apart = strike(synth, **HISS, contact_band_db=(1e-9,) * 16)
    np.testing.assert_allclose(apart, plain, atol=1e-9)


def test_noise_that_does_not_go_into_the_object_leaves_its_modes_alone(synth):
    rough = {**THREE, "contact_db": 6.0, "contact_direct": 0.0, "room": 0.0}
    clean = strike(synth, **{**rough, "contact_db": LEVEL_FLOOR_DB})
    np.testing.assert_allclose(strike(synth, **rough, contact_into=0.0), clean, atol=1e-12)
    assert np.abs(strike(synth, **rough) - clean).max() > 1e-3


# -- modes one by one --------------------------------------------------------------------------------------------


def test_a_residual_moves_its_mode_and_no_other(synth):
    plain = peaks_hz(strike(synth, **THREE), 2)
    moved = peaks_hz(strike(synth, **THREE, mode_pitch_st=many((0.0, 3.0))), 2)
    assert moved[0] == pytest.approx(plain[0], rel=1e-3)
    assert moved[1] == pytest.approx(plain[1] * 2.0 ** (3.0 / 12.0), rel=1e-3)


def test_the_shift_moves_all_modes_and_residuals_stay(synth):
    values = {**THREE, "mode_pitch_st": many((0.0, 3.0))}
    plain, shifted = (peaks_hz(strike(synth, **values, transpose_st=st), 2) for st in (0.0, 7.0))
    np.testing.assert_allclose(shifted, plain * 2.0 ** (7.0 / 12.0), rtol=1e-3)


def test_a_mode_can_be_silenced_made_louder_and_damped(synth):
    plain = strike(synth, **THREE)
    first, second = peaks_hz(plain, 2)

    def level_db(sound, hz):
        level, bins = spectrum_db(sound)
        return level[np.abs(bins - hz) < 2.0].max()

    off = strike(synth, **THREE, mode_level_db=many((0.0, LEVEL_FLOOR_DB)))
    louder = strike(synth, **THREE, mode_level_db=many((0.0, 6.0)))
    damped = strike(synth, **THREE, mode_damping_oct=many((0.0, 6.0)))
    assert level_db(off, second) < level_db(plain, second) - 50.0
    assert level_db(louder, second) == pytest.approx(level_db(plain, second) + 6.0, abs=0.05)
    assert level_db(damped, second) < level_db(plain, second) - 12.0
    for sound in (off, louder, damped):
        assert level_db(sound, first) == pytest.approx(level_db(plain, first), abs=0.2)


def test_a_share_of_a_mode_comes_with_a_share_of_the_knob(synth):
    def highest(modes):
        level, hz = spectrum_db(strike(synth, **{**THREE, "modes": modes}))
        return level[np.abs(hz - second) < 2.0].max() - level[np.abs(hz - first) < 2.0].max()

    first, second = peaks_hz(strike(synth, **THREE), 2)
    assert highest(2.0) - highest(1.5) == pytest.approx(6.02, abs=0.1)


def test_modes_beyond_what_the_rate_holds_are_silent_and_nothing_folds_back(synth):
    values = {"shape": "plate", "material": "metal", "modes": 512.0, "striker_hardness": 1.0, "striker_kg": 0.0003}
    low = strike(synth, **values, note={"note": 100})
    high = strike(synth, **values, note={"note": 100, "sample_rate": 2 * RATE})
    level, hz = spectrum_db(low)
    level_high, _ = spectrum_db(high[:, : 2 * low.shape[1]], 2 * RATE)
    wanted = np.interp(hz, np.fft.rfftfreq(1 << 18, 0.5 / RATE), level_high)
    audible = (hz > 200.0) & (hz < 20_000.0)
    near = np.array([wanted[max(i - 400, 0) : i + 400].max() for i in np.flatnonzero(audible)[::200]])
    assert (level[audible][::200] < near + 12.0).all()


# -- chance, blocks and batches ----------------------------------------------------------------------------------

ROUGH = {"contact_db": 0.0, "contact_s": 0.2, "room": 0.5, "material": "metal", "hollowness": 0.3}


def test_the_same_seed_gives_the_same_samples_and_another_one_another_noise(synth):
    one, again, other = (strike(synth, seed=s, dtype=torch.float32, **ROUGH) for s in (4, 4, 5))
    assert np.array_equal(one, again)
    assert np.abs(one - other).max() > 0.01 * np.abs(one).max()


def come_back(synth, **settings):
    """What the object gives ``[frames]``, and what of it the room gives back ``[2, frames]``, before the fade at the
    end."""
    dry, wet = (strike(synth, **settings, room=room)[:, :-1_000] for room in (0.0, 0.5))
    return dry.mean(0), wet - dry


def convolved(one, other):
    size = 2 * one.shape[-1]
    return np.fft.irfft(np.fft.rfft(one, size) * np.fft.rfft(other, size), size)[..., : one.shape[-1]]


def test_strikes_have_contact_noises_of_their_own_in_one_room(synth):
    rough = {"contact_db": 0.0, "contact_s": 0.2, "material": "metal"}
    (first, answer), (second, other) = (come_back(synth, seed=4, number=n, **rough) for n in (0, 9))
    assert np.array_equal(strike(synth, seed=4, number=9, **ROUGH), strike(synth, seed=4, number=9, **ROUGH))
    # The noises differ: beside what the push does, nothing is common.
    beside, clean = {**rough, "contact_direct": 1.0, "contact_into": 0.0}, strike(synth, material="metal")
    noises = [(strike(synth, seed=4, number=n, **beside) - clean).mean(0) for n in (0, 9)]
    assert abs(np.corrcoef(*noises)[0, 1]) < 0.05
    assert 0.9 < np.linalg.norm(noises[1]) / np.linalg.norm(noises[0]) < 1.1
    # The same room: it answers either as it answers the other one.
    one, two = convolved(answer, second), convolved(other, first)
    assert np.abs(one - two).max() < 1e-6 * np.abs(one).max()
    elsewhere = convolved(come_back(synth, seed=5, **rough)[1], second)
    assert np.abs(one - elsewhere).max() > 0.3 * np.abs(one).max()


def test_where_no_noise_is_all_strikes_are_one(synth):
    still = {"material": "metal", "room": 0.5, "seed": 3}
    assert np.array_equal(strike(synth, number=0, **still), strike(synth, number=7, **still))


def test_without_noise_and_room_chance_changes_nothing(synth):
    assert np.array_equal(strike(synth, seed=1, material="metal"), strike(synth, seed=2, material="metal"))


def units(dtype=torch.float64):
    rng = torch.Generator().manual_seed(1)
    rows = torch.rand(7, IMPACT_SPACE.n_units, generator=rng, dtype=dtype)
    for name in ("mode_pitch_st", "mode_damping_oct", "mode_level_db"):
        param = IMPACT_SPACE[name]
        rows[:, IMPACT_SPACE.place(name)] = param.to_unit(param.default)
    rows[:, IMPACT_SPACE.place("gain_db")] = IMPACT_SPACE["gain_db"].to_unit(-12.0)
    return rows


def test_a_row_of_a_batch_sounds_as_it_does_alone(synth):
    rows = units()
    batch = synth.render(rows, **NOTE)
    for row, wanted in zip(rows, batch, strict=True):
        torch.testing.assert_close(synth.render(row[None], **NOTE)[0], wanted, rtol=0.0, atol=3e-5)


def test_with_gradients_it_is_the_same_sound(synth):
    rows = units()
    plain = synth.render(rows, **NOTE)
    torch.testing.assert_close(synth.render(rows.clone().requires_grad_(), **NOTE).detach(), plain, rtol=0.0, atol=3e-5)


@pytest.mark.parametrize("block_frames", [4_000, 48_000, 200_000])
def test_blocks_join_to_the_whole(synth, block_frames):
    values = {**ROUGH, "release": "damped", "release_s": 2.0, "room_s": 2.0}
    values = {n: float(_CHOICES[n].index(v)) if isinstance(v, str) else v for n, v in values.items()}
    unit = torch.tensor([Patch("impact", values).unit()])
    long = {**NOTE, "duration_s": 6.0, "hold_s": 3.5}
    whole = synth.render(unit, **long)
    blocks = list(synth.render_blocks(unit, **long, block_frames=block_frames))
    assert all(b.shape[2] <= block_frames for b in blocks)
    torch.testing.assert_close(torch.cat(blocks, 2), whole, rtol=0.0, atol=2e-6)
    with torch.enable_grad():
        at_once = synth.render(unit.clone().requires_grad_(), **long).detach()
    torch.testing.assert_close(at_once, whole, rtol=0.0, atol=2e-6)


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100, 96_000, 192_000])
def test_every_rate_plays_the_same_object(synth, rate):
    sound = strike(synth, **THREE, tuning="object", note={"sample_rate": rate, "duration_s": 0.5})
    assert sound.shape == (2, rate // 2)
    level, hz = spectrum_db(sound, rate)
    wanted = peaks_hz(strike(synth, **THREE, tuning="object"), 1)[0]
    assert hz[level.argmax()] == pytest.approx(wanted, rel=5e-3)


def test_no_frames_are_no_sound(synth):
    assert strike(synth, **ROUGH, note={"duration_s": 0.0}).shape == (2, 0)


@pytest.mark.parametrize("end", [0.0, 1.0])
def test_every_knob_at_its_stop_still_gives_numbers(synth, end):
    sound = synth.render(torch.full((1, IMPACT_SPACE.n_units), end), **NOTE)
    assert sound.isfinite().all()


# -- keys, release and room --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("tuning", "factor"), [("object", 1.0), ("relative", 2.0), ("key", 2.0)])
def test_the_key_may_move_the_pitch(synth, tuning, factor):
    low, high = (peaks_hz(strike(synth, **THREE, tuning=tuning, note={"note": n}), 1)[0] for n in (60, 72))
    assert high / low == pytest.approx(factor, rel=1e-3)
    if tuning == "key":
        assert low == pytest.approx(261.6256, rel=1e-3)


def test_a_damped_object_falls_by_60_db_in_its_time(synth):
    values = {"material": "metal", "modes": 1.0, "damping_low": 0.05, "size_m": 0.5}
    sound = strike(synth, **values, release="damped", release_s=0.2, note={"hold_s": 0.4})
    assert fall_db(sound, 0.2, 0.38) < 1.0
    assert fall_db(sound, 0.45, 0.55) == pytest.approx(30.0, abs=1.5)
    assert fall_db(strike(synth, **values, note={"hold_s": 0.4}), 0.45, 0.55) < 1.0


def band_fall_db(sound, low_hz, high_hz, begin_s, end_s):
    spectrum = np.fft.rfft(sound)
    hz = np.fft.rfftfreq(sound.shape[1], 1.0 / RATE)
    spectrum[:, (hz < low_hz) | (hz > high_hz)] = 0.0
    return fall_db(np.fft.irfft(spectrum), begin_s, end_s)


ROOM = {"material": "plastic", "damping_low": 20.0, "room": 1.0, "striker_hardness": 1.0, "striker_kg": 0.0003}


def test_a_room_takes_its_time_and_longer_for_low_sounds(synth):
    sound = strike(synth, **ROOM, room_s=1.0, room_damping=0.0)
    assert band_fall_db(sound, 700.0, 1_400.0, 0.1, 0.6) == pytest.approx(30.0, abs=5.0)
    damped = strike(synth, **ROOM, room_s=1.0, room_damping=1.0)
    low, high = (band_fall_db(damped, *band, 0.06, 0.2) for band in ((100.0, 400.0), (5_000.0, 10_000.0)))
    assert high > low + 15.0


def test_a_room_answers_after_its_delay(synth):
    dry, wet = (strike(synth, **ROOM | {"room": r}, room_delay_s=0.2) for r in (0.0, 1.0))
    answer = np.abs(wet - dry).max(0)
    assert answer[: round(0.199 * RATE)].max() < 1e-6
    assert answer[round(0.2 * RATE) : round(0.25 * RATE)].max() > 1e-4


def test_a_band_of_the_room_can_be_closed_and_lengthened(synth):
    open_, closed, longer = (
        strike(synth, **ROOM, room_damping=0.0, **more) - strike(synth, **ROOM | {"room": 0.0})
        for more in (
            {},
            {"room_band_db": (LEVEL_FLOOR_DB,) * 4 + (0.0,) * 4},
            {"room_band_oct": (2.0,) * 4 + (0.0,) * 4},
        )
    )

    def power(sound, low_hz, high_hz, begin_s=0.05, end_s=0.3):
        part = sound[:, round(begin_s * RATE) : round(end_s * RATE)]
        hz = np.fft.rfftfreq(part.shape[1], 1.0 / RATE)
        return np.square(np.abs(np.fft.rfft(part))[:, (hz > low_hz) & (hz < high_hz)]).sum()

    assert power(closed, 100.0, 250.0) < 0.01 * power(open_, 100.0, 250.0)
    assert power(closed, 2_000.0, 8_000.0) == pytest.approx(power(open_, 2_000.0, 8_000.0), rel=0.05)
    assert power(longer, 100.0, 250.0, 0.6, 0.9) > 10.0 * power(open_, 100.0, 250.0, 0.6, 0.9)


def test_left_and_right_differ_with_the_width(synth):
    narrow, wide = (strike(synth, shape="plate", material="metal", width=w, proportion=0.7) for w in (0.0, 1.0))
    np.testing.assert_allclose(narrow[0], narrow[1], rtol=0.0, atol=1e-12)
    assert np.corrcoef(wide)[0, 1] < 0.9


# -- patches -----------------------------------------------------------------------------------------------------


def test_a_negative_damping_is_refused_in_one_sentence():
    with pytest.raises(PatchError, match=r"^damping_low of the impact synth is -1, outside its range 0.03125 to 32\.$"):
        Patch("impact", {"damping_low": -1.0})


def test_a_patch_survives_its_file_and_writes_no_more_modes_than_it_has_changed():
    patch = Patch("impact", {"mode_pitch_st": many((0.0, 2.5)), "room_band_db": (0.0,) * 7 + (-3.0,)}, 7, name="Pot")
    data = patch.to_json()
    assert data["values"]["mode_pitch_st"] == [0.0, 2.5]
    assert data["values"]["mode_level_db"] == []
    assert len(data["values"]["room_band_db"]) == 8
    assert Patch.from_json(data) == patch
    assert Patch.loads(patch.dumps()) == patch


def test_more_modes_than_there_are_are_refused():
    with pytest.raises(PatchError, match="takes 512 values, not 513"):
        Patch.from_json({"synth": "impact", "values": {"mode_pitch_st": [0.0] * 513}})


def test_how_loud_a_contact_is_does_not_depend_on_how_long_it_is_rendered(synth):
    unit = torch.tensor([Patch("impact", {**ALONE, "contact_db": 0.0, "contact_s": 4.0, "contact_direct": 1.0}).unit()])
    asked = {"note": 60, "velocity": 100, "hold_s": 1.0, "sample_rate": RATE}
    short, long = (synth.render(unit.double(), duration_s=s, **asked)[..., :9_600] for s in (0.3, 3.0))
    assert short.abs().max() > 1e-4
    assert (short - long).abs().max() < 1e-6 * long.abs().max()
