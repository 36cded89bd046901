"""The melody of a voice and how far two readings are apart, on voices whose answers are known."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from engine.dsp.mel import HOP, RATE_HZ, log_mel
from engine.metrics.speech_distance import cepstra, compare, warp
from engine.metrics.voice_pitch import track


def hum(hz: np.ndarray, brightness: float = 0.7) -> np.ndarray:
    """A voice with the fundamentals ``hz`` ``[n]``, sample by sample."""
    phase = 2.0 * math.pi * np.cumsum(hz) / RATE_HZ
    waves = [brightness**k * np.sin(k * phase) for k in range(1, 21)]
    return (0.1 * np.sum(waves, 0)).astype(np.float32)


def frames_of(samples: np.ndarray) -> np.ndarray:
    return log_mel(torch.from_numpy(samples)).numpy()


@pytest.mark.parametrize(("low", "high"), [(90.0, 140.0), (180.0, 300.0), (150.0, 150.0)])
def test_a_glide_is_followed(low: float, high: float) -> None:
    hz = np.geomspace(low, high, RATE_HZ)
    found = track(hum(hz))
    inner = slice(5, -5)
    wanted = hz[np.minimum(np.arange(len(found)) * HOP, RATE_HZ - 1)]
    assert np.all(found[inner] > 0.0)
    assert np.abs(12.0 * np.log2(found[inner] / wanted[inner])).max() < 0.5


def test_noise_and_silence_have_no_melody() -> None:
    noise = 0.1 * np.random.default_rng(0).normal(size=RATE_HZ).astype(np.float32)
    assert np.mean(track(noise) > 0.0) < 0.15
    assert not track(np.zeros(RATE_HZ // 2, np.float32)).any()
    voiced = hum(np.full(RATE_HZ // 2, 200.0))
    found = track(np.concatenate([voiced, 0.02 * noise[: RATE_HZ // 2]]))
    half = len(found) // 2
    assert np.mean(found[3 : half - 3] > 0.0) == 1.0
    assert np.mean(found[half + 3 :] > 0.0) < 0.2


def test_a_weak_fundamental_is_still_the_pitch() -> None:
    """The octave above is louder than the fundamental, as it often is in a voice."""
    t = np.arange(RATE_HZ // 2) / RATE_HZ
    sound = sum(a * np.sin(2 * np.pi * 160.0 * k * t) for k, a in ((1, 0.05), (2, 0.2), (3, 0.1), (4, 0.1), (5, 0.05)))
    found = track(np.asarray(sound, np.float32))[4:-4]
    assert np.median(found) == pytest.approx(160.0, rel=0.01)


def test_the_warp_undoes_a_change_of_tempo() -> None:
    steps = np.random.default_rng(0).normal(size=(30, 5)).astype(np.float32)
    slow = np.repeat(steps, 3, axis=0)
    path = warp(steps, slow)
    assert path[0].tolist() == [0, 0]
    assert path[-1].tolist() == [29, 89]
    assert np.array_equal(path[:, 1] // 3, path[:, 0])


def test_a_reading_is_nothing_away_from_itself_and_louder_is_no_other_spectrum() -> None:
    sound = hum(np.geomspace(150.0, 220.0, RATE_HZ))
    frames, hz = frames_of(sound), track(sound)
    same = compare(frames, hz, frames, hz)
    assert same.mcd_db == pytest.approx(0.0, abs=1e-4)
    assert (same.pitch_correlation, same.voicing_f1) == (pytest.approx(1.0), 1.0)
    assert (same.movement, same.length_ratio) == (pytest.approx(1.0), 1.0)
    assert np.allclose(cepstra(frames + 1.0), cepstra(frames), atol=1e-4)


def test_what_is_duller_flatter_or_higher_is_heard() -> None:
    hz = 180.0 * 2.0 ** (0.3 * np.sin(np.arange(RATE_HZ) / RATE_HZ * 9.0))
    real, dull, flat, high = hum(hz), hum(hz, 0.4), hum(np.full(RATE_HZ, 180.0)), hum(2.0 ** (2.0 / 12.0) * hz)
    frames, melody = frames_of(real), track(real)
    assert compare(frames_of(dull), track(dull), frames, melody).mcd_db > 3.0
    assert compare(frames_of(flat), track(flat), frames, melody).pitch_spread_st < 0.1
    risen = compare(frames_of(high), track(high), frames, melody)
    # In a hum there is nothing but the pitch to warp by, which hides some of it.
    assert 1.0 < risen.pitch_error_st < 2.2
    assert risen.pitch_spread_st == pytest.approx(risen.pitch_spread_real_st, rel=0.05)
