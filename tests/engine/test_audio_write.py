"""Sounds are written whole or not at all, keep what came in, and never replace a file unasked."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.audio import FORMATS, SUBTYPES, ArraySource, Audio, Clip, finish, formats_for, open_clip, write_clip
from engine.audio.formats import container_for, format_for
from engine.audio.write import write_clip_steps
from engine.errors import AudioExists, AudioUnreadable, AudioUnwritable

RATE = 48_000


def hiss(seconds: float = 0.5, channels: int = 2, rate: int = RATE, level: float = 0.2) -> Audio:
    noise = np.random.default_rng(0).standard_normal((channels, round(seconds * rate)))
    return Audio((level * noise).clip(-1, 1).astype(np.float32), rate)


def words_in(path: Path) -> np.ndarray:
    """The whole numbers of a file, left-justified in 32 bits."""
    return soundfile.read(path, dtype="int32", always_2d=True)[0]


@pytest.mark.parametrize(
    ("suffix", "subtype"),
    [(f".{name}", f"PCM_{bits}") for name in ("wav", "aiff", "caf") for bits in (16, 24, 32)]
    + [(".flac", "PCM_16"), (".flac", "PCM_24")],
)
def test_whole_numbers_pass_through_bit_by_bit(tmp_path: Path, suffix: str, subtype: str) -> None:
    bits = int(subtype[4:])
    numbers = np.random.default_rng(0).integers(-(2**31), 2**31, (70_000, 2)) >> (32 - bits) << (32 - bits)
    numbers[:2] = [[2**31 - 2 ** (32 - bits), -(2**31)], [0, -(2 ** (32 - bits))]]
    source = tmp_path / "source.wav"
    soundfile.write(source, numbers.astype(np.int32), RATE, subtype=subtype)
    written = write_clip(open_clip(source), tmp_path / f"copy{suffix}")
    assert soundfile.info(written).subtype == subtype
    np.testing.assert_array_equal(words_in(written), numbers)


def test_sixteen_bit_sound_that_went_through_floats_is_not_dithered(tmp_path: Path) -> None:
    numbers = np.random.default_rng(0).integers(-(2**15), 2**15, (70_000, 1)).astype(np.int16)
    source = tmp_path / "source.wav"
    soundfile.write(source, numbers, RATE)
    clip = open_clip(source)
    in_memory = Clip.of(clip.read(0, clip.n_frames), "copy")
    write_clip(in_memory, tmp_path / "copy.wav", subtype="PCM_16")
    np.testing.assert_array_equal(words_in(tmp_path / "copy.wav") >> 16, numbers)


def test_a_part_of_a_clip_is_written_from_its_first_frame(tmp_path: Path) -> None:
    write_clip(hiss(), tmp_path / "whole.wav", subtype="PCM_24")
    whole = open_clip(tmp_path / "whole.wav")
    write_clip(whole.part(1000, 2000), tmp_path / "part.flac")
    np.testing.assert_array_equal(words_in(tmp_path / "part.flac"), words_in(tmp_path / "whole.wav")[1000:3000])


@pytest.mark.parametrize(
    ("came_in", "suffix", "goes_out"),
    [
        ("PCM_U8", ".wav", "PCM_U8"), ("PCM_U8", ".flac", "PCM_S8"), ("PCM_S8", ".wav", "PCM_U8"),
        ("PCM_24", ".aiff", "PCM_24"), ("PCM_32", ".flac", "PCM_24"), ("FLOAT", ".wav", "FLOAT"),
        ("FLOAT", ".flac", "PCM_24"), ("DOUBLE", ".caf", "DOUBLE"), ("DOUBLE", ".flac", "PCM_24"),
        ("ULAW", ".flac", "PCM_16"), ("ULAW", ".wav", "ULAW"), ("ALAC_24", ".caf", "PCM_24"),
        ("IMA_ADPCM", ".caf", "PCM_16"), ("VORBIS", ".wav", "FLOAT"), ("VORBIS", ".flac", "PCM_24"),
        ("PCM_16", ".mp3", "MPEG_LAYER_III"), ("PCM_16", ".ogg", "VORBIS"), ("OPUS", ".ogg", "OPUS"),
        ("FLOAT", ".opus", "OPUS"), ("MPEG_LAYER_III", ".ogg", "VORBIS"),
    ],
)  # fmt: skip
def test_what_came_in_goes_out_or_the_nearest_that_loses_nothing(
    tmp_path: Path, came_in: str, suffix: str, goes_out: str
) -> None:
    sound = hiss(0.1)
    path = write_clip(Clip.of(sound, "hiss", subtype=came_in), tmp_path / f"hiss{suffix}")
    info = soundfile.info(path)
    assert (info.subtype, info.samplerate, info.channels) == (goes_out, RATE, 2)


@pytest.mark.parametrize(
    ("container", "subtype"), [(name, subtype) for name, offered in SUBTYPES.items() for subtype in offered]
)
@pytest.mark.parametrize("channels", [1, 2, 8])
def test_every_format_on_the_menu_can_be_written_and_read_again(
    tmp_path: Path, container: str, subtype: str, channels: int
) -> None:
    kind = FORMATS[container]
    path = tmp_path / f"a{kind.suffixes[0]}"
    sound = hiss(0.2, channels)
    if channels > kind.max_channels:
        with pytest.raises(AudioUnwritable, match=f"cannot hold {channels} channels"):
            write_clip(sound, path, subtype=subtype)
        assert list(tmp_path.iterdir()) == []
        return
    write_clip(sound, path, subtype=subtype)
    clip = open_clip(path)
    assert (clip.subtype, clip.channels, clip.n_frames) == (subtype, channels, sound.n_frames)
    if subtype in ("PCM_24", "PCM_32", "FLOAT"):
        np.testing.assert_allclose(clip.read(0, clip.n_frames).samples, sound.samples, atol=2.0**-23)


@pytest.mark.parametrize("rate", [8_000, 11_025, 22_050, 44_100, 96_000, 192_000])
def test_the_rate_is_kept(tmp_path: Path, rate: int) -> None:
    for suffix in (".wav", ".flac", ".aiff", ".caf", ".ogg"):
        assert soundfile.info(write_clip(hiss(0.1, rate=rate), tmp_path / f"a{suffix}")).samplerate == rate


def test_more_than_two_channels_make_a_wav_that_names_its_loudspeakers(tmp_path: Path) -> None:
    assert soundfile.info(write_clip(hiss(0.1, 6), tmp_path / "six.wav")).format == "WAVEX"
    assert soundfile.info(write_clip(hiss(0.1, 2), tmp_path / "two.wav")).format == "WAV"


def test_a_wav_beyond_four_gigabytes_becomes_rf64_and_an_aiff_is_refused() -> None:
    n = 2**32 // 6
    wav, aiff, flac = Path("a.wav"), Path("a.aiff"), Path("a.flac")
    assert container_for(format_for(wav), wav, "PCM_24", 2, n - 20_000) == "WAV"
    assert container_for(format_for(wav), wav, "PCM_24", 2, n) == "RF64"
    assert container_for(format_for(wav), wav, "PCM_24", 6, n) == "RF64"
    assert container_for(format_for(flac), flac, "PCM_24", 2, 10 * n) == "FLAC"
    with pytest.raises(AudioUnwritable, match=r"larger than the 4 GB that AIFF holds; write WAV or CAF\."):
        container_for(format_for(aiff), aiff, "PCM_24", 2, n)


def test_an_rf64_file_reads_back(tmp_path: Path) -> None:
    sound = hiss()
    path = write_clip(sound, tmp_path / "a.rf64")
    assert path.read_bytes()[:4] == b"RF64"
    np.testing.assert_array_equal(open_clip(path).read(0, sound.n_frames).samples, sound.samples)


def test_a_file_that_is_there_is_never_replaced_unasked(tmp_path: Path) -> None:
    path = tmp_path / "bell.wav"
    path.write_bytes(b"precious")
    with pytest.raises(AudioExists, match="already there"):
        write_clip(hiss(), path)
    assert path.read_bytes() == b"precious"
    assert list(tmp_path.iterdir()) == [path]
    write_clip(hiss(), path, overwrite=True)
    assert open_clip(path).n_frames == RATE // 2


def test_a_file_that_appears_while_writing_is_not_replaced_either(tmp_path: Path) -> None:
    path = tmp_path / "bell.wav"
    steps = write_clip_steps(hiss(5.0), path)
    next(steps)
    path.write_bytes(b"faster")
    with pytest.raises(AudioExists):
        finish(steps)
    assert path.read_bytes() == b"faster"
    assert list(tmp_path.iterdir()) == [path]


def test_a_disk_without_second_names_still_never_replaces_unasked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    path = tmp_path / "bell.wav"
    write_clip(hiss(), path)
    assert open_clip(path).n_frames == RATE // 2
    steps = write_clip_steps(hiss(5.0), tmp_path / "b.wav")
    next(steps)
    (tmp_path / "b.wav").write_bytes(b"faster")
    with pytest.raises(AudioExists):
        finish(steps)
    assert (tmp_path / "b.wav").read_bytes() == b"faster"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["b.wav", "bell.wav"]


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".mp3", ".ogg"])
def test_giving_up_half_way_leaves_nothing_behind(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"long{suffix}"
    steps = write_clip_steps(hiss(5.0), path)
    assert 0.0 < next(steps) < 1.0
    assert not path.exists()
    assert len(list(tmp_path.iterdir())) == 1
    steps.close()
    assert list(tmp_path.iterdir()) == []


def test_progress_rises_to_one_and_the_result_says_what_was_written(tmp_path: Path) -> None:
    steps = write_clip_steps(hiss(5.0), tmp_path / "a.flac")
    fractions = []
    while True:
        try:
            fractions.append(next(steps))
        except StopIteration as stop:
            written = stop.value
            break
    assert fractions == sorted(set(fractions))
    assert fractions[-1] == 1.0
    assert (written.path, written.format, written.subtype, written.notice) == (
        tmp_path / "a.flac",
        "FLAC",
        "PCM_24",
        "",
    )


class FailingSource(ArraySource):
    """A source that fails after its first second, as a file does when its disk is pulled out."""

    def read(self, start: int, n: int) -> np.ndarray:
        if start >= RATE:
            raise AudioUnreadable("bell.wav is damaged.")
        return super().read(start, n)


def test_a_source_that_fails_half_way_leaves_the_old_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "bell.wav"
    path.write_bytes(b"old")
    with pytest.raises(AudioUnreadable):
        write_clip(Clip(FailingSource(hiss(5.0)), "bell"), path, overwrite=True)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_can_be_written_over_itself(tmp_path: Path) -> None:
    path = tmp_path / "bell.wav"
    write_clip(hiss(3.0), path, subtype="PCM_24")
    before = words_in(path)
    write_clip(open_clip(path).part(RATE, RATE), path, overwrite=True)
    np.testing.assert_array_equal(words_in(path), before[RATE : 2 * RATE])


def test_sound_louder_than_full_scale_is_clipped_in_whole_numbers_and_reported(tmp_path: Path) -> None:
    samples = np.array([[0.5, 1.0, 1.5, -1.0, -3.0, 0.0]], np.float32)
    written = finish(write_clip_steps(Audio(samples, RATE), tmp_path / "a.wav", subtype="PCM_24"))
    assert written.n_clipped == 2
    assert written.notice.startswith("2 samples were louder than 24-bit can hold and got clipped")
    top = 2**31 - 2**8
    np.testing.assert_array_equal(words_in(written.path)[:, 0], [2**30, top, top, -(2**31), -(2**31), 0])
    kept = finish(write_clip_steps(Audio(samples, RATE), tmp_path / "b.wav", subtype="FLOAT"))
    assert kept.notice == ""
    np.testing.assert_array_equal(open_clip(kept.path).read(0, 6).samples, samples)


def test_dither_turns_the_rounding_of_a_faint_tone_into_even_hiss(tmp_path: Path) -> None:
    n = 1 << 17
    step = 2.0**-15
    tone = 0.4 * step * np.sin(2 * np.pi * 1000 * np.arange(n) / RATE)  # too faint for a single step
    write_clip(Audio(tone.astype(np.float32), RATE), tmp_path / "a.wav", subtype="PCM_16")
    heard = open_clip(tmp_path / "a.wav").read(0, n).samples[0] / step
    # Triangular dither: the tone survives, and the error has the power 1/4 step^2 whatever the tone does.
    wave = np.sin(2 * np.pi * 1000 * np.arange(n) / RATE)
    assert 2 * float(np.mean(heard * wave)) == pytest.approx(0.4, abs=0.02)
    assert float(np.var(heard - tone / step)) == pytest.approx(0.25, rel=0.03)


def test_the_same_sound_gives_the_same_file_and_another_seed_another_hiss(tmp_path: Path) -> None:
    a = write_clip(hiss(), tmp_path / "a.wav", subtype="PCM_16").read_bytes()
    b = write_clip(hiss(), tmp_path / "b.wav", subtype="PCM_16").read_bytes()
    c = write_clip(hiss(), tmp_path / "c.wav", subtype="PCM_16", rng=np.random.default_rng(1)).read_bytes()
    assert a == b
    assert a != c


def test_digital_silence_stays_silent(tmp_path: Path) -> None:
    write_clip(Audio(np.zeros((2, 1000), np.float32), RATE), tmp_path / "a.wav", subtype="PCM_16")
    assert not words_in(tmp_path / "a.wav").any()


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_sound_with_a_sample_that_is_no_number_is_not_written(tmp_path: Path, bad: float) -> None:
    samples = np.zeros((2, RATE), np.float32)
    samples[1, RATE // 2] = bad
    with pytest.raises(AudioUnwritable, match=r"no number, at 0\.500 s"):
        write_clip(Audio(samples, RATE), tmp_path / "a.wav")
    assert list(tmp_path.iterdir()) == []


def test_what_no_file_can_hold_is_refused_with_a_way_out(tmp_path: Path) -> None:
    sound = hiss(0.1)
    refused = [
        (sound, "bell.xyz", None, r"use one of \.wav, \.flac"),
        (sound, "bell", None, "no ending that says its format"),
        (sound, "bell.flac", "FLOAT", "FLAC files hold no 32-bit float samples; choose 16-bit, 24-bit"),
        (sound, "bell.wav", "NONSENSE", "hold no NONSENSE samples"),
        (hiss(0.1, 9), "bell.wav", None, "9 channels"),
        (hiss(0.1, rate=96_000), "bell.mp3", None, "96000 Hz"),
        (hiss(0.1, rate=44_100), "bell.ogg", "OPUS", "44100 Hz"),
        (hiss(0.1, rate=4_000), "bell.wav", None, "the limits are 8 and 192 kHz"),
        (Audio(np.zeros((1, 0), np.float32), RATE), "bell.wav", None, "its length is zero"),
    ]
    for audio, name, subtype, words in refused:
        with pytest.raises(AudioUnwritable, match=words):
            write_clip(audio, tmp_path / name, subtype=subtype)
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(AudioUnwritable, match="there is no folder"):
        write_clip(hiss(0.1), tmp_path / "nowhere" / "bell.wav")
    (tmp_path / "kit.wav").mkdir()
    with pytest.raises(AudioUnwritable, match="is a folder"):
        write_clip(hiss(0.1), tmp_path / "kit.wav", overwrite=True)
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(AudioUnwritable, match="there is no folder"):
        write_clip(hiss(0.1), tmp_path / "file" / "bell.wav")
    with pytest.raises(AudioUnwritable, match="too long"):
        write_clip(hiss(0.1), tmp_path / ("x" * 300 + ".wav"))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_and_a_link_to_nowhere_are_not_written_to(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.wav")
    (tmp_path / "link.wav").symlink_to(tmp_path / "nowhere.wav")
    for name in ("pipe.wav", "link.wav"):
        with pytest.raises(AudioUnwritable, match="no file but"):
            write_clip(hiss(0.1), tmp_path / name, overwrite=True)
    with pytest.raises(AudioExists):
        write_clip(hiss(0.1), tmp_path / "link.wav")
    assert not (tmp_path / "nowhere.wav").exists()


@pytest.mark.skipif(os.name == "nt", reason="links need rights here")
def test_writing_over_a_link_replaces_the_file_behind_it(tmp_path: Path) -> None:
    real = write_clip(hiss(0.1), tmp_path / "real.wav")
    (tmp_path / "link.wav").symlink_to(real)
    write_clip(hiss(0.2), tmp_path / "link.wav", overwrite=True)
    assert (tmp_path / "link.wav").is_symlink()
    assert open_clip(real).n_frames == RATE // 5


FULL_DISK = """
import resource, sys
import numpy as np
from engine.audio import Audio, write_clip
from engine.errors import AudioUnwritable
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    write_clip(Audio(np.full((2, 200_000), 0.1, np.float32), 48000), sys.argv[1])
except AudioUnwritable as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="this system has no limit to try it with")
@pytest.mark.parametrize("suffix", [".wav", ".aiff"])
def test_a_disk_that_runs_full_leaves_nothing_behind(tmp_path: Path, suffix: str) -> None:
    target = tmp_path / f"long{suffix}"
    ran = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(target)], capture_output=True, text=True, timeout=60, check=True
    )
    assert ran.stdout.startswith(f"long{suffix} cannot be written: ")
    assert ran.stderr == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="rights work differently here")
def test_a_new_file_has_the_usual_rights_and_a_replaced_one_keeps_its_own(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.write_bytes(b"")
    written = write_clip(hiss(0.1), tmp_path / "a.wav")
    assert written.stat().st_mode == plain.stat().st_mode
    written.chmod(0o640)
    write_clip(hiss(0.1), written, overwrite=True)
    assert written.stat().st_mode & 0o777 == 0o640


def test_the_menu_offers_only_formats_that_can_hold_the_sound() -> None:
    def names(sound: Audio) -> list[str]:
        return [kind.name for kind in formats_for(Clip.of(sound, "a"))]

    assert names(hiss(0.1)) == ["WAV", "FLAC", "OGG", "MP3", "AIFF", "CAF"]
    assert names(hiss(0.1, 6)) == ["WAV", "FLAC", "OGG", "AIFF", "CAF"]
    assert "MP3" not in names(hiss(0.1, rate=192_000))


@pytest.mark.parametrize(
    ("words", "subtype"),
    [
        ("16", "PCM_16"),
        ("24", "PCM_24"),
        ("24-bit", "PCM_24"),
        ("32f", "FLOAT"),
        ("pcm_24", "PCM_24"),
        ("float", "FLOAT"),
    ],
)
def test_a_sample_format_is_known_by_what_people_call_it(tmp_path: Path, words: str, subtype: str) -> None:
    sound = Audio(np.zeros((1, 100), np.float32), 48_000)
    path = write_clip(sound, tmp_path / f"{words}.wav", subtype=words)
    assert soundfile.info(path).subtype == subtype


def test_sixteen_twenty_four_and_float_are_on_the_menu() -> None:
    assert {"PCM_16", "PCM_24", "FLOAT"} <= set(SUBTYPES["WAV"])
