"""The spectrogram's tiles are calibrated, stand at the right time, and come the rough picture first."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.audio import spectral
from engine.audio.spectral import FFT_SIZES, FLOOR_DB, to_db
from engine.audio.tiles import (
    COARSER,
    COLUMNS,
    Detail,
    DetailRequest,
    SpectrogramSettings,
    Tile,
    TileRequest,
    compute_tiles,
    tile_steps,
)
from engine.audio.values import Audio, Clip

RATE = 48_000


def tone(hz: float, seconds: float = 4.0, amplitude: float = 1.0) -> np.ndarray:
    return (amplitude * np.sin(2 * np.pi * hz * np.arange(int(seconds * RATE)) / RATE)).astype(np.float32)


def clip_of(*channels: np.ndarray) -> Clip:
    return Clip.of(Audio(np.stack(channels), RATE), "test")


def tile_of(clip: Clip, settings: SpectrogramSettings, level: int = 0, index: int = 0, *, coarse: bool = False) -> Tile:
    tile = [*tile_steps(clip, settings, level, index, coarse=coarse)][-1]
    assert tile is not None
    return tile


@pytest.mark.parametrize("size", FFT_SIZES)
@pytest.mark.parametrize("window", spectral.WINDOWS)
def test_a_full_scale_sine_reads_0_db_at_its_bin(size: int, window: spectral.WindowName):
    bin_number = size // 16
    tile = tile_of(clip_of(tone(bin_number * RATE / size)), SpectrogramSettings(size, window))
    column = tile.db[0, :, tile.columns // 2]
    assert np.argmax(column) == bin_number
    assert to_db(column[bin_number]) == pytest.approx(0.0, abs=0.5)


@pytest.mark.parametrize("amplitude_db", [-6.0, -40.0, -90.0])
def test_levels_follow_the_amplitude_to_half_a_decibel(amplitude_db: float):
    hz = 100 * RATE / 2048
    tile = tile_of(clip_of(tone(hz, amplitude=10 ** (amplitude_db / 20))), SpectrogramSettings())
    assert to_db(tile.db[0, 100, 50]) == pytest.approx(amplitude_db, abs=0.5)


def test_a_constant_reads_its_level_at_the_lowest_bin():
    tile = tile_of(clip_of(np.full(RATE, 0.5, np.float32)), SpectrogramSettings())
    assert to_db(tile.db[0, 0, 50]) == pytest.approx(-6.0, abs=0.5)


def test_silence_lies_at_the_floor():
    tile = tile_of(clip_of(np.zeros(RATE, np.float32)), SpectrogramSettings())
    assert tile.db.max() == 0
    assert to_db(0) == FLOOR_DB


@pytest.mark.parametrize("level", [0, 1, 3, 5])
def test_a_click_stands_in_the_column_of_its_time_at_every_zoom(level: int):
    settings = SpectrogramSettings(256)
    at = 60_321
    sound = np.zeros(RATE * 4, np.float32)
    sound[at] = 1.0
    column = at // settings.hop(level)
    tile = tile_of(clip_of(sound), settings, level, column // COLUMNS)
    energy = tile.db[0].astype(float).sum(axis=0)
    assert abs(np.argmax(energy) + tile.index * COLUMNS - column) <= 1
    assert energy.max() > 0


def test_tiles_meet_without_a_seam():
    sound = clip_of(tone(1000, 20))
    settings = SpectrogramSettings(512)
    left, right = tile_of(sound, settings, 0, 0), tile_of(sound, settings, 0, 1)
    assert left.end_frame == right.start_frame
    loudest = left.db[0].max(axis=0)[20:], right.db[0].max(axis=0)
    assert np.ptp(np.concatenate(loudest).astype(int)) <= 1


def test_the_last_tile_ends_with_the_sound():
    sound = clip_of(tone(500, 1.0))
    settings = SpectrogramSettings()
    indices = settings.tiles_between(0, 0, sound.n_frames, sound.n_frames)
    tile = tile_of(sound, settings, 0, indices[-1])
    assert sound.n_frames <= tile.end_frame < sound.n_frames + settings.hop(0)
    assert [*tile_steps(sound, settings, 0, indices[-1] + 1)] == []


def test_channels_have_lanes_of_their_own_and_a_mix_has_one():
    sound = clip_of(tone(1500), tone(6000))
    lanes = tile_of(sound, SpectrogramSettings()).db[:, :, 60]
    mixed = tile_of(sound, SpectrogramSettings(mix=True)).db[:, :, 60]
    assert [int(np.argmax(lane)) for lane in lanes] == [64, 256]
    assert mixed.shape[0] == 1
    assert to_db(mixed[0, 64]) == pytest.approx(-6, abs=0.5)
    assert to_db(mixed[0, 256]) == pytest.approx(-6, abs=0.5)


def test_opposite_channels_cancel_in_the_mix():
    sound = clip_of(tone(1500), -tone(1500))
    assert tile_of(sound, SpectrogramSettings(mix=True)).db.max() == 0


def test_the_rough_picture_comes_first_and_every_step_is_told():
    sound = clip_of(tone(440, 12))
    settings = SpectrogramSettings()
    wanted = settings.tiles_between(1, 0, sound.n_frames, sound.n_frames)
    above = settings.tiles_between(1 + COARSER, 0, sound.n_frames, sound.n_frames)
    told = [*compute_tiles(sound, TileRequest(settings, 1, tuple(wanted), tuple(above)))]
    tiles = [piece for _, piece in told if piece is not None]
    assert [(t.level, t.index, t.coarse) for t in tiles] == [
        *((1 + COARSER, i, True) for i in above),
        *((1, i, False) for i in wanted),
    ]
    fractions = [fraction for fraction, _ in told]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert len(told) > len(tiles)


def test_a_rough_tile_looks_like_the_full_one():
    rng = np.random.default_rng(0)
    envelope = np.repeat(rng.random(40) ** 3, RATE // 4)
    sound = clip_of((envelope * rng.standard_normal(len(envelope))).astype(np.float32) * 0.2)
    settings = SpectrogramSettings(1024)
    rough = tile_of(sound, settings, 4, 0, coarse=True).db.astype(float).mean(axis=1)
    full = tile_of(sound, settings, 4, 0).db.astype(float).mean(axis=1)
    assert np.corrcoef(rough[0], full[0])[0, 1] > 0.9


class Compressed:
    """An array that counts its reads, behind a clip that says it is compressed."""

    def __init__(self, samples: np.ndarray) -> None:
        self.samples, self.sample_rate = samples, RATE
        self.channels, self.n_frames = samples.shape
        self.reads = 0

    def read(self, start: int, n: int) -> np.ndarray:
        self.reads += 1
        return self.samples[:, start : start + n]

    def close(self) -> None:
        pass


@pytest.mark.parametrize("name", ["WAV", "FLAC"])
def test_reading_apart_and_reading_on_give_the_same_picture(name: str):
    rng = np.random.default_rng(4)
    samples = (0.1 * rng.standard_normal((2, RATE * 60))).astype(np.float32)
    settings = SpectrogramSettings(256)
    level = 8
    source = Compressed(samples)
    tile = tile_of(Clip(source, "x", format=name), settings, level, 0)
    whole = tile_of(Clip.of(Audio(samples, RATE), "x"), settings, level, 0)
    np.testing.assert_array_equal(tile.db, whole.db)
    if name == "FLAC":
        # Seeking costs more than reading on: far fewer reads than FFTs.
        assert source.reads < tile.columns


def test_the_level_that_fits_has_columns_about_a_pixel_wide():
    settings = SpectrogramSettings(2048)
    for frames_per_pixel in (300, 1000, 20_000, 100_000):
        ratio = settings.hop(settings.level_for(frames_per_pixel)) / frames_per_pixel
        assert 1 / math.sqrt(2) - 1e-9 <= ratio <= math.sqrt(2) + 1e-9
    assert settings.level_for(1.0) == 0


def test_detail_gives_the_very_samples():
    sound = clip_of(tone(440), tone(880))
    ((_, detail),) = compute_tiles(sound, DetailRequest(1000, 500))
    assert isinstance(detail, Detail)
    np.testing.assert_array_equal(detail.samples, sound.read(1000, 500).samples)


def test_settings_that_make_no_sense_are_refused():
    with pytest.raises(ValueError, match="FFT size"):
        SpectrogramSettings(1000)
    with pytest.raises(ValueError, match="window"):
        SpectrogramSettings(window="kaiser")  # type: ignore[arg-type]
