"""A gesture as a file stays below full scale, and what makes no sound is refused in one sentence."""

from __future__ import annotations

import math

import numpy as np
import pytest
from steps import finished

from engine.errors import BadUsage
from engine.gesture_sound import check_gesture, gesture_steps
from engine.params import Patch
from engine.params.gesture import Gesture, Hand, Touch

RATE = 24_000
DRUM = Patch("impact", {"material": 1.0, "shape": 1.0, "damping_low": 0.3, "gain_db": 0.0})


def drawn(kind: str, way: float = 0.8, force: float = 1.0, seconds: float = 0.4) -> Gesture:
    n = round(seconds / 0.01)
    touches = tuple(Touch(0.01 * i, 0.1 + way * i / n, 0.4, force) for i in range(n))
    return Gesture(Hand(kind, roll_hz=40.0), (*touches, Touch(seconds, 0.1 + way, 0.4, 0.0)))


def level_db(patch: Patch, gesture: Gesture) -> tuple[float, str]:
    audio, notes = finished(gesture_steps("real", patch, gesture, RATE))
    return 20.0 * math.log10(audio.peak), " ".join(note.notice for note in notes if note.notice)


@pytest.mark.parametrize("kind", ["scrape", "roll"])
def test_a_loud_gesture_is_turned_down_below_full_scale_and_that_is_said(kind: str) -> None:
    peak_db, said = level_db(DRUM.with_values(gain_db=12.0, velocity=0.0, damping_low=0.1), drawn(kind))
    assert peak_db == pytest.approx(-1.0, abs=0.01)
    assert peak_db <= -1.0
    assert said.startswith("The gesture was turned down by ")
    assert said.endswith(" dB, so that it stays below full scale.")


def test_a_quiet_gesture_is_left_as_it_is() -> None:
    loud, soft = (level_db(DRUM.with_values(gain_db=gain), drawn("scrape", force=0.2)) for gain in (-24.0, -30.0))
    assert loud[0] - soft[0] == pytest.approx(6.0, abs=0.01)
    assert loud[0] < -1.0
    assert loud[1] == soft[1] == ""


def test_a_gesture_ends_where_it_is_no_longer_heard() -> None:
    audio, _ = finished(gesture_steps("real", DRUM.with_values(damping_low=4.0), drawn("roll"), RATE))
    quiet = 10.0 ** (-60.0 / 20.0) * audio.peak
    last = np.flatnonzero(np.abs(audio.samples).max(0) > quiet)[-1]
    assert audio.duration_s - last / RATE < 0.5
    assert np.abs(audio.samples[:, -1]).max() < 1e-5 * audio.peak


@pytest.mark.parametrize(
    ("gesture", "words"),
    [
        (drawn("scrape", way=0.0), "A hand that does not move makes no sound in a scrape"),
        (drawn("roll", force=0.0), "The hand never touches the object"),
    ],
)
def test_what_makes_no_sound_is_refused_in_one_sentence(gesture: Gesture, words: str) -> None:
    with pytest.raises(BadUsage, match=words) as refused:
        check_gesture(DRUM, gesture, RATE)
    assert str(refused.value).count(".") == 1


def test_a_hand_that_hardly_moves_and_meets_nothing_is_refused_afterwards() -> None:
    gesture = Gesture(
        Hand("scrape"), (Touch(0.0, 0.5, 0.5, 1.0), Touch(0.1, 0.5002, 0.5, 1.0), Touch(0.2, 0.5, 0.5, 0.0))
    )
    check_gesture(DRUM, gesture, RATE)
    with pytest.raises(BadUsage, match=r"^This gesture makes no sound on this object; move farther or press harder\.$"):
        level_db(DRUM, gesture)
