"""Playing in the whole window with the real engine, heard at the null sink: a chord by keys, and nothing that hangs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from player_recording import Recorder
from PySide6.QtCore import QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from windows import Windows

from app.compose import Session
from app.settings import Settings
from engine.params import Patch

SINE = {
    **{f"op1_env{n}_db": 0.0 for n in (1, 2, 3)},
    "op1_env1_s": 0.01,
    "op1_env4_s": 0.1,
    "op1_velocity": 0.0,
    "mod_2_1_rad": 0.0,
    "gain_db": -18.0,
}
LOADING_MS = 110_000


@pytest.fixture
def session(qtbot: QtBot, windows: Windows, sound_server: object) -> Session:
    settings = Settings(windows.settings_path)
    settings.set("audio/device", "pulse")
    settings.set("audio/latency_ms", 200)
    settings.set("play/keyboard", True)
    made = windows.start(engine="real", settings=settings, warm=False)
    qtbot.waitUntil(made.window.isActiveWindow)
    made.document.set_patch(Patch("fm", SINE), "Sine")
    made.fm.control("op1_ratio").setFocus()
    made.player.get_ready()
    qtbot.waitUntil(lambda: bool(made.player.device))
    # The first key loads and compiles, and comes too late for its own sound.
    qtbot.waitUntil(lambda: sounds(made), timeout=LOADING_MS)
    made.studio.instrument.all_off()
    qtbot.waitUntil(lambda: not made.player.is_sounding)
    return made


def sounds(session: Session) -> bool:
    if session.studio.instrument.n_sounding == 0:
        session.studio.instrument.note_on(60, 1)
    QTest.qWait(300)
    return session.studio.instrument.n_sounding > 0


def focus(session: Session) -> object:
    return QApplication.focusWidget() or session.window


def level_of(sound: np.ndarray, hz: float) -> float:
    turn = np.exp(-2j * np.pi * hz * np.arange(len(sound)) / 48_000)
    window = np.hanning(len(sound))
    return float(2 * np.abs((sound * window * turn).sum()) / window.sum())


@pytest.mark.sound
def test_a_chord_on_the_letters_is_heard_at_the_device(
    qtbot: QtBot, session: Session, sound_server: object, tmp_path: Path
) -> None:
    with Recorder(sound_server.monitor, tmp_path) as recorder:
        for letter in "ADG":
            QTest.keyPress(focus(session), letter)
        qtbot.wait(1200)
        assert session.fm.piano._lit == {48, 52, 55}
        for letter in "ADG":
            QTest.keyRelease(focus(session), letter)
        qtbot.waitUntil(lambda: not session.player.is_sounding)
        qtbot.wait(300)
    sound = recorder.sound()
    chord = sound[len(sound) // 4 : len(sound) // 2]
    heard = {note: level_of(chord, 440.0 * 2 ** ((note - 69) / 12)) for note in (48, 52, 55, 50, 60)}
    assert min(heard[note] for note in (48, 52, 55)) > 10 * max(heard[note] for note in (50, 60))
    assert session.document.note.note == 55
    assert session.player.state == "stopped", "the stage struck the note a second time"


@pytest.mark.sound
def test_no_key_hangs_whatever_happens_under_it(qtbot: QtBot, session: Session) -> None:
    def leave() -> None:
        QApplication.sendEvent(session.window, QEvent(QEvent.Type.WindowDeactivate))

    def hide_the_panel() -> None:
        session.fm.piano._press(64, 100)
        session.window.panel("fm").close()
        session.window.panel("fm").show()
        QTest.keyRelease(focus(session), Qt.Key.Key_A)

    def change_the_device() -> None:
        session.player.set_device(None)
        session.player.set_device("pulse")
        QTest.keyRelease(focus(session), Qt.Key.Key_A)

    for takes_away in (leave, hide_the_panel, change_the_device):
        QTest.keyPress(focus(session), Qt.Key.Key_A)
        qtbot.waitUntil(lambda: session.studio.instrument.n_sounding > 0)
        takes_away()
        qtbot.waitUntil(lambda: session.studio.instrument.n_sounding == 0)
        qtbot.waitUntil(lambda: not session.player.is_sounding)
        assert session.live_play.held.notes == frozenset(), takes_away.__name__
