"""The slots and the fader between two of them in the whole window, with the mouse and the keys."""

from __future__ import annotations

import pytest
from explore_hands import BRASS, PIANO, fill, open_menu, piano_in, pick
from gestures import ALT, CTRL, Hand
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.compose import Session
from app.panels.explore_bar import ExploreBar
from engine.params.vary import morph


@pytest.fixture
def bar(session: Session, qtbot: QtBot) -> ExploreBar:
    return piano_in(session, qtbot)


def test_clicks_on_slots_switch_and_their_marks_follow(session: Session, bar: ExploreBar) -> None:
    a, b, c, _ = bar.slots.buttons
    assert (a.state.is_current, b.state.is_filled) == (True, False)
    fill(session, bar)
    assert (b.state.is_current, b.state.name, b.state.is_changed) == (True, BRASS.name, True)
    assert (a.state.is_current, a.state.name, a.state.is_changed) == (False, PIANO.name, False)
    Hand(a).click()
    assert session.document.patch == PIANO
    assert a.state.is_current
    assert not c.state.is_filled
    assert c.accessibleDescription().startswith("empty")
    session.document.undo()
    assert session.document.patch == BRASS
    assert b.state.is_current


def test_keys_toggle_and_choose_slots(session: Session, bar: ExploreBar) -> None:
    fill(session, bar)
    for key, modifiers, patch in (
        (Qt.Key.Key_F4, Qt.KeyboardModifier.NoModifier, PIANO),
        (Qt.Key.Key_F4, Qt.KeyboardModifier.NoModifier, BRASS),
        (Qt.Key.Key_F6, Qt.KeyboardModifier.NoModifier, PIANO),
        (Qt.Key.Key_2, CTRL | ALT, BRASS),
        (Qt.Key.Key_X, ALT | Qt.KeyboardModifier.ShiftModifier, PIANO),
    ):
        QTest.keyClick(session.window, key, modifiers)
        assert session.document.patch == patch


def test_a_slot_dragged_onto_another_is_copied(session: Session, bar: ExploreBar) -> None:
    fill(session, bar)
    a, _, c, _ = bar.slots.buttons
    way = c.geometry().center().x() - a.geometry().center().x()
    hand = Hand(a).press().move(way, 0, steps=6)
    assert c._is_target
    hand.release()
    assert not c._is_target
    assert c.state.name == PIANO.name
    assert session.document.patch == BRASS
    assert session.document.undo_label == "Copy slot A to C"
    Hand(a).press().move(way * 4, 0, steps=4).release()
    assert session.document.undo_label == "Copy slot A to C", "nothing is copied to nowhere"


def test_escape_takes_a_drag_of_a_slot_back(session: Session, bar: ExploreBar) -> None:
    fill(session, bar)
    a, _, c, _ = bar.slots.buttons
    way = c.geometry().center().x() - a.geometry().center().x()
    hand = Hand(a).press().move(way, 0, steps=6)
    QTest.keyClick(a, Qt.Key.Key_Escape)
    hand.release()
    assert not c.state.is_filled


def test_the_menu_of_a_slot_stores_goes_back_and_clears(session: Session, bar: ExploreBar, qtbot: QtBot) -> None:
    fill(session, bar)
    a, b, c, _ = bar.slots.buttons
    menu = open_menu(c, bar, qtbot)
    pick(menu, "Store what is heard here")
    menu.close()
    assert c.state.name == BRASS.name
    menu = open_menu(b, bar, qtbot)
    pick(menu, "Back to what was stored")
    menu.close()
    assert session.document.patch == PIANO, "B began as a copy of A"
    menu = open_menu(a, bar, qtbot)
    pick(menu, "Clear")
    menu.close()
    assert not a.state.is_filled


# -- the fader ---------------------------------------------------------------------------------------------------------


def test_the_fader_is_dragged_between_two_slots(session: Session, bar: ExploreBar, qtbot: QtBot) -> None:
    fader = bar.morph.fader
    assert not fader.isEnabled()
    fill(session, bar)
    assert fader.isEnabled()
    assert fader.value == 1.0, "B stands at the right end and is in use"
    line = fader.line_rect()
    hand = Hand(fader, line.right(), line.center().y()).press().move(-3, 0).move(-line.width() / 2, 0, steps=5)
    assert 0.4 < fader.value < 0.6
    assert session.document.patch == morph(PIANO, BRASS, fader.value)
    before = session.document.undo_label
    hand.release()
    assert before != session.document.undo_label == f"Morph A – B {fader.value:.0%}".replace("%", " %")
    assert not any(button.state.is_current for button in bar.slots.buttons)
    session.document.undo()
    assert fader.value == 1.0
    assert session.document.patch == BRASS


def test_the_fader_snaps_back_with_alt_and_merges_the_wheel(session: Session, bar: ExploreBar, qtbot: QtBot) -> None:
    fill(session, bar)
    fader = bar.morph.fader
    line = fader.line_rect()
    Hand(fader, line.right(), 12).press().move(-3, 0).move(-40, 0, steps=4).release(ALT)
    assert (session.document.patch, fader.value) == (BRASS, 1.0)
    hand = Hand(fader, line.center().x(), 12)
    for _ in range(5):
        hand.wheel(-1)
    hand.leave()
    assert fader.value == pytest.approx(0.85)
    assert session.document.undo_label == "Morph A – B 85 %"
    session.document.undo()
    assert session.document.patch == BRASS


def test_a_typed_end_is_exactly_the_slot(session: Session, bar: ExploreBar) -> None:
    fill(session, bar)
    fader = bar.morph.fader
    for text, patch in (("37 %", morph(PIANO, BRASS, 0.37)), ("0", PIANO), ("100", BRASS)):
        fader.open_editor()
        QTest.keyClicks(fader.editor, text)
        QTest.keyClick(fader.editor, Qt.Key.Key_Return)
        assert session.document.patch == patch
    assert bar.slots.buttons[1].state.is_current


def test_the_ends_of_the_fader_are_chosen_from_what_is_filled(session: Session, bar: ExploreBar) -> None:
    fill(session, bar)
    Hand(bar.slots.buttons[3]).click()
    menu = bar.morph.end_menu(1)
    assert [action.isEnabled() for action in menu.actions()] == [True, True, False, True]
    pick(menu, "Slot D")
    assert bar.morph.ends[1].text() == "D"
    assert bar.morph.fader.value == 1.0
    menu.deleteLater()
