"""Compile what this machine has not compiled yet: ``python -m engine.warm``.

What numba compiles takes about a minute the first time that a machine runs them. Whoever sets the program up
does that here, so that nobody's first key waits for it; where it was not done, the window does it in the background.
"""

from __future__ import annotations

from engine.params import Patch
from engine.torch_setup import load_torch

EVERYTHING = {
    "mod_1_1_rad": 1.0,
    "mod_2_1_rad": 12.0,
    "drive_db": 12.0,
    "vibrato_st": 1.0,
    "filter_type": 1.0,
    "filter_env_st": 12.0,
    "noise_db": -12.0,
    "reverb": 0.3,
}


def compile_all() -> None:
    """Render a note with its gradient and one without, and play a key, with everything in them that is compiled."""
    load_torch()
    import torch

    from engine.playing import prepare
    from engine.synths.catalog import synth_of

    patch = Patch("fm", EVERYTHING)
    knobs = torch.tensor([patch.unit()]).requires_grad_()
    for unit in (knobs, knobs.detach()):
        sound = synth_of(patch.synth).render(
            unit, note=60, velocity=100, hold_s=0.02, duration_s=0.05, sample_rate=48_000
        )
        if sound.requires_grad:
            torch.autograd.grad(sound.square().mean(), knobs)
    prepare("real")


if __name__ == "__main__":
    compile_all()
