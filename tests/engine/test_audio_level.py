"""Sounds are compared at equal loudness, and nothing is turned up for it."""

from __future__ import annotations

import math
from random import Random

import numpy as np
import pytest

from engine.audio import Audio, loudness_lufs
from engine.audio.level import MOST_DB, Level, matching_gains_db

RATE = 48_000


def noise(gain_db: float, crest: float = 1.0) -> Audio:
    """A second of noise; ``crest`` is the height of one click in it."""
    samples = np.random.default_rng(5).normal(0.0, 0.1, RATE) * 10 ** (gain_db / 20)
    samples[RATE // 2] *= crest
    return Audio(samples.astype(np.float32), RATE)


def test_a_level_is_loudness_and_peak() -> None:
    sound = noise(-6.0)
    level = Level.of(sound)
    assert level.lufs == loudness_lufs(sound)
    assert level.peak_db == pytest.approx(20 * math.log10(sound.peak))
    assert Level.of(Audio(np.zeros(RATE, np.float32), RATE)) == Level(-math.inf, -math.inf)


def test_matched_sounds_are_equally_loud() -> None:
    sounds = {0: noise(-3.0), 1: noise(-20.0), 3: noise(-9.0)}
    gains = matching_gains_db({key: Level.of(sound) for key, sound in sounds.items()})
    loud = [loudness_lufs(Audio(sound.samples * 10 ** (gains[key] / 20), RATE)) for key, sound in sounds.items()]
    assert max(loud) - min(loud) < 0.05


def test_the_softest_keeps_its_level_and_the_others_come_down() -> None:
    gains = matching_gains_db({0: Level(-20.0, -8.0), 1: Level(-26.0, -12.0)})
    assert gains == {0: pytest.approx(-6.0), 1: 0.0}


def test_beside_something_barely_heard_the_rest_is_still_heard() -> None:
    gains = matching_gains_db({0: Level(-14.0, -4.0), 1: Level(-60.0, -43.0)})
    assert gains == {0: -MOST_DB, 1: 0.0}


def test_nothing_is_ever_turned_up() -> None:
    rng = Random(1)
    for _ in range(500):
        levels = {}
        for key in range(4):
            lufs = rng.uniform(-60.0, 0.0)
            levels[key] = Level(lufs, lufs + rng.uniform(1.0, 30.0))
        assert all(-MOST_DB - 1e-9 <= gain <= 0.0 for gain in matching_gains_db(levels).values())


def test_silence_is_left_out() -> None:
    silent = Level(-math.inf, -math.inf)
    assert matching_gains_db({0: silent, 1: Level(-20.0, -6.0)}) == {0: 0.0, 1: 0.0}
    assert matching_gains_db({0: silent}) == {0: 0.0}
    assert matching_gains_db({}) == {}


def test_badness_is_nought_for_what_is_heard_and_does_not_clip() -> None:
    assert Level(-20.0, -3.0).badness == 0.0
    assert Level(-20.0, 4.0).badness == pytest.approx(4.0)
    assert Level(-math.inf, -math.inf).badness > Level(-70.0, -50.0).badness > Level(-10.0, 12.0).badness > 0.0
