"""The room of a recorded strike is heard and becomes the room of the patch; what is dry stays dry."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from steps import finished

from engine.audio import Audio
from engine.inline import render_inline
from engine.matching.modes import Modes, find_modes
from engine.matching.result import MatchResult
from engine.matching.strike_match import match
from engine.matching.strike_room import hear_room
from engine.matching.strikes import hear_strike, is_single
from engine.params import Patch
from engine.project.presets import factory_presets
from engine.synths.impact_note import ImpactDecoder

RATE = 32_000
SECONDS = 0.8
LONG = 600.0
HALL = {"room": 0.5, "room_s": 1.6, "room_damping": 0.5}
DRY = {"room": 0.0}


def struck(name: str, room: dict[str, float]) -> Audio:
    """A preset in a room whose noise is not the one that a match begins with."""
    preset = next(patch for patch in factory_presets() if (patch.synth, patch.name) == ("impact", name))
    patch = replace(preset.with_values(**room), seed=77)
    return render_inline(patch, note=60, hold_s=SECONDS, duration_s=SECONDS, sample_rate=RATE)


def found_for(target: Audio, room: dict[str, float] | None = None) -> MatchResult:
    kept = {} if room is None else {"current": Patch("impact", room), "locked": ("room",)}
    result, _ = finished(match(target, seconds=LONG, most_steps=12, **kept))  # type: ignore[arg-type]
    return result


def left_of(audio: Audio, n_modes: int) -> np.ndarray:
    samples = hear_strike(audio).samples
    return samples - find_modes(samples, RATE, n_modes).sound(len(samples), RATE)


def test_a_room_is_heard_as_long_as_it_is_in_every_band_that_it_answers_in() -> None:
    tail = hear_room(left_of(struck("Pebbles", HALL), 64), RATE)
    assert tail is not None
    true_s = HALL["room_s"] * 2.0 ** (-3.0 * HALL["room_damping"] * np.arange(8) / 7)
    loud = tail.energy > 0.003 * tail.energy.max()
    assert loud.sum() >= 4
    off_oct = np.abs(np.log2(tail.seconds[loud] / true_s[loud]))
    assert float(np.median(off_oct)) < 0.4
    assert float(off_oct.max()) < 1.2


@pytest.mark.parametrize("name", ["Pebbles", "Hollow Block"])
def test_what_modes_leave_of_a_dry_strike_has_no_room(name: str) -> None:
    assert hear_room(left_of(struck(name, DRY), 64), RATE) is None


def test_noise_that_does_not_fall_is_no_room() -> None:
    assert hear_room(0.1 * np.random.default_rng(1).standard_normal(RATE), RATE) is None


def test_silence_and_a_stretch_that_is_too_short_have_no_room() -> None:
    assert hear_room(np.zeros(RATE), RATE) is None
    assert hear_room(np.ones(40), RATE) is None


def test_a_strike_in_a_hall_is_fitted_with_a_room_and_comes_nearer_than_without() -> None:
    target = struck("Pebbles", HALL)
    inside, outside = found_for(target), found_for(target, DRY)
    best = inside.candidates[0]
    assert best.patch.values["room"] > 0.0  # type: ignore[operator]
    assert best.distance_db < outside.candidates[0].distance_db
    unit = torch.tensor([best.patch.unit()], dtype=torch.float64)
    room = ImpactDecoder()(unit, 60, 100, 1.0).room
    # The bands between 1 and 4 kHz, where pebbles are.
    for seconds, true_s in zip(room.seconds[0, 4:7].tolist(), (0.88, 0.76, 0.66), strict=True):
        assert 0.5 < seconds / true_s < 2.0


def test_a_dry_strike_is_fitted_without_a_room() -> None:
    assert all(one.patch.values["room"] == 0.0 for one in found_for(struck("Hollow Block", DRY)).candidates)


def test_a_mode_stays_where_it_was_heard() -> None:
    columns = np.array([[331.7, 812.3, 1_487.9], [6.0, 9.0, 14.0], [0.2, 0.25, 0.1], [0.0, 0.0, 0.0]])
    n = round(SECONDS * RATE)
    noise = 0.03 * np.random.default_rng(4).standard_normal(n) * np.exp(-np.arange(n) / (0.05 * RATE))
    target = Audio((Modes(*columns).sound(n, RATE) + noise).astype(np.float32)[None], RATE)
    unit = torch.tensor([found_for(target).candidates[0].patch.unit()], dtype=torch.float64)
    hz = ImpactDecoder()(unit, 60, 100, 1.0).hz[0].numpy()
    for wanted in columns[0]:
        assert np.abs(hz / wanted - 1.0).min() < 0.006


def test_what_bounces_is_matched_up_to_there_and_still_counts_as_one_strike() -> None:
    n = round(0.6 * RATE)
    time_s = np.arange(n) / RATE
    blow = np.random.default_rng(5).standard_normal(n) * 1_000.0 ** (-time_s / 0.3)
    bounced = 0.3 * blow
    bounced[round(0.3 * RATE) :] += 0.3 * 10 ** (-25.0 / 20.0) * blow[: n - round(0.3 * RATE)]
    heard = hear_strike(Audio(bounced.astype(np.float32)[None], RATE))
    assert heard.duration_s == pytest.approx(0.3, abs=0.015)
    assert "first one" in heard.notice
    assert is_single(bounced, RATE)
