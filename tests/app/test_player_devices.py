"""Devices that vanish, come back, hang, or never were: the transport goes on, the person is told, nothing raises."""

from __future__ import annotations

import random
import signal
import threading
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from player_recording import RATE, PrivateServer, Recorder, pitch_hz, sine, wait, wait_until
from PySide6.QtWidgets import QApplication

from app.playback.devices import Device, DeviceTrouble, LibraryMissing, OpenDevice, PortAudio, name_devices
from app.playback.sound import Sound
from app.playback.voices import StreamVoice
from app.player import Player
from engine.audio.values import Audio, Clip
from engine.errors import AudioUnreadable


class Watched:
    """A player and what it said."""

    def __init__(self, **how: Any) -> None:
        self.player = Player(**how)
        self.messages: list[str] = []
        self.devices: list[str] = []
        self.player.message.connect(self.messages.append)
        self.player.device_changed.connect(self.devices.append)
        self.player.load(Clip.of(Audio(sine(700, 20.0), RATE), "tone"))

    def heard(self, *words: str) -> bool:
        """Whether one message has all these words."""
        return any(all(word in message for word in words) for message in self.messages)

    def runs(self) -> bool:
        """Whether the playhead moves."""
        before = self.player.position_s()
        return wait_until(lambda: self.player.position_s() > before + 0.1)


@pytest.mark.sound
def test_a_device_that_disappears_leaves_a_silent_player_and_is_taken_up_again(
    qapp: QApplication, server: PrivateServer, tmp_path: Path
) -> None:
    server.start()
    watched = Watched()
    player = watched.player
    try:
        player.play()
        assert wait_until(lambda: player.position_s() > 0.2)
        assert watched.messages == []
        server.stop()
        assert wait_until(lambda: watched.heard("is gone", "playing silently"))
        assert watched.devices[-1] == ""
        assert player.state == "playing"
        assert watched.runs()
        before = player.position_s()
        server.start()
        assert wait_until(lambda: watched.heard("Sound is back"))
        assert watched.devices[-1] != ""
        assert player.position_s() >= before
        assert watched.runs()
        with Recorder("own.monitor", tmp_path) as recorder:
            wait(0.4)
        assert pitch_hz(recorder.sound()) == pytest.approx(700, abs=2)
        assert len(watched.messages) == 2
    finally:
        player.close()


@pytest.mark.sound
def test_a_sound_server_that_hangs_does_not_take_the_player_along(qapp: QApplication, server: PrivateServer) -> None:
    server.start()
    watched = Watched()
    player = watched.player
    try:
        player.play()
        assert wait_until(lambda: player.position_s() > 0.2)
        server.freeze(signal.SIGSTOP)
        assert wait_until(lambda: watched.heard("is gone"))
        assert watched.runs()
        player.pause()
        player.play()
        server.freeze(signal.SIGCONT)
        assert wait_until(lambda: watched.heard("Sound is back"))
    finally:
        player.close()


@pytest.mark.sound
def test_the_system_default_is_followed(qapp: QApplication, server: PrivateServer, tmp_path: Path) -> None:
    server.start("first", "second")
    server.ask("set-default-sink", "first")
    watched = Watched()
    player = watched.player
    try:
        player.play()
        assert wait_until(lambda: player.position_s() > 0.2)
        server.ask("set-default-sink", "second")
        with Recorder("second.monitor", tmp_path) as recorder:
            wait(0.6)
        assert pitch_hz(recorder.sound()) == pytest.approx(700, abs=2)
        assert player.state == "playing"
    finally:
        player.close()


def test_without_any_device_everything_works_in_silence(qapp: QApplication, server: PrivateServer) -> None:
    watched = Watched()
    player = watched.player
    ends: list[None] = []
    player.finished.connect(lambda: ends.append(None))
    try:
        player.load(Clip.of(Audio(sine(700, 0.6), RATE), "short"))
        player.play()
        assert wait_until(lambda: watched.heard("playing silently"))
        assert wait_until(lambda: bool(ends)), "the silent transport does not come to the end"
        assert player.state == "stopped"
        player.set_loop((0.1, 0.3))
        player.play()
        assert watched.runs()
        player.seek(0.2)
        player.swap(Audio(sine(300, 0.6), RATE))
        player.pause()
        player.test_tone()
        wait(0.1)
        assert len(watched.messages) == 1, "it is said once"
    finally:
        player.close()


class NoLibrary(PortAudio):
    def scan(self) -> Any:
        raise LibraryMissing("PortAudio library not found")


class NoOpening(PortAudio):
    """Devices are listed, but none opens."""

    def scan(self) -> Any:
        info = {"name": "Sealed", "hostapi": 0, "max_output_channels": 2, "default_samplerate": 48000.0}
        return name_devices([info], ["Core Audio"], 0)

    def open(self, *_: Any) -> Any:
        raise DeviceTrouble("Device unavailable")


class Workshop(PortAudio):
    """One device whose stream does what the test wants."""

    def __init__(self, stream: Any) -> None:
        super().__init__()
        self.stream = stream
        self.opened = 0

    def scan(self) -> Any:
        return (Device("Bench", 0, 2, RATE, is_default=True),)

    def open(self, device: Device, latency_s: float, callback: Any, on_end: Any) -> OpenDevice:
        self.opened += 1
        return OpenDevice(self.stream, device, RATE, callback)


class SlowStream:
    """Takes its time to start, as a Bluetooth loudspeaker does."""

    def __init__(self) -> None:
        self.may_start, self.starts = threading.Event(), threading.Event()
        self.done: list[str] = []

    def start(self) -> None:
        self.starts.set()
        self.may_start.wait(5.0)
        self.done.append("start")

    def stop(self, ignore_errors: bool) -> None:
        self.done.append("stop")

    def close(self, ignore_errors: bool) -> None:
        self.done.append("close")


def test_a_device_that_is_just_starting_is_closed_with_the_player(qapp: QApplication) -> None:
    stream = SlowStream()
    watched = Watched(library=Workshop(stream))
    watched.player.start()
    assert stream.starts.wait(5.0)
    closer = threading.Thread(target=watched.player.close)
    closer.start()
    wait(0.05)
    stream.may_start.set()
    closer.join()
    assert stream.done == ["start", "stop", "close"]


def test_only_another_latency_opens_the_device_again(qapp: QApplication) -> None:
    stream = SlowStream()
    stream.may_start.set()
    library = Workshop(stream)
    watched = Watched(library=library)
    try:
        watched.player.start()
        assert wait_until(lambda: watched.player.device == "Bench")
        watched.player.set_latency(watched.player.latency_s)
        wait(0.25)
        assert stream.done == ["start"]
        watched.player.set_latency(0.02)
        assert wait_until(lambda: library.opened == 2)
    finally:
        watched.player.close()


def test_playing_while_an_idle_device_is_being_closed_opens_it_again(
    qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.playback.output.IDLE_S", 0.05)
    stream, closes, may_close = SlowStream(), threading.Event(), threading.Event()
    stream.may_start.set()
    library = Workshop(stream)

    def close_slowly(_: OpenDevice) -> None:
        closes.set()
        may_close.wait(5.0)

    library.close = close_slowly  # type: ignore[method-assign]
    watched = Watched(library=library)
    try:
        watched.player.start()
        assert closes.wait(5.0)
        watched.player.play()
        wait(0.15)
        may_close.set()
        assert wait_until(lambda: library.opened == 2)
    finally:
        watched.player.close()


def test_a_sound_swapped_in_while_the_rate_changes_keeps_its_pitch(
    qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = Watched(library=NoLibrary())
    player = watched.player
    lay_out = Sound.of

    def lay_out_while_a_device_opens(clip: Clip, rate: int) -> Sound:
        made = lay_out(clip, rate)
        monkeypatch.setattr(Sound, "of", lay_out)
        opening = threading.Thread(target=player.on_rate, args=(44100,))
        opening.start()
        opening.join()
        return made

    try:
        monkeypatch.setattr(Sound, "of", lay_out_while_a_device_opens)
        player.swap(Audio(sine(300, 1.0), RATE))
        assert player.sample_rate == 44100
        voice = player._mixer.plan.voice
        assert voice is not None
        assert isinstance(voice, StreamVoice), "a sound of another rate is resampled"
    finally:
        player.close()


def test_drop_outs_of_the_test_tone_are_told(qapp: QApplication) -> None:
    watched = Watched(library=NoLibrary())
    counts: list[int] = []
    watched.player.underruns_changed.connect(counts.append)
    try:
        watched.player.test_tone()
        wait(0.1)
        watched.player._mixer.underruns += 1  # as the device's callback does
        assert wait_until(lambda: counts == [1])
        assert wait_until(lambda: not watched.player._poll.isActive()), "nobody looks when all is quiet"
    finally:
        watched.player.close()


def test_without_portaudio_the_message_says_what_to_install(qapp: QApplication) -> None:
    watched = Watched(library=NoLibrary())
    try:
        watched.player.play()
        assert wait_until(lambda: watched.heard("libportaudio2"))
        assert watched.runs()
    finally:
        watched.player.close()


def test_a_device_that_does_not_open_is_named_with_its_reason(qapp: QApplication) -> None:
    watched = Watched(library=NoOpening())
    try:
        watched.player.play()
        assert wait_until(lambda: watched.heard("cannot be opened", "Device unavailable"))
        assert watched.runs()
        assert watched.player.devices() == ["Sealed"]
    finally:
        watched.player.close()


def test_a_chosen_device_that_is_missing_is_never_replaced_by_the_loudspeakers(qapp: QApplication) -> None:
    watched = Watched(library=NoOpening())
    try:
        watched.player.set_device("Headphones")
        watched.player.play()
        assert wait_until(lambda: watched.heard("“Headphones” is not there"))
        assert watched.player.device == ""
        assert watched.runs()
    finally:
        watched.player.close()


def test_two_devices_of_one_name_are_told_apart_by_their_sound_system() -> None:
    def info(name: str, host: int, channels: int = 2) -> dict[str, Any]:
        return {"name": name, "hostapi": host, "max_output_channels": channels, "default_samplerate": 44100.0}

    raw = [info("Speakers", 0), info("Speakers", 1), info("Headphones", 1, 8), info("Microphone", 0, 0)]
    devices = name_devices(raw, ["MME", "ALSA"], 2)
    assert [d.name for d in devices] == ["Speakers (MME)", "Speakers (ALSA)", "Headphones"]
    assert [d.is_default for d in devices] == [False, False, True]
    assert devices[2].channels == 2
    assert [d.rate for d in devices] == [44100, 48000, 48000], "ALSA's 44100 means nothing"


class Torn:
    """A file that cannot be read on after half a second."""

    channels, n_frames, sample_rate = 1, 5 * RATE, RATE

    def read(self, start: int, n: int) -> Any:
        if start > RATE // 2:
            raise AudioUnreadable("torn.wav cannot be read any further; open it again.")
        return sine(500, n / RATE)

    def close(self) -> None: ...


def test_a_file_that_breaks_while_it_plays_ends_with_its_own_sentence(qapp: QApplication) -> None:
    watched = Watched(library=NoOpening())
    try:
        watched.player.load(Clip(Torn(), "torn"))
        watched.player.play()
        assert wait_until(lambda: watched.heard("torn.wav cannot be read any further"))
        assert wait_until(lambda: watched.player.state == "stopped")
    finally:
        watched.player.close()


def test_a_closed_player_lets_go_of_its_sound(qapp: QApplication) -> None:
    watched = Watched(library=NoLibrary())
    clip = Clip.of(Audio(sine(300, 1.0, 96000), 96000), "resampled")
    try:
        watched.player.load(clip)
        watched.player.play()
        assert watched.runs()
        voices = [watched.player._mixer.plan.voice, watched.player._mixer._voice]
        assert all(isinstance(voice, StreamVoice) for voice in voices)
        kept = {weakref.ref(voice) for voice in voices}
        del voices
    finally:
        watched.player.close()
    assert not any(ref() for ref in kept)
    assert watched.player.position_s() == 0.0
    watched.player.play()
    assert watched.player.state == "stopped"
    assert not watched.player.is_sounding


def test_a_new_sound_at_the_end_of_a_missed_swap_still_ends(qapp: QApplication) -> None:
    watched = Watched(library=NoOpening())
    ends: list[None] = []
    watched.player.finished.connect(lambda: ends.append(None))
    try:
        watched.player.play()
        assert watched.runs()
        watched.player.swap(Audio(sine(500, 0.05), RATE))
        assert wait_until(lambda: bool(ends))
        assert watched.player.state == "stopped"
        assert watched.player.position_s() == 0.0
    finally:
        watched.player.close()


def test_playing_with_a_loop_starts_inside_of_it(qapp: QApplication) -> None:
    watched = Watched(library=NoOpening())
    player = watched.player
    try:
        player.set_loop((2.0, 3.0))
        player.play()
        assert 2.0 <= player.position_s() < 3.0
        player.pause()
        player.set_loop((5.0, 5.5))
        player.play()
        assert wait_until(lambda: 5.0 <= player.position_s() < 5.5)
        player.stop()
        player.set_loop(None)
        player.seek(19.5)
        player.play()
        assert player.position_s() >= 19.5
    finally:
        player.close()


def test_a_thousand_commands_in_any_order_leave_a_player_that_plays(qapp: QApplication) -> None:
    watched = Watched(library=NoOpening())
    player = watched.player
    chance = random.Random(7)
    sounds = [Audio(sine(300, seconds, rate), rate) for seconds, rate in ((0.3, RATE), (2.0, RATE), (1.0, 44100))]
    commands: list[Callable[[], object]] = [
        player.play,
        player.pause,
        player.stop,
        player.toggle,
        player.test_tone,
        lambda: player.seek(chance.uniform(-1, 3)),
        lambda: player.swap(chance.choice(sounds)),
        lambda: player.load(Clip.of(chance.choice(sounds), "next"), keep_position=chance.random() < 0.5),
        lambda: player.set_loop(chance.choice([None, (0.0, 0.1), (0.5, 0.2), (0.2, 0.2001), (5.0, 9.0)])),
        lambda: player.set_level_db(chance.uniform(-70, 6)),
        lambda: player.load(None),
    ]
    try:
        for i in range(1000):
            chance.choice(commands)()
            assert 0.0 <= player.position_s() <= player.duration_s
            if i % 5 == 0:
                wait(0.001)
        player.set_loop(None)
        player.load(Clip.of(Audio(sine(300, 5.0), RATE), "last"))
        player.play()
        assert watched.runs()
        assert len(watched.messages) == 1, "only that there is no device"
    finally:
        player.close()
