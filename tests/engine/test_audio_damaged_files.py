"""Files that are missing, wrong or damaged: one clear sentence, or what is there with a notice; nothing is changed."""

from __future__ import annotations

import errno
import os
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.audio import Audio, open_clip, write_clip
from engine.audio.trouble import unreadable, unwritable
from engine.errors import AudioExists, AudioUnreadable, AudioUnwritable

RATE = 48_000


def tone(seconds: float = 1.0, channels: int = 1) -> Audio:
    hiss = 0.05 * np.random.default_rng(0).standard_normal((channels, round(seconds * RATE)))
    wave = 0.4 * np.sin(2 * np.pi * 330 * np.arange(hiss.shape[1]) / RATE)
    return Audio((wave + hiss).astype(np.float32), RATE)


def refusal(path: Path) -> str:
    """The sentence with which a file is refused; the file and its folder must stay as they are."""
    before = {p: p.stat().st_mtime_ns for p in path.parent.iterdir()} if path.parent.is_dir() else {}
    with pytest.raises(AudioUnreadable) as caught:
        open_clip(path)
    after = {p: p.stat().st_mtime_ns for p in path.parent.iterdir()} if path.parent.is_dir() else {}
    assert before == after
    text = str(caught.value)
    assert text.endswith(".")
    assert "\n" not in text
    assert "Traceback" not in text
    return text


def made(tmp_path: Path, name: str, content: bytes) -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


def sound_bytes(tmp_path: Path, suffix: str, seconds: float = 3.0) -> bytes:
    path = tmp_path / f"good.{suffix}"
    write_clip(tone(seconds), path, subtype="PCM_16" if suffix not in ("ogg", "mp3") else None)
    content = path.read_bytes()
    path.unlink()
    return content


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    assert refusal(made(tmp_path, "void.wav", b"")).startswith("void.wav is empty")


@pytest.mark.parametrize("name", ["notes.wav", "notes.mp3", "notes.flac", "notes.raw", "notes.txt", "notes"])
def test_a_text_is_no_sound_whatever_it_is_called(tmp_path: Path, name: str) -> None:
    text = refusal(made(tmp_path, name, b"Dear diary,\ntoday I recorded a bell.\n" * 20))
    assert text == f"{name} is no sound file of a kind known here (WAV, FLAC, Ogg, MP3, AIFF or CAF)."


def test_a_picture_is_no_sound(tmp_path: Path) -> None:
    picture = b"\x89PNG\r\n\x1a\n" + np.random.default_rng(0).bytes(5000)
    assert "no sound file" in refusal(made(tmp_path, "cat.wav", picture))


def test_a_missing_file_and_a_missing_folder_are_named(tmp_path: Path) -> None:
    assert str(tmp_path / "gone.wav") in refusal(tmp_path / "gone.wav")
    assert "There is no file" in refusal(tmp_path / "nowhere" / "gone.wav")


def test_a_name_that_no_system_has_is_no_file() -> None:
    with pytest.raises(AudioUnreadable, match="There is no file"):
        open_clip("bell\0.wav")


def test_a_file_used_as_a_folder_is_no_file(tmp_path: Path) -> None:
    made(tmp_path, "a.wav", b"x")
    assert "There is no file" in refusal(tmp_path / "a.wav" / "b.wav")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "kit.wav").mkdir()
    assert "is a folder; choose a sound file in it" in refusal(tmp_path / "kit.wav")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.wav")
    assert "no file but a device or a pipe" in refusal(tmp_path / "pipe.wav")


def test_a_link_in_a_circle_is_refused(tmp_path: Path) -> None:
    try:
        (tmp_path / "a.wav").symlink_to(tmp_path / "b.wav")
        (tmp_path / "b.wav").symlink_to(tmp_path / "a.wav")
    except OSError:
        pytest.skip("links may not be made here")
    with pytest.raises(AudioUnreadable, match="link that leads back"):
        open_clip(tmp_path / "a.wav")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the superuser may read everything")
def test_a_file_without_permission_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "secret.wav"
    write_clip(tone(), path)
    path.chmod(0)
    assert "permission" in refusal(path)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.EACCES, "permission"),
        (errno.EPERM, "permission"),
        (errno.ENOENT, "no file"),
        (errno.EMFILE, "too many files"),
        (errno.ENAMETOOLONG, "name as long"),
        (errno.EIO, os.strerror(errno.EIO)),
    ],
)
def test_what_the_system_refuses_to_read_becomes_a_sentence(code: int, words: str) -> None:
    error = unreadable(OSError(code, os.strerror(code)), Path("/sounds/bell.wav"))
    assert words in str(error)
    assert str(error).endswith(".")


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        (errno.EACCES, AudioUnwritable, "may not be changed"),
        (errno.EROFS, AudioUnwritable, "may not be changed"),
        (errno.ENOSPC, AudioUnwritable, "no space left"),
        (errno.ENOENT, AudioUnwritable, "no folder"),
        (errno.EFBIG, AudioUnwritable, "as large"),
        (errno.EEXIST, AudioExists, "already there"),
        (errno.EIO, AudioUnwritable, os.strerror(errno.EIO)),
    ],
)
def test_what_the_system_refuses_to_write_becomes_a_sentence(code: int, kind: type, words: str) -> None:
    error = unwritable(OSError(code, os.strerror(code)), Path("/sounds/bell.wav"))
    assert type(error) is kind
    assert words in str(error)


@pytest.mark.parametrize("suffix", ["wav", "flac", "aiff", "caf", "ogg"])
def test_a_header_without_a_single_sample_is_refused(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"nothing.{suffix}"
    soundfile.write(path, np.zeros((0, 2)), RATE)
    text = refusal(path)
    # A FLAC of length zero is a file of no bytes at all, so says the encoder.
    assert "its length is zero" in text or "no sound can be read" in text or "not a single byte" in text


@pytest.mark.parametrize("suffix", ["wav", "flac", "aiff", "caf", "mp3"])
def test_half_a_file_opens_with_what_is_there_and_says_so(
    tmp_path: Path, suffix: str, capfd: pytest.CaptureFixture[str]
) -> None:
    content = sound_bytes(tmp_path, suffix)
    path = made(tmp_path, f"half.{suffix}", content[: len(content) // 2])
    clip = open_clip(path)
    assert clip.notice.startswith(f"half.{suffix} is cut short: its header promises ")
    assert 1.2 < clip.duration_s < 1.55
    heard = clip.read(0, clip.n_frames).samples
    whole = made(tmp_path, f"whole.{suffix}", content)
    n = clip.n_frames - 2000 if suffix == "mp3" else clip.n_frames  # an MP3 decoder ends with a half-known frame
    np.testing.assert_array_equal(heard[:, :n], open_clip(whole).read(0, n).samples)
    assert path.read_bytes() == content[: len(content) // 2]
    out, err = capfd.readouterr()
    assert (out, err) == ("", "")  # no decoder talks over the sentence


def test_half_an_ogg_opens_to_its_last_whole_page(tmp_path: Path) -> None:
    content = sound_bytes(tmp_path, "ogg", 8.0)
    clip = open_clip(made(tmp_path, "half.ogg", content[: len(content) // 2]))
    assert 2.5 < clip.duration_s < 5.0
    assert clip.read(0, clip.n_frames).peak > 0.3


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3", "aiff", "caf"])
def test_a_file_cut_off_in_its_header_is_refused(
    tmp_path: Path, suffix: str, capfd: pytest.CaptureFixture[str]
) -> None:
    content = sound_bytes(tmp_path, suffix)
    for n in (1, 4, 12, 30, 44):
        path = made(tmp_path, f"stub{n}.{suffix}", content[:n])
        assert path.name in refusal(path)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3", "aiff", "caf"])
def test_noise_in_the_middle_of_a_file_never_takes_the_program_down(
    tmp_path: Path, suffix: str, capfd: pytest.CaptureFixture[str]
) -> None:
    content = sound_bytes(tmp_path, suffix)
    rng = np.random.default_rng(0)
    sentences = []
    for trial in range(12):
        broken = bytearray(content)
        at = int(rng.integers(0, len(broken) - 600)) if trial else 0
        broken[at : at + 500] = rng.bytes(500)
        path = made(tmp_path, f"broken{trial}.{suffix}", bytes(broken))
        try:
            clip = open_clip(path)
            samples = clip.read(0, clip.n_frames).samples
        except AudioUnreadable as error:
            sentences.append(str(error))
            continue
        assert np.isfinite(samples).all()
        assert samples.shape == (clip.channels, clip.n_frames)
    assert all(sentence.startswith("broken") and sentence.endswith(".") for sentence in sentences)


@pytest.mark.parametrize("suffix", ["wav", "rf64", "flac", "ogg", "opus", "mp3", "aiff", "caf"])
def test_wrong_bytes_anywhere_end_in_a_sentence_or_in_sound(
    tmp_path: Path, suffix: str, capfd: pytest.CaptureFixture[str]
) -> None:
    write_clip(tone(0.4, 2), tmp_path / f"good.{suffix}")
    content = (tmp_path / f"good.{suffix}").read_bytes()
    rng = np.random.default_rng(0)
    refused = 0
    for trial in range(60):
        broken = bytearray(content)
        # Half of the time only the header is hit, where every byte counts.
        for at in rng.integers(0, len(broken) if trial % 2 else 200, int(rng.integers(1, 20))):
            broken[int(at)] = int(rng.integers(0, 256))
        if trial % 5 == 0:
            broken = broken[: int(rng.integers(1, len(broken)))]
        path = made(tmp_path, f"wrong{trial}.{suffix}", bytes(broken))
        try:
            clip = open_clip(path)
            samples = clip.read(0, min(clip.n_frames, 100_000)).samples
        except AudioUnreadable as error:
            refused += str(error).endswith(".")
            continue
        assert np.isfinite(samples).all()
    assert 0 < refused < 60


@pytest.mark.parametrize("length", [0, 0xFFFFFFFF, 0x7FFFF000])
def test_a_recording_that_was_never_closed_opens_to_its_end(tmp_path: Path, length: int) -> None:
    content = bytearray(sound_bytes(tmp_path, "wav"))
    at = content.index(b"data") + 4
    content[4:8] = struct.pack("<I", length)
    content[at : at + 4] = struct.pack("<I", length)
    clip = open_clip(made(tmp_path, "live.wav", bytes(content)))
    assert clip.notice == ""
    whole = np.frombuffer(content[at + 4 :], "<i2").astype(np.float32) / 32768
    np.testing.assert_array_equal(clip.read(0, clip.n_frames).samples[0], whole)


def test_an_empty_data_chunk_before_other_chunks_is_a_length_of_zero(tmp_path: Path) -> None:
    content = sound_bytes(tmp_path, "wav")
    head = bytearray(content[: content.index(b"data")]) + b"data\0\0\0\0" + b"LIST\x04\0\0\0INFO"
    head[4:8] = struct.pack("<I", len(head) - 8)
    assert "its length is zero" in refusal(made(tmp_path, "blank.wav", bytes(head)))


def test_a_flac_that_was_written_to_a_pipe_has_its_length_counted(tmp_path: Path) -> None:
    content = bytearray(sound_bytes(tmp_path, "flac"))
    whole = open_clip(made(tmp_path, "whole.flac", bytes(content)))
    content[21] &= 0xF0
    content[22:26] = bytes(4)
    clip = open_clip(made(tmp_path, "piped.flac", bytes(content)))
    assert clip.n_frames == whole.n_frames
    assert clip.notice == ""
    np.testing.assert_array_equal(clip.read(70_000, 5000).samples, whole.read(70_000, 5000).samples)


def test_a_flac_with_a_tag_behind_its_sound_is_not_taken_for_cut_short(tmp_path: Path) -> None:
    content = sound_bytes(tmp_path, "flac")
    clip = open_clip(made(tmp_path, "tagged.flac", content + b"TAG" + bytes(125)))
    assert clip.notice == ""
    assert clip.n_frames == 3 * RATE


def without_info_frame(mp3: bytes) -> bytes:
    """An MP3 as encoders write it that know no Xing header."""
    at = mp3.find(b"\xff", 100)
    while mp3[at : at + 2] != mp3[:2]:
        at = mp3.find(b"\xff", at + 1)
    return mp3[at:]


def test_a_variable_rate_mp3_without_a_header_is_not_cut_in_half(tmp_path: Path) -> None:
    quiet_then_loud = tone(6.0).samples.copy()
    quiet_then_loud[:, : 3 * RATE] *= 1e-4
    path = tmp_path / "vbr.mp3"
    write_clip(Audio(quiet_then_loud, RATE), path)
    whole = open_clip(path)
    bare = made(tmp_path, "bare.mp3", without_info_frame(path.read_bytes()))
    believed = soundfile.info(bare).frames
    clip = open_clip(bare)
    # Without the header nobody knows how much silence the encoder put before and behind.
    assert whole.n_frames <= clip.n_frames <= whole.n_frames + 3 * 1152
    assert abs(believed - whole.n_frames) > RATE  # what the decoder alone would have made of it
    end = clip.read(clip.n_frames - RATE, RATE // 2).samples
    assert float(np.sqrt(np.mean(end**2))) > 0.2
    assert clip.notice == ""


def test_an_mp3_behind_a_picture_opens(tmp_path: Path) -> None:
    content = sound_bytes(tmp_path, "mp3")
    tag = b"ID3\x03\x00\x00" + bytes([0, 0, 40, 0]) + np.random.default_rng(0).bytes(40 * 128)
    clip = open_clip(made(tmp_path, "cover.mp3", tag + content))
    assert clip.n_frames == 3 * RATE
    bare = open_clip(made(tmp_path, "cover2.mp3", tag + without_info_frame(content)))
    assert 3 * RATE <= bare.n_frames <= 3 * RATE + 3 * 1152


@pytest.mark.parametrize("subtype", ["FLOAT", "DOUBLE"])
def test_samples_that_are_no_numbers_are_counted_and_silent(tmp_path: Path, subtype: str) -> None:
    samples = tone().samples[0].copy()
    samples[24_000] = np.nan
    samples[30_000:30_002] = [np.inf, -np.inf]
    path = tmp_path / "nan.wav"
    soundfile.write(path, samples, RATE, subtype=subtype)
    clip = open_clip(path)
    assert "holds 3 samples that are no numbers (NaN or infinite, from 0.500 s on)" in clip.notice
    heard = clip.read(0, clip.n_frames).samples[0]
    assert np.isfinite(heard).all()
    assert not heard[[24_000, 30_000, 30_001]].any()
    np.testing.assert_array_equal(heard[:24_000], samples[:24_000])


def test_a_file_of_nothing_but_nan_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "nan.wav"
    soundfile.write(path, np.full(1000, np.nan), RATE, subtype="FLOAT")
    assert "not one of its samples is a number" in refusal(path)


def test_nine_channels_are_too_many(tmp_path: Path) -> None:
    path = tmp_path / "nine.wav"
    soundfile.write(path, np.zeros((100, 9)), RATE)
    assert refusal(path) == "nine.wav has 9 channels; up to 8 can be opened."


@pytest.mark.parametrize("rate", [4000, 7999, 192_001, 384_000])
def test_a_rate_outside_the_limits_is_refused(tmp_path: Path, rate: int) -> None:
    path = tmp_path / "odd.wav"
    soundfile.write(path, np.zeros(100), rate)
    assert refusal(path) == f"odd.wav has a sample rate of {rate} Hz; from 8 to 192 kHz can be opened."


def test_a_file_that_is_replaced_while_its_clip_lives_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "bell.wav"
    write_clip(tone(), path)
    clip = open_clip(path)
    write_clip(tone(2.0), path, overwrite=True)
    with pytest.raises(AudioUnreadable, match=r"bell\.wav has changed since it was opened; open it again\."):
        clip.read(0, 100)


def test_a_file_that_is_gone_while_its_clip_lives_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "bell.wav"
    write_clip(tone(), path)
    clip = open_clip(path)
    clip.source.close()
    path.unlink()
    with pytest.raises(AudioUnreadable, match="There is no file"):
        clip.read(0, 100)


def test_a_file_that_somebody_cuts_while_its_clip_lives_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "bell.wav"
    write_clip(tone(), path, subtype="PCM_16")
    clip = open_clip(path)
    with path.open("rb+") as file:
        file.truncate(1000)
    with pytest.raises(AudioUnreadable, match="has changed"):
        clip.read(40_000, 100)
