"""What a strike of the impact instrument costs: its modes beside the plain sum of sines, the whole of it, batches, and
gradients."""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from engine.bench.frame import Mark, Row, Rows, ratios, timed_ms
from engine.params import Patch
from engine.params.impact import N_MODES
from engine.torch_setup import load_torch

if TYPE_CHECKING:
    from torch import Tensor

RATE, SECONDS = 48_000, 2.0
MODES = Mark(p95=20.0)
"""512 modes in stereo for 2 s at 48 kHz, in milliseconds."""
STRIKE = Mark(p95=50.0)
"""The same with force, room and convolutions, in milliseconds."""
BACKWARD = Mark(median=4.0)
"""A render with gradients and its backward pass, over one without."""
ERROR = Mark(p95=-100.0)
"""Of the modes in single precision, beside the plain sum in double precision, in dB of its peak."""
HAND = Mark(median=60.0)
"""A hand that scrapes, rolls or bounces on 512 modes, in per cent of one core."""
LIVE = Mark(p95=10.0)
"""A block of 10 ms of a voice that is played live, in milliseconds of this machine."""


def rows() -> Rows:
    load_torch()
    import torch

    from engine.dsp.resonators import plain_sum, ring

    n_frames = round(SECONDS * RATE)
    for name, slowest, fastest in (("that ring on", 0.3, 3.0), ("that fall as wood's do", 20.0, 2_000.0)):
        given = _modes(slowest, fastest)
        times = timed_ms(partial(ring, *given, n_frames, RATE), n=20, warm_up=3)
        yield Row.of("impact", f"{N_MODES} stereo modes {name}", times, "ms", MODES, detail="2 s at 48 kHz")
        plain = timed_ms(partial(plain_sum, *given, n_frames, RATE), n=2)
        ratios = [p / t for p in plain for t in times]
        yield Row.of("impact", "the same, sample by sample, over that", ratios, "x")
        wanted = plain_sum(given[0], given[1], given[2].double(), n_frames, RATE)
        error = float((ring(*given, n_frames, RATE) - wanted).abs().max() / wanted.abs().max())
        yield Row.of("impact", "their difference", [20.0 * math.log10(error)], "dB", ERROR)
    for name, patch in (("in a room", full_patch()), ("without one", full_patch().with_values(room=0.0))):
        times = timed_ms(_render(torch.tensor([patch.unit()])), n=20, warm_up=3)
        yield Row.of("impact", f"a strike of {N_MODES} modes {name}", times, "ms", STRIKE, detail="2 s at 48 kHz")
    usual = torch.tensor([Patch("impact", {"material": 1.0, "room": 0.3}).unit()])
    yield Row.of("impact", "a usual strike", timed_ms(_render(usual), n=20, warm_up=3), "ms", detail="48 modes, 2 s")
    for name, patch in (
        (f"{N_MODES} modes in a room", full_patch()),
        (f"{N_MODES} modes without one", full_patch().with_values(room=0.0)),
        ("a usual strike in a room", Patch("impact", {"material": 1.0, "room": 0.3})),
        ("a usual strike without one", Patch("impact", {"material": 1.0, "room": 0.0})),
    ):
        found, busy = backward_ratios(patch)
        detail = f"over the plain render; {busy:.2f} by processor time"
        yield Row.of("impact", f"a gradient, {name}", found, "x", BACKWARD, detail=detail)
    batch = torch.tensor([full_patch().with_values(size_m=0.2 + 0.01 * i).unit() for i in range(64)])
    times = timed_ms(_render(batch, rate=24_000), n=3)
    yield Row.of("impact", f"64 strikes of {N_MODES} modes", times, "ms", detail="2 s at 24 kHz")
    yield _live()
    yield from _hands()
    yield _export()


def full_patch() -> Patch:
    """A large metal plate of 512 audible modes, struck roughly in a room."""
    sizes = {"size_m": 1.2, "thickness_m": 0.0025, "proportion": 0.8, "modes": float(N_MODES)}
    return Patch("impact", {"shape": 1.0, "material": 1.0, **sizes, "contact_db": -9.0, "contact_s": 0.1, "room": 0.3})


def backward_ratios(patch: Patch, n: int = 11) -> tuple[list[float], float]:
    """Time of a render with gradients and its backward pass, over that of the same render without gradients; and the
    middle of the same by the processor's time."""
    import torch

    unit = torch.tensor([patch.unit()])
    knobs = unit.clone().requires_grad_()
    with_gradients = _render(knobs)

    def there_and_back() -> None:
        torch.autograd.grad(with_gradients().square().mean(), knobs)

    return ratios(_render(unit), there_and_back, n)


def _render(unit: Tensor, rate: int = RATE) -> Callable[[], Tensor]:
    from engine.synths.catalog import synth_of

    synth = synth_of("impact")
    return lambda: synth.render(unit, note=60, velocity=100, hold_s=1.0, duration_s=SECONDS, sample_rate=rate)


def _modes(slowest: float, fastest: float) -> tuple[Tensor, Tensor, Tensor]:
    """Modes from 60 Hz to 18 kHz, the high ones falling faster."""
    import torch

    share = torch.linspace(0.0, 1.0, N_MODES, dtype=torch.float64)[None]
    level = torch.randn(1, 2, N_MODES, generator=torch.Generator().manual_seed(0))
    return 60.0 * 300.0**share, slowest * (fastest / slowest) ** share, level


def _live() -> Row:
    from engine.synths.catalog import synth_of
    from engine.synths.live_voice import Key

    voice = synth_of("impact").live_patch(full_patch(), RATE).strike(Key(60, 100))
    times = timed_ms(lambda: voice.process(RATE // 100, True), n=100, warm_up=1)
    return Row.of("impact", f"10 ms of a live voice of {N_MODES} modes", times, "ms", LIVE)


def _hands() -> Rows:
    """What a hand on a large object costs: processor time over the time that it lasts, in per cent of one core."""
    from engine.params.gesture import GESTURES

    for kind in GESTURES:
        shares = hand_shares(full_patch().with_values(room=0.0), kind)
        name = f"a {kind} on {N_MODES} modes, live"
        yield Row.of("impact", name, shares, "%", HAND, detail="of one core, 48 kHz")


def hand_shares(patch: Patch, kind: str, seconds: float = 1.0, n: int = 5) -> list[float]:
    """A hand that goes back and forth, twice a second over the whole object."""
    from engine.params.gesture import Hand
    from engine.synths.catalog import synth_of
    from engine.synths.live import LiveInstrument

    live = LiveInstrument(synth_of(patch.synth).live_patch(patch, RATE), RATE)
    block, at, found = RATE // 100, 0, []
    for _ in range(n + 1):
        start = time.process_time()
        for _ in range(round(100 * seconds)):
            live.touch((0.5 + 0.4 * math.sin(4.0 * math.pi * at / RATE), 0.4), 0.7, 60, Hand(kind), at=at)
            at += block
            live.render(at)
        found.append((time.process_time() - start) / seconds * 100.0)
    return found[1:]


def _export() -> Row:
    """A set of 8 round robins in 4 layers, struck and written."""
    from engine.jobs import run_inline
    from engine.params.note import NoteSettings
    from engine.params.variations import VaryPlan
    from engine.variation_set import SetRequest, write_set_steps

    request = SetRequest(Patch("impact", {"material": 1.0, "room": 0.3}), VaryPlan(8, 4), NoteSettings())
    times = []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(3):
            start = time.perf_counter()
            run_inline(partial(write_set_steps, "real", request, Path(folder) / str(number)))
            times.append(time.perf_counter() - start)
    return Row.of("impact", "8 variations in 4 layers, as files", times, "s", detail="48 modes, 2 s at 48 kHz")
