"""Envelopes reach their levels in their times, without steps, and end in silence."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from engine.dsp.envelopes import Envelope
from engine.dsp.units import NATS_PER_DB, db_to_nats
from engine.params.fm import OCTAVE_DB

RATE = 48_000
FLOOR_DB = -72.0


def _envelope(levels_db, times_s, hold_s, **options):
    levels = torch.tensor([levels_db], dtype=torch.float64)
    times = torch.tensor([times_s], dtype=torch.float64, **options)
    return Envelope(db_to_nats(levels, FLOOR_DB), times, torch.tensor([hold_s], dtype=torch.float64), FLOOR_DB)


def _both_ways(envelope, first, n):
    """The same stretch by the way for long sounds and by the one for short ones."""
    return [way(first, n, RATE, torch.float64)[0] for way in (envelope.row_by_row, envelope.at_once)]


def _db(amplitude):
    return 20.0 * torch.log10(amplitude).numpy()


def test_each_stage_ends_at_its_level():
    for amplitude in _both_ways(_envelope([0.0, -12.0, -30.0, FLOOR_DB], [0.01, 0.1, 0.2, 0.05], 1.0), 0, RATE * 2):
        for at_s, level_db in ((0.01, 0.0), (0.11, -12.0), (0.31, -30.0), (0.9, -30.0)):
            assert _db(amplitude[round(at_s * RATE)]) == pytest.approx(level_db, abs=0.01)


def test_a_falling_stage_falls_evenly_in_db():
    for amplitude in _both_ways(_envelope([0.0, -40.0, -40.0, FLOOR_DB], [0.001, 0.4, 1.0, 0.05], 1.0), 0, RATE):
        steps = torch.log10(amplitude[100:19_000]).diff()
        assert (steps / steps.mean() - 1.0).abs().max() < 1e-6


def test_the_release_starts_from_the_level_reached_even_in_the_middle_of_the_attack():
    hold_s = 0.03
    for amplitude in _both_ways(_envelope([0.0, -6.0, -6.0, FLOOR_DB], [0.1, 0.1, 0.1, 0.2], hold_s), 0, RATE):
        at = round(hold_s * RATE)
        assert 0.01 < amplitude[at] < 0.9
        assert amplitude.argmax() == at
        assert amplitude.diff().abs().max() < 0.003  # no step anywhere


def test_after_the_release_there_is_exactly_nothing():
    for amplitude in _both_ways(_envelope([0.0, -6.0, -12.0, FLOOR_DB], [0.01, 0.1, 0.1, 0.2], 0.15), 0, RATE):
        assert (amplitude[math.ceil(0.35 * RATE) + 1 :] == 0.0).all()
        assert amplitude[round(0.34 * RATE)] > 0.0


def test_a_sustain_at_the_floor_is_exactly_silent():
    for amplitude in _both_ways(_envelope([0.0, -20.0, FLOOR_DB, FLOOR_DB], [0.01, 0.1, 0.1, 0.2], 5.0), 0, RATE):
        assert (amplitude[round(0.21 * RATE) + 2 :] == 0.0).all()


def test_an_attack_begins_and_ends_softly():
    amplitude, _ = _both_ways(_envelope([0.0, 0.0, 0.0, FLOOR_DB], [0.05, 0.1, 0.1, 0.2], 1.0), 0, 4_800)
    assert amplitude[0] == 0.0
    assert (amplitude.diff() >= -1e-12).all()
    steps = amplitude.diff()
    assert steps[0] < 0.002
    assert steps[2_390] < 1e-6


@pytest.mark.parametrize("seed", range(8))
def test_both_ways_give_one_envelope_and_one_gradient(seed):
    rng = torch.Generator().manual_seed(seed)
    levels = torch.rand(4, generator=rng).mul(72.0).sub(72.0).tolist()
    times = torch.rand(4, generator=rng).mul(0.08).add(0.0005).tolist()
    hold_s = float(torch.rand(1, generator=rng)) * 0.25
    envelope = _envelope(levels, times, hold_s)
    knobs = [t.requires_grad_() for t in (envelope.nats, envelope.times_s, envelope.hold_s)]
    for first, n in ((0, 20_000), (1_999, 5_000), (15_000, 3)):
        one, other = _both_ways(envelope, first, n)
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-12)
        weights = torch.randn(n, generator=rng, dtype=torch.float64)
        slopes = [
            torch.autograd.grad((way * weights).sum(), knobs, retain_graph=True, materialize_grads=True)
            for way in (one, other)
        ]
        for a, b in zip(*slopes, strict=True):
            torch.testing.assert_close(a, b, rtol=1e-7, atol=1e-7)


def test_a_short_stage_late_in_a_long_note_is_exact_in_float32():
    envelope = _envelope([0.0, 0.0, 0.0, FLOOR_DB], [0.001, 0.1, 0.1, 0.0005], 120.0)
    first = 120 * RATE
    for way in (envelope.row_by_row, envelope.at_once):
        exact, single = (way(first, 48, RATE, dtype) for dtype in (torch.float64, torch.float32))
        torch.testing.assert_close(single.double(), exact, rtol=0.0, atol=1e-5)


@pytest.mark.parametrize("way", ["row_by_row", "at_once"])
def test_every_time_of_an_envelope_has_a_gradient(way):
    envelope = _envelope([0.0, -12.0, -30.0, FLOOR_DB], [0.004, 0.01, 0.02, 0.01], 0.03, requires_grad=True)
    amplitude = getattr(envelope, way)(0, 2_048, RATE, torch.float64)
    (slope,) = torch.autograd.grad(amplitude.sum(), envelope.times_s)
    assert slope.isfinite().all()
    assert (slope != 0.0).all()


def test_a_key_that_was_never_down_makes_no_sound():
    for amplitude in _both_ways(_envelope([0.0, 0.0, 0.0, FLOOR_DB], [0.01, 0.1, 0.1, 0.2], 0.0), 0, 5_000):
        assert not amplitude.any()


# -- the rate clock ---------------------------------------------------------------------------------------------------


def _by_rate(levels_db, times_s, hold_s, strength_db=0.0, **options):
    envelope = _envelope(levels_db, times_s, hold_s, **options)
    ceiling = torch.tensor([(1.5 * OCTAVE_DB - FLOOR_DB - strength_db) * NATS_PER_DB], dtype=torch.float64)
    return replace(envelope, by_rate=torch.tensor([True]), ceiling=ceiling)


def test_a_fall_by_rate_takes_time_for_each_octave():
    envelope = _by_rate([0.0, -10.0 * OCTAVE_DB, -10.0 * OCTAVE_DB, FLOOR_DB], [0.0005, 0.05, 1.0, 0.01], 5.0)
    for amplitude in _both_ways(envelope, 0, RATE):
        fall = _db(amplitude[RATE // 10 : RATE // 10 + RATE // 20 * 3 : RATE // 20])
        assert fall[1] - fall[0] == pytest.approx(-OCTAVE_DB, abs=1e-3)
        assert _db(amplitude[RATE - 1]) == pytest.approx(-10.0 * OCTAVE_DB, abs=1e-3)


@pytest.mark.parametrize("strength_db", [0.0, -20.0])
def test_a_rise_by_rate_follows_the_dx7(strength_db):
    """msfa in double precision: each sample the level rises by the fall's step times the whole octaves to 17."""
    octave_s = 0.02
    level, steps = 15.0 + FLOOR_DB / OCTAVE_DB, []
    target = 15.0 + strength_db / OCTAVE_DB
    level = 1716 / 256
    while level < target:
        steps.append(level)
        level += math.floor(17.0 - level) / (octave_s * RATE)
    envelope = _by_rate([0.0, 0.0, 0.0, FLOOR_DB], [octave_s, 1.0, 1.0, 1.0], 5.0, strength_db)
    for amplitude in _both_ways(envelope, 0, RATE):
        ours = 15.0 + (_db(amplitude[1 : len(steps)]) + strength_db) / OCTAVE_DB
        assert np.abs(ours - np.array(steps[1:])).max() < 0.2, "octaves"
        arrived = int((amplitude > 0.9999).nonzero()[0])
        assert arrived == pytest.approx(len(steps), rel=0.04)


def test_a_release_by_rate_lasts_as_long_as_the_way_is():
    ends = []
    for hold_s in (0.3, 0.8):
        envelope = _by_rate([0.0, -60.0, -60.0, FLOOR_DB], [0.0005, 0.1, 1.0, 0.02], hold_s)
        for amplitude in _both_ways(envelope, 0, 2 * RATE):
            assert (amplitude.diff().abs()[RATE // 10 :]).max() < 0.01
            ends.append(int((amplitude > 0.0).nonzero()[-1]) / RATE - hold_s)
    assert ends[0] == pytest.approx(ends[1], abs=1e-3)
    assert ends[0] > 1.5 * ends[2]


@pytest.mark.parametrize("hold_s", [0.004, 0.03, 0.5])
def test_both_ways_give_one_envelope_by_rate_and_one_gradient(hold_s):
    found = []
    for way in ("at_once", "row_by_row"):
        levels = torch.tensor([[-2.0, -20.0, -8.0, -50.0]], dtype=torch.float64, requires_grad=True)
        times = torch.tensor([[0.004, 0.01, 0.006, 0.02]], dtype=torch.float64, requires_grad=True)
        ceiling = torch.tensor([9.5], dtype=torch.float64, requires_grad=True)
        hold = torch.tensor([hold_s], dtype=torch.float64)
        by_rate = torch.tensor([True])
        envelope = Envelope(db_to_nats(levels, FLOOR_DB), times, hold, FLOOR_DB, by_rate, ceiling)
        amplitude = getattr(envelope, way)(0, RATE // 4, RATE, torch.float64)
        loss = (amplitude * torch.linspace(1.0, 2.0, RATE // 4, dtype=torch.float64)).sum()
        found.append((amplitude.detach(), *torch.autograd.grad(loss, [levels, times, ceiling])))
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-9)


def test_rows_under_both_clocks_stand_side_by_side():
    levels = torch.tensor([[0.0, -12.0, -30.0, FLOOR_DB]] * 2, dtype=torch.float64)
    times = torch.tensor([[0.01, 0.1, 0.2, 0.05]] * 2, dtype=torch.float64)
    hold = torch.tensor([0.6, 0.6], dtype=torch.float64)
    ceiling = torch.full((2,), (1.5 * OCTAVE_DB - FLOOR_DB) * NATS_PER_DB, dtype=torch.float64)
    by_rate = torch.tensor([False, True])
    mixed = Envelope(db_to_nats(levels, FLOOR_DB), times, hold, FLOOR_DB, by_rate, ceiling)
    by_time = _envelope(levels[0].tolist(), times[0].tolist(), 0.6)
    for way in ("at_once", "row_by_row"):
        both = getattr(mixed, way)(0, RATE, RATE, torch.float64)
        torch.testing.assert_close(both[0], by_time.at_once(0, RATE, RATE, torch.float64)[0], rtol=0.0, atol=1e-9)
        assert (both[1] - both[0]).abs().max() > 0.1
