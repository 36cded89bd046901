"""Four versions of a patch: each keeps its edits, ends of a morph stay, and a file brings all of it back."""

from __future__ import annotations

import json

import pytest

from engine.params import Patch
from engine.project.slots import Slots


def patch(gain_db: float, name: str = "") -> Patch:
    return Patch("fm", {"gain_db": gain_db}, name=name)


LOUD, SOFT, SOFTER = patch(0.0), patch(-12.0), patch(-24.0)


def test_an_empty_slot_begins_with_what_is_live() -> None:
    slots, live = Slots().go(1, LOUD)
    assert live == LOUD
    assert slots.current == 1
    assert slots.patches(live) == {0: LOUD, 1: LOUD}


def test_each_slot_keeps_the_edits_that_were_made_in_it() -> None:
    slots, live = Slots().go(1, LOUD)
    slots, live = slots.go(0, SOFT)  # edited in B, back to A
    assert live == LOUD
    slots, live = slots.go(1, SOFTER)  # edited in A, back to B
    assert live == SOFT
    assert slots.patches(live) == {0: SOFTER, 1: SOFT}


def test_changes_are_those_since_something_was_stored() -> None:
    slots = Slots()
    assert not slots.is_changed(0, LOUD), "nothing was ever stored"
    slots = slots.store(0, LOUD)
    assert not slots.is_changed(0, LOUD)
    assert slots.is_changed(0, SOFT)
    slots, live = slots.go(1, SOFT)
    assert slots.is_changed(0, live), "it left with its edit"
    assert not slots.is_changed(1, live)
    assert not slots.store(0, live).is_changed(0, live)


def test_going_to_the_slot_in_use_changes_nothing() -> None:
    slots = Slots()
    assert slots.go(0, LOUD) == (slots, LOUD)


def test_the_toggle_goes_between_the_two_used_last() -> None:
    slots, live = Slots(), LOUD
    assert slots.toggle == 1, "at first to the second"
    for slot, then in ((1, 0), (0, 1), (2, 0), (3, 2), (2, 3), (0, 2)):
        slots, live = slots.go(slot, live)
        assert slots.toggle == then


def test_storing_elsewhere_leaves_what_is_in_use() -> None:
    slots = Slots().store(2, SOFT)
    assert slots.current == 0
    assert slots.patches(LOUD) == {0: LOUD, 2: SOFT}


@pytest.mark.parametrize(("source", "target"), [(0, 1), (1, 0), (1, 2)])
def test_a_copy_holds_what_its_source_holds(source: int, target: int) -> None:
    slots, live = Slots().go(1, LOUD)
    live = SOFT
    before = slots.patches(live)
    after, heard = slots.copy(source, target, live)
    assert after.patches(heard) == before | {target: before[source]}
    assert after.current == 1
    assert not after.is_changed(target, heard)


def test_an_empty_slot_cannot_be_copied_nor_one_onto_itself() -> None:
    slots = Slots()
    assert slots.copy(3, 0, LOUD) == (slots, LOUD)
    assert slots.copy(0, 0, LOUD) == (slots, LOUD)


def test_clearing_the_slot_in_use_leaves_what_is_heard_without_one() -> None:
    slots, live = Slots().go(1, LOUD)
    cleared = slots.clear(1)
    assert cleared.current is None
    assert cleared.patches(live) == {0: LOUD}
    assert cleared.toggle == 0
    assert cleared.go(0, SOFT) == (cleared.go(0, SOFT)[0], LOUD)
    assert slots.clear(0).patches(live) == {1: LOUD}


def test_a_morph_leaves_both_ends_as_they_are_and_its_ends_are_the_slots() -> None:
    slots, live = Slots().go(1, LOUD)
    live = SOFT
    between = slots.between(0.3, live)
    assert (between.current, between.position) == (None, 0.3)
    assert between.patches(SOFTER) == {0: LOUD, 1: SOFT}
    assert between.between(0.7, SOFTER).patches(SOFTER) == {0: LOUD, 1: SOFT}
    for share, slot in ((0.0, 0), (1.0, 1)):
        end = between.between(share, SOFTER)
        assert (end.current, end.position) == (slot, None)
    assert between.go(1, SOFTER)[1] == SOFT


def test_a_pair_is_two_slots() -> None:
    assert Slots().with_pair(2, 1).pair == (2, 1)
    assert Slots().with_pair(1, 1).pair == (1, 0)
    assert Slots(current=None, position=0.5).with_pair(2, 3).position is None


def test_a_file_brings_everything_back() -> None:
    slots, live = Slots().go(1, LOUD)
    slots, live = slots.go(3, SOFT)
    for state in (slots, slots.between(0.25, live), slots.clear(3), Slots()):
        assert Slots.read(json.loads(json.dumps(state.to_json()))) == state


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {"left": 3, "stored": [{"synth": "no"}, 5], "current": 9, "used": ["a", 7], "pair": [1]},
        {"left": [None] * 9, "current": True, "pair": [1, 1], "position": "half"},
        {"used": 5, "pair": None, "current": -1, "position": 0.5},
    ],
)
def test_damaged_slots_are_fresh_ones(data: object) -> None:
    slots = Slots.read(data)
    assert slots.current == 0
    assert slots.pair == (0, 1)
    assert slots.position is None
    assert slots.patches(LOUD) == {0: LOUD}
