"""Notes by the compiled kernels are those of tensor operations, and have the same bits however they are asked for."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from test_synth_live import is_chaotic, random_patch

from engine.dsp.loops import CLIPS
from engine.params import Patch
from engine.params.fm import LEVEL_FLOOR_DB
from engine.project.presets import factory_presets
from engine.synths.fm import FmSynth

EXACT = 1e-7
"""Of full scale; the presets come within 1e-9."""
NOTE = {"note": 60, "velocity": 100, "hold_s": 0.2, "duration_s": 0.3, "sample_rate": 48_000}
PRESETS = [p for p in factory_presets() if p.synth == "fm"]


@pytest.fixture(scope="module")
def fm():
    return FmSynth()


@pytest.fixture(scope="module")
def by_tensors():
    return FmSynth(compiled=False)


def units(*patches, dtype=torch.float32):
    return torch.tensor([p.unit() for p in patches], dtype=dtype)


def seeded(patch):
    return torch.Generator().manual_seed(patch.seed)


@pytest.mark.parametrize(("quality", "rate"), [("default", 48_000), ("draft", 24_000)])
def test_every_factory_preset_is_what_tensor_operations_give(fm, by_tensors, quality, rate):
    wild = []
    note = {**NOTE, "quality": quality, "sample_rate": rate}
    for preset in PRESETS:
        unit = units(preset, dtype=torch.float64)
        ours, theirs = (synth.render(unit, **note, rng=seeded(preset)) for synth in (fm, by_tensors))
        assert ours.abs().max() > 0.01
        if (ours - theirs).abs().max() > EXACT:
            assert is_chaotic(fm, preset, 60), preset.name
            assert float(ours.std()) == pytest.approx(float(theirs.std()), rel=0.1)
            wild.append(preset.name)
    assert len(wild) <= 1, wild


@pytest.mark.parametrize("seed", range(12))
def test_patches_that_use_everything_are_what_tensor_operations_give(fm, by_tensors, seed):
    unit = units(random_patch(seed), dtype=torch.float64)
    rate = (8_000, 22_050, 44_100, 48_000, 96_000, 192_000)[seed % 6]
    # The key goes up between two control points, and once it never does.
    note = {**NOTE, "hold_s": 0.1003 if seed else 1.0, "note": 36 + 5 * seed, "sample_rate": rate}
    for quality in ("draft", "default"):
        ours, theirs = (
            synth.render(unit, **note, quality=quality, rng=torch.Generator().manual_seed(seed))
            for synth in (fm, by_tensors)
        )
        assert ours.abs().max() > 0.002
        assert (ours - theirs).abs().max() < EXACT


@pytest.mark.parametrize("quality", ["draft", "default"])
def test_a_note_among_others_has_the_bits_that_it_has_alone(fm, quality):
    """Loops that are chaotic make another sound of another last bit."""
    note = {**NOTE, "quality": quality, "rng": None, "sample_rate": 24_000}
    batch = fm.render(units(*PRESETS), **note)
    for preset, row in zip(PRESETS, batch, strict=True):
        alone = fm.render(units(preset), **note)[0]
        assert torch.equal(row, alone.expand(row.shape)), preset.name


def test_a_chaotic_loop_sounds_on_every_key_of_a_batch_as_it_does_alone(fm):
    patch = Patch("fm", {"mod_6_6_rad": 12.0, "op6_out_db": 0.0, "op1_out_db": LEVEL_FLOOR_DB, "op6_env2_db": 0.0})
    assert is_chaotic(fm, patch, 60)
    keys = torch.linspace(30.0, 90.0, 23)
    given = {"note": keys, "velocity": keys + 10.0, "hold_s": keys / 300.0}
    batch = fm.render(units(*[patch] * 23), **{**NOTE, **given})
    for i, row in enumerate(batch):
        alone = fm.render(units(patch), **{**NOTE, **{name: value[i] for name, value in given.items()}})[0]
        assert torch.equal(row, alone)


@pytest.mark.parametrize("block_frames", [48_000, 1_000, 77])
def test_blocks_of_any_length_have_the_bits_of_the_whole(fm, block_frames):
    for preset in PRESETS[::6] + [p for p in PRESETS if is_looped(p)][::6]:
        whole = fm.render(units(preset), **NOTE, rng=seeded(preset))
        blocks = list(fm.render_blocks(units(preset), **NOTE, rng=seeded(preset), block_frames=block_frames))
        assert max(block.shape[2] for block in blocks) <= block_frames
        assert torch.equal(torch.cat(blocks, 2), whole), preset.name


def is_looped(patch):
    return any(patch.values[f"mod_{n}_{n}_rad"] for n in range(1, 7))


def test_how_long_a_sound_is_asked_for_changes_nothing_before_its_end(fm):
    for preset in PRESETS[::5]:
        long, short = (fm.render(units(preset), **{**NOTE, "duration_s": s}, rng=seeded(preset)) for s in (0.3, 0.1234))
        n = short.shape[2] - 96
        assert torch.equal(short[..., :n], long[..., :n]), preset.name


def test_float32_is_the_rounded_double(fm):
    for preset in PRESETS[::9]:
        single = fm.render(units(preset), **NOTE)
        double = fm.render(units(preset).double(), **NOTE)
        assert single.dtype == torch.float32
        assert double.dtype == torch.float64
        assert (single - double).abs().max() < 1e-6, preset.name


def test_two_threads_disturb_each_other_in_nothing(fm):
    chosen = PRESETS[::4]

    def sound(preset):
        return fm.render(units(preset), **NOTE, rng=seeded(preset))

    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(sound, chosen))
    for preset, found in zip(chosen, together, strict=True):
        assert torch.equal(found, sound(preset)), preset.name


def test_a_row_that_is_mono_has_one_noise_on_both_sides_of_a_stereo_batch(fm, by_tensors):
    hiss = {"op1_out_db": LEVEL_FLOOR_DB, "noise_db": 0.0, "noise_env2_db": 0.0, "noise_env3_db": 0.0}
    unit = units(Patch("fm", hiss), Patch("fm", {**hiss, "pan": 0.3}), dtype=torch.float64)
    for synth in (fm, by_tensors):
        (left, right), (one, other) = synth.render(unit, **NOTE).numpy()
        assert (left == right).all()
        assert abs(np.corrcoef(one, other)[0, 1]) < 0.1


def slopes(synth, unit, **note):
    """A sound and how a weighing of its samples, and its power, change with the knobs."""
    knobs = unit.clone().requires_grad_()
    sound = synth.render(knobs, **note)
    weights = torch.randn(sound.shape, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    (found,) = torch.autograd.grad((sound * weights).mean() + sound.square().mean(), knobs)
    return sound.detach(), found


def assert_same_slopes(ours, theirs):
    """Within a thousandth; where two stages of an envelope meet, the frame between them may go with either."""
    assert ours.isfinite().all()
    assert ((ours - theirs).abs() <= 2e-3 * theirs.abs() + 1e-4 * theirs.abs().amax(1, keepdim=True)).all()


def everything(seed):
    """Rows that use everything: mono and stereo, with loops and without."""
    patches = [random_patch(seed), PRESETS[7 * seed], random_patch(seed + 20), Patch("fm", {"drive_db": 3.0})]
    note = {**NOTE, "hold_s": 0.0303, "duration_s": 0.06, "note": 40 + 7 * seed}
    return units(*patches, dtype=torch.float64), note | {"quality": ("default", "draft")[seed % 2]}


@pytest.mark.parametrize("seed", range(6))
def test_gradients_are_what_tensor_operations_give(fm, by_tensors, seed):
    unit, note = everything(seed)
    (ours, our_slopes), (theirs, their_slopes) = slopes(fm, unit, **note), slopes(by_tensors, unit, **note)
    # With gradients, tensor operations drive a little where the drive is off.
    assert (ours - theirs).abs().max() < 3.0 * EXACT
    assert_same_slopes(our_slopes, their_slopes)


@pytest.mark.parametrize("seed", range(3))
def test_what_is_off_has_no_gradient_where_nothing_may_open_and_all_else_has_its_own(fm, seed):
    unit, note = everything(seed)
    closed, opened = slopes(FmSynth(may_open=False), unit, **note)[1], slopes(fm, unit, **note)[1]
    assert (closed == 0.0).sum() - (opened == 0.0).sum() > 0
    assert_same_slopes(closed, torch.where(closed == 0.0, closed, opened))


def test_a_batch_with_gradients_is_its_notes_one_by_one(fm):
    unit = units(*PRESETS[::9], dtype=torch.float64)
    sound, found = slopes(fm, unit, **{**NOTE, "duration_s": 0.05})
    for i in range(len(unit)):
        knobs = unit[i : i + 1].clone().requires_grad_()
        alone = fm.render(knobs, **{**NOTE, "duration_s": 0.05})
        assert (alone.detach() - sound[i : i + 1]).abs().max() < EXACT
    assert found.isfinite().all()
    assert (found.abs().amax(1) > 0.0).all()


def test_with_gradients_a_sound_is_what_it_is_without(fm):
    for preset in PRESETS[::8]:
        unit = units(preset, dtype=torch.float64)
        note = {**NOTE, "duration_s": 0.2}
        with_gradients = fm.render(unit.clone().requires_grad_(), **note, rng=seeded(preset)).detach()
        if (with_gradients - fm.render(unit, **note, rng=seeded(preset))).abs().max() > EXACT:
            assert is_chaotic(fm, preset, 60), preset.name


def test_gradients_in_float32_are_the_rounded_doubles(fm):
    for seed in (0, 3):
        unit = units(random_patch(seed), dtype=torch.float64)
        double, single = (
            slopes(fm, unit.to(kind), **{**NOTE, "duration_s": 0.05})[1] for kind in (unit.dtype, torch.float32)
        )
        assert single.dtype == torch.float32
        assert (single - double).abs().max() < 1e-4 * double.abs().max()


def test_a_release_has_a_gradient(fm, by_tensors):
    unit = units(PRESETS[0], dtype=torch.float64)
    found = []
    for synth in (fm, by_tensors):
        hold_s = torch.tensor([0.02], dtype=torch.float64, requires_grad=True)
        synth.render(unit, **{**NOTE, "duration_s": 0.05, "hold_s": hold_s}).square().mean().backward()
        found.append(hold_s.grad.item())
    assert found[0] == pytest.approx(found[1], rel=2e-3)
    assert found[0] != 0.0


def test_a_chaotic_loop_has_finite_gradients_that_were_clipped_and_counted(fm):
    wild = Patch("fm", {"mod_6_6_rad": 12.0, "op6_out_db": 0.0, "op6_env2_db": 0.0, "op6_env3_db": 0.0})
    before = CLIPS.samples
    _, found = slopes(fm, units(wild, dtype=torch.float64), **NOTE)
    assert found.isfinite().all()
    assert CLIPS.samples > before


def test_without_gradients_nothing_is_remembered(fm):
    unit = units(PRESETS[0], dtype=torch.float64).requires_grad_()
    with torch.no_grad():
        assert not fm.render(unit, **NOTE).requires_grad
    assert not next(fm.render_blocks(unit, **NOTE)).requires_grad
