"""Filters and the room: fast ways equal slow ones, and gradients are exact."""

import numpy as np
import pytest
import torch

from engine.dsp import svf
from engine.dsp.one_pole import DcBlocker, decaying_sum
from engine.dsp.reverb import Reverb
from engine.dsp.svf import Svf, warped

RATE = 48_000


def _noise(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("n", [0, 1, 2, 31, 32, 33, 1_000, 5_000])
def test_a_decaying_sum_is_the_recursion_it_says(n):
    x, before = _noise(2, n), _noise(2, 1, seed=1)
    y, last = [], before[:, 0]
    for sample in x.unbind(1):
        last = sample + 0.97 * last
        y.append(last)
    expected = torch.stack(y, 1) if y else x
    torch.testing.assert_close(decaying_sum(x, 0.97, before), expected, rtol=0.0, atol=1e-11)


def test_the_dc_blocker_takes_the_mean_and_leaves_the_tone():
    tone = torch.sin(torch.arange(RATE, dtype=torch.float64) * 0.02)[None]
    blocker = DcBlocker(5.0 / RATE)
    parts = [blocker.run(part) for part in torch.split(tone + 0.7, 7_001, 1)]
    y = torch.cat(parts, 1)
    assert (y[:, RATE // 2 :] - tone[:, RATE // 2 :]).abs().max() < 0.05
    torch.testing.assert_close(y, DcBlocker(5.0 / RATE).run(tone + 0.7), rtol=0.0, atol=1e-9)


def _moving(n):
    cycles = 0.01 + 0.2 * torch.rand(2, n, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    return cycles, torch.tensor([[0.5], [1.5]], dtype=torch.float64)


def test_the_filter_gives_the_same_numbers_and_gradients_with_and_without_numba(monkeypatch):
    found = []
    for has_numba in (True, False):
        if not has_numba:
            monkeypatch.setattr(svf, "_prepare_numba", lambda: None)
        x, (cycles, damping) = _noise(2, 300).requires_grad_(), _moving(300)
        inputs = [x, cycles.requires_grad_(), damping.requires_grad_()]
        low, band = Svf().run(x, warped(cycles), damping)
        loss = (low * torch.linspace(0.0, 1.0, 300, dtype=torch.float64)).sum() + band.square().sum()
        found.append((low.detach(), band.detach(), *torch.autograd.grad(loss, inputs)))
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-10)


def test_a_filter_goes_on_where_it_was():
    x, (cycles, damping) = _noise(2, 900), _moving(900)
    whole = Svf().run(x, warped(cycles), damping)
    resumed = Svf()
    stretches = (slice(0, 1), slice(1, 400), slice(400, 900))
    parts = [resumed.run(x[:, s], warped(cycles[:, s]), damping) for s in stretches]
    for i in (0, 1):
        torch.testing.assert_close(torch.cat([p[i] for p in parts], 1), whole[i], rtol=0.0, atol=1e-12)


def test_a_filter_whose_cut_off_jumps_about_stays_finite():
    cycles = torch.where(torch.arange(20_000) % 2 == 0, 1e-4, 0.49).double()[None]
    low, band = Svf().run(_noise(1, 20_000), warped(cycles), torch.tensor([[0.05]], dtype=torch.float64))
    assert low.isfinite().all()
    assert band.isfinite().all()


def _room(like, decay_s=1.0, damping=0.3):
    return Reverb(*(torch.tensor([v], dtype=torch.float64) for v in (decay_s, damping)), RATE, like)


def test_the_room_with_gradients_is_the_room_without():
    x = _noise(1, 12_000)
    plain = _room(x).run(x)
    torch.testing.assert_close(_room(x).run(x.clone().requires_grad_()).detach(), plain, rtol=0.0, atol=1e-12)
    room = _room(x)
    parts = torch.cat([room.run(part) for part in torch.split(x, 777, 1)], 2)
    torch.testing.assert_close(parts, plain, rtol=0.0, atol=1e-12)


def test_treble_dies_sooner_where_it_is_damped():
    impulse = torch.zeros(1, 2 * RATE, dtype=torch.float64)
    impulse[0, 0] = 1.0
    falls = []
    for damping in (0.0, 1.0):
        late = _room(impulse, 2.0, damping).run(impulse)[0, 0, RATE // 2 : RATE].numpy()
        power = np.abs(np.fft.rfft(late * np.hanning(late.size))) ** 2
        falls.append(10.0 * np.log10(power[4_000:8_000].mean() / power[50:400].mean()))
    assert abs(falls[0]) < 3.0
    assert falls[1] < falls[0] - 6.0
