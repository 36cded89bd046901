"""Loudness agrees with the standard's own numbers and with the test signals of EBU Tech 3341."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.audio import ArraySource, Audio, Clip, LoudnessMeter, finish, loudness_lufs, measure_loudness_steps
from engine.audio.loudness import k_weighting


def tone(dbfs: float, seconds: float, hz: float = 1000.0, rate: int = 48_000) -> np.ndarray:
    """A sine whose peak lies at ``dbfs``."""
    return (10 ** (dbfs / 20) * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def stereo(*parts: tuple[float, float], rate: int = 48_000) -> Audio:
    """``(dbfs, seconds)`` after each other, the same in both channels."""
    mono = np.concatenate([tone(level, seconds, rate=rate) for level, seconds in parts])
    return Audio(np.stack([mono, mono]), rate)


def test_the_filters_at_48_khz_are_those_of_the_standard() -> None:
    # BS.1770-4, tables 1 and 2.
    shelf, high_pass = k_weighting(48_000)
    tabulated = [1.53512485958697, -2.69169618940638, 1.19839281085285, 1.0, -1.69065929318241, 0.73248077421585]
    np.testing.assert_allclose(shelf, tabulated, atol=1e-12)
    np.testing.assert_allclose(high_pass, [1.0, -2.0, 1.0, 1.0, -1.99004745483398, 0.99007225036621], atol=1e-12)


def test_a_full_scale_997_hz_tone_in_one_channel_reads_minus_3_01() -> None:
    # The calibration that BS.1770-4 states for the left, centre or right channel.
    assert loudness_lufs(Audio(tone(0.0, 5.0, 997.0), 48_000)) == pytest.approx(-3.01, abs=0.005)
    both = np.stack([tone(0.0, 5.0, 997.0)] * 2)
    assert loudness_lufs(Audio(both, 48_000)) == pytest.approx(0.0, abs=0.005)


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 22_050, 44_100, 88_200, 96_000, 192_000])
def test_the_reading_does_not_depend_on_the_rate(rate: int) -> None:
    assert loudness_lufs(Audio(tone(-10.0, 3.0, 997.0, rate), rate)) == pytest.approx(-13.01, abs=0.06)


@pytest.mark.parametrize(
    ("parts", "lufs"),
    [
        ([(-23.0, 20.0)], -23.0),
        ([(-33.0, 20.0)], -33.0),
        ([(-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0)], -23.0),
        ([(-72.0, 10.0), (-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0), (-72.0, 10.0)], -23.0),
        ([(-26.0, 20.0), (-20.0, 20.1), (-26.0, 20.0)], -23.0),
    ],
)
def test_the_ebu_signals_one_to_five_read_right(parts: list[tuple[float, float]], lufs: float) -> None:
    assert loudness_lufs(stereo(*parts)) == pytest.approx(lufs, abs=0.1)


def test_the_ebu_signal_six_weighs_the_channels_behind() -> None:
    levels = [-28.0, -28.0, -24.0, -30.0, -30.0]
    five = np.stack([tone(level, 20.0) for level in levels])
    assert loudness_lufs(Audio(five, 48_000)) == pytest.approx(-23.0, abs=0.1)
    with_bass = np.insert(five, 3, tone(0.0, 20.0), axis=0)  # the low-frequency channel does not count
    assert loudness_lufs(Audio(with_bass, 48_000)) == pytest.approx(loudness_lufs(Audio(five, 48_000)), abs=1e-9)


def test_silence_and_what_is_below_the_gate_have_no_loudness() -> None:
    assert loudness_lufs(Audio(np.zeros((2, 48_000), np.float32), 48_000)) == -math.inf
    assert loudness_lufs(Audio(np.zeros((1, 0), np.float32), 48_000)) == -math.inf
    assert loudness_lufs(stereo((-80.0, 2.0))) == -math.inf


def test_a_click_shorter_than_a_block_is_measured_as_if_silence_followed() -> None:
    click = tone(-6.0, 0.1)
    padded = np.concatenate([click, np.zeros(48_000 * 4 // 10 - len(click), np.float32)])
    assert loudness_lufs(Audio(click, 48_000)) == pytest.approx(loudness_lufs(Audio(padded, 48_000)), abs=0.2)
    assert math.isfinite(loudness_lufs(Audio(click[:500], 48_000)))


def test_doubling_the_level_adds_six_decibels() -> None:
    noise = (0.1 * np.random.default_rng(0).standard_normal((2, 96_000))).astype(np.float32)
    quiet, loud = loudness_lufs(Audio(noise, 48_000)), loudness_lufs(Audio(2 * noise, 48_000))
    assert loud - quiet == pytest.approx(20 * math.log10(2), abs=1e-3)


@pytest.mark.parametrize("block", [100, 4801, 65_536])
def test_blocks_of_any_size_give_the_same_reading(block: int) -> None:
    noise = (0.1 * np.random.default_rng(0).standard_normal((2, 100_000))).astype(np.float32)
    meter = LoudnessMeter(44_100, 2)
    for start in range(0, noise.shape[1], block):
        meter.add(noise[:, start : start + block])
    assert meter.lufs() == pytest.approx(loudness_lufs(Audio(noise, 44_100)), abs=1e-9)


def test_a_clip_is_measured_without_being_read_at_once() -> None:
    class Watched(ArraySource):
        longest = 0

        def read(self, start: int, n: int) -> np.ndarray:
            self.longest = max(self.longest, n)
            return super().read(start, n)

    sound = stereo((-23.0, 10.0))
    source = Watched(sound)
    assert finish(measure_loudness_steps(Clip(source, "tone"))) == pytest.approx(loudness_lufs(sound), abs=1e-9)
    assert source.longest < sound.n_frames / 4


def test_nine_channels_are_refused() -> None:
    with pytest.raises(ValueError, match="1 to 8"):
        LoudnessMeter(48_000, 9)
