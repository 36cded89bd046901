"""Operators in a circle: the compiled recursion, the one in tensors, and their gradients are one."""

import numpy as np
import pytest
import torch

from engine.dsp.loops import CLIPS, Loop, load_kernels

RING = [(0, 0), (0, 1), (1, 2), (2, 0), (2, 2), (1, 0)]


def _inputs(n_operators, n_edges, n, rows=2, depth=0.5, seed=0):
    rng = torch.Generator().manual_seed(seed)
    speed = 0.1 * torch.rand(rows, n_operators, 1, generator=rng, dtype=torch.float64)
    phase = 0.01 + torch.arange(n, dtype=torch.float64) * speed
    amplitude = 0.2 + 0.6 * torch.rand(rows, n_operators, n, generator=rng, dtype=torch.float64)
    depths = depth * torch.rand(rows, n_edges, generator=rng, dtype=torch.float64)
    return [t.requires_grad_() for t in (phase, amplitude, depths)]


def _run(way, loop, inputs, shapes):
    past = torch.zeros(inputs[0].shape[0], loop.n_operators, loop.past, dtype=inputs[0].dtype)
    y = way(*inputs, shapes, past)
    weights = torch.linspace(-1.0, 1.0, y.shape[2], dtype=y.dtype)
    return y.detach(), *torch.autograd.grad(((y * weights).sum(2) ** 2).mean(), inputs)


@pytest.mark.parametrize("lag", [1, 2, 3, 8])
def test_kernels_and_tensors_give_the_same_numbers_and_gradients(lag):
    assert load_kernels() is not None
    loop = Loop(3, RING, lag)
    for shapes in ([[0, 0, 0], [0, 0, 0]], [[1, 2, 3], [4, 5, 6]], [[7, 0, 1], [0, 0, 7]]):
        inputs = _inputs(3, len(RING), 401)
        for one, other in zip(*(_run(way, loop, inputs, shapes) for way in (loop.run, loop.run_in_torch)), strict=True):
            torch.testing.assert_close(one, other, rtol=1e-8, atol=1e-9)


def test_float32_is_as_exact_as_it_can_be():
    loop = Loop(3, RING, 1)
    exact = _inputs(3, len(RING), 2_000)
    single = [t.detach().float().requires_grad_() for t in exact]
    shapes = [[0, 0, 0]] * 2
    for one, other in zip(*(_run(loop.run, loop, i, shapes) for i in (exact, single)), strict=True):
        assert other.dtype == torch.float32
        assert (one - other).abs().max() < 1e-4 * one.abs().max()


def test_what_was_before_a_stretch_goes_on_in_it():
    loop = Loop(3, RING, 2)
    phase, amplitude, depths = (t.detach() for t in _inputs(3, len(RING), 500))
    shapes = [[0, 0, 0]] * 2
    nothing = torch.zeros(2, 3, loop.past, dtype=torch.float64)
    whole = loop.run(phase, amplitude, depths, shapes, nothing)
    for way in (loop.run, loop.run_in_torch):
        first = way(phase[:, :, :203], amplitude[:, :, :203], depths, shapes, nothing)
        second = way(phase[:, :, 203:], amplitude[:, :, 203:], depths, shapes, first[:, :, -loop.past :])
        torch.testing.assert_close(torch.cat([first, second], 2), whole, rtol=0.0, atol=1e-12)


@pytest.mark.parametrize("way", ["run", "run_in_torch"])
def test_gradients_in_chaos_are_finite_and_what_was_clipped_is_counted(way):
    loop = Loop(1, [(0, 0)], 1)
    inputs = [
        torch.arange(3_000, dtype=torch.float64)[None, None] * 0.05,
        torch.ones(1, 1, 3_000, dtype=torch.float64),
        torch.tensor([[20.0]], dtype=torch.float64),
    ]
    before = CLIPS.samples
    _, *slopes = _run(getattr(loop, way), loop, [t.requires_grad_() for t in inputs], [[0]])
    assert all(s.isfinite().all() for s in slopes)
    assert CLIPS.samples > before


def test_a_calm_loop_is_never_clipped():
    before = CLIPS.samples
    _run(Loop(3, RING, 1).run, Loop(3, RING, 1), _inputs(3, len(RING), 5_000), [[0, 0, 0]] * 2)
    assert CLIPS.samples == before


def test_a_stretch_of_nothing_is_nothing():
    loop = Loop(1, [(0, 0)], 1)
    empty = torch.zeros(1, 1, 0)
    assert loop.run(empty, empty, torch.ones(1, 1), [[0]], torch.zeros(1, 1, 2)).shape == (1, 1, 0)


def test_the_kernels_sine_is_a_sine():
    loop = Loop(1, [(0, 0)], 1)
    phase = torch.linspace(-40.0, 40.0, 10_001, dtype=torch.float64)[None, None]
    none = torch.zeros(1, 1, dtype=torch.float64)
    y = loop.run(phase, torch.ones_like(phase), none, [[0]], torch.zeros(1, 1, 2, dtype=torch.float64))
    assert np.abs(y[0, 0].numpy() - np.sin(phase[0, 0].numpy())).max() < 1e-12
