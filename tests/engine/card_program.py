"""A program of its own: the kernels for GPUs in triton's interpreter beside the compiled ones.

The interpreter is chosen by ``TRITON_INTERPRET=1``. Prints, as JSON, the largest difference of each case over the
largest number there, and the counts of clipped gradients.
"""

import json
import sys

import torch
from fake_card import OnCard, card

from engine.dsp import card as dsp_card
from engine.dsp import loops, svf
from engine.dsp.loops import CLIPS, Loop
from engine.dsp.svf import Svf, warped
from engine.params import Patch
from engine.synths.fm import FmSynth

ALL_WAYS = [(0, 0), (0, 1), (1, 2), (2, 0), (2, 2), (1, 0)]
ROWS, FRAMES = 5, 12


def loop_inputs(kind, n_operators, n_edges, n=FRAMES, depth=0.5):
    rng = torch.Generator().manual_seed(3)
    speed = 2.0 * torch.rand(ROWS, n_operators, 1, generator=rng, dtype=torch.float64)
    phase = 0.01 + torch.arange(n, dtype=torch.float64) * speed
    amplitude = 0.2 + 0.6 * torch.rand(ROWS, n_operators, n, generator=rng, dtype=torch.float64)
    depths = depth * torch.rand(ROWS, n_edges, generator=rng, dtype=torch.float64)
    return [t.to(kind).requires_grad_() for t in (phase, amplitude, depths)]


def with_gradients(results, inputs):
    weights = torch.linspace(-1.0, 1.0, results[0].shape[-1], dtype=results[0].dtype)
    loss = sum(((r * weights).sum(-1) ** 2).mean() for r in results)
    return [r.detach() for r in results], list(torch.autograd.grad(loss, inputs))


def run_loop(way, loop, inputs, shapes, seed=4):
    rng = torch.Generator().manual_seed(seed)
    past = torch.rand(ROWS, loop.n_operators, loop.past, generator=rng, dtype=torch.float64).to(inputs[0].dtype)
    before = CLIPS.samples
    found = with_gradients([way(*inputs, shapes, past)], inputs)
    return found, CLIPS.samples - before


def run_filter(kind):
    """Two stretches, the second going on where the first ended."""
    rng = torch.Generator().manual_seed(5)
    x = torch.randn(ROWS, FRAMES, generator=rng, dtype=torch.float64)
    cycles = 0.01 + 0.2 * torch.rand(ROWS, FRAMES, generator=rng, dtype=torch.float64)
    damping = 0.1 + torch.rand(ROWS, 1, generator=rng, dtype=torch.float64)
    inputs = [t.to(kind).requires_grad_() for t in (x, cycles, damping)]
    kept = Svf()
    parts = [kept.run(inputs[0][:, s], warped(inputs[1][:, s]), inputs[2]) for s in (slice(0, 7), slice(7, FRAMES))]
    return with_gradients([torch.cat(p, 1) for p in zip(*parts, strict=True)], inputs)


def render(unit):
    """A short looped, filtered and noisy batch, and its gradients."""
    unit = unit.requires_grad_()
    sound = FmSynth(may_open=False, compiled=False).render(
        unit, note=60, velocity=100, hold_s=0.0004, duration_s=0.0005, sample_rate=24_000, quality="draft"
    )
    return sound.detach().cpu(), torch.autograd.grad(sound.square().sum(), [unit])[0].cpu()


def render_twice(found):
    """By the CPU, and on a card that is none, whose kernels are interpreted."""
    values = {"mod_1_1_rad": 0.5, "mod_1_2_rad": 0.3, "filter_type": 1.0, "noise_db": -6.0, "op1_env1_s": 0.0005}
    unit = torch.tensor([Patch("fm", {**values, "op2_wave": wave}).unit() for wave in (0.0, 3.0)], dtype=torch.float64)
    here = render(unit.clone())
    used = set()
    launch = dsp_card.launch

    def launch_here(name, tensors, sizes, **constants):
        used.add(name)
        assert all(isinstance(t, OnCard) and t.held.is_contiguous() for t in tensors)
        launch(name, [t.held for t in tensors], sizes, **constants)

    dsp_card.launch = launch_here
    loops.is_at_home = svf.is_at_home = lambda x: isinstance(x, OnCard)
    with card():
        there = render(OnCard(unit))
    found["render"] = [apart([t], [h]) for t, h in zip(there, here, strict=True)]
    found["kernels of a render"] = sorted(used)


def apart(one, other):
    """The largest difference of two lists of tensors, each over the largest number in it."""
    return max(float((a - b).abs().max() / b.abs().max().clamp(min=1e-9)) for a, b in zip(one, other, strict=True))


def main():
    found = {}
    for kind in (torch.float32, torch.float64):
        name = str(kind).removeprefix("torch.")
        mixed = [[(c + 3 * r) % 8 for c in range(3)] for r in range(ROWS)]
        for title, lag, shapes in (("sines", 1, [[0] * 3] * ROWS), ("every wave", 3, mixed)):
            loop = Loop(3, ALL_WAYS, lag)
            inputs = loop_inputs(kind, 3, len(ALL_WAYS))
            (here, _), (card, _) = (
                run_loop(loop.run, loop, inputs, shapes),
                run_loop(loop.run_on_card, loop, inputs, shapes),
            )
            found[f"loop, {title}, {name}"] = [apart(c, h) for c, h in zip(card, here, strict=True)]
        filters = []
        for on_card in (False, True):
            svf.is_at_home = lambda x, on_card=on_card: on_card
            filters.append(run_filter(kind))
        found[f"filter, {name}"] = [apart(c, h) for c, h in zip(*reversed(filters), strict=True)]
    # In a chaotic loop no two ways agree for long: a calm one, held on a short lead, is clipped too.
    loop = Loop(1, [(0, 0)], 1)
    inputs = loop_inputs(torch.float64, 1, 1, depth=2.0)
    loops.LIMIT = 0.7
    (here, clips), (card, clips_on_card) = (
        run_loop(way, loop, inputs, [[0]] * ROWS) for way in (loop.run, loop.run_on_card)
    )
    found["clips"] = [clips, clips_on_card]
    found["clipped"] = [apart(c, h) for c, h in zip(card, here, strict=True)]
    loops.LIMIT = 1e6
    svf.is_at_home = dsp_card.is_at_home
    render_twice(found)
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
