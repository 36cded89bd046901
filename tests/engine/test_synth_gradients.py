"""Every knob of the FM instrument can be turned by an optimiser."""

import pytest
import torch

from engine.params import FM_SPACE
from engine.params.fm import N_OPERATORS
from engine.synths.fm import FmSynth

N_FRAMES = 2_048
RATE = 48_000
NOTE = {"note": 57, "velocity": 90, "hold_s": 0.0301, "duration_s": N_FRAMES / RATE, "sample_rate": RATE}
NAMES = [p.name for p in FM_SPACE]
STEP = 1e-6


def _lively(seed=0):
    """A patch in which every parameter matters within 43 ms: all operators sound, bend each other and move."""
    rng = torch.Generator().manual_seed(seed)

    def near(middle, spread):
        return middle + spread * (2.0 * torch.rand(1, generator=rng, dtype=torch.float64).item() - 1.0)

    values = {"transpose_st": near(0.0, 5.0), "gain_db": near(-6.0, 3.0)}
    for n in range(1, N_OPERATORS + 1):
        values |= {
            f"op{n}_ratio": near(3.0, 2.0),
            f"op{n}_detune_cents": near(0.0, 50.0),
            f"op{n}_level_db": near(-6.0, 4.0),
            f"op{n}_out_db": near(-12.0, 6.0),
            f"op{n}_velocity": near(0.5, 0.3),
            f"op{n}_env1_s": near(0.004, 0.002),
            f"op{n}_env1_db": near(-3.0, 2.0),
            f"op{n}_env2_s": near(0.010, 0.004),
            f"op{n}_env2_db": near(-14.0, 4.0),
            f"op{n}_env3_s": near(0.010, 0.003),
            f"op{n}_env3_db": near(-5.0, 3.0),
            f"op{n}_env4_s": near(0.008, 0.003),
            f"op{n}_env4_db": near(-40.0, 10.0),
        }
    values |= {name: near(0.6, 0.4) for name in NAMES if name.startswith("mod_")}
    return torch.tensor([FM_SPACE.encode(values)], dtype=torch.float64)


def _loss(fm, unit):
    """A fixed random weighing of all samples, and their power: something that hears phase and level."""
    weights = torch.randn(N_FRAMES, generator=torch.Generator().manual_seed(9), dtype=torch.float64)
    sound = fm.render(unit, **NOTE)[:, 0]
    return (sound * weights).sum(1) / N_FRAMES + sound.square().mean(1)


@pytest.fixture(scope="module")
def fm():
    return FmSynth()


def _slopes(fm, unit):
    unit = unit.clone().requires_grad_()
    (slopes,) = torch.autograd.grad(_loss(fm, unit).sum(), unit)
    return slopes


def test_every_gradient_agrees_with_finite_differences(fm):
    unit = _lively()
    slopes = _slopes(fm, unit)[0]
    moves = torch.eye(len(NAMES), dtype=torch.float64) * STEP
    measured = (_loss(fm, unit + moves) - _loss(fm, unit - moves)) / (2.0 * STEP)
    assert (measured.abs() > 1e-6).all(), "a parameter without effect is not tested"
    error = (slopes - measured).abs() / measured.abs()
    worst = int(error.argmax())
    assert error[worst] < 1e-2, f"{NAMES[worst]}: {slopes[worst]:g} instead of {measured[worst]:g}"


@pytest.mark.parametrize("end", [0.0, 1.0])
def test_a_knob_at_its_stop_has_a_gradient(fm, end):
    """One knob at a time at its stop, in a sound where the others play."""
    unit = _lively(1).repeat(len(NAMES), 1)
    unit.fill_diagonal_(end)
    slopes = _slopes(fm, unit)
    assert slopes.isfinite().all()
    inward = torch.eye(len(NAMES), dtype=torch.float64) * (STEP if end == 0.0 else -STEP)
    with torch.no_grad():
        felt = (_loss(fm, unit + inward) - _loss(fm, unit)).abs() / STEP > 1e-7
    own = slopes.diagonal()
    dead = [name for name, f, slope in zip(NAMES, felt, own, strict=True) if f and slope == 0.0]
    assert not dead
    assert felt.float().mean() > 0.85


@pytest.mark.parametrize("end", [0.0, 1.0])
def test_gradients_stay_finite_with_every_knob_at_its_stop(fm, end):
    for dtype in (torch.float32, torch.float64):
        slopes = _slopes(fm, torch.full((1, len(NAMES)), end, dtype=dtype).double())
        assert slopes.isfinite().all()


@pytest.mark.parametrize("seed", range(4))
def test_gradients_stay_finite_and_float32_anywhere(fm, seed):
    unit = torch.rand(2, len(NAMES), generator=torch.Generator().manual_seed(seed)).requires_grad_()
    fm.render(unit, **NOTE).square().mean().backward()
    assert unit.grad.dtype == torch.float32
    assert unit.grad.isfinite().all()


def test_a_silent_operator_can_be_woken_up(fm):
    """The default patch uses two operators; the others are silent and still feel which way is louder."""
    unit = torch.tensor([FM_SPACE.encode({})], dtype=torch.float64)
    slopes = _slopes(fm, unit)[0]
    assert slopes[FM_SPACE.place("op3_out_db")].item() != 0.0
    assert slopes[FM_SPACE.place("mod_4_1_rad")].item() != 0.0


def test_descent_finds_a_level_and_a_depth_again(fm):
    target_unit = torch.tensor([FM_SPACE.encode({"op1_out_db": -9.0, "mod_2_1_rad": 3.0})], dtype=torch.float64)
    target = fm.render(target_unit, **NOTE)
    places = [FM_SPACE.place(name).start for name in ("op1_out_db", "mod_2_1_rad")]
    unit = torch.tensor([FM_SPACE.encode({"op1_out_db": -3.0, "mod_2_1_rad": 2.0})], dtype=torch.float64)
    knobs = unit[0, places].clone().requires_grad_()
    optimiser = torch.optim.Adam([knobs], lr=0.02)
    for _ in range(60):
        optimiser.zero_grad()
        moved = unit.index_copy(1, torch.tensor(places), knobs[None])
        (fm.render(moved, **NOTE) - target).square().sum().backward()
        optimiser.step()
    torch.testing.assert_close(knobs.detach(), target_unit[0, places], rtol=0.0, atol=0.01)
