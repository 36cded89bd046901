"""Sounds on a GPU, as far as a machine without one can tell.

The kernels run in triton's interpreter and are compiled for real cards; the rest of a render runs on a card that only
says it is one. tests/gpu has what needs a card.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from fake_card import OnCard, card

from engine.params import Patch
from engine.synths.fm import FmSynth

HERE = Path(__file__).parent
ENOUGH = {"float32": 1e-5, "float64": 1e-9}

PATCHES = {
    "plain": {},
    "looped": {"mod_1_1_rad": 0.5, "mod_1_2_rad": 0.3},
    "filtered": {"filter_type": 1.0, "filter_env_st": 24.0},
    "noisy": {"noise_db": -6.0},
    "in a room": {"reverb": 0.3, "pan": 0.2, "filter_type": 4.0},
    "moving": {
        "vibrato_st": 1.0,
        "lfo_wave": 5.0,
        "drive_db": 6.0,
        "op1_key_left_db": -5.0,
        "velocity_curve": 1.0,
        "op1_wave": 3.0,
        "op1_env_clock": 1.0,
        "op2_mode": 1.0,
    },
}


@pytest.fixture(scope="module")
def interpreted():
    """What :mod:`card_program` found."""
    pytest.importorskip("triton")
    run = subprocess.run(
        [sys.executable, str(HERE / "card_program.py")],
        cwd=HERE.parents[1],
        env={**os.environ, "PYTHONPATH": str(HERE.parents[1]), "TRITON_INTERPRET": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


@pytest.mark.parametrize("kind", ENOUGH)
@pytest.mark.parametrize("case", ["loop, sines", "loop, every wave", "filter"])
def test_the_kernels_give_the_numbers_and_gradients_of_the_compiled_ones(interpreted, case, kind):
    assert max(interpreted[f"{case}, {kind}"]) < ENOUGH[kind]


def test_the_kernels_clip_and_count_what_the_compiled_ones_do(interpreted):
    here, there = interpreted["clips"]
    assert here == there > 0
    assert max(interpreted["clipped"]) < 1e-9


def test_a_whole_render_goes_through_the_kernels(interpreted):
    assert interpreted["kernels of a render"] == ["filter_back", "filter_run", "run", "run_back"]
    assert max(interpreted["render"]) < 1e-5


@pytest.mark.parametrize("capability", [80, 90])
@pytest.mark.parametrize("kernel", ["run", "run_back", "filter_run", "filter_back"])
def test_the_kernels_compile_for_cards(kernel, capability, tmp_path, monkeypatch):
    triton = pytest.importorskip("triton")
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource

    from engine.dsp import card_kernels

    monkeypatch.setenv("TRITON_CACHE_DIR", str(tmp_path))
    whole = dict.fromkeys(("source", "lag", "first", "order", "target", "first_out", "clipped"), "*i64")
    known = whole | {"shapes": "*i32"} | dict.fromkeys(("terms", "limit", "state"), "*fp64")
    known |= dict.fromkeys(("rows", "operators", "n", "past"), "i32")
    fn = getattr(card_kernels, kernel)
    # A number that is 1 becomes a part of the program: one operator alone is compiled apart.
    for kind, fixed in (("*fp32", {"PLAIN": False}), ("*fp64", {"PLAIN": True, "operators": 1, "n": 1, "rows": 1})):
        fixed = {name: value for name, value in {**fixed, "BLOCK": 32}.items() if name in fn.arg_names}
        signature = {name: "constexpr" if name in fixed else known.get(name, kind) for name in fn.arg_names}
        places = {(fn.arg_names.index(name),): value for name, value in fixed.items()}
        made = triton.compile(
            ASTSource(fn, signature, places), target=GPUTarget("cuda", capability, 32), options={"num_warps": 1}
        )
        assert len(made.asm["cubin"]) > 1_000


def _sound_and_slope(unit, quality):
    unit = unit.requires_grad_()
    # What a card computes is the tensor path: the compiled notes of the CPU have slopes that differ a little.
    sound = FmSynth(compiled=False).render(
        unit, note=60, velocity=100, hold_s=0.01, duration_s=0.02, sample_rate=24_000, quality=quality
    )
    (slope,) = torch.autograd.grad(sound.square().sum(), [unit])
    return sound.detach().cpu(), slope.cpu()


@pytest.mark.parametrize("quality", ["draft", "default"])
@pytest.mark.parametrize("name", PATCHES)
def test_a_render_on_a_card_mixes_nothing_with_the_cpu(name, quality):
    patches = [Patch("fm", PATCHES[name]), Patch("fm", {**PATCHES[name], "mod_2_1_rad": 9.0})]
    unit = torch.tensor([patch.unit() for patch in patches], dtype=torch.float64)
    note = {"note": 60, "velocity": 100, "hold_s": 0.01, "duration_s": 0.02, "sample_rate": 24_000, "quality": quality}
    plain = FmSynth().render(unit, **note)
    sound, slope = _sound_and_slope(unit.clone(), quality)
    with card():
        on_card = FmSynth().render(OnCard(unit), **note)
        assert isinstance(on_card, OnCard)
        sound_there, slope_there = _sound_and_slope(OnCard(unit), quality)
    torch.testing.assert_close(on_card.cpu(), plain, rtol=0.0, atol=1e-9)
    torch.testing.assert_close(sound_there, sound, rtol=0.0, atol=1e-9)
    torch.testing.assert_close(slope_there, slope, rtol=1e-6, atol=1e-9)


def test_the_card_that_is_none_would_notice():
    with card():
        there = OnCard(torch.ones(3))
        assert torch.zeros(3, device=there.device).add(there).cpu().tolist() == [1.0, 1.0, 1.0]
        with pytest.raises(AssertionError, match="mixes"):
            there + torch.ones(3)
        with pytest.raises(AssertionError, match="mixes"):
            torch.ones(3).index_select(0, OnCard(torch.tensor([0])))
