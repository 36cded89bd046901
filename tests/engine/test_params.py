"""Parameters and their spaces: values, knob positions and gradients, at every stop and beyond."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest

from engine.errors import PatchError
from engine.params import FM_SPACE, SPACES, Param, ParamSpace, choice
from engine.params.fm import LEVEL_FLOOR_DB, MOD_MAX_RAD, N_OPERATORS, loop_routes, mod_name, mod_routes

EXAMPLES = [
    Param("gain_db", -36.0, 12.0, -6.0, "dB"),
    Param("decay_s", 0.0005, 20.0, 0.4, "s", "log"),
    Param("depth_rad", 0.0, 25.0, 1.5, "rad", "exp"),
    Param("shift_st", -36.0, 36.0, 0.0, "st"),
]
EVERY = [*EXAMPLES, *(p for space in SPACES.values() for p in space)]


@pytest.mark.parametrize("param", EVERY, ids=lambda p: p.name)
def test_the_stops_of_a_knob_are_its_range(param: Param) -> None:
    assert param.from_unit(0.0) == pytest.approx(param.low, rel=1e-12, abs=1e-12)
    assert param.from_unit(1.0) == pytest.approx(param.high, rel=1e-12)
    assert param.to_unit(param.low) == pytest.approx(0.0, abs=1e-12)
    assert param.to_unit(param.high) == pytest.approx(1.0, rel=1e-12)


@pytest.mark.parametrize("param", EVERY, ids=lambda p: p.name)
def test_a_position_survives_the_way_through_its_value(param: Param) -> None:
    for u in np.linspace(0.0, 1.0, 101).tolist():
        half_a_step = 0.0 if param.is_continuous else 0.5 / (param.high - param.low)
        assert param.to_unit(param.from_unit(u)) == pytest.approx(u, abs=half_a_step + 1e-9)
    values = [param.from_unit(u / 100) for u in range(101)]
    assert values == sorted(values), "turning right never lowers a value"
    assert param.from_unit(param.to_unit(param.default)) == pytest.approx(param.default, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("param", EVERY, ids=lambda p: p.name)
def test_values_beyond_the_stops_land_on_them(param: Param) -> None:
    span = param.high - param.low
    assert param.to_unit(param.low - span) == pytest.approx(0.0, abs=1e-12)
    assert param.to_unit(param.high + span) == pytest.approx(1.0, abs=1e-12)
    assert param.clamp(-math.inf) == param.low
    assert param.clamp(math.inf) == param.high


@pytest.mark.parametrize("param", EXAMPLES, ids=lambda p: p.scale)
def test_a_knob_at_its_stop_has_a_gradient(param: Param) -> None:
    torch = pytest.importorskip("torch")
    u = torch.tensor([0.0, 1e-6, 0.5, 1.0], dtype=torch.float32, requires_grad=True)
    value = param.from_unit(u)
    value.sum().backward()
    assert torch.isfinite(u.grad).all()
    assert (u.grad > 0).all()
    assert value.detach().numpy() == pytest.approx([param.from_unit(x) for x in u.tolist()], rel=1e-5, abs=1e-5)


def test_floats_arrays_and_tensors_agree() -> None:
    torch = pytest.importorskip("torch")
    u = np.linspace(0, 1, 11)
    for param in EXAMPLES:
        plain = [param.from_unit(float(x)) for x in u]
        assert np.allclose(param.from_unit(u), plain)
        assert np.allclose(param.from_unit(torch.from_numpy(u)).numpy(), plain)


def test_equal_steps_of_a_knob_are_equal_ratios_on_a_logarithmic_scale() -> None:
    decay = EXAMPLES[1]
    ratios = [decay.from_unit((n + 1) / 10) / decay.from_unit(n / 10) for n in range(10)]
    assert ratios == pytest.approx([ratios[0]] * 10)


def test_depth_is_fine_near_zero_and_coarse_at_the_top() -> None:
    depth = EXAMPLES[2]
    assert depth.from_unit(0.0) == 0.0
    assert depth.from_unit(0.1) < 0.02 * depth.high
    low, high = depth.from_unit(0.01) - depth.from_unit(0.0), depth.from_unit(1.0) - depth.from_unit(0.99)
    assert high / low == pytest.approx(math.e**4, rel=0.05)


@pytest.mark.parametrize(
    "wrong",
    [
        {"low": 1.0, "high": 1.0},
        {"low": 2.0, "high": 1.0},
        {"default": 5.0},
        {"default": math.nan},
        {"low": 0.0, "scale": "log", "default": 0.5},
        {"count": 0},
    ],
)
def test_a_declaration_that_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="x_s"):
        Param(**{"name": "x_s", "low": 0.1, "high": 1.0, "default": 0.5, **wrong})  # type: ignore[arg-type]


WAVE = choice("wave", ("sine", "square", "saw"), "square", label="Wave")


def test_a_choice_takes_equal_shares_of_the_knobs_travel() -> None:
    assert [WAVE.from_unit(u) for u in (0.0, 0.24, 0.26, 0.74, 0.76, 1.0)] == [0.0, 0.0, 1.0, 1.0, 2.0, 2.0]
    assert [WAVE.to_unit(v) for v in (0.0, 1.0, 2.0)] == [0.0, 0.5, 1.0]
    assert (WAVE.default, WAVE.low, WAVE.high) == (1.0, 0.0, 2.0)
    assert (WAVE.clamp(0.6), WAVE.clamp(9.0)) == (1.0, 2.0)
    assert not WAVE.is_continuous


def test_a_choice_passes_no_gradient() -> None:
    torch = pytest.importorskip("torch")
    u = torch.linspace(0.0, 1.0, 7)
    assert WAVE.from_unit(u).tolist() == [WAVE.from_unit(float(x)) for x in u]


@pytest.mark.parametrize(
    "wrong",
    [
        {"choices": ("a", "b"), "scale": "linear"},
        {"choices": ("a", "b", "c")},
        {"choices": ("a", "a")},
        {"default": 0.5},
    ],
)
def test_choices_that_do_not_fit_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="wave"):
        Param(**{"name": "wave", "low": 0.0, "high": 1.0, "default": 0.0, "scale": "step", **wrong})  # type: ignore[arg-type]


# -- spaces -------------------------------------------------------------------------------------------

MODES = ParamSpace(
    "modes",
    (
        Param("gain_db", -36.0, 12.0, 0.0, "dB"),
        Param("mode_hz", 20.0, 20_000.0, 440.0, "Hz", "log", count=3),
        Param("decay_s", 0.01, 10.0, 1.0, "s", "log"),
    ),
)


def test_a_vector_takes_neighbouring_places() -> None:
    assert MODES.n_units == 5
    assert len(MODES) == 3
    assert (MODES.place("gain_db"), MODES.place("mode_hz"), MODES.place("decay_s")) == (
        slice(0, 1),
        slice(1, 4),
        slice(4, 5),
    )
    assert MODES.defaults()["mode_hz"] == (440.0, 440.0, 440.0)
    unit = MODES.encode({"mode_hz": (20.0, 440.0, 20_000.0)})
    assert unit[1] == pytest.approx(0.0)
    assert unit[3] == pytest.approx(1.0)
    assert MODES.decode(unit)["mode_hz"] == pytest.approx((20.0, 440.0, 20_000.0))


@pytest.mark.parametrize("space", [MODES, *SPACES.values()], ids=lambda s: s.name)
def test_random_positions_survive_the_way_through_values(space: ParamSpace) -> None:
    chance = random.Random(5)
    for _ in range(50):
        unit = [chance.choice([0.0, 1.0, chance.random()]) for _ in range(space.n_units)]
        values = space.decode(unit)
        assert list(values) == [p.name for p in space]
        back = space.encode(values)
        for param in space:
            if param.is_continuous:
                assert back[space.place(param.name)] == pytest.approx(unit[space.place(param.name)], abs=1e-9)
            else:
                assert space.decode(back)[param.name] == values[param.name]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"wobble": 1.0}, "no parameter called 'wobble'"),
        ({"mode_hz": 440.0}, "must be a list of 3 numbers, not 440.0"),
        ({"mode_hz": (1.0, 2.0)}, "takes 3 values, not 2"),
        ({"gain_db": (1.0, 2.0)}, "must be a single number, not a list"),
        ({"gain_db": (0.0,)}, "must be a single number, not a list"),
        ({"gain_db": ()}, "must be a single number, not a list"),
        ({"mode_hz": ((440.0,), 440.0, 440.0)}, "must be a number"),
        ({"mode_hz": "440"}, "must be a list of 3 numbers, not '440'"),
        ({"gain_db": "0" * 10_000}, "must be a number, not '0{39}…"),
        ({"gain_db": 12.1}, "outside its range -36 to 12 dB"),
        ({"gain_db": -math.inf}, "outside its range"),
        ({"gain_db": math.nan}, "outside its range"),
        ({"gain_db": 10**400}, "outside its range"),
        ({"gain_db": True}, "must be a number"),
        ({"gain_db": "0"}, "must be a number"),
        ({"gain_db": None}, "must be a number"),
        ({"mode_hz": (440.0, None, 440.0)}, "must be a number"),
    ],
)
def test_values_that_the_space_refuses_are_named(values: dict[str, object], words: str) -> None:
    with pytest.raises(PatchError, match=words):
        MODES.complete(values)  # type: ignore[arg-type]


def test_rounding_at_a_stop_is_forgiven_and_clamped() -> None:
    assert MODES.complete({"gain_db": 12.0 + 1e-9})["gain_db"] == 12.0
    assert MODES.complete({"mode_hz": (20.0 - 1e-9, 440.0, 440.0)})["mode_hz"][0] == 20.0  # type: ignore[index]


def test_a_space_refuses_wrong_lengths_unknown_names_and_twins() -> None:
    with pytest.raises(PatchError, match="takes 5 unit values, not 4"):
        MODES.decode([0.5] * 4)
    with pytest.raises(PatchError, match="no parameter called 'wobble'"):
        MODES.place("wobble")
    assert "gain_db" in MODES
    assert "wobble" not in MODES
    twin = Param("gain_db", 0.0, 1.0, 0.0)
    with pytest.raises(ValueError, match="two parameters are called gain_db"):
        ParamSpace("twins", (twin, twin))


# -- the FM instrument --------------------------------------------------------------------------------


def test_every_fm_parameter_says_what_it_is() -> None:
    units = {"_s": "s", "_db": "dB", "_st": "st", "_cents": "ct", "_rad": "rad"}
    for param in FM_SPACE:
        assert param.label, param.name
        assert param.help, param.name
        assert param.section, param.name
        assert param.help[0].isupper(), "help is a phrase for people"
        for ending, unit in units.items():
            if param.name.endswith(ending):
                assert param.unit == unit


def test_the_matrix_has_every_route_and_those_upwards_look_back() -> None:
    routes = [*mod_routes(), *loop_routes()]
    assert len(routes) == len(set(routes)) == N_OPERATORS**2
    assert all(source > target for source, target in mod_routes())
    assert all(source <= target for source, target in loop_routes())
    for source, target in routes:
        param = FM_SPACE[mod_name(source, target)]
        assert (param.low, param.high) == (0.0, MOD_MAX_RAD)
        assert param.off_at_low


def test_a_fresh_patch_is_heard_through_operator_one() -> None:
    values = FM_SPACE.defaults()
    assert values["op1_out_db"] == 0.0
    assert all(values[f"op{n}_out_db"] == LEVEL_FLOOR_DB for n in range(2, N_OPERATORS + 1))
