"""Sound files open as clips: every format, exactly, in parts, and from several threads at once."""

from __future__ import annotations

import gc
import struct
import threading
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.audio import Audio, open_clip, write_clip
from engine.audio.files import open_clip_steps
from engine.audio.handles import HandlePool
from engine.audio.source import FileSource, Opening
from engine.errors import AudioUnreadable

SUFFIXES = ["wav", "flac", "ogg", "mp3", "aiff", "caf"]


def chord(seconds: float, rate: int = 48_000, channels: int = 2, seed: int = 0) -> Audio:
    """A tone per channel, each an octave apart from a different root, with a little noise in it."""
    n = round(seconds * rate)
    t = np.arange(n) / rate
    hiss = 0.02 * np.random.default_rng(seed).standard_normal((channels, n))
    tones = np.stack([0.4 * np.sin(2 * np.pi * 220 * (1 + 0.5 * c) * t) for c in range(channels)])
    return Audio((tones + hiss).astype(np.float32), rate)


@pytest.mark.parametrize(
    ("suffix", "subtype", "bits"),
    [
        ("wav", "PCM_U8", 8), ("wav", "PCM_16", 16), ("wav", "PCM_24", 24), ("wav", "PCM_32", 32),
        ("wav", "FLOAT", 32), ("wav", "DOUBLE", 32), ("flac", "PCM_16", 16), ("flac", "PCM_24", 24),
        ("aiff", "PCM_16", 16), ("aiff", "PCM_24", 24), ("aiff", "FLOAT", 32), ("caf", "PCM_16", 16),
        ("caf", "PCM_24", 24), ("caf", "FLOAT", 32),
    ],
)  # fmt: skip
@pytest.mark.parametrize(("channels", "rate"), [(1, 8_000), (2, 44_100), (6, 48_000), (8, 192_000)])
def test_lossless_files_of_every_depth_keep_their_samples(
    tmp_path: Path, suffix: str, subtype: str, bits: int, channels: int, rate: int
) -> None:
    sound = chord(0.05, rate, channels)
    path = tmp_path / f"chord.{suffix}"
    soundfile.write(path, sound.samples.T, rate, subtype=subtype)
    clip = open_clip(path)
    assert (clip.channels, clip.sample_rate, clip.n_frames, clip.subtype) == (channels, rate, sound.n_frames, subtype)
    # libsndfile scales by 2^(bits-1) - 1 when it writes and by 2^(bits-1) when it reads: up to 1.5 steps.
    np.testing.assert_allclose(
        clip.read(0, clip.n_frames).samples, sound.samples, atol=1.5 * 2.0 ** (1 - min(bits, 24))
    )
    assert clip.notice == ""


@pytest.mark.parametrize("subtype", ["PCM_S8", "PCM_U8", "ULAW", "ALAW"])
def test_the_byte_that_pads_an_aiff_is_no_sample(tmp_path: Path, subtype: str) -> None:
    sound = Audio(chord(0.05, channels=1).samples[:, :1105], 44_100)
    path = write_clip(sound, tmp_path / "odd.aiff", subtype=subtype)
    clip = open_clip(path)
    assert clip.n_frames == 1105
    assert clip.notice == ""


@pytest.mark.parametrize(
    ("suffix", "subtype", "channels", "rate"),
    [
        ("ogg", "VORBIS", 1, 8_000), ("ogg", "VORBIS", 2, 44_100), ("ogg", "VORBIS", 8, 48_000),
        ("ogg", "VORBIS", 2, 192_000), ("ogg", "OPUS", 1, 8_000), ("ogg", "OPUS", 2, 48_000),
        ("mp3", "MPEG_LAYER_III", 1, 8_000), ("mp3", "MPEG_LAYER_III", 2, 22_050), ("mp3", "MPEG_LAYER_III", 2, 48_000),
    ],
)  # fmt: skip
def test_lossy_files_sound_like_what_went_in_and_start_in_time(
    tmp_path: Path, suffix: str, subtype: str, channels: int, rate: int
) -> None:
    n = rate // 2
    tone = 0.4 * np.sin(2 * np.pi * 500 * np.arange(n) / rate)
    sound = Audio(np.stack([tone] * channels).astype(np.float32), rate)
    path = tmp_path / f"tone.{suffix}"
    soundfile.write(path, sound.samples.T, rate, subtype=subtype)
    clip = open_clip(path)
    assert (clip.channels, clip.sample_rate, clip.n_frames, clip.subtype) == (channels, rate, n, subtype)
    middle = slice(n // 4, 3 * n // 4)
    heard = clip.read(0, n).samples[:, middle]
    np.testing.assert_allclose(heard, sound.samples[:, middle], atol=0.06)


def jumps(n_frames: int, count: int, seed: int) -> list[tuple[int, int]]:
    """Places to read, ``(start, n)``: far and near, forwards and back, at the beginning and at the end."""
    rng = np.random.default_rng(seed)
    places, here = [], 0
    for number in range(count):
        start = [
            int(rng.integers(0, n_frames)),
            here + int(rng.integers(-6000, 6000)),
            here,
            n_frames - int(rng.integers(1, 3000)),
            int(rng.integers(0, 20_000)),
        ][number % 5]
        start = min(max(start, 0), n_frames - 1)
        n = min(int(rng.integers(1, 3000)), n_frames - start)
        places.append((start, n))
        here = start + n
    return places


def assert_jumps_are_exact(path: Path, count: int, tolerance: float) -> None:
    whole = soundfile.read(path, dtype="float32", always_2d=True)[0].T
    clip = open_clip(path)
    assert clip.n_frames == whole.shape[1]
    for start, n in jumps(clip.n_frames, count, seed=1):
        heard = clip.read(start, n).samples
        np.testing.assert_allclose(heard, whole[:, start : start + n], rtol=0, atol=tolerance, err_msg=f"at {start}")


@pytest.mark.parametrize(
    ("suffix", "rate"),
    [(s, 48_000) for s in [*SUFFIXES, "opus"]] + [("mp3", 22_050), ("mp3", 8_000), ("ogg", 96_000), ("opus", 16_000)],
)
def test_a_jump_gives_the_very_samples_that_playing_through_gives(tmp_path: Path, suffix: str, rate: int) -> None:
    path = tmp_path / f"hiss.{suffix}"
    noise = 0.3 * np.random.default_rng(0).standard_normal((2, 200_001))
    write_clip(Audio(noise.astype(np.float32), rate), path)
    # The last bit of a float in an MP3 or Opus file depends on where the decoder began.
    assert_jumps_are_exact(path, 80, 1e-6 if suffix in ("opus", "mp3") else 0.0)


@pytest.mark.data
def test_jumps_in_real_recordings_are_exact(shared_data: Path) -> None:
    # Their last page is trimmed, as encoders do; jumps into it are the hard ones.
    for file in [
        *sorted((shared_data / "sounds").glob("*.ogg"))[::90],
        *sorted((shared_data / "dx7").glob("*.flac"))[:3],
    ]:
        assert_jumps_are_exact(file, 40, 0.0)


@pytest.mark.parametrize("suffix", ["flac", "ogg", "mp3"])
def test_blocks_of_any_size_join_to_the_whole(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"chord.{suffix}"
    write_clip(chord(2.0), path)
    clip = open_clip(path)
    whole = clip.read(0, clip.n_frames).samples
    for size in (333, 4096, 65_536):
        blocks = [clip.read(i, size).samples for i in range(0, clip.n_frames, size)]
        np.testing.assert_array_equal(np.concatenate(blocks, axis=1), whole)


def test_reading_beyond_either_end_leaves_out_what_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "short.flac"
    write_clip(chord(0.1), path)
    clip = open_clip(path)
    assert clip.read(clip.n_frames - 10, 100).n_frames == 10
    np.testing.assert_array_equal(clip.read(-50, 100).samples[:, :50], clip.read(0, 50).samples)
    assert clip.read(clip.n_frames + 5, 10).n_frames == 0
    assert clip.source.read(clip.n_frames - 3, 10).shape == (2, 3)


def test_eight_threads_read_one_flac_at_once_and_all_hear_the_same(tmp_path: Path) -> None:
    path = tmp_path / "chord.flac"
    write_clip(chord(4.0), path)
    clip = open_clip(path)
    whole = clip.read(0, clip.n_frames).samples
    wrong: list[int] = []

    def is_right(start: int) -> bool:
        return np.array_equal(clip.read(start, 2000).samples, whole[:, start : start + 2000])

    def listen(seed: int) -> None:
        places = np.random.default_rng(seed).integers(0, clip.n_frames - 2000, 40).tolist()
        wrong.extend(start for start in places if not is_right(start))

    threads = [threading.Thread(target=listen, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_two_hundred_open_clips_hold_only_a_few_files_open(tmp_path: Path) -> None:
    pool = HandlePool(idle_limit=5)
    sources = []
    for number in range(200):
        path = tmp_path / f"{number}.wav"
        soundfile.write(path, np.full(10, number / 200), 48_000, subtype="FLOAT")
        opening = Opening.of(path)
        sources.append(FileSource(opening, opening.open(), pool=pool))
        assert pool.idle_count() <= 5
    for number, source in enumerate(sources):
        assert source.read(3, 1)[0, 0] == np.float32(number / 200)
    assert pool.idle_count() == 5
    pool.close()
    assert pool.idle_count() == 0


def test_a_clip_that_nobody_holds_any_more_lets_go_of_its_file(tmp_path: Path) -> None:
    pool = HandlePool()
    path = tmp_path / "a.wav"
    write_clip(chord(0.1), path)
    opening = Opening.of(path)
    source = FileSource(opening, opening.open(), pool=pool)
    source.read(0, 10)
    assert pool.idle_count() == 1
    del source
    gc.collect()
    assert pool.idle_count() == 0


def test_each_reader_finds_the_handle_that_stands_where_it_goes_on(tmp_path: Path) -> None:
    pool = HandlePool()
    path = tmp_path / "a.ogg"
    write_clip(chord(2.0), path)
    opening = Opening.of(path)
    source = FileSource(opening, opening.open(), pool=pool)
    with pool.lend(source._owner, 0, opening.open):
        source.read(40_000, 1000)  # the player reads while the view holds the first handle
    assert pool.idle_count() == 2
    with pool.lend(source._owner, 41_000, opening.open) as handle:
        assert handle.position == 41_000
    pool.close()


def test_a_three_hour_wav_with_eight_channels_opens_in_a_few_kilobytes_of_memory(tmp_path: Path) -> None:
    rate, channels, n = 48_000, 8, 3 * 3600 * 48_000
    path = tmp_path / "night.wav"
    soundfile.write(path, np.zeros((1, channels)), rate, subtype="PCM_24", format="RF64")
    head = bytearray(path.read_bytes()[:-24])
    size = n * channels * 3
    at = head.index(b"ds64") + 8
    head[at : at + 24] = struct.pack("<QQQ", len(head) - 8 + size, size, n)
    with path.open("wb") as file:
        file.write(head)
        file.truncate(len(head) + size)  # twelve gigabytes of silence that take no room on the disk
        file.seek(len(head) + (n - 1) * channels * 3)
        file.write(b"\xff\xff\x3f" * channels)
    open_clip(path)  # what is imported on first use does not count
    tracemalloc.start()
    clip = open_clip(path)
    last = clip.read(n - 1, 1).samples
    middle = clip.read(n // 2, 65_536).samples
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert clip.format == "RF64"
    assert clip.n_frames == n
    np.testing.assert_allclose(last, 0.5, atol=1e-6)
    assert not middle.any()
    assert peak < 16 * middle.nbytes


@pytest.mark.parametrize("subtype", ["GSM610", "G721_32"])
def test_a_format_that_cannot_seek_is_decoded_once_in_steps_and_then_read_anywhere(
    tmp_path: Path, subtype: str
) -> None:
    path = tmp_path / "phone.wav"
    tone = 0.5 * np.sin(2 * np.pi * 300 * np.arange(80_000) / 8000)
    soundfile.write(path, tone, 8000, subtype=subtype)
    steps = open_clip_steps(path)
    fractions = []
    while True:
        try:
            fractions.append(next(steps))
        except StopIteration as stop:
            clip = stop.value
            break
    assert fractions == sorted(fractions)
    assert fractions[-1] <= 1.0
    assert clip.n_frames >= 80_000
    heard = clip.read(40_000, 4000).samples[0]
    np.testing.assert_allclose(heard, tone[40_000:44_000], atol=0.1)
    clip.source.close()
    with pytest.raises(AudioUnreadable, match="closed"):
        clip.read(0, 10)


def test_giving_up_on_decoding_leaves_no_temporary_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "phone.wav"
    soundfile.write(path, np.zeros(200_000), 8000, subtype="GSM610")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    steps = open_clip_steps(path)
    next(steps)
    steps.close()
    assert list(scratch.iterdir()) == []


@pytest.mark.data
def test_real_recordings_open_whole(shared_data: Path) -> None:
    folders = [("sounds", "*.ogg", 40), ("voice", "*.ogg", 20), ("dx7", "*.flac", 20)]
    for folder, pattern, count in folders:
        files = sorted((shared_data / folder).rglob(pattern))[:count]
        assert files, folder
        for file in files:
            clip = open_clip(file)
            whole = clip.read(0, clip.n_frames)
            assert whole.n_frames == soundfile.info(file).frames
            assert 0.0 < whole.peak < 2.0
            assert clip.notice == ""


def test_a_name_in_any_script_opens(tmp_path: Path) -> None:
    path = tmp_path / "Glöckchen 鐘 🔔.flac"
    write_clip(chord(0.1), path)
    clip = open_clip(path)
    assert clip.name == "Glöckchen 鐘 🔔"
    assert clip.path == path
