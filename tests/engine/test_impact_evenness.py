"""Every object can be heard: its size and its thickness move its pitch all the way, and no shape is much softer."""

import itertools
import math

import numpy as np
import pytest
import torch

from engine.bench import ear
from engine.params import IMPACT_SPACE, Patch
from engine.params.impact import MATERIALS, SHAPES, breadth_power
from engine.project.presets import factory_library
from engine.synths.impact import ImpactSynth
from engine.synths.impact_note import ImpactDecoder

RATE = 48_000
SIZES_M = tuple(np.geomspace(0.02, 3.0, 11))
THICKNESSES_M = tuple(np.geomspace(0.0002, 0.1, 11))


def values_of(shape, material, **more):
    return {"shape": float(SHAPES.index(shape)), "material": float(MATERIALS.index(material)), **more}


def pitches(rows):
    units = torch.tensor([Patch("impact", row).unit() for row in rows], dtype=torch.float64)
    with torch.no_grad():
        return ImpactDecoder()(units, 60.0, 100.0, 1.0).pitch_hz.numpy()


def struck(patch, key=60.0):
    with torch.no_grad():
        sound = ImpactSynth().render(
            torch.tensor([patch.unit()], dtype=torch.float32),
            note=key,
            velocity=100.0,
            hold_s=1.0,
            duration_s=1.0,
            sample_rate=RATE,
            rng=torch.Generator().manual_seed(patch.seed),
        )
    return sound[0].numpy()


@pytest.mark.parametrize(("shape", "material"), list(itertools.product(SHAPES, MATERIALS)))
def test_every_tenth_of_the_way_of_its_size_moves_its_pitch(shape, material):
    found = pitches([values_of(shape, material, size_m=size) for size in SIZES_M])
    assert (12.0 * np.log2(found[:-1] / found[1:]) > 0.5).all(), found
    assert 20.0 < found.min() < found.max() < 10_000.0


@pytest.mark.parametrize(("shape", "material"), list(itertools.product(("bar", "plate", "bell", "box"), MATERIALS)))
def test_every_tenth_of_the_way_of_its_thickness_moves_its_pitch(shape, material):
    found = pitches([values_of(shape, material, thickness_m=thick) for thick in THICKNESSES_M])
    assert (12.0 * np.log2(found[1:] / found[:-1]) > 0.5).all(), found


def test_between_the_limits_a_pitch_is_what_physics_says():
    """A plate of steel held at its edges: Leissa's pi / 2 times the stiffness by the two sides."""
    box = values_of("box", "metal", size_m=0.3, thickness_m=0.005, proportion=1.0)
    stiffness = math.sqrt(2.0e11 * 0.005**2 / (12.0 * (1.0 - 0.29**2) * 7850.0))
    wanted = 0.5 * math.pi * stiffness * 2.0 / 0.09
    assert pitches([box])[0] == pytest.approx(wanted, rel=0.01)


@pytest.mark.parametrize("material", MATERIALS)
def test_no_shape_is_much_louder_than_another(material):
    heard = {s: ear.loudest_lufs(struck(Patch("impact", values_of(s, material))), RATE) for s in SHAPES}
    assert max(heard.values()) - min(heard.values()) < (10.0 if material == "membrane" else 6.0), heard


def test_a_box_and_a_plate_are_broad_by_nature():
    breadth = IMPACT_SPACE["proportion"]
    for shape in ("plate", "box"):
        assert breadth.low ** breadth_power(shape) == pytest.approx(breadth.default)
    assert breadth_power("bar") == breadth_power("tube") == 1.0


@pytest.mark.parametrize("preset", [p for p in factory_library() if p.patch.synth == "impact"], ids=lambda p: p.name)
def test_the_highest_keys_are_heard(preset):
    usual, highest = (ear.loudest_lufs(struck(preset.patch, key), RATE) for key in (60.0, 108.0))
    assert highest > usual - 40.0
