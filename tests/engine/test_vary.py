"""Chance and the ways between patches: inside the ranges, past no lock, the same from the same seed, and no drift."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import numpy as np
import pytest

from engine.errors import PatchError
from engine.params import FM_SPACE, SPACES, Param, ParamSpace, Patch
from engine.params.draws import FAMILIES, LADDER, draw, draw_envelopes, is_ratio, reflect, rest_of, stages
from engine.params.held import held_with
from engine.params.vary import (
    LEVELS,
    chance_section,
    chance_sections,
    morph,
    mutate,
    randomise,
    usual_sections,
    with_locks,
)
from engine.project.presets import factory_presets

POOL = [p for p in factory_presets() if p.synth == "fm"]
BRASS, PIANO = (next(p for p in POOL if p.name == name) for name in ("Brass Section", "Electric Piano"))
ALL = chance_sections(FM_SPACE)


def changed(one: Patch, other: Patch) -> set[str]:
    return {name for name in one.values if one.values[name] != other.values[name]}


def far(one: Patch, other: Patch) -> float:
    """The mean distance in travels of the knobs."""
    return float(np.mean(np.abs(np.array(one.unit()) - np.array(other.unit()))))


def ways(patch: Patch, amount: float, seed: int, **how: object) -> list[Patch]:
    return [
        mutate(patch, amount, Random(seed), **how),  # type: ignore[arg-type]
        randomise(patch, amount, Random(seed), pool=POOL, **how),  # type: ignore[arg-type]
    ]


# -- what chance may touch -----------------------------------------------------------------------------------------


def test_levels_and_routing_are_asked_for_separately() -> None:
    assert ALL[-2:] == (LEVELS, "Matrix")
    assert set(ALL) - usual_sections(FM_SPACE) == {LEVELS, "Matrix"}
    loud = {p.name for p in FM_SPACE if chance_section(p) == LEVELS}
    assert {"gain_db", "op3_level_db", "op3_out_db", "op3_mute", "op3_solo", "noise_db"} <= loud
    assert not any("env" in name for name in loud)


@pytest.mark.parametrize("seed", range(20))
def test_neither_level_nor_routing_nor_pitch_changes_unasked(seed: int) -> None:
    quiet = {p.name for p in FM_SPACE if p.role in ("level", "routing")} | {"transpose_st"}
    for other in ways(PIANO, 1.0, seed):
        assert len(changed(PIANO, other)) > 40
        assert not changed(PIANO, other) & quiet


@pytest.mark.parametrize("section", ALL)
def test_one_section_alone_leaves_all_others(section: str) -> None:
    for seed in range(8):
        for other in ways(PIANO, 1.0, seed, sections=[section]):
            touched = changed(PIANO, other)
            assert {FM_SPACE[n].section for n in touched if not chance_section(FM_SPACE[n])} <= {section}
            assert {chance_section(FM_SPACE[n]) for n in touched} <= {section, ""}
    assert any(changed(PIANO, randomise(PIANO, 1.0, Random(s), sections=[section])) for s in range(8))


def test_no_section_no_change() -> None:
    assert all(other is PIANO for other in ways(PIANO, 1.0, 1, sections=[]))


@pytest.mark.parametrize("seed", range(10))
def test_what_is_locked_stays_and_the_rest_is_drawn_the_same(seed: int) -> None:
    locked = set(Random(seed).sample([p.name for p in FM_SPACE], 120))
    for free, held in zip(
        ways(PIANO, 0.5, seed, sections=ALL), ways(PIANO, 0.5, seed, sections=ALL, locked=locked), strict=True
    ):
        assert not changed(PIANO, held) & locked
        assert changed(free, held) <= held_with(locked)
    for other in ways(PIANO, 1.0, seed, sections=ALL, locked=locked):
        assert not changed(PIANO, other) & locked


def test_with_everything_locked_nothing_moves() -> None:
    every = [p.name for p in FM_SPACE]
    assert all(other is PIANO for other in ways(PIANO, 1.0, 3, sections=ALL, locked=every))
    assert with_locks(PIANO, BRASS, every).values == PIANO.values


def test_locks_hold_values_of_the_present_and_nothing_else() -> None:
    held = with_locks(PIANO, BRASS, {"gain_db", "op2_ratio", "no such thing"})
    assert held.values["gain_db"] == PIANO.values["gain_db"] != BRASS.values["gain_db"]
    assert changed(held, BRASS) <= {"gain_db", "op2_ratio"}
    assert held.name == BRASS.name
    assert with_locks(PIANO, BRASS, ()) is BRASS


# -- determinism, ranges and distance ----------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_patch_and_another_one_another() -> None:
    assert ways(PIANO, 0.4, 7, sections=ALL) == ways(PIANO, 0.4, 7, sections=ALL)
    for one, other in zip(ways(PIANO, 0.4, 7), ways(PIANO, 0.4, 8), strict=True):
        assert one != other


@pytest.mark.parametrize("patch", [Patch("fm"), *POOL[::6]], ids=lambda p: p.name or "fresh")
def test_nothing_leaves_its_range(patch: Patch) -> None:
    for seed in range(4):
        for other in ways(patch, 1.0, seed, sections=ALL):
            for param in FM_SPACE:
                value = other.values[param.name]
                assert isinstance(value, float)
                assert param.low <= value <= param.high
                assert param.is_continuous or value == round(value)


def test_the_amount_is_how_far_it_goes() -> None:
    for at in (0, 1):
        way = [
            np.mean([far(PIANO, ways(PIANO, amount, seed)[at]) for seed in range(30)])
            for amount in (0.0, 0.05, 0.2, 0.5, 1.0)
        ]
        assert way[0] == 0.0
        assert all(b > 1.4 * a for a, b in pairwise(way[1:]))
    assert all(other is PIANO for other in ways(PIANO, 0.0, 1, sections=ALL))


def test_a_thousand_mutations_wander_without_gathering_or_shrinking() -> None:
    patch = PIANO
    walk = [patch.unit()]
    for seed in range(1000):
        patch = mutate(patch, 0.3, Random(seed))
        walk.append(patch.unit())
    units = np.array(walk)
    free = [p for p in FM_SPACE if p.role == "" and p.is_continuous]
    roams = units[:, [FM_SPACE.place(p.name).start for p in free if rest_of(p) is None]]
    assert abs(float(roams[200:].mean()) - 0.5) < 0.08, "no side is preferred"
    assert float(((roams[200:] < 0.02) | (roams[200:] > 0.98)).mean()) < 0.1, "the rails are no traps"
    assert float((roams[200:].max(axis=0) - roams[200:].min(axis=0)).min()) > 0.35, "everything roams"
    steps = np.abs(np.diff(units, axis=0)).sum(axis=1)
    assert 0.7 < float(steps[:150].mean() / steps[-150:].mean()) < 1.4, "steps keep their size"
    rests = [p for p in free if rest_of(p) is not None and not p.name.endswith("env4_db")]
    at_rest = np.mean([units[200:, FM_SPACE.place(p.name).start] == p.to_unit(p.default) for p in rests])
    assert 0.3 < float(at_rest) < 0.8, "depths come and go"


def test_ratios_stay_simple_and_notes_still_end() -> None:
    ratios: list[float] = []
    patch = PIANO
    for seed in range(150):
        patch = mutate(patch, 0.4, Random(seed))
        ratios += [patch.values[f"op{n}_ratio"] for n in range(1, 7)]  # type: ignore[misc]
        assert all(patch.values[f"op{n}_env4_db"] == -72.0 for n in range(1, 7))
    assert np.mean([r in LADDER for r in ratios]) > 0.95
    drawn = [randomise(PIANO, 0.6, Random(s)).values[f"op{n}_ratio"] for s in range(100) for n in range(1, 7)]
    assert np.mean([r in LADDER for r in drawn]) > 0.85
    assert np.mean([2 * r == round(2 * r) for r in drawn]) > 0.65


# -- draws -------------------------------------------------------------------------------------------------------------


def test_ratios_are_mostly_small_whole_numbers() -> None:
    ratio = next(p for p in FM_SPACE if is_ratio(p))
    rng = Random(1)
    drawn = [draw(ratio, rng) for _ in range(2000)]
    assert np.mean([r in (0.5, 1, 2, 3, 4) for r in drawn]) > 0.45
    assert 0.02 < np.mean([r not in LADDER for r in drawn]) < 0.15


def test_every_envelope_of_the_instrument_is_found_and_drawn() -> None:
    found = stages(FM_SPACE)
    assert set(found) == {*(f"op{n}_env" for n in range(1, 7)), "pitch_env", "noise_env", "filter_env"}
    drawn = draw_envelopes(FM_SPACE, FM_SPACE.defaults(), Random(2))
    assert len(drawn) == 9 * 8
    for stem, envelope in found.items():
        if stem != "pitch_env":
            assert drawn[envelope[3][1].name] == envelope[3][1].low, "it ends in silence"
            assert drawn[envelope[0][1].name] == envelope[0][1].high, "it begins at its full level"


def test_times_of_an_envelope_that_counts_speed_are_speeds() -> None:
    by_time = draw_envelopes(FM_SPACE, FM_SPACE.defaults(), Random(4))
    by_rate = draw_envelopes(FM_SPACE, FM_SPACE.defaults() | {"op1_env_clock": 1.0}, Random(4))
    span_db = abs(by_time["op1_env2_db"] - by_time["op1_env1_db"])
    assert by_rate["op1_env2_s"] == pytest.approx(by_time["op1_env2_s"] * 6.02 / max(span_db, 6.02))
    assert by_rate["op2_env2_s"] == by_time["op2_env2_s"]


def test_families_are_four_times_and_three_levels() -> None:
    for family in FAMILIES.values():
        assert len(family.times_s) == 4
        assert len(family.levels_db) == 3
        assert all(0.0005 <= low <= high <= 20 for low, high in family.times_s)


def test_sections_are_borrowed_whole_from_the_pool() -> None:
    lenders = [Patch("fm", {"filter_type": 1.0, "filter_hz": 1234.5, "filter_q": 7.5})]
    filters = FM_SPACE.names_in("Filter")
    drawn = [randomise(PIANO, 1.0, Random(seed), pool=lenders) for seed in range(60)]
    whole = [all(d.values[n] == lenders[0].values[n] for n in filters) for d in drawn]
    assert 0.15 < np.mean(whole) < 0.5


def test_a_clock_comes_only_with_its_whole_section() -> None:
    lender = [Patch("fm", {f"op{n}_env_clock": 1.0 for n in range(1, 7)} | {"op1_env2_s": 0.0123})]
    borrowed = [randomise(PIANO, 1.0, Random(s), pool=lender) for s in range(40)]
    with_clock = [p for p in borrowed if p.values["op1_env_clock"] == 1.0]
    assert with_clock
    assert all(p.values["op1_env2_s"] == 0.0123 for p in with_clock)
    for seed in range(40):
        part = randomise(PIANO, 0.7, Random(seed), pool=lender)
        held = randomise(PIANO, 1.0, Random(seed), pool=lender, locked=["op1_env3_s"])
        assert part.values["op1_env_clock"] == held.values["op1_env_clock"] == 0.0


def test_a_walk_is_folded_at_the_ends() -> None:
    assert [reflect(u) for u in (0.0, 1.0, 1.2, -0.3, 2.4)] == pytest.approx([0.0, 1.0, 0.8, 0.3, 0.4])


def test_vectors_are_varied_number_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    space = ParamSpace("bars", (Param("mode_hz", 20.0, 20_000.0, 440.0, "Hz", "log", count=5, section="Modes"),))
    monkeypatch.setitem(SPACES, "bars", space)
    bars = Patch("bars", {"mode_hz": (100.0, 200.0, 300.0, 400.0, 500.0)})
    for other in (mutate(bars, 1.0, Random(1)), randomise(bars, 1.0, Random(1))):
        numbers = other.values["mode_hz"]
        assert isinstance(numbers, tuple)
        assert len(set(numbers)) == 5
        assert all(20.0 <= n <= 20_000.0 for n in numbers)
    half = morph(bars, Patch("bars", {"mode_hz": (400.0,) * 5}), 0.5).values["mode_hz"]
    assert half == pytest.approx((200.0, 80_000.0**0.5, 120_000.0**0.5, 400.0, 200_000.0**0.5))


# -- between two -------------------------------------------------------------------------------------------------------


def test_the_ends_of_a_morph_are_the_patches_themselves() -> None:
    assert morph(PIANO, BRASS, 0.0) is PIANO
    assert morph(PIANO, BRASS, 1.0) is BRASS
    assert morph(PIANO, PIANO, 0.3).values == PIANO.values


@pytest.mark.parametrize("share", [0.1, 0.37, 0.5, 0.9])
def test_between_the_ends_knobs_glide_and_switches_switch(share: float) -> None:
    one = Patch("fm", {"op1_ratio": 1.0, "filter_type": 1.0, "op1_key_break": 40.0, "reverb": 0.0}, seed=3, name="One")
    other = Patch(
        "fm", {"op1_ratio": 4.0, "filter_type": 4.0, "op1_key_break": 80.0, "reverb": 0.5}, seed=9, name="Two"
    )
    between = morph(one, other, share)
    assert between.values["op1_ratio"] == pytest.approx(4.0**share), "ratios are on a logarithmic scale"
    assert between.values["reverb"] == pytest.approx(0.5 * share)
    near = one if share < 0.5 else other
    assert (between.values["filter_type"], between.values["op1_key_break"]) == (
        near.values["filter_type"],
        near.values["op1_key_break"],
    )
    assert between.seed == near.seed
    assert between.name == "One – Two"
    assert not changed(one, between) - changed(one, other), "what agrees stays exactly as it is"


def test_two_synths_have_no_way_between_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SPACES, "bars", ParamSpace("bars", (Param("hz", 20.0, 2000.0, 440.0),)))
    with pytest.raises(PatchError, match="no way from the fm synth to the bars synth"):
        morph(PIANO, Patch("bars"), 0.5)
    assert with_locks(PIANO, Patch("bars"), {"gain_db"}) == Patch("bars")


def test_a_locked_tuning_or_time_keeps_the_choice_that_gives_it_its_meaning():
    own = Patch("fm")
    other = own.with_values(op1_mode=1.0, op1_ratio=7.0, op2_mode=1.0, op1_env_clock=1.0, op1_env2_s=3.0)
    held = with_locks(own, other, {"op1_ratio", "op1_env2_s"}).values
    assert (held["op1_mode"], held["op1_ratio"]) == (own.values["op1_mode"], own.values["op1_ratio"])
    assert (held["op1_env_clock"], held["op1_env2_s"]) == (own.values["op1_env_clock"], own.values["op1_env2_s"])
    assert held["op2_mode"] == 1.0
    drawn = {randomise(own, 1.0, Random(seed), locked={"op1_ratio"}).values["op1_mode"] for seed in range(30)}
    free = {randomise(own, 1.0, Random(seed)).values["op1_mode"] for seed in range(30)}
    assert drawn == {0.0}
    assert free == {0.0, 1.0}
