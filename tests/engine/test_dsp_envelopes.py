"""Envelopes reach their levels in their times, without steps, and end in silence."""

import math

import pytest
import torch

from engine.dsp.envelopes import Envelope
from engine.dsp.units import db_to_nats

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
