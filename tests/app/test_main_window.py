"""The window as a whole: it comes up light, remembers its layout, and everything in it can be done and read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QLineEdit, QWidget
from pytestqt.qtbot import QtBot
from windows import Windows

from app import style, theme
from app.compose import LIBRARY_MIN_PX
from app.settings import Settings
from engine.params import Patch

REPO = Path(__file__).resolve().parents[2]
CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path / "settings.ini")


@pytest.fixture(autouse=True)
def usual_look(qapp: QApplication) -> Iterator[None]:
    yield
    theme.set_motion(True)
    style.apply_theme(qapp, "dark")


def test_the_window_needs_no_heavy_library_for_its_first_frame() -> None:
    code = """
import json, sys
from pathlib import Path
from PySide6.QtWidgets import QApplication
from app.compose import Session
from app.settings import Settings
app = QApplication([])
session = Session(app, engine="real", settings=Settings(Path(sys.argv[1])), sound=False, keep_safe=False)
session.window.first_painted.disconnect()
session.window.first_painted.connect(app.quit)
session.window.show()
app.exec()
heavy = ("torch", "scipy", "soundfile", "sounddevice", "soxr", "pyqtgraph", "diffusers", "transformers")
print(json.dumps([name for name in heavy if name in sys.modules]))
session.close()
"""
    answer = subprocess.run(
        [sys.executable, "-c", code, os.devnull], cwd=REPO, capture_output=True, text=True, check=True, timeout=60
    )
    assert json.loads(answer.stdout) == []


def test_every_action_does_something(windows: Windows, settings: Settings) -> None:
    assert windows.start(settings=settings).actions.unbound() == []


def test_the_layout_comes_back(qtbot: QtBot, windows: Windows, settings: Settings) -> None:
    first = windows.start(settings=settings)
    first.window.resize(1100, 700)
    qtbot.keyClick(first.window, Qt.Key.Key_1, CTRL)
    assert first.window.panel("library").isHidden()
    qtbot.keyClick(first.window, Qt.Key.Key_9, CTRL)
    assert first.window.panel("jobs").isVisible()
    windows.leave(first)
    second = windows.start(settings=settings)
    assert second.window.panel("library").isHidden()
    assert second.window.panel("jobs").isVisible()
    assert not second.actions["view.library"].isChecked()
    assert second.actions["view.jobs"].isChecked()
    second.actions["view.reset_layout"].trigger()
    assert second.window.panel("library").isVisible()
    assert second.window.panel("jobs").isHidden()
    assert second.actions["view.library"].isChecked()
    assert not second.actions["view.jobs"].isChecked()


class FirstShown(QObject):
    """Which windows were shown, in that order."""

    def __init__(self, app: QApplication) -> None:
        super().__init__()
        self.names: list[str] = []
        app.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow():
            self.names.append(watched.objectName())
        return False


def test_docks_that_had_to_be_narrow_are_wide_again_when_there_is_room(
    qtbot: QtBot, windows: Windows, settings: Settings
) -> None:
    window = windows.start(settings=settings).window
    library = window.panel("library")
    window.resize(1366, 768)
    qtbot.waitUntil(lambda: library.width() > LIBRARY_MIN_PX)
    before = library.width()
    for height in (540, 600):
        window.resize(960, height)
        qtbot.waitUntil(lambda: library.width() < before)
    window.resize(1366, 768)
    qtbot.waitUntil(lambda: library.width() == before)


def test_a_size_that_is_asked_for_counts_more_than_how_the_window_was(windows: Windows, settings: Settings) -> None:
    first = windows.start(settings=settings)
    first.window.showMaximized()
    first.window.save_layout()
    window = windows.start(settings=settings).window
    assert window.isMaximized()
    window.take_size(1100, 700)
    assert not window.isMaximized()
    assert window.size().toTuple() == (1100, 700)


def test_a_reset_goes_back_to_what_the_instrument_begins_with(windows: Windows, settings: Settings) -> None:
    session = windows.start(settings=settings)
    for synth in session.panels:
        start = session.document.patch_of(synth)
        session.document.set_patch(Patch(synth, {"gain_db": -30.0}), "Load")
        session.actions["patch.reset"].trigger()
        assert session.document.patch == start


def test_a_floating_panel_comes_back_in_front_of_the_window(
    qtbot: QtBot, qapp: QApplication, windows: Windows, settings: Settings
) -> None:
    first = windows.start(settings=settings)
    first.window.panel("fm").setFloating(True)
    qtbot.waitUntil(lambda: first.window.panel("fm").isVisible())
    windows.leave(first)
    shown = FirstShown(qapp)
    second = windows.start(settings=settings)
    panel = second.window.panel("fm")
    # A window manager puts what is shown later in front.
    qtbot.waitUntil(lambda: "fm" in shown.names[shown.names.index("window") :])
    qapp.removeEventFilter(shown)
    assert panel.isFloating()
    assert panel.isVisible()
    assert second.actions["view.fm"].isChecked()


def test_a_panel_closed_by_its_own_button_can_be_brought_back(qtbot: QtBot, windows: Windows, settings) -> None:
    session = windows.start(settings=settings)
    dock = session.window.panel("fm")
    close = next(b for b in dock.titleBarWidget().findChildren(QAbstractButton) if "Hide" in b.toolTip())
    qtbot.mouseClick(close, Qt.MouseButton.LeftButton)
    assert dock.isHidden()
    assert not session.actions["view.fm"].isChecked()
    qtbot.keyClick(session.window, Qt.Key.Key_2, CTRL)
    assert dock.isVisible()
    assert session.actions["view.fm"].isChecked()


@pytest.mark.parametrize("damage", ["layout", "geometry"])
def test_a_damaged_layout_does_not_prevent_the_start(windows: Windows, settings: Settings, damage: str) -> None:
    settings.set(f"window/{damage}", b"\x00\x01 broken")
    session = windows.start(settings=settings)
    assert session.window.panel("library").isVisible()
    assert session.window.panel("fm").isVisible()


def test_choices_are_remembered(qtbot: QtBot, windows: Windows, settings: Settings) -> None:
    first = windows.start(settings=settings)
    for action_id in ("view.light", "view.motion", "edit.hear", "play.loop"):
        first.actions[action_id].trigger()
    assert theme.tokens().name == "light"
    assert theme.motion_ms() == 0
    windows.leave(first)
    style.apply_theme(windows.app, "dark")
    theme.set_motion(True)
    second = windows.start(settings=settings)
    assert theme.tokens().name == "light"
    assert theme.motion_ms() == 0
    checked = {i: second.actions[i].isChecked() for i in ("view.light", "view.motion", "edit.hear", "play.loop")}
    assert checked == {"view.light": True, "view.motion": False, "edit.hear": False, "play.loop": True}
    assert not second.live.hear_while_turning


def test_switching_the_theme_repaints_every_part(windows: Windows, settings: Settings, qtbot: QtBot) -> None:
    session = windows.start(settings=settings)
    qtbot.waitUntil(lambda: session.live.up_to_date)
    qtbot.waitUntil(session.stage.is_complete)

    def brightness(widget: QWidget) -> float:
        picture = widget.grab().toImage()
        points = [picture.pixelColor(x, y) for x in range(2, picture.width(), 7) for y in range(2, picture.height(), 7)]
        return sum(p.lightnessF() for p in points) / len(points)

    parts = (session.library, session.fm, session.stage.waveform, session.stage.bar, session.transport)
    dark = [brightness(part) for part in parts]
    session.commands.set_theme("light")
    QApplication.processEvents()
    light = [brightness(part) for part in parts]
    for part, before, after in zip(parts, dark, light, strict=True):
        assert after > before + 0.4, part


def test_preferences_take_effect_at_once(windows: Windows, settings: Settings, qtbot: QtBot) -> None:
    session = windows.start(settings=settings)
    qtbot.keyClick(session.window, Qt.Key.Key_Comma, CTRL)
    dialog = session.commands.preferences
    qtbot.waitUntil(dialog.isVisible)
    dialog.theme.setCurrentIndex(1)
    assert theme.tokens().name == "light"
    dialog.zoom.setCurrentIndex(2)
    assert settings.get("view/zoom_percent") == 150
    assert dialog.zoom_note.isVisible()
    qtbot.mouseClick(dialog.motion, Qt.MouseButton.LeftButton, pos=dialog.motion.rect().center() / 4)
    dialog.accept()


def test_everything_that_can_be_worked_has_a_name_for_a_screen_reader(windows: Windows, settings: Settings) -> None:
    session = windows.start(settings=settings)
    nameless = []
    for widget in session.window.findChildren(QWidget):
        if (
            isinstance(widget, QAbstractButton | QComboBox | QLineEdit)
            and widget.focusPolicy() != Qt.FocusPolicy.NoFocus
        ):
            said = widget.accessibleName() or getattr(widget, "text", lambda: "")() or widget.toolTip()
            if not said and not widget.objectName().startswith("qt_"):
                nameless.append(f"{type(widget).__name__} in {type(widget.parentWidget()).__name__}")
    assert nameless == []


def test_space_plays_whatever_panel_has_the_focus(qtbot: QtBot, windows: Windows, settings: Settings) -> None:
    session = windows.start(settings=settings)
    qtbot.waitUntil(lambda: session.live.up_to_date)
    tried = 0
    for widget in session.window.findChildren(QWidget):
        takes_text = isinstance(widget, QLineEdit)
        if widget.focusPolicy() == Qt.FocusPolicy.NoFocus or not widget.isVisible() or takes_text:
            continue
        widget.setFocus()
        if not widget.hasFocus():
            continue
        session.player.stop()
        qtbot.keyClick(widget, Qt.Key.Key_Space)
        assert session.player.state == "playing", f"{type(widget).__name__} kept the space for itself"
        tried += 1
    assert tried > 20


def test_leaving_ends_every_thread_even_while_a_file_is_being_read(
    windows: Windows, settings: Settings, tmp_path: Path, qtbot: QtBot
) -> None:
    session = windows.start(settings=settings)
    session.opening.open([tmp_path / f"nowhere{i}.wav" for i in range(20)])
    windows.leave(session)
