"""The object under the hand in the whole window: it sounds at once where it is struck, a strike is a step of undo."""

from __future__ import annotations

import pytest
from gestures import CTRL, SHIFT, Hand
from instrument_fakes import Diary
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app import striking
from app.compose import Session
from engine.audio import Audio
from engine.params import Patch

PLATE = Patch("impact", {"shape": 1.0, "material": 1.0}, name="Plate")


class Struck(Diary):
    """An instrument that also writes down who strikes and who damps."""

    n_sounding = 0

    def hit(self, x: float, y: float, velocity: int = 100, note: int = 60) -> None:
        self.log.append(("hit", round(x, 2), round(y, 2), velocity, note))

    def damp(self, on: bool) -> None:
        self.log.append(("damp", on))

    def set_patch(self, patch: Patch, *, turning: bool = False) -> None:
        self.log.append(("patch", patch.values.get("strike_x")))

    def connect(self, bus: object) -> None:
        pass


@pytest.fixture
def diary(session: Session, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Struck:
    """The impact instrument is at hand, its panel in sight, and what is played is written down."""
    session.document.set_patch(PLATE, "Load")
    qtbot.waitUntil(lambda: session.window.in_sight("impact") and session.live.up_to_date)
    qtbot.waitUntil(lambda: session.live_play.is_ready, timeout=20_000)
    made = Struck()
    monkeypatch.setattr(session.live_play, "instrument", made)
    return made


def place_on(session: Session, x: float, y: float) -> QPoint:
    return session.impact.view.pixel(x, y).toPoint()


def hand_at(session: Session, x: float, y: float) -> Hand:
    spot = place_on(session, x, y)
    return Hand(session.impact.view, spot.x(), spot.y())


def test_a_click_strikes_there_at_once_and_is_one_step(session: Session, diary: Struck, qtbot: QtBot) -> None:
    document = session.document
    hand = hand_at(session, 0.25, 0.5).press()
    (hit,) = [entry for entry in diary.take() if entry[0] == "hit"]
    assert hit == ("hit", pytest.approx(0.25, abs=0.02), pytest.approx(0.5, abs=0.02), 80, 60)
    hand.release()
    assert document.undo_label == "Strike place"
    assert document.patch.values["strike_x"] == pytest.approx(0.25, abs=0.02)
    qtbot.waitUntil(lambda: document.note.velocity == 80)
    document.undo()
    assert document.patch == PLATE
    assert document.note.velocity == 100, "the key of the strike is part of its step"


def test_fast_clicks_are_one_step_and_slow_ones_are_not(
    session: Session, diary: Struck, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = session.document
    hand_at(session, 0.2, 0.5).press().release()
    hand_at(session, 0.5, 0.5).press().release()
    monkeypatch.setattr(striking, "GROUP_S", -1.0)
    hand_at(session, 0.8, 0.5).press().release()
    assert len([entry for entry in diary.take() if entry[0] == "hit"]) == 3
    document.undo()
    assert document.patch.values["strike_x"] == pytest.approx(0.5, abs=0.02)
    document.undo()
    assert document.patch == PLATE


def test_the_stage_shows_the_strike_and_strikes_no_second_time(
    session: Session, diary: Struck, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    struck: list[str] = []
    monkeypatch.setattr(session.player, "strike", lambda: struck.append("again"))
    hand_at(session, 0.7, 0.4).press().release()
    qtbot.waitUntil(lambda: session.live.up_to_date and session.live.latest.patch == session.document.patch)
    qtbot.waitUntil(lambda: session.live.latest.velocity == 80)
    assert struck == []


def test_shift_strikes_softly_and_ctrl_hard(session: Session, diary: Struck) -> None:
    soft, hard = hand_at(session, 0.5, 0.5), hand_at(session, 0.5, 0.5)
    soft.press(SHIFT).release()
    hard.press(CTRL).release()
    forces = [entry[3] for entry in diary.take() if entry[0] == "hit"]
    assert forces[0] < 80 < forces[1]


def test_a_drag_of_the_ring_is_heard_by_turning_and_strikes_nothing(session: Session, diary: Struck) -> None:
    values = PLATE.values
    hand = hand_at(session, values["pickup_x"], values["pickup_y"]).press()
    hand.move(-60, 10, steps=3).release()
    assert not [entry for entry in diary.take() if entry[0] == "hit"]
    assert session.document.undo_label == "Listening place"


def test_the_right_button_damps_while_it_is_down(session: Session, diary: Struck, qtbot: QtBot) -> None:
    session.document.audition("release_s", 0.02)
    diary.take()
    view, spot = session.impact.view, place_on(session, 0.5, 0.5)
    QTest.mousePress(view, Qt.MouseButton.RightButton, Qt.KeyboardModifier.NoModifier, spot)
    assert diary.take() == [("damp", True)]
    QTest.mouseRelease(view, Qt.MouseButton.RightButton, Qt.KeyboardModifier.NoModifier, spot)
    qtbot.waitUntil(lambda: diary.log == [("damp", False)])


def test_a_short_right_click_damps_until_it_is_silent_or_struck_again(session: Session, diary: Struck) -> None:
    view, spot = session.impact.view, place_on(session, 0.5, 0.5)
    session.document.audition("release_s", 2.0)
    diary.take()
    QTest.mouseClick(view, Qt.MouseButton.RightButton, Qt.KeyboardModifier.NoModifier, spot)
    assert diary.take() == [("damp", True)], "nothing is silent yet"
    hand_at(session, 0.5, 0.5).press().release()
    assert [entry[0] for entry in diary.take() if entry[0] in ("damp", "hit")] == ["damp", "hit"]


def test_the_damp_key_lays_a_hand_on_it_until_it_is_silent(session: Session, diary: Struck, qtbot: QtBot) -> None:
    session.document.audition("release_s", 0.02)
    diary.take()
    session.actions["play.damp"].trigger()
    assert diary.take() == [("damp", True)]
    qtbot.waitUntil(lambda: diary.log == [("damp", False)])
    session.document.revert()
    session.document.use_synth("fm")
    assert not session.actions["play.damp"].isEnabled()


def test_a_locked_place_is_still_struck_by_the_hand(session: Session, diary: Struck) -> None:
    session.document.set_locked(["strike_x", "strike_y"])
    hand_at(session, 0.2, 0.5).press().release()
    assert session.document.patch.values["strike_x"] == pytest.approx(0.2, abs=0.02)
    session.document.set_patch(PLATE.with_values(strike_x=0.9, size_m=1.0), "Load")
    assert session.document.patch.values["strike_x"] == pytest.approx(0.2, abs=0.02)


def test_a_strike_before_the_voices_are_ready_sounds_as_soon_as_it_is_rendered(
    session: Session, diary: Struck, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    document, ends, swapped = session.document, {}, []
    swap = session.player.swap

    def swap_and_tell(audio: Audio, *, strike: bool = False) -> int:
        swapped.append(strike)
        return swap(audio, strike=strike)

    monkeypatch.setattr(session.player, "swap", swap_and_tell)
    with monkeypatch.context() as patched:
        patched.setattr(session.bridge, "watch", lambda job, **callbacks: ends.update(callbacks))
        session.live_play.wait_for(1)
    diary.take()
    hand_at(session, 0.2, 0.5).press(CTRL).release()
    qtbot.waitUntil(lambda: True in swapped)
    qtbot.waitUntil(lambda: session.live.up_to_date and session.live.latest.velocity > 100)
    assert session.live.latest.patch.values["strike_x"] == pytest.approx(0.2, abs=0.02)
    assert not [entry for entry in diary.take() if entry[0] == "hit"], "nothing waits to be struck once more"
    assert document.undo_label == "Strike place"
    swapped.clear()
    session.live_play.held.press("test", 48, 48, 90)
    qtbot.waitUntil(lambda: True in swapped and session.live.up_to_date and session.live.latest.note == 48)
    session.live_play.held.release("test", 48)
    ends["done"](None)
    swapped.clear()
    hand_at(session, 0.7, 0.5).press().release()
    assert [entry for entry in diary.take() if entry[0] == "hit"]
    qtbot.waitUntil(lambda: session.live.up_to_date and session.live.latest.velocity == 80)
    assert True not in swapped, "it rings already"
