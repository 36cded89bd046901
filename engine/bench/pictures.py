"""What it costs to see an FM sound: pictures of its operators, and a spectrum that knows its partials."""

from __future__ import annotations

import time
from functools import partial

from engine.bench.frame import Mark, Row, Rows, timed_ms
from engine.inline import render_inline
from engine.project.presets import factory_presets
from engine.torch_setup import load_torch

STEP = Mark(p95=20.0)
"""The longest stretch for which a knob's render has to wait, in milliseconds."""

N_PRESETS = 24
RATE = 48_000


def rows() -> Rows:
    """Over presets spread through the factory's, at middle C."""
    load_torch()
    from engine.synths.fm_pictures import draw, look

    found = [patch for patch in factory_presets() if patch.synth == "fm"]
    presets = found[:: max(len(found) // N_PRESETS, 1)]
    drawn: list[float] = []
    whole: list[float] = []
    longest: list[float] = []
    for patch in presets:
        drawn += timed_ms(partial(draw, patch, 60, 100, 1.0, 2.0), 5)
        audio = render_inline(patch, note=60, velocity=100, hold_s=1.0, duration_s=2.0, sample_rate=RATE)
        for _ in range(3):
            steps = look(audio, patch, 60, 100, 1.0)
            times = [0.0]
            try:
                while True:
                    begun = time.perf_counter()
                    try:
                        next(steps)
                    finally:
                        times.append((time.perf_counter() - begun) * 1e3)
            except StopIteration:
                whole.append(sum(times))
                longest.append(max(times))
    words = f"{len(presets)} presets"
    yield Row.of("pictures", "the waves of six operators", drawn, "ms", STEP, detail=words)
    yield Row.of("pictures", "a spectrum with its partials named", whole, "ms", detail=words)
    yield Row.of("pictures", "the longest step of it", longest, "ms", STEP, detail=words)
