"""What is no number never becomes a sound: every synth says at the door what it was given, in one sentence."""

from __future__ import annotations

import math

import pytest
import torch

from engine.errors import BadUsage
from engine.params import SPACES
from engine.synths.base import Synth
from engine.synths.catalog import synth_of

HOW = {"note": 60.0, "velocity": 100.0, "hold_s": 0.05}
SIZE = {"duration_s": 0.05, "sample_rate": 48_000}


@pytest.fixture(params=sorted(SPACES))
def synth(request: pytest.FixtureRequest) -> Synth:
    return synth_of(request.param)


@pytest.mark.parametrize("grad", [False, True])
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_position_that_is_no_number_is_named(synth: Synth, bad: float, grad: bool) -> None:
    for place in (0, synth.space.n_units - 1):
        unit = torch.full((3, synth.space.n_units), 0.5)
        unit[2, place] = bad
        unit.requires_grad_(grad)
        name = list(synth.space)[0 if place == 0 else -1].name
        words = rf"^The {synth.space.name} synth cannot play {bad} as {name} \(row 2 of the batch\): .*\.$"
        with pytest.raises(BadUsage, match=words):
            synth.render(unit, **HOW, **SIZE)
        with pytest.raises(BadUsage, match=words):
            list(synth.render_blocks(unit, **HOW, **SIZE))


@pytest.mark.parametrize("what", HOW)
@pytest.mark.parametrize("bad", [math.nan, torch.tensor([60.0, math.nan])])
def test_a_key_that_is_no_number_is_named(synth: Synth, what: str, bad: float) -> None:
    unit = torch.full((2, synth.space.n_units), 0.5)
    with pytest.raises(BadUsage, match=r"^A note cannot be played with a (key|velocity|length) that is no finite"):
        synth.render(unit, **{**HOW, what: bad}, **SIZE)


@pytest.mark.parametrize(
    ("what", "bad"),
    [
        ("note", 300.0),
        ("note", -300.0),
        ("velocity", 0.0),
        ("velocity", -3.0),
        ("velocity", torch.tensor([100.0, 500.0])),
        ("duration_s", -1.0),
        ("duration_s", math.nan),
        ("duration_s", math.inf),
        ("sample_rate", 0),
        ("sample_rate", -48_000),
    ],
)
@pytest.mark.parametrize("grad", [False, True])
def test_what_no_key_and_no_sound_can_be_is_named(synth: Synth, what: str, bad: float, grad: bool) -> None:
    unit = torch.full((2, synth.space.n_units), 0.5, requires_grad=grad)
    asked = {**HOW, **SIZE, what: bad}
    for render in (synth.render, synth.render_blocks):
        with pytest.raises(BadUsage, match=r"^A note cannot (be played|last) [^\n]*\.$"):
            list(render(unit, **asked))


def test_positions_beyond_the_ends_are_taken_as_the_ends(synth: Synth) -> None:
    unit = torch.full((1, synth.space.n_units), 0.5)
    unit[0, 0] = 1.0
    beyond = unit.clone()
    beyond[0, 0] = 7.0
    sounds = [synth.render(one, **HOW, **SIZE, rng=torch.Generator().manual_seed(1)) for one in (unit, beyond)]
    assert torch.equal(*sounds)
    assert sounds[0].isfinite().all()
