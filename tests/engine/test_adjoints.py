"""The ways back that are written out by hand give each sound the weight that the way there gives it."""

import numpy as np
import pytest
import torch

from engine.dsp.convolve import Convolver
from engine.dsp.filters import SHARP, WIDE

kernels = pytest.importorskip("engine.dsp.chain_grad_kernels")


@pytest.mark.parametrize("half_band", [SHARP, WIDE])
@pytest.mark.parametrize("n", [1, 3, 511, 512, 513, 2000])
def test_half_the_rate_and_back(half_band, n):
    chance = np.random.default_rng(n)
    fine, wanted = chance.standard_normal(2 * n + half_band.reach), chance.standard_normal(n)
    coarse, back = np.empty(n), np.full(fine.size, np.nan)
    kernels.come_down(fine, half_band.taps(), coarse)
    kernels.come_down_back(wanted, half_band.taps(), back)
    assert back @ fine == pytest.approx(wanted @ coarse, abs=1e-9)


@pytest.mark.parametrize("channels", [(2, 1), (1, 2), (2, 2)])
def test_a_convolution_has_the_gradients_of_its_sum(channels):
    chance = torch.Generator().manual_seed(0)
    x, kernel = (
        torch.randn(3, c, n, dtype=torch.float64, generator=chance, requires_grad=True)
        for c, n in zip(channels, (50, 21), strict=True)
    )
    found = Convolver(kernel).run(x)
    wide_x, wide_kernel = x.expand(-1, 2, -1), kernel.expand(-1, 2, -1)
    late = [torch.nn.functional.pad(wide_x, (i, 0))[..., :50] for i in range(21)]
    plain = sum(wide_kernel[..., i : i + 1] * sound for i, sound in enumerate(late))
    weights = torch.randn(plain.shape, dtype=torch.float64, generator=chance)
    assert torch.allclose(found, plain, atol=1e-10)
    for given in (x, kernel):
        mine, its = (torch.autograd.grad((y * weights).sum(), given, retain_graph=True)[0] for y in (found, plain))
        assert torch.allclose(mine, its, atol=1e-9)
