"""The FM instrument sounds as its knobs say."""

import math

import numpy as np
import pytest
import torch
from scipy.special import jv

from engine.dsp.one_pole import DcBlocker
from engine.params import FM_SPACE, Patch
from engine.params.fm import FILTERS, LEVEL_FLOOR_DB, LFO_WAVES, N_OPERATORS, WAVES, loop_routes, mod_name, mod_routes
from engine.synths.fm import FmSynth
from engine.synths.fm_chain import DC_HZ

RATE = 48_000
A4 = 69
NOTE = {"note": A4, "velocity": 127, "hold_s": 10.0, "duration_s": 1.0, "sample_rate": RATE}


@pytest.fixture(scope="module")
def fm():
    return FmSynth()


def steady(**values):
    """One operator that is on or off at once and holds its level; ``values`` change what else they name."""
    flat = {f"op{n}_env{i}_db": 0.0 for n in range(1, N_OPERATORS + 1) for i in (1, 2, 3)}
    attack = {f"op{n}_env1_s": 0.0005 for n in range(1, N_OPERATORS + 1)}
    plain = {"mod_2_1_rad": 0.0, "gain_db": 0.0, "op1_velocity": 0.0}
    return Patch("fm", {**flat, **attack, **plain, **values})


def units(*patches, dtype=torch.float64):
    return torch.tensor([p.unit() for p in patches], dtype=dtype)


def play(fm, patch, **changes):
    return fm.render(units(patch), **{**NOTE, **changes})[0, 0].numpy()


def level_db_at(sound, hz, rate=RATE):
    """Level of the partial at exactly ``hz`` in the sound after its first 0.1 s."""
    part = sound[rate // 10 :]
    window = np.blackman(part.size)
    turns = np.exp(-2j * math.pi * hz / rate * np.arange(part.size))
    return 20.0 * math.log10(2.0 * abs(np.sum(part * window * turns)) / window.sum() + 1e-12)


def pitch_hz(sound, rate=RATE):
    """Frequency of the strongest partial, from how far its phase turns between two halves of the sound."""
    part = sound[rate // 10 :]
    half = part.size // 2
    window = np.hanning(half)
    spectra = [np.fft.rfft(p * window) for p in (part[:half], part[half : 2 * half])]
    at = int(np.argmax(np.abs(spectra[0])))
    turned = np.angle(spectra[1][at] / spectra[0][at]) / (2.0 * math.pi)
    whole = round(at - turned)
    return (whole + turned) * rate / half


def cents(hz, reference_hz):
    return 1_200.0 * math.log2(hz / reference_hz)


def rms_db(x):
    return 20.0 * math.log10(np.sqrt(np.mean(np.square(x))) * math.sqrt(2.0) + 1e-12)


@pytest.mark.parametrize(("ratio", "expected_hz"), [(0.5, 220.0), (1.0, 440.0), (2.0, 880.0), (3.5, 1_540.0)])
def test_the_ratio_multiplies_the_pitch(fm, ratio, expected_hz):
    assert cents(pitch_hz(play(fm, steady(op1_ratio=ratio))), expected_hz) == pytest.approx(0.0, abs=0.01)


def test_transpose_by_twelve_doubles_and_the_note_counts_semitones(fm):
    assert cents(pitch_hz(play(fm, steady(transpose_st=12.0))), 880.0) == pytest.approx(0.0, abs=0.01)
    assert cents(pitch_hz(play(fm, steady(), note=A4 + 7)), 440.0) == pytest.approx(700.0, abs=0.01)


def test_detune_is_in_cents(fm):
    assert cents(pitch_hz(play(fm, steady(op1_detune_cents=37.0))), 440.0) == pytest.approx(37.0, abs=0.01)


@pytest.mark.parametrize("index", [0.5, 1.5, 3.0, 6.0])
def test_sidebands_have_the_levels_of_the_bessel_functions(fm, index):
    # A carrier so high that no lower sideband comes back from below 0 Hz.
    sound = play(fm, steady(mod_2_1_rad=index, op1_ratio=8.0, op2_ratio=0.25))
    for order in range(9):
        expected = abs(jv(order, index))
        if expected > 0.003:
            for sign in (1, -1):
                level = level_db_at(sound, 3_520.0 + sign * order * 110.0)
                assert level == pytest.approx(20.0 * math.log10(expected), abs=0.1)


def test_the_level_of_a_modulator_scales_its_index(fm):
    sound = play(fm, steady(mod_2_1_rad=4.0, op2_level_db=-12.0, op2_ratio=0.125))
    index = 4.0 * 10.0 ** (-12.0 / 20.0)
    assert level_db_at(sound, 495.0) == pytest.approx(20.0 * math.log10(jv(1, index)), abs=0.1)


def test_a_modulator_of_a_modulator_is_heard_in_its_sidebands(fm):
    plain = play(fm, steady(mod_2_1_rad=1.0, op2_ratio=0.25))
    deep = play(fm, steady(mod_2_1_rad=1.0, op2_ratio=0.25, mod_3_2_rad=2.0, op3_ratio=0.0625 * 2))
    assert level_db_at(plain, 440.0 + 55.0) < -100.0
    assert level_db_at(deep, 440.0 + 55.0) > -15.0


@pytest.mark.parametrize("level_db", [-3.0, -18.0, -40.0, -60.0])
def test_the_sustain_level_is_as_declared(fm, level_db):
    assert level_db_at(
        play(fm, steady(op1_env3_db=level_db, op1_env3_s=0.01, op1_env2_s=0.01)), 440.0
    ) == pytest.approx(level_db, abs=0.01)


def test_output_level_and_gain_are_in_db(fm):
    sound = play(fm, steady(op1_level_db=-6.0, op1_out_db=-5.0, gain_db=-4.0))
    assert level_db_at(sound, 440.0) == pytest.approx(-15.0, abs=0.01)


def test_the_release_fades_to_silence(fm):
    sound = play(fm, steady(op1_env4_s=0.2), hold_s=0.5)
    assert rms_db(sound[RATE * 4 // 10 : RATE // 2]) == pytest.approx(0.0, abs=0.1)
    assert rms_db(sound[round(0.59 * RATE) : round(0.61 * RATE)]) == pytest.approx(-36.0, abs=1.0)
    assert (sound[round(0.7 * RATE) + 100 :] == 0.0).all()


def test_a_softer_key_is_softer_and_where_it_says_so_duller(fm):
    patch = steady(op1_velocity=0.5, op2_velocity=1.0, mod_2_1_rad=2.0, op2_ratio=0.125)
    loud, soft = (play(fm, patch, velocity=v) for v in (127, 40))
    assert rms_db(soft) == pytest.approx(rms_db(loud) + 20.0 * math.log10(40 / 127), abs=0.2)

    def sidebands(x):
        return level_db_at(x, 550.0) - level_db_at(x, 440.0)

    assert sidebands(soft) < sidebands(loud) - 10.0


def test_an_operator_at_its_floor_is_exactly_silent(fm):
    for off in ("op1_level_db", "op1_out_db"):
        assert not play(fm, steady(**{off: LEVEL_FLOOR_DB})).any()


def test_every_sound_starts_and_ends_at_nothing(fm):
    patch = steady(op1_out_db=0.0, op2_out_db=0.0, op3_out_db=-6.0, mod_2_1_rad=3.0, mod_3_1_rad=5.0, op3_ratio=3.7)
    sound = play(fm, patch, duration_s=0.3)
    assert abs(sound[0]) < 1e-4
    assert abs(sound[-1]) < 1e-9
    end = sound[-round(0.002 * RATE) :]
    assert np.abs(end[-10:]).max() < 0.1 * np.abs(sound).max()


def test_the_same_seed_gives_the_same_samples(fm):
    patch = steady(mod_2_1_rad=2.5, op2_ratio=1.41)
    one, two = (
        fm.render(units(patch, dtype=torch.float32), rng=torch.Generator().manual_seed(3), **NOTE) for _ in range(2)
    )
    assert torch.equal(one, two)


def test_a_batch_equals_single_renders(fm):
    patches = [
        steady(mod_2_1_rad=1.0 + i, op2_ratio=1.0 + 0.7 * i, op3_out_db=-9.0 * i, op1_env1_s=0.001 * 4**i)
        for i in range(4)
    ]
    note = {**NOTE, "note": torch.tensor([40.0, 60.0, 72.0, 88.0]), "duration_s": 0.4, "hold_s": 0.2}
    batch = fm.render(units(*patches, dtype=torch.float32), **note)
    for i, patch in enumerate(patches):
        alone = fm.render(units(patch, dtype=torch.float32), **{**note, "note": float(note["note"][i])})
        torch.testing.assert_close(batch[i : i + 1], alone, rtol=0.0, atol=1e-5)


def test_blocks_join_to_the_whole(fm):
    patch = steady(mod_2_1_rad=12.0, op2_ratio=7.0)  # bright enough to be oversampled
    note = {**NOTE, "hold_s": 0.3, "duration_s": 0.5}
    blocks = list(fm.render_blocks(units(patch), block_frames=5_000, **note))
    assert max(b.shape[2] for b in blocks) <= 5_000
    torch.testing.assert_close(torch.cat(blocks, 2), fm.render(units(patch), **note), rtol=0.0, atol=1e-9)


def test_float32_and_float64_agree(fm):
    patch = steady(mod_2_1_rad=4.0, mod_3_2_rad=2.0, op2_ratio=2.0, op3_ratio=3.01, op4_out_db=-6.0, op4_ratio=7.9)
    note = {**NOTE, "duration_s": 5.0}
    unit = units(patch, dtype=torch.float32)
    single, double = fm.render(unit, **note), fm.render(unit.double(), **note)
    assert single.dtype == torch.float32
    assert double.dtype == torch.float64
    assert (single - double).abs().max() < 1e-4


def test_a_knob_position_in_float32_keeps_the_pitch_within_a_thousandth_of_a_cent(fm):
    patch = steady(op1_ratio=3.01, transpose_st=-7.3, op1_detune_cents=12.3)
    pitches = [
        pitch_hz(fm.render(units(patch, dtype=t), **NOTE)[0, 0].double().numpy())
        for t in (torch.float32, torch.float64)
    ]
    assert cents(*pitches) == pytest.approx(0.0, abs=0.001)


@pytest.mark.parametrize("seed", range(6))
def test_leaving_silent_operators_out_changes_nothing(fm, seed):
    """The quick way without gradients and the whole computation with them are one instrument."""
    rng = torch.Generator().manual_seed(seed)
    unit = torch.rand(3, FM_SPACE.n_units, generator=rng, dtype=torch.float64)
    unit[:, FM_SPACE.place("lfo_sync")] = 1.0  # chance is another one for each row of a batch
    unit[:, FM_SPACE.place("lfo_wave")] *= 0.8
    unit[:, FM_SPACE.place("noise_db")] = 0.0
    unit[:, FM_SPACE.place("drive_db")] *= 0.2  # it makes small differences large
    for source, target in [*mod_routes(), *loop_routes()]:  # depths that are not all wild, and some that are off
        loops = 0.05 if source <= target else 0.4
        place = FM_SPACE.place(mod_name(source, target))
        unit[:, place] *= loops * (torch.rand(3, 1, generator=rng) > 0.5)
    for n in range(1, N_OPERATORS + 1):
        for name in ("out_db", "level_db"):
            unit[:, FM_SPACE.place(f"op{n}_{name}")] *= torch.rand(3, 1, generator=rng) > 0.3
    note = {**NOTE, "hold_s": 0.03, "duration_s": 0.06}
    whole = fm.render(unit.clone().requires_grad_(), **note)
    assert whole.requires_grad
    quick = fm.render(unit, **note)
    assert not quick.requires_grad
    torch.testing.assert_close(quick, whole.detach(), rtol=0.0, atol=1e-7)
    single = torch.cat([fm.render(row[None], **note) for row in unit])
    torch.testing.assert_close(single, quick, rtol=0.0, atol=1e-7)


@pytest.mark.parametrize(
    "values",
    [
        {"mod_2_1_rad": 25.0, "op2_ratio": 3.0},
        {"mod_2_1_rad": 3.0, "mod_3_2_rad": 3.0, "op2_ratio": 2.0, "op3_ratio": 3.0},
        {"mod_2_1_rad": 4.0, "op2_ratio": 14.0},
    ],
    ids=["deep", "stacked", "high ratio"],
)
@pytest.mark.parametrize("note", [60, 84, 96])
def test_what_folds_back_stays_sixty_db_below_the_loudest_partial(fm, values, note):
    n = 1 << 15
    sound = play(fm, steady(**values), note=note, duration_s=1.0)[4_800 : 4_800 + n] * np.kaiser(n, 14.0)
    level = 20.0 * np.log10(np.abs(np.fft.rfft(sound)) + 1e-12)
    hz = np.fft.rfftfreq(n, 1.0 / RATE)
    f0 = 440.0 * 2.0 ** ((note - A4) / 12)
    away = np.abs(hz / f0 - np.round(hz / f0)) * f0
    folded = (away > 12.0) & (hz < 19_500.0)
    assert level[folded].max() - level.max() < -60.0


def test_tones_above_half_the_rate_are_silent_instead_of_folding(fm):
    assert not play(fm, steady(op1_ratio=64.0), note=120, duration_s=0.1).any()


def test_draft_and_default_are_one_sound_where_nothing_folds(fm):
    patch = steady(mod_2_1_rad=5.0, op2_ratio=3.0)
    draft, default = (play(fm, patch, note=48, quality=q) for q in ("draft", "default"))
    assert np.abs(draft - default).max() < 2e-3


def test_a_unit_vector_of_the_wrong_length_is_refused(fm):
    with pytest.raises(ValueError, match=r"renders from \[batch, \d+\]"):
        fm.render(torch.zeros(1, 3), **NOTE)


def test_an_empty_batch_and_a_note_without_length_are_empty(fm):
    assert fm.render(torch.zeros(0, FM_SPACE.n_units), **NOTE).shape == (0, 1, RATE)
    assert fm.render(units(steady()), **{**NOTE, "duration_s": 0.0}).shape == (1, 1, 0)


# -- loops ------------------------------------------------------------------------------------------------------------


def feedback_by_hand(depth_rad, hz, n, rate=RATE):
    """The DX7's feedback, one sample after the other: the mean of the last two outputs bends the phase."""
    y = [0.0, 0.0]
    for i in range(n):
        y.append(math.sin(2.0 * math.pi * hz / rate * i + depth_rad * 0.5 * (y[-1] + y[-2])))
    return without_dc(y[2:])


def without_dc(sound, rate=RATE):
    return DcBlocker(DC_HZ / rate).run(torch.tensor(sound, dtype=torch.float64)[None])[0].numpy()


@pytest.mark.parametrize("depth_rad", [0.4, 1.0, 2.0])
def test_feedback_is_the_mean_of_the_last_two_outputs(fm, depth_rad):
    sound = play(fm, steady(mod_1_1_rad=depth_rad, op1_env1_s=0.0005), quality="draft")
    expected = feedback_by_hand(depth_rad, 440.0, RATE)
    # The attack's half millisecond is forgotten after a while, by the DC blocker as well.
    assert np.abs(sound[24_000:-200] - expected[24_000:-200]).max() < 1e-4


def test_feedback_makes_a_sine_a_saw(fm):
    plain, bent = (play(fm, steady(mod_1_1_rad=d), note=45) for d in (0.0, 1.0))
    assert level_db_at(plain, 220.0) < -90.0
    levels = [level_db_at(bent, 110.0 * n) for n in (1, 2, 3, 4, 5)]
    assert levels == sorted(levels, reverse=True)
    # 2 J_n(n) / n, the Fourier series of y = sin(x + y).
    assert levels[1] - levels[0] == pytest.approx(20.0 * math.log10(jv(2, 2) / 2.0 / jv(1, 1)), abs=0.3)


def test_a_loop_of_two_looks_back_by_one_sample(fm):
    """Operator 1 bends operator 2 one sample late, operator 2 bends operator 1 at once."""
    values = {"mod_1_2_rad": 0.7, "mod_2_1_rad": 0.9, "op2_ratio": 2.0}
    sound = play(fm, steady(**values), quality="draft")
    one, expected = 0.0, []
    for i in range(RATE):
        x = 2.0 * math.pi * 440.0 / RATE * i
        two = math.sin(2.0 * x + 0.7 * one)
        one = math.sin(x + 0.9 * two)
        expected.append(one)
    assert np.abs(sound[:-200] - without_dc(expected)[:-200])[24_000:].max() < 1e-4


def test_a_route_upwards_looks_back_even_where_it_closes_no_loop(fm):
    sound = play(fm, steady(mod_1_2_rad=2.0, op1_ratio=3.0, op1_out_db=LEVEL_FLOOR_DB, op2_out_db=0.0), quality="draft")
    x = 2.0 * math.pi * 440.0 / RATE * np.arange(RATE)
    expected = np.sin(x + 2.0 * np.sin(3.0 * (x - x[1])))
    assert np.abs(sound[:-200] - without_dc(expected)[:-200])[24_000:].max() < 1e-4
    note = {**NOTE, "duration_s": 0.3}
    patch = steady(mod_1_2_rad=2.0, op2_out_db=0.0)
    blocks = torch.cat(list(fm.render_blocks(units(patch), block_frames=3_000, **note)), 2)
    torch.testing.assert_close(blocks, fm.render(units(patch), **note), rtol=0.0, atol=1e-9)


def test_a_loop_sounds_the_same_however_finely_it_is_computed(fm):
    patch = steady(mod_3_3_rad=0.8, mod_3_1_rad=1.0, op3_ratio=2.0)
    draft, default = (play(fm, patch, note=40, quality=q) for q in ("draft", "default"))
    assert np.abs(draft - default).max() < 2e-3
    double = play(fm, patch, note=40, sample_rate=2 * RATE, quality="draft")[::2]
    assert np.abs(double - draft)[:-200].max() < 2e-3


def test_blocks_of_a_loop_join_to_the_whole(fm):
    patch = steady(mod_1_1_rad=0.9, mod_1_4_rad=0.5, mod_4_2_rad=1.0, mod_2_1_rad=1.0, op4_ratio=3.0)
    note = {**NOTE, "hold_s": 0.3, "duration_s": 0.5}
    blocks = list(fm.render_blocks(units(patch), block_frames=5_000, **note))
    torch.testing.assert_close(torch.cat(blocks, 2), fm.render(units(patch), **note), rtol=0.0, atol=1e-9)


def test_a_loop_in_one_row_leaves_the_others_as_they_are(fm):
    patches = [steady(mod_2_1_rad=2.0), steady(mod_2_1_rad=2.0, mod_2_2_rad=0.9), steady(mod_1_5_rad=0.6)]
    note = {**NOTE, "duration_s": 0.3}
    batch = fm.render(units(*patches), **note)
    for row, patch in zip(batch, patches, strict=True):
        torch.testing.assert_close(row[None], fm.render(units(patch), **note), rtol=0.0, atol=1e-9)


def test_the_wildest_patch_of_all_is_finite_and_bounded(fm):
    wild = {mod_name(s, d): 25.0 for s in range(1, 7) for d in range(1, 7)}
    sound = play(fm, steady(**wild), duration_s=0.3)
    assert np.isfinite(sound).all()
    assert np.abs(sound).max() < 2.0


# -- waves, keys and switches -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("wave", WAVES)
def test_a_waveform_has_the_harmonics_of_its_picture(fm, wave):
    x = 2.0 * np.pi * np.arange(4_096) / 4_096
    s, d, up = np.sin(x), np.sin(2.0 * x), np.sin(x) > 0.0
    pictures = [s, s * abs(s), s * up, s * s * up, d * up, d * abs(d) * up, abs(d) * up, d * d * up]
    expected = 2.0 * np.abs(np.fft.rfft(pictures[WAVES.index(wave)])) / 4_096
    sound = play(fm, steady(op1_wave=float(WAVES.index(wave))), note=45)
    for n in range(1, 9):
        level, wanted = level_db_at(sound, 110.0 * n), 20.0 * math.log10(expected[n] + 1e-12)
        if wanted > -70.0:
            assert level == pytest.approx(wanted, abs=0.1)
        else:
            assert level < -60.0


def test_a_fixed_operator_ignores_the_key(fm):
    patch = steady(op1_mode=1.0, op1_fixed_hz=333.0, transpose_st=5.0)
    for note in (40, 80):
        assert cents(pitch_hz(play(fm, patch, note=note)), 333.0) == pytest.approx(0.0, abs=0.01)


def test_mute_takes_an_operator_out_and_solo_all_others_from_what_is_heard(fm):
    both = {"op2_out_db": 0.0, "op2_ratio": 2.0}
    muted = play(fm, steady(**both, op1_mute=1.0))
    assert level_db_at(muted, 440.0) < -90.0
    assert level_db_at(muted, 880.0) == pytest.approx(0.0, abs=0.01)
    solo = play(fm, steady(**both, op1_solo=1.0, mod_2_1_rad=1.0))
    assert level_db_at(solo, 1_320.0) > -20.0, "what is not heard still bends"
    assert np.abs(solo).max() == pytest.approx(1.0, abs=0.05)
    assert not play(fm, steady(mod_2_1_rad=1.0, op1_mute=1.0)).any()


@pytest.mark.parametrize(
    ("key", "change_db"), [(60, 0.0), (62, 0.0), (63, -1.5), (72, -6.0), (84, -12.0), (57, -3.0), (48, -12.0)]
)
def test_key_scaling_is_so_many_db_an_octave_on_each_side(fm, key, change_db):
    patch = steady(op1_key_right_db=-6.0, op1_key_left_db=-12.0)
    hz = 440.0 * 2.0 ** ((key - 69) / 12)
    assert level_db_at(play(fm, patch, note=key), hz) == pytest.approx(change_db, abs=0.02)


def test_exponential_key_scaling_begins_gently_and_never_passes_full_level(fm):
    curved = steady(op1_key_right_db=-6.0, op1_key_right_curve=1.0)
    octave, three = (level_db_at(play(fm, curved, note=k), 440.0 * 2.0 ** ((k - 69) / 12)) for k in (72, 96))
    assert -1.5 < octave < -0.5
    assert -6.0 < three < -2.0
    louder = steady(op1_key_right_db=12.0, op1_level_db=-6.0)
    assert level_db_at(play(fm, louder, note=84), 1_046.502) == pytest.approx(0.0, abs=0.02)


def test_velocities_follow_the_dx7_where_asked(fm):
    patch = steady(op1_velocity=1.0, velocity_curve=1.0)
    levels = [level_db_at(play(fm, patch, velocity=v), 440.0) for v in (30, 100, 127)]
    assert levels == pytest.approx([-25.0, 0.3, 4.9], abs=0.1)


def test_higher_keys_run_quicker_where_asked(fm):
    patch = steady(op1_key_rate=1.0, op1_env2_db=-40.0, op1_env3_db=-40.0, op1_env2_s=8.0)

    def level_at_half_a_second(key):
        sound = play(fm, patch, note=key)
        return rms_db(sound[23_000:25_000])

    low, high = level_at_half_a_second(45), level_at_half_a_second(69)
    assert high / low == pytest.approx(2.0 ** (7 / 4), rel=0.02)


# -- what swings and slides -------------------------------------------------------------------------------------------


def pitch_st_at(sound, time_s, hz=440.0, width_s=0.02):
    """Pitch around ``time_s`` in semitones above ``hz``, from the zero crossings there."""
    part = sound[round((time_s - width_s / 2) * RATE) : round((time_s + width_s / 2) * RATE)]
    rises = np.nonzero((part[:-1] < 0.0) & (part[1:] >= 0.0))[0]
    exact = rises - part[rises] / (part[rises + 1] - part[rises])
    return 12.0 * math.log2((exact.size - 1) / (exact[-1] - exact[0]) * RATE / hz)


@pytest.mark.parametrize(
    ("wave", "at_quarters"),
    [
        ("triangle", [0.0, -1.0, 0.0, 1.0]),
        ("saw down", [0.5, 0.0, -0.5, None]),
        ("saw up", [-0.5, 0.0, 0.5, None]),
        ("square", [-1.0, None, 1.0, None]),
        ("sine", [-1.0, 0.0, 1.0, 0.0]),
    ],
)
def test_vibrato_swings_the_pitch_to_each_side_in_the_lfos_shape(fm, wave, at_quarters):
    sound = play(fm, steady(vibrato_st=2.0, lfo_hz=2.0, lfo_wave=float(LFO_WAVES.index(wave))))
    for quarter, share in enumerate(at_quarters, 1):
        if share is not None:
            assert pitch_st_at(sound, 0.5 * quarter / 4) == pytest.approx(2.0 * share, abs=0.12)


def test_vibrato_waits_and_then_fades_in(fm):
    sound = play(fm, steady(vibrato_st=1.0, lfo_hz=5.0, lfo_wave=3.0, lfo_delay_s=0.3, lfo_fade_s=0.4))
    assert pitch_st_at(sound, 0.25) == pytest.approx(0.0, abs=0.01)
    assert abs(pitch_st_at(sound, 0.55)) == pytest.approx(0.63, abs=0.1)
    assert abs(pitch_st_at(sound, 0.85)) == pytest.approx(1.0, abs=0.02)


def test_random_swings_are_new_ones_each_time_and_the_same_for_one_seed(fm):
    patch = steady(vibrato_st=3.0, lfo_hz=10.0, lfo_wave=5.0, lfo_sync=0.0)
    once, again, other = (
        fm.render(units(patch), rng=torch.Generator().manual_seed(seed), **NOTE)[0, 0].numpy() for seed in (1, 1, 2)
    )
    assert (once == again).all()
    assert np.abs(once - other).max() > 0.1
    heard = [pitch_st_at(once, 0.05 + 0.1 * n, width_s=0.05) for n in range(9)]
    assert np.std(heard) > 0.5
    assert np.abs(heard).max() <= 3.01


def test_tremolo_lowers_the_operators_that_take_part(fm):
    patch = steady(tremolo_db=12.0, lfo_hz=2.0, op1_tremolo=1.0, op2_out_db=0.0, op2_ratio=0.125)
    sound = play(fm, patch)

    def level(x):  # of operator 1 alone
        return rms_db(x - np.convolve(x, np.ones(109) / 109, "same"))

    assert level(sound[11_500:12_500]) < level(sound[23_500:24_500]) - 9.0
    assert level_db_at(sound, 55.0) == pytest.approx(0.0, abs=0.2)


def test_the_pitch_envelope_starts_at_level_four_and_comes_back_to_it(fm):
    patch = steady(
        pitch_env4_st=-12.0, pitch_env1_s=0.2, pitch_env1_st=7.0, pitch_env2_s=0.1, pitch_env3_s=0.1, pitch_env4_s=0.2
    )
    sound = play(fm, patch, hold_s=0.6)
    for time_s, pitch in ((0.1, -2.5), (0.25, 3.5), (0.5, 0.0), (0.7, -6.0), (0.79, -11.4)):
        assert pitch_st_at(sound, time_s) == pytest.approx(pitch, abs=0.15)


def test_a_pitch_envelope_by_rate_takes_time_for_each_octave(fm):
    patch = steady(pitch_env_clock=1.0, pitch_env1_s=0.2, pitch_env1_st=24.0, pitch_env2_st=24.0, pitch_env3_st=24.0)
    sound = play(fm, patch, note=57)
    for time_s, pitch in ((0.1, 6.0), (0.3, 18.0), (0.5, 24.0)):
        assert pitch_st_at(sound, time_s, 220.0) == pytest.approx(pitch, abs=0.1)


def test_fixed_operators_do_not_move(fm):
    sound = play(fm, steady(vibrato_st=2.0, pitch_env1_st=12.0, op1_mode=1.0, op1_fixed_hz=500.0))
    assert cents(pitch_hz(sound), 500.0) == pytest.approx(0.0, abs=0.01)


def test_a_moving_pitch_is_exact_late_in_a_long_note_and_in_blocks(fm):
    patch = steady(pitch_env1_st=5.0, pitch_env2_st=5.0, pitch_env3_st=5.0, pitch_env1_s=0.1, mod_2_1_rad=1.0)
    note = {**NOTE, "duration_s": 12.0, "hold_s": 20.0}
    unit = units(patch, dtype=torch.float32)
    whole = fm.render(unit, **note)[0, 0].double().numpy()
    assert cents(pitch_hz(whole[10 * RATE :]), 440.0 * 2.0 ** (5 / 12)) == pytest.approx(0.0, abs=0.001)
    blocks = torch.cat(list(fm.render_blocks(unit.double(), block_frames=50_000, **note)), 2)
    assert (blocks - fm.render(unit.double(), **note)).abs().max() < 1e-6
    assert np.abs(blocks[0, 0].numpy() - whole).max() < 1e-4


# -- what follows the operators ---------------------------------------------------------------------------------------


def stereo(fm, patch, **changes):
    return fm.render(units(patch), **{**NOTE, **changes})[0].numpy()


def test_a_bent_sine_has_no_mean(fm):
    """A modulator at the carrier's own frequency gives a sideband at 0 Hz."""
    sound = play(fm, steady(mod_2_1_rad=1.8, mod_2_2_rad=0.5), duration_s=2.0)
    assert abs(sound[RATE:-4_800].mean()) < 1e-3
    assert rms_db(sound[RATE:]) > -6.0


def test_a_patch_without_places_is_mono_and_one_with_is_stereo(fm):
    assert stereo(fm, steady(), duration_s=0.05).shape[0] == 1
    left, right = stereo(fm, steady(pan=1.0))
    assert not np.abs(left).max() > 1e-9
    assert rms_db(right[4_800:]) == pytest.approx(3.0, abs=0.1), "equal power"
    left, right = stereo(fm, steady(pan=-0.5))
    power = np.mean(left**2) + np.mean(right**2)
    assert power == pytest.approx(2.0 * np.mean(play(fm, steady()) ** 2), rel=1e-3)


def test_spread_sets_operators_apart_and_keeps_the_sum_in_the_middle(fm):
    patch = steady(spread=1.0, op2_out_db=0.0, op2_ratio=2.0)
    left, right = stereo(fm, patch)
    assert level_db_at(left, 440.0) > level_db_at(right, 440.0) + 20.0
    assert level_db_at(right, 880.0) > level_db_at(left, 880.0) + 20.0
    alone = stereo(fm, steady(spread=1.0))
    assert np.abs(alone[0] - alone[1]).max() < 1e-9, "one operator stays in the middle"


def test_rows_with_and_without_effects_share_a_batch(fm):
    patches = [steady(), steady(pan=0.5), steady(reverb=0.3), steady(filter_type=1.0, filter_hz=300.0)]
    note = {**NOTE, "duration_s": 0.3}
    batch = fm.render(units(*patches), **note)
    assert batch.shape[1] == 2
    for row, patch in zip(batch, patches, strict=True):
        alone = fm.render(units(patch), **note)[0]
        torch.testing.assert_close(row, alone.expand(2, -1), rtol=0.0, atol=1e-9)


def test_drive_makes_a_sine_a_square_of_its_own_height(fm):
    sound = play(fm, steady(drive_db=40.0))
    assert np.abs(sound).max() == pytest.approx(1.0, abs=0.25), "up to the ripple of a square without its top"
    assert level_db_at(sound, 440.0) == pytest.approx(20.0 * math.log10(4.0 / math.pi), abs=0.2)
    assert level_db_at(sound, 1_320.0) == pytest.approx(level_db_at(sound, 440.0) - 9.5, abs=0.5)
    assert level_db_at(sound, 880.0) < -60.0
    quiet = play(fm, steady(drive_db=40.0, gain_db=-20.0))
    assert np.abs(quiet * 10.0 - sound).max() < 1e-6, "gain comes after the drive"


def band_db(sound, low_hz, high_hz):
    power = np.abs(np.fft.rfft(sound * np.hanning(sound.size))) ** 2
    hz = np.fft.rfftfreq(sound.size, 1.0 / RATE)
    return 10.0 * math.log10(power[(hz >= low_hz) & (hz < high_hz)].sum() + 1e-20)


NOISE = {
    "op1_out_db": LEVEL_FLOOR_DB,
    "noise_db": 0.0,
    "noise_env2_db": 0.0,
    "noise_env3_db": 0.0,
}


def test_noise_fills_its_band_and_little_else(fm):
    sound = play(fm, steady(**NOISE, noise_hz=1_000.0, noise_q=8.0))
    middle = band_db(sound, 900.0, 1_100.0)
    assert middle > band_db(sound, 200.0, 400.0) + 20.0
    assert middle > band_db(sound, 4_000.0, 4_200.0) + 20.0


def test_noise_has_its_own_envelope_and_seed(fm):
    decay = steady(**{**NOISE, "noise_env1_s": 0.001, "noise_env2_s": 0.3, "noise_env2_db": -60.0})
    sound = play(fm, decay)
    falls = rms_db(sound[2_000:6_000]) - rms_db(sound[9_200:13_200])
    assert falls == pytest.approx(30.0, abs=5.0)
    one, again, other = (fm.render(units(decay), rng=torch.Generator().manual_seed(s), **NOTE)[0, 0] for s in (1, 1, 2))
    assert torch.equal(one, again)
    assert not torch.allclose(one, other)


def test_noise_is_another_one_on_each_side(fm):
    left, right = stereo(fm, steady(**NOISE, pan=0.001))
    assert abs(np.corrcoef(left, right)[0, 1]) < 0.1


@pytest.mark.parametrize(
    ("kind", "low_db", "edge_db", "high_db"),
    [("low-pass", 0.0, -3.0, -24.0), ("high-pass", -24.0, -3.0, 0.0), ("band-pass", -9.0, 0.0, -9.0)],
)
def test_the_filter_has_the_response_of_its_type(fm, kind, low_db, edge_db, high_db):
    # Sines two octaves below, at and two octaves above the cut-off.
    patch = steady(filter_type=float(FILTERS.index(kind)), filter_hz=880.0, filter_q=0.7071)
    for ratio, expected in ((0.5, low_db), (2.0, edge_db), (8.0, high_db)):
        level = level_db_at(play(fm, patch.with_values(op1_ratio=ratio)), 440.0 * ratio)
        assert level == pytest.approx(expected, abs=1.0)


def test_a_notch_takes_out_its_frequency_and_resonance_rings(fm):
    assert level_db_at(play(fm, steady(filter_type=4.0, filter_hz=440.0, filter_q=2.0)), 440.0) < -40.0
    ringing = play(fm, steady(filter_type=1.0, filter_hz=440.0, filter_q=10.0))
    assert level_db_at(ringing, 440.0) == pytest.approx(20.0, abs=0.3)


def test_the_filter_follows_its_envelope_and_the_key(fm):
    closing = steady(
        filter_type=1.0, filter_hz=100.0, filter_env_st=72.0, filter_env1=1.0, filter_env2=0.0, filter_env3=0.0
    ).with_values(filter_env1_s=0.001, filter_env2_s=0.4, op1_ratio=4.0)
    sound = play(fm, closing)
    assert rms_db(sound[500:2_000]) > -1.5
    assert rms_db(sound[24_000:26_000]) < -40.0
    followed = steady(filter_type=1.0, filter_hz=261.6256, filter_q=0.7071, filter_key=1.0)
    for key in (48, 60, 84):
        hz = 440.0 * 2.0 ** ((key - 69) / 12)
        assert level_db_at(play(fm, followed, note=key), hz) == pytest.approx(-3.0, abs=0.1)


def test_reverb_lasts_as_long_as_it_says_on_both_sides(fm):
    patch = steady(reverb=1.0, reverb_s=1.0, reverb_damping=0.0, op1_env4_s=0.001, mod_2_1_rad=3.0)
    sound = stereo(fm, patch, hold_s=0.3, duration_s=1.5)
    assert sound.shape[0] == 2
    for side in sound:
        early, late = (rms_db(side[round(t * RATE) : round((t + 0.2) * RATE)]) for t in (0.4, 0.9))
        assert early - late == pytest.approx(30.0, abs=4.0)
    assert abs(np.corrcoef(*sound[:, 24_000:])[0, 1]) < 0.7, "a room is wide"


def test_blocks_with_every_effect_join_to_the_whole(fm):
    patch = steady(
        mod_2_1_rad=2.0,
        drive_db=6.0,
        pan=0.2,
        spread=0.5,
        op3_out_db=-6.0,
        noise_db=-12.0,
        filter_type=1.0,
        filter_env_st=24.0,
        reverb=0.3,
        vibrato_st=0.5,
        tremolo_db=6.0,
        op1_tremolo=1.0,
    )
    note = {**NOTE, "hold_s": 0.3, "duration_s": 0.7}
    blocks = list(fm.render_blocks(units(patch), block_frames=5_000, **note))
    torch.testing.assert_close(torch.cat(blocks, 2), fm.render(units(patch), **note), rtol=0.0, atol=1e-8)
