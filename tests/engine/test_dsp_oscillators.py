"""A tone keeps its pitch and its purity for as long as it lasts."""

import math

import pytest
import torch

from engine.dsp.oscillators import phase_radians

RATE = 48_000


def _exact(hz: float, first: int, n: int) -> torch.Tensor:
    frames = torch.arange(first, first + n, dtype=torch.float64)
    return torch.sin(2.0 * math.pi * torch.frac(frames * (hz / RATE)))


@pytest.mark.parametrize("hz", [27.5, 440.0, 1234.567, 9_876.5])
@pytest.mark.parametrize("start_s", [0, 20, 300])
def test_phase_noise_of_a_float32_tone_stays_below_minus_100_db(hz, start_s):
    first = start_s * RATE
    tone = torch.sin(phase_radians(torch.tensor([hz / RATE], dtype=torch.float64), first, 9_601, torch.float32))
    noise = (tone[0].double() - _exact(hz, first, 9_601)).square().mean().sqrt()
    assert 20.0 * math.log10(noise / math.sqrt(0.5)) < -100.0


def test_pitch_after_twenty_seconds_is_within_a_hundredth_of_a_cent():
    hz = 1_760.0
    step = torch.tensor([hz / RATE], dtype=torch.float64)
    early, late = (phase_radians(step, at * RATE, 1, torch.float32).double().item() for at in (1, 20))
    expected = 2.0 * math.pi * hz * 19.0
    off = math.remainder(late - early - expected, 2.0 * math.pi)
    assert abs(1_200.0 * math.log2(1.0 + off / expected)) < 0.01


def test_stretches_of_a_tone_join_without_a_seam():
    step = torch.tensor([0.0123, 0.31], dtype=torch.float64)
    whole = torch.sin(phase_radians(step, 0, 3_000, torch.float64))
    parts = [torch.sin(phase_radians(step, first, 777, torch.float64)) for first in range(0, 3_000, 777)]
    torch.testing.assert_close(torch.cat(parts, 1)[:, :3_000], whole, rtol=0.0, atol=1e-10)


def test_the_frequency_has_a_gradient_that_grows_with_time():
    step = torch.tensor([0.01], dtype=torch.float64, requires_grad=True)
    phase = phase_radians(step, 1_000, 100, torch.float64)
    (slope,) = torch.autograd.grad(phase[0, 50], step)
    assert slope.item() == pytest.approx(2.0 * math.pi * 1_050)
