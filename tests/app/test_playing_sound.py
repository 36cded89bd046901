"""What keys sound like at the device's end: pitches, releases, the pedal, the wheel and stolen voices, block by block.

The device is a hand that takes its blocks only when the instrument has laid them down, so a busy machine changes
nothing. Both engines keep the same contract.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray
from player_recording import RATE, pitch_hz, steepest, steepest_of_sine

from app.held_notes import HeldNotes
from app.playback.mixer import Mixer
from engine.params import Patch
from engine.params.playing import PlaySettings
from engine.playing import Instrument

BLOCK = 480
pytestmark = pytest.mark.alone  # keys are late where the instrument has to share the cores

SINE = {
    **{f"op1_env{n}_db": 0.0 for n in (1, 2, 3)},
    "op1_env1_s": 0.01,
    "op1_env4_s": 0.1,
    "op1_velocity": 0.0,
    "mod_2_1_rad": 0.0,
    "gain_db": -18.0,
}
LEVEL = 10 ** (-18 / 20)


class Stand:
    """An instrument, the hands on it, and a device that a test turns."""

    def __init__(self, kind: str) -> None:
        self.instrument = Instrument(kind)  # type: ignore[arg-type]
        self.errors: list[Exception] = []
        self.instrument.on_error = self.errors.append
        self.mixer = Mixer(RATE)
        self.held = HeldNotes(self.instrument, lambda *_: None)
        self.instrument.connect(self.mixer.bus)
        self.instrument.set_patch(Patch("fm", SINE))
        # What one pass of the instrument adds is whole only when the pass is over.
        self.passes = 0
        inside = self.instrument._player
        play = inside.play

        def counted() -> float | None:
            rest_s = play()
            self.passes += 1
            return rest_s

        inside.play = counted  # type: ignore[method-assign]
        self.is_patient = True
        """Whether the device waited for every key, so that nothing could come late."""

    def ready(self) -> None:
        """Load and compile with the first key, which may come too late to be struck."""
        for _ in range(36):
            self.instrument.note_on(60, 1)
            if self._until(lambda: self.instrument.n_sounding > 0, 3.0):
                break
        self.instrument.all_off()
        self.run(0.2)
        assert self.errors == []

    def press(self, *notes: int, velocity: int = 100) -> None:
        for note in notes:
            self.held.press("hand", note, note, velocity)
        self.settle()

    def release(self, *notes: int) -> None:
        for note in notes:
            self.held.release("hand", note)
        self.settle()

    def settle(self) -> None:
        """Wait until everything that hands did has been played."""
        assert self._until(lambda: not self.instrument._commands)
        # One pass may be under way already; the second one began with nothing left to do.
        for _ in range(2):
            before = self.passes
            self.instrument._wake.set()
            assert self._until(lambda before=before: self.passes > before)

    def run(self, seconds: float) -> NDArray[np.float32]:
        """``[frames]``: the left channel of what the device takes next."""
        heard = []
        for _ in range(round(seconds * RATE / BLOCK)):
            before = self.passes
            # One pass may be under way already; the second one knows where the device stands.
            self._until(lambda before=before: self.passes >= before + 2 or self.instrument.n_sounding == 0)
            out = np.zeros((BLOCK, 2), np.float32)
            self.mixer.fill(out, 0.0)
            heard.append(out[:, 0])
        return np.concatenate(heard)

    def _until(self, condition, seconds: float = 20.0) -> bool:
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.001)
        return True


@pytest.fixture(params=["fake", "real"])
def stand(request: pytest.FixtureRequest) -> Iterator[Stand]:
    made = Stand(request.param)
    made.ready()
    yield made
    assert made.errors == []
    assert made.mixer.bus.n_late == 0 or not made.is_patient
    assert made.instrument.close()


def level_of(sound: NDArray[np.float32], hz: float) -> float:
    """How strong a sine of that pitch is in it."""
    window = np.hanning(len(sound))
    turn = np.exp(-2j * np.pi * hz * np.arange(len(sound)) / RATE)
    return float(2 * np.abs((sound * window * turn).sum()) / window.sum())


def hz_of(note: float) -> float:
    return 440.0 * 2 ** ((note - 69) / 12)


def loud(sound: NDArray[np.float32]) -> float:
    return float(np.abs(sound).max())


def test_a_chord_has_the_pitches_of_its_keys(stand: Stand) -> None:
    stand.press(48, 55, 64)
    stand.run(0.1)
    sound = stand.run(0.5)
    for note in (48, 55, 64):
        assert level_of(sound, hz_of(note)) == pytest.approx(LEVEL, rel=0.1), note
    for note in (50, 60, 67):
        assert level_of(sound, hz_of(note)) < 0.01 * LEVEL, note


def test_a_key_that_goes_up_fades_without_a_click(stand: Stand) -> None:
    stand.press(60)
    stand.run(0.3)
    stand.release(60)
    tail = stand.run(1.0)
    limit = 1.3 * steepest_of_sine(hz_of(60), LEVEL)
    assert steepest(tail) < limit
    assert loud(tail[-RATE // 10 :]) == 0.0
    assert stand.instrument.n_sounding == 0


def test_the_pedal_holds_what_is_let_go(stand: Stand) -> None:
    stand.instrument.pedal(True)
    stand.press(60)
    stand.run(0.1)
    stand.release(60)
    assert loud(stand.run(0.5)[-RATE // 10 :]) > 0.9 * LEVEL
    stand.instrument.pedal(False)
    stand.settle()
    assert loud(stand.run(1.0)[-RATE // 10 :]) == 0.0


def test_the_pitch_wheel_bends_by_its_range(stand: Stand) -> None:
    stand.instrument.set_settings(PlaySettings(bend_range_st=2))
    stand.press(69)
    stand.run(0.1)
    for share, semitones in ((1.0, 2.0), (-0.5, -1.0), (0.0, 0.0)):
        stand.instrument.bend(share)
        stand.settle()
        stand.run(0.2)
        assert pitch_hz(stand.run(0.4)) == pytest.approx(hz_of(69 + semitones), rel=0.002)


def test_the_seventeenth_key_takes_a_voice_without_a_click(stand: Stand) -> None:
    keys = [48 + n for n in range(17)]
    stand.press(*keys[:16])
    stand.run(0.3)
    stand.press(keys[16])
    after = stand.run(0.4)
    # Sixteen sines with the limiter above them: no step is steeper than all of them together.
    assert steepest(after) < 1.3 * sum(steepest_of_sine(hz_of(key), LEVEL) for key in keys)
    assert level_of(after[RATE // 5 :], hz_of(keys[16])) > 0.2 * LEVEL
    assert stand.instrument.n_sounding <= 17
    stand.held.release_all()
    stand.settle()
    assert loud(stand.run(1.0)[-RATE // 10 :]) == 0.0


def test_sixteen_held_keys_take_over_twenty_patches_a_second_without_a_click(stand: Stand) -> None:
    keys = [48 + n for n in range(16)]
    stand.press(*keys)
    heard = [stand.run(0.3)]
    for n in range(40):
        turned = SINE | {"transpose_st": float(n * 5 % 8), "gain_db": -18.0 - n * 7 % 12}
        stand.instrument.set_patch(Patch("fm", turned), turning=bool(n % 3))
        if n % 4 == 0:
            stand.held.release("hand", keys[n % 16])
            stand.held.press("hand", keys[n % 16], keys[n % 16], 100)
        heard.append(stand.run(0.05))
    sound = np.concatenate(heard)
    assert loud(sound) < 1.0
    assert steepest(sound) < 1.3 * sum(steepest_of_sine(hz_of(key + 7), LEVEL) for key in keys)
    assert stand.instrument.n_sounding >= 16
    stand.held.release_all()
    stand.settle()
    assert loud(stand.run(1.0)[-RATE // 10 :]) == 0.0
    assert stand.instrument.n_sounding == 0


def test_two_synths_in_turn_under_sixteen_keys_leave_no_key_behind(stand: Stand) -> None:
    stand.is_patient = False
    patches = [Patch("fm", SINE), Patch("impact", {"material": 1.0, "room": 0.3}), Patch("fm", SINE | {"reverb": 0.3})]
    heard = []
    for n in range(30):
        stand.instrument.set_patch(patches[n % 3], turning=bool(n % 2))
        stand.press(48 + n % 16, 52 + n % 16)
        heard.append(stand.run(0.05))
        if n % 5 == 4:
            stand.held.release_all()
    assert 0.05 < loud(np.concatenate(heard)) < 1.0
    stand.held.release_all()
    stand.instrument.set_patch(patches[0])
    stand.settle()
    for _ in range(100):
        if stand.instrument.n_sounding == 0:
            break
        stand.run(0.2)
    assert stand.instrument.n_sounding == 0
    stand.press(69)
    stand.run(0.1)
    assert pitch_hz(stand.run(0.4)) == pytest.approx(440.0, rel=0.002)
    stand.release(69)
    stand.run(1.0)


def test_letting_go_of_everything_leaves_nothing_behind(stand: Stand) -> None:
    stand.is_patient = False
    generator = np.random.default_rng(1)
    for _ in range(30):
        for note in generator.integers(36, 84, 3):
            stand.held.press("keyboard", int(note), int(note), 100)
        for note in generator.integers(36, 84, 2):
            stand.held.press("midi", int(note), int(note), 60)
        stand.held.release("keyboard", int(generator.integers(36, 84)))
        stand.run(0.02)
    stand.held.release_all("keyboard")
    stand.held.release_all("midi")
    stand.settle()
    assert loud(stand.run(1.5)[-RATE // 10 :]) == 0.0
    assert stand.instrument.n_sounding == 0


def test_a_device_of_another_rate_ends_what_sounded_and_plays_on(stand: Stand) -> None:
    stand.press(60)
    stand.run(0.2)
    stand.mixer.set_rate(44100)
    stand.instrument.connect(stand.mixer.bus)
    stand.settle()
    assert loud(stand.run(0.2)) == 0.0
    stand.press(69)
    stand.run(0.1)
    sound = stand.run(0.5)
    assert pitch_hz(sound) * 44100 / RATE == pytest.approx(440.0, rel=0.002)
    stand.held.release_all()
    stand.settle()
    stand.run(0.5)
