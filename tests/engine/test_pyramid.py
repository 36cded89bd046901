"""The pyramid shows every extreme at every zoom, also while a file is still being read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.audio.pyramid import BASE, Pyramid, build_pyramid, pyramid_of, sample_columns
from engine.audio.values import Audio, Clip

RATE = 48_000


class FileLike:
    """An array that pretends to be a compressed file, and counts what is read."""

    def __init__(self, samples: np.ndarray) -> None:
        self.samples = samples.astype(np.float32)
        self.channels, self.n_frames = samples.shape
        self.sample_rate = RATE
        self.reads: list[tuple[int, int]] = []

    def read(self, start: int, n: int) -> np.ndarray:
        self.reads.append((start, n))
        return self.samples[:, start : start + n]

    def close(self) -> None:
        pass


def noise(seconds: float, channels: int = 2, seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (0.2 * rng.standard_normal((channels, int(seconds * RATE)))).astype(np.float32)


def finish(clip: Clip) -> tuple[list[Pyramid], Pyramid]:
    partial = []
    steps = build_pyramid(clip)
    while True:
        try:
            fraction, pyramid = next(steps)
        except StopIteration as stop:
            return partial, stop.value
        assert fraction == pyramid.fraction
        partial.append(pyramid)


@pytest.mark.parametrize("n_columns", [1, 7, 300, 1600])
@pytest.mark.parametrize("n_frames", [100, BASE, 5 * BASE + 3, 100_001])
def test_every_column_reaches_its_own_extremes_and_no_further_than_its_neighbours(n_frames: int, n_columns: int):
    samples = noise(3)[:, :n_frames]
    pyramid = pyramid_of(Audio(samples, RATE))
    edges = np.linspace(0, n_frames, n_columns + 1)
    columns = pyramid.columns(edges)
    assert columns.shape == (2, 3, n_columns)
    for k in range(n_columns):
        own = samples[:, int(np.floor(edges[k])) : int(np.ceil(edges[k + 1]))]
        reach = max(edges[1] - edges[0], BASE)
        near = samples[:, max(int(edges[k] - reach), 0) : int(edges[k + 1] + reach)]
        assert (columns[:, 0, k] <= own.min(axis=1)).all()
        assert (columns[:, 1, k] >= own.max(axis=1)).all()
        assert (columns[:, 0, k] >= near.min(axis=1)).all()
        assert (columns[:, 1, k] <= near.max(axis=1)).all()


def test_a_single_click_is_seen_in_a_view_of_the_whole_hour():
    samples = np.zeros((1, RATE * 600), np.float32)
    samples[0, 12_345_678] = 0.9
    columns = pyramid_of(Audio(samples, RATE)).columns(np.linspace(0, samples.shape[1], 1001))
    assert columns[0, 1].max() == np.float32(0.9)
    assert np.argmax(columns[0, 1]) == int(12_345_678 / samples.shape[1] * 1000)


def test_the_mean_square_of_a_sine_is_half_its_squared_amplitude():
    t = np.arange(RATE * 2) / RATE
    columns = pyramid_of(Audio(0.6 * np.sin(2 * np.pi * 375 * t), RATE)).columns(np.linspace(0, len(t), 101))
    np.testing.assert_allclose(columns[0, 2], 0.18, rtol=0.02)


def test_reading_in_parts_gives_the_same_pyramid_as_all_at_once():
    samples = noise(21.3)
    _, built = finish(Clip(FileLike(samples), "noise", format="FLAC"))
    at_once = pyramid_of(Audio(samples, RATE))
    assert built.complete
    assert len(built.levels) == len(at_once.levels)
    for mine, whole in zip(built.levels, at_once.levels, strict=True):
        np.testing.assert_allclose(mine, whole, rtol=1e-5, atol=1e-7)


def test_a_partial_pyramid_does_not_change_while_reading_goes_on():
    samples = noise(40)
    steps = build_pyramid(Clip(FileLike(samples), "noise", format="WAV"))
    seen, before = None, None
    for _, pyramid in steps:
        if 0 < pyramid.filled < pyramid.n_frames and seen is None:
            seen, before = pyramid, pyramid.columns(np.linspace(0, pyramid.filled, 200)).copy()
    assert seen is not None
    np.testing.assert_array_equal(seen.columns(np.linspace(0, seen.filled, 200)), before)
    assert not seen.levels[0].flags.writeable


def test_a_long_compressed_file_is_seen_roughly_before_it_is_read():
    samples = noise(70)
    samples[:, : RATE * 35] *= 0.05
    source = FileLike(samples)
    steps = build_pyramid(Clip(source, "noise", format="FLAC"))
    while True:
        _, pyramid = next(steps)
        if pyramid.rough is not None and pyramid.rough[:, 1].min() > 0:
            break
    assert pyramid.filled == 0
    assert sum(n for _, n in source.reads) < 0.05 * samples.shape[1]
    heights = pyramid.columns(np.linspace(0, samples.shape[1], 101))[0, 1]
    assert heights[55:].min() > 5 * heights[:45].max()


def test_a_plain_file_is_read_without_a_rough_pass():
    source = FileLike(noise(70))
    finish(Clip(source, "noise", format="WAV"))
    assert sum(n for _, n in source.reads) < 1.01 * source.n_frames + 2**18


def test_memory_for_an_hour_of_stereo_is_within_tens_of_megabytes():
    minute = pyramid_of(Audio(noise(60), RATE))
    assert 60 * sum(level.nbytes for level in minute.levels) < 40e6


def test_columns_outside_the_sound_are_silent():
    pyramid = pyramid_of(Audio(np.full((1, 10_000), 0.5, np.float32), RATE))
    columns = pyramid.columns(np.linspace(-20_000, 30_000, 51))
    assert columns[0, 1, :20].max() == 0
    assert columns[0, 1, 31:].max() == 0
    assert columns[0, 1, 20:29].min() == 0.5


def test_an_empty_sound_has_silent_columns():
    pyramid = pyramid_of(Audio(np.zeros((2, 0), np.float32), RATE))
    assert pyramid.complete
    assert pyramid.columns(np.linspace(0, 1, 11)).shape == (2, 3, 10)
    _, built = finish(Clip.of(Audio(np.zeros((2, 0), np.float32), RATE), "empty"))
    assert built.complete


def test_columns_of_samples_agree_with_the_pyramid_where_both_are_exact():
    samples = noise(1)
    edges = np.arange(0, BASE * 100 + 1, BASE * 2).astype(np.float64)
    from_pyramid = pyramid_of(Audio(samples, RATE)).columns(edges)
    from_samples = sample_columns(samples, 0, edges)
    np.testing.assert_allclose(from_samples, from_pyramid, rtol=1e-4)


@pytest.mark.data
def test_a_real_recording_keeps_its_peak_in_the_overview(shared_data: Path):
    import soundfile

    path = sorted((shared_data / "sounds").glob("animal__dog*.ogg"))[0]
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    columns = pyramid_of(Audio(samples.T, rate)).columns(np.linspace(0, len(samples), 501))
    assert np.abs(columns[:, :2]).max() == np.abs(samples).max()
