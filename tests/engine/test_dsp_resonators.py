"""Modes summed as a product of matrices are the modes summed one by one."""

import math

import pytest
import torch

from engine.dsp.resonators import plain_sum, ring

RATE = 48_000


def modes(n, batch=1, seed=0, dtype=torch.float64, fastest=60.0):
    """Random modes: frequencies, dampings and levels."""
    rng = torch.Generator().manual_seed(seed)
    hz = 40.0 * torch.exp(torch.rand(batch, n, generator=rng, dtype=torch.float64) * math.log(500.0))
    damping = 0.2 * torch.exp(torch.rand(batch, n, generator=rng, dtype=torch.float64) * math.log(fastest / 0.2))
    return hz, damping, torch.randn(batch, 2, n, generator=rng, dtype=torch.float64).to(dtype)


def error_db(found, wanted):
    return 20.0 * math.log10(float((found - wanted).abs().max() / wanted.abs().max()) + 1e-30)


@pytest.mark.parametrize("n_frames", [1, 2, 479, 24_000])
@pytest.mark.parametrize("n", [1, 40])
def test_a_product_is_the_plain_sum(n, n_frames):
    given = modes(n, batch=2)
    found = ring(*given, n_frames, RATE)
    assert found.shape == (2, 2, n_frames)
    if n_frames > 1:
        assert error_db(found, plain_sum(*given, n_frames, RATE)) < -140.0
    else:
        assert found.abs().max() == 0.0


def test_single_precision_is_enough_for_many_modes_that_ring_long():
    hz, damping, amplitude = modes(256, dtype=torch.float32, fastest=2.0)
    wanted = plain_sum(hz, damping, amplitude.double(), 96_000, RATE)
    found = ring(hz, damping, amplitude, 96_000, RATE)
    assert found.dtype == torch.float32
    assert error_db(found.double(), wanted) < -100.0
    assert error_db(found[..., -4_800:].double(), wanted[..., -4_800:]) < -100.0


def test_what_has_died_is_left_out_and_nobody_hears_it():
    given = modes(64, fastest=5_000.0)
    assert error_db(ring(*given, 48_000, RATE), plain_sum(*given, 48_000, RATE)) < -120.0


def test_a_faint_mode_that_rings_long_outlives_a_loud_one():
    hz, damping = torch.tensor([[300.0, 1_000.0]]).double(), torch.tensor([[0.5, 500.0]]).double()
    amplitude = torch.tensor([[[1e-4, 1.0], [1e-4, 1.0]]]).double()
    found = ring(hz, damping, amplitude, 48_000, RATE)
    assert error_db(found[..., 24_000:], plain_sum(hz, damping, amplitude, 48_000, RATE)[..., 24_000:]) < -100.0


def test_stretches_join():
    given = modes(30)
    whole = ring(*given, 9_000, RATE)
    parts = [ring(*given, n, RATE, first=first) for first, n in ((0, 1_000), (1_000, 7_999), (8_999, 1))]
    assert error_db(torch.cat(parts, 2), whole) < -120.0


def test_a_pitch_stays_exact_an_hour_into_a_note():
    hz, damping = torch.tensor([[9_999.7]], dtype=torch.float64), torch.zeros(1, 1).double()
    late = ring(hz, damping, torch.ones(1, 2, 1), 480, RATE, first=3_600 * RATE)
    time_s = 3_600.0 + torch.arange(480).double() / RATE
    cycles = 9_999.7 * time_s
    torch.testing.assert_close(
        late[0, 0].double(), torch.sin(2 * math.pi * (cycles - cycles.floor())), atol=1e-4, rtol=0
    )


def test_no_modes_and_no_frames_are_silence():
    hz, damping, amplitude = modes(3)
    assert ring(hz[:, :0], damping[:, :0], amplitude[..., :0], 10, RATE).abs().max() == 0.0
    assert ring(hz, damping, amplitude, 0, RATE).shape == (1, 2, 0)


def test_gradients_agree_with_finite_differences():
    given = [t.requires_grad_() for t in modes(5, batch=2, fastest=2_000.0)]
    weights = torch.randn(500, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    assert torch.autograd.gradcheck(lambda *g: (ring(*g, 500, RATE) * weights).sum(2), given, rtol=1e-4, atol=1e-6)
