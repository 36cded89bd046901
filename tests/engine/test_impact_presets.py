"""The impact instrument's presets: every material and shape, the things they say they are, and knobs that work."""

from collections import Counter

import numpy as np
import pytest
import torch

from engine.bench import ear
from engine.params import Patch
from engine.params.impact import IMPACT_SPACE, MATERIALS, SHAPES
from engine.project.presets import factory_library
from engine.synths.catalog import synth_of

RATE = 24_000
LIBRARY = factory_library()
IMPACT = [p for p in LIBRARY if p.patch.synth == "impact"]
LATE = ("scrape", "rising")
"""Tags of what takes its time to begin."""
EIGHT_KEYS = (48, 52, 55, 60, 64, 67, 72, 76)


def named(name):
    return next(p for p in IMPACT if p.name == name)


def picked(preset, name):
    return round(preset.patch.values[name])


def material_of(preset):
    return MATERIALS[picked(preset, "material")]


def struck(patch, seconds=2.0, key=60, velocity=100, hold_s=1.0, rate=RATE):
    """``[2, frames]``"""
    return played([patch.unit()], patch, seconds, key, velocity, hold_s, rate)[0]


def played(units, patch, seconds, key=60, velocity=100, hold_s=1.0, rate=RATE):
    """``[rows, 2, frames]``"""
    with torch.no_grad():
        sound = synth_of("impact").render(
            torch.tensor(units, dtype=torch.float32),
            note=float(key),
            velocity=float(velocity),
            hold_s=hold_s,
            duration_s=seconds,
            sample_rate=rate,
            rng=torch.Generator().manual_seed(patch.seed),
        )
    return sound.numpy()


def falls_to(sound, level_db, rate=RATE):
    """When it stays below that level under its peak, in seconds."""
    level = np.abs(sound).max(0)
    return (np.nonzero(level > level.max() * 10.0 ** (level_db / 20.0))[0][-1] + 1) / rate


# -- what there is -------------------------------------------------------------------------------------


def test_there_are_presets_of_every_material_and_shape():
    assert len(IMPACT) >= 64
    materials, shapes = Counter(map(material_of, IMPACT)), Counter(SHAPES[picked(p, "shape")] for p in IMPACT)
    assert set(materials) == set(MATERIALS)
    assert set(shapes) == set(SHAPES)
    assert min(materials.values()) >= 4
    assert min(shapes.values()) >= 4
    assert sum(p.patch.values["blend"] > 0.05 for p in IMPACT) >= 8


def test_they_are_of_all_sizes_and_struck_by_everything_in_every_room():
    for name, low, high in (
        ("size_m", 0.06, 2.0),
        ("striker_kg", 0.006, 1.0),
        ("striker_hardness", 0.42, 0.9),
        ("room", 0.1, 0.4),
        ("contact_s", 0.01, 1.0),
    ):
        values = sorted(p.patch.values[name] for p in IMPACT)
        assert values[2] <= low, name
        assert values[-3] >= high, name


@pytest.mark.parametrize("preset", IMPACT, ids=lambda p: p.name)
def test_tags_say_what_it_is_made_of(preset):
    assert preset.tags[1] == "impact"
    assert material_of(preset) in preset.tags
    # The blend leads somewhere.
    assert preset.patch.values["material_2"] != preset.patch.values["material"]


def test_the_same_tags_find_the_presets_of_both_instruments():
    for tag in ("drums", "bells", "mallets", "effects", "short", "long", "bright", "deep"):
        assert {p.patch.synth for p in LIBRARY if tag in p.tags} == {"fm", "impact"}, tag


@pytest.mark.parametrize("preset", IMPACT, ids=lambda p: p.name)
def test_a_file_holds_few_numbers(preset):
    text = preset.path.read_text(encoding="utf-8")
    assert len(text) < 3000
    assert Patch.loads(preset.patch.dumps()) == preset.patch == Patch.loads(text)


# -- how it sounds -------------------------------------------------------------------------------------


@pytest.mark.parametrize("preset", IMPACT, ids=lambda p: p.name)
def test_it_starts_at_once_ends_in_silence_and_both_sides_belong_together(preset):
    sound = struck(preset.patch, 9.0)
    level = np.abs(sound).max(0)
    late_s = np.argmax(level > 0.25 * level.max()) / RATE
    assert late_s < (0.4 if set(LATE) & set(preset.tags) else 0.03)
    assert falls_to(sound, -60.0) < 8.0
    # Two sounds that have nothing in common lose 3 dB when they become one; at a rate that leaves no mode out.
    sound = struck(preset.patch, rate=48_000)
    assert 10.0 * np.log10((sound**2).mean() / (sound.mean(0) ** 2).mean()) < 4.5


def test_metal_rings_longest_and_wood_plastic_and_stone_are_soon_over():
    lasts = {m: [] for m in MATERIALS}
    for preset in IMPACT:
        if preset.patch.values["contact_s"] < 0.2:
            lasts[material_of(preset)].append(falls_to(struck(preset.patch, 4.0, hold_s=4.0), -40.0))
    middle = {material: float(np.median(found)) for material, found in lasts.items()}
    assert middle["metal"] > 2.0 * middle["glass"] > 2.0 * max(middle["plastic"], middle["stone"]), middle
    assert middle["metal"] > 3.0 * max(middle["ceramic"], middle["wood"]), middle


@pytest.mark.parametrize(
    ("name", "ratios"),
    [
        ("Concert Marimba", (1.0, 4.0)),
        ("Bright Xylophone", (1.0, 3.0, 6.1)),
        ("Bronze Bell", (0.5, 1.0, 1.19, 1.5, 2.0)),
        ("Cathedral Bell", (0.5, 1.0, 1.19, 2.0)),
        ("Orchestra Chimes", (2.0, 3.0, 4.16)),
        ("Kettle Drum", (1.0, 1.5, 1.98)),
        ("Tuned Tabla", (1.0, 2.0, 3.0, 4.0)),
        ("Steel Pan", (1.0, 2.0, 3.0, 4.0)),
        ("Wine Glass", (1.0, 2.32, 4.25)),
        ("Singing Bowl", (1.0, 2.78)),
    ],
)
def test_what_is_tuned_has_the_partials_of_the_real_thing(name, ratios):
    patch = named(name).patch
    base_hz = 440.0 * 2.0 ** ((60.0 + patch.values["transpose_st"] - 69.0) / 12.0)
    sound = struck(patch, 3.0, hold_s=3.0).mean(0)
    power = np.abs(np.fft.rfft(sound * np.hanning(len(sound)), 1 << 19)) ** 2
    hz = np.fft.rfftfreq(1 << 19, 1.0 / RATE)

    def loudest(ratio):
        near = np.abs(hz / (ratio * base_hz) - 1.0) < 0.03
        return hz[near][np.argmax(power[near])] / base_hz, power[near].max()

    for ratio in ratios:
        found, there = loudest(ratio)
        assert found == pytest.approx(ratio, rel=0.008)
        assert there > 1e-6 * power.max()


def test_the_wires_of_the_snare_and_the_links_of_the_chain_go_on_rattling():
    for name in ("Wired Snare", "Chain Rattle", "Metal Bucket", "Scraped Sheet"):
        patch = named(name).patch
        still = patch.with_values(contact_db=IMPACT_SPACE["contact_db"].low)
        with_noise, without = (ear.sound_print(struck(p), RATE) for p in (patch, still))
        assert ear.print_distance_db(with_noise, without) > 6.0, name


def test_eight_keys_struck_hard_are_no_louder_than_those_of_the_other_instrument():
    def peak(preset):
        with torch.no_grad():
            sound = synth_of(preset.patch.synth).render(
                torch.tensor([preset.patch.unit()] * 8, dtype=torch.float32),
                note=torch.tensor(EIGHT_KEYS, dtype=torch.float64),
                velocity=127.0,
                hold_s=0.5,
                duration_s=0.6,
                sample_rate=RATE,
                rng=torch.Generator().manual_seed(preset.patch.seed),
                quality="draft",
            )
        return float(sound.sum(0).abs().max())

    drums = [p for p in LIBRARY if p.patch.synth == "fm" and p.category == "drums"]
    assert max(map(peak, IMPACT)) < 1.1 * max(map(peak, drums))


# -- its knobs -----------------------------------------------------------------------------------------

KNOBS = ("blend", "damping_low", "damping_high", "striker_kg", "strike_x", "pickup_x", "modes", "room", "contact_db")
STEP = 0.25
"""Of the whole turn."""
HEARD_DB = 0.4
LOUDER_DB = 24.0


@pytest.mark.parametrize("preset", IMPACT, ids=lambda p: p.name)
def test_every_large_knob_does_something_and_nothing_breaks(preset):
    unit = preset.patch.unit()
    turned = []
    for name in KNOBS:
        at = IMPACT_SPACE.place(name).start
        for way in (-STEP, STEP):
            row = list(unit)
            row[at] = min(max(row[at] + way, 0.0), 1.0)
            turned.append((name, row))
    sounds = played([unit, *(row for _, row in turned)], preset.patch, 0.5)
    assert np.isfinite(sounds).all()
    peaks = np.abs(sounds).max((1, 2))
    assert peaks.max() < peaks[0] * 10.0 ** (LOUDER_DB / 20.0)
    first = ear.sound_print(sounds[0], RATE)
    moved = dict.fromkeys(KNOBS, 0.0)
    for (name, _), sound in zip(turned, sounds[1:], strict=True):
        louder = abs(ear.loudest_lufs(sound, RATE) - ear.loudest_lufs(sounds[0], RATE))
        moved[name] = max(moved[name], louder, ear.print_distance_db(first, ear.sound_print(sound, RATE)))
    # Where the contact is silent, a quarter of a turn may leave it too soft to be heard.
    if preset.patch.values["contact_db"] == IMPACT_SPACE["contact_db"].low:
        del moved["contact_db"]
    assert min(moved.values()) > HEARD_DB, moved
