"""What is heard of the live patch: notes are struck, knobs are not, and the player holds what the stage shows."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from player_recording import RATE, Recorder, longest_silence_s, pitch_hz, wait, wait_until
from PySide6.QtWidgets import QApplication

from app.bridge import Bridge
from app.live_sound import LiveSound
from app.playback.devices import LibraryMissing, PortAudio
from app.player import Player
from engine.audio.values import Audio
from engine.jobs import Event
from engine.params import Patch
from engine.studio import Rendered

NOTE = (60, 100, 1.0, 2.0)
HZ = {"low": 300.0, "high": 900.0}


class Deaf(PortAudio):
    """A machine without PortAudio: playback runs in silence."""

    def scan(self) -> Any:
        raise LibraryMissing("none")


def patch(name: str) -> Patch:
    return Patch("fm", name=name)


def bell(name: str) -> Audio:
    """Two seconds that begin at full level and fall: how loud it is tells how far from its attack it is."""
    t = np.arange(2 * RATE) / RATE
    tone = 0.5 * np.cos(2 * np.pi * HZ.get(name, 500.0) * t) * np.exp(-2 * t)
    return Audio(tone.astype(np.float32)[np.newaxis], RATE)


@dataclass
class _Job:
    patch: Patch
    on_audio: Callable[[Audio], None]
    audio: Audio


class HandEngine:
    """Renders when the test says so, and tells of it when the test says so: every order of the two threads."""

    def __init__(self, bridge: Bridge) -> None:
        self._bridge = bridge
        self._ids = itertools.count(1)
        self.jobs: dict[int, _Job] = {}

    def render(self, patch: Patch, *, on_audio: Callable[[Audio], None], **_: Any) -> int:
        job = next(self._ids)
        self.jobs[job] = _Job(patch, on_audio, bell(patch.name))
        return job

    def deliver(self, job: int) -> None:
        """On the engine's thread: the short way."""
        self.jobs[job].on_audio(self.jobs[job].audio)

    def tell(self, job: int) -> None:
        """The window hears of it."""
        made = self.jobs[job]
        self._bridge.listener(Event(job, "done", Rendered(made.audio, made.patch, *NOTE)))
        QApplication.processEvents()

    def finish(self, job: int | None = None) -> None:
        job = job if job is not None else max(self.jobs)
        self.deliver(job)
        self.tell(job)


class Desk:
    def __init__(self, player: Player) -> None:
        self.player = player
        self.bridge = Bridge()
        self.engine = HandEngine(self.bridge)
        self.live = LiveSound(self.engine, self.bridge, player, lambda: NOTE)  # type: ignore[arg-type]

    def close(self) -> None:
        self.bridge.close()
        self.player.close()

    def agree(self) -> bool:
        """Whether the player holds the sound that the window shows."""
        shown, held = self.live.clip, self.player.clip
        assert shown is not None
        assert held is not None
        return np.array_equal(shown.read(0, RATE).samples, held.read(0, RATE).samples)

    def play_low(self) -> None:
        """The low bell sounds, and is well past its attack."""
        self.live.render(patch("low"), strike=True)
        self.engine.finish()
        assert wait_until(lambda: self.player.position_s() > 0.4)


@pytest.fixture
def desk(qapp: QApplication) -> Iterator[Desk]:
    made = Desk(Player(library=Deaf()))
    yield made
    made.close()


# -- stage and player agree ---------------------------------------------------------------------------------------


def test_a_sound_finished_beside_a_take_is_the_one_that_plays_afterwards(desk: Desk) -> None:
    desk.live.render(patch("low"))
    desk.engine.finish()
    desk.live.render(patch("high"))
    desk.live.leave()
    desk.engine.deliver(2)
    desk.live.enter()
    desk.engine.tell(2)
    assert desk.live.latest is not None
    assert desk.live.latest.patch.name == "high"
    assert desk.agree()


def test_a_sound_that_comes_while_the_live_patch_is_put_back_is_not_lost_under_the_old_one(desk: Desk) -> None:
    desk.live.render(patch("low"))
    desk.engine.finish()
    desk.live.leave()
    desk.live.render(patch("high"))
    load = desk.player.load
    engine = threading.Thread(target=desk.engine.deliver, args=(2,))

    def load_slowly(*args: Any, **how: Any) -> None:
        engine.start()
        engine.join(0.1)  # as far as it gets
        load(*args, **how)

    desk.player.load = load_slowly  # type: ignore[method-assign]
    desk.live.enter()
    engine.join()
    desk.engine.tell(2)
    assert desk.agree()


def test_an_early_render_that_ends_late_replaces_nothing_newer(desk: Desk) -> None:
    desk.live.render(patch("low"))
    desk.live.render(patch("high"))
    desk.engine.finish(2)
    desk.engine.finish(1)
    assert desk.live.latest is not None
    assert desk.live.latest.patch.name == "high"
    assert desk.agree()


@pytest.mark.parametrize("seed", range(20))
def test_in_every_order_of_finishing_telling_and_choosing_both_agree_in_the_end(desk: Desk, seed: int) -> None:
    chance = np.random.default_rng(seed)
    for _ in range(30):
        desk.live.render(patch(chance.choice(["low", "high", "a", "b"])), strike=bool(chance.integers(2)))
        job = max(desk.engine.jobs)
        steps = [lambda job=job: desk.engine.deliver(job), desk.live.leave, desk.live.enter]
        for step in sorted(steps, key=lambda _: chance.random()):
            step()
        desk.live.enter()
        desk.engine.tell(job)
        assert desk.agree()


# -- what is struck -----------------------------------------------------------------------------------------------


def test_a_key_pressed_while_a_note_sounds_begins_at_its_attack(desk: Desk) -> None:
    desk.play_low()
    desk.live.render(patch("high"), strike=True)
    desk.engine.finish()
    assert desk.player.position_s() < 0.1
    assert desk.player.state == "playing"
    assert wait_until(lambda: desk.player.position_s() > 0.2)


def test_a_turned_knob_keeps_the_place(desk: Desk) -> None:
    desk.play_low()
    desk.live.render(patch("high"), strike=True, turning=True)
    desk.engine.finish()
    assert desk.player.position_s() > 0.4


def test_a_turned_knob_strikes_when_nothing_sounds(desk: Desk) -> None:
    desk.live.render(patch("high"), strike=True, turning=True)
    desk.engine.finish()
    assert desk.player.state == "playing"


def test_hear_while_turning_concerns_knobs_only(desk: Desk) -> None:
    desk.live.hear_while_turning = False
    desk.live.render(patch("low"), strike=True, turning=True)
    desk.engine.finish()
    assert desk.player.state == "stopped"
    desk.live.render(patch("high"), strike=True)
    desk.engine.finish()
    assert desk.player.state == "playing"


def test_a_key_is_still_struck_when_its_render_is_replaced(desk: Desk) -> None:
    desk.play_low()
    desk.live.render(patch("high"), strike=True)
    desk.live.render(patch("high"))  # the device has another rate, say
    desk.engine.finish()
    assert desk.player.position_s() < 0.1
    desk.player.stop()
    desk.live.render(patch("low"))
    desk.engine.finish()
    assert desk.player.state == "stopped", "nothing is owed any more"


def test_nothing_is_struck_while_a_take_is_looked_at(desk: Desk) -> None:
    desk.live.leave()
    desk.live.render(patch("low"), strike=True)
    desk.engine.finish()
    assert desk.player.state == "stopped"


def test_the_same_key_again_restarts_its_note(desk: Desk) -> None:
    desk.play_low()
    desk.player.strike()
    assert desk.player.position_s() < 0.1
    desk.player.set_loop((1.0, 1.5))
    desk.player.stop()
    desk.player.strike()
    assert desk.player.position_s() < 0.1, "the attack is heard, and then the loop"
    assert wait_until(lambda: 1.0 < desk.player.position_s() < 1.5)


@pytest.mark.sound
def test_the_recording_of_a_struck_key_has_its_whole_attack_and_no_click(
    qapp: QApplication, sound_server: object, tmp_path: Path
) -> None:
    player = Player(latency_s=0.2)
    player.set_device("pulse")
    desk = Desk(player)
    try:
        with Recorder(sound_server.monitor, tmp_path) as recorder:  # type: ignore[attr-defined]
            desk.play_low()
            desk.live.render(patch("high"), strike=True)
            desk.engine.finish()
            wait(0.7)
            player.stop()
            wait(0.2)
    finally:
        desk.close()
    heard = recorder.sound()
    levels = np.abs(heard[: len(heard) // 240 * 240].reshape(-1, 240)).max(axis=1)
    attack = 240 * (20 + int(np.argmax(np.diff(levels[20:])))) + 240
    assert heard[attack - 240 : attack + 240].max() == pytest.approx(0.5 + levels[attack // 240 - 3], abs=0.12)
    after = heard[attack + 960 : attack + 960 + RATE // 4]
    assert pitch_hz(after) == pytest.approx(HZ["high"], abs=4)
    # Some 20 ms after its attack it is as loud as a bell that has just been struck, not as one that has rung on.
    assert np.abs(after[:240]).max() == pytest.approx(0.5 * np.exp(-0.05), abs=0.02)
    assert longest_silence_s(heard) < 0.0005
