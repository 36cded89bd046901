"""Levels, pitches and velocities become numbers as a musician expects them."""

import torch

from engine.dsp.units import level_to_amplitude, midi_to_hz, velocity_to_gain


def test_an_octave_doubles_the_frequency():
    hz = midi_to_hz(torch.tensor([57.0, 69.0, 81.0], dtype=torch.float64))
    torch.testing.assert_close(hz, torch.tensor([220.0, 440.0, 880.0], dtype=torch.float64))


def test_a_level_is_exact_in_db_and_silent_at_its_floor():
    level_db = torch.tensor([-72.0, -60.0, -40.0, -6.0, 0.0], dtype=torch.float64)
    amplitude = level_to_amplitude(level_db, -72.0)
    assert amplitude[0] == 0.0
    torch.testing.assert_close(20.0 * torch.log10(amplitude[1:]), level_db[1:])


def test_a_fader_has_a_slope_all_the_way_down_and_no_step_on_the_way():
    level_db = torch.linspace(-72.0, 0.0, 20_001, dtype=torch.float64, requires_grad=True)
    amplitude = level_to_amplitude(level_db, -72.0)
    (slope,) = torch.autograd.grad(amplitude.sum(), level_db)
    assert slope.isfinite().all()
    assert (slope > 0.0).all()
    assert (amplitude.diff() > 0.0).all()
    # The slope is continuous too: from one point to the next it changes by no more than the curve asks for.
    assert (slope[1:] / slope[:-1]).sub(1.0).abs().max() < 0.001


def test_a_softer_key_is_quieter_only_as_far_as_it_is_sensitive():
    velocity = torch.tensor([1.0, 64.0, 127.0], dtype=torch.float64)
    assert velocity_to_gain(velocity, torch.tensor(0.0)).tolist() == [1.0, 1.0, 1.0]
    full = velocity_to_gain(velocity, torch.tensor(1.0, dtype=torch.float64))
    torch.testing.assert_close(full, (velocity / 127.0) ** 2)
