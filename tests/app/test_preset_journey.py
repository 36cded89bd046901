"""The way of somebody who looks for a sound: search, walk and listen, star, load, change, save, find again tomorrow."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from player_recording import Recorder, longest_silence_s
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot
from windows import LAPTOP, Windows

from app.compose import Session
from app.panels.preset_list import star_box
from app.panels.preset_save import SaveDialog
from app.settings import Settings
from engine.project.presets import read_preset

pytestmark = pytest.mark.sound

CTRL = Qt.KeyboardModifier.ControlModifier
LEFT = Qt.MouseButton.LeftButton
Open = Callable[[], Session]


@pytest.fixture
def open_window(qtbot: QtBot, windows: Windows, sound_server: object) -> Open:
    def open_one() -> Session:
        """The window; one that is open already is left first, as over night."""
        windows.leave_all()
        settings = Settings(windows.settings_path)
        settings.set("audio/device", "pulse")
        made = windows.start(settings=settings, size=LAPTOP, sound=True)
        qtbot.waitUntil(lambda: made.live.up_to_date and made.presets.is_ready, timeout=30_000)
        qtbot.waitUntil(lambda: made.player.device is not None, timeout=30_000)
        return made

    return open_one


def test_search_listen_star_save_and_find_again(
    qtbot: QtBot, open_window: Open, tmp_path: Path, sound_server: object
) -> None:
    session = open_window()
    library, presets = session.library, session.presets

    # Search: the whole list at first, then what has the word.
    everything = library.browser.model.n_found
    qtbot.keyClick(session.window, Qt.Key.Key_F, CTRL)
    assert library.search.hasFocus()
    qtbot.keyClicks(library.search, "tag:bass")
    found = library.browser.model.n_found
    assert 3 <= found < everything

    # Walk: each of them is heard on the device, with its own sound.
    heard = []
    for step in range(3):
        with Recorder(sound_server.monitor, tmp_path) as recorder:
            qtbot.keyClick(library.search if step == 0 else library.presets, Qt.Key.Key_Down)
            name = library.presets.current.name
            qtbot.waitUntil(lambda name=name: session.document.patch.name == name, timeout=15_000)
            qtbot.waitUntil(lambda: session.live.up_to_date and session.player.state == "playing", timeout=15_000)
            qtbot.wait(500)
        sound = recorder.sound()
        assert float(np.abs(sound).max()) > 0.01, f"{name} is silent"
        assert longest_silence_s(sound) < 0.2
        heard.append(name)
    assert len(set(heard)) == 3
    assert session.document.undo_label is None, "Nothing is loaded while one listens."

    # Star it, load it, change it, keep it.
    row = library.presets.visualRect(library.presets.currentIndex())
    qtbot.mouseClick(library.presets.viewport(), LEFT, pos=star_box(row).center())
    qtbot.keyClick(library.presets, Qt.Key.Key_Return)
    assert session.document.undo_label == f"Load “{heard[-1]}”"
    knob = session.fm.control("op1_ratio")
    knob.enter(session.document.patch.values["op1_ratio"] + 1.5)
    assert library.browser.name.text() == f"{heard[-1]} *"
    qtbot.mouseClick(library.browser.save, LEFT)
    dialog = session.preset_commands.dialog
    assert isinstance(dialog, SaveDialog)
    dialog.name.selectAll()
    qtbot.keyClicks(dialog.name, "Tomorrow Bass")
    qtbot.keyClick(dialog.name, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: library.browser.name.text() == "Tomorrow Bass", timeout=20_000)
    kept = session.document.patch
    store = presets.store
    qtbot.waitUntil(lambda: store.marks.exists(), timeout=20_000)

    # Tomorrow.
    session = open_window()
    library = session.library
    qtbot.keyClicks(library.search, "tomorrow")
    assert library.browser.model.n_found == 1
    qtbot.keyClick(library.search, Qt.Key.Key_Down)
    qtbot.keyClick(library.presets, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: session.document.patch.name == "Tomorrow Bass", timeout=15_000)
    assert session.document.patch.values == kept.values
    assert read_preset(store.folder / "Tomorrow Bass.json").category == "bass"
    library.search.clear()
    qtbot.mouseClick(library.browser.favourites, LEFT)
    model = library.browser.model
    names = [entry.name for row in range(model.rowCount()) if (entry := model.entry(row)) is not None]
    assert names == [heard[-1]]
