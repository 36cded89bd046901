"""The noise of a fitted strike comes near to what is wanted before it goes down any slope, and never further away."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.dsp.log_mel import LogMelTarget
from engine.matching.contenders import Locks
from engine.matching.modes import Modes
from engine.matching.strike_noise import with_near_noise
from engine.matching.strike_scene import StrikeScene
from engine.matching.strike_start import start
from engine.params import IMPACT_SPACE, Patch
from engine.synths.impact_note import ImpactDecoder

RATE = 44_100
NO_MODES = Modes(*np.zeros((4, 0)))


def rattle() -> np.ndarray:
    """Noise that goes on for a while and then falls, high bands first: no single fall fits it."""
    rng = np.random.default_rng(5)
    time_s = np.arange(RATE // 2) / RATE
    low, high = rng.standard_normal((2, time_s.size))
    low = np.convolve(low, np.hanning(41) / 20.0, "same")
    late = np.maximum(time_s - 0.2, 0.0)
    return 0.1 * (low * np.exp(-20.0 * late) + 0.3 * high * np.exp(-60.0 * late))


def scene_of(sound: np.ndarray) -> StrikeScene:
    return StrikeScene(LogMelTarget(torch.from_numpy(sound).float(), RATE, overlap=2), RATE, 0, ImpactDecoder())


def test_what_goes_on_and_then_falls_is_much_nearer_at_once() -> None:
    sound = rattle()
    scene, locks = scene_of(sound), Locks(None, (), IMPACT_SPACE)
    unit = start(scene, NO_MODES, sound, locks)
    near, before_db = with_near_noise(scene, unit, torch.from_numpy(sound).float(), locks.free)
    assert before_db == pytest.approx(float(scene.errors_db(unit[None])[0]), abs=1e-3)
    assert float(scene.errors_db(near[None])[0]) < 0.6 * before_db


def test_what_is_there_already_never_gets_further_away() -> None:
    locks = Locks(None, (), IMPACT_SPACE)
    unit = start(scene_of(rattle()), NO_MODES, rattle(), locks)
    own = scene_of(rattle()).sounds(unit[None])[0]
    scene = scene_of(own.double().numpy())
    near, _ = with_near_noise(scene, unit, own, locks.free)
    assert float(scene.errors_db(near[None])[0]) < 0.01


@pytest.mark.parametrize("name", ["contact_band_db", "contact_band_oct"])
def test_bands_that_are_locked_stay(name: str) -> None:
    sound = rattle()
    scene, locks = scene_of(sound), Locks(Patch("impact"), (name,), IMPACT_SPACE)
    unit = start(scene, NO_MODES, sound, locks)
    near, _ = with_near_noise(scene, unit, torch.from_numpy(sound).float(), locks.free)
    assert torch.equal(near, unit)
