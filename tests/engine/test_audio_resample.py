"""Resampling keeps pitch, level and time, at once or block by block."""

from __future__ import annotations

import numpy as np
import pytest

from engine.audio import Audio, StreamResampler, resample, resampled_length

RATES = [8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 88_200, 96_000, 192_000]


def tone(hz: float, seconds: float, rate: int) -> np.ndarray:
    return np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate).astype(np.float32)


@pytest.mark.parametrize("old", RATES)
@pytest.mark.parametrize("new", [44_100, 48_000])
def test_a_tone_keeps_its_pitch_its_level_and_its_time(old: int, new: int) -> None:
    sound = resample(Audio(np.stack([tone(440, 0.48, old), 0.5 * tone(1000, 0.48, old)]), old), new)
    assert (sound.sample_rate, sound.channels, sound.n_frames) == (new, 2, new * 48 // 100)
    middle = slice(new // 8, 3 * new // 8)
    np.testing.assert_allclose(sound.samples[0, middle], tone(440, 0.48, new)[middle], atol=1e-4)
    np.testing.assert_allclose(sound.samples[1, middle], 0.5 * tone(1000, 0.48, new)[middle], atol=1e-4)


def test_what_the_new_rate_cannot_hold_dies_and_does_not_fold_back() -> None:
    sound = resample(Audio(tone(20_000, 0.5, 48_000), 48_000), 16_000)
    assert np.max(np.abs(sound.samples[:, 2000:6000])) < 1e-5


def test_the_same_rate_is_the_same_sound() -> None:
    sound = Audio(tone(440, 0.1, 48_000), 48_000)
    assert resample(sound, 48_000) is sound


@pytest.mark.parametrize("n", [0, 1, 2, 7, 100])
def test_the_shortest_sounds_have_the_right_length(n: int) -> None:
    assert resample(Audio(np.ones((2, n), np.float32), 44_100), 48_000).n_frames == resampled_length(n, 44_100, 48_000)


def test_a_rate_of_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="positive"):
        resample(Audio(np.ones(10, np.float32), 44_100), 0)
    with pytest.raises(ValueError, match="positive"):
        StreamResampler(48_000, 0, 2)


@pytest.mark.parametrize(("old", "new"), [(44_100, 48_000), (48_000, 44_100), (96_000, 48_000), (8_000, 48_000)])
@pytest.mark.parametrize("block", [1, 333, 4096])
def test_blocks_join_to_what_the_whole_gives(old: int, new: int, block: int) -> None:
    n = old // 20 if block == 1 else old // 2
    noise = np.random.default_rng(0).standard_normal((2, n)).astype(np.float32)
    stream = StreamResampler(old, new, 2)
    parts = [stream.process(noise[:, i : i + block]) for i in range(0, n, block)]
    parts.append(stream.process(np.zeros((2, 0), np.float32), last=True))
    joined = np.concatenate(parts, axis=1)
    whole = resample(Audio(noise, old), new).samples
    assert abs(joined.shape[1] - whole.shape[1]) <= 1
    m = min(joined.shape[1], whole.shape[1])
    np.testing.assert_allclose(joined[:, :m], whole[:, :m], atol=1e-5)


def test_a_stream_of_one_rate_passes_everything_through() -> None:
    stream = StreamResampler(48_000, 48_000, 1)
    block = tone(440, 0.01, 48_000)[np.newaxis]
    np.testing.assert_array_equal(stream.process(block), block)
    assert stream.process(block[:, :0], last=True).shape == (1, 0)


def test_a_stream_forgets_what_came_before_a_jump() -> None:
    noise = np.random.default_rng(0).standard_normal((1, 20_000)).astype(np.float32)
    fresh, used = StreamResampler(44_100, 48_000, 1), StreamResampler(44_100, 48_000, 1)
    used.process(np.ones((1, 5000), np.float32))
    used.reset()
    np.testing.assert_array_equal(fresh.process(noise), used.process(noise))
