"""Patches: values that survive JSON, refuse what their synth does not know, and never change under one's hands."""

from __future__ import annotations

import dataclasses
import json
import math
import random

import pytest

from engine.errors import PatchError
from engine.params import FM_SPACE, SPACES, Patch
from engine.params.patch import MAX_SEED, MAX_STRIKE, PATCH_VERSION


def random_patch(seed: int) -> Patch:
    chance = random.Random(seed)
    values = FM_SPACE.decode([chance.choice([0.0, 1.0, chance.random()]) for _ in range(FM_SPACE.n_units)])
    return Patch("fm", values, seed=chance.randrange(MAX_SEED), name=chance.choice(["", "Böse Glocke ♪", '"x"\n']))


@pytest.mark.parametrize("seed", range(20))
def test_a_patch_survives_its_file(seed: int) -> None:
    patch = random_patch(seed)
    again = Patch.loads(patch.dumps())
    assert again == patch
    assert again.name == patch.name
    assert hash(again) == hash(patch)
    assert again.unit() == patch.unit()


def test_a_strike_is_told_apart_and_the_first_one_is_not_worth_a_word() -> None:
    patch = Patch("impact", {"room": 0.5}, seed=3, strike=12)
    assert Patch.loads(patch.dumps()) == patch != dataclasses.replace(patch, strike=0)
    assert hash(Patch.loads(patch.dumps())) == hash(patch)
    assert "strike" not in dataclasses.replace(patch, strike=0).to_json()
    assert patch.with_values(room=0.1).strike == 12


def test_what_is_left_out_takes_its_default() -> None:
    assert Patch.loads('{"synth": "fm"}') == Patch("fm")
    assert Patch("fm").values == FM_SPACE.defaults()
    assert len(Patch("fm").unit()) == FM_SPACE.n_units


def test_a_patch_is_a_value() -> None:
    values = {"op1_ratio": 2.0}
    patch = Patch("fm", values)
    values["op1_ratio"] = 3.0
    assert patch.values["op1_ratio"] == 2.0
    with pytest.raises(TypeError):
        patch.values["op1_ratio"] = 3.0  # type: ignore[index]
    with pytest.raises(dataclasses.FrozenInstanceError):
        patch.seed = 1  # type: ignore[misc]
    changed = patch.with_values(op1_ratio=4.0)
    assert (patch.values["op1_ratio"], changed.values["op1_ratio"]) == (2.0, 4.0)
    assert changed != patch
    assert dataclasses.replace(patch, seed=7) != patch


def test_the_file_is_one_value_a_line_in_storage_order() -> None:
    text = Patch("fm", name="bell").dumps()
    lines = [line.strip() for line in text.splitlines() if line.startswith("  ")]
    assert [line.split('"')[1] for line in lines] == [p.name for p in FM_SPACE]
    assert json.loads(text)["version"] == PATCH_VERSION


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (None, "no patch"),
        ([], "no patch"),
        ({}, "no patch"),
        ({"synth": 5}, "no patch"),
        ({"synth": "theremin"}, "no synth called 'theremin'; there is fm"),
        ({"synth": "fm", "values": []}, "values"),
        ({"synth": "fm", "values": {"wobble": 1}}, "no parameter called 'wobble'"),
        ({"synth": "fm", "values": {"op1_ratio": math.nan}}, "op1_ratio"),
        ({"synth": "fm", "values": {"op1_ratio": {}}}, "must be a number"),
        ({"synth": "fm", "values": {"gain_db": [1]}}, "gain_db of the fm synth must be a single number, not a list"),
        ({"synth": "fm", "values": {"gain_db": [-6.0]}}, "must be a single number, not a list"),
        ({"synth": "fm", "values": {"gain_db": []}}, "must be a single number, not a list"),
        ({"synth": "fm", "values": {"gain_db": "-6"}}, "must be a number, not '-6'"),
        ({"synth": "impact", "values": {"blend": [[1]]}}, "must be a single number, not a list"),
        ({"synth": "impact", "values": {"mode_level_db": 0.0}}, "must be a list of 512 numbers, not 0.0"),
        ({"synth": "impact", "values": {"mode_level_db": "loud"}}, "must be a list of 512 numbers, not 'loud'"),
        ({"synth": "impact", "values": {"mode_level_db": [[0.0]]}}, "must be a number"),
        ({"synth": "impact", "values": {"mode_level_db": [0.0, False]}}, "must be a number, not False"),
        ({"synth": "impact", "values": {"shape": 3.5}}, "takes whole numbers from 0 to"),
        ({"synth": "fm", "values": {"op1_wave": 0.25}}, "takes whole numbers from 0 to"),
        ({"synth": "impact", "values": {"mode_level_db": ["0"]}}, "must be a number, not '0'"),
        ({"synth": "impact", "values": {"mode_level_db": [math.inf]}}, "outside its range"),
        ({"synth": "fm", "seed": 0.5}, "seed"),
        ({"synth": "fm", "seed": True}, "seed"),
        ({"synth": "fm", "seed": -1}, "seed"),
        ({"synth": "fm", "seed": MAX_SEED + 1}, "seed"),
        ({"synth": "impact", "strike": -1}, "strike"),
        ({"synth": "impact", "strike": 1.0}, "strike"),
        ({"synth": "impact", "strike": MAX_STRIKE + 1}, "strike"),
        ({"synth": "fm", "version": "1"}, "version"),
        ({"synth": "fm", "version": PATCH_VERSION + 1}, "Update"),
    ],
)
def test_what_is_no_patch_is_refused_with_the_reason(data: object, words: str) -> None:
    with pytest.raises(PatchError, match=words):
        Patch.from_json(data)


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "nul", '{"synth": "fm", "seed": 1' + "0" * 5000 + "}"])
def test_text_that_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(PatchError):
        Patch.loads(text)


ODDITIES = (
    None, True, False, 0, -1, 2, 10**400, -1e308, math.nan, math.inf, -math.inf, "", "1", "x" * 10_000, [], [1], [[1]],
    [0] * 511, [0] * 600, [None], ["1"], [math.nan], [True], [[]], {}, {"0": 1}, (), (0.0,), b"1", 1j,
)  # fmt: skip


@pytest.mark.parametrize("synth", SPACES)
def test_whatever_stands_where_a_value_should_gives_a_whole_patch_or_one_short_sentence(synth: str) -> None:
    refusals: list[tuple[str, str]] = []
    taken = 0
    for param in SPACES[synth]:
        for odd in ODDITIES:
            try:
                patch = Patch.from_json({"synth": synth, "values": {param.name: odd}})
            except PatchError as error:
                refusals.append((param.name, str(error)))
                continue
            value = patch.values[param.name]
            numbers = value if isinstance(value, tuple) else (value,)
            assert isinstance(value, tuple) == (param.count > 1)
            assert len(numbers) == param.count
            assert all(type(n) is float and param.low <= n <= param.high for n in numbers)
            assert not isinstance(odd, list) or param.count > 1, "a list where one number is expected"
            assert Patch.loads(patch.dumps()) == patch
            taken += 1
    assert len(refusals) > 20 * len(SPACES[synth])
    assert taken > 0
    for name, words in refusals:
        assert name in words
        assert len(words) < 200
        assert words.endswith(".")


def test_random_damage_to_a_file_gives_a_patch_or_a_sentence() -> None:
    """Whatever a disk or an editor does to the text: never another error, never a value out of range."""
    text = random_patch(1).dumps()
    chance = random.Random(2)
    refusals: list[str] = []
    for _ in range(500):
        start = chance.randrange(len(text))
        damaged = text[:start] + chance.choice(["", "9", "-", "e9", "null", "[", '"', "ÿ"]) + text[start + 1 :]
        try:
            patch = Patch.loads(damaged)
        except PatchError as error:
            refusals.append(str(error))
        else:
            for param in FM_SPACE:
                assert param.low <= patch.values[param.name] <= param.high  # type: ignore[operator]
    assert 50 < len(refusals) < 500
    assert all(words.endswith(".") for words in refusals), "sentences"
