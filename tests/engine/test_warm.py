"""Setting the program up compiles all that is compiled, so that no key waits for it."""

from __future__ import annotations

import subprocess
import sys

import pytest

PLAY = """
import torch
from numba import njit
from numba.core.event import install_recorder

from engine.project.presets import factory_presets
from engine.inline import render_inline
from engine.synths.catalog import synth_of
from engine.synths.live import LiveInstrument
from engine.warm import compile_all

compile_all()
with install_recorder("numba:compile") as seen:
    for patch in factory_presets()[::12]:
        render_inline(patch, hold_s=0.02, duration_s=0.05)
        if patch.synth == "fm":
            unit = torch.tensor([patch.unit()]).requires_grad_()
            sound = synth_of("fm").render(
                unit, note=60, velocity=100, hold_s=0.02, duration_s=0.05, sample_rate=44_100
            )
            sound.square().mean().backward()
        live = LiveInstrument(synth_of(patch.synth).live_patch(patch, 44_100), 44_100)
        live.note_on(60, 100, 0)
        live.render(300)
        live.note_off(60)
        live.render(600)
with install_recorder("numba:compile") as seen_when_it_compiles:
    njit(lambda x: x + 1.0)(1.0)
print(len(seen.buffer), len(seen_when_it_compiles.buffer) > 0)
"""


@pytest.mark.timeout(300)
def test_no_note_waits_for_the_compiler_after_the_setup() -> None:
    done = subprocess.run([sys.executable, "-c", PLAY], capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["0", "True"]
