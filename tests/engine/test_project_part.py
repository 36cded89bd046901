"""The sound of a selection."""

from __future__ import annotations

import numpy as np
import pytest

from engine.audio import Audio, Clip
from engine.project.part import BLOCK, is_whole_file, part_of

RATE = 48000


def tones(*hz: float, seconds: float = 1.0, rate: int = RATE) -> Clip:
    t = np.arange(round(seconds * rate)) / rate
    return Clip.of(Audio(sum(0.2 * np.sin(2 * np.pi * f * t) for f in hz), rate), "Tones")


def level_db(clip: Clip, hz: float) -> float:
    """Level of one frequency in the middle of a clip, relative to a sine of amplitude 0.2."""
    x = clip.read(0, clip.n_frames).samples[0].astype(float)
    window = np.hanning(len(x))
    t = np.arange(len(x)) / clip.sample_rate
    amplitude = 2 * abs(np.sum(x * window * np.exp(-2j * np.pi * hz * t))) / window.sum()
    return float(20 * np.log10(amplitude / 0.2 + 1e-12))


def test_a_stretch_of_time_is_sample_exact() -> None:
    clip = tones(440)
    part = part_of(clip, 0.25, 0.5)
    assert part.n_frames == RATE // 4
    assert part.name == "Tones (0.25-0.50 s)"
    np.testing.assert_array_equal(part.read(0, RATE).samples, clip.read(RATE // 4, RATE // 4).samples)


def test_a_band_keeps_its_tone_and_kills_those_above_and_below() -> None:
    part = part_of(tones(100, 1000, 8000), 0.2, 0.9, 500, 2000)
    assert part.name == "Tones (0.20-0.90 s, 500-2000 Hz)"
    assert abs(level_db(part, 1000)) < 0.01
    assert level_db(part, 100) < -75
    assert level_db(part, 8000) < -75


@pytest.mark.parametrize(("low", "high", "kept", "lost"), [(None, 500, 100, 1000), (500, None, 1000, 100)])
def test_one_sided_bands(low: float | None, high: float | None, kept: float, lost: float) -> None:
    part = part_of(tones(100, 1000), 0.1, 0.9, low, high)
    assert abs(level_db(part, kept)) < 0.01
    assert level_db(part, lost) < -75


def test_a_narrow_band_still_passes_what_is_in_it() -> None:
    part = part_of(tones(960, 1000, 1040), 0.0, 1.0, 990, 1010)
    assert abs(level_db(part, 1000)) < 0.1
    assert level_db(part, 960) < -60
    assert level_db(part, 1040) < -60


def test_a_band_does_not_move_the_sound_in_time() -> None:
    clip = tones(1000)
    part = part_of(clip, 0.3, 0.6, 500, 2000)
    original = clip.read(round(0.3 * RATE), part.n_frames).samples
    assert np.max(np.abs(part.read(0, part.n_frames).samples - original)) < 1e-3


def test_a_band_sounds_the_same_however_it_is_read() -> None:
    noise = np.random.default_rng(1).normal(size=(2, BLOCK * 2 + 777)).astype(np.float32) * 0.1
    part = part_of(Clip.of(Audio(noise, RATE), "Noise"), 0.001, 99, 300, 3000)
    whole = part.read(0, part.n_frames).samples
    pieces = [part.read(at, 5000).samples for at in range(0, part.n_frames, 5000)]
    np.testing.assert_allclose(np.concatenate(pieces, axis=1), whole, atol=1e-6)


def test_limits_at_the_ends_of_the_spectrum_change_nothing() -> None:
    clip = tones(440)
    part = part_of(clip, 0, 1, 0.0, RATE / 2)
    np.testing.assert_array_equal(part.read(0, RATE).samples, clip.read(0, RATE).samples)


def test_an_empty_selection_is_refused() -> None:
    with pytest.raises(ValueError, match="no samples"):
        part_of(tones(440), 0.5, 0.5)
    with pytest.raises(ValueError, match="no frequency"):
        part_of(tones(440), 0, 1, 30000, 40000)


def test_a_part_of_memory_is_no_file() -> None:
    assert not is_whole_file(tones(440))
