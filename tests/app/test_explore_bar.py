"""The bar of slots, chance and locks: its locks, and how it shares out its room."""

from __future__ import annotations

import pytest
from explore_hands import piano_in, pick
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.compose import Session
from app.panels.explore_bar import ExploreBar, sections_words
from app.panels.explore_menus import lock_menu
from engine.params import FM_SPACE


@pytest.fixture
def bar(session: Session, qtbot: QtBot) -> ExploreBar:
    return piano_in(session, qtbot)


def test_locks_are_set_freed_and_turned_round_by_section(session: Session, bar: ExploreBar) -> None:
    document = session.document
    menu = lock_menu(document, bar)
    pick(menu, "Lock all")
    assert len(document.locked) == len(FM_SPACE)
    assert bar.locks.text() == str(len(FM_SPACE))
    document.undo()
    assert document.locked == frozenset()
    assert bar.locks.text() == ""
    document.set_locked(["op2_ratio"])
    menu.deleteLater()
    menu = lock_menu(document, bar)
    part = next(action.menu() for action in menu.actions() if action.text() == "Operator 2 (1 locked)")
    pick(part, "Invert")
    assert document.locked == FM_SPACE.names_in("Operator 2") - {"op2_ratio"}
    assert document.undo_label == "Invert Operator 2"
    assert not session.fm.control("op2_ratio").locked
    assert session.fm.control("op2_level_db").locked
    menu.deleteLater()
    menu = lock_menu(document, bar)
    pick(menu, "Unlock all")
    assert document.locked == frozenset()
    menu.deleteLater()


def test_a_lock_set_on_a_knob_is_taken_back_on_the_knob(session: Session, bar: ExploreBar) -> None:
    knob = session.fm.control("op1_ratio")
    knob.set_locked(True)
    assert session.document.undo_label == "Lock Operator 1 ratio"
    session.document.undo()
    assert not knob.locked
    session.document.redo()
    assert knob.locked


# -- shape -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("width", "rows"), [(390, 2), (760, 1)])
def test_it_fits_a_narrow_panel_and_uses_a_wide_one(bar: ExploreBar, qapp: QApplication, width: int, rows: int) -> None:
    assert bar.minimumSizeHint().width() <= 390
    bar.setParent(None)
    bar.resize(width, bar.height())
    bar.show()
    qapp.processEvents()
    assert len({part.geometry().y() for part in (bar.slots, bar.match, bar.mutate, bar.locks)}) >= rows
    assert bar.sizeHint().height() == (24 if rows == 1 else 52)
    bar.close()
    bar.deleteLater()


def test_sections_in_few_words() -> None:
    every, usual = ("A", "B", "Levels"), frozenset("AB")
    assert sections_words(usual, every, usual) == "All but levels"
    assert sections_words(frozenset(every), every, usual) == "Everything"
    assert sections_words(frozenset({"B"}), every, usual) == "B"
    assert sections_words(frozenset(), every, usual) == "Nothing"
