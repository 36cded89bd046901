"""What the tests of slots, chance, locks and equal loudness share: a piano in the first slot, and menus."""

from __future__ import annotations

from gestures import Hand
from PySide6.QtCore import QPoint
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from app.compose import Session
from app.panels.explore_bar import ExploreBar
from engine.project.presets import factory_presets

POOL = [p for p in factory_presets() if p.synth == "fm"]
BRASS, PIANO = (next(p for p in POOL if p.name == name) for name in ("Brass Section", "Electric Piano"))


def piano_in(session: Session, qtbot: QtBot) -> ExploreBar:
    """The bar of a window that plays the piano."""
    found = session.fm.findChild(ExploreBar)
    assert found is not None
    session.document.set_patch(PIANO, "Load the piano")
    qtbot.waitUntil(lambda: session.live.up_to_date)
    return found


def fill(session: Session, bar: ExploreBar) -> None:
    """The piano in A, the brass in B, B in use."""
    Hand(bar.slots.buttons[1]).click()
    session.document.set_patch(BRASS, "Load the brass")


def pick(menu: QMenu, words: str) -> None:
    """Trigger an entry, wherever in the menu it is."""
    entries = list(menu.actions())
    while entries:
        action = entries.pop()
        if action.text() == words:
            assert action.isEnabled(), words
            action.trigger()
            return
        if action.menu() is not None:
            entries += action.menu().actions()
    raise AssertionError(f"no {words}")


def open_menu(widget: object, parent: ExploreBar, qtbot: QtBot) -> QMenu:
    """The menu that comes up when ``widget`` is clicked with the right button."""
    event = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(5, 5), QPoint(5, 5))
    QApplication.sendEvent(widget, event)  # type: ignore[arg-type]
    qtbot.waitUntil(lambda: any(menu.isVisible() for menu in parent.findChildren(QMenu)))
    return next(menu for menu in parent.findChildren(QMenu) if menu.isVisible())
