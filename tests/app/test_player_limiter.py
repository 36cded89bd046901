"""Many keys at once: what the device is given stays below full scale and is not crushed; one key alone is untouched."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from test_player_bus import frames

from app.playback.bus import Bus
from app.playback.limiter import HEADROOM_DB, HOLD_S, Limiter
from engine.params import Patch
from engine.project.presets import factory_presets
from engine.synths.catalog import synth_of
from engine.synths.live import LiveInstrument

RATE = 48_000
BLOCK = 600
CEILING = 10 ** (-HEADROOM_DB / 20)
KEYS = [36 + 3 * n for n in range(16)]


def played(patch: Patch, keys: list[int], velocity: int, seconds: float, apart_s: float = 0.0) -> NDArray[np.float32]:
    """``[frames, 2]``: the sum of the keys, each struck a little after the one before."""
    live = LiveInstrument(synth_of(patch.synth).live_patch(patch, RATE), RATE)
    n = round(seconds * RATE) // BLOCK * BLOCK
    out = np.zeros((n, 2), np.float32)
    for i, key in enumerate(keys):
        live.note_on(key, velocity, round(i * apart_s * RATE))
    for first, sound in live.render(n):
        out[first : first + len(sound)] += sound
    return out


def heard(sound: NDArray[np.float32]) -> NDArray[np.float32]:
    """``[frames, 2]``: what the device takes of it."""
    bus, out = Bus(RATE), np.zeros_like(sound)
    for first in range(0, len(sound), BLOCK):
        bus.add(first, sound[first : first + BLOCK].copy())
        if first:
            bus.play_into(out[first - BLOCK : first])
    bus.play_into(out[-BLOCK:])
    return out


def start(synth: str) -> Patch:
    return Patch(synth)


def named(name: str) -> Patch:
    return next(patch for patch in factory_presets() if patch.name == name)


@pytest.mark.parametrize("apart_s", [0.0, 0.01])
@pytest.mark.parametrize("name", ["", "Brushed Snare", "Helicopter", "Punch Kick", "Warm Pad"])
def test_sixteen_keys_stay_below_full_scale(name: str, apart_s: float) -> None:
    sound = played(named(name) if name else start("fm"), KEYS, 110, 2.0, apart_s)
    assert np.abs(sound).max() > 1.2, "there is nothing to do"
    assert np.abs(heard(sound)).max() < 1.0


@pytest.mark.parametrize("name", ["", "Warm Pad", "Brass Section"])
def test_a_chord_that_is_turned_down_is_not_crushed(name: str) -> None:
    """Behind its beginning it is the same sound, quieter: what is left when both are made equally loud is faint."""
    sound = played(named(name) if name else start("fm"), KEYS, 110, 3.0, 0.01)
    out = heard(sound)
    window, rest_db = RATE // 10, []
    for first in range(RATE, len(sound) - window, window):
        before, after = sound[first : first + window, 0], out[first : first + window, 0]
        share = (before @ after) / (before @ before)
        rest_db.append(10 * np.log10(np.square(after - share * before).mean() / np.square(after).mean() + 1e-15))
    assert np.median(rest_db) < -30.0


@pytest.mark.parametrize("name", ["", "Clay Pot", "Refuse Buzz"])
def test_one_key_alone_is_what_render_writes(name: str) -> None:
    patch = named(name) if name else start("fm")
    rendered = (
        synth_of(patch.synth)
        .render(
            torch.tensor([patch.unit()], dtype=torch.float64),
            note=60.0,
            velocity=127.0,
            hold_s=10.0,
            duration_s=1.1,
            sample_rate=RATE,
            rng=torch.Generator().manual_seed(patch.seed),
        )[0]
        .numpy()
    )
    out = heard(played(patch, [60], 127, 1.0)).T
    assert np.abs(out - rendered[:, : out.shape[1]]).max() < 2e-4


def test_a_peak_in_the_first_frames_is_no_louder_than_the_ceiling() -> None:
    limiter = Limiter(RATE)
    block = frames(np.full(BLOCK, 3.0))
    assert np.abs(limiter.limit(block, block)).max() <= CEILING + 1e-6


def test_between_two_beats_the_level_stays() -> None:
    limiter, silence = Limiter(RATE), frames(np.zeros(BLOCK))
    limiter.limit(frames(np.full(BLOCK, 2.0)), silence)
    soft = frames(np.full(BLOCK, 0.5))
    n = round(0.8 * HOLD_S * RATE / BLOCK)
    levels = [float(limiter.limit(soft, soft)[-1, 0]) for _ in range(n)]
    assert levels == pytest.approx([levels[0]] * n)
    for _ in range(3 * RATE // BLOCK):
        last = limiter.limit(soft, soft)
    assert last is soft, "it is back, and nothing is changed any more"
