"""Halving the rate keeps what is heard, drops what would fold, and delays nothing."""

import math

import pytest
import torch

from engine.dsp.filters import SHARP, WIDE, halve_rate


def _halved(cycles_per_frame, half_band, n_out=2_000):
    """A sine sampled twice as densely, halved; and the same sine sampled at the lower rate."""
    frames = torch.arange(-half_band.reach, 2 * n_out + half_band.reach, dtype=torch.float64)
    wide = torch.sin(2.0 * math.pi * cycles_per_frame / 2.0 * frames)
    straight = torch.sin(2.0 * math.pi * cycles_per_frame * torch.arange(n_out, dtype=torch.float64))
    return halve_rate(wide[None], half_band)[0], straight


@pytest.mark.parametrize("half_band", [SHARP, WIDE])
@pytest.mark.parametrize("share", [0.02, 0.5, 1.0])
def test_a_kept_tone_comes_through_unchanged_and_in_place(half_band, share):
    halved, straight = _halved(half_band.kept * share, half_band)
    assert halved.shape == straight.shape
    assert (halved - straight).abs().max() < 2e-4


@pytest.mark.parametrize("half_band", [SHARP, WIDE])
def test_nothing_folds_onto_what_is_kept(half_band):
    for cycles_per_frame in torch.linspace(1.0 - half_band.kept, 0.999, 20).tolist():
        halved, _ = _halved(cycles_per_frame, half_band)
        assert halved.abs().max() < 10.0 ** (-89.0 / 20.0)


def test_the_filter_has_a_gradient_for_every_frame_it_sees():
    x = torch.randn(2, 2 * SHARP.reach + 300, dtype=torch.float64, requires_grad=True)
    halve_rate(x).square().sum().backward()
    assert (x.grad != 0.0).sum() > 0.9 * x.numel()
    assert torch.autograd.gradcheck(
        lambda x: halve_rate(x, WIDE), torch.randn(1, 50, dtype=torch.float64).requires_grad_()
    )
