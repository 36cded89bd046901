"""Batches rendered on a real card are those of the CPU. Everything here is skipped without one."""

import pytest
import torch

from engine.bench.fm import looped_patch
from engine.dsp import card
from engine.dsp.loops import CLIPS
from engine.params import Patch
from engine.params.fm import loop_routes
from engine.project.presets import factory_presets
from engine.synths.fm import FmSynth

pytestmark = pytest.mark.gpu

NOTE = {"note": 60, "velocity": 100, "hold_s": 0.1, "duration_s": 0.2, "sample_rate": 24_000}
PATCHES = {
    "plain": {"mod_2_1_rad": 2.0},
    "looped": {"mod_6_6_rad": 0.6, "mod_1_2_rad": 0.3, "mod_2_1_rad": 0.8},
    "filtered": {"filter_type": 1.0, "filter_env_st": 24.0, "filter_q": 3.0},
    "noisy": {"noise_db": -6.0},
    "in a room": {"reverb": 0.3, "pan": 0.2},
    "every wave looped": {"mod_1_1_rad": 0.4, "op1_wave": 4.0, "op2_wave": 6.0, "mod_1_2_rad": 0.3},
}


def _batch(values, rows):
    """Rows that differ in pitch and depth."""
    return torch.tensor(
        [Patch("fm", {**values, "op2_ratio": 1.0 + i % 5, "op1_detune_cents": i % 7}).unit() for i in range(rows)]
    )


def test_the_kernels_for_cards_work(gpu):
    assert card.is_at_home(torch.zeros(1, device=gpu))


@pytest.mark.parametrize("rows", [1, 33, 70])
@pytest.mark.parametrize("quality", ["draft", "default"])
@pytest.mark.parametrize("name", PATCHES)
def test_a_batch_is_the_one_of_the_cpu(name, quality, rows, gpu):
    unit = _batch(PATCHES[name], rows)
    here = FmSynth().render(unit, **NOTE, quality=quality)
    there = FmSynth().render(unit.to(gpu), **NOTE, quality=quality)
    assert there.device.type == "cuda"
    assert here.abs().max() > 0.01
    torch.testing.assert_close(there.cpu(), here, rtol=0.0, atol=1e-4)


@pytest.mark.parametrize("name", PATCHES)
def test_gradients_are_those_of_the_cpu(name, gpu):
    slopes = []
    for device in ("cpu", gpu):
        unit = _batch(PATCHES[name], 5).double().to(device).requires_grad_()
        sound = FmSynth(compiled=False).render(unit, **NOTE)
        slopes.append(torch.autograd.grad(sound.square().mean(), [unit])[0].cpu())
    here, there = slopes
    assert there.isfinite().all()
    torch.testing.assert_close(there, here, rtol=1e-4, atol=1e-6 * float(here.abs().max()))


def test_gradients_of_all_routes_at_once_are_finite(gpu):
    before = CLIPS.samples
    unit = torch.tensor([looped_patch(loop_routes()).unit()] * 40, device=gpu, requires_grad=True)
    sound = FmSynth().render(unit, **NOTE)
    (slope,) = torch.autograd.grad(sound.square().mean(), [unit])
    assert slope.isfinite().all()
    assert CLIPS.samples >= before


def test_presets_render_in_blocks_as_at_once(gpu):
    presets = [p for p in factory_presets() if p.synth == "fm"][::8]
    unit = torch.tensor([p.unit() for p in presets], device=gpu)
    whole = FmSynth().render(unit, **NOTE)
    blocks = torch.cat(list(FmSynth().render_blocks(unit, **NOTE, block_frames=1_024)), 2)
    torch.testing.assert_close(blocks, whole, rtol=0.0, atol=1e-4)
