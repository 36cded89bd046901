"""Two instruments in one window: the panel in sight is the one that plays, and a patch brings its panel up."""

from __future__ import annotations

from pathlib import Path

import pytest
from gestures import Hand
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QTabBar, QToolButton
from pytestqt.qtbot import QtBot
from windows import Windows

from app.compose import Session
from app.dock_title import DockTitle
from engine.params import Patch

GONG = Patch("impact", {"shape": 1.0, "material": 1.0}, name="Gong")
BELL = Patch("fm", {"op1_ratio": 3.0}, name="Bell")
CTRL = Qt.KeyboardModifier.ControlModifier


def tab(session: Session, behind: str, name: str) -> QToolButton:
    """The tab of ``name`` in the title of the panel that is in front."""
    session.window.show_groups()
    title = session.window.panel(behind).titleBarWidget()
    assert isinstance(title, DockTitle)
    return title.tabs[name]


def wait_for(qtbot: QtBot, session: Session, synth: str) -> None:
    """Until the panel of a synth is in sight, alone, and its patch is live."""
    qtbot.waitUntil(lambda: session.instruments.in_sight == {synth})
    qtbot.waitUntil(lambda: session.document.patch.synth == synth)


def test_a_click_on_the_other_tab_takes_up_the_other_instrument(session: Session, qtbot: QtBot) -> None:
    wait_for(qtbot, session, "fm")
    qtbot.mouseClick(tab(session, "fm", "impact"), Qt.MouseButton.LeftButton)
    wait_for(qtbot, session, "impact")
    assert session.document.undo_label is None
    assert not session.document.file.dirty
    qtbot.mouseClick(tab(session, "impact", "fm"), Qt.MouseButton.LeftButton)
    wait_for(qtbot, session, "fm")


def test_the_instrument_that_is_taken_up_is_shown_and_not_struck(
    session: Session, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    qtbot.waitUntil(lambda: session.live.up_to_date)
    struck: list[str] = []
    monkeypatch.setattr(session.player, "strike", lambda: struck.append("again"))
    session.document.use_synth("impact")
    qtbot.waitUntil(lambda: session.live.up_to_date and session.live.latest.patch.synth == "impact")
    assert struck == []
    assert session.library.model.index(0).data() == "Live impact patch"


def test_a_preset_brings_up_its_panel_and_taking_it_back_the_other(session: Session, qtbot: QtBot) -> None:
    session.document.set_patch(BELL, "Load")
    session._audition_preset(GONG)
    wait_for(qtbot, session, "impact")
    session.document.revert()
    wait_for(qtbot, session, "fm")
    assert session.document.patch == BELL


def test_undo_and_slots_bring_up_the_panel_of_what_they_change(session: Session, qtbot: QtBot) -> None:
    document, desk = session.document, session.explore.desk
    document.set_patch(BELL, "Load")
    desk.go(1)
    document.set_patch(GONG, "Load")
    wait_for(qtbot, session, "impact")
    desk.go(0)
    wait_for(qtbot, session, "fm")
    document.undo()
    wait_for(qtbot, session, "impact")
    document.undo()
    wait_for(qtbot, session, "fm")
    assert document.patch == BELL


def test_closing_one_panel_leaves_the_other_in_sight_and_at_hand(session: Session, qtbot: QtBot) -> None:
    wait_for(qtbot, session, "fm")
    session.window.panel("fm").close()
    wait_for(qtbot, session, "impact")
    session.document.set_patch(BELL, "Load")
    wait_for(qtbot, session, "fm")


def test_who_closed_both_panels_is_left_alone(session: Session, qtbot: QtBot) -> None:
    for name in ("impact", "fm"):
        session.window.panel(name).close()
    session.document.set_patch(GONG, "Load")
    qtbot.wait(50)
    assert session.window.panel("impact").isHidden()
    assert session.document.patch == GONG


def test_the_key_of_a_panel_brings_it_up_and_leaves_it_there_and_the_menu_hides_it(
    session: Session, qtbot: QtBot
) -> None:
    wait_for(qtbot, session, "fm")
    qtbot.keyClick(session.window, Qt.Key.Key_3, CTRL)
    wait_for(qtbot, session, "impact")
    assert session.actions["view.impact"].isChecked()
    qtbot.keyClick(session.window, Qt.Key.Key_2, CTRL)
    wait_for(qtbot, session, "fm")
    qtbot.keyClick(session.window, Qt.Key.Key_2, CTRL)
    qtbot.wait(50)
    assert session.window.in_sight("fm")
    session.actions["view.fm"].trigger()
    assert session.window.panel("fm").isHidden()


def test_of_two_panels_in_sight_one_rests_until_it_is_pressed(session: Session, qtbot: QtBot) -> None:
    wait_for(qtbot, session, "fm")
    session.window.panel("impact").setFloating(True)
    session.window.panel("impact").show()
    qtbot.waitUntil(lambda: all(map(session.window.in_sight, session.panels)))

    def resting() -> list[str]:
        return [synth for synth, panel in session.panels.items() if not panel.veil.isHidden()]

    def at_hand() -> str:
        return session.document.patch.synth

    qtbot.waitUntil(lambda: resting() == [synth for synth in session.panels if synth != at_hand()])
    (other,) = resting()
    Hand(session.panels[other].veil).press().release()
    assert at_hand() == other
    qtbot.waitUntil(lambda: resting() == [synth for synth in session.panels if synth != other])


def test_the_title_has_tabs_and_qts_own_take_no_room(session: Session, qtbot: QtBot) -> None:
    wait_for(qtbot, session, "fm")
    title = session.window.panel("fm").titleBarWidget()
    assert isinstance(title, DockTitle)
    session.window.show_groups()
    assert list(title.tabs) == ["fm", "impact"]
    assert title.tabs["fm"].isChecked()
    bars = session.window.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly)
    assert all(bar.visibleRegion().isEmpty() for bar in bars)
    session.window.panel("impact").setFloating(True)
    qtbot.waitUntil(lambda: title.tabs == {})


def test_a_window_comes_back_with_the_panel_of_its_patch_in_front(windows: Windows, qtbot: QtBot) -> None:
    first = windows.start()
    first.document.use_synth("impact")
    wait_for(qtbot, first, "impact")
    first.window.save_layout()
    windows.leave(first)
    second = windows.start()
    wait_for(qtbot, second, "fm")


def test_every_tool_of_the_panels_is_there_twice_and_shows_the_same(session: Session, qtbot: QtBot) -> None:
    play = session.live_play
    play.set_keyboard(True)
    assert [bar.keyboard.isChecked() for bar in play.bars.bars] == [True, True]
    play.bars.bars[0].wheel.moved.emit(0.5)
    assert play.bars.bars[1].wheel.share == 0.5
    session.document.use_synth("impact")
    assert play.bar is play.bars.bars[1]
    Hand(session.impact.piano, 20, session.impact.piano.height() - 4).press().release()
    play.set_keyboard(False)


def test_a_controller_learns_a_knob_of_the_instrument_at_hand(session: Session) -> None:
    learn = session.live_play.learn
    session.document.use_synth("impact")
    knob = session.impact.control("size_m")
    assert learn.knows(knob.param)
    learn.arm("size_m")
    learn.control((0, 21), 64)
    assert learn.controller_of("size_m") == "CC 21"
    assert knob.controller == "CC 21"
    shared = session.impact.control("gain_db"), session.fm.control("gain_db")
    session.live_play.learn_for(shared[0])
    learn.control((0, 22), 64)
    assert [one.controller for one in shared] == ["CC 22", ""]


def test_a_patch_file_of_the_impact_instrument_opens_in_its_panel(
    session: Session, qtbot: QtBot, tmp_path: Path
) -> None:
    path = tmp_path / "gong.json"
    path.write_text(GONG.dumps(), encoding="utf-8")
    session.opening.open([path])
    wait_for(qtbot, session, "impact")
    assert session.impact.name.text() == "Gong"
    assert session.impact.view.look.shape == "plate"


def test_a_patch_with_a_negative_damping_gets_one_sentence(session: Session, qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "wrong.json"
    path.write_text('{"synth": "impact", "values": {"damping_low": -1}}', encoding="utf-8")
    session.opening.open([path])
    qtbot.waitUntil(lambda: "damping_low" in session.messages.text)
    assert session.document.patch.synth == "fm"
