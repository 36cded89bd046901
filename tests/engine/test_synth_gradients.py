"""Every knob of the FM instrument can be turned by an optimiser."""

import pytest
import torch

from engine.params import FM_SPACE
from engine.params.fm import N_OPERATORS, loop_routes, mod_name, mod_routes
from engine.synths.fm import FmSynth

N_FRAMES = 2_048
RATE = 48_000
NOTE = {"note": 57, "velocity": 90, "hold_s": 0.0301, "duration_s": N_FRAMES / RATE, "sample_rate": RATE}
NAMES = [p.name for p in FM_SPACE if p.is_continuous]
PLACES = [FM_SPACE.place(name).start for name in NAMES]
STEP = 1e-6


def _lively(seed=0, second=False):
    """A patch in which most parameters matter within 43 ms: all operators sound, bend each other and move.

    The ``second`` one has fixed frequencies, the rate clock, the other side of the key scaling and the DX7's
    velocities.
    """
    rng = torch.Generator().manual_seed(seed)

    def near(middle, spread):
        return middle + spread * (2.0 * torch.rand(1, generator=rng, dtype=torch.float64).item() - 1.0)

    values = {"transpose_st": near(0.0, 5.0), "gain_db": near(-6.0, 3.0), "velocity_curve": float(second)}
    for n in range(1, N_OPERATORS + 1):
        pace = 0.12 if second else 1.0  # under the rate clock a time is that of one octave
        values |= {
            f"op{n}_ratio": near(3.0, 2.0),
            f"op{n}_detune_cents": near(0.0, 50.0),
            f"op{n}_level_db": near(-9.0, 4.0),
            f"op{n}_out_db": near(-12.0, 6.0),
            f"op{n}_velocity": near(0.5, 0.3),
            f"op{n}_env1_s": near(0.004, 0.002) * pace * 3.0 if second else near(0.004, 0.002),
            f"op{n}_env1_db": near(-3.0, 2.0),
            f"op{n}_env2_s": near(0.010, 0.004) * pace * 3.0 if second else near(0.010, 0.004),
            f"op{n}_env2_db": near(-14.0, 4.0),
            f"op{n}_env3_s": near(0.010, 0.003) * pace * 3.0 if second else near(0.010, 0.003),
            f"op{n}_env3_db": near(-5.0, 3.0),
            f"op{n}_env4_s": near(0.008, 0.003),
            f"op{n}_env4_db": near(-40.0, 10.0) if not second else near(-24.0, 2.0),
            f"op{n}_mode": float(second),
            f"op{n}_fixed_hz": near(900.0, 500.0),
            f"op{n}_env_clock": float(second),
            f"op{n}_wave": float((n - 1) % 2) if second else 0.0,
            f"op{n}_key_break": 40.0 if second else 70.0,
            f"op{n}_key_left_db": near(0.0, 2.0),
            f"op{n}_key_right_db": near(0.0, 2.0),
            f"op{n}_key_left_curve": float(n % 2),
            f"op{n}_key_right_curve": float(n % 2),
            f"op{n}_key_rate": near(0.2, 0.15),
            f"op{n}_tremolo": near(0.5, 0.3),
        }
    values |= {
        "vibrato_st": near(2.0, 1.0),
        "tremolo_db": near(10.0, 3.0),
        "lfo_hz": near(15.0, 4.0),
        "lfo_wave": 4.0 if second else 0.0,
        "lfo_delay_s": near(0.004, 0.001),
        "lfo_fade_s": near(0.010, 0.003),
        "pitch_env_clock": float(second),
    }
    values |= {
        "drive_db": near(6.0, 3.0),
        "pan": near(0.0, 0.3),
        "spread": near(0.4, 0.2),
        "noise_db": near(-10.0, 4.0),
        "noise_hz": near(3_000.0, 1_000.0),
        "noise_q": near(1.0, 0.4),
        "filter_type": 3.0 if second else 1.0,
        "filter_hz": near(1_500.0, 500.0),
        "filter_q": near(2.0, 1.0),
        "filter_key": near(0.5, 0.3),
        "filter_env_st": near(12.0, 6.0),
        "reverb": near(0.6, 0.2),
        "reverb_s": near(1.0, 0.4),
        "reverb_damping": near(0.5, 0.2),
    }
    for i in range(1, 5):
        values |= {f"{kind}_env{i}_s": near(0.008, 0.002) for kind in ("pitch", "noise", "filter")}
        values[f"pitch_env{i}_st"] = (3.0, -4.0, 5.0, 1.0)[i - 1] + near(0, 0.5)
        values[f"noise_env{i}_db"] = (-3.0, -14.0, -5.0, -40.0)[i - 1]
        values[f"filter_env{i}"] = (0.8, 0.3, 0.7, 0.2)[i - 1]
    values |= {mod_name(s, d): near(0.6, 0.4) for s, d in mod_routes()}
    values |= {mod_name(s, d): near(0.12, 0.1) for s, d in loop_routes()}
    return torch.tensor([FM_SPACE.encode(values)], dtype=torch.float64)


def _loss(fm, unit):
    """A fixed random weighing of all samples, and their power: something that hears phase and level."""
    weights = torch.randn(N_FRAMES, generator=torch.Generator().manual_seed(9), dtype=torch.float64)
    sound = fm.render(unit, **NOTE)
    sides = torch.tensor([1.0, 0.6], dtype=torch.float64)[: sound.shape[1], None]
    return ((sound * weights).sum(2) / N_FRAMES + sound.square().mean(2)).mul(sides[:, 0]).sum(1)


@pytest.fixture(scope="module", params=[True, False], ids=["compiled", "by tensors"])
def fm(request):
    return FmSynth(compiled=request.param)


def _slopes(fm, unit):
    unit = unit.clone().requires_grad_()
    (slopes,) = torch.autograd.grad(_loss(fm, unit).sum(), unit)
    return slopes


def _moves():
    """One row for each continuous parameter: a small step of it alone, ``[names, units]``."""
    moves = torch.zeros(len(NAMES), FM_SPACE.n_units, dtype=torch.float64)
    moves[range(len(NAMES)), PLACES] = STEP
    return moves


def test_every_gradient_agrees_with_finite_differences(fm):
    tested = set()
    for second in (False, True):
        unit = _lively(second=second)
        slopes = _slopes(fm, unit)[0, PLACES]
        measured = (_loss(fm, unit + _moves()) - _loss(fm, unit - _moves())) / (2.0 * STEP)
        matters = measured.abs() > 1e-6
        assert (slopes[~matters].abs() < 2e-6).all()
        error = torch.where(matters, (slopes - measured).abs() / measured.abs(), 0.0)
        worst = int(error.argmax())
        assert error[worst] < 1e-2, f"{NAMES[worst]}: {slopes[worst]:g} instead of {measured[worst]:g}"
        tested |= {name for name, m in zip(NAMES, matters.tolist(), strict=True) if m}
    assert set(NAMES) - tested == set(), "a parameter without effect is not tested"


@pytest.mark.parametrize("second", [False, True])
@pytest.mark.parametrize("end", [0.0, 1.0])
def test_a_knob_at_its_stop_has_a_gradient(fm, end, second):
    """One knob at a time at its stop, in a sound where the others play."""
    unit = _lively(1, second).repeat(len(NAMES), 1)
    unit[range(len(NAMES)), PLACES] = end
    slopes = _slopes(fm, unit)
    assert slopes.isfinite().all()
    inward = _moves() if end == 0.0 else -_moves()
    with torch.no_grad():
        felt = (_loss(fm, unit + inward) - _loss(fm, unit)).abs() / STEP > 1e-7
    own = slopes[range(len(NAMES)), PLACES]
    dead = [name for name, f, slope in zip(NAMES, felt, own, strict=True) if f and slope == 0.0]
    assert not dead
    assert felt.float().mean() > 0.75


@pytest.mark.parametrize("end", [0.0, 1.0])
def test_gradients_stay_finite_with_every_knob_at_its_stop(fm, end):
    for dtype in (torch.float32, torch.float64):
        slopes = _slopes(fm, torch.full((1, FM_SPACE.n_units), end, dtype=dtype).double())
        assert slopes.isfinite().all()


@pytest.mark.parametrize("seed", range(4))
def test_gradients_stay_finite_and_float32_anywhere(fm, seed):
    unit = torch.rand(2, FM_SPACE.n_units, generator=torch.Generator().manual_seed(seed)).requires_grad_()
    fm.render(unit, **NOTE).square().mean().backward()
    assert unit.grad.dtype == torch.float32
    assert unit.grad.isfinite().all()


def test_a_silent_operator_can_be_woken_up(fm):
    """The default patch uses two operators; the others are silent and still feel which way is louder."""
    unit = torch.tensor([FM_SPACE.encode({})], dtype=torch.float64)
    slopes = _slopes(fm, unit)[0]
    assert slopes[FM_SPACE.place("op3_out_db")].item() != 0.0
    assert slopes[FM_SPACE.place("mod_4_1_rad")].item() != 0.0
    assert slopes[FM_SPACE.place("mod_1_1_rad")].item() != 0.0
    assert slopes[FM_SPACE.place("mod_1_2_rad")].item() != 0.0


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
