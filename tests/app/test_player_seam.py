"""Loops of real sounds: nothing clicks where the end meets the start, and every pass keeps its length to the frame."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from player_recording import RATE, Recorder, sine, steepest, wait

from app.playback.channels import Frames, to_stereo
from app.playback.seam import SEAM_S, make_seam
from app.playback.voices import MemoryVoice, StreamVoice, Voice
from app.player import Player
from engine.audio.files import open_clip
from engine.audio.values import Audio, Clip

SEAM = round(SEAM_S * RATE)


def chirp(seconds: float = 3.0, rate: int = RATE) -> NDArray[np.float32]:
    """``[1, frames]``: 200 Hz rising to 2000 Hz at half of full scale, so that no two places fit by themselves."""
    t = np.arange(round(seconds * rate)) / rate
    return (0.5 * np.sin(2 * np.pi * (200 * t + 900 * t * t / seconds))).astype(np.float32)[np.newaxis]


def from_memory(samples: NDArray[np.float32], loop: tuple[float, float], start_s: float) -> Voice:
    return MemoryVoice(to_stereo(samples), RATE, start_s, loop)


def from_file(samples: NDArray[np.float32], loop: tuple[float, float], start_s: float) -> Voice:
    voice = StreamVoice(Clip.of(Audio(samples, RATE), "looped"), RATE, start_s, loop)
    for _ in range(60):
        voice.feed(0.1)
    return voice


MAKERS = [from_memory, from_file]
Make = Callable[[NDArray[np.float32], tuple[float, float], float], Voice]


def played(voice: Voice, seconds: float, block: int = 600) -> NDArray[np.float32]:
    """The left channel."""
    blocks = []
    for _ in range(round(seconds * RATE / block)):
        out = np.zeros((block, 2), np.float32)
        assert voice.pull(out) == block
        blocks.append(out[:, 0])
    return np.concatenate(blocks)


def roughness(sound: NDArray[np.float32]) -> float:
    """The sharpest bend: it grows with the square of the frequency, and a click has nearly all frequencies."""
    return float(np.abs(np.diff(sound, 2)).max())


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("loop", [(0.7, 2.2003), (0.0, 1.5007), (0.002, 0.802), (1.3, 1.3123), (1.2, 3.0)])
def test_no_place_to_loop_clicks(make: Make, loop: tuple[float, float]) -> None:
    sound = chirp()
    heard = played(make(sound, loop, loop[0]), 4.0)
    assert steepest(heard) < 1.3 * steepest(sound[0])
    assert roughness(heard) < 1.5 * roughness(sound[0])


@pytest.mark.parametrize("make", MAKERS)
def test_the_whole_sound_repeated_does_not_click_either(make: Make) -> None:
    sound = chirp()[:, 17:-13]
    whole = (0.0, sound.shape[1] / RATE)
    heard = played(make(sound, whole, 0.0), 5.5)
    assert abs(sound[0, 0] - sound[0, -1]) > 0.02, "it would be smooth anyhow"
    np.testing.assert_array_equal(heard[: sound.shape[1] - SEAM], sound[0, :-SEAM])
    assert steepest(heard) < 1.1 * steepest(sound[0])
    assert roughness(heard) < 1.1 * roughness(sound[0])


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("loop", [(0.1, 0.35), (0.0, 0.25), (0.5, 1.0), (0.0, 1.0), (0.2, 0.2 + 1 / 600)])
def test_whole_cycles_of_a_steady_tone_go_on_as_one_tone(make: Make, loop: tuple[float, float]) -> None:
    heard = played(make(sine(600, 1.0, phase=0.7), loop, loop[0]), 3.0)
    place = loop[0] + np.arange(len(heard)) / RATE
    np.testing.assert_allclose(heard, 0.25 * np.sin(2 * np.pi * 600 * place + 0.7), atol=2e-4)


@pytest.mark.parametrize("make", MAKERS)
def test_a_drum_loop_keeps_the_attack_of_its_file(make: Make) -> None:
    rng = np.random.default_rng(3)
    n = RATE // 2
    drum = (rng.uniform(-0.9, 0.9, n) * np.exp(-np.arange(n) / 2000)).astype(np.float32)[np.newaxis]
    heard = played(make(drum, (0.0, 0.5), 0.0), 2.0)
    np.testing.assert_array_equal(heard, np.tile(drum[0], 4))


@pytest.mark.parametrize("make", MAKERS)
def test_a_pass_is_exact_to_the_frame_and_its_middle_untouched(make: Make) -> None:
    sound = chirp()
    first, last = 33_001, 67_890
    heard = played(make(sound, (first / RATE, last / RATE), 0.25), 5.0)
    into = first - RATE // 4
    np.testing.assert_array_equal(heard[:into], sound[0, RATE // 4 : first])
    length = last - first
    passes = heard[into:][: length * 5].reshape(5, length)
    np.testing.assert_array_equal(passes[:, : length - SEAM], np.tile(sound[0, first : last - SEAM], (5, 1)))
    assert len({one.tobytes() for one in passes}) == 1


def test_blocks_of_any_size_give_the_same_loop() -> None:
    def make() -> Voice:
        return from_memory(chirp(), (0.0, 0.0105), 0.0)

    joined = played(make(), 1.0, 480)
    for block in (1, 64, 250):
        np.testing.assert_array_equal(played(make(), 1.0, block), joined)


def test_like_sounds_cross_at_even_amplitude_and_unlike_ones_at_even_power() -> None:
    rng = np.random.default_rng(0)
    noise = np.repeat(rng.normal(0, 0.2, (2 * RATE, 1)).astype(np.float32), 2, axis=1)

    def reader(frames: Frames) -> Callable[[int, int], Frames]:
        return lambda start, n: frames[start : start + n]

    powers = []
    for first in range(1_000, 60_000, 200):
        tail = make_seam(reader(noise), len(noise), (first, first + 20_000), RATE).tail
        assert tail is not None
        powers.append(tail[:, 0] ** 2)
    power = np.mean(powers, axis=0).reshape(-1, 16).mean(axis=1) / 0.04
    assert power.min() > 0.85
    assert power.max() < 1.15
    steady = np.ones((RATE, 2), np.float32)
    tail = make_seam(reader(steady), RATE, (1_000, 30_000), RATE).tail
    assert tail is not None
    np.testing.assert_allclose(tail, 1.0, atol=1e-6)


def test_a_new_sound_swapped_into_a_loop_takes_the_seam_along() -> None:
    voice = MemoryVoice(to_stereo(chirp()), RATE, 0.7, (0.7, 1.2))
    voice.skip(RATE // 2 + 100)
    assert voice.position_s == pytest.approx(0.7 + 100 / RATE)
    heard = played(voice, 2.0)
    assert steepest(heard) < 1.3 * steepest(chirp()[0])


@pytest.mark.sound
@pytest.mark.parametrize("rate", [48000, 44100])
def test_the_recording_of_a_looped_selection_has_no_click_and_the_right_period(
    player: Player, sound_server: object, tmp_path: Path, rate: int
) -> None:
    soundfile.write(tmp_path / "chirp.wav", chirp(3.0, rate)[0], rate, subtype="FLOAT")
    with Recorder(sound_server.monitor, tmp_path) as recorder:  # type: ignore[attr-defined]
        player.load(open_clip(tmp_path / "chirp.wav"))
        player.set_loop((0.751, 1.251))
        player.seek(0.751)
        player.play()
        wait(2.6)
        player.stop()
        wait(0.2)
    heard = recorder.sound()
    length = RATE // 2
    assert len(heard) > 4 * length
    assert steepest(heard) < 1.3 * steepest(chirp()[0, : round(1.251 * RATE)])
    np.testing.assert_allclose(heard[length : 3 * length], heard[2 * length : 4 * length], atol=2e-3)
