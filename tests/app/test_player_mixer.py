"""The mixer by hand, block after block: attacks, fades, loops, ends and starvation, without a device or a clock."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from player_recording import steepest

from app.playback.channels import fold_matrix, to_stereo
from app.playback.mixer import CROSSFADE_S, Mixer, Plan
from app.playback.ramps import Ramp
from app.playback.seam import SEAM_S
from app.playback.timeline import Timeline
from app.playback.voices import Loop, MemoryVoice, StreamVoice, Voice
from engine.audio.values import Audio, Clip

RATE = 48000
BLOCK = 600


def memory(samples: NDArray[np.float32], start_s: float = 0.0, loop: Loop | None = None) -> MemoryVoice:
    return MemoryVoice(to_stereo(np.atleast_2d(samples.astype(np.float32))), RATE, start_s, loop)


class Desk:
    """A mixer and somebody who asks for blocks, heard the moment they are made."""

    def __init__(self) -> None:
        self.mixer = Mixer(RATE)
        self.now_s = 100.0

    def plan(self, voice: Voice | None = None, **changes: object) -> None:
        plan = self.mixer.plan
        if voice is not None:
            changes |= {"voice": voice, "voice_id": plan.voice_id + 1}
        self.mixer.plan = replace(plan, **changes)  # type: ignore[arg-type]

    def run(self, blocks: int = 1, n: int = BLOCK, underflow: bool = False) -> NDArray[np.float32]:
        """``[blocks * n]``: the left channel."""
        heard = []
        for _ in range(blocks):
            out = np.full((n, 2), np.nan, np.float32)
            self.mixer.fill(out, self.now_s, underflow)
            self.now_s += n / RATE
            heard.append(out[:, 0].copy())
        return np.concatenate(heard)


@pytest.fixture
def desk() -> Desk:
    return Desk()


RISE = np.linspace(0.1, 0.9, RATE)


def test_a_sound_played_from_its_start_keeps_its_attack(desk: Desk) -> None:
    desk.plan(memory(np.ones(RATE)), playing=True)
    assert desk.run()[0] == 1.0


def test_a_sound_played_from_its_middle_fades_in(desk: Desk) -> None:
    desk.plan(memory(np.ones(RATE), start_s=0.5), playing=True)
    heard = desk.run(2)
    assert heard[0] < 0.01
    assert heard[-1] == 1.0
    assert np.diff(heard).max() < 0.01


def test_nothing_but_silence_comes_before_play(desk: Desk) -> None:
    desk.plan(memory(np.ones(RATE)))
    assert not desk.run(3).any()
    assert not desk.mixer.busy


@pytest.mark.parametrize("n", [64, 480, 600, 1024])
def test_a_swap_goes_on_where_the_old_sound_stood(desk: Desk, n: int) -> None:
    desk.plan(memory(RISE), playing=True)
    desk.run(5, n)
    snapshot = desk.mixer.snapshot
    desk.run(2, n)  # the new sound takes a while to be made
    desk.plan(memory(RISE / 2, start_s=snapshot.position_s), aligned=True, born=snapshot.played)
    heard = desk.run(24, n)
    place = 7 * n + np.arange(len(heard))
    share = np.clip((1 + np.arange(len(heard))) / (CROSSFADE_S * RATE), 0, 1)
    np.testing.assert_allclose(heard, RISE[place] * (1 - share / 2), atol=1e-5)


def test_the_newest_of_many_swaps_wins(desk: Desk) -> None:
    desk.plan(memory(np.full(RATE, 0.1)), playing=True)
    desk.run(2)
    for level in (0.2, 0.3, 0.4):
        desk.plan(memory(np.full(RATE, level)))
    assert desk.run(3)[-1] == pytest.approx(0.4)
    assert [n for n, _ in desk.mixer.handed] == [1, 4]


def test_a_swap_during_a_fade_waits_for_its_end(desk: Desk) -> None:
    desk.plan(memory(np.zeros(RATE), start_s=0.1), playing=True)
    desk.run(10, 64)
    heard = []
    for level in (0.2, 0.4, 0.6, 0.8):
        desk.plan(memory(np.full(RATE, level), start_s=0.1))
        heard.append(desk.run(2, 64))
    heard.append(desk.run(20, 64))
    joined = np.concatenate(heard)
    assert joined[-1] == pytest.approx(0.8)
    assert np.abs(np.diff(joined)).max() < 0.8 / (CROSSFADE_S * RATE) * 1.5


def test_a_pause_takes_only_what_it_plays(desk: Desk) -> None:
    desk.plan(memory(RISE), playing=True)
    desk.run(4)
    desk.plan(playing=False)
    tail = desk.run(3)
    position = round(desk.mixer.snapshot.position_s * RATE)
    assert position == 4 * BLOCK + np.flatnonzero(tail)[-1] + 2  # the last frame of the ramp is zero
    assert not desk.mixer.busy
    desk.plan(playing=True)
    assert desk.run(3)[BLOCK] == pytest.approx(RISE[position + BLOCK])


def test_a_swap_during_a_pause_goes_on_from_where_it_fell_silent(desk: Desk) -> None:
    desk.plan(memory(RISE), playing=True)
    desk.run(4)
    snapshot = desk.mixer.snapshot
    desk.plan(memory(RISE / 2, start_s=snapshot.position_s), aligned=True, born=snapshot.played, playing=False)
    desk.run(3)
    assert desk.mixer.snapshot.voice_id == 2
    assert desk.mixer.snapshot.played > snapshot.played
    assert round(desk.mixer.snapshot.position_s * RATE) == desk.mixer.snapshot.played


@pytest.mark.parametrize("length", [48, 480, 1000])
def test_every_pass_of_a_loop_is_as_long_as_the_loop_to_the_frame(desk: Desk, length: int) -> None:
    noise = np.random.default_rng(0).uniform(-0.9, 0.9, RATE).astype(np.float32)
    desk.plan(memory(noise, loop=(0.0, length / RATE)), playing=True)
    heard = desk.run(10)
    np.testing.assert_array_equal(heard[:length], noise[:length])
    passes = heard[length : length + length * ((len(heard) - length) // length)].reshape(-1, length)
    np.testing.assert_array_equal(passes, np.tile(passes[0], (len(passes), 1)))
    seam = min(round(SEAM_S * RATE), length // 2)
    np.testing.assert_array_equal(passes[0, seam:], noise[seam:length])


def test_a_sound_plays_into_its_loop_and_stays_there(desk: Desk) -> None:
    desk.plan(memory(RISE, loop=(0.05, 0.1)), playing=True)
    heard = desk.run(30)
    frames = np.arange(len(heard))
    places = np.where(frames < 4800, frames, 2400 + (frames - 2400) % 2400)
    beside_the_seam = places < 4800 - round(SEAM_S * RATE)
    np.testing.assert_allclose(heard[beside_the_seam], RISE[places][beside_the_seam], atol=1e-6)
    assert steepest(heard) < 0.001


def test_the_end_is_reported_with_the_frame_it_fell_on(desk: Desk) -> None:
    desk.plan(memory(np.ones(1000)), playing=True)
    heard = desk.run(4)
    assert heard[:1000].all()
    assert not heard[1000:].any()
    assert desk.mixer.snapshot.finished_id == 1
    assert desk.mixer.snapshot.finished_frame == 1000
    assert not desk.mixer.busy


def test_too_loud_is_cut_at_full_scale_and_measured_before(desk: Desk) -> None:
    desk.plan(memory(np.full(RATE, 1.5)), playing=True)
    assert desk.run()[-1] == 1.0
    levels = desk.mixer.levels.take(desk.now_s)
    assert levels.left == 1.5
    assert levels.is_over
    assert desk.mixer.levels.take(desk.now_s).left == 0.0, "peaks are told once"


def test_levels_are_those_of_the_moment_that_is_heard(desk: Desk) -> None:
    desk.plan(memory(np.r_[np.full(BLOCK, 0.2), np.full(BLOCK, 0.7)]), playing=True)
    desk.run(2)
    assert desk.mixer.levels.take(100.0).left == pytest.approx(0.2)
    assert desk.mixer.levels.take(100.0 + 1.5 * BLOCK / RATE).left == pytest.approx(0.7)


def test_a_driver_that_woke_late_gets_silence(desk: Desk) -> None:
    desk.plan(memory(np.ones(RATE)), playing=True)
    desk.mixer._one_at_a_time.acquire()
    assert not desk.run().any()
    desk.mixer._one_at_a_time.release()
    assert desk.run().any()


def test_a_file_that_is_not_read_in_time_is_one_underrun_and_goes_on(desk: Desk) -> None:
    voice = StreamVoice(Clip.of(Audio(RISE.astype(np.float32), RATE), "late"), RATE)
    desk.plan(voice, playing=True)
    assert not desk.run(3).any(), "it waits for its first frames"
    assert desk.mixer.underruns == 0
    voice.feed(0.06)
    desk.run(8)
    assert desk.mixer.underruns == 1
    voice.feed(1.0)
    heard = desk.run(10)
    np.testing.assert_allclose(heard, RISE[2880 : 2880 + len(heard)], atol=1e-6)
    assert desk.mixer.underruns == 1


def test_the_devices_underruns_count_only_while_something_plays(desk: Desk) -> None:
    desk.run(3, underflow=True)
    assert desk.mixer.underruns == 0
    desk.plan(memory(RISE), playing=True)
    desk.run(1)
    desk.run(2, underflow=True)
    assert desk.mixer.underruns == 2


def test_a_streamed_loop_of_another_rate_joins_without_a_seam(desk: Desk) -> None:
    t = np.arange(44100) / 44100
    tone = (0.5 * np.sin(2 * np.pi * 440 * t)).astype(np.float32)
    voice = StreamVoice(Clip.of(Audio(tone, 44100), "tone"), RATE, 0.0, (0.0, 0.1))
    for _ in range(20):
        voice.feed(0.05)
    desk.plan(voice, playing=True)
    heard = desk.run(60)[: RATE // 2]
    k = np.arange(len(heard))
    expected = 0.5 * np.sin(2 * np.pi * 440 * k / RATE)
    assert np.abs(heard[200:] - expected[200:]).max() < 1e-3
    assert 0.0 <= desk.mixer.snapshot.position_s <= 0.1


def test_the_timeline_finds_the_place_of_a_heard_frame_across_a_seam() -> None:
    timeline = Timeline()
    timeline.sync(0, 4800, 10.0, RATE)
    timeline.mark(0, 1.0, True, 1)
    timeline.mark(2400, 0.5, True, 1)
    timeline.mark(3600, 0.525, False, 1)
    assert timeline.position_s(timeline.heard_frame(10.02)) == pytest.approx(1.02)
    assert timeline.position_s(timeline.heard_frame(10.06)) == pytest.approx(0.51)
    assert timeline.position_s(timeline.heard_frame(10.09)) == 0.525
    assert timeline.heard_frame(99.0) == 4800, "what has not been handed cannot be heard"


@pytest.mark.parametrize("channels", range(3, 10))
def test_full_scale_on_every_channel_still_fits_into_two(channels: int) -> None:
    sums = fold_matrix(channels).sum(axis=0)
    assert sums.max() == pytest.approx(1.0)
    assert sums.min() > 0.9, "left and right get the same"


def test_the_centre_goes_to_both_sides() -> None:
    six = np.zeros((6, 4), np.float32)
    six[2] = 0.5
    centre = to_stereo(six)
    assert (centre[:, 0] == centre[:, 1]).all()
    assert centre.any()


@pytest.mark.parametrize("channels", range(1, 13))
def test_every_channel_is_heard(channels: int) -> None:
    for channel in range(channels):
        alone = np.zeros((channels, 4), np.float32)
        alone[channel] = 1.0
        assert to_stereo(alone).max() > 0.1, f"channel {channel + 1} of {channels}"


def test_a_ramp_is_straight_and_can_turn_round() -> None:
    ramp = Ramp(0.0, 100)
    ramp.aim(1.0)
    first = np.ravel(ramp.block(50))
    ramp.aim(0.0)
    second = np.ravel(ramp.block(200))
    np.testing.assert_allclose(first, np.arange(1, 51) / 100, atol=1e-6)
    assert second[0] < 0.5
    assert second[-1] == 0.0
    assert ramp.block(10) == 0.0


def test_a_plan_is_a_value() -> None:
    with pytest.raises(AttributeError):
        Plan().playing = True  # type: ignore[misc]


def test_what_plays_beside_the_transport_gives_way_without_a_click(desk: Desk) -> None:
    t = np.arange(RATE) / RATE
    one, other = (0.5 * np.sin(2 * np.pi * hz * t) for hz in (200.0, 300.0))
    desk.plan(extra=memory(one), extra_id=1)
    begun = desk.run(3)
    desk.plan(extra=memory(other), extra_id=2)
    crossed = desk.run(3)
    assert steepest(np.concatenate([begun, crossed])) < 1.1 * (2 * np.pi * 500.0 / RATE) * 0.5
    assert crossed[BLOCK:] == pytest.approx(other[BLOCK : 3 * BLOCK], abs=1e-4), (
        "after the fade only the new one sounds"
    )
    desk.plan(extra=None, extra_id=3)
    ending = desk.run(2)
    assert steepest(np.concatenate([crossed[-1:], ending])) < 1.1 * (2 * np.pi * 300.0 / RATE) * 0.5
    assert not ending[BLOCK:].any()
    assert not desk.mixer.busy
