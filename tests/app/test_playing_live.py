"""The window under playing hands: keys of any source are lit, the stage follows, wheels and controllers work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from gestures import Hand
from instrument_fakes import Diary, FakeMidi
from player_recording import RATE, sine
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app import midi_ports
from app.compose import Session
from app.controls.play_bar import PREPARING
from app.panels.fm import FmPanel
from app.playing_live import LivePlay
from app.settings import Settings
from engine.audio import Audio, Clip
from engine.params.playing import PlaySettings
from engine.project.take import Take


@pytest.fixture
def live(session: Session) -> LivePlay:
    return session.live_play


@pytest.fixture
def diary(live: LivePlay) -> Diary:
    """What the keys tell, in place of the instrument."""
    made = Diary()
    live.held._keys = made
    live.midi._played = made
    return made


@pytest.fixture
def midi(live: LivePlay, diary: Diary, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot) -> Iterator[FakeMidi]:
    monkeypatch.setattr(midi_ports, "POLL_S", 0.02)
    monkeypatch.setattr(live._s.player, "keep_awake", lambda on: None)
    backend = FakeMidi("Keystation")
    live.ports._backend = backend
    live.start()
    qtbot.waitUntil(lambda: "Keystation" in backend.listeners)
    yield backend
    live.ports.close()


def press_on(panel: FmPanel, note: int) -> Hand:
    box = panel.piano.key_rect(note)
    return Hand(panel.piano, box.center().x(), box.bottom() - 1).press()


def test_a_key_of_the_piano_sounds_until_it_is_let_go(qtbot: QtBot, session: Session, diary: Diary) -> None:
    hand = press_on(session.fm, 64)
    assert diary.take() == [("on", 64, 127)]
    qtbot.waitUntil(lambda: session.fm.piano._lit == {64})
    qtbot.waitUntil(lambda: session.document.note.note == 64)
    assert diary.take() == []
    hand.release()
    assert diary.take() == [("off", 64)]
    qtbot.waitUntil(lambda: not session.fm.piano._lit)


def test_keys_in_a_row_are_one_step(qtbot: QtBot, session: Session, diary: Diary) -> None:
    for note in (60, 64, 67):
        press_on(session.fm, note).release()
        qtbot.waitUntil(lambda note=note: session.document.note.note == note)
    session.document.undo()
    assert session.document.note.note == 60
    assert session.document.undo_label is None


def test_playing_along_to_a_take_leaves_it_on_the_stage(qtbot: QtBot, session: Session, diary: Diary) -> None:
    clip = Clip.of(Audio(sine(300, 1.0), RATE), "take")
    session.document.add_take(Take.of(clip, origin="file"), "Add")
    session.document.select(session.document.takes[0].id)
    session.player.play()
    press_on(session.fm, 64).release()
    qtbot.wait(250)
    assert session.document.selected is not None
    assert session.player.state == "playing"
    assert session.document.note.note == 60
    assert [entry[0] for entry in diary.take()] == ["on", "off"]


def test_a_knob_that_turns_under_a_held_key_strikes_no_second_note(
    qtbot: QtBot, session: Session, live: LivePlay, diary: Diary
) -> None:
    qtbot.waitUntil(lambda: session.live.up_to_date)
    live.held.press("test", 0, 60, 100)
    session.document.audition("op1_ratio", 3.0)
    qtbot.waitUntil(lambda: session.live.up_to_date)
    assert session.player.state == "stopped"
    live.held.release("test", 0)
    session.document.audition("op1_ratio", 4.0)
    qtbot.waitUntil(lambda: session.player.state == "playing")
    session.document.revert()


def test_a_piano_that_is_hidden_lets_go(session: Session, diary: Diary) -> None:
    press_on(session.fm, 64)
    session.window.panel("fm").close()
    assert diary.take() == [("on", 64, 127), ("off", 64)]


def test_the_keyboard_is_switched_by_a_button_and_a_key_and_remembered(
    qtbot: QtBot, qapp: QApplication, session: Session, live: LivePlay, tmp_path: Path
) -> None:
    session.window.activateWindow()
    qtbot.mouseClick(live.bar.keyboard, Qt.MouseButton.LeftButton)
    assert live.keys.on
    assert session.actions["play.keyboard"].isChecked()
    assert session.fm.piano._letters[48] == "A"
    assert live.bar.keyboard.text() == "Keys C3"
    live.keys.set_low(60)
    assert live.bar.keyboard.text() == "Keys C4"
    again = Settings(tmp_path / "settings.ini")
    assert (again.get("play/keyboard"), again.get("play/keyboard_low")) == (True, 60)
    session.actions["play.keyboard"].trigger()
    assert not live.keys.on
    assert not live.bar.keyboard.isChecked()
    assert session.fm.piano._letters == {}


def test_the_letters_stay_in_view_and_their_octaves_are_named(
    qtbot: QtBot, session: Session, live: LivePlay, diary: Diary
) -> None:
    window, piano = session.window, session.fm.piano
    window.activateWindow()

    def in_view() -> bool:
        return all(piano.rect().toRectF().contains(piano.key_rect(note).adjusted(0, 0, -1, -1)) for note in letters())

    def letters() -> list[int]:
        return list(piano._letters)

    for _ in range(4):
        Hand(piano).wheel(1)
    assert piano.low > 60
    QTest.keyClick(window, Qt.Key.Key_T, Qt.KeyboardModifier.ControlModifier)
    assert live.keys.on
    assert in_view()
    for letter, times in (("X", 4), ("Z", 8), ("X", 12)):
        for _ in range(times):
            QTest.keyClick(window, letter)
            assert in_view(), (live.keys.low, piano.low)
    for turns in (-3, -9, 5):
        for _ in range(abs(turns)):
            before = live.keys.low
            Hand(piano).wheel(1 if turns > 0 else -1)
            assert live.keys.low in (before + (12 if turns > 0 else -12), 0), "the wheel takes the letters along"
            assert in_view()
    piano.set_note(0 if live.keys.low > 48 else 120)
    assert in_view(), "what is marked elsewhere does not take the letters away"
    piano.setFocus()
    for _ in range(9):
        QTest.keyClick(piano, Qt.Key.Key_Down if live.keys.low > 48 else Qt.Key.Key_Up)
    assert not in_view(), "arrow keys go anywhere"
    QTest.keyPress(piano, "A")
    qtbot.waitUntil(in_view)
    QTest.keyRelease(piano, "A")
    piano.clearFocus()
    # The names stand above the keys, beginning at each C, and nothing else does.
    picture, ratio = piano.grab().toImage(), piano.devicePixelRatioF()
    ground = picture.pixelColor(1, 1)
    starts = [piano.key_rect(note).left() * ratio for note in range(piano.low, piano.low + 12 * piano.octaves, 12)]
    top = round(piano.key_rect(piano.low).top() * ratio)
    drawn = {x for x in range(picture.width()) for y in range(1, top - 1) if picture.pixelColor(x, y) != ground}
    for start in starts:
        assert any(start <= x < start + 24 * ratio for x in drawn)
    assert all(any(start <= x < start + 30 * ratio for start in starts) for x in drawn)


def test_letters_play_in_the_window_and_single_letter_actions_give_way(
    qtbot: QtBot, session: Session, live: LivePlay, diary: Diary
) -> None:
    session.window.activateWindow()
    live.set_keyboard(True)
    for widget in (session.fm.control("op1_ratio"), session.library.takes, session.stage.waveform):
        widget.setFocus()
        QTest.keyClick(widget, "L")
        assert [entry[0] for entry in diary.take()] == ["on", "off"], widget
    assert not session.actions["play.loop"].isChecked()
    live.set_keyboard(False)
    QTest.keyClick(session.stage.waveform, "L")
    assert session.actions["play.loop"].isChecked()


def test_the_palette_is_typed_into_while_the_keyboard_plays(
    qtbot: QtBot, session: Session, live: LivePlay, diary: Diary
) -> None:
    session.window.activateWindow()
    live.set_keyboard(True)
    session.window.palette_.open()
    qtbot.waitUntil(lambda: session.window.palette_.field.hasFocus())
    QTest.keyClicks(session.window.palette_.field, "keys")
    assert session.window.palette_.field.text() == "keys"
    assert diary.take() == []
    session.window.palette_.leave()


def test_how_it_is_played_is_kept(qtbot: QtBot, session: Session, live: LivePlay, tmp_path: Path) -> None:
    live.bar.open_settings()
    live.bar.form.knobs["glide_s"].enter(0.25)
    live.bar.form.knobs["play_mode"].enter(1)
    live.bar.popup.close()
    assert live.bar.voices.text().startswith("Mono")
    kept = PlaySettings.read(Settings(tmp_path / "settings.ini").get("play/settings"))
    assert kept.is_mono
    assert kept.glide_s == pytest.approx(0.25)


def test_the_pitch_wheel_springs_back_and_the_modulation_wheel_stays(live: LivePlay) -> None:
    bar = live.bar
    bent, wheeled = [], []
    bar.bent.connect(bent.append)
    bar.wheeled.connect(wheeled.append)
    Hand(bar.bend).press().move(200, 0).release()
    assert bent == [1.0, 0.0]
    Hand(bar.wheel).press().move(bar.wheel.width() / 4, 0).release()
    assert 0.2 < bar.wheel.share < 0.4
    assert wheeled == [bar.wheel.share]
    Hand(bar.wheel).double_click()
    assert bar.wheel.share == 0.0


def test_midi_keys_wheels_and_pedal_are_shown(
    qtbot: QtBot, session: Session, live: LivePlay, midi: FakeMidi, diary: Diary
) -> None:
    qtbot.waitUntil(lambda: "Keystation" in live.bar.midi.toolTip())
    midi.send(0x90, 72, 80)
    midi.send(0xB0, 1, 127)
    midi.send(0xB0, 64, 127)
    midi.send(0xE0, 0, 0)
    assert diary.take() == [("on", 72, 80), ("wheel", 1.0), ("pedal", True), ("bend", -1.0)]
    qtbot.waitUntil(lambda: session.fm.piano._lit == {72} and live.bar.wheel.share == 1.0)
    assert live.bar.sustain.isChecked()
    assert live.bar.bend.share == -1.0
    midi.there.clear()
    qtbot.waitUntil(lambda: not session.fm.piano._lit)
    assert not live.bar.sustain.isChecked() or not live.midi.pedal
    assert ("off", 72) in diary.take()


def test_a_port_is_chosen_in_the_menu_and_remembered(
    qtbot: QtBot, live: LivePlay, midi: FakeMidi, tmp_path: Path
) -> None:
    qtbot.waitUntil(lambda: bool(live.bar._midi_state[0]))
    menu = live.bar.midi_menu()
    next(action for action in menu.actions() if action.text() == "Keystation").trigger()
    qtbot.waitUntil(lambda: not midi.listeners)
    assert Settings(tmp_path / "settings.ini").get("midi/ports") == {"Keystation": False}
    menu.deleteLater()


def entry(widget: object, words: str):
    menu = widget.build_menu()
    found = [action for action in menu.actions() if action.text().startswith(words)]
    return menu, (found[0] if found else None)


def test_a_knob_learns_a_controller_from_its_menu(
    qtbot: QtBot, session: Session, live: LivePlay, midi: FakeMidi, tmp_path: Path
) -> None:
    knob = session.fm.control("op1_ratio")
    menu, learn = entry(knob, "Learn MIDI")
    learn.trigger()
    menu.deleteLater()
    assert knob.waits_for_controller
    assert "Esc" in session.messages.text
    midi.send(0xB0, 21, 127)
    qtbot.waitUntil(lambda: knob.controller == "CC 21")
    assert not knob.waits_for_controller
    assert Settings(tmp_path / "settings.ini").get("midi/controllers") == {"fm/op1_ratio": [0, 21]}
    # The controller comes down from its end: past the knob's place it has it.
    before = knob.value
    for value in range(126, -1, -6):
        midi.send(0xB0, 21, value)
    qtbot.waitUntil(lambda: knob.value == knob.param.low)
    qtbot.waitUntil(lambda: session.document.undo_label == "Op 1 ratio")
    session.document.undo()
    assert knob.value == before
    menu, forget = entry(knob, "Forget CC 21")
    forget.trigger()
    menu.deleteLater()
    assert knob.controller == ""


def test_escape_stops_learning(qtbot: QtBot, session: Session, live: LivePlay, midi: FakeMidi) -> None:
    session.window.activateWindow()
    knob = session.fm.control("op1_ratio")
    knob.setFocus()
    live.learn_for(knob)
    QTest.keyClick(knob, Qt.Key.Key_Escape)
    assert live.learn.armed is None
    assert not knob.waits_for_controller
    midi.send(0xB0, 21, 127)
    assert live.learn.controllers == frozenset()


def test_a_page_that_is_built_later_shows_its_controllers(session: Session, live: LivePlay) -> None:
    live.learn.arm("op4_ratio")
    live.learn.control((0, 30), 5)
    session.fm.choose_operator(4)
    assert session.fm.control("op4_ratio").controller == "CC 30"


def test_the_note_is_no_part_of_the_patch_and_learns_nothing(session: Session) -> None:
    menu, learn = entry(session.fm.control("note"), "Learn")
    assert learn is None
    menu.deleteLater()


def test_keys_that_are_being_prepared_say_so_and_those_that_are_ready_do_not(
    qtbot: QtBot, session: Session, live: LivePlay, diary: Diary, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The window's own preparing, which would end this one.
    qtbot.waitUntil(lambda: not live._slow_start.isActive() and session.jobs.at_rest, timeout=20_000)
    told: list[str] = []
    ends: dict[str, Callable[..., None]] = {}
    monkeypatch.setattr(session.messages, "info", told.append)
    live._slow_start.setInterval(50)
    with monkeypatch.context() as patched:
        patched.setattr(session.bridge, "watch", lambda job, **callbacks: ends.update(callbacks))
        live.wait_for(1)
    live.held.press("test", 60, 60, 100)
    qtbot.waitUntil(lambda: PREPARING in told)
    assert PREPARING in live.bar.keyboard.toolTip()
    live.held.release("test", 60)
    live.set_keyboard(True)
    assert PREPARING in live.bar.keyboard.toolTip(), "also after the keyboard was switched on"
    ends["done"](None)
    assert PREPARING not in live.bar.keyboard.toolTip()
    told.clear()
    live.held.press("test", 62, 62, 100)
    qtbot.waitUntil(lambda: 62 in session.fm.piano._lit)
    assert PREPARING not in told
