"""The instrument's thread: keys from any thread become blocks on a bus, and nobody waits or falls over."""

import threading
import time

import numpy as np
import pytest

from engine.params import SPACES, Param, ParamSpace, Patch
from engine.params.playing import PLAY_PARAMS, PlaySettings
from engine.playing import Instrument, prepare
from engine.playing_clock import Clock
from engine.playing_ready import live_patch
from engine.studio import Studio
from engine.synths.live import LiveInstrument

RATE = 48_000
WAIT_S = 60.0
SINE = Patch("fm", {"mod_2_1_rad": 0.0, "op1_env2_db": 0.0, "op1_env3_db": 0.0, "op1_env4_s": 0.05})


class SteppedBus:
    """A bus whose device takes frames when the test says so."""

    rate = RATE
    at_once = 0

    def __init__(self):
        self.position = 0
        self.blocks = []
        self.expected = 0
        self.changed = threading.Condition()

    def add(self, first, frames):
        assert frames.dtype == np.float32
        assert frames.shape[1] == 2
        with self.changed:
            self.blocks.append((first, frames, threading.current_thread().name))
            self.changed.notify_all()

    def expect(self, frame):
        with self.changed:
            self.expected = frame
            self.changed.notify_all()

    def wait_for(self, wanted):
        with self.changed:
            assert self.changed.wait_for(lambda: wanted(self.blocks), WAIT_S), "the sound did not come"

    def take(self, n):
        """The device takes ``n`` frames, and what is there by then is heard."""
        self.position += n

    def end(self):
        with self.changed:
            return max((first + len(frames) for first, frames, _ in self.blocks), default=0)

    def joined(self):
        # What sounds goes on meanwhile.
        with self.changed:
            out = np.zeros((self.end(), 2))
            for first, frames, _ in self.blocks:
                out[first : first + len(frames)] += frames
        return out


@pytest.fixture(params=["real", "fake"])
def instrument(request):
    prepare(request.param)
    instrument = Instrument(request.param)
    yield instrument
    assert instrument.close()


@pytest.fixture
def bus(instrument):
    bus = SteppedBus()
    instrument.connect(bus)
    instrument.set_patch(SINE)
    return bus


def pump(bus, until):
    """Take frames as they come until there are so many."""
    while bus.position < until:
        bus.wait_for(lambda blocks: bus.end() > bus.position)
        bus.take(min(bus.end(), until) - bus.position)


def test_a_key_is_heard_a_few_milliseconds_after_the_devices_next_frame(instrument, bus):
    bus.take(5_000)
    instrument.note_on(69, 100)
    bus.wait_for(bool)
    first, frames, thread = bus.blocks[0]
    assert 5_000 <= first <= 5_000 + 0.005 * RATE
    assert np.abs(frames).max() > 0.0
    assert thread == "engine-play"
    pump(bus, 20_000)
    sound = bus.joined()[first:20_000, 0]
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(sound.size)))
    assert np.argmax(spectrum) * RATE / sound.size == pytest.approx(440.0, abs=5.0)
    assert instrument.n_sounding == 1


def test_held_notes_stay_ahead_of_the_device_but_not_for_ever(instrument, bus):
    instrument.note_on(60, 100)
    pump(bus, 24_000)
    assert bus.end() - bus.position < 0.3 * RATE
    time.sleep(0.05)
    before = bus.end()
    time.sleep(0.05)
    assert bus.end() == before, "a device that stands still is not played to"


def test_a_new_key_does_not_wait_for_what_is_rendered_ahead(instrument, bus):
    instrument.note_on(60, 100)
    pump(bus, 12_000)
    bus.wait_for(lambda blocks: bus.end() >= bus.position + 480)
    n = len(bus.blocks)
    instrument.note_on(72, 100)
    bus.wait_for(lambda blocks: any(first < bus.end() - 480 for first, _, _ in blocks[n:]))
    first = min(first for first, _, _ in bus.blocks[n:])
    assert first <= bus.position + 0.005 * RATE


def test_a_key_that_goes_up_falls_silent_and_the_thread_rests(instrument, bus):
    instrument.note_on(60, 100)
    pump(bus, 4_800)
    instrument.note_off(60)
    while instrument.n_sounding:
        bus.take(480)
        time.sleep(0.002)
    n = len(bus.blocks)
    bus.take(48_000)
    time.sleep(0.05)
    assert len(bus.blocks) == n
    assert np.abs(bus.joined()[-100:]).max() < 1e-3


def test_velocity_nought_is_a_key_that_goes_up(instrument, bus):
    instrument.note_on(60, 100)
    bus.wait_for(bool)
    instrument.note_on(60, 0)
    deadline = time.monotonic() + WAIT_S
    while instrument.n_sounding and time.monotonic() < deadline:
        bus.take(480)
        time.sleep(0.002)
    assert instrument.n_sounding == 0


def test_a_turned_knob_reaches_what_is_held(instrument, bus):
    instrument.note_on(69, 100)
    pump(bus, 9_600)
    instrument.set_patch(SINE.with_values(transpose_st=12.0))
    time.sleep(0.05)
    pump(bus, 48_000)
    sound = bus.joined()[24_000:48_000, 0]
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(sound.size)))
    assert np.argmax(spectrum) * RATE / sound.size == pytest.approx(880.0, abs=5.0)


class Gate:
    """Patches are ready when the test says so."""

    def __init__(self, monkeypatch):
        self.open = threading.Event()
        self.open.set()
        monkeypatch.setattr("engine.playing_ready.live_patch", self.live_patch)

    def live_patch(self, *args):
        assert self.open.wait(WAIT_S)
        return live_patch(*args)


@pytest.fixture
def gate(monkeypatch):
    gate = Gate(monkeypatch)
    yield gate
    gate.open.set()


def heard_hz(bus, first, n=12_000):
    sound = bus.joined()[first : first + n, 0]
    return np.argmax(np.abs(np.fft.rfft(sound * np.hanning(sound.size), 8 * n))) * RATE / (8 * n)


def strike_and_hold(instrument, bus, held):
    """A quiet key; where it is not ``held``, it has come and gone."""
    instrument.note_on(45, 1)
    bus.wait_for(bool)
    if not held:
        instrument.all_off()
        while instrument.n_sounding:
            bus.take(480)
            time.sleep(0.002)


@pytest.mark.parametrize("held", [False, True])
def test_a_key_sounds_while_a_knob_that_turns_is_made_ready_and_takes_it_over(instrument, bus, gate, held):
    strike_and_hold(instrument, bus, held)
    gate.open.clear()
    at, n = bus.position, len(bus.blocks)
    instrument.set_patch(SINE.with_values(transpose_st=12.0), turning=True)
    time.sleep(0.05)
    instrument.note_on(69, 127)
    bus.wait_for(lambda blocks: any(first <= at + 0.005 * RATE for first, _, _ in blocks[n:]))
    pump(bus, at + 24_000)
    assert heard_hz(bus, at + 6_000) == pytest.approx(440.0, abs=5.0)
    gate.open.set()
    time.sleep(0.1)
    pump(bus, at + 72_000)
    assert heard_hz(bus, at + 60_000) == pytest.approx(880.0, abs=5.0)


@pytest.mark.parametrize("held", [False, True])
def test_a_key_waits_for_another_patch_and_what_is_held_goes_on(instrument, bus, gate, held):
    strike_and_hold(instrument, bus, held)
    gate.open.clear()
    at = bus.position
    instrument.set_patch(SINE.with_values(transpose_st=12.0))
    instrument.note_on(69, 127)
    if held:
        pump(bus, at + 4_800)
    time.sleep(0.05)
    assert instrument.n_sounding == int(held)
    gate.open.set()
    while instrument.n_sounding == int(held):
        time.sleep(0.002)
    pump(bus, bus.position + 24_000)
    assert heard_hz(bus, bus.position - 12_000) == pytest.approx(880.0, abs=5.0)
    assert heard_hz(bus, at, bus.position - at) == pytest.approx(880.0, abs=5.0), "the key began with its own patch"


def test_a_key_that_waits_long_for_its_patch_sounds_and_of_many_the_last_chord(instrument, bus, gate, monkeypatch):
    strike_and_hold(instrument, bus, False)
    monkeypatch.setattr("engine.playing_player.STALE_S", 0.02)
    gate.open.clear()
    at = bus.position
    instrument.set_patch(SINE.with_values(transpose_st=12.0))
    for note in (40, 69, 76):
        instrument.note_on(note, 127)
        time.sleep(0.15 if note == 40 else 0.0)
    time.sleep(0.05)
    gate.open.set()
    while instrument.n_sounding < 2:
        time.sleep(0.002)
    time.sleep(0.02)
    assert instrument.n_sounding == 2
    pump(bus, at + 24_000)
    assert heard_hz(bus, at + 6_000) == pytest.approx(880.0, abs=5.0)


def test_of_many_turns_that_wait_the_newest_is_made(instrument, bus, gate):
    strike_and_hold(instrument, bus, True)
    gate.open.clear()
    at = bus.position
    for semitones in range(1, 25):
        instrument.set_patch(SINE.with_values(transpose_st=float(semitones)), turning=True)
        time.sleep(0.002)
    instrument.note_on(69, 127)
    gate.open.set()
    time.sleep(0.1)
    pump(bus, at + 48_000)
    assert heard_hz(bus, at + 36_000) == pytest.approx(1760.0, abs=5.0)


def test_a_key_that_waited_for_a_patch_is_struck_on_the_bus_that_came_meanwhile(instrument, bus, gate):
    gate.open.clear()
    instrument.note_on(69, 100)
    time.sleep(0.05)
    other = SteppedBus()
    other.rate = 44_100
    instrument.connect(None)
    instrument.connect(other)
    gate.open.set()
    time.sleep(0.05)
    instrument.note_on(69, 100)
    other.wait_for(bool)
    pump(other, 24_000)
    assert heard_hz(other, 12_000) * 44_100 / RATE == pytest.approx(440.0, abs=5.0)


def test_another_synth_takes_over_and_what_rang_falls_silent(instrument, bus):
    instrument.note_on(60, 100)
    pump(bus, 9_600)
    instrument.set_patch(Patch("impact", {"material": 1.0, "modes": 1.0, "tuning": 2.0}))
    instrument.note_on(81, 100)
    pump(bus, 48_000)
    sound = bus.joined()[:, 0]
    before, after = (np.abs(np.fft.rfft(part * np.hanning(part.size))) for part in (sound[:9_600], sound[-24_000:]))
    assert before[round(261.6 * 0.2)] > 10.0 * before[round(880.0 * 0.2)]
    assert after[round(880.0 * 0.5)] > 100.0 * after[round(261.6 * 0.5)]


def test_another_bus_takes_over_in_silence(instrument, bus):
    instrument.note_on(60, 100)
    bus.wait_for(bool)
    other = SteppedBus()
    other.rate = 44_100
    instrument.connect(other)
    instrument.note_on(69, 100)
    other.wait_for(bool)
    deadline = time.monotonic() + WAIT_S
    while instrument.n_sounding != 1 and time.monotonic() < deadline:
        time.sleep(0.002)
    assert instrument.n_sounding == 1
    instrument.connect(None)
    instrument.note_on(70, 100)
    deadline = time.monotonic() + WAIT_S
    while instrument.n_sounding and time.monotonic() < deadline:
        time.sleep(0.002)
    assert instrument.n_sounding == 0


def test_pedal_and_wheel_that_moved_before_the_first_key_are_where_the_hands_left_them(instrument, bus):
    instrument.set_settings(PlaySettings(bend_range_st=12))
    instrument.bend(1.0)
    instrument.pedal(True)
    instrument.note_on(57, 100)
    instrument.note_off(57)
    pump(bus, 24_000)
    sound = bus.joined()[:24_000, 0]
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(sound.size)))
    assert np.argmax(spectrum) * RATE / sound.size == pytest.approx(440.0, abs=5.0), "the wheel was up an octave"
    assert instrument.n_sounding == 1, "the pedal was down"

    # Another device: the hands are where they were.
    other = SteppedBus()
    instrument.connect(other)
    instrument.note_on(57, 100)
    instrument.note_off(57)
    pump(other, 24_000)
    assert instrument.n_sounding == 1

    instrument.connect(None)
    instrument.all_off()
    instrument.connect(bus)
    n = len(bus.blocks)
    instrument.note_on(57, 100)
    bus.wait_for(lambda blocks: len(blocks) > n)
    instrument.note_off(57)
    deadline = time.monotonic() + WAIT_S
    while instrument.n_sounding and time.monotonic() < deadline:
        bus.take(480)
        time.sleep(0.002)
    assert instrument.n_sounding == 0, "all off: nothing is held any more"


def test_everything_may_be_asked_before_there_is_a_bus_or_a_patch(instrument):
    instrument.note_on(60)
    instrument.note_off(60)
    instrument.pedal(True)
    instrument.bend(3.0)
    instrument.wheel(-1.0)
    instrument.all_off()
    instrument.set_settings(PlaySettings(n_voices=4))
    instrument.connect(None)
    assert instrument.n_sounding == 0


def test_hands_on_many_threads_are_all_answered(instrument, bus):
    def hands(seed):
        rng = np.random.default_rng(seed)
        for _ in range(60):
            note = int(rng.integers(30, 90))
            instrument.note_on(note, int(rng.integers(1, 128)))
            instrument.bend(float(rng.uniform(-1, 1)))
            instrument.pedal(bool(rng.integers(2)))
            instrument.note_off(note)

    threads = [threading.Thread(target=hands, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    bus.wait_for(bool)
    instrument.all_off()
    deadline = time.monotonic() + WAIT_S
    while instrument.n_sounding and time.monotonic() < deadline:
        bus.take(480)
        time.sleep(0.002)
    assert instrument.n_sounding == 0


def test_trouble_is_told_once_and_the_next_patch_plays(monkeypatch, instrument, bus):
    monkeypatch.setitem(SPACES, "other", ParamSpace("other", (Param("level", 0.0, 1.0, 0.5),)))
    told = []
    instrument.on_error = told.append
    instrument.set_patch(Patch("other"))
    for note in (60, 62, 64):
        instrument.note_on(note, 100)
    deadline = time.monotonic() + WAIT_S
    while not told and time.monotonic() < deadline:
        time.sleep(0.002)
    instrument.set_patch(SINE)
    instrument.note_on(60, 100)
    bus.wait_for(bool)
    assert len(told) == 1
    assert "'other'" in str(told[0])


def test_the_studio_has_one_and_closes_it():
    studio = Studio(None, kind="fake")
    bus = SteppedBus()
    studio.instrument.connect(bus)
    studio.instrument.set_patch(SINE)
    studio.instrument.note_on(60, 100)
    bus.wait_for(bool)
    assert studio.close()
    studio.instrument.note_on(61, 100)
    assert not [t for t in threading.enumerate() if t.name == "engine-play"]


def test_settings_are_read_whatever_stands_there():
    assert PlaySettings.read({}) == PlaySettings()
    assert PlaySettings.read(PlaySettings(n_voices=3, glide_s=0.5).to_json()) == PlaySettings(n_voices=3, glide_s=0.5)
    odd = PlaySettings.read({"n_voices": "many", "glide_s": float("nan"), "wheel_st": 1e9, "bend_range_st": 2.4})
    assert odd == PlaySettings(wheel_st=12.0, bend_range_st=2)
    assert PlaySettings().replaced("n_voices", 99).n_voices == 32
    assert [p.name for p in PLAY_PARAMS] == list(PlaySettings().to_json())


class HastyBus(SteppedBus):
    """Takes the first block when the test lets it; its device takes frames while the second key is computed."""

    def __init__(self):
        super().__init__()
        self.go = threading.Event()
        self.looks = None

    @property
    def position(self):
        if self.looks is not None:
            self.looks += 1
            if self.looks == 3:
                self.at = 200
        return self.at

    @position.setter
    def position(self, position):
        self.at = position

    def add(self, first, frames):
        if self.looks is None:
            assert self.go.wait(WAIT_S)
            self.looks = 0
        super().add(first, frames)


def test_a_key_that_begins_late_leaves_no_hole_in_the_one_before(request, instrument):
    kind = request.node.callspec.params["instrument"]
    bus = HastyBus()
    instrument.connect(bus)
    instrument.set_patch(SINE)
    instrument.note_on(69, 100)
    instrument.note_on(76, 100)
    bus.go.set()
    bus.wait_for(lambda blocks: len(blocks) > 2 and bus.expected >= 800)
    alone = LiveInstrument(live_patch(kind, SINE, RATE), RATE)
    alone.note_on(69, 100, 96)
    alone.note_on(76, 100, 200)
    expected = np.zeros((800, 2))
    for first, sound in alone.render(800):
        expected[first:] += sound
    assert bus.blocks[1][0] == 200, "the second key began late"
    assert np.abs(bus.joined()[:800] - expected).max() < 1e-5


def test_a_bus_that_fails_is_left_and_the_patch_plays_on_another(instrument, bus):
    told = []
    instrument.on_error = told.append
    broken = SteppedBus()
    broken.add = lambda first, frames: (_ for _ in ()).throw(OSError("no such device"))
    instrument.connect(broken)
    instrument.note_on(60, 100)
    instrument.note_on(62, 100)
    instrument.connect(bus)
    instrument.note_on(64, 100)
    bus.wait_for(bool)
    assert [str(error) for error in told] == ["no such device"]


def test_what_was_sent_behind_a_patch_that_cannot_be_played_is_done(monkeypatch, instrument, bus):
    monkeypatch.setitem(SPACES, "other", ParamSpace("other", (Param("level", 0.0, 1.0, 0.5),)))
    told, may_go = [], threading.Event()

    def on_error(error):
        told.append(error)
        assert may_go.wait(WAIT_S)

    instrument.on_error = on_error
    instrument.set_patch(Patch("other"))
    instrument.note_on(60, 100)
    # All of this lies behind the key that fails, and nothing is sent after it.
    instrument.set_patch(SINE)
    instrument.note_on(62, 100)
    may_go.set()
    bus.wait_for(bool)
    assert len(told) == 1


def test_a_device_that_runs_ahead_is_told_of_the_gap_and_more_is_kept_ready(instrument, bus):
    instrument.note_on(69, 100)
    pump(bus, RATE // 2)
    usual = bus.end() - bus.position
    before, was = bus.end(), len(bus.blocks)
    bus.take(before - bus.position + 2_000)
    bus.wait_for(lambda blocks: bus.end() > bus.position)
    bus.wait_for(
        lambda blocks: sum(len(frames) for first, frames, _ in blocks[was:] if first < before + 2_000) >= 2_000
    )
    late = [(first, len(frames)) for first, frames, _ in bus.blocks[was:] if first < before + 2_000]
    assert late[0][0] == before
    assert sum(n for _, n in late) == 2_000, "the bus counts what the device has passed"
    pump(bus, bus.position + 2 * RATE)
    bus.wait_for(lambda blocks: bus.end() - bus.position > usual + 1_000)
    instrument.all_off()


def test_what_is_kept_ready_after_lateness_shrinks_slowly_and_not_for_ever():
    clock, position, block = Clock(), 0, 480

    def ahead(seconds):
        nonlocal position
        for _ in range(round(seconds * RATE / block)):
            position += block
            frames = clock.ahead(position, RATE)
        return frames

    usual = ahead(1.0)
    clock.was_late(4_000)
    assert ahead(0.1) > usual + 3_500
    assert usual + 1_500 < ahead(10.0) < usual + 2_500
    assert ahead(200.0) == usual
    for _ in range(20):
        clock.was_late(RATE)
    assert ahead(0.1) <= round(0.25 * RATE)


@pytest.mark.parametrize("instrument", ["real"], indirect=True)
def test_the_room_rings_on_without_holes_for_a_device_that_takes_much_at_once(instrument, bus):
    instrument.set_patch(SINE.with_values(reverb=0.8))
    big = RATE // 10
    instrument.note_on(69, 100)
    for _ in range(4):
        bus.wait_for(lambda blocks: bus.end() >= bus.position + 500)
        bus.take(big)
    instrument.note_off(69)
    tail = bus.position + 2 * big
    for _ in range(8):
        bus.wait_for(lambda blocks: bus.end() >= bus.position + big)
        bus.take(big)
    with bus.changed:
        heard = np.abs(bus.joined()[tail : bus.position]).max(axis=1).reshape(-1, 48).max(axis=1)
    assert heard.min() > 0.0, "a millisecond of nothing in the middle of the room"


class GreedyBus(SteppedBus):
    """Its device takes 600 frames at once, just after so many blocks were handed over: the worst moment."""

    at_once = 600

    def __init__(self, n_blocks):
        super().__init__()
        self.n_blocks = n_blocks
        self.late = []

    def add(self, first, frames):
        if first < self.position:
            self.late.append((first, min(self.position - first, len(frames))))
        super().add(first, frames)
        if len(self.blocks) % self.n_blocks == 0:
            self.take(self.at_once)


@pytest.mark.parametrize(("n_keys", "n_blocks"), [(1, 1), (12, 3)])
def test_a_device_that_takes_its_block_between_two_of_ours_finds_no_hole_in_it(instrument, n_keys, n_blocks):
    bus = GreedyBus(n_blocks)
    instrument.connect(bus)
    instrument.set_patch(SINE)
    now = time.perf_counter()
    # All at once, so that the thread finds the whole chord.
    instrument._commands.extend([(now, "note_on", (48 + note, 100)) for note in range(n_keys)])
    instrument._wake.set()
    bus.wait_for(lambda blocks: len(blocks) > n_keys + 3 and bus.position >= 1_800)
    assert bus.late == []
    instrument.all_off()


def test_the_device_is_told_to_expect_a_key_before_its_first_frames_are_computed(instrument, bus):
    told = []
    add = bus.add
    bus.expect = lambda frame: told.append(("expect", frame))
    bus.add = lambda first, frames: (told.append(("add", first)), add(first, frames))
    bus.take(5_000)
    instrument.note_on(69, 100)
    bus.wait_for(bool)
    (what, frame), (then, first), *_ = told
    assert (what, then) == ("expect", "add")
    assert frame == first
