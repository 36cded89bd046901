"""The transport bar and the meter: what they show, and that mouse and keyboard reach everything."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from player_recording import RATE, sine, wait_until
from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtGui import QAction, QImage
from PySide6.QtWidgets import QLabel, QToolButton
from pytestqt.qtbot import QtBot

from app import style
from app.action_set import ActionSet
from app.controls.meter import BOTTOM_DB, LevelMeter, PeakHold
from app.panels.transport import TransportBar, clock_text
from app.playback.devices import LibraryMissing, PortAudio
from app.player import Player
from engine.audio.values import Audio, Clip


class Deaf(PortAudio):
    """A machine without PortAudio."""

    def scan(self) -> Any:
        raise LibraryMissing("none")


@pytest.fixture
def player(qapp: Any) -> Iterator[Player]:
    made = Player(library=Deaf())
    made.load(Clip.of(Audio(sine(500, 0.5, amplitude=0.5), RATE), "tone"))
    yield made
    made.close()


@pytest.fixture
def bar(qtbot: QtBot, player: Player) -> TransportBar:
    made = TransportBar(player)
    qtbot.addWidget(made)
    made.resize(1000, made.sizeHint().height())
    made.show()
    return made


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "00:00.000"),
        (1.234, "00:01.234"),
        (59.9999, "00:59.999"),
        (61.5, "01:01.500"),
        (3723.456, "1:02:03.456"),
        (-1.0, "00:00.000"),
    ],
)
def test_time_is_told_in_minutes_seconds_and_thousandths(seconds: float, text: str) -> None:
    assert clock_text(seconds) == text


def test_every_button_has_a_name_a_tool_tip_and_the_keyboard(bar: TransportBar) -> None:
    for button in bar.findChildren(QToolButton):
        assert button.accessibleName()
        assert button.toolTip()
        assert button.focusPolicy() & Qt.FocusPolicy.TabFocus
    assert bar.level.focusPolicy() & Qt.FocusPolicy.TabFocus
    assert bar.meter.focusPolicy() & Qt.FocusPolicy.TabFocus


def test_play_becomes_pause_and_back(bar: TransportBar, qtbot: QtBot) -> None:
    qtbot.mouseClick(bar.play, Qt.MouseButton.LeftButton)
    assert bar.player.state == "playing"
    assert bar.play.accessibleName() == "Pause"
    qtbot.mouseClick(bar.play, Qt.MouseButton.LeftButton)
    assert bar.player.state == "paused"
    assert bar.play.accessibleName() == "Play"
    qtbot.mouseClick(bar.stop, Qt.MouseButton.LeftButton)
    assert bar.player.state == "stopped"


def test_time_runs_while_it_plays_and_the_meter_shows_the_level(bar: TransportBar) -> None:
    assert bar.total.text() == "/ 00:00.500"
    bar.player.play()
    assert wait_until(lambda: bar.time.text() > "00:00.100")
    assert wait_until(lambda: bar.meter.highest_db > -7.0)
    assert bar.meter.highest_db == pytest.approx(-6.0, abs=0.1)
    assert wait_until(lambda: bar.player.state == "stopped")
    assert bar.time.text() == "00:00.000"


def test_running_time_does_not_have_the_bar_laid_out_anew(bar: TransportBar) -> None:
    class Layouts(QObject):
        asked = 0

        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            self.asked += event.type() == QEvent.Type.LayoutRequest
            return False

    layouts = Layouts()
    bar.player.play()
    assert wait_until(lambda: bar.time.text() > "00:00.050")
    bar.installEventFilter(layouts)
    assert wait_until(lambda: bar.time.text() > "00:00.300")
    bar.removeEventFilter(layouts)
    assert layouts.asked == 0


def test_more_channels_than_two_are_said_to_be_folded(bar: TransportBar) -> None:
    assert "ch" not in bar.total.text()
    assert bar.total.toolTip() == ""
    bar.player.load(Clip.of(Audio(np.zeros((8, RATE), np.float32), RATE), "stems"))
    assert bar.total.text() == "/ 00:01.000 · 8 → 2 ch"
    assert "8 channels" in bar.total.toolTip()


def test_the_bar_is_at_rest_when_nothing_sounds(bar: TransportBar) -> None:
    assert wait_until(lambda: not bar._clock.isActive())
    bar.player.play()
    assert bar._clock.isActive()


def test_the_loop_button_repeats_the_whole_sound(bar: TransportBar, qtbot: QtBot) -> None:
    qtbot.mouseClick(bar.loop, Qt.MouseButton.LeftButton)
    assert bar.player.loop == (0.0, 0.5)
    qtbot.mouseClick(bar.loop, Qt.MouseButton.LeftButton)
    assert bar.player.loop is None


def test_with_actions_the_buttons_are_the_windows_own(player: Player, qtbot: QtBot) -> None:
    actions = ActionSet(player)
    done: list[str] = []
    for name in ("play.start", "play.toggle", "play.stop"):
        actions.bind(name, lambda name=name: done.append(name))
    actions.bind("play.loop", lambda on: done.append(f"loop {on}"))
    bar = TransportBar(player, actions)
    qtbot.addWidget(bar)
    for button in (bar.start, bar.play, bar.stop, bar.loop):
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert done == ["play.start", "play.toggle", "play.stop", "loop True"]
    assert bar.loop.isChecked()
    actions["play.loop"].trigger()
    assert not bar.loop.isChecked()
    assert "Space" in bar.play.toolTip()


def test_the_fader_sets_the_level_with_keys_wheel_and_mouse(bar: TransportBar, qtbot: QtBot) -> None:
    chosen: list[float] = []
    bar.level_chosen.connect(chosen.append)
    bar.level.setFocus()
    qtbot.keyClick(bar.level, Qt.Key.Key_Down)
    qtbot.keyClick(bar.level, Qt.Key.Key_Down)
    assert bar.player.level_db == -2.0
    bar.level.gesture.finish()
    assert chosen == [-2.0]
    line = bar.level.line_rect()
    start = QPoint(int(line.center().x()), int(line.center().y()))
    qtbot.mousePress(bar.level, Qt.MouseButton.LeftButton, pos=start)
    for x in (4, 8, -30):
        qtbot.mouseMove(bar.level, start + QPoint(x, 0))
    qtbot.mouseRelease(bar.level, Qt.MouseButton.LeftButton, pos=start + QPoint(-30, 0))
    assert bar.player.level_db < -5.0
    assert chosen[-1] == bar.player.level_db
    qtbot.mouseDClick(bar.level, Qt.MouseButton.LeftButton, pos=start)
    assert bar.player.level_db == 0.0
    bar.player.set_level_db(-12.0)
    assert bar.level.value == -12.0, "the fader follows a level set elsewhere"


def test_the_menu_lists_the_default_the_test_tone_and_a_chosen_device(bar: TransportBar) -> None:
    chosen: list[str] = []
    bar.device_chosen.connect(chosen.append)
    bar.player.set_device("Headphones")
    bar.device._fill()
    words = [action.text() for action in bar.device._menu.actions() if action.text()]
    assert words == ["System default", "Headphones (not there)", "Play a test tone", "Latency"]
    assert bar.device._menu.actions()[1].isChecked()
    bar.device._menu.actions()[0].trigger()
    assert bar.player.wanted_device is None
    assert chosen == [""]


def test_the_count_of_dropouts_is_cleared_in_the_menu_of_the_device(bar: TransportBar) -> None:
    def offer() -> QAction | None:
        bar.device._fill()
        found = [action for action in bar.device._menu.actions() if action.text().startswith("Clear")]
        return found[0] if found else None

    assert offer() is None
    bar.player._mixer.underruns += 2  # as the device's callback does
    bar.player._look()
    assert bar.underruns.isVisibleTo(bar)
    assert bar.underruns.text() == "2 dropouts"
    clear = offer()
    assert clear is not None
    assert clear.text() == "Clear the count of 2 dropouts"
    clear.trigger()
    assert not bar.underruns.isVisibleTo(bar)
    assert (bar.player.underruns, offer()) == (0, None)
    bar.player._mixer.underruns += 1
    bar.player._look()
    assert (bar.underruns.text(), bar.player.underruns) == ("1 dropout", 1)


def test_no_device_is_told_on_the_button(bar: TransportBar) -> None:
    assert bar.device.text().strip() == "System default"
    bar.player.start()
    assert wait_until(lambda: bar.device.text().strip() == "No sound")


def test_dropouts_are_shown_only_when_there_are_some(bar: TransportBar) -> None:
    assert not bar.underruns.isVisible()
    bar.player.underruns_changed.emit(2)
    assert bar.underruns.isVisible()
    assert bar.underruns.text() == "2 dropouts"


def test_a_mark_holds_the_peak_for_a_second_and_a_half_then_falls() -> None:
    channel = PeakHold()
    channel.advance(0.5, 0.03)
    assert channel.bar_db == pytest.approx(-6.02, abs=0.01)
    for _ in range(14):
        channel.advance(0.0, 0.1)
    assert channel.mark_db == pytest.approx(-6.02, abs=0.01)
    assert channel.bar_db == pytest.approx(-34.02, abs=0.1)
    for _ in range(6):
        channel.advance(0.0, 0.1)
    assert channel.mark_db == pytest.approx(-6.02 - 0.5 * 20, abs=0.2)
    for _ in range(40):
        channel.advance(0.0, 0.1)
    assert channel.at_rest
    assert channel.mark_db == BOTTOM_DB


@pytest.mark.parametrize("how", ["click", "key"])
def test_the_overload_lamp_stays_on_until_it_is_put_out(qtbot: QtBot, how: str) -> None:
    meter = LevelMeter()
    qtbot.addWidget(meter)
    meter.feed(0.5, 1.01)
    meter.feed(0.1, 0.1)
    assert meter.is_over
    assert "too loud" in meter.accessibleDescription()
    if how == "click":
        qtbot.mouseClick(meter, Qt.MouseButton.LeftButton)
    else:
        qtbot.keyClick(meter, Qt.Key.Key_Delete)
    assert not meter.is_over
    assert meter.highest_db == BOTTOM_DB


def test_a_louder_sound_makes_a_longer_bar(qtbot: QtBot) -> None:
    meter = LevelMeter()
    qtbot.addWidget(meter)
    meter.resize(meter.sizeHint())

    def coloured() -> int:
        picture = meter.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
        data = np.frombuffer(picture.constBits(), np.uint8).reshape(picture.height(), picture.bytesPerLine())
        pixels = data[:, : picture.width() * 3].reshape(picture.height(), picture.width(), 3).astype(int)
        return int(((pixels.max(axis=2) - pixels.min(axis=2)) > 60).sum())

    quiet = coloured()
    meter.feed(0.01, 0.01, now_s=1.0)
    soft = coloured()
    meter.feed(0.9, 0.9, now_s=1.1)
    assert quiet < soft < coloured()


@pytest.mark.parametrize("width", [700, 1000, 1600])
def test_nothing_is_cut_off_at_any_width(bar: TransportBar, width: int, qapp: Any) -> None:
    style.apply_theme(qapp, "dark")
    bar._show_underruns(123)
    bar.resize(width, bar.sizeHint().height())
    qapp.processEvents()
    assert bar.minimumSizeHint().width() <= 700
    for label in (bar.time, bar.total, bar.underruns):
        assert label.width() >= label.fontMetrics().horizontalAdvance(label.text())
    for one, other in zip(bar.findChildren(QToolButton)[:3], bar.findChildren(QToolButton)[1:4], strict=True):
        assert not one.geometry().intersects(other.geometry())


def test_what_goes_on_moves_nothing_in_the_bar(bar: TransportBar, qtbot: QtBot) -> None:
    status = QLabel("Exporting bell.wav  38 %")
    bar.add_status(status)
    bar.resize(1366, bar.sizeHint().height())
    places = []
    for shown in (False, True):
        status.setVisible(shown)
        qtbot.wait(10)
        places.append([w.geometry() for w in (bar.loop, bar.time, bar.level, bar.meter, bar.device)])
    assert status.isVisible()
    assert places[0] == places[1]


def test_the_levels_caption_gives_way_in_a_narrow_window(bar: TransportBar, qtbot: QtBot) -> None:
    bar.setMinimumWidth(1)  # the window, and not the layout, says how narrow it gets
    for width, shown in ((1366, True), (bar.minimumSizeHint().width(), False), (1366, True)):
        bar.resize(width, bar.sizeHint().height())
        qtbot.waitUntil(lambda shown=shown: bar.caption.isVisible() == shown)


def test_the_clock_follows_a_jump_while_nothing_plays(bar: TransportBar, qtbot: QtBot) -> None:
    bar.player.load(Clip.of(Audio(sine(500, 2.0), RATE), "tone"))
    bar.show()
    qtbot.waitUntil(lambda: not bar._clock.isActive())
    bar.player.seek(1.25)
    qtbot.waitUntil(lambda: bar.time.text() == "00:01.250")
    qtbot.waitUntil(lambda: not bar._clock.isActive())
