"""Every knob of the impact instrument, and every mode, can be turned by an optimiser."""

import pytest
import torch

from engine.params import IMPACT_SPACE
from engine.params.impact import N_MODES, SHAPES
from engine.synths.impact import ImpactSynth

N_FRAMES = 2_048
RATE = 48_000
NOTE = {"note": 57, "velocity": 90, "hold_s": 0.0201, "duration_s": N_FRAMES / RATE, "sample_rate": RATE}
STEP = 1e-6
NAMES = [p.name for p in IMPACT_SPACE if p.is_continuous]
PLACES = [
    IMPACT_SPACE.place(p.name).start + shift
    for p in IMPACT_SPACE
    if p.is_continuous
    for shift in ((0,) if p.count == 1 else (0, 2, 5))
]
USELESS = {
    "bar": {"imperfection"},
    "plate": {"imperfection"},
    "box": {"imperfection"},
    "free": {"imperfection", "thickness_m"},
}
"""What makes no difference to a shape: only round things have twins."""
WORDS = {place: name for name in NAMES for place in range(*IMPACT_SPACE.place(name).indices(IMPACT_SPACE.n_units))}


def _lively(shape, seed=0):
    """A patch in which every parameter matters within 43 ms."""
    rng = torch.Generator().manual_seed(seed)

    def near(middle, spread):
        return middle + spread * (2.0 * torch.rand(1, generator=rng, dtype=torch.float64).item() - 1.0)

    values = {
        "shape": float(SHAPES.index(shape)),
        "material": 4.0,
        "material_2": 1.0,
        "blend": near(0.5, 0.2),
        "release": 1.0,
        "release_s": near(0.08, 0.02),
        "size_m": near(0.4, 0.1),
        "thickness_m": near(0.01, 0.004),
        "proportion": near(0.4, 0.1),
        "hollowness": near(0.4, 0.1),
        "imperfection": near(0.5, 0.2),
        "modes": near(20.5, 0.3),
        "damping_low": near(1.5, 0.2),
        "damping_high": near(1.5, 0.2),
        "striker_hardness": near(0.5, 0.1),
        "contact_stretch": near(2.0, 0.5),
        "contact_db": near(-6.0, 3.0),
        "contact_grain": near(0.4, 0.1),
        "contact_s": near(0.02, 0.005),
        "contact_rise_s": near(0.002, 0.0005),
        "contact_into": near(0.6, 0.2),
        "contact_band_oct": tuple(near(0.0, 0.5) for _ in range(16)),
        "contact_band_db": tuple(near(0.0, 3.0) for _ in range(16)),
        "room": near(0.5, 0.1),
        "room_s": near(0.3, 0.1),
        "room_delay_s": 0.01203,
        "room_band_st": tuple(near(0.0, 2.0) for _ in range(8)),
        "room_band_oct": tuple(near(0.0, 1.0) for _ in range(8)),
        "room_band_db": tuple(near(0.0, 3.0) for _ in range(8)),
        "mode_pitch_st": tuple(near(0.0, 1.0) for _ in range(N_MODES)),
        "mode_damping_oct": tuple(near(0.0, 0.5) for _ in range(N_MODES)),
        "mode_level_db": tuple(near(0.0, 3.0) for _ in range(N_MODES)),
    }
    return torch.tensor([IMPACT_SPACE.encode(values)], dtype=torch.float64)


def _loss(synth, unit):
    """A fixed random weighing of all samples, and their power: something that hears phase and level."""
    weights = torch.randn(N_FRAMES, generator=torch.Generator().manual_seed(9), dtype=torch.float64)
    sound = synth.render(unit, **NOTE)
    sides = torch.tensor([1.0, 0.6], dtype=torch.float64)
    return (((sound * weights).sum(2) / N_FRAMES + sound.square().mean(2)) * sides).sum(1)


@pytest.fixture(scope="module")
def synth():
    return ImpactSynth()


def _slopes(synth, unit):
    unit = unit.clone().requires_grad_()
    (slopes,) = torch.autograd.grad(_loss(synth, unit).sum(), unit)
    return slopes


def _moves():
    """One row for each place: a small step of it alone, ``[places, units]``."""
    moves = torch.zeros(len(PLACES), IMPACT_SPACE.n_units, dtype=torch.float64)
    moves[range(len(PLACES)), PLACES] = STEP
    return moves


@pytest.mark.parametrize("shape", SHAPES)
def test_every_gradient_agrees_with_finite_differences(synth, shape):
    unit = _lively(shape)
    slopes = _slopes(synth, unit)[0, PLACES]
    with torch.no_grad():
        measured = (_loss(synth, unit + _moves()) - _loss(synth, unit - _moves())) / (2.0 * STEP)
    matters = measured.abs() > 1e-7
    assert (slopes[~matters].abs() < 2e-7).all()
    error = torch.where(matters, (slopes - measured).abs() / measured.abs(), 0.0)
    worst = int(error.argmax())
    assert error[worst] < 1e-2, f"{WORDS[PLACES[worst]]}: {slopes[worst]:g} instead of {measured[worst]:g}"
    tested = {WORDS[place] for place, m in zip(PLACES, matters.tolist(), strict=True) if m}
    assert set(NAMES) - tested <= USELESS.get(shape, set()), "a parameter without effect is not tested"


@pytest.mark.parametrize("shape", ["bar", "bell"])
@pytest.mark.parametrize("end", [0.0, 1.0])
def test_a_knob_at_its_stop_has_a_gradient(synth, end, shape):
    """One knob at a time at its stop, in a sound where the others play."""
    unit = _lively(shape, 1).repeat(len(PLACES), 1)
    unit[range(len(PLACES)), PLACES] = end
    slopes = _slopes(synth, unit)
    assert slopes.isfinite().all()
    inward = _moves() if end == 0.0 else -_moves()
    with torch.no_grad():
        felt = (_loss(synth, unit + inward) - _loss(synth, unit)).abs() / STEP > 1e-7
    own = slopes[range(len(PLACES)), PLACES]
    dead = [WORDS[p] for p, f, slope in zip(PLACES, felt, own, strict=True) if f and slope == 0.0]
    assert not dead
    assert felt.float().mean() > 0.75


@pytest.mark.parametrize("end", [0.0, 1.0])
def test_gradients_stay_finite_with_every_knob_at_its_stop(synth, end):
    for dtype in (torch.float32, torch.float64):
        slopes = _slopes(synth, torch.full((1, IMPACT_SPACE.n_units), end, dtype=dtype).double())
        assert slopes.isfinite().all()


@pytest.mark.parametrize("seed", range(4))
def test_gradients_stay_finite_and_float32_anywhere(synth, seed):
    unit = torch.rand(2, IMPACT_SPACE.n_units, generator=torch.Generator().manual_seed(seed)).requires_grad_()
    synth.render(unit, **NOTE).square().mean().backward()
    assert unit.grad.dtype == torch.float32
    assert unit.grad.isfinite().all()


def test_a_silent_mode_a_closed_room_and_a_clean_contact_can_be_woken_up(synth):
    off = {"mode_level_db": (-72.0,) * 3 + (0.0,) * (N_MODES - 3), "material": 1.0}
    slopes = _slopes(synth, torch.tensor([IMPACT_SPACE.encode(off)], dtype=torch.float64))[0]
    for name in ("mode_level_db", "room", "contact_db"):
        assert slopes[IMPACT_SPACE.place(name).start].item() != 0.0


def test_descent_finds_pitch_damping_and_level_of_modes_again(synth):
    """Three residuals of three modes at once, by the sound's own samples."""
    names = ("mode_pitch_st", "mode_damping_oct", "mode_level_db")
    moved = {
        "mode_pitch_st": (0.1, -0.15, 0.2),
        "mode_damping_oct": (0.4, -0.3, 0.5),
        "mode_level_db": (-2.0, 3.0, 1.0),
    }
    base = {"shape": 1.0, "modes": 3.0, "material": 1.0, "damping_low": 20.0, "proportion": 0.7}
    values = {n: tuple(moved[n]) + (0.0,) * (N_MODES - 3) for n in names}
    target_unit = torch.tensor([IMPACT_SPACE.encode({**base, **values})], dtype=torch.float64)
    with torch.no_grad():
        target = synth.render(target_unit, **NOTE)
    places = torch.tensor([IMPACT_SPACE.place(n).start + i for n in names for i in range(3)])
    unit = torch.tensor([IMPACT_SPACE.encode(base)], dtype=torch.float64)
    knobs = unit[0, places].clone().requires_grad_()
    optimiser = torch.optim.Adam([knobs], lr=2e-3)
    for step in range(400):
        optimiser.zero_grad()
        sound = synth.render(unit.index_copy(1, places, knobs[None]), **NOTE)
        (sound - target).square().sum().backward()
        optimiser.param_groups[0]["lr"] = 2e-3 * 0.992**step
        optimiser.step()
        left = (knobs.detach() - target_unit[0, places]).abs() / (unit[0, places] - target_unit[0, places]).abs()
        if left.max() < 0.08:
            break
    assert left.max() < 0.1
