"""What a note of the FM instrument costs: alone, in a batch, with its gradients, and from a knob to the player."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from engine.audio.values import Audio
from engine.bench.frame import Mark, Row, Rows, ratios, timed_ms
from engine.inline import render_inline
from engine.params import Patch
from engine.params.fm import FM_SPACE, N_OPERATORS, loop_routes, mod_name, mod_routes
from engine.params.keys import key_to_hz
from engine.project.presets import factory_presets, preset_named
from engine.studio import Studio
from engine.torch_setup import load_torch

if TYPE_CHECKING:
    import torch

    from engine.synths.base import Quality

NOTE = Mark(p95=25.0)
"""A 2 s note at 48 kHz, default quality, in milliseconds."""

BATCH = Mark(median=600.0)
"""64 notes of 2 s at 24 kHz in draft quality, in milliseconds."""

LOOPS = Mark(p95=60.0)
"""The same with operators that bend each other in circles."""

BACKWARD = Mark(median=4.0)
"""A render with gradients and its backward pass, over the plain render."""

ALIASES = Mark(p95=-60.0)
"""The strongest alias below 19.5 kHz, in dB under the loudest partial."""

EFFECTS = {"filter_type": 1.0, "filter_env_st": 24.0, "reverb": 0.3}

BRIGHT: dict[str, dict[str, float]] = {
    "index 6": {"mod_2_1_rad": 6.0},
    "index 12": {"mod_2_1_rad": 12.0},
    "index 25": {"mod_2_1_rad": 25.0},
    "index 4 at 2": {"mod_2_1_rad": 4.0, "op2_ratio": 2.0},
    "index 8 at 2": {"mod_2_1_rad": 8.0, "op2_ratio": 2.0},
    "index 16 at 2": {"mod_2_1_rad": 16.0, "op2_ratio": 2.0},
    "index 4 at 3": {"mod_2_1_rad": 4.0, "op2_ratio": 3.0},
    "index 10 at 3": {"mod_2_1_rad": 10.0, "op2_ratio": 3.0},
    "index 4 at 5": {"mod_2_1_rad": 4.0, "op2_ratio": 5.0},
    "index 8 at 5": {"mod_2_1_rad": 8.0, "op2_ratio": 5.0},
    "index 3 at 9": {"mod_2_1_rad": 3.0, "op2_ratio": 9.0},
    "index 4 at 14": {"mod_2_1_rad": 4.0, "op2_ratio": 14.0},
    "index 6 under 4": {"mod_2_1_rad": 6.0, "op1_ratio": 4.0},
    "stack of three": {"mod_2_1_rad": 3.0, "mod_3_2_rad": 3.0, "op2_ratio": 2.0, "op3_ratio": 3.0},
    "stack of four": {"mod_2_1_rad": 2.0, "mod_3_2_rad": 2.0, "mod_4_3_rad": 2.0},
    "two modulators": {"mod_2_1_rad": 5.0, "mod_3_1_rad": 5.0, "op3_ratio": 3.0},
    "three modulators": {
        "mod_2_1_rad": 3.0,
        "mod_3_1_rad": 3.0,
        "mod_4_1_rad": 3.0,
        "op3_ratio": 4.0,
        "op4_ratio": 7.0,
    },
    "one over two carriers": {"mod_3_1_rad": 7.0, "mod_3_2_rad": 7.0, "op2_out_db": 0.0, "op2_ratio": 2.0},
    "electric": {"mod_2_1_rad": 2.5, "op2_ratio": 14.0, "mod_4_3_rad": 3.0, "op3_out_db": 0.0},
    "feedback": {"mod_1_1_rad": 0.7},
}
"""Twenty patches of many partials, with all frequencies in whole ratios so that whatever lies between is an alias."""

TURN = Mark(p95=30.0)
"""From asking for a render to the sound at the player's door, in milliseconds: half of what a turning hand may wait."""

N_TURNS = 200


def rows() -> Rows:
    load_torch()
    presets = [patch for patch in factory_presets() if patch.synth == "fm"]
    for name, limit, looped in (("without loops", NOTE, False), ("with loops", LOOPS, True)):
        chosen = [patch for patch in presets if has_loops(patch) is looped]
        times = [t for patch in chosen for t in timed_ms(partial(render_inline, patch), n=3)]
        yield Row.of("fm", f"a note, every preset {name}", times, "ms", limit, detail=f"{len(chosen)}, 2 s at 48 kHz")
    for name, patch, note, mark in (
        ("a note, every operator and route", full_patch(), 60.0, NOTE),
        ("a note with feedback on one operator", looped_patch([(6, 6)]), 60.0, LOOPS),
        ("a note with feedback and a loop of three", looped_patch([(6, 6), (2, 4)]), 60.0, LOOPS),
        ("a note with all 36 routes", looped_patch(loop_routes()), 60.0, LOOPS),
        ("a note at C7 that needs eight times the rate", bright_patch(), 96.0, NOTE),
        ("that with filter and reverb", bright_patch().with_values(**EFFECTS), 96.0, NOTE),
        ("every operator and route with filter and reverb", full_patch().with_values(**EFFECTS), 60.0, NOTE),
        ("a loop of three with filter and reverb", looped_patch([(6, 6), (2, 4)]).with_values(**EFFECTS), 60.0, LOOPS),
        ("all 36 routes with filter and reverb", looped_patch(loop_routes()).with_values(**EFFECTS), 60.0, LOOPS),
    ):
        yield Row.of("fm", name, timed_ms(partial(render_inline, patch, note=note), n=20), "ms", mark)
    aliases = {(name, key): alias_db(values, key) for name, values in BRIGHT.items() for key in (60.0, 84.0, 96.0)}
    worst = max(aliases, key=lambda where: aliases[where])
    detail = f"of {len(BRIGHT)} patches up to C7: {worst[0]} at key {worst[1]:g}"
    yield Row.of("fm", "aliases, the worst", [aliases[worst]], "dB", ALIASES, detail=detail)
    plain = [patch for patch in presets if is_plain(patch)]
    for name, patches in (("presets of operators alone", plain), ("presets of every kind", presets[::2])):
        yield Row.of("fm", f"64 notes, {name}", timed_ms(_batch(patches), n=5), "ms", BATCH, detail="draft, 24 kHz")
    yield _peer()
    yield _on_card(presets)
    yield from _gradients(plain, presets)
    yield Row.of("fm", "from a knob to the player's door", turn_delays_ms(), "ms", TURN, detail=f"{N_TURNS} turns")


def has_loops(patch: Patch) -> bool:
    """Whether any route of a patch looks back."""
    return any(patch.values[mod_name(s, d)] != 0.0 for s, d in loop_routes())


def is_plain(patch: Patch) -> bool:
    """Whether a patch is operators alone: without loops, and without anything behind them."""
    off = all(patch.values[name] == FM_SPACE[name].low for name in ("drive_db", "noise_db", "filter_type", "reverb"))
    return off and patch.values["spread"] == 0.0 and not has_loops(patch)


def full_patch() -> Patch:
    """Six operators that are all heard and all bend each other."""
    heard = {f"op{n}_out_db": -12.0 for n in range(1, N_OPERATORS + 1)}
    return Patch("fm", {**heard, **{mod_name(s, d): 1.0 for s, d in mod_routes()}})


def looped_patch(loops: list[tuple[int, int]]) -> Patch:
    """The same with some routes that look back."""
    return full_patch().with_values(**{mod_name(s, d): 0.5 for s, d in loops})


def bright_patch() -> Patch:
    """A deep modulation by a high ratio."""
    return Patch("fm", {"mod_2_1_rad": 20.0, "op2_ratio": 3.0, "op2_env3_db": 0.0, "op2_env2_db": 0.0})


def alias_db(values: dict[str, float], key: float) -> float:
    """The strongest alias of a steady patch under its loudest partial, in dB."""
    levels = {f"op{n}_env{i}_db": 0.0 for n in range(1, N_OPERATORS + 1) for i in (1, 2, 3)}
    attacks = {f"op{n}_env1_s": 0.0005 for n in range(1, N_OPERATORS + 1)}
    patch = Patch("fm", {"mod_2_1_rad": 0.0, "gain_db": -12.0, **levels, **attacks, **values})
    n, rate = 1 << 15, 48_000
    sound = render_inline(patch, note=key, hold_s=2.0, duration_s=1.0, sample_rate=rate).samples[0, 9_600 : 9_600 + n]
    level = 20.0 * np.log10(np.abs(np.fft.rfft(sound * np.kaiser(n, 14.0))) + 1e-12)
    hz = np.fft.rfftfreq(n, 1.0 / rate)
    f0 = key_to_hz(key)
    away_hz = np.abs(hz / f0 - np.round(hz / f0)) * f0
    between = (away_hz > 12.0) & (hz < 19_500.0)
    return float(level[between].max() - level.max())


def _gradients(plain: list[Patch], presets: list[Patch]) -> Rows:
    """What a gradient costs beside the render that it belongs to, of one note and of 64."""
    for name, patch, key in (
        ("the first patch", Patch("fm"), 60.0),
        ("every operator and route", full_patch(), 60.0),
        ("that with filter and reverb", full_patch().with_values(**EFFECTS), 60.0),
        ("a loop of three with filter and reverb", looped_patch([(6, 6), (2, 4)]).with_values(**EFFECTS), 60.0),
        ("all 36 routes", looped_patch(loop_routes()), 60.0),
        ("all 36 routes with filter and reverb", looped_patch(loop_routes()).with_values(**EFFECTS), 60.0),
        ("eight times the rate, at C7", bright_patch(), 96.0),
        ("that with filter and reverb, at C7", bright_patch().with_values(**EFFECTS), 96.0),
    ):
        yield _gradient(name, [patch], 15, key)
        yield _gradient(f"{name}, nothing may open", [patch], 15, key, may_open=False)
    chosen = [preset for preset in plain if not has_loops(preset)][:24]
    found = [_gradient(preset.name, [preset], 3).median for preset in chosen]
    yield Row.of("fm", "a gradient, presets of operators alone", found, "x", BACKWARD, detail="over the plain render")
    for name, patches in (("operators alone", plain), ("every kind", presets[::2])):
        batch = [patches[i % len(patches)] for i in range(64)]
        yield _gradient(f"64 notes, presets of {name}", batch, 3, quality="draft", rate=24_000)


def _gradient(
    name: str,
    patches: list[Patch],
    n: int,
    key: float = 60.0,
    *,
    may_open: bool = True,
    quality: Quality = "default",
    rate: int = 48_000,
) -> Row:
    """A render with gradients and its backward pass over the plain render, in one run."""
    import torch

    from engine.synths.fm import FmSynth

    synth = FmSynth(may_open=may_open)
    unit = torch.tensor([patch.unit() for patch in patches])
    knobs = unit.clone().requires_grad_()

    def render(unit: torch.Tensor) -> torch.Tensor:
        how = {"note": key, "velocity": 100, "hold_s": 1.0, "duration_s": 2.0}
        return synth.render(unit, **how, sample_rate=rate, quality=quality)  # type: ignore[arg-type]

    def there_and_back() -> None:
        torch.autograd.grad(render(knobs).square().mean(), knobs)

    found, busy = ratios(partial(render, unit), there_and_back, n)
    detail = f"over the plain render; {busy:.2f} by processor time"
    return Row.of("fm", f"a gradient, {name}", found, "x", BACKWARD, detail=detail)


def turn_delays_ms(n_turns: int = N_TURNS) -> list[float]:
    """Turn a knob of a preset again and again; how long each sound takes to come, in milliseconds."""
    arrived = threading.Event()
    studio = Studio(None)

    def on_audio(audio: Audio) -> None:
        arrived.set()

    delays: list[float] = []
    try:
        patch = preset_named("Electric Piano") or Patch("fm")
        studio.render(patch, on_audio=on_audio)
        arrived.wait()
        for turn in range(n_turns):
            arrived.clear()
            turned = patch.with_values(op1_ratio=1.0 + turn / n_turns)
            start = time.perf_counter()
            studio.render(turned, on_audio=on_audio)
            arrived.wait()
            delays.append((time.perf_counter() - start) * 1e3)
    finally:
        studio.close()
    return delays


def _peer() -> Row:
    """The same number of notes by torchsynth's ``Voice`` (two oscillators, noise, no filter; it makes no gradients)."""
    title = "64 notes, torchsynth's Voice"
    try:
        from torchsynth.config import SynthConfig
        from torchsynth.synth import Voice
    except ImportError:
        # Version 1.0.2 needs pytorch-lightning below 1.8.
        return Row.skipped("fm", title, "torchsynth is not installed")
    voice = Voice(SynthConfig(batch_size=64, sample_rate=24_000, buffer_size_seconds=2.0, reproducible=False))
    return Row.of("fm", title, timed_ms(partial(voice, 0), n=5), "ms", detail="2 s at 24 kHz")


def _on_card(presets: list[Patch]) -> Row:
    """Four times as many notes of every kind, on a GPU, until the last one is there."""
    import torch

    title = "256 notes on the accelerator"
    if not torch.cuda.is_available():
        return Row.skipped("fm", title, "no accelerator on this machine")
    render = _batch(presets, 256, "cuda")

    def render_all() -> None:
        render()
        torch.cuda.synchronize()

    return Row.of("fm", title, timed_ms(render_all, n=5), "ms", detail=f"draft, 24 kHz, {torch.cuda.get_device_name()}")


def _batch(presets: list[Patch], n: int = 64, device: str = "cpu") -> Callable[[], torch.Tensor]:
    import torch

    from engine.synths.catalog import synth_of

    unit = torch.tensor([presets[i % len(presets)].unit() for i in range(n)], device=device)
    synth = synth_of("fm")
    return lambda: synth.render(
        unit, note=60, velocity=100, hold_s=1.0, duration_s=2.0, sample_rate=24_000, quality="draft"
    )
